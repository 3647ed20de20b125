//! Organizations found by their ids, keys or paths.

use super::{ROW, Row};
use crate::{
    access::{Ground, Reach},
    domain::{
        key::*,
        organization::{Lineage, Organization},
        text,
    },
    problem::Problem,
    store::{conn::Conn, sql::Sql, transaction::Reader, tree},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The organization with this id, in the reach of the reader's permit.
///
/// # Errors
/// [`Problem::NotFound`] outside it; [`Problem::Forbidden`] where the person may see it but not do this (Z-5).
pub fn find<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, id: &str) -> Result<Organization, Problem> {
    let (conn, permit) = reader.parts();
    if let Some(found) = find_in(conn, permit.reach(), store, id)? {
        return Ok(found);
    }
    match permit.actor().and_then(|actor| G::seen(actor)) {
        Some((reach, what)) if find_in(conn, &reach, store, id)?.is_some() => {
            Err(Problem::Forbidden(format!("This needs {what} here, which yours does not reach. Who gave it to you can extend it.")))
        }
        _ => Err(Problem::NotFound),
    }
}

/// As [`find`], by the key that a draft keeps.
///
/// # Errors
/// As [`find`].
pub fn find_by_key<G: Ground>(reader: &mut impl Reader<G>, key: OrganizationKey) -> Result<Organization, Problem> {
    let mut sql = Sql::new(ROW);
    sql.push("o.key = ").bind(key);
    let found = sql.load::<Row>(reader.conn())?.pop().ok_or(Problem::NotFound)?;
    find(reader, found.store, &found.id)
}

fn find_in(conn: &mut Conn, reach: &Reach, store: StoreKey, id: &str) -> Result<Option<Organization>, Problem> {
    let mut sql = Sql::new(ROW);
    sql.push("o.id = ").bind(id).push(" AND o.store = ").bind(store).push(" AND ").in_reach(reach, "o.key");
    Ok(sql.load::<Row>(conn)?.pop().map(Organization::from))
}

/// The organization with this id, of whatever store, in reach.
pub(in crate::store) fn in_reach(conn: &mut Conn, reach: &Reach, id: &str) -> Result<Option<Organization>, Problem> {
    let mut sql = Sql::new(ROW);
    sql.push("o.id = ").bind(id).push(" AND ").in_reach(reach, "o.key");
    Ok(sql.load::<Row>(conn)?.pop().map(Organization::from))
}

/// Those of a store with these ids that lie in reach, by name.
pub(super) fn these(conn: &mut Conn, reach: &Reach, store: StoreKey, ids: &BTreeSet<&str>) -> Result<Vec<Organization>, Problem> {
    let mut sql = Sql::new(ROW);
    // The + keeps SQLite from walking through the names of the whole store.
    sql.push("+o.store = ").bind(store).push(" AND ").in_reach(reach, "o.key").push(" AND o.id IN ");
    sql.values(ids.iter().copied()).push(" ORDER BY o.name_sort, o.key");
    Ok(sql.load::<Row>(conn)?.into_iter().map(Organization::from).collect())
}

/// Those of these organizations that lie in the reach of the reader's permit, by public id: where a link may lead.
///
/// # Errors
/// What the database says.
pub fn within<G: Ground>(reader: &mut impl Reader<G>, store: StoreKey, ids: &[&str]) -> Result<HashSet<String>, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(ROW);
    sql.push("o.store = ").bind(store).push(" AND ").in_reach(permit.reach(), "o.key").push(" AND o.id IN (NULL");
    for id in ids {
        sql.push(", ").bind(*id);
    }
    sql.push(")");
    Ok(sql.load::<Row>(conn)?.into_iter().map(|row| row.id).collect())
}

/// The organizations of a store at the ends of these folded paths, each with its lineage.
pub(in crate::store) fn by_paths(
    conn: &mut Conn,
    store: StoreKey,
    wanted: &HashSet<Vec<String>>,
) -> Result<HashMap<Vec<String>, (Organization, Lineage)>, Problem> {
    let mut ends: Vec<String> = wanted.iter().filter_map(|path| path.last().cloned()).collect();
    ends.sort();
    ends.dedup();
    let mut rows: Vec<Row> = Vec::new();
    for ends in ends.chunks(5_000) {
        let mut sql = Sql::new(ROW);
        sql.push("o.store = ").bind(store).push(" AND o.parent IS NOT NULL AND o.name_folded IN ").values(ends.iter().map(String::as_str));
        rows.extend(sql.load::<Row>(conn)?);
    }
    let keys: Vec<OrganizationKey> = rows.iter().map(|row| row.key).collect();
    let paths = tree::paths(conn, keys.iter().copied())?;
    let mut lineages = tree::lineages(conn, keys)?;
    let mut found = HashMap::new();
    for row in rows {
        let path: Vec<String> = paths.get(&row.key).map_or(&[][..], Vec::as_slice).iter().map(|step| text::fold(&step.name)).collect();
        if let (true, Some(lineage)) = (wanted.contains(&path), lineages.remove(&row.key)) {
            found.insert(path, (row.into(), lineage));
        }
    }
    Ok(found)
}
