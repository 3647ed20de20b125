//! Lists of accounts: pages of them, with what they show of each, and counts.

use super::{Account, Filter, Membership, Sight, Sort, in_reach, memberships_of};
use crate::{
    access::{Ground, InConsole, Permit, Reach, Side},
    domain::{key::*, organization::Organization, permissions::UserView, time::Time},
    problem::Problem,
    store::{
        conn::Conn,
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
use std::collections::{HashMap, HashSet};

/// An account in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The account.
    pub account: Account,
    /// Its memberships in the reader's reach, by path.
    pub memberships: Vec<Membership>,
    /// The names of the roles it holds, in reach.
    pub roles: Vec<String>,
}

/// The accounts of a store in reach. In the portal without identifiers and roles, but for the identifiers that the reader
/// may see (rights.md A).
///
/// # Errors
/// What the database says.
pub fn list<S: Side>(
    reader: &mut impl Reader<S::See>,
    store: StoreKey,
    filter: &Filter,
    at: Option<(&Organization, bool)>,
    sort: Sort,
    paging: &Paging,
) -> Result<Slice<Listed>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = Sight::of::<S>(permit);
    let at = at.map(|(organization, below)| (organization.key, below));
    let reached = reached::of_store(conn, &fresh, store, &sight, at, filter, now)?.narrowed(conn, filter, &sight, now, None);
    listed::<S>(conn, &fresh, permit, &reached, sort, paging, now)
}

/// A page of what was found, with what lists show of it.
pub(in crate::store) fn listed<S: Side>(
    conn: &mut Conn,
    fresh: &Fresh,
    permit: &Permit<S::See>,
    reached: &Reached,
    sort: Sort,
    paging: &Paging,
    now: Time,
) -> Result<Slice<Listed>, Problem> {
    let reach = permit.reach();
    let slice = reached.slice(conn, fresh, sort, paging, |conn| reached.total(conn, fresh))?;
    let keys: Vec<AccountKey> = slice.rows.iter().map(|account| account.key).collect();
    let mut memberships = memberships_of(conn, fresh, reach, &keys)?;
    let (mut roles, named) = if S::PORTAL {
        (HashMap::new(), identified::<S, _>(conn, permit, &keys)?)
    } else {
        (role_names(conn, reach, &keys, now)?, HashSet::new())
    };
    Ok(slice.map(|account| Listed {
        memberships: memberships.remove(&account.key).unwrap_or_default(),
        roles: roles.remove(&account.key).unwrap_or_default(),
        account: if S::PORTAL && !named.contains(&account.key) { account.without_identifiers() } else { account },
    }))
}

/// Whether the person may see the identifiers of an account that was found.
///
/// # Errors
/// What the database says.
pub fn sees_identifiers<S: Side, G: Ground>(reader: &mut impl Reader<G>, account: &Account) -> Result<bool, Problem> {
    let (conn, permit) = reader.parts();
    Ok(!S::PORTAL || !identified::<S, G>(conn, permit, &[account.key])?.is_empty())
}

/// Those of the accounts whose identifiers the person may see on that side.
pub(super) fn identified<S: Side, G: Ground>(
    conn: &mut Conn,
    permit: &Permit<G>,
    of: &[AccountKey],
) -> Result<HashSet<AccountKey>, Problem> {
    match permit.actor().and_then(|actor| S::SeeIdentifiers::reach(actor)) {
        Some(reach) => in_reach(conn, &reach, of),
        None => Ok(HashSet::new()),
    }
}

#[derive(QueryableByName)]
struct RoleName {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = Text)]
    name: String,
}

fn role_names(conn: &mut Conn, reach: &Reach, of: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Vec<String>>, Problem> {
    let mut sql = Sql::new(
        "SELECT DISTINCT ra.account, r.name, r.name_sort FROM role_assignments ra JOIN roles r ON r.key = ra.role WHERE (ra.ends IS NULL OR ra.ends > ",
    );
    sql.bind(now).push(") AND ra.account IN ").list(of.iter().map(|key| key.0)).push(" AND ").in_reach(reach, "ra.organization");
    sql.push(" ORDER BY ra.account, r.name_sort");
    let mut found: HashMap<AccountKey, Vec<String>> = HashMap::new();
    for row in sql.load::<RoleName>(conn)? {
        found.entry(row.account).or_default().push(row.name);
    }
    Ok(found)
}

/// How many accounts of the store lie in reach, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn count(reader: &mut impl Reader<UserView>, store: StoreKey) -> Result<Total, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    reached::of_store(conn, &fresh, store, &Sight::of::<InConsole>(permit), None, &Filter::default(), now)?.total(conn, &fresh)
}

/// How many accounts a store has, by the count that is kept.
pub(in crate::store) fn all_of(conn: &mut Conn, fresh: &Fresh, store: StoreKey) -> Result<Total, Problem> {
    let mut sql = Sql::new("SELECT accounts AS n FROM identity_stores WHERE key = ");
    sql.bind(store);
    fresh.ask(sql, |sql| sql.number(conn)).map(Total::exactly)
}

/// How many accounts of the store in reach are locked now, counted to the limit.
///
/// # Errors
/// What the database says.
pub fn locked(reader: &mut impl Reader<UserView>, store: StoreKey) -> Result<Total, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    let sight = Sight::of::<InConsole>(permit);
    let reached = reached::of_store(conn, &fresh, store, &sight, None, &Filter::default(), now)?;
    if reached.few {
        let locked = Filter { authn: "locked".into(), ..Filter::default() };
        return reached.narrowed(conn, &locked, &sight, now, None).total(conn, &fresh);
    }
    // Of many those that are locked, by an index that says all that is asked.
    let mut from = Sql::new("FROM accounts a WHERE a.locked_until > ");
    from.bind(now).push(" AND a.status = 'active' AND a.store = ").bind(store).push(" AND ").account_in_reach(permit.reach(), "a.key");
    paging::total(conn, &from)
}
