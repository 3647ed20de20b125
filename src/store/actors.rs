//! Who asks: an account with everything it can use now. Read for every request and again in every write.

use super::{
    conn::{Conn, Db},
    kept::Fresh,
    schema::accounts,
    sql::Sql,
    transaction::Reader,
};
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

/// What an actor is made of at any instant.
struct Known {
    account: AccountKey,
    id: String,
    name: String,
    identifier: String,
    store: StoreKey,
    change_password: bool,
    grants: Vec<standing::Grant>,
    memberships: standing::Memberships,
    /// Each with the instant from which it holds.
    roles: Vec<(Option<Time>, UsableRole)>,
}

impl Known {
    fn at(&self, now: Time) -> Actor {
        let (super_grant, usable) = standing::standing(&self.grants, &self.memberships, now);
        let takes_effect = |(starts, role): &&(Option<Time>, UsableRole)| Period { starts: *starts, ends: role.until }.contains(now);
        Actor {
            account: self.account,
            id: self.id.clone(),
            name: self.name.clone(),
            identifier: self.identifier.clone(),
            store: self.store,
            change_password: self.change_password,
            super_grant,
            usable,
            grants: self.grants.clone(),
            roles: self.roles.iter().filter(takes_effect).map(|(_, role)| role.clone()).collect(),
        }
    }

    /// How many bytes it takes, about.
    fn size(&self) -> usize {
        let chain = |grant: &standing::Grant| size_of::<standing::Grant>() + grant.above.len() * size_of::<standing::Upper>();
        let places = self.memberships.active.iter().map(|place| 100 + place.ancestors.len() * 16).sum::<usize>();
        500 + self.grants.iter().map(chain).sum::<usize>() + places + self.roles.len() * size_of::<(Option<Time>, UsableRole)>()
    }
}

fn name_of(account: AccountKey) -> Sql {
    let mut key = Sql::new("actor ");
    key.bind(account);
    key
}

/// The actor behind a session, or none when the account is gone or not active (S-6).
///
/// # Errors
/// What the database says.
pub fn find(view: &mut impl Reader<SigningIn>, account: AccountKey) -> Result<Option<Actor>, Problem> {
    let (now, fresh) = (view.now(), view.fresh()?);
    if let Some(known) = fresh.find::<Known>(&name_of(account)) {
        return Ok(Some(known.at(now)));
    }
    let Some(known) = read(view.conn(), account)? else { return Ok(None) };
    let size = known.size();
    Ok(Some(fresh.keep(name_of(account), known, size).at(now)))
}

/// The same without asking the database, where they are kept in memory; `mark` was read with their session.
pub fn kept(db: &Db, account: AccountKey, mark: i64) -> Option<Actor> {
    let known = Fresh::at(&db.shelf, mark).find::<Known>(&name_of(account))?;
    Some(known.at(db.clock.now()))
}

/// Reads the actor, past what is kept.
pub(super) fn load(conn: &mut Conn, account: AccountKey, now: Time) -> Result<Option<Actor>, Problem> {
    Ok(read(conn, account)?.map(|known| known.at(now)))
}

/// Three queries for a plain account, four for one with grants.
fn read(conn: &mut Conn, account: AccountKey) -> Result<Option<Known>, Problem> {
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
    let roles = roles(conn, account)?;
    let identifier = email.or(username).unwrap_or_default();
    Ok(Some(Known { account, id, name, identifier, store, change_password, grants, memberships, roles }))
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
    starts: Option<Time>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends: Option<Time>,
}

/// The role assignments of an account that take effect where they were given (S-5) while their dates say so, each with
/// its start.
fn roles(conn: &mut Conn, account: AccountKey) -> Result<Vec<(Option<Time>, UsableRole)>, Problem> {
    let mut sql = Sql::new(
        "SELECT ra.role, r.rights, ra.organization, ra.starts, ra.ends FROM role_assignments ra JOIN roles r ON r.key = ra.role \
         WHERE ra.account = ",
    );
    sql.bind(account).push(
        " AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.account = ra.account AND m.organization = ra.organization AND m.status = 'blocked') \
         AND NOT EXISTS (SELECT 1 FROM organization_closure x JOIN organizations o ON o.key = x.ancestor \
         WHERE x.descendant = ra.organization AND NOT o.active) ORDER BY ra.organization, ra.role",
    );
    let row = |row: RoleRow| {
        (row.starts, UsableRole { role: row.role, rights: Rights::from_bits(row.rights as u16), at: row.organization, until: row.ends })
    };
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
