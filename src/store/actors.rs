//! Who asks: an account with everything it can use now. Read for every request and again in every write.

use super::{conn::Conn, schema::accounts, sql::Sql, transaction::Reader};
use crate::{
    access::{Actor, UsableRole, standing, system::SigningIn},
    domain::{
        account::{MembershipStatus, Status},
        administrator_role::{Kind, ScopeReach},
        key::*,
        organization::Lineage,
        permissions::PermissionSet,
        rights::Rights,
        time::{Period, Time},
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use std::collections::HashMap;

/// The actor behind a session, or none when the account is gone or not active (S-6).
///
/// # Errors
/// What the database says.
pub fn find(view: &mut impl Reader<SigningIn>, account: AccountKey) -> Result<Option<Actor>, Problem> {
    let now = view.now();
    load(view.conn(), account, now)
}

/// Reads the actor: three queries for a plain account, four for one with grants.
pub(super) fn load(conn: &mut Conn, account: AccountKey, now: Time) -> Result<Option<Actor>, Problem> {
    type Row = (String, String, Option<String>, Option<String>, StoreKey, Status, bool);
    let found: Option<Row> = accounts::table
        .find(account)
        .select((
            accounts::id,
            accounts::name,
            accounts::email,
            accounts::username,
            accounts::store,
            accounts::status,
            accounts::change_password,
        ))
        .first(conn)
        .optional()?;
    let Some((id, name, email, username, store, Status::Active, change_password)) = found else { return Ok(None) };
    let grants = grants(conn, [account])?.remove(&account).unwrap_or_default();
    let memberships = if grants.is_empty() { standing::Memberships::default() } else { memberships(conn, account)? };
    let (super_grant, usable) = standing::standing(&grants, &memberships, now);
    let roles = roles(conn, account, now)?;
    let identifier = email.or(username).unwrap_or_default();
    Ok(Some(Actor { account, id, name, identifier, store, change_password, super_grant, usable, grants, roles }))
}

#[derive(diesel::QueryableByName)]
struct RoleRow {
    #[diesel(sql_type = BigInt)]
    role: RoleKey,
    #[diesel(sql_type = Integer)]
    rights: i32,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

/// The role assignments of an account that take effect now where they were given (S-5).
fn roles(conn: &mut Conn, account: AccountKey, now: Time) -> Result<Vec<UsableRole>, Problem> {
    let mut sql = Sql::new(
        "SELECT ra.role, r.rights, ra.organization, ra.ends FROM role_assignments ra JOIN roles r ON r.key = ra.role \
         WHERE ra.account = ",
    );
    sql.bind(account).push(" AND (ra.starts IS NULL OR ra.starts <= ").bind(now).push(") AND (ra.ends IS NULL OR ra.ends > ").bind(now);
    sql.push(
        ") AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.account = ra.account AND m.organization = ra.organization AND m.status = 'blocked') \
         AND NOT EXISTS (SELECT 1 FROM organization_closure x JOIN organizations o ON o.key = x.ancestor \
         WHERE x.descendant = ra.organization AND NOT o.active) ORDER BY ra.organization, ra.role",
    );
    let row =
        |row: RoleRow| UsableRole { role: row.role, rights: Rights::from_bits(row.rights as u16), at: row.organization, until: row.ends };
    Ok(sql.load::<RoleRow>(conn)?.into_iter().map(row).collect())
}

#[derive(diesel::QueryableByName)]
struct GrantRow {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = BigInt)]
    base: GrantKey,
    #[diesel(sql_type = Integer)]
    level: i32,
    #[diesel(sql_type = BigInt)]
    key: GrantKey,
    #[diesel(sql_type = BigInt)]
    role: AdministratorRoleKey,
    #[diesel(sql_type = Nullable<BigInt>)]
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
    #[diesel(sql_type = Bool)]
    cascading: bool,
    #[diesel(sql_type = Text)]
    kind: Kind,
    #[diesel(sql_type = Text)]
    permissions: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    scope: Option<ScopeKey>,
    #[diesel(sql_type = Nullable<BigInt>)]
    owner: Option<OrganizationKey>,
    #[diesel(sql_type = Nullable<Text>)]
    reach: Option<ScopeReach>,
    #[diesel(sql_type = Bool)]
    owner_inactive: bool,
}

/// Every grant of these accounts with its chain upwards (D-10), in one query.
pub(super) fn grants(
    conn: &mut Conn,
    of: impl IntoIterator<Item = AccountKey>,
) -> Result<HashMap<AccountKey, Vec<standing::Grant>>, Problem> {
    let mut those = Sql::new("g.account IN ");
    those.list(of.into_iter().map(|key| key.0));
    let mut found: HashMap<AccountKey, Vec<standing::Grant>> = HashMap::new();
    for (account, grant) in grants_where(conn, &those)? {
        found.entry(account).or_default().push(grant);
    }
    Ok(found)
}

/// The grants `g` that meet the condition, each with its holder and its chain upwards (D-10), in one query.
pub(super) fn grants_where(conn: &mut Conn, those: &Sql) -> Result<Vec<(AccountKey, standing::Grant)>, Problem> {
    let mut sql = Sql::new(
        "WITH RECURSIVE chain (account, base, level, key, role, scope, starts, ends, cascading, through) AS (\
         SELECT g.account, g.key, 0, g.key, g.role, g.scope, g.starts, g.ends, g.cascading, g.through FROM grants g WHERE ",
    );
    sql.append(those).push(
        " UNION ALL SELECT c.account, c.base, c.level + 1, g.key, g.role, g.scope, g.starts, g.ends, g.cascading, g.through \
         FROM chain c JOIN grants g ON g.key = c.through WHERE c.level < 1000) \
         SELECT c.account, c.base, c.level, c.key, c.role, c.starts, c.ends, c.cascading, r.kind, r.permissions, \
         c.scope, s.organization AS owner, s.reach, \
         EXISTS (SELECT 1 FROM organization_closure x JOIN organizations o ON o.key = x.ancestor \
         WHERE x.descendant = s.organization AND NOT o.active) AS owner_inactive \
         FROM chain c JOIN administrator_roles r ON r.key = c.role LEFT JOIN scopes s ON s.key = c.scope \
         ORDER BY c.account, c.base, c.level",
    );
    let mut found: Vec<(AccountKey, standing::Grant)> = Vec::new();
    for row in sql.load::<GrantRow>(conn)? {
        let scope = match (row.scope, row.owner, row.reach) {
            (Some(key), Some(owner), Some(reach)) => Some(standing::Scope { key, owner, reach, owner_active: !row.owner_inactive }),
            _ => None,
        };
        let period = Period { starts: row.starts, ends: row.ends };
        if row.level == 0 {
            let permissions = match row.kind {
                Kind::Super => PermissionSet::ALL,
                Kind::Root | Kind::Other => PermissionSet::parse(&row.permissions)
                    .map_err(|code| Problem::Internal(anyhow::anyhow!("a stored role holds the unknown permission {code}")))?,
            };
            let grant = standing::Grant {
                key: row.base,
                role: row.role,
                kind: row.kind,
                permissions,
                scope,
                period,
                cascading: row.cascading,
                above: Vec::new(),
            };
            found.push((row.account, grant));
        } else if let Some((_, grant)) = found.last_mut() {
            grant.above.push(standing::Upper { key: row.key, scope, period, kind: row.kind });
        }
    }
    Ok(found)
}

#[derive(diesel::QueryableByName)]
struct MembershipRow {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    status: MembershipStatus,
    #[diesel(sql_type = BigInt)]
    ancestor: OrganizationKey,
    #[diesel(sql_type = Integer)]
    depth: i32,
    #[diesel(sql_type = Bool)]
    above_active: bool,
}

/// The memberships that the grants of an account hang on.
pub(super) fn memberships(conn: &mut Conn, account: AccountKey) -> Result<standing::Memberships, Problem> {
    Ok(memberships_of(conn, [account])?.remove(&account).unwrap_or_default())
}

/// As [`memberships`], of several accounts in one query.
pub(super) fn memberships_of(
    conn: &mut Conn,
    of: impl IntoIterator<Item = AccountKey>,
) -> Result<HashMap<AccountKey, standing::Memberships>, Problem> {
    let mut sql = Sql::new(
        "SELECT m.account, m.organization, m.status, c.ancestor, c.depth, o.active AS above_active FROM memberships m \
         JOIN organization_closure c ON c.descendant = m.organization JOIN organizations o ON o.key = c.ancestor WHERE m.account IN ",
    );
    sql.list(of.into_iter().map(|key| key.0)).push(" ORDER BY m.account, m.organization, c.depth");
    let mut all: HashMap<AccountKey, standing::Memberships> = HashMap::new();
    for row in sql.load::<MembershipRow>(conn)? {
        let found = all.entry(row.account).or_default();
        match row.status {
            MembershipStatus::Blocked => {
                if found.blocked.last() != Some(&row.organization) {
                    found.blocked.push(row.organization);
                }
            }
            MembershipStatus::Active => {
                if found.active.last().is_none_or(|last| last.organization != row.organization) {
                    found.active.push(Lineage { organization: row.organization, ancestors: Vec::new(), is_root: false, active: true });
                }
                if let Some(last) = found.active.last_mut() {
                    last.ancestors.push((row.ancestor, row.depth));
                    last.active &= row.above_active;
                    last.is_root = last.ancestors.len() == 1;
                }
            }
        }
    }
    Ok(all)
}
