//! Where an org admin works: the organizations that their role assignments reach (P-1).

use super::{
    conn::Conn,
    identity_stores,
    organizations::{self, Choice},
    sql::Sql,
    transaction::{Note, Reader},
    tree,
};
use crate::{
    access::{Ground, InPortal, OrgAdmin, Portal, Side},
    domain::{
        identity_store::IdentityStore,
        key::{AccountKey, OrganizationKey},
        organization::{Organization, Step},
        rights::{OrganizationWrite, Rights},
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};

/// The organization that an address of the portal names.
#[derive(Clone, Debug)]
pub struct Here {
    /// The organization.
    pub organization: Organization,
    /// Its store.
    pub store: IdentityStore,
    /// From the top of the tree to itself.
    pub path: Vec<Step>,
    /// Everything that the reader's roles allow here now.
    pub rights: Rights,
}

/// The organization with this id, where the reader holds any right now (P-1); with an account, one that is a member of it
/// or of any below it.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn here<G: Ground>(reader: &mut impl Reader<G>, id: &str, account: Option<&str>) -> Result<Here, Problem> {
    let actor = reader.permit().person()?.clone();
    let reach = OrgAdmin::reach(&actor).ok_or(Problem::NotFound)?;
    let organization = organizations::in_reach(reader.conn(), &reach, id)?.ok_or(Problem::NotFound)?;
    if let Some(account) = account
        && !is_below(reader.conn(), organization.key, account)?
    {
        return Err(Problem::NotFound);
    }
    let lineage = tree::lineage(reader.conn(), organization.key)?;
    let rights = actor.rights_at(&lineage);
    // That somebody belongs here is told to those alone who see the accounts here.
    if account.is_some() && !rights.opens_accounts() {
        return Err(Problem::NotFound);
    }
    let store = identity_stores::of_organization(reader, &organization)?;
    let path = tree::paths(reader.conn(), [organization.key])?.remove(&organization.key).unwrap_or_default();
    Ok(Here { rights, organization, store, path })
}

fn is_below(conn: &mut Conn, organization: OrganizationKey, account: &str) -> Result<bool, Problem> {
    let mut sql = Sql::new(
        "SELECT count(*) AS n FROM accounts a WHERE EXISTS (SELECT 1 FROM memberships m JOIN organization_closure c \
         ON c.descendant = m.organization WHERE m.account = a.key AND c.ancestor = ",
    );
    sql.bind(organization).push(") AND a.id = ").bind(account);
    Ok(sql.number(conn)? > 0)
}

/// An organization that somebody manages by a role assignment of their own.
#[derive(Clone, Debug)]
pub struct Managed {
    /// Public id.
    pub id: String,
    /// From the top of the tree to itself.
    pub path: Vec<Step>,
    /// Names of the roles given there.
    pub roles: Vec<String>,
    /// Everything that these allow.
    pub rights: Rights,
    /// Whether the person marked it as a favourite.
    pub favourite: bool,
}

impl Managed {
    /// Its name.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", |step| &step.name)
    }

    /// The names above it.
    pub fn above(&self) -> String {
        crate::domain::organization::above_text(&self.path)
    }
}

#[derive(QueryableByName)]
struct ManagedRow {
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Bool)]
    favourite: bool,
}

/// The organizations where the reader's effective role assignments were given, favourites first, then by path.
///
/// # Errors
/// What the database says.
pub fn managed(reader: &mut impl Reader<OrgAdmin>) -> Result<Vec<Managed>, Problem> {
    let actor = reader.permit().person()?.clone();
    let conn = reader.conn();
    let mut sql =
        Sql::new("SELECT o.key AS organization, o.id, r.name AS role, r.key, EXISTS (SELECT 1 FROM favourites f WHERE f.account = ");
    sql.bind(actor.account).push(
        " AND f.organization = o.key) AS favourite FROM role_assignments ra JOIN organizations o ON o.key = ra.organization \
         JOIN roles r ON r.key = ra.role WHERE ra.account = ",
    );
    sql.bind(actor.account).push(" ORDER BY o.key, r.name_sort");
    let rows = sql.load::<ManagedRow>(conn)?;
    let effective = |row: &&ManagedRow| actor.roles.iter().any(|role| role.at == row.organization && role.role.0 == row.key);
    let mut paths = tree::paths(conn, rows.iter().map(|row| row.organization).collect::<std::collections::HashSet<_>>())?;
    let mut found: Vec<Managed> = Vec::new();
    for row in rows.iter().filter(effective) {
        if found.last().is_none_or(|last| last.id != row.id) {
            let path = paths.remove(&row.organization).unwrap_or_default();
            let rights =
                actor.roles.iter().filter(|role| role.at == row.organization).fold(Rights::NONE, |all, role| all.union(role.rights));
            found.push(Managed { id: row.id.clone(), path, roles: Vec::new(), rights, favourite: row.favourite });
        }
        if let Some(last) = found.last_mut() {
            last.roles.push(row.role.clone());
        }
    }
    found.sort_by_cached_key(|managed| {
        (!managed.favourite, crate::domain::text::search(&crate::domain::organization::path_text(&managed.path)))
    });
    Ok(found)
}

/// Organizations in the reader's reach whose name holds what is sought, up to 50, by path; and whether there are more.
///
/// # Errors
/// What the database says.
pub fn search(reader: &mut impl Reader<OrgAdmin>, sought: &str) -> Result<(Vec<Choice>, bool), Problem> {
    let (conn, permit) = reader.parts();
    organizations::choices_anywhere(conn, permit.reach(), sought)
}

/// A role assignment through which the reader holds rights at an organization.
#[derive(Clone, Debug)]
pub struct Given {
    /// The role's name.
    pub role: String,
    /// Its cells.
    pub rights: Rights,
    /// The name of the organization where it was given.
    pub organization: String,
    /// How many steps that is above.
    pub distance: i32,
    /// Until when.
    pub ends: Option<Time>,
    /// By whom.
    pub given_by: Option<String>,
    /// How it came about.
    pub given: crate::domain::role_assignment::Given,
    /// When.
    pub given_at: Time,
}

impl Given {
    /// Whether it was given above.
    pub fn inherited(&self) -> bool {
        self.distance > 0
    }
}

#[derive(QueryableByName)]
struct GivenRow {
    #[diesel(sql_type = BigInt)]
    role_key: i64,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = BigInt)]
    at: OrganizationKey,
    #[diesel(sql_type = Text)]
    organization: String,
    #[diesel(sql_type = Integer)]
    depth: i32,
    #[diesel(sql_type = Nullable<Text>)]
    given_by: Option<String>,
    #[diesel(sql_type = Text)]
    given: crate::domain::role_assignment::Given,
    #[diesel(sql_type = BigInt)]
    given_at: Time,
}

/// The reader's own effective role assignments that hold at an organization, the nearest first.
///
/// # Errors
/// What the database says.
pub fn given(reader: &mut impl Reader<OrgAdmin>, here: &Here) -> Result<Vec<Given>, Problem> {
    let actor = reader.permit().person()?.clone();
    let mut sql = Sql::new(
        "SELECT r.key AS role_key, r.name AS role, o.key AS at, o.name AS organization, c.depth, ra.given_by, ra.given, ra.given_at \
         FROM organization_closure c JOIN role_assignments ra ON ra.organization = c.ancestor JOIN roles r ON r.key = ra.role \
         JOIN organizations o ON o.key = ra.organization WHERE c.descendant = ",
    );
    sql.bind(here.organization.key).push(" AND ra.account = ").bind(actor.account).push(" ORDER BY c.depth, r.name_sort");
    let found = sql.load::<GivenRow>(reader.conn())?;
    let effective = |row: GivenRow| {
        let usable = actor.roles.iter().find(|role| role.at == row.at && role.role.0 == row.role_key)?;
        Some(Given {
            role: row.role,
            rights: usable.rights,
            organization: row.organization,
            distance: row.depth,
            ends: usable.until,
            given_by: row.given_by,
            given: row.given,
            given_at: row.given_at,
        })
    };
    Ok(found.into_iter().filter_map(effective).collect())
}

/// Marks an organization as a favourite, or takes the mark away.
///
/// # Errors
/// What the database says.
pub fn toggle_favourite(note: &mut Note, account: AccountKey, organization: OrganizationKey) -> Result<(), Problem> {
    use super::schema::favourites as f;
    if diesel::delete(f::table.find((account, organization))).execute(note.conn())? == 0 {
        diesel::insert_into(f::table).values((f::account.eq(account), f::organization.eq(organization))).execute(note.conn())?;
    }
    Ok(())
}

/// Whether the switches of the store and of the organization let org admins make children here (P-8).
///
/// # Errors
/// What the database says.
pub fn founds<G: Ground>(reader: &mut impl Reader<G>, here: &Here) -> Result<bool, Problem> {
    let on = organizations::registers_organizations(reader.conn(), here.organization.key)?;
    Ok(on && here.store.organization_registration)
}

/// Where the reader may make a child, at the organization or below, by path; the flag tells whether there are more.
///
/// # Errors
/// What the database says.
pub fn parents(reader: &mut impl Reader<Portal<OrganizationWrite>>, here: &Here) -> Result<(Vec<Choice>, bool), Problem> {
    let (conn, permit) = reader.parts();
    organizations::choices_below(conn, permit.reach(), here.organization.key, true)
}

/// The organizations, this one and those below, to which the reader may add somebody (P-10).
///
/// # Errors
/// What the database says.
pub fn joins<G: Ground>(reader: &mut impl Reader<G>, here: &Here) -> Result<Vec<Choice>, Problem> {
    let (conn, permit) = reader.parts();
    match permit.actor().and_then(|actor| <InPortal as Side>::Join::reach(actor)) {
        Some(reach) => Ok(organizations::choices_below(conn, &reach, here.organization.key, false)?.0),
        None => Ok(Vec::new()),
    }
}

/// Where the reader may invite to: in the portal this organization and those below, in the console of the store.
///
/// # Errors
/// What the database says.
pub fn inviting<G: Ground>(
    reader: &mut impl Reader<G>,
    store: &IdentityStore,
    here: Option<&Here>,
) -> Result<(Vec<Choice>, bool), Problem> {
    match here {
        Some(here) => {
            let (conn, permit) = reader.parts();
            organizations::choices_below(conn, permit.reach(), here.organization.key, false)
        }
        None => organizations::choices(reader, store.key),
    }
}
