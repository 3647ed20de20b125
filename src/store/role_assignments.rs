//! Role assignments (A-*): a pair of an organization and a role, who holds it, and how it is given and taken.

mod candidates;
mod give;
mod holders;
mod pairs;
mod take;

pub(super) use candidates::unassigned;
pub use candidates::{Candidate, candidates, people};
pub use give::{Gave, Trouble, add};
pub(super) use give::{give, give_by_invitation, move_all};
pub use holders::{Holder, Holders, OrgAdmin, holders, org_admins};
pub use pairs::{Pair, count, pairs};
pub(super) use take::{Former, given_at, restore};
pub use take::{Removal, preview_removal, remove};

use super::{accounts::Account, conn::Conn, holdings, sql::Sql};
use crate::{
    access::rank::{self, Above},
    domain::{
        key::*,
        organization::{Organization, Step},
        role::Role,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use std::collections::HashMap;

/// The pair of an organization and a role.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where.
    pub organization: Organization,
    /// What.
    pub role: Role,
}

/// Through which organization above each of the accounts holds the role; the nearest one.
fn inherited_from(conn: &mut Conn, wanted: &Wanted, of: &[AccountKey], now: Time) -> Result<HashMap<AccountKey, Step>, Problem> {
    #[derive(QueryableByName)]
    struct From {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = BigInt)]
        key: OrganizationKey,
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut sql = Sql::new(
        "SELECT ra.account, o.key, o.id, o.name FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor \
         JOIN organizations o ON o.key = c.ancestor WHERE c.depth > 0 AND c.descendant = ",
    );
    // The + keeps SQLite from looking through everybody who holds the role.
    sql.bind(wanted.organization.key).push(" AND +ra.role = ").bind(wanted.role.key);
    sql.push(" AND (ra.ends IS NULL OR ra.ends > ")
        .bind(now)
        .push(") AND ra.account IN ")
        .list(of.iter().map(|key| key.0))
        .push(" ORDER BY c.depth DESC");
    // The nearest comes last and stays.
    Ok(sql.load::<From>(conn)?.into_iter().map(|row| (row.account, Step { key: row.key, id: row.id, name: row.name })).collect())
}

/// Those of the accounts whom the actor may not act on (P-4).
fn above<'a>(conn: &mut Conn, actor: &crate::access::Actor, of: &'a [Account], now: Time) -> Result<Vec<(&'a Account, Above)>, Problem> {
    // A super administrator covers everybody, so nothing has to be read for them.
    let held =
        if actor.is_super() { HashMap::new() } else { holdings::of(conn, &of.iter().map(|account| account.key).collect::<Vec<_>>(), now)? };
    let none = rank::Holdings::default();
    Ok(of
        .iter()
        .filter_map(|account| {
            rank::may_act_on(actor, account.key, held.get(&account.key).unwrap_or(&none)).err().map(|above| (account, above))
        })
        .collect())
}

/// Which of the accounts hold the pair directly, each with its end.
fn held_directly(conn: &mut Conn, wanted: &Wanted, of: &[Account], now: Time) -> Result<HashMap<AccountKey, Option<Time>>, Problem> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = Nullable<BigInt>)]
        ends: Option<Time>,
    }
    let mut sql = Sql::new("SELECT account, ends FROM role_assignments WHERE organization = ");
    sql.bind(wanted.organization.key).push(" AND role = ").bind(wanted.role.key).push(" AND (ends IS NULL OR ends > ").bind(now);
    sql.push(") AND account IN ").list(of.iter().map(|account| account.key.0));
    Ok(sql.load::<Held>(conn)?.into_iter().map(|row| (row.account, row.ends)).collect())
}
