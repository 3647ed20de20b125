//! Ancestors, descendants and paths, by the closure table: one indexed query each, whatever the size of the
//! tree (O-4).

use super::{
    conn::Conn,
    kept::{Fresh, Path},
    sql::Sql,
};
use crate::{
    domain::{
        key::OrganizationKey,
        organization::{Lineage, Step},
    },
    problem::Problem,
};
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use std::collections::HashMap;

#[derive(diesel::QueryableByName)]
struct Above {
    #[diesel(sql_type = BigInt)]
    descendant: OrganizationKey,
    #[diesel(sql_type = BigInt)]
    ancestor: OrganizationKey,
    #[diesel(sql_type = Integer)]
    depth: i32,
    #[diesel(sql_type = Bool)]
    active: bool,
}

/// The lineage of each of the organizations.
pub(super) fn lineages(
    conn: &mut Conn,
    of: impl IntoIterator<Item = OrganizationKey>,
) -> Result<HashMap<OrganizationKey, Lineage>, Problem> {
    let mut sql = Sql::new(
        "SELECT c.descendant, c.ancestor, c.depth, o.active FROM organization_closure c JOIN organizations o ON o.key = c.ancestor \
         WHERE c.descendant IN ",
    );
    sql.list(of.into_iter().map(|key| key.0)).push(" ORDER BY c.descendant, c.depth");
    let mut found: HashMap<OrganizationKey, Lineage> = HashMap::new();
    for row in sql.load::<Above>(conn)? {
        let none = || Lineage { organization: row.descendant, ancestors: Vec::new(), is_root: false, active: true };
        let lineage = found.entry(row.descendant).or_insert_with(none);
        lineage.ancestors.push((row.ancestor, row.depth));
        lineage.active &= row.active;
    }
    for lineage in found.values_mut() {
        lineage.is_root = lineage.ancestors.len() == 1;
    }
    Ok(found)
}

/// The lineage of one organization, which must exist.
pub(super) fn lineage(conn: &mut Conn, of: OrganizationKey) -> Result<Lineage, Problem> {
    lineages(conn, [of])?.remove(&of).ok_or(Problem::NotFound)
}

#[derive(diesel::QueryableByName)]
struct PathRow {
    #[diesel(sql_type = BigInt)]
    descendant: OrganizationKey,
    #[diesel(sql_type = BigInt)]
    key: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The path of each of the organizations, from the one below root down to itself; root's own path is itself.
pub(super) fn paths(
    conn: &mut Conn,
    of: impl IntoIterator<Item = OrganizationKey>,
) -> Result<HashMap<OrganizationKey, Vec<Step>>, Problem> {
    let mut sql = Sql::new(
        "SELECT c.descendant, o.key, o.id, o.name FROM organization_closure c JOIN organizations o ON o.key = c.ancestor \
         WHERE (o.parent IS NOT NULL OR c.depth = 0) AND c.descendant IN ",
    );
    sql.list(of.into_iter().map(|key| key.0)).push(" ORDER BY c.descendant, c.depth DESC");
    let mut found: HashMap<OrganizationKey, Vec<Step>> = HashMap::new();
    for row in sql.load::<PathRow>(conn)? {
        found.entry(row.descendant).or_default().push(Step { key: row.key, id: row.id, name: row.name });
    }
    Ok(found)
}

/// The same paths, of which those that are kept are not asked for.
pub(super) fn kept_paths(
    conn: &mut Conn,
    fresh: &Fresh,
    of: impl IntoIterator<Item = OrganizationKey>,
) -> Result<HashMap<OrganizationKey, Path>, Problem> {
    let (mut found, missing) = fresh.paths(of);
    if !missing.is_empty() {
        let asked: HashMap<OrganizationKey, Path> = paths(conn, missing)?.into_iter().map(|(key, path)| (key, path.into())).collect();
        fresh.keep_paths(&asked);
        found.extend(asked);
    }
    Ok(found)
}

/// How many organizations stand below it.
pub(super) fn below(conn: &mut Conn, of: OrganizationKey) -> Result<i64, Problem> {
    let mut sql = Sql::new("SELECT count(*) AS n FROM organization_closure WHERE depth > 0 AND ancestor = ");
    sql.bind(of);
    sql.number(conn)
}

/// The root organization.
pub(super) fn root(conn: &mut Conn) -> Result<OrganizationKey, Problem> {
    kept_root(conn, &Fresh::default())
}

/// The same, not asked for where it is kept.
pub(super) fn kept_root(conn: &mut Conn, fresh: &Fresh) -> Result<OrganizationKey, Problem> {
    let sql = Sql::new("SELECT key AS n FROM organizations WHERE parent IS NULL");
    fresh.ask(sql, |sql| sql.number(conn)).map(OrganizationKey)
}
