//! The effective rights of an account at an organization (A-2, S-5): two queries, whatever the size of the tree.

use super::{conn::Conn, sql::Sql, transaction::Reader};
use crate::{
    access::{
        Ground,
        effective::{Assigned, Hold},
    },
    domain::{
        account::Status,
        key::{AccountKey, OrganizationKey, RoleKey},
        organization::Organization,
        rights::Rights,
        time::{Period, Time},
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use std::collections::HashMap;

#[derive(QueryableByName)]
struct Ends {
    #[diesel(sql_type = BigInt)]
    key: OrganizationKey,
    #[diesel(sql_type = Text)]
    status: Status,
    #[diesel(sql_type = Bool)]
    inactive: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    descendant: OrganizationKey,
    #[diesel(sql_type = BigInt)]
    role: RoleKey,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Integer)]
    depth: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Bool)]
    blocked: bool,
}

/// What an account's rights at an organization hang on; [`Hold::rights`] adds them up. Both were found through the
/// reader's own permits.
///
/// # Errors
/// [`Problem::NotFound`] when the account is gone.
pub fn at<G: Ground>(reader: &mut impl Reader<G>, account: AccountKey, organization: &Organization) -> Result<Hold, Problem> {
    hold(reader.conn(), account, organization.key)
}

pub(super) fn hold(conn: &mut Conn, account: AccountKey, organization: OrganizationKey) -> Result<Hold, Problem> {
    holds(conn, account, &[organization])?.remove(&organization).ok_or(Problem::NotFound)
}

/// The effective rights of an account at several organizations that were found through the reader's own permits.
///
/// # Errors
/// What the database says.
pub fn at_each<G: Ground>(
    reader: &mut impl Reader<G>,
    account: AccountKey,
    organizations: &[OrganizationKey],
) -> Result<HashMap<OrganizationKey, Rights>, Problem> {
    let now = reader.now();
    let holds = holds(reader.conn(), account, organizations)?;
    Ok(holds.into_iter().map(|(organization, hold)| (organization, hold.rights(now))).collect())
}

fn holds(conn: &mut Conn, account: AccountKey, at: &[OrganizationKey]) -> Result<HashMap<OrganizationKey, Hold>, Problem> {
    let mut sql = Sql::new(
        "SELECT p.key, a.status, EXISTS (SELECT 1 FROM organization_closure x JOIN organizations o ON o.key = x.ancestor \
         WHERE NOT o.active AND x.descendant = p.key) AS inactive FROM accounts a CROSS JOIN organizations p WHERE a.key = ",
    );
    sql.bind(account).push(" AND p.key IN ").list(at.iter().map(|key| key.0));
    let mut holds: HashMap<OrganizationKey, Hold> = sql
        .load::<Ends>(conn)?
        .into_iter()
        .map(|row| (row.key, Hold { status: row.status, active: !row.inactive, assigned: Vec::new() }))
        .collect();
    let mut sql = Sql::new(
        "SELECT c.descendant, ra.role, r.rights, ra.organization, c.depth, ra.starts, ra.ends, \
         EXISTS (SELECT 1 FROM memberships m WHERE m.account = ra.account AND m.organization = ra.organization AND m.status = 'blocked') AS blocked \
         FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor JOIN roles r ON r.key = ra.role \
         WHERE c.descendant IN ",
    );
    sql.list(at.iter().map(|key| key.0)).push(" AND ra.account = ").bind(account).push(" ORDER BY c.depth, ra.role");
    for row in sql.load::<Row>(conn)? {
        let Some(hold) = holds.get_mut(&row.descendant) else { continue };
        hold.assigned.push(Assigned {
            role: row.role,
            rights: Rights::from_bits(row.rights as u16),
            at: row.organization,
            distance: row.depth,
            period: Period { starts: row.starts, ends: row.ends },
            blocked: row.blocked,
        });
    }
    Ok(holds)
}
