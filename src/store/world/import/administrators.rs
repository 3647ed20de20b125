//! Administrator roles (D-2) and scopes (D-6).

use super::{BINDS, Entry, Keys, State, Work, insert_all, organizations::Tree, path_words, stores::Stores, upsert_all};
use crate::{
    domain::{
        administrator_role::{Kind, SUPER_ADMINISTRATOR, ScopeReach},
        key::*,
        organization::{description, name_of},
        permissions::{self, PermissionSet},
        text, world,
    },
    problem::Problem,
    store::{
        conn::on_each,
        schema::{administrator_roles, scopes},
        world::{
            At, Faults, TENANT,
            rows::{AdministratorRoleRow, ScopeRow},
        },
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// The roles and scopes as they will be.
pub(super) struct Administrators {
    /// By folded name.
    pub roles: HashMap<String, Entry<AdministratorRoleRow>>,
    /// By owner and folded name.
    pub scopes: HashMap<(OrganizationKey, String), Entry<ScopeRow>>,
    /// Where in the file the scopes stand whose reach it changes.
    pub moved: HashMap<ScopeKey, usize>,
    keys: [Keys; 2],
}

/// Reads what is there and lays the file over it.
pub(super) fn judge(work: &mut Work, file: &world::World, stores: &Stores, tree: &Tree) -> Result<Administrators, Problem> {
    let conn = work.tx.conn();
    let roles: Vec<AdministratorRoleRow> = administrator_roles::table.load(conn)?;
    let owned: Vec<ScopeRow> = scopes::table.load(conn)?;
    let mut all = Administrators {
        roles: roles.into_iter().map(|row| (row.name_folded.clone(), Entry::there(row))).collect(),
        scopes: owned.into_iter().map(|row| ((row.organization, row.name_folded.clone()), Entry::there(row))).collect(),
        moved: HashMap::new(),
        keys: [Keys::of(conn, "administrator_roles")?, Keys::of(conn, "scopes")?],
    };
    let at = At::TOP.key("administrator_roles");
    let mut seen = HashSet::new();
    for (index, wanted) in file.administrator_roles.iter().enumerate() {
        if role(work, &mut all, at.index(index), wanted, &mut seen).is_none() {
            work.faults.spoil("administrator role", TENANT, &wanted.name);
        }
    }
    let at = At::TOP.key("scopes");
    let mut seen = HashSet::new();
    for (index, wanted) in file.scopes.iter().enumerate() {
        if scope(work, &mut all, (stores, tree), index, at.index(index), wanted, &mut seen).is_none() {
            work.faults.spoil("scope", TENANT, &wanted.name);
        }
    }
    Ok(all)
}

fn role(work: &mut Work, all: &mut Administrators, at: At, wanted: &world::AdministratorRole, seen: &mut HashSet<String>) -> Option<()> {
    let faults = &mut work.faults;
    let name = faults.sift(at.key("name"), name_of(&wanted.name, 3));
    let description = faults.sift(at.key("description"), description(&wanted.description));
    let kind = match Kind::from_word(&wanted.kind) {
        Some(kind @ (Kind::Root | Kind::Other)) => Some(kind),
        _ => {
            faults.add(at.key("kind"), "The kind of an administrator role is root or other (D-2).");
            None
        }
    };
    let permissions = permission_set(faults, at, kind, &wanted.permissions);
    let (Some(name), Some(description), Some(kind), Some(permissions)) = (name, description, kind, permissions) else { return None };
    let folded = text::fold(&name);
    if folded == text::fold(SUPER_ADMINISTRATOR) {
        faults.add(at.key("name"), "The role of super administrators is predefined and cannot be changed (D-5).");
        return None;
    }
    if !seen.insert(folded.clone()) {
        faults.add(at.key("name"), format!("The administrator role “{name}” stands in this file twice (D-2)."));
        return None;
    }
    let permissions = permissions.codes();
    let state = match all.roles.get_mut(&folded) {
        Some(entry) if entry.row.kind != kind => {
            faults.add(
                at.key("kind"),
                format!("The kind of a role is fixed when it is made; this one is “{}” (D-2).", entry.row.kind.word()),
            );
            return None;
        }
        Some(entry) => {
            let row = &mut entry.row;
            if (&row.name, &row.description, &row.permissions) != (&name, &description, &permissions) {
                row.name = name;
                row.description = description;
                row.permissions = permissions;
                row.rev += 1;
                row.changed_at = work.now;
                row.changed_by = None;
                entry.state = State::Changed;
            }
            entry.state
        }
        None => {
            let row = AdministratorRoleRow {
                key: AdministratorRoleKey(all.keys[0].give()),
                id: work.tx.chance().id("arole"),
                name_sort: text::search(&name),
                name,
                name_folded: folded.clone(),
                description,
                kind,
                permissions,
                rev: 1,
                created_at: work.now,
                changed_at: work.now,
                changed_by: None,
            };
            all.roles.insert(folded, Entry::added(row));
            State::Added
        }
    };
    work.summary.administrator_roles.note(state);
    Some(())
}

fn permission_set(faults: &mut Faults, at: At, kind: Option<Kind>, codes: &[String]) -> Option<PermissionSet> {
    let list = at.key("permissions");
    let mut set = PermissionSet::NONE;
    let mut good = true;
    for (index, code) in codes.iter().enumerate() {
        let message = match permissions::leaf(code) {
            Some(leaf) if leaf.root_only && kind == Some(Kind::Other) => format!("“{code}” exists only in roles of kind root."),
            Some(leaf) => {
                set = set.union(PermissionSet::of(leaf));
                continue;
            }
            None => format!("“{code}” is no permission."),
        };
        faults.add(list.index(index), message);
        good = false;
    }
    if codes.is_empty() {
        faults.add(list, "An administrator role has at least one permission (D-2).");
    }
    (good && !set.is_empty()).then_some(set)
}

/// The organization that a scope belongs to: by store and path, or root.
pub(super) fn owner(faults: &mut Faults, (stores, tree): (&Stores, &Tree), at: At, store: Option<&str>, path: &[String]) -> Option<usize> {
    let built_in = |found: usize| found == stores.administrators;
    let found = match store {
        None => None,
        Some(name) => match stores.find(name) {
            None => {
                faults.missing(at.key("store"), "store", TENANT, name, format!("There is no store “{name}”."));
                return None;
            }
            found => found,
        },
    };
    match found {
        None if path.is_empty() => Some(tree.root),
        Some(found) if path.is_empty() && built_in(found) => Some(tree.root),
        Some(_) if path.is_empty() => {
            faults.add(
                at.key("store"),
                "The empty path is the root organization, which is in Administrators. Leave the store out, or name an organization.",
            );
            None
        }
        None => {
            faults.add(at.key("store"), "Name the store of this organization.");
            None
        }
        Some(found) => {
            let key = stores.list[found].entry.row.key;
            let place = tree.find(key, path);
            if place.is_none() {
                faults.no_organization(
                    at.key("organization"),
                    key,
                    path,
                    format!("There is no organization {} in this store.", path_words(path)),
                );
            }
            place
        }
    }
}

fn scope(
    work: &mut Work,
    all: &mut Administrators,
    places: (&Stores, &Tree),
    index: usize,
    at: At,
    wanted: &world::Scope,
    seen: &mut HashSet<(OrganizationKey, String)>,
) -> Option<()> {
    let faults = &mut work.faults;
    let name = faults.sift(at.key("name"), name_of(&wanted.name, 3));
    let description = faults.sift(at.key("description"), description(&wanted.description));
    let owner = owner(faults, places, at, wanted.store.as_deref(), &wanted.organization);
    let reach = ScopeReach::from_word(&wanted.reach);
    if reach.is_none() {
        let words: Vec<&str> = ScopeReach::ALL.iter().map(|reach| reach.word()).collect();
        faults.add(at.key("reach"), format!("The reach of a scope is one of {} (D-6).", words.join(", ")));
    }
    if wanted.access_roles.as_str() != Some("all") {
        faults.add(at.key("access_roles"), "Access roles do not exist in this version; a scope has “all”.");
    }
    let (Some(name), Some(description), Some(owner), Some(reach)) = (name, description, owner, reach) else { return None };
    let key = (places.1.key(owner), text::fold(&name));
    if !seen.insert(key.clone()) {
        faults.add(at.key("name"), format!("The scope “{name}” of this organization stands in this file twice."));
        return None;
    }
    let state = match all.scopes.get_mut(&key) {
        Some(entry) => {
            let row = &mut entry.row;
            if (&row.name, &row.description, row.reach) != (&name, &description, reach) {
                if row.reach != reach {
                    all.moved.insert(row.key, index);
                }
                row.name = name;
                row.description = description;
                row.reach = reach;
                row.rev += 1;
                row.changed_at = work.now;
                row.changed_by = None;
                entry.state = State::Changed;
            }
            entry.state
        }
        None => {
            let row = ScopeRow {
                key: ScopeKey(all.keys[1].give()),
                id: work.tx.chance().id("scope"),
                organization: key.0,
                name_sort: text::search(&name),
                name,
                name_folded: key.1.clone(),
                description,
                reach,
                rev: 1,
                created_at: work.now,
                changed_at: work.now,
                changed_by: None,
            };
            all.scopes.insert(key, Entry::added(row));
            State::Added
        }
    };
    work.summary.scopes.note(state);
    Some(())
}

/// Writes what is new and what is other.
pub(super) fn write(work: &mut Work, all: &Administrators) -> Result<(), Problem> {
    let conn = work.tx.conn();
    let roles: Vec<Entry<AdministratorRoleRow>> = all.roles.values().cloned().collect();
    use administrator_roles as r;
    insert_all!(conn, r::table, 11, in_order(Entry::rows(&roles, State::Added), |row| row.key.0));
    upsert_all!(
        conn,
        r::table,
        11,
        Entry::rows(&roles, State::Changed),
        r::key,
        [r::name, r::description, r::permissions, r::rev, r::changed_at, r::changed_by]
    );
    let owned: Vec<Entry<ScopeRow>> = all.scopes.values().cloned().collect();
    use scopes as s;
    insert_all!(conn, s::table, 11, in_order(Entry::rows(&owned, State::Added), |row| row.key.0));
    upsert_all!(
        conn,
        s::table,
        11,
        Entry::rows(&owned, State::Changed),
        s::key,
        [s::name, s::description, s::reach, s::rev, s::changed_at, s::changed_by]
    );
    all.keys.iter().try_for_each(|keys| keys.close(conn))
}

fn in_order<R>(mut rows: Vec<R>, key: impl Fn(&R) -> i64) -> Vec<R> {
    rows.sort_by_key(key);
    rows
}
