//! The effective rights of an account at an organization (A-2, S-5): two queries, whatever the size of the tree.

use super::{sql::Sql, transaction::Reader};
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

#[derive(QueryableByName)]
struct Ends {
    #[diesel(sql_type = Text)]
    status: Status,
    #[diesel(sql_type = Bool)]
    inactive: bool,
}

#[derive(QueryableByName)]
struct Row {
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
    let conn = reader.conn();
    let mut sql = Sql::new(
        "SELECT a.status, EXISTS (SELECT 1 FROM organization_closure x JOIN organizations o ON o.key = x.ancestor \
         WHERE NOT o.active AND x.descendant = ",
    );
    sql.bind(organization.key).push(") AS inactive FROM accounts a WHERE a.key = ").bind(account);
    let ends = sql.load::<Ends>(conn)?.pop().ok_or(Problem::NotFound)?;
    let mut sql = Sql::new(
        "SELECT ra.role, r.rights, ra.organization, c.depth, ra.starts, ra.ends, \
         EXISTS (SELECT 1 FROM memberships m WHERE m.account = ra.account AND m.organization = ra.organization AND m.status = 'blocked') AS blocked \
         FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor JOIN roles r ON r.key = ra.role \
         WHERE c.descendant = ",
    );
    sql.bind(organization.key).push(" AND ra.account = ").bind(account).push(" ORDER BY c.depth, ra.role");
    let assigned = sql
        .load::<Row>(conn)?
        .into_iter()
        .map(|row| Assigned {
            role: row.role,
            rights: Rights::from_bits(row.rights as u16),
            at: row.organization,
            distance: row.depth,
            period: Period { starts: row.starts, ends: row.ends },
            blocked: row.blocked,
        })
        .collect();
    Ok(Hold { status: ends.status, active: !ends.inactive, assigned })
}
