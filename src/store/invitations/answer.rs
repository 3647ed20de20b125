//! What a link leads to: accepting an invitation, or declining it (I-1, I-2).

use super::{role_names, settle};
use crate::{
    access::{Actor, Ground, InConsole, InPortal, Myself, Side, confer, system::Inviting},
    domain::{
        Refusal,
        account::{self, Terms},
        attribute::{self, Attribute},
        event::{Event, Subject},
        invitation::Status,
        key::*,
        organization::Lineage,
        rights::Rights,
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        accounts::{Born, create, enroll},
        actors,
        conn::{Conn, on_each},
        identity_stores, links, passwords, role_assignments,
        schema::{
            account_group_members, account_groups, accounts as people, identifiers, identity_stores as stores, invitation_roles,
            invitations, organizations as places, roles,
        },
        transaction::{Reader, Tx},
        tree,
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value};

/// An invitation as its link finds it.
#[derive(Clone, Debug)]
pub struct Opened {
    key: i64,
    id: String,
    organization_key: OrganizationKey,
    inviter: String,
    portal: bool,
    /// The address.
    pub email: String,
    /// The store.
    pub store: (StoreKey, String, String),
    /// The name of the organization.
    pub organization: String,
    /// Who invites.
    pub inviter_name: String,
    /// What they wrote.
    pub message: String,
    /// What became of it.
    pub status: Status,
    /// Until when the link works.
    pub ends: Time,
    /// Names of the roles that it promises.
    pub roles: Vec<String>,
    /// What the inviter has said of the account that comes about, as far as the store still has such attributes.
    attributes: Map<String, Value>,
    /// The attributes that must be filled in and that the inviter has left open, where an account comes about.
    pub asks: Vec<Attribute>,
    /// The account of the store that has this address, where there is one.
    existing: Option<(AccountKey, String, account::Status)>,
    /// Why it cannot be accepted though it waits.
    pub hindered: Option<&'static str>,
}

impl Opened {
    /// Whether it waits for an answer now.
    pub fn waits(&self, now: Time) -> bool {
        self.status == Status::Pending && self.ends > now
    }

    /// Whether whoever accepts has to sign in: the address has an account that somebody uses.
    pub fn asks_to_sign_in(&self) -> bool {
        self.existing.as_ref().is_some_and(|(_, _, status)| *status != account::Status::Invited)
    }

    /// Whether that account is this one.
    pub fn is_for(&self, account: AccountKey) -> bool {
        self.existing.as_ref().is_some_and(|(key, ..)| *key == account)
    }
}

fn opened(conn: &mut Conn, token: &str, now: Time) -> Result<Opened, Problem> {
    use invitations as i;
    use stores as s;
    type Row = ((i64, String, StoreKey, OrganizationKey), (String, String, String, String), (String, String, bool, String, Time));
    let ((key, id, store, organization), (email, folded, message, said), (inviter, inviter_name, portal, status, ends)): Row = i::table
        .filter(i::token.eq(links::hash(token)))
        .select((
            (i::key, i::id, i::store, i::organization),
            (i::email, i::email_folded, i::message, i::attributes),
            (i::invited_by, i::invited_by_name, i::portal, i::status, i::ends_at),
        ))
        .first(conn)
        .optional()?
        .ok_or(Problem::NotFound)?;
    let (slug, store_name): (String, String) = s::table.find(store).select((s::slug, s::name)).first(conn)?;
    let name: String = places::table.find(organization).select(places::name).first(conn)?;
    let named: Option<AccountKey> = identifiers::table.find((store, &folded)).select(identifiers::account).first(conn).optional()?;
    let existing = match named {
        Some(account) => people::table.find(account).select((people::key, people::id, people::status)).first(conn).optional()?,
        None => None,
    };
    let at = tree::lineage(conn, organization)?;
    let actor = inviting(conn, &inviter, now)?;
    let hindered = if !at.active {
        Some("The organization is inactive at present.")
    } else if !actor.as_ref().is_some_and(|actor| still_invites(actor, portal, &at)) {
        Some("Who invited you may no longer invite people there.")
    } else {
        None
    };
    let roles = role_names(conn, &[key])?.remove(&key).unwrap_or_default();
    let schema = identity_stores::attributes(conn, store)?;
    let attributes = still(&schema, serde_json::from_str(&said).map_err(Problem::internal)?);
    let is_open = |attribute: &Attribute| existing.is_none() && attribute.required && !attributes.contains_key(&attribute.name);
    let asks = schema.into_iter().filter(is_open).collect();
    Ok(Opened {
        key,
        id,
        organization_key: organization,
        inviter,
        portal,
        email,
        store: (store, slug, store_name),
        organization: name,
        inviter_name,
        message,
        status: Status::from_word(&status).unwrap_or(Status::Withdrawn),
        ends,
        roles,
        attributes,
        asks,
        existing,
        hindered,
    })
}

/// What of these the schema of the store still takes: since the inviter said them, it may have changed.
fn still(schema: &[Attribute], said: Map<String, Value>) -> Map<String, Value> {
    let good = |(name, value): (String, Value)| {
        let attribute = schema.iter().find(|attribute| attribute.name == name)?;
        Some((name, attribute::value(attribute.kind, &attribute.choices, &value).ok()?))
    };
    said.into_iter().filter_map(good).collect()
}

/// Who invited, with what they can use now; none when they are gone or not active.
fn inviting(conn: &mut Conn, id: &str, now: Time) -> Result<Option<Actor>, Problem> {
    let key: Option<AccountKey> = people::table.filter(people::id.eq(id)).select(people::key).first(conn).optional()?;
    match key {
        Some(key) => actors::load(conn, key, now),
        None => Ok(None),
    }
}

fn still_invites(actor: &Actor, portal: bool, at: &Lineage) -> bool {
    let reach = if portal { <InPortal as Side>::Invite::reach(actor) } else { <InConsole as Side>::Invite::reach(actor) };
    reach.is_some_and(|reach| reach.contains(at))
}

/// What a link is about; opening it uses nothing up (I-2).
///
/// # Errors
/// [`Problem::NotFound`] for a link that was replaced or never was.
pub fn open(reader: &mut impl Reader<Inviting>, token: &str) -> Result<Opened, Problem> {
    let now = reader.now();
    opened(reader.conn(), token, now)
}

fn to_answer(conn: &mut Conn, token: &str, now: Time) -> Result<Opened, Problem> {
    let found = opened(conn, token, now)?;
    match found.hindered {
        _ if !found.waits(now) => Err(Problem::Conflict("This invitation was answered, withdrawn or has ended.".into())),
        Some(why) => Err(Problem::Conflict(why.into())),
        None => Ok(found),
    }
}

/// Accepts for somebody who has no account that they use: the account comes about, active, with the address confirmed, as
/// the link came from its mailbox. It has the profile and the groups that the inviter has said, and what its owner fills in
/// of what is asked. The key of the account.
///
/// # Errors
/// A refusal at `attributes` while something that must be filled in is left open;
/// [`Problem::NotFound`] and [`Problem::Conflict`] for a link that does not work; for an address with an account in use.
pub fn accept_new(tx: &mut Tx<Inviting>, token: &str, name: &str, hash: &str, filled: &Map<String, Value>) -> Result<AccountKey, Problem> {
    let now = tx.now();
    let found = to_answer(tx.conn(), token, now)?;
    let store = found.store.0;
    let (account, id) = match &found.existing {
        None => {
            let mut attributes = found.attributes.clone();
            for asked in &found.asks {
                let value = filled.get(&asked.name).cloned();
                let value = value.ok_or_else(|| Refusal::at("attributes", format!("{} must be filled in.", asked.label)))?;
                attributes.insert(asked.name.clone(), value);
            }
            let terms = Terms { name: name.to_owned(), email: Some(found.email.clone()), username: None, attributes };
            let born = Born { terms: &terms, status: account::Status::Active, password_hash: Some(hash), confirmed: true };
            let made = create(tx, store, &born)?;
            sort_into_groups(tx.conn(), &found, made.0)?;
            made
        }
        // Made by hand and used by nobody yet: this is its owner's first password.
        Some((key, id, account::Status::Invited)) => {
            use people as a;
            diesel::update(a::table.find(*key))
                .set((a::status.eq(account::Status::Active), a::password_hash.eq(hash), a::changed_at.eq(now)))
                .execute(tx.conn())?;
            diesel::update(identifiers::table.filter(identifiers::account.eq(*key)).filter(identifiers::kind.eq("email")))
                .set(identifiers::confirmed.eq(true))
                .execute(tx.conn())?;
            (*key, id.clone())
        }
        Some(_) => return Err(Problem::Conflict("This address has an account. Sign in to accept.".into())),
    };
    let (conferred, left_out) = join(tx, &found, account)?;
    let name: String = people::table.find(account).select(people::name).first(tx.conn())?;
    let event = accepted(&found, &id, conferred, left_out);
    tx.record_as(event, (id, name))?;
    Ok(account)
}

/// Puts a new account into the groups that the inviter has said, as far as the store still has them.
fn sort_into_groups(conn: &mut Conn, found: &Opened, account: AccountKey) -> Result<(), Problem> {
    use account_group_members as m;
    use account_groups as g;
    let said: String = invitations::table.find(found.key).select(invitations::group_names).first(conn)?;
    let folded: Vec<String> =
        serde_json::from_str::<Vec<String>>(&said).map_err(Problem::internal)?.iter().map(|name| text::fold(name)).collect();
    let keys: Vec<i64> = g::table.filter(g::store.eq(found.store.0)).filter(g::name_folded.eq_any(folded)).select(g::key).load(conn)?;
    let rows: Vec<_> = keys.iter().map(|key| (m::account.eq(account), m::account_group.eq(*key))).collect();
    on_each!(conn, |conn| diesel::insert_into(m::table).values(rows).execute(conn))?;
    Ok(())
}

/// Accepts for the account that is signed in and has the address: the membership, and what was promised, nothing else (I-1).
///
/// # Errors
/// As [`accept_new`]; [`Problem::Forbidden`] for another account.
pub fn accept_mine(tx: &mut Tx<Myself>, token: &str) -> Result<String, Problem> {
    let now = tx.now();
    let me = tx.permit().person()?.clone();
    let found = to_answer(tx.conn(), token, now)?;
    if !found.is_for(me.account) || !passwords::is_confirmed(tx.conn(), me.account, "email")? {
        return Err(Problem::Forbidden(format!("This invitation is for {}. Sign in with that account.", found.email)));
    }
    let (conferred, left_out) = join(tx, &found, me.account)?;
    tx.record(accepted(&found, &me.id, conferred, left_out))?;
    Ok(found.organization)
}

fn accepted(found: &Opened, account: &str, conferred: Vec<String>, left_out: Vec<String>) -> Event {
    let place = |subject: Subject| subject.at(found.organization_key).in_store(found.store.0);
    Event::done("invitation.accept")
        .on(place(Subject::of("invitation", &found.id)))
        .on(place(Subject::of("account", account)))
        .with("email", found.email.as_str())
        .with("organization", found.organization.as_str())
        .with("roles", conferred)
        .with("left_out", left_out)
}

/// The membership, where there is none, and the roles that the inviter may still give (I-1, C-1). The names of those
/// given, and of those left out.
fn join<G: Ground>(tx: &mut Tx<G>, found: &Opened, account: AccountKey) -> Result<(Vec<String>, Vec<String>), Problem> {
    let now = tx.now();
    enroll(tx.conn(), account, found.organization_key, now)?;
    settle(tx, found.key, Status::Accepted)?;
    let at = tree::lineage(tx.conn(), found.organization_key)?;
    let inviter = inviting(tx.conn(), &found.inviter, now)?;
    use invitation_roles as ir;
    use roles as r;
    let keys: Vec<RoleKey> = ir::table.filter(ir::invitation.eq(found.key)).select(ir::role).load(tx.conn())?;
    let promised: Vec<(RoleKey, String, i32)> =
        r::table.filter(r::key.eq_any(keys)).order(r::name_sort).select((r::key, r::name, r::rights)).load(tx.conn())?;
    let (mut given, mut left_out) = (Vec::new(), Vec::new());
    for (role, name, rights) in promised {
        let may = inviter.as_ref().is_some_and(|actor| {
            !found.portal && actor.account != account && confer::may_confer(actor, Rights::from_bits(rights as u16), &at, None).is_ok()
        });
        if may {
            role_assignments::give_by_invitation(tx.conn(), found.organization_key, role, account, &found.inviter_name, now)?;
            given.push(name);
        } else {
            left_out.push(name);
        }
    }
    Ok((given, left_out))
}

/// Declines an invitation.
///
/// # Errors
/// As [`accept_new`].
pub fn decline(tx: &mut Tx<Inviting>, token: &str) -> Result<Opened, Problem> {
    let now = tx.now();
    let found = opened(tx.conn(), token, now)?;
    if !found.waits(now) {
        return Err(Problem::Conflict("This invitation was answered, withdrawn or has ended.".into()));
    }
    settle(tx, found.key, Status::Declined)?;
    let event = Event::done("invitation.decline")
        .on(Subject::of("invitation", &found.id).at(found.organization_key).in_store(found.store.0))
        .with("email", found.email.as_str())
        .with("organization", found.organization.as_str());
    tx.record(event)?;
    Ok(found)
}
