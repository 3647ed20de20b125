//! The list of pairs that somebody holds, and how many hold one.

use crate::{
    access::Reach,
    domain::{key::*, organization::Organization, permissions::RoleAssignmentView, time::Time},
    problem::Problem,
    store::{
        conn::Conn,
        kept::Path,
        organizations,
        paging::{self, Paging, Slice, Total},
        sql::Sql,
        transaction::Reader,
        tree,
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use std::collections::HashSet;

/// A pair that somebody holds.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The organization's id.
    pub organization_id: String,
    /// From the top to the organization.
    pub path: Path,
    /// The role's id.
    pub role_id: String,
    /// The role's name.
    pub role: String,
    /// How many accounts hold it there directly.
    pub accounts: i64,
    /// How many organizations stand below.
    pub below: i64,
    /// Last gift.
    pub changed_at: Time,
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    organization_id: String,
    #[diesel(sql_type = Text)]
    role_id: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
    #[diesel(sql_type = BigInt)]
    changed_at: Time,
}

/// The pairs of a store that somebody holds, in reach, by organization and role; one of the two may be chosen.
///
/// # Errors
/// What the database says.
pub fn pairs(
    reader: &mut impl Reader<RoleAssignmentView>,
    store: StoreKey,
    organization: Option<OrganizationKey>,
    role: Option<RoleKey>,
    paging: &Paging,
) -> Result<Slice<Pair>, Problem> {
    let (now, fresh) = (reader.now(), reader.fresh()?);
    let (conn, permit) = reader.parts();
    // What has an end is looked at only where nobody holds it without.
    let held = |from: &mut Sql| {
        from.push(" AND (p.lasting > 0 OR EXISTS (SELECT 1 FROM role_assignments e WHERE e.organization = p.organization AND e.role = p.role AND e.ends > ");
        from.bind(now).push("))");
        if let Some(role) = role {
            from.push(" AND p.role = ").bind(role);
        }
    };
    let mut from = organizations::reached(conn, &fresh, store, permit.reach())?;
    if let Some(organization) = organization {
        from.push(" AND o.key = ").bind(organization);
    }
    // Of a whole store, by its roles alone: they are few, and no organization has to be looked at.
    let mut counted = Sql::new("FROM roles r CROSS JOIN pairs p WHERE p.role = r.key AND r.store = ");
    counted.bind(store);
    if organization.is_some() || *permit.reach() != Reach::Everywhere {
        counted = Sql::new("FROM (SELECT o.key ");
        counted.append(&from).push(") o CROSS JOIN pairs p WHERE p.organization = o.key");
    }
    held(&mut counted);
    let total = paging::total(conn, &counted)?;
    let mut sql = Sql::new(
        "SELECT p.organization, o.id AS organization_id, r.id AS role_id, r.name AS role, p.given_at AS changed_at, p.lasting + (SELECT count(*) \
         FROM role_assignments e WHERE e.organization = p.organization AND e.role = p.role AND e.ends > ",
    );
    sql.bind(now).push(") AS accounts, (SELECT count(*) FROM organization_closure b WHERE b.ancestor = p.organization AND b.depth > 0) AS below FROM (SELECT o.key, o.id, o.name_sort ");
    sql.append(&from).push(") o CROSS JOIN pairs p CROSS JOIN roles r WHERE p.organization = o.key AND r.key = p.role");
    held(&mut sql);
    sql.push(&format!(" ORDER BY o.name_sort, o.key, r.name_sort, r.key LIMIT {} OFFSET ", paging.per + 1))
        .bind((paging.number - 1) * paging.per);
    let mut rows: Vec<PairRow> = sql.load(conn)?;
    let more = rows.len() as i64 > paging.per;
    rows.truncate(paging.per as usize);
    let paths = tree::kept_paths(conn, &fresh, rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let rows = rows
        .into_iter()
        .map(|row| Pair {
            path: paths.get(&row.organization).cloned().unwrap_or_default(),
            organization_id: row.organization_id,
            role_id: row.role_id,
            role: row.role,
            accounts: row.accounts,
            below: row.below,
            changed_at: row.changed_at,
        })
        .collect();
    let (first, last) = ((paging.number > 1).then(String::new), more.then(String::new));
    Ok(Slice { rows, number: paging.number, per: paging.per, total, many: false, first, last })
}

/// How many hold the pair directly.
///
/// # Errors
/// What the database says.
pub fn count(reader: &mut impl Reader<RoleAssignmentView>, organization: &Organization, role: RoleKey) -> Result<Total, Problem> {
    let now = reader.now();
    held_by(reader.conn(), organization.key, role, now)
}

/// How many hold the pair directly: the count that is kept of those without an end, and those whose end lies ahead.
pub(super) fn held_by(conn: &mut Conn, organization: OrganizationKey, role: RoleKey, now: Time) -> Result<Total, Problem> {
    let mut sql = Sql::new("SELECT CAST(coalesce((SELECT p.lasting FROM pairs p WHERE p.organization = ");
    sql.bind(organization)
        .push(" AND p.role = ")
        .bind(role)
        .push("), 0) + (SELECT count(*) FROM role_assignments e WHERE e.organization = ");
    sql.bind(organization).push(" AND e.role = ").bind(role).push(" AND e.ends > ").bind(now).push(") AS bigint) AS n");
    sql.number(conn).map(Total::exactly)
}
