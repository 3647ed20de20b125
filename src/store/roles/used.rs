//! Where a role is assigned.

use crate::{
    domain::{key::*, organization::Step, permissions::OrganizationRoleView},
    problem::Problem,
    store::{sql::Sql, transaction::Reader, tree},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

/// Where a role is assigned.
#[derive(Clone, Debug)]
pub struct Use {
    /// The organization's id.
    pub organization_id: String,
    /// From the top to the organization.
    pub path: Vec<Step>,
    /// How many accounts hold it there.
    pub accounts: i64,
    /// How many organizations stand below.
    pub below: i64,
}

#[derive(QueryableByName)]
struct UseRow {
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    below: i64,
}

/// Where the role is assigned, most holders first, up to `most`; and in how many organizations in all.
///
/// # Errors
/// What the database says.
pub fn used(reader: &mut impl Reader<OrganizationRoleView>, role: RoleKey, most: i64) -> Result<(Vec<Use>, i64), Problem> {
    let now = reader.now();
    let conn = reader.conn();
    let mut count = Sql::new("SELECT count(DISTINCT ra.organization) AS n FROM role_assignments ra WHERE ra.role = ");
    count.bind(role).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now).push(")");
    let count = count.number(conn)?;
    let mut sql = Sql::new(
        "SELECT ra.organization, o.id, count(*) AS accounts, \
         (SELECT count(*) FROM organization_closure b WHERE b.ancestor = ra.organization AND b.depth > 0) AS below \
         FROM role_assignments ra JOIN organizations o ON o.key = ra.organization WHERE ra.role = ",
    );
    sql.bind(role).push(" AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(") GROUP BY ra.organization, o.id ORDER BY count(*) DESC, ra.organization LIMIT ").bind(most);
    let rows: Vec<UseRow> = sql.load(conn)?;
    let mut paths = tree::paths(conn, rows.iter().map(|row| row.organization))?;
    let uses = rows
        .into_iter()
        .map(|row| Use {
            path: paths.remove(&row.organization).unwrap_or_default(),
            organization_id: row.id,
            accounts: row.accounts,
            below: row.below,
        })
        .collect();
    Ok((uses, count))
}
