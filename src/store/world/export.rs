//! Export: complete but for secrets, in an order that does not depend on when things were made, so that two
//! exports can be compared line by line.

mod accounts;
mod invitations;

use super::rows::*;
use crate::{
    access::system,
    domain::{
        administrator_role::Kind,
        key::*,
        permissions::PermissionSet,
        rights::Rights,
        text,
        time::Time,
        world::{self, World},
    },
    problem::Problem,
    store::{
        conn::Conn,
        schema::{
            account_groups, administrator_roles, attributes, grants, identity_stores, organization_domains, organizations,
            role_assignments, roles, scopes,
        },
        transaction::{Reader, View},
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Everything, as a world file that [`super::Db::import`] takes; password hashes only `with_secrets`.
///
/// # Errors
/// What the database says.
pub fn export(view: &mut View<system::World>, with_secrets: bool) -> Result<World, Problem> {
    read(view, with_secrets)
}

fn read(reader: &mut impl Reader<system::World>, with_secrets: bool) -> Result<World, Problem> {
    let now = reader.now();
    super::snapshot(reader.conn(), |conn| {
        let stores: Vec<StoreRow> = identity_stores::table.order(identity_stores::name_folded).select(StoreRow::as_select()).load(conn)?;
        let places = Places::load(conn)?;
        let mut world = World { bailiwick: 1, ..World::default() };
        let mut people = HashMap::new();
        let mut hanging = accounts::Hanging::load(conn, now)?;
        for store in &stores {
            let accounts = accounts::of_store(conn, &places, store.key, with_secrets, &mut hanging, &mut people)?;
            if store.built_in {
                world.root = world::Root { name: places.root_name.clone(), accounts };
            } else {
                world.identity_stores.push(store_of(conn, &places, &people, store, accounts)?);
            }
        }
        let names: HashMap<StoreKey, &StoreRow> = stores.iter().map(|store| (store.key, store)).collect();
        let roles: Vec<AdministratorRoleRow> = administrator_roles::table.order(administrator_roles::name_folded).load(conn)?;
        let scopes = scopes_of(conn, &places, &names)?;
        world.grants = grants_of(conn, &names, &people, &roles, &scopes)?;
        world.scopes = scopes.into_iter().map(|(_, scope)| scope).collect();
        world.administrator_roles = administrator_roles_of(roles)?;
        world.invitations = invitations::all(conn, &places, &names, &people)?;
        Ok(world)
    })
}

/// Where organizations stand: path in names, and the same folded, to order by.
struct Places {
    root_name: Option<String>,
    by_key: HashMap<OrganizationKey, Place>,
    rows: Vec<OrganizationRow>,
    domains: HashMap<OrganizationKey, Vec<String>>,
}

#[derive(Clone)]
struct Place {
    store: StoreKey,
    path: Vec<String>,
    folded: Vec<String>,
}

impl Places {
    fn load(conn: &mut Conn) -> Result<Self, Problem> {
        // Parents first.
        let rows: Vec<OrganizationRow> =
            organizations::table.order((organizations::depth, organizations::key)).select(OrganizationRow::as_select()).load(conn)?;
        let mut by_key: HashMap<OrganizationKey, Place> = HashMap::new();
        let mut root_name = None;
        for row in &rows {
            let place = match row.parent {
                None => {
                    root_name = Some(row.name.clone());
                    Place { store: row.store, path: Vec::new(), folded: Vec::new() }
                }
                Some(parent) => {
                    let mut place = by_key.get(&parent).cloned().ok_or_else(|| lost("an organization's parent"))?;
                    place.store = row.store;
                    place.path.push(row.name.clone());
                    place.folded.push(row.name_folded.clone());
                    place
                }
            };
            by_key.insert(row.key, place);
        }
        let mut domains: HashMap<OrganizationKey, Vec<String>> = HashMap::new();
        for row in organization_domains::table.order(organization_domains::domain).load::<DomainRow>(conn)? {
            domains.entry(row.organization).or_default().push(row.domain);
        }
        Ok(Self { root_name, by_key, rows, domains })
    }

    fn get(&self, key: OrganizationKey) -> Result<&Place, Problem> {
        self.by_key.get(&key).ok_or_else(|| lost("an organization"))
    }
}

fn lost(what: &str) -> Problem {
    Problem::Internal(anyhow::anyhow!("{what} is not there; run bailiwick check"))
}

fn date(time: Option<Time>) -> Option<String> {
    time.map(Time::rfc3339)
}

/// The accounts whose identifiers others name, with their store.
type People = HashMap<AccountKey, (StoreKey, String)>;

fn parsed(object: &str) -> Result<Map<String, Value>, Problem> {
    serde_json::from_str(object).map_err(Problem::internal)
}

fn store_of(
    conn: &mut Conn,
    places: &Places,
    people: &People,
    store: &StoreRow,
    accounts: Vec<world::Account>,
) -> Result<world::Store, Problem> {
    let schema: Vec<AttributeRow> =
        attributes::table.filter(attributes::store.eq(store.key)).order((attributes::position, attributes::name)).load(conn)?;
    let schema: Result<Vec<world::Attribute>, Problem> = schema
        .into_iter()
        .map(|row| {
            Ok(world::Attribute {
                key: row.name,
                label: row.label,
                kind: row.kind.word().into(),
                required: row.required,
                choices: serde_json::from_str(&row.choices).map_err(Problem::internal)?,
                portal_visible: row.portal_visible,
                portal_editable: row.portal_editable,
                personal: row.personal,
            })
        })
        .collect();
    let groups: Vec<String> = account_groups::table
        .filter(account_groups::store.eq(store.key))
        .order(account_groups::name_folded)
        .select(account_groups::name)
        .load(conn)?;
    let roles: Vec<RoleRow> =
        roles::table.filter(roles::store.eq(store.key)).order(roles::name_folded).select(RoleRow::as_select()).load(conn)?;
    let role_assignments = assignments_of(conn, places, people, &roles)?;
    Ok(world::Store {
        name: store.name.clone(),
        slug: store.slug.clone(),
        self_registration: store.self_registration,
        organization_registration: store.organization_registration,
        attributes: schema?,
        groups: groups.into_iter().map(|name| world::Group { name }).collect(),
        roles: roles.into_iter().map(role_of).collect(),
        organizations: organizations_of(places, store.key)?,
        accounts,
        role_assignments,
    })
}

fn role_of(row: RoleRow) -> world::Role {
    let rights = u16::try_from(row.rights).map_or(Rights::NONE, Rights::from_bits);
    world::Role {
        id: Some(row.id),
        name: row.name,
        description: row.description,
        auto_every: row.auto_every,
        auto_first: row.auto_first,
        rights: rights.cells().map(|cell| cell.code()).collect(),
    }
}

fn organizations_of(places: &Places, store: StoreKey) -> Result<Vec<world::Organization>, Problem> {
    let mut list = Vec::new();
    for row in places.rows.iter().filter(|row| row.store == store) {
        let place = places.get(row.key)?;
        let organization = world::Organization {
            id: Some(row.id.clone()),
            path: place.path.clone(),
            description: row.description.clone(),
            status: if row.active { "active" } else { "inactive" }.into(),
            external_id: row.external_id.clone(),
            metadata: parsed(&row.metadata)?,
            self_registration: row.self_registration,
            organization_registration: row.organization_registration,
            slug: row.slug.clone(),
            domains: places.domains.get(&row.key).cloned().unwrap_or_default(),
            join_code: row.join_code.clone(),
            peopled: row.peopled,
        };
        list.push((&place.folded, organization));
    }
    list.sort_by(|one, other| one.0.cmp(other.0));
    Ok(list.into_iter().map(|(_, organization)| organization).collect())
}

fn assignments_of(conn: &mut Conn, places: &Places, people: &People, roles: &[RoleRow]) -> Result<Vec<world::RoleAssignment>, Problem> {
    let keys: Vec<RoleKey> = roles.iter().map(|role| role.key).collect();
    let rows: Vec<AssignmentRow> = role_assignments::table.filter(role_assignments::role.eq_any(keys)).load(conn)?;
    let roles: HashMap<RoleKey, &RoleRow> = roles.iter().map(|role| (role.key, role)).collect();
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(role), Some((_, account))) = (roles.get(&row.role), people.get(&row.account)) else {
            return Err(lost("an assignment's account"));
        };
        let place = places.get(row.organization)?;
        let assignment = world::RoleAssignment {
            role: role.name.clone(),
            organization: place.path.clone(),
            account: account.clone(),
            starts: date(row.starts),
            ends: date(row.ends),
            reason: row.reason,
        };
        list.push(((&role.name_folded, &place.folded, text::fold(account)), assignment));
    }
    list.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(list.into_iter().map(|(_, assignment)| assignment).collect())
}

fn administrator_roles_of(rows: Vec<AdministratorRoleRow>) -> Result<Vec<world::AdministratorRole>, Problem> {
    rows.into_iter()
        .filter(|row| row.kind != Kind::Super)
        .map(|row| {
            let permissions = PermissionSet::parse(&row.permissions)
                .map_err(|code| Problem::Internal(anyhow::anyhow!("a stored role holds the unknown permission {code}")))?;
            Ok(world::AdministratorRole {
                id: Some(row.id),
                name: row.name,
                kind: row.kind.word().into(),
                description: row.description,
                permissions: permissions.leaves().map(|leaf| leaf.code.to_owned()).collect(),
            })
        })
        .collect()
}

/// In the order of their owners' stores, paths and their own names; root's come first.
fn scopes_of(conn: &mut Conn, places: &Places, stores: &HashMap<StoreKey, &StoreRow>) -> Result<Vec<(ScopeKey, world::Scope)>, Problem> {
    let rows: Vec<ScopeRow> = scopes::table.load(conn)?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let place = places.get(row.organization)?;
        let store = stores.get(&place.store).filter(|store| !store.built_in);
        let scope = world::Scope {
            id: Some(row.id),
            name: row.name,
            store: store.map(|store| store.name.clone()),
            organization: place.path.clone(),
            description: row.description,
            reach: row.reach.word().into(),
            access_roles: "all".into(),
        };
        list.push(((store.map(|store| &store.name_folded), &place.folded, row.name_folded), (row.key, scope)));
    }
    list.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(list.into_iter().map(|(_, scope)| scope).collect())
}

fn grants_of(
    conn: &mut Conn,
    stores: &HashMap<StoreKey, &StoreRow>,
    people: &People,
    roles: &[AdministratorRoleRow],
    scopes: &[(ScopeKey, world::Scope)],
) -> Result<Vec<world::Grant>, Problem> {
    let roles: HashMap<AdministratorRoleKey, &AdministratorRoleRow> = roles.iter().map(|role| (role.key, role)).collect();
    let scopes: HashMap<ScopeKey, (usize, &world::Scope)> =
        scopes.iter().enumerate().map(|(place, (key, scope))| (*key, (place, scope))).collect();
    let rows: Vec<GrantRow> = grants::table.load(conn)?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(role), Some((store, account))) = (roles.get(&row.role), people.get(&row.account)) else {
            return Err(lost("a grant's account"));
        };
        let store = stores.get(store).filter(|store| !store.built_in);
        let scope = match row.scope {
            Some(scope) => Some(*scopes.get(&scope).ok_or_else(|| lost("a grant's scope"))?),
            None => None,
        };
        let order =
            (role.name_folded.clone(), store.map(|store| store.name_folded.clone()), text::fold(account), scope.map(|(place, _)| place));
        let grant = world::Grant {
            id: Some(row.id),
            role: role.name.clone(),
            account: account.clone(),
            store: store.map(|store| store.name.clone()),
            cascading: row.cascading,
            key: None,
            through: None,
            scope: scope.map(|(_, scope)| world::GrantScope {
                store: scope.store.clone(),
                organization: scope.organization.clone(),
                name: scope.name.clone(),
            }),
            starts: date(row.starts),
            ends: date(row.ends),
            reason: row.reason,
        };
        list.push((order, row.key, row.through, grant));
    }
    list.sort_by(|one, other| one.0.cmp(&other.0));
    // Those that others were made through get a name, in the order of the list.
    let named: HashSet<GrantKey> = list.iter().filter_map(|(_, _, through, _)| *through).collect();
    let named: HashMap<GrantKey, String> = list
        .iter()
        .map(|(_, key, ..)| *key)
        .filter(|key| named.contains(key))
        .zip(1..)
        .map(|(key, number)| (key, format!("g{number}")))
        .collect();
    Ok(list
        .into_iter()
        .map(|(_, key, through, grant)| world::Grant {
            key: named.get(&key).cloned(),
            through: through.and_then(|through| named.get(&through).cloned()),
            ..grant
        })
        .collect())
}
