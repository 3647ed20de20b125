//! Pairs taken away (A-5, C-2), and given back when that is undone (W-3).

use super::{Wanted, above, held_directly, inherited_from};
use crate::{
    access::{Reach, confer, rank::Above},
    domain::{
        event::{Event, Subject},
        key::*,
        organization::Lineage,
        permissions::RoleAssignmentEdit,
        role_assignment::Given,
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        accounts::{self, Account},
        conn::Conn,
        organizations,
        sql::Sql,
        transaction::{Reader, Tx},
    },
};
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::json;
use std::collections::HashSet;

/// What taking the pair away does, for the confirmation (W-2).
#[derive(Clone, Debug)]
pub struct Removal {
    /// Those who would lose it.
    pub accounts: Vec<Account>,
    /// How many of them still hold the role here through an organization above.
    pub still_inherited: usize,
    /// How many of the chosen do not hold it (any more).
    pub gone: usize,
    /// Those whom the person may not act on.
    pub above: Vec<(String, Above)>,
    /// How long the longest of these assignments lasts; none: for good.
    until: Option<Time>,
}

/// C-2: who takes could give, for as long as it would have lasted.
fn may_withdraw(actor: &crate::access::Actor, wanted: &Wanted, at: &Lineage, removal: &Removal) -> Result<(), Problem> {
    confer::may_withdraw(actor, wanted.role.terms.rights, at, removal.until).map_err(|uncovered| Problem::Forbidden(uncovered.0))
}

/// What taking the pair from these accounts would do.
///
/// # Errors
/// As [`remove`].
pub fn preview_removal(reader: &mut impl Reader<RoleAssignmentEdit>, wanted: &Wanted, ids: &[String]) -> Result<Removal, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let actor = permit.person()?;
    let at = organizations::lineage(conn, &wanted.organization)?;
    let removal = removal(conn, actor, wanted, ids, now)?;
    may_withdraw(actor, wanted, &at, &removal)?;
    Ok(removal)
}

fn removal(conn: &mut Conn, actor: &crate::access::Actor, wanted: &Wanted, ids: &[String], now: Time) -> Result<Removal, Problem> {
    // Who holds it here is in sight of whoever may take it away, wherever their memberships lie.
    let mut accounts = accounts::by_ids(conn, &Reach::Everywhere, wanted.organization.store, ids)?;
    let held = held_directly(conn, wanted, &accounts, now)?;
    accounts.retain(|account| held.contains_key(&account.key));
    let until = held.values().copied().max_by_key(|ends| ends.map_or(i64::MAX, Time::micros)).flatten();
    let chosen: HashSet<&String> = ids.iter().collect();
    let keys: Vec<AccountKey> = accounts.iter().map(|account| account.key).collect();
    let still_inherited = inherited_from(conn, wanted, &keys, now)?.len();
    let above = above(conn, actor, &accounts, now)?.into_iter().map(|(account, above)| (account.title().to_owned(), above)).collect();
    Ok(Removal { gone: chosen.len() - accounts.len(), still_inherited, above, accounts, until })
}

/// A row as it was before it was taken away.
#[derive(Clone, Debug)]
pub(in crate::store) struct Former {
    pub account: String,
    pub period: Period,
    pub reason: String,
    pub given: Given,
    pub given_by: Option<String>,
    pub given_at: Time,
}

#[derive(QueryableByName)]
struct FormerRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    given: Given,
    #[diesel(sql_type = Nullable<Text>)]
    given_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    given_at: Time,
}

/// Takes the pair from these accounts, all or none (A-5, C-2). How many lost it by this act; those who did not
/// hold it any more count as done.
///
/// # Errors
/// [`Problem::Forbidden`] when the role is more than the person holds there, or an account holds more than they.
pub fn remove(tx: &mut Tx<RoleAssignmentEdit>, wanted: &Wanted, ids: &[String]) -> Result<(usize, String), Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let at = organizations::lineage(tx.conn(), &wanted.organization)?;
    let removal = removal(tx.conn(), &actor, wanted, ids, now)?;
    may_withdraw(&actor, wanted, &at, &removal)?;
    if let Some((name, above)) = removal.above.first() {
        return Err(Problem::Forbidden(format!("{name}: {}", above.reason())));
    }
    let keys = || removal.accounts.iter().map(|account| account.key.0);
    let mut sql = Sql::new(
        "SELECT a.id, ra.starts, ra.ends, ra.reason, ra.given, ra.given_by, ra.given_at FROM role_assignments ra JOIN accounts a ON a.key = ra.account WHERE ra.organization = ",
    );
    sql.bind(wanted.organization.key).push(" AND ra.role = ").bind(wanted.role.key).push(" AND ra.account IN ").list(keys());
    let former: Vec<serde_json::Value> = sql
        .load::<FormerRow>(tx.conn())?
        .into_iter()
        .map(|row| {
            json!({
                "account": row.id, "starts": row.starts.map(Time::rfc3339), "ends": row.ends.map(Time::rfc3339),
                "reason": row.reason, "given": row.given.word(), "given_by": row.given_by, "given_at": row.given_at.rfc3339(),
            })
        })
        .collect();
    let mut sql = Sql::new("DELETE FROM role_assignments WHERE organization = ");
    sql.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND account IN ").list(keys());
    let removed = sql.execute(tx.conn())?;
    let mut event = Event::done("role_assignment.remove")
        .on(Subject::of("organization", &wanted.organization.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .on(Subject::of("role", &wanted.role.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .with("organization", wanted.organization.name.as_str())
        .with("role", wanted.role.terms.name.as_str())
        .with("before", former);
    for account in &removal.accounts {
        event = event.on(Subject::of("account", &account.id).at(wanted.organization.key).in_store(wanted.organization.store));
    }
    let event = tx.record(event)?;
    Ok((removed, event))
}

/// How many of these accounts hold the pair just as it was given at that instant.
pub(in crate::store) fn given_at(tx: &mut Tx<RoleAssignmentEdit>, wanted: &Wanted, ids: &[String], at: Time) -> Result<usize, Problem> {
    let accounts = accounts::by_ids(tx.conn(), &Reach::Everywhere, wanted.organization.store, ids)?;
    let mut sql = Sql::new("SELECT count(*) AS n FROM role_assignments WHERE organization = ");
    sql.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND given_at = ").bind(at);
    sql.push(" AND given = 'hand' AND account IN ").list(accounts.iter().map(|account| account.key.0));
    Ok(sql.number(tx.conn())? as usize)
}

/// Gives back what was taken, row by row as it was; all or none, each judged now (W-3, C-1).
///
/// # Errors
/// [`Problem::Conflict`] when an account is gone or holds the pair again; [`Problem::Forbidden`] as [`super::add`].
pub(in crate::store) fn restore(tx: &mut Tx<RoleAssignmentEdit>, wanted: &Wanted, former: &[Former]) -> Result<usize, Problem> {
    let now = tx.now();
    let actor = tx.permit().person()?.clone();
    let at = organizations::lineage(tx.conn(), &wanted.organization)?;
    let ids: Vec<String> = former.iter().map(|row| row.account.clone()).collect();
    let accounts = accounts::by_ids(tx.conn(), &Reach::Everywhere, wanted.organization.store, &ids)?;
    let mut there = Sql::new("SELECT count(*) AS n FROM role_assignments WHERE organization = ");
    there.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND account IN ");
    there.list(accounts.iter().map(|account| account.key.0));
    if accounts.len() != former.len() || there.number(tx.conn())? > 0 {
        return Err(Problem::Conflict("This can no longer be undone: somebody changed it since.".into()));
    }
    if let Some((account, above)) = above(tx.conn(), &actor, &accounts, now)?.first() {
        return Err(Problem::Forbidden(format!("{}: {}", account.title(), above.reason())));
    }
    let mut event = Event::done("role_assignment.add")
        .on(Subject::of("organization", &wanted.organization.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .on(Subject::of("role", &wanted.role.id).at(wanted.organization.key).in_store(wanted.organization.store))
        .with("organization", wanted.organization.name.as_str())
        .with("role", wanted.role.terms.name.as_str())
        .with("rights", wanted.role.terms.rights.codes())
        .with("accounts", accounts.iter().map(|account| account.title().to_owned()).collect::<Vec<_>>());
    for account in &accounts {
        let Some(row) = former.iter().find(|row| row.account == account.id) else { continue };
        confer::may_confer(&actor, wanted.role.terms.rights, &at, row.period.ends).map_err(|uncovered| Problem::Forbidden(uncovered.0))?;
        use crate::store::schema::role_assignments as ra;
        diesel::insert_into(ra::table)
            .values((
                (ra::organization.eq(wanted.organization.key), ra::role.eq(wanted.role.key), ra::account.eq(account.key)),
                (ra::starts.eq(row.period.starts), ra::ends.eq(row.period.ends), ra::reason.eq(&row.reason)),
                (ra::given.eq(row.given), ra::given_by.eq(&row.given_by), ra::given_at.eq(row.given_at)),
            ))
            .execute(tx.conn())?;
        event = event.on(Subject::of("account", &account.id).at(wanted.organization.key).in_store(wanted.organization.store));
    }
    tx.record(event)?;
    Ok(accounts.len())
}
