//! Accounts found by their ids or keys.

use super::{Account, COLUMNS, Edited, change};
use crate::{
    access::{Ground, Reach},
    domain::{
        key::*,
        permissions::{Permission, UserView},
    },
    problem::Problem,
    store::{conn::Conn, sql::Sql, transaction::Reader},
};
use diesel::{QueryableByName, sql_types::BigInt};
use std::collections::HashSet;

/// The accounts of a store with these ids that lie in reach; what is missing does not exist for the reader.
pub(in crate::store) fn by_ids(conn: &mut Conn, reach: &Reach, store: StoreKey, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let mut found = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new(COLUMNS);
        // The + keeps SQLite from walking through the names of the whole store.
        sql.push(" FROM accounts a WHERE +a.store = ").bind(store).push(" AND ").account_in_reach(reach, "a.key").push(" AND a.id IN ");
        sql.values(ids.iter().map(String::as_str)).push(" ORDER BY a.name_sort, a.key");
        found.extend(sql.load::<Account>(conn)?);
    }
    Ok(found)
}

/// The accounts with these keys, wherever they are.
pub(in crate::store) fn by_keys(conn: &mut Conn, keys: &[AccountKey]) -> Result<Vec<Account>, Problem> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" FROM accounts a WHERE a.key IN ").list(keys.iter().map(|key| key.0));
    sql.load(conn)
}

/// Those of the ids that lie in reach, whatever their store, in the order of their names.
pub(in crate::store) fn by_ids_anywhere(conn: &mut Conn, reach: &Reach, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let mut found: Vec<Account> = Vec::new();
    for ids in ids.chunks(5_000) {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" FROM accounts a WHERE ").account_in_reach(reach, "a.key").push(" AND a.id IN (NULL");
        for id in ids {
            sql.push(", ").bind(id.as_str());
        }
        sql.push(")");
        found.extend(sql.load::<Account>(conn)?);
    }
    found.sort_by(|a, b| (&a.name_sort, a.key).cmp(&(&b.name_sort, b.key)));
    found.dedup_by_key(|account| account.key);
    Ok(found)
}

/// Which of these accounts lie in the reach.
pub(in crate::store) fn in_reach(conn: &mut Conn, reach: &Reach, of: &[AccountKey]) -> Result<HashSet<AccountKey>, Problem> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        key: AccountKey,
    }
    let mut found = HashSet::new();
    for keys in of.chunks(10_000) {
        let mut sql = Sql::new("SELECT a.key FROM accounts a WHERE ");
        sql.account_in_reach(reach, "a.key").push(" AND a.key IN ").list(keys.iter().map(|key| key.0));
        found.extend(sql.load::<Key>(conn)?.into_iter().map(|row| row.key));
    }
    Ok(found)
}

/// One account in reach.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Account, Problem> {
    let (conn, permit) = reader.parts();
    by_ids(conn, permit.reach(), store, &[id.to_owned()])?.pop().ok_or(Problem::NotFound)
}

/// Those of the ids that lie in reach, whatever their store, by name.
///
/// # Errors
/// What the database says.
pub fn some(reader: &mut impl Reader<UserView>, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let (conn, permit) = reader.parts();
    by_ids_anywhere(conn, permit.reach(), ids)
}

/// Those of these accounts that are in reach, by name.
///
/// # Errors
/// What the database says.
pub fn these(reader: &mut impl Reader<UserView>, store: StoreKey, ids: &[String]) -> Result<Vec<Account>, Problem> {
    let (conn, permit) = reader.parts();
    by_ids(conn, permit.reach(), store, ids)
}

/// Which of these accounts the person may look at: those without the permission may look at none.
///
/// # Errors
/// What the database says.
pub fn visible<G: Ground>(reader: &mut impl Reader<G>, of: &[AccountKey]) -> Result<HashSet<AccountKey>, Problem> {
    let (conn, permit) = reader.parts();
    match permit.actor().and_then(|actor| actor.reach_of(&UserView::LEAF)) {
        Some(reach) => in_reach(conn, &reach, of),
        None => Ok(HashSet::new()),
    }
}

/// An account with what its forms edit, in reach.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn edited<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Edited, Problem> {
    let now = reader.now();
    let account = find(reader, store, id)?;
    change::edited(reader.conn(), account, now)
}
