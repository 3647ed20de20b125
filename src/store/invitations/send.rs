//! Sending invitations, sending them again, and withdrawing them (I-1, P-5).

use super::{
    list::{Listed, find},
    settle,
};
use crate::{
    access::{Actor, Ground, Side, confer},
    domain::{
        Refusal,
        event::{Event, Subject},
        identity_store::IdentityStore,
        invitation::{LASTS, Status},
        key::*,
        letter::{Letter, Says},
        organization::{Lineage, Organization},
        rights::Rights,
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        conn::Conn,
        identity_stores, links, mails, organizations,
        schema::{identifiers, invitation_roles, invitations, memberships, roles},
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What became of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The invitation is on its way.
    Sent,
    /// An account with this address is a member there.
    Member,
    /// An invitation to this address waits already; its id.
    Waiting(String),
}

/// What an invitation brings, checked, beside the membership.
#[derive(Clone, Debug, Default)]
pub struct Gifts {
    /// Ids of the roles that are promised.
    pub roles: Vec<String>,
    /// For the account that comes about, as its schema has them.
    pub attributes: Map<String, Value>,
    /// For the account that comes about, by name.
    pub groups: Vec<String>,
}

/// Invites these addresses, each with its own answer; roles only where the inviter may give them there (P-5, C-1).
///
/// # Errors
/// [`Problem::NotFound`] and [`Problem::Forbidden`] for the organization; a refusal at `role` or `group` for one that is none;
/// [`Problem::Forbidden`] for roles that are not the inviter's to give.
pub fn invite<S: Side>(
    tx: &mut Tx<S::Invite>,
    store: &IdentityStore,
    organization: &str,
    emails: &[String],
    gifts: &Gifts,
    message: &str,
) -> Result<(Organization, Vec<(String, Outcome)>), Problem> {
    let organization = organizations::find(tx, store.key, organization)?;
    let at = tree::lineage(tx.conn(), organization.key)?;
    if !at.active {
        return Err(Problem::Conflict(format!("{} is inactive. Activate it before inviting people.", organization.name)));
    }
    let promised = promised::<S>(tx, store, &at, &gifts.roles)?;
    let groups = identity_stores::group_names(tx, store)?;
    if let Some(unknown) = gifts.groups.iter().find(|name| !groups.contains(name)) {
        let shown: String = unknown.chars().take(64).collect();
        return Err(Refusal::at("group", format!("This store has no group “{shown}”.")).into());
    }
    let inviter = tx.permit().person()?.clone();
    let now = tx.now();
    let folded: Vec<String> = emails.iter().map(|email| text::fold(email)).collect();
    let members = member_addresses(tx.conn(), store.key, organization.key, &folded)?;
    let waiting = waiting(tx.conn(), organization.key, &folded, now)?;
    let (mut answers, mut sent) = (Vec::new(), Vec::new());
    for (email, folded) in emails.iter().zip(&folded) {
        let outcome = if members.contains(folded) {
            Outcome::Member
        } else if let Some(id) = waiting.get(folded) {
            Outcome::Waiting(id.clone())
        } else {
            let id = put(tx, store, &organization, email, &promised, gifts, message, &inviter, S::PORTAL)?;
            sent.push((id, email.clone()));
            Outcome::Sent
        };
        answers.push((email.clone(), outcome));
    }
    if sent.is_empty() {
        return Ok((organization, answers));
    }
    let mut event = Event::done("invitation.add")
        .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
        .with("organization", organization.name.as_str())
        .with("emails", sent.iter().map(|(_, email)| email.clone()).collect::<Vec<_>>())
        .with("roles", promised.iter().map(|(_, name, _)| name.clone()).collect::<Vec<_>>());
    if !gifts.attributes.is_empty() || !gifts.groups.is_empty() {
        event = event.with("attributes", gifts.attributes.clone()).with("groups", gifts.groups.clone());
    }
    for (id, _) in &sent {
        event = event.on(Subject::of("invitation", id).at(organization.key).in_store(store.key));
    }
    tx.record(event)?;
    Ok((organization, answers))
}

type Promised = Vec<(RoleKey, String, Rights)>;

fn promised<S: Side>(tx: &mut Tx<S::Invite>, store: &IdentityStore, at: &Lineage, ids: &[String]) -> Result<Promised, Problem> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    if S::PORTAL || store.built_in {
        return Err(Problem::Forbidden("Roles are given with an invitation by administrators who may give them.".into()));
    }
    use roles as r;
    let found: Vec<(RoleKey, String, i32, String)> = r::table
        .filter(r::store.eq(store.key))
        .filter(r::id.eq_any(ids))
        .order(r::name_sort)
        .select((r::key, r::name, r::rights, r::id))
        .load(tx.conn())?;
    if ids.iter().any(|id| !found.iter().any(|row| row.3 == *id)) {
        return Err(Refusal::at("role", "One of these roles does not exist any more. Choose again.").into());
    }
    let actor = tx.permit().person()?.clone();
    for (_, name, rights, _) in &found {
        confer::may_confer(&actor, Rights::from_bits(*rights as u16), at, None)
            .map_err(|uncovered| Problem::Forbidden(format!("{name} is not yours to give there: {}", uncovered.0)))?;
    }
    Ok(found.into_iter().map(|(key, name, rights, _)| (key, name, Rights::from_bits(rights as u16))).collect())
}

fn member_addresses(
    conn: &mut Conn,
    store: StoreKey,
    organization: OrganizationKey,
    folded: &[String],
) -> Result<HashSet<String>, Problem> {
    use identifiers as i;
    use memberships as m;
    let named: Vec<(AccountKey, String)> = i::table
        .filter(i::store.eq(store))
        .filter(i::folded.eq_any(folded))
        .filter(i::confirmed.eq(true))
        .select((i::account, i::folded))
        .load(conn)?;
    let keys: Vec<AccountKey> = named.iter().map(|(key, _)| *key).collect();
    let inside: Vec<AccountKey> =
        m::table.filter(m::organization.eq(organization)).filter(m::account.eq_any(keys)).select(m::account).load(conn)?;
    Ok(named.into_iter().filter(|(key, _)| inside.contains(key)).map(|(_, folded)| folded).collect())
}

/// The invitations to these addresses that wait; those that have ended make room for new ones.
fn waiting(conn: &mut Conn, organization: OrganizationKey, folded: &[String], now: Time) -> Result<HashMap<String, String>, Problem> {
    use invitations as i;
    let of = i::table
        .filter(i::organization.eq(organization))
        .filter(i::email_folded.eq_any(folded))
        .filter(i::status.eq(Status::Pending.word()));
    let found: Vec<(String, String, i64)> = of.select((i::email_folded, i::id, i::ends_at)).load(conn)?;
    let (waits, over): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, _, ends)| *ends > now.micros());
    let over: Vec<String> = over.into_iter().map(|(_, id, _)| id).collect();
    diesel::update(i::table.filter(i::id.eq_any(over)))
        .set((i::status.eq(Status::Withdrawn.word()), i::token.eq(None::<String>), i::settled_at.eq(Some(now.micros()))))
        .execute(conn)?;
    Ok(waits.into_iter().map(|(folded, id, _)| (folded, id)).collect())
}

#[allow(clippy::too_many_arguments, reason = "the columns of one row")]
fn put<G: Ground>(
    tx: &mut Tx<G>,
    store: &IdentityStore,
    organization: &Organization,
    email: &str,
    promised: &Promised,
    gifts: &Gifts,
    message: &str,
    inviter: &Actor,
    portal: bool,
) -> Result<String, Problem> {
    use invitations as i;
    let now = tx.now();
    let (id, token, ends) = (tx.chance().id("inv"), tx.chance().token(), now.plus_seconds(LASTS));
    let key: i64 = diesel::insert_into(i::table)
        .values((
            (i::id.eq(&id), i::store.eq(store.key), i::organization.eq(organization.key)),
            (i::email.eq(email), i::email_folded.eq(text::fold(email)), i::message.eq(message)),
            (
                i::attributes.eq(serde_json::to_string(&gifts.attributes).map_err(Problem::internal)?),
                i::group_names.eq(serde_json::to_string(&gifts.groups).map_err(Problem::internal)?),
            ),
            (i::invited_by.eq(&inviter.id), i::invited_by_name.eq(&inviter.name)),
            (i::portal.eq(portal), i::status.eq(Status::Pending.word()), i::token.eq(Some(links::hash(&token)))),
            (i::sent_at.eq(now), i::ends_at.eq(ends), i::created_at.eq(now), i::settled_at.eq(None::<i64>)),
        ))
        .returning(i::key)
        .get_result(tx.conn())?;
    use invitation_roles as r;
    for (role, ..) in promised {
        diesel::insert_into(r::table).values((r::invitation.eq(key), r::role.eq(*role))).execute(tx.conn())?;
    }
    post(tx, email, &organization.name, &inviter.name, message, token, ends)?;
    Ok(id)
}

fn post<G: Ground>(
    tx: &mut Tx<G>,
    email: &str,
    organization: &str,
    inviter: &str,
    message: &str,
    token: String,
    ends: Time,
) -> Result<(), Problem> {
    let says = Says::Invitation { organization: organization.into(), inviter: inviter.into(), message: message.into(), token, ends };
    mails::post(tx, None, &Letter { to: email.to_owned(), name: String::new(), says })
}

/// Sends an invitation again: a new link and a new term, and the old link is dead. Who promises stays who they were (I-1).
///
/// # Errors
/// [`Problem::Conflict`] when it was answered or withdrawn; [`Problem::NotFound`] and [`Problem::Forbidden`].
pub fn resend<S: Side>(tx: &mut Tx<S::Resend>, store: &IdentityStore, id: &str) -> Result<Listed, Problem> {
    use invitations as i;
    let found = find(tx, store.key, id)?;
    if found.status() != Status::Pending {
        return Err(Problem::Conflict(format!("The invitation of {} is {} already.", found.email, found.status)));
    }
    let now = tx.now();
    let (token, ends) = (tx.chance().token(), now.plus_seconds(LASTS));
    let message: String = diesel::update(i::table.find(found.key))
        .set((i::token.eq(Some(links::hash(&token))), i::sent_at.eq(now), i::ends_at.eq(ends)))
        .returning(i::message)
        .get_result(tx.conn())?;
    post(tx, &found.email, &found.place, &found.invited_by_name, &message, token, ends)?;
    record(tx, store, &found, "invitation.resend")?;
    Ok(found)
}

/// Withdraws an invitation: its link is dead (I-1).
///
/// # Errors
/// As [`resend`].
pub fn withdraw<S: Side>(tx: &mut Tx<S::Withdraw>, store: &IdentityStore, id: &str) -> Result<Listed, Problem> {
    let found = find(tx, store.key, id)?;
    if found.status() != Status::Pending {
        return Err(Problem::Conflict(format!("The invitation of {} is {} already.", found.email, found.status)));
    }
    settle(tx, found.key, Status::Withdrawn)?;
    record(tx, store, &found, "invitation.withdraw")?;
    Ok(found)
}

fn record<G: Ground>(tx: &mut Tx<G>, store: &IdentityStore, found: &Listed, action: &'static str) -> Result<(), Problem> {
    let event = Event::done(action)
        .on(Subject::of("invitation", &found.id).at(found.organization).in_store(store.key))
        .with("email", found.email.as_str())
        .with("organization", found.place.as_str());
    tx.record(event).map(|_| ())
}
