//! Grants of administrator roles (D-7 to D-10): read here as they have to be judged.

use super::{actors, conn::Conn, sql::Sql, tree};
use crate::{
    access::confer::HeldGrant,
    domain::{key::*, time::Time},
    problem::Problem,
};
use diesel::sql_types::{BigInt, Text};
use std::collections::{HashMap, HashSet};

/// The grants `g` that meet the condition and have not ended, in the order of their keys: a constant number of queries.
fn held(conn: &mut Conn, those: &Sql, now: Time) -> Result<Vec<HeldGrant>, Problem> {
    let mut awake = those.clone();
    awake.push(" AND (g.ends IS NULL OR g.ends > ").bind(now).push(")");
    judged(conn, &awake)
}

/// As [`held`], those that have ended too.
fn judged(conn: &mut Conn, those: &Sql) -> Result<Vec<HeldGrant>, Problem> {
    #[derive(diesel::QueryableByName)]
    struct Who {
        #[diesel(sql_type = BigInt)]
        key: GrantKey,
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        name: String,
    }
    #[derive(diesel::QueryableByName)]
    struct Member {
        #[diesel(sql_type = BigInt)]
        account: AccountKey,
        #[diesel(sql_type = BigInt)]
        organization: OrganizationKey,
    }
    let mut grants = actors::grants_where(conn, those)?;
    grants.sort_by_key(|(_, grant)| grant.key);
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT g.key, g.id, a.name FROM grants g JOIN accounts a ON a.key = g.account WHERE g.key IN ");
    sql.list(grants.iter().map(|(_, grant)| grant.key.0));
    let mut who: HashMap<GrantKey, (String, String)> =
        sql.load::<Who>(conn)?.into_iter().map(|row| (row.key, (row.id, row.name))).collect();
    let mut sql = Sql::new("SELECT m.account, m.organization FROM memberships m WHERE m.account IN ");
    sql.list(grants.iter().map(|(account, _)| account.0).collect::<HashSet<_>>());
    let members: Vec<Member> = sql.load(conn)?;
    let owners = grants.iter().filter_map(|(_, grant)| grant.scope.as_ref().map(|scope| scope.owner));
    let places: HashSet<OrganizationKey> = owners.chain(members.iter().map(|row| row.organization)).collect();
    let lineages = tree::lineages(conn, places)?;
    let mut memberships: HashMap<AccountKey, Vec<_>> = HashMap::new();
    for row in members {
        if let Some(place) = lineages.get(&row.organization) {
            memberships.entry(row.account).or_default().push(place.clone());
        }
    }
    Ok(grants
        .into_iter()
        .filter_map(|(account, grant)| {
            let (id, title) = who.remove(&grant.key)?;
            let owner = grant.scope.as_ref().and_then(|scope| lineages.get(&scope.owner)).cloned();
            Some(HeldGrant { id, account, title, owner, memberships: memberships.get(&account).cloned().unwrap_or_default(), grant })
        })
        .collect())
}

/// Those of an administrator role.
pub(super) fn of_role(conn: &mut Conn, role: AdministratorRoleKey, now: Time) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.role = ");
    those.bind(role.0);
    held(conn, &those, now)
}

/// Those that use a scope.
pub(super) fn of_scope(conn: &mut Conn, scope: ScopeKey, now: Time) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.scope = ");
    those.bind(scope.0);
    held(conn, &those, now)
}

/// Everything that was handed on through these grants, all the way down (D-10); not they themselves. Those that have
/// ended too, as they stand between.
pub(super) fn below(conn: &mut Conn, keys: &[GrantKey]) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.key IN (WITH RECURSIVE down (key, level) AS (SELECT d.key, 1 FROM grants d WHERE d.through IN ");
    those.list(keys.iter().map(|key| key.0)).push(
        " UNION ALL SELECT d.key, o.level + 1 FROM down o JOIN grants d ON d.through = o.key WHERE o.level < 1000) SELECT key FROM down)",
    );
    judged(conn, &those)
}
