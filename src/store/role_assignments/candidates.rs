//! Who could get a pair: the *Unassigned roles* tab, and the people of its confirmation.

use super::{Wanted, inherited_from, pairs::held_by};
use crate::{
    access::{
        InConsole, Permit,
        rank::{self, Above},
    },
    domain::{key::*, organization::Step, permissions::UserView, time::Time},
    problem::Problem,
    store::{
        accounts::{self, Account},
        conn::Conn,
        holdings,
        kept::Fresh,
        paging::{self, Paging, Slice, Total},
        reached::{self, Reached},
        sql::Sql,
        transaction::Reader,
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use std::collections::HashMap;

/// Somebody who could get the pair.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The account.
    pub account: Account,
    /// Its memberships in reach.
    pub memberships: Vec<accounts::Membership>,
    /// The organization above through which it holds the role already.
    pub inherited_from: Option<Step>,
    /// The names of other roles it holds here.
    pub other_roles: Vec<String>,
    /// Why it cannot be chosen.
    pub above: Option<Above>,
}

/// The condition of the *Unassigned roles* tab: accounts of the store, in reach (Z-4), that do not hold the pair
/// directly, narrowed by the filter.
pub(in crate::store) fn unassigned(
    conn: &mut Conn,
    fresh: &Fresh,
    sight: &accounts::Sight,
    wanted: &Wanted,
    filter: &accounts::Filter,
    now: Time,
) -> Result<Reached, Problem> {
    let reached = reached::of_store(conn, fresh, wanted.organization.store, sight, None, filter, now)?;
    let reached = reached.narrowed(conn, filter, sight, now, Some(wanted.organization.key));
    Ok(reached.each(|from| {
        from.push(" AND NOT EXISTS (SELECT 1 FROM role_assignments ua WHERE ua.organization = ").bind(wanted.organization.key);
        from.push(" AND ua.role = ")
            .bind(wanted.role.key)
            .push(" AND ua.account = a.key AND (ua.ends IS NULL OR ua.ends > ")
            .bind(now)
            .push("))");
    }))
}

/// The candidates for the pair, page by page. With `only`, just these.
///
/// # Errors
/// What the database says.
pub fn candidates(
    reader: &mut impl Reader<UserView>,
    wanted: &Wanted,
    filter: &accounts::Filter,
    only: Option<&str>,
    sort: accounts::Sort,
    paging: &Paging,
) -> Result<Slice<Candidate>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = accounts::Sight::of::<InConsole>(permit);
    let mut reached = unassigned(conn, &fresh, &sight, wanted, filter, now)?;
    if let Some(draft) = only {
        let selected = crate::store::selections::selected(conn, &sight, draft, wanted, now)?;
        reached = reached.each(|from| _ = from.push(" AND ").append(&selected));
    }
    let slice = reached.slice(conn, &fresh, sort, paging, |conn| match (reached.all_of, only) {
        // The pair's holders are accounts of its store.
        (Some(store), None) => {
            let held = held_by(conn, wanted.organization.key, wanted.role.key, now)?;
            Ok(Total::exactly(accounts::all_of(conn, &fresh, store)?.count - held.count))
        }
        _ => paging::total(conn, &reached.count),
    })?;
    let Slice { rows, number, per, total, many, first, last } = slice;
    let rows = described(conn, &fresh, permit, wanted, rows, now)?;
    Ok(Slice { rows, number, per, total, many, first, last })
}

/// The people of a confirmation: those of the ids that are in reach, by name.
///
/// # Errors
/// What the database says.
pub fn people(reader: &mut impl Reader<UserView>, wanted: &Wanted, ids: &[String]) -> Result<Vec<Candidate>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let rows = accounts::by_ids(conn, permit.reach(), wanted.organization.store, ids)?;
    described(conn, &fresh, permit, wanted, rows, now)
}

/// With everything about them that the choice needs: a constant number of queries.
fn described(
    conn: &mut Conn,
    fresh: &Fresh,
    permit: &Permit<UserView>,
    wanted: &Wanted,
    rows: Vec<Account>,
    now: Time,
) -> Result<Vec<Candidate>, Problem> {
    let keys: Vec<AccountKey> = rows.iter().map(|account| account.key).collect();
    let mut memberships = accounts::memberships_of(conn, fresh, permit.reach(), &keys)?;
    let inherited = inherited_from(conn, wanted, &keys, now)?;
    let other = other_roles(conn, wanted, &keys, now)?;
    let held = holdings::of(conn, &keys, now)?;
    let actor = permit.person()?;
    let none = rank::Holdings::default();
    Ok(rows
        .into_iter()
        .map(|account| Candidate {
            memberships: memberships.remove(&account.key).unwrap_or_default(),
            inherited_from: inherited.get(&account.key).cloned(),
            other_roles: other.get(&account.key).cloned().unwrap_or_default(),
            above: rank::may_act_on(actor, account.key, held.get(&account.key).unwrap_or(&none)).err(),
            account,
        })
        .collect())
}

/// The names of the other roles that each of the accounts holds here, directly.
fn other_roles(conn: &mut Conn, wanted: &Wanted, of: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Vec<String>>, Problem> {
    #[derive(QueryableByName)]
    struct Other {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql = Sql::new("SELECT ra.account, r.name FROM role_assignments ra JOIN roles r ON r.key = ra.role WHERE ra.organization = ");
    sql.bind(wanted.organization.key).push(" AND ra.role <> ").bind(wanted.role.key);
    sql.push(" AND (ra.ends IS NULL OR ra.ends > ")
        .bind(now)
        .push(") AND ra.account IN ")
        .list(of.iter().map(|key| key.0))
        .push(" ORDER BY r.name_sort");
    let mut found: HashMap<AccountKey, Vec<String>> = HashMap::new();
    for row in sql.load::<Other>(conn)? {
        found.entry(row.account).or_default().push(row.name);
    }
    Ok(found)
}
