//! Grants of administrator roles (D-7 to D-10): read here as they have to be judged.

mod give;
mod list;
mod standing;
mod take;

pub use give::{
    Given, RoleOf, ScopeChosen, Terms, Wanted, give, may_hand_on, previewed, reached, roles, scope_to_choose, scopes_to_choose, waiting,
};
pub(super) use list::seen_of;
pub use list::{Filter, Listed, ScopeOf, Sort, above, find, list, of_account, without_factor};
pub use standing::{Can, can, sleeping};
pub use take::{Edited, HandedOn, HandedOnThen, Revoked, edit, handed_on, revoke};
pub(super) use take::{handed_on_by, take};

use super::{actors, conn::Conn, sql::Sql, tree};
use crate::{
    access::confer::HeldGrant,
    domain::{
        account::MembershipStatus,
        key::*,
        organization::Lineage,
        permissions::{AdministratorView, Permission},
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Adds the condition that a grant `g` with its scope `s` is one that the person may know of: its scope is owned in their
/// reach of `administrator.view`, or it is their own, or was handed on through one of theirs.
pub(super) fn in_sight(sql: &mut Sql, actor: &crate::access::Actor) {
    if actor.is_super() {
        return;
    }
    sql.push(" AND (g.account = ").bind(actor.account);
    if let Some(reach) = actor.reach_of(&AdministratorView::LEAF) {
        // A grant without a scope is a thing of the root organization (D-7).
        sql.push(" OR (s.key IS NOT NULL AND ").in_reach(&reach, "s.organization").push(")");
        if reach.tenant() {
            sql.push(" OR s.key IS NULL");
        }
    }
    sql.push(" OR g.key IN (").append(&down(actor.grants.iter().map(|grant| grant.key))).push("))");
}

/// The keys of everything handed on through these grants, all the way down.
fn down(of: impl IntoIterator<Item = GrantKey>) -> Sql {
    let mut sql = Sql::new("WITH RECURSIVE down (key, level) AS (SELECT d.key, 1 FROM grants d WHERE d.through IN ");
    sql.list(of.into_iter().map(|key| key.0)).push(
        " UNION ALL SELECT d.key, o.level + 1 FROM down o JOIN grants d ON d.through = o.key WHERE o.level < 1000) SELECT key FROM down",
    );
    sql
}

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
        #[diesel(sql_type = Text)]
        role: String,
    }
    let mut grants = actors::grants_where(conn, those)?;
    grants.sort_by_key(|(_, grant)| grant.key);
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(
        "SELECT g.key, g.id, a.name, r.name AS role FROM grants g JOIN accounts a ON a.key = g.account \
         JOIN administrator_roles r ON r.key = g.role WHERE g.key IN ",
    );
    sql.list(grants.iter().map(|(_, grant)| grant.key.0));
    let mut who: HashMap<GrantKey, Who> = sql.load::<Who>(conn)?.into_iter().map(|row| (row.key, row)).collect();
    let holders: Vec<AccountKey> = grants.iter().map(|(account, _)| *account).collect::<HashSet<_>>().into_iter().collect();
    let memberships = members(conn, &holders)?;
    let owners: HashSet<OrganizationKey> = grants.iter().filter_map(|(_, grant)| grant.scope.as_ref().map(|scope| scope.owner)).collect();
    let lineages = tree::lineages(conn, owners)?;
    Ok(grants
        .into_iter()
        .filter_map(|(account, grant)| {
            let Who { id, name: title, role, .. } = who.remove(&grant.key)?;
            let owner = grant.scope.as_ref().and_then(|scope| lineages.get(&scope.owner)).cloned();
            Some(HeldGrant { id, account, title, role, owner, memberships: memberships.get(&account).cloned().unwrap_or_default(), grant })
        })
        .collect())
}

/// Those of an administrator role.
pub(super) fn of_role(conn: &mut Conn, role: AdministratorRoleKey, now: Time) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.role = ");
    those.bind(role.0);
    held(conn, &those, now)
}

/// Those of an account.
pub(super) fn of_holder(conn: &mut Conn, account: AccountKey) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.account = ");
    those.bind(account);
    judged(conn, &those)
}

/// Those that use a scope; those that have ended too, as they stand between others.
pub(super) fn of_scope(conn: &mut Conn, scope: ScopeKey) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.scope = ");
    those.bind(scope);
    judged(conn, &those)
}

/// Those whose reach hangs on one of these organizations: they own its scope, or that of a grant above it.
pub(super) fn reaching_from(conn: &mut Conn, owners: &BTreeSet<OrganizationKey>, now: Time) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new(
        "g.key IN (WITH RECURSIVE down (key, level) AS (SELECT d.key, 0 FROM grants d JOIN scopes s ON s.key = d.scope WHERE s.organization IN ",
    );
    those.list(owners.iter().map(|key| key.0)).push(
        " UNION SELECT d.key, o.level + 1 FROM down o JOIN grants d ON d.through = o.key WHERE o.level < 1000) SELECT key FROM down)",
    );
    held(conn, &those, now)
}

/// Everything that was handed on through these grants, all the way down (D-10); not they themselves. Those that have
/// ended too, as they stand between.
pub(super) fn below(conn: &mut Conn, keys: &[GrantKey]) -> Result<Vec<HeldGrant>, Problem> {
    let mut those = Sql::new("g.key IN (");
    those.append(&down(keys.iter().copied())).push(")");
    judged(conn, &those)
}

/// Where each of the accounts is a member, whatever the status.
fn members(conn: &mut Conn, of: &[AccountKey]) -> Result<HashMap<AccountKey, Vec<Lineage>>, Problem> {
    use super::schema::memberships as m;
    let rows: Vec<(AccountKey, OrganizationKey)> =
        m::table.filter(m::account.eq_any(of)).select((m::account, m::organization)).load(conn)?;
    let lineages = tree::lineages(conn, rows.iter().map(|row| row.1).collect::<HashSet<_>>())?;
    let mut found: HashMap<AccountKey, Vec<Lineage>> = HashMap::new();
    for (account, organization) in rows {
        if let Some(place) = lineages.get(&organization) {
            found.entry(account).or_default().push(place.clone());
        }
    }
    Ok(found)
}

/// Which of the accounts are active members of the root organization (D-5).
fn in_root(conn: &mut Conn, of: &[AccountKey]) -> Result<HashSet<AccountKey>, Problem> {
    use super::schema::memberships as m;
    let root = tree::root(conn)?;
    let rows: Vec<AccountKey> = m::table
        .filter(m::account.eq_any(of))
        .filter(m::organization.eq(root))
        .filter(m::status.eq(MembershipStatus::Active))
        .select(m::account)
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Removes what is left of a super administrator's role that has ended, when its holder leaves root: no account outside
/// root has that role, not even in the past (D-5).
pub(super) fn forget_ended_super(conn: &mut Conn, account: AccountKey, now: Time) -> Result<(), Problem> {
    let mut sql = Sql::new("DELETE FROM grants WHERE account = ");
    sql.bind(account).push(" AND ends <= ").bind(now).push(" AND role IN (SELECT r.key FROM administrator_roles r WHERE r.kind = 'super')");
    sql.execute(conn)?;
    Ok(())
}

/// Id and store of each holder, for the log.
fn holders(conn: &mut Conn, of: &[HeldGrant]) -> Result<HashMap<AccountKey, (String, StoreKey)>, Problem> {
    use super::schema::accounts as a;
    let keys: Vec<AccountKey> = of.iter().map(|grant| grant.account).collect();
    let rows: Vec<(AccountKey, String, StoreKey)> = a::table.filter(a::key.eq_any(keys)).select((a::key, a::id, a::store)).load(conn)?;
    Ok(rows.into_iter().map(|(key, id, store)| (key, (id, store))).collect())
}
