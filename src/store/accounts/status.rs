//! Accounts disabled, enabled and deleted, and their sessions ended (S-4, S-6, E-4).

use super::Account;
use crate::{
    access::{
        Ground, Side, confer,
        target::{Off, may_act},
    },
    domain::{
        account::Status,
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::*,
    },
    problem::Problem,
    store::{
        conn::Conn,
        grants::{self, HandedOn, HandedOnThen},
        invitations,
        schema::{accounts, identity_stores, sessions},
        set_up::keep_a_super_administrator,
        sql::Sql,
        targets,
        transaction::{Reader, Tx},
    },
};
use diesel::{QueryableByName, prelude::*, sql_types::Text};
use std::collections::{HashMap, HashSet};

/// How a change of several accounts went.
#[derive(Clone, Debug)]
pub enum Changed {
    /// Done, with the event: those whose status changed, and those who stood so already.
    Done {
        /// Changed by this act.
        changed: Vec<Account>,
        /// As wanted before.
        already: Vec<Account>,
        /// The event.
        event: String,
    },
    /// Nothing was done: some are gone, or may not be acted on, each with the reason.
    Not {
        /// How many are gone or out of sight.
        gone: usize,
        /// Names of the others with the reason.
        off: Vec<(String, Off)>,
    },
}

/// Disables or enables accounts, all or none (S-4, P-3, P-4); disabling ends their sessions (S-6). An account that
/// never had a password is invited again when it is enabled, but for those that an undo names as `were_active`.
///
/// # Errors
/// [`Problem::Conflict`] where no super administrator would be left (D-5).
pub fn set_enabled<S: Side>(
    tx: &mut Tx<S::Switch>,
    store: &IdentityStore,
    ids: &[String],
    on: bool,
    were_active: &[String],
) -> Result<Changed, Problem> {
    let now = tx.now();
    let found = match all_seen::<S>(tx, store, ids)? {
        Ok(found) => found,
        Err(not) => return Ok(not),
    };
    let (changed, already): (Vec<Account>, Vec<Account>) =
        found.into_iter().partition(|account| (account.status == Status::Disabled) == on);
    let keys: Vec<AccountKey> = changed.iter().map(|account| account.key).collect();
    use accounts as a;
    for keys in keys.chunks(10_000) {
        let those = a::table.filter(a::key.eq_any(keys));
        if on {
            diesel::update(those.clone().filter(a::password_hash.is_not_null()))
                .set((a::status.eq(Status::Active), a::changed_at.eq(now)))
                .execute(tx.conn())?;
            diesel::update(those.clone().filter(a::status.eq(Status::Disabled)))
                .set((a::status.eq(Status::Invited), a::changed_at.eq(now)))
                .execute(tx.conn())?;
            diesel::update(those.filter(a::id.eq_any(were_active))).set(a::status.eq(Status::Active)).execute(tx.conn())?;
        } else {
            diesel::update(those).set((a::status.eq(Status::Disabled), a::changed_at.eq(now))).execute(tx.conn())?;
            diesel::delete(sessions::table.filter(sessions::account.eq_any(keys))).execute(tx.conn())?;
        }
    }
    keep_a_super_administrator(tx.conn())?;
    let all: Vec<&Account> = changed.iter().chain(&already).collect();
    let mut event = Event::done(if on { "account.enable" } else { "account.disable" })
        .with("accounts", all.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>())
        .with("changed", changed.iter().map(|account| account.id.clone()).collect::<Vec<_>>())
        .with("were_active", ids_of(&changed, Status::Active));
    event = subjects(tx.conn(), event, store.key, &all)?;
    let event = tx.record(event)?;
    Ok(Changed::Done { changed, already, event })
}

fn ids_of(accounts: &[Account], status: Status) -> Vec<String> {
    accounts.iter().filter(|account| account.status == status).map(|account| account.id.clone()).collect()
}

/// Every one of the accounts in sight and not above the person; or why nothing is done.
fn all_seen<S: Side>(tx: &mut Tx<S::Switch>, store: &IdentityStore, ids: &[String]) -> Result<Result<Vec<Account>, Changed>, Problem> {
    let Judged { accounts, gone, off } = judged::<S>(tx, store, ids)?;
    Ok(if gone > 0 || !off.is_empty() { Err(Changed::Not { gone, off }) } else { Ok(accounts) })
}

/// Accounts as somebody means to act on them together.
pub(super) struct Judged {
    /// Those that may be acted on.
    pub accounts: Vec<Account>,
    /// How many are gone or out of sight.
    pub gone: usize,
    /// Names of those that may not be acted on, with the reason.
    pub off: Vec<(String, Off)>,
}

/// Each of the accounts, by P-3 and P-4, in a constant number of queries.
pub(super) fn judged<S: Side>(reader: &mut impl Reader<S::Switch>, store: &IdentityStore, ids: &[String]) -> Result<Judged, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let reach = S::See::reach(&actor).ok_or(Problem::NotFound)?;
    let wanted: HashSet<&String> = ids.iter().collect();
    let found = super::by_ids(reader.conn(), &reach, store.key, ids)?;
    let gone = wanted.len() - found.len();
    let keys: Vec<AccountKey> = found.iter().map(|account| account.key).collect();
    let targets = targets::of(reader.conn(), &keys, now)?;
    let mut judged = Judged { accounts: Vec::new(), gone, off: Vec::new() };
    for account in found {
        let target = targets.get(&account.key).ok_or(Problem::NotFound)?;
        match may_act::<S::Switch>(&actor, target) {
            Ok(()) => judged.accounts.push(account),
            Err(off) => judged.off.push((account.title().to_owned(), off)),
        }
    }
    Ok(judged)
}

/// Each account as a subject in each of its organizations (E-3).
pub(super) fn subjects(conn: &mut Conn, mut event: Event, store: StoreKey, of: &[&Account]) -> Result<Event, Problem> {
    use crate::store::schema::memberships as m;
    let mut joined: Vec<(AccountKey, OrganizationKey)> = Vec::new();
    let keys: Vec<AccountKey> = of.iter().map(|account| account.key).collect();
    for keys in keys.chunks(10_000) {
        joined.extend(
            m::table.filter(m::account.eq_any(keys)).select((m::account, m::organization)).load::<(AccountKey, OrganizationKey)>(conn)?,
        );
    }
    let mut places: HashMap<AccountKey, Vec<OrganizationKey>> = HashMap::new();
    for (account, organization) in joined {
        places.entry(account).or_default().push(organization);
    }
    for account in of {
        event = event.on(Subject::of("account", &account.id).in_store(store));
        for organization in places.get(&account.key).into_iter().flatten() {
            event = event.on(Subject::of("account", &account.id).at(*organization).in_store(store));
        }
    }
    Ok(event)
}

/// Ends one session of an account, or all of them. How many were ended.
///
/// # Errors
/// [`Problem::NotFound`] out of sight, or for a session that is none of its; [`Problem::Forbidden`] with the reason.
pub fn end_sessions<S: Side>(
    tx: &mut Tx<S::Switch>,
    store: &IdentityStore,
    id: &str,
    session: Option<&str>,
) -> Result<(Account, usize), Problem> {
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    use sessions as s;
    let of = s::table.filter(s::account.eq(found.account.key));
    let ended = match session {
        Some(session) => diesel::delete(of.filter(s::id.eq(session))).execute(tx.conn())?,
        None => diesel::delete(of).execute(tx.conn())?,
    };
    if ended == 0 && session.is_some() {
        return Err(Problem::NotFound);
    }
    tx.record(found.subjects(Event::done("account.sessions"), store.key).with("ended", ended))?;
    Ok((found.account, ended))
}

/// What goes with an account (E-4), for the confirmation.
#[derive(Clone, Debug, Default)]
pub struct GoesToo {
    /// Memberships.
    pub memberships: i64,
    /// Role assignments.
    pub assignments: i64,
    /// Grants: the names of their administrator roles.
    pub grants: Vec<String>,
    /// What was handed on through them.
    pub handed_on: HandedOn,
}

/// What deleting the account takes with it.
///
/// # Errors
/// What the database says.
pub fn goes_too<S: Side>(reader: &mut impl Reader<S::Delete>, account: &Account) -> Result<GoesToo, Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let mut members = Sql::new("SELECT count(*) AS n FROM memberships WHERE account = ");
    members.bind(account.key);
    let mut held = Sql::new("SELECT count(*) AS n FROM role_assignments WHERE account = ");
    held.bind(account.key).push(" AND (ends IS NULL OR ends > ").bind(now).push(")");
    let (memberships, assignments) = (members.number(conn)?, held.number(conn)?);
    #[derive(QueryableByName)]
    struct Role {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql = Sql::new("SELECT r.name FROM grants g JOIN administrator_roles r ON r.key = g.role WHERE g.account = ");
    sql.bind(account.key).push(" ORDER BY g.key");
    let roles = sql.load::<Role>(conn)?.into_iter().map(|row| row.name).collect();
    let handed_on = grants::handed_on_by(conn, &actor, account.key, now)?;
    Ok(GoesToo { memberships, assignments, grants: roles, handed_on })
}

/// Whether the reader may delete an account in sight (P-3, P-4); for its confirmation.
///
/// # Errors
/// [`Problem::Forbidden`] with the reason.
pub fn may_delete<S: Side>(reader: &mut impl Reader<S::Delete>, account: &Account) -> Result<(), Problem> {
    let now = reader.now();
    let actor = reader.permit().person()?.clone();
    let target = targets::one(reader.conn(), account.key, now)?;
    may_act::<S::Delete>(&actor, &target).map_err(|off| Problem::Forbidden(format!("{}: {}", account.title(), off.reason())))
}

/// Deletes an account for good (E-4): memberships, assignments, grants, sessions, drafts go; the log keeps its id, which
/// is never used again (S-8).
///
/// # Errors
/// As [`super::edit_profile`]; [`Problem::Forbidden`] for grants that are not the person's to revoke (D-10);
/// [`Problem::Conflict`] where no super administrator would be left (D-5).
pub fn delete<S: Side>(tx: &mut Tx<S::Delete>, store: &IdentityStore, id: &str, handed_on: HandedOnThen) -> Result<Account, Problem> {
    let now = tx.now();
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let actor = tx.permit().person()?.clone();
    let key = found.account.key;
    let held = grants::of_holder(tx.conn(), key)?;
    for grant in held.iter().filter(|grant| !grant.grant.period.ended(now)) {
        confer::may_revoke(&actor, grant, &found.target.holdings)
            .map_err(|uncovered| Problem::Forbidden(format!("{} is an administrator: {}", found.account.title(), uncovered.0)))?;
    }
    let (revoked, kept) = grants::take(tx.conn(), &actor, &held, handed_on, now)?;
    let revoked: Vec<String> = revoked.into_iter().map(|grant| grant.title).collect();
    invitations::withdraw_of(tx.conn(), key, now)?;
    for table in [
        "codes",
        "authenticators",
        "links",
        "identifier_changes",
        "verifications",
        "favourites",
        "identifiers",
        "memberships",
        "role_assignments",
        "account_group_members",
        "sessions",
        "preferences",
        "once_keys",
        "account_imports",
        "selection_items",
        "selection_drafts",
        "mails",
    ] {
        let mut sql = Sql::new("DELETE FROM ");
        sql.push(table).push(" WHERE account = ").bind(key);
        sql.execute(tx.conn())?;
    }
    diesel::delete(accounts::table.find(key)).execute(tx.conn())?;
    diesel::update(identity_stores::table.find(store.key))
        .set(identity_stores::accounts.eq(identity_stores::accounts - 1))
        .execute(tx.conn())?;
    keep_a_super_administrator(tx.conn())?;
    let event = found
        .subjects(Event::done("account.delete"), store.key)
        .with("email", found.account.email.clone())
        .with("username", found.account.username.clone())
        .with("grants_revoked", revoked)
        .with("handed_on_kept", kept);
    tx.record(event)?;
    Ok(found.account)
}
