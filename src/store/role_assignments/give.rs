//! Pairs given: by hand, by what an invitation promised, and automatically.

use super::{Wanted, above, held_directly};
use crate::{
    access::{confer, rank::Above},
    domain::{
        event::{Event, Subject},
        key::*,
        permissions::{Permission, RoleAssignmentEdit, UserView},
        role_assignment::{Given, MOST_AT_ONCE},
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        accounts::{self, Account},
        conn::{Conn, on_each},
        organizations,
        sql::Sql,
        transaction::{Reader, Tx},
    },
};
use diesel::prelude::*;
use std::collections::HashSet;

/// How giving went.
#[derive(Clone, Debug)]
pub enum Gave {
    /// Done: how many now hold it by this act, and the names of those who already did.
    Done {
        /// Accounts that got it.
        given: usize,
        /// Names of those who held it already.
        already: Vec<String>,
        /// The event.
        event: String,
    },
    /// Nothing was done: some vanished or left reach, or may not be acted on.
    Not(Trouble),
}

/// Why nothing was done.
#[derive(Clone, Debug, Default)]
pub struct Trouble {
    /// How many of the chosen are gone or out of reach.
    pub gone: usize,
    /// Names of those whom the person may not act on, each with the reason.
    pub above: Vec<(String, Above)>,
    /// Ids of the rest: to them it could be given.
    pub rest: Vec<String>,
}

/// Gives the pair to these accounts, all or none. `frozen` is how many were confirmed, where a draft knows.
///
/// # Errors
/// [`Problem::Forbidden`] when the role is more than the giver holds there.
pub fn add(
    tx: &mut Tx<RoleAssignmentEdit>,
    wanted: &Wanted,
    ids: &[String],
    frozen: usize,
    period: Period,
    reason: &str,
) -> Result<Gave, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let at = organizations::lineage(tx.conn(), &wanted.organization)?;
    confer::may_confer(&actor, wanted.role.terms.rights, &at, period.ends).map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
    let Some(reach) = actor.reach_of(&UserView::LEAF) else {
        return Err(Problem::Forbidden("Assigning needs the permission “View user information” too.".into()));
    };
    let found = accounts::by_ids(tx.conn(), &reach, wanted.organization.store, ids)?;
    let wanted_ids: HashSet<&String> = ids.iter().collect();
    let above = above(tx.conn(), &actor, &found, now)?;
    // Who was deleted is in no list any more, so the number that was confirmed tells.
    let expected = wanted_ids.len().max(frozen);
    if found.len() < expected || !above.is_empty() {
        let held_back: HashSet<&str> = above.iter().map(|(account, _)| account.id.as_str()).collect();
        return Ok(Gave::Not(Trouble {
            gone: expected - found.len(),
            rest: found.iter().filter(|account| !held_back.contains(account.id.as_str())).map(|account| account.id.clone()).collect(),
            above: above.iter().map(|(account, above)| (account.title().to_owned(), *above)).collect(),
        }));
    }
    if found.len() > MOST_AT_ONCE {
        return Err(Problem::Conflict("Assign in parts: at most 10,000 at once.".into()));
    }
    let held = held_directly(tx.conn(), wanted, &found, now)?;
    let (already, new): (Vec<Account>, Vec<Account>) = found.into_iter().partition(|account| held.contains_key(&account.key));
    insert(tx.conn(), wanted, &new, period, reason, &actor.name, now)?;
    let mut event = Event::done("role_assignment.add")
        .on(Subject::of("organization", &wanted.organization.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .on(Subject::of("role", &wanted.role.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .with("organization", wanted.organization.name.as_str())
        .with("role", wanted.role.terms.name.as_str())
        .with("rights", wanted.role.terms.rights.codes())
        .with("starts", period.starts.map(Time::rfc3339))
        .with("ends", period.ends.map(Time::rfc3339))
        .with("reason", reason)
        .with("accounts", new.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>())
        .with("already", already.len());
    for account in &new {
        event = event.on(Subject::of("account", &account.id).at(wanted.organization.key).in_store(wanted.organization.store));
    }
    let event = tx.record(event)?;
    Ok(Gave::Done { given: new.len(), already: already.iter().map(|account| account.title().to_owned()).collect(), event })
}

/// Gives a role as an invitation promised it, where it is not held already (I-1).
pub(in crate::store) fn give_by_invitation(
    conn: &mut Conn,
    organization: OrganizationKey,
    role: RoleKey,
    account: AccountKey,
    by: &str,
    now: Time,
) -> Result<(), Problem> {
    give(conn, organization, role, account, Given::Invitation, Some(by), now)
}

/// Gives a role for good, where it is not held already without an end.
pub(in crate::store) fn give(
    conn: &mut Conn,
    organization: OrganizationKey,
    role: RoleKey,
    account: AccountKey,
    given: Given,
    by: Option<&str>,
    now: Time,
) -> Result<(), Problem> {
    use crate::store::schema::role_assignments as ra;
    let row = (
        (
            ra::organization.eq(organization),
            ra::role.eq(role),
            ra::account.eq(account),
            ra::starts.eq(None::<i64>),
            ra::ends.eq(None::<i64>),
        ),
        (ra::reason.eq(""), ra::given.eq(given), ra::given_by.eq(by), ra::given_at.eq(now)),
    );
    on_each!(conn, |conn| diesel::insert_into(ra::table)
        .values(row)
        .on_conflict((ra::organization, ra::role, ra::account))
        .do_update()
        .set((ra::starts.eq(None::<i64>), ra::ends.eq(None::<i64>), ra::given.eq(given), ra::given_by.eq(by), ra::given_at.eq(now)))
        .execute(conn))?;
    Ok(())
}

/// One statement for all of them; a row that has ended is renewed.
fn insert(conn: &mut Conn, wanted: &Wanted, to: &[Account], period: Period, reason: &str, by: &str, now: Time) -> Result<(), Problem> {
    if to.is_empty() {
        return Ok(());
    }
    let mut sql =
        Sql::new("INSERT INTO role_assignments (organization, role, account, starts, ends, reason, given, given_by, given_at) SELECT ");
    sql.bind(wanted.organization.key).push(", ").bind(wanted.role.key).push(", a.key");
    for instant in [period.starts, period.ends] {
        match instant {
            Some(instant) => sql.push(", ").bind(instant),
            None => sql.push(", CAST(NULL AS bigint)"),
        };
    }
    sql.push(", ").bind(reason).push(", ").bind(Given::Hand.word()).push(", ").bind(by).push(", ").bind(now);
    sql.push(" FROM accounts a WHERE a.key IN ").list(to.iter().map(|account| account.key.0));
    sql.push(
        " ON CONFLICT (organization, role, account) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, reason = excluded.reason, \
         given = excluded.given, given_by = excluded.given_by, given_at = excluded.given_at",
    );
    sql.execute(conn).map(|_| ())
}

/// Moves every assignment of a role that has not ended to another role, with its dates and reason. Where the account
/// holds that one at the organization already, the two become one that lasts as long as both together.
pub(in crate::store) fn move_all(conn: &mut Conn, from: RoleKey, to: RoleKey, by: &str, now: Time) -> Result<(), Problem> {
    let mut sql = Sql::new(
        "INSERT INTO role_assignments (organization, role, account, starts, ends, reason, given, given_by, given_at) SELECT ra.organization, ",
    );
    sql.bind(to).push(", ra.account, ra.starts, ra.ends, ra.reason, ").bind(Given::Hand.word()).push(", ").bind(by).push(", ").bind(now);
    sql.push(" FROM role_assignments ra WHERE ra.role = ").bind(from).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") ON CONFLICT (organization, role, account) DO UPDATE SET given = excluded.given, given_by = excluded.given_by, given_at = excluded.given_at");
    for (column, wider) in [("starts", "<"), ("ends", ">")] {
        // A row that has ended is not held: it is renewed. Without an instant there is no bound.
        sql.push(", ").push(column).push(" = CASE WHEN role_assignments.ends <= ").bind(now).push(" THEN excluded.").push(column);
        sql.push(" WHEN role_assignments.")
            .push(column)
            .push(" IS NULL OR excluded.")
            .push(column)
            .push(" IS NULL THEN NULL WHEN excluded.");
        sql.push(column).push(" ").push(wider).push(" role_assignments.").push(column).push(" THEN excluded.").push(column);
        sql.push(" ELSE role_assignments.").push(column).push(" END");
    }
    sql.push(", reason = CASE WHEN role_assignments.ends <= ").bind(now).push(" THEN excluded.reason ELSE role_assignments.reason END");
    sql.execute(conn)?;
    let mut sql = Sql::new("DELETE FROM role_assignments WHERE role = ");
    sql.bind(from);
    sql.execute(conn).map(|_| ())
}
