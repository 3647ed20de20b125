//! Identity stores with their attributes, groups and organization roles (S-1, S-2, R-*).

use super::{BINDS, Entry, Keys, State, Work, insert_all, refused, upsert_all};
use crate::{
    domain::{
        Refusal,
        identity_store::{self, ADMINISTRATORS, AttributeType},
        key::*,
        organization::name_of,
        rights::{Cell, Rights},
        role::Terms,
        text,
        time::Time,
        world,
    },
    problem::Problem,
    store::{
        conn::on_each,
        schema::{account_groups, attributes, identity_stores, roles},
        world::{
            At, Faults, TENANT,
            rows::{AttributeRow, GroupRow, RoleRow, StoreRow},
        },
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// A store as it will be.
pub(super) struct Store {
    pub entry: Entry<StoreRow>,
    /// By their key in the schema.
    pub attributes: HashMap<String, (Entry<AttributeRow>, Vec<String>)>,
    /// By folded name.
    pub groups: HashMap<String, Entry<GroupRow>>,
    /// By folded name.
    pub roles: HashMap<String, Entry<RoleRow>>,
    /// Whether the file names it.
    pub named: bool,
}

/// Every store, those of the database and those of the file.
pub(super) struct Stores {
    pub list: Vec<Store>,
    by_name: HashMap<String, usize>,
    /// For each store of the file, which one it is; none where it has a fault.
    pub of_file: Vec<Option<usize>>,
    /// The built-in one.
    pub administrators: usize,
    keys: [Keys; 3],
}

impl Stores {
    /// The store with this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(&text::fold(name)).copied()
    }

    /// Slugs of the stores that the file names.
    pub fn touched(&self) -> impl Iterator<Item = (StoreKey, String)> {
        self.list.iter().filter(|store| store.named).map(|store| (store.entry.row.key, store.entry.row.slug.clone()))
    }
}

/// Reads what is there and lays the file over it.
pub(super) fn judge(work: &mut Work, file: &world::World) -> Result<Stores, Problem> {
    let mut stores = load(work)?;
    let top = At::TOP.key("identity_stores");
    for (index, store) in file.identity_stores.iter().enumerate() {
        let at = top.index(index);
        let found = one(work, &mut stores, at, store);
        stores.of_file.push(found);
        if found.is_none() {
            work.faults.spoil("store", TENANT, &store.name);
        }
        if let Some(found) = found {
            attributes_of(work, &mut stores.list[found], at, &store.attributes)?;
            groups_of(work, &mut stores, found, at, &store.groups);
            roles_of(work, &mut stores, found, at, &store.roles);
            if stores.list[found].attributes.values().any(|(entry, _)| entry.state != State::Same)
                || stores.list[found].groups.values().any(|entry| entry.state != State::Same)
            {
                change(&mut stores.list[found].entry, work.now);
            }
            work.summary.stores.note(stores.list[found].entry.state);
        }
    }
    Ok(stores)
}

fn load(work: &mut Work) -> Result<Stores, Problem> {
    let conn = work.tx.conn();
    let rows: Vec<StoreRow> = identity_stores::table.order(identity_stores::key).select(StoreRow::as_select()).load(conn)?;
    let mut list: Vec<Store> = rows
        .into_iter()
        .map(|row| Store {
            entry: Entry::there(row),
            attributes: HashMap::new(),
            groups: HashMap::new(),
            roles: HashMap::new(),
            named: false,
        })
        .collect();
    let by_key: HashMap<StoreKey, usize> = list.iter().enumerate().map(|(index, store)| (store.entry.row.key, index)).collect();
    for row in attributes::table.load::<AttributeRow>(conn)? {
        let choices: Vec<String> = serde_json::from_str(&row.choices).map_err(Problem::internal)?;
        if let Some(index) = by_key.get(&row.store) {
            list[*index].attributes.insert(row.name.clone(), (Entry::there(row), choices));
        }
    }
    for row in account_groups::table.load::<GroupRow>(conn)? {
        if let Some(index) = by_key.get(&row.store) {
            list[*index].groups.insert(row.name_folded.clone(), Entry::there(row));
        }
    }
    for row in roles::table.select(RoleRow::as_select()).load::<RoleRow>(conn)? {
        if let Some(index) = by_key.get(&row.store) {
            list[*index].roles.insert(row.name_folded.clone(), Entry::there(row));
        }
    }
    let by_name = list.iter().enumerate().map(|(index, store)| (store.entry.row.name_folded.clone(), index)).collect();
    let administrators = list.iter().position(|store| store.entry.row.built_in).ok_or(Problem::NotFound)?;
    let keys = [Keys::of(conn, "identity_stores")?, Keys::of(conn, "account_groups")?, Keys::of(conn, "roles")?];
    Ok(Stores { list, by_name, of_file: Vec::new(), administrators, keys })
}

fn change(entry: &mut Entry<StoreRow>, now: Time) {
    if entry.state == State::Same {
        entry.state = State::Changed;
        entry.row.rev += 1;
        entry.row.changed_at = now;
    }
}

fn one(work: &mut Work, stores: &mut Stores, at: At, store: &world::Store) -> Option<usize> {
    let faults = &mut work.faults;
    let name = faults.sift(at.key("name"), name_of(&store.name, 2))?;
    let folded = text::fold(&name);
    for (field, typed, reserved) in
        [("name", folded.as_str(), text::fold(ADMINISTRATORS.0).as_str()), ("slug", store.slug.as_str(), ADMINISTRATORS.1)]
    {
        if typed == reserved {
            faults.add(at.key(field), "The store Administrators is built in. Its people stand under “root”, and it holds nothing else.");
            return None;
        }
    }
    if let Some(found) = stores.by_name.get(&folded).copied() {
        let there = &mut stores.list[found];
        if there.named {
            faults.add(at.key("name"), format!("The store “{name}” stands in this file twice."));
            return None;
        }
        there.named = true;
        let row = &mut there.entry.row;
        if row.slug != store.slug {
            faults.add(at.key("slug"), format!("A slug is fixed once the store is made; this store's is “{}”.", row.slug));
            return None;
        }
        let before = (&row.name, row.self_registration, row.organization_registration);
        if before != (&name, store.self_registration, store.organization_registration) {
            row.name = name;
            row.self_registration = store.self_registration;
            row.organization_registration = store.organization_registration;
            change(&mut there.entry, work.now);
        }
        return Some(found);
    }
    let slug = faults.sift(at.key("slug"), identity_store::slug(&store.slug))?;
    if stores.list.iter().any(|other| other.entry.row.slug == slug) {
        faults.add(at.key("slug"), format!("Another store has the slug “{slug}” already."));
        return None;
    }
    let row = StoreRow {
        key: StoreKey(stores.keys[0].give()),
        name,
        name_folded: folded.clone(),
        slug,
        built_in: false,
        self_registration: store.self_registration,
        organization_registration: store.organization_registration,
        accounts: 0,
        rev: 1,
        created_at: work.now,
        changed_at: work.now,
    };
    let index = stores.list.len();
    stores.by_name.insert(folded, index);
    stores.list.push(Store {
        entry: Entry::added(row),
        attributes: HashMap::new(),
        groups: HashMap::new(),
        roles: HashMap::new(),
        named: true,
    });
    Some(index)
}

/// S-2. The type of an attribute stays, and so do its choices: accounts have values of it.
fn attributes_of(work: &mut Work, store: &mut Store, at: At, list: &[world::Attribute]) -> Result<(), Problem> {
    let faults = &mut work.faults;
    let at = at.key("attributes");
    let mut seen = HashSet::new();
    let mut position = store.attributes.values().map(|(entry, _)| entry.row.position + 1).max().unwrap_or(0);
    for (index, attribute) in list.iter().enumerate() {
        let at = at.index(index);
        if !seen.insert(attribute.key.as_str()) {
            faults.add(at.key("key"), format!("The attribute “{}” stands in this store twice.", attribute.key));
            continue;
        }
        let Some((label, kind, mut choices)) = attribute_parts(faults, at, attribute) else {
            faults.spoil("attribute", store.entry.row.key, &attribute.key);
            continue;
        };
        let there = store.attributes.get(&attribute.key);
        if let Some((entry, old)) = there {
            if entry.row.kind != kind {
                faults.add(
                    at.key("type"),
                    format!("The type of an attribute is fixed once it is made; this one is “{}”.", entry.row.kind.word()),
                );
                continue;
            }
            let kept: Vec<String> = old.iter().filter(|choice| !choices.contains(choice)).cloned().collect();
            choices.extend(kept);
        }
        let row = AttributeRow {
            store: store.entry.row.key,
            name: attribute.key.clone(),
            label,
            kind,
            required: attribute.required,
            choices: serde_json::to_string(&choices).map_err(Problem::internal)?,
            portal_visible: attribute.portal_visible,
            portal_editable: attribute.portal_editable,
            personal: attribute.personal,
            position: there.map_or(position, |(entry, _)| entry.row.position),
        };
        let state = match there {
            None => {
                position += 1;
                State::Added
            }
            Some((entry, _)) if entry.row == row => State::Same,
            Some(_) => State::Changed,
        };
        store.attributes.insert(attribute.key.clone(), (Entry { row, state }, choices));
    }
    Ok(())
}

fn attribute_parts(faults: &mut Faults, at: At, attribute: &world::Attribute) -> Option<(String, AttributeType, Vec<String>)> {
    let mut good = true;
    let mut fault = |faults: &mut Faults, field: &str, message: &str| {
        faults.add(at.key(field), message);
        good = false;
    };
    let key = &attribute.key;
    if !(1..=40).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        fault(faults, "key", "The key of an attribute has 1 to 40 small letters, digits and underscores.");
    }
    let kind = AttributeType::from_word(&attribute.kind);
    if kind.is_none() {
        let words: Vec<&str> = AttributeType::ALL.iter().map(|kind| kind.word()).collect();
        fault(faults, "type", &format!("The type of an attribute is one of {}.", words.join(", ")));
    }
    if attribute.portal_editable && !attribute.portal_visible {
        fault(faults, "portal_editable", "What can be edited in the portal must be visible there (S-2).");
    }
    let is_choice = kind == Some(AttributeType::Choice);
    if is_choice == attribute.choices.is_empty() && kind.is_some() {
        fault(faults, "choices", if is_choice { "A choice needs choices." } else { "Only an attribute of type choice has choices." });
    }
    let mut choices: Vec<String> = Vec::new();
    let list = at.key("choices");
    for (index, choice) in attribute.choices.iter().enumerate() {
        match name_of(choice, 1) {
            Ok(choice) if choices.contains(&choice) => {
                faults.add(list.index(index), format!("The choice “{choice}” stands here twice."));
                good = false;
            }
            Ok(choice) => choices.push(choice),
            Err(refusal) => {
                faults.add(list.index(index), refusal.message);
                good = false;
            }
        }
    }
    let label = faults.sift(at.key("label"), name_of(&attribute.label, 1))?;
    if good { Some((label, kind?, choices)) } else { None }
}

fn groups_of(work: &mut Work, stores: &mut Stores, found: usize, at: At, list: &[world::Group]) {
    let at = at.key("groups");
    let mut seen = HashSet::new();
    for (index, group) in list.iter().enumerate() {
        let at = at.index(index);
        let at = at.key("name");
        let Some(name) = work.faults.sift(at, name_of(&group.name, 1)) else {
            work.faults.spoil("group", stores.list[found].entry.row.key, &group.name);
            continue;
        };
        let folded = text::fold(&name);
        if !seen.insert(folded.clone()) {
            work.faults.add(at, format!("The group “{name}” stands in this store twice."));
            continue;
        }
        let store = &mut stores.list[found];
        match store.groups.get_mut(&folded) {
            Some(entry) if entry.row.name == name => {}
            Some(entry) => {
                entry.row.name = name;
                entry.state = State::Changed;
            }
            None => {
                let row = GroupRow { key: stores.keys[1].give(), store: store.entry.row.key, name, name_folded: folded.clone() };
                store.groups.insert(folded, Entry::added(row));
            }
        }
    }
}

fn roles_of(work: &mut Work, stores: &mut Stores, found: usize, at: At, list: &[world::Role]) {
    let at = at.key("roles");
    let mut seen = HashSet::new();
    for (index, role) in list.iter().enumerate() {
        let at = at.index(index);
        let Some(terms) = terms(&mut work.faults, at, role) else {
            work.faults.spoil("role", stores.list[found].entry.row.key, &role.name);
            continue;
        };
        let folded = text::fold(&terms.name);
        if !seen.insert(folded.clone()) {
            work.faults.add(at.key("name"), format!("The role “{}” stands in this store twice (R-2).", terms.name));
            continue;
        }
        let store = &mut stores.list[found];
        let rights = i32::from(terms.rights.bits());
        let name_sort = text::search(&terms.name);
        match store.roles.get_mut(&folded) {
            Some(entry) => {
                let row = &mut entry.row;
                let before = (&row.name, &row.description, row.auto_every, row.auto_first, row.rights);
                if before != (&terms.name, &terms.description, terms.auto_every, terms.auto_first, rights) {
                    row.name = terms.name;
                    row.name_sort = name_sort;
                    row.description = terms.description;
                    row.auto_every = terms.auto_every;
                    row.auto_first = terms.auto_first;
                    row.rights = rights;
                    row.rev += 1;
                    row.changed_at = work.now;
                    row.changed_by = None;
                    entry.state = State::Changed;
                }
                work.summary.roles.note(entry.state);
            }
            None => {
                let row = RoleRow {
                    key: RoleKey(stores.keys[2].give()),
                    id: work.tx.chance().id("role"),
                    store: store.entry.row.key,
                    name: terms.name,
                    name_folded: folded.clone(),
                    name_sort,
                    description: terms.description,
                    auto_every: terms.auto_every,
                    auto_first: terms.auto_first,
                    rights,
                    rev: 1,
                    created_at: work.now,
                    changed_at: work.now,
                    changed_by: None,
                };
                store.roles.insert(folded, Entry::added(row));
                work.summary.roles.note(State::Added);
            }
        }
    }
}

fn terms(faults: &mut Faults, at: At, role: &world::Role) -> Option<Terms> {
    let list = at.key("rights");
    let mut rights = Rights::NONE;
    let mut good = true;
    for (index, code) in role.rights.iter().enumerate() {
        match Cell::from_code(code).map_or_else(|| refused("right", format!("“{code}” is no access right.")), Ok) {
            Ok(cell) => rights = rights.union([cell].into_iter().collect()),
            Err(refusal) => {
                faults.add(list.index(index), refusal.message);
                good = false;
            }
        }
    }
    if !good {
        return None;
    }
    let terms = Terms {
        name: role.name.clone(),
        description: role.description.clone(),
        auto_every: role.auto_every,
        auto_first: role.auto_first,
        rights,
    };
    match terms.check() {
        Ok(terms) => Some(terms),
        Err(refusals) => {
            for Refusal { field, message } in refusals {
                faults.add(at.key(if field == "right" { "rights" } else { field }), message);
            }
            None
        }
    }
}

/// Writes what is new and what is other.
pub(super) fn write(work: &mut Work, stores: &Stores) -> Result<(), Problem> {
    let conn = work.tx.conn();
    let changed = |state: State| state != State::Same;
    let rows: Vec<StoreRow> = stores.list.iter().filter(|store| changed(store.entry.state)).map(|store| store.entry.row.clone()).collect();
    use identity_stores as s;
    upsert_all!(conn, s::table, 11, rows, s::key, [s::name, s::self_registration, s::organization_registration, s::rev, s::changed_at]);
    let rows: Vec<AttributeRow> = stores
        .list
        .iter()
        .flat_map(|store| store.attributes.values())
        .filter(|(entry, _)| changed(entry.state))
        .map(|(entry, _)| entry.row.clone())
        .collect();
    use attributes as a;
    upsert_all!(
        conn,
        a::table,
        10,
        rows,
        (a::store, a::name),
        [a::label, a::required, a::choices, a::portal_visible, a::portal_editable, a::personal]
    );
    let rows: Vec<GroupRow> = stores
        .list
        .iter()
        .flat_map(|store| store.groups.values())
        .filter(|entry| changed(entry.state))
        .map(|entry| entry.row.clone())
        .collect();
    use account_groups as g;
    upsert_all!(conn, g::table, 4, rows, g::key, [g::name]);
    let (added, edited): (Vec<_>, Vec<_>) = stores
        .list
        .iter()
        .flat_map(|store| store.roles.values())
        .filter(|entry| changed(entry.state))
        .partition(|entry| entry.state == State::Added);
    let rows = |entries: Vec<&Entry<RoleRow>>| entries.into_iter().map(|entry| entry.row.clone()).collect::<Vec<_>>();
    use roles as r;
    insert_all!(conn, r::table, 14, rows(added));
    upsert_all!(
        conn,
        r::table,
        14,
        rows(edited),
        r::key,
        [r::name, r::name_sort, r::description, r::auto_every, r::auto_first, r::rights, r::rev, r::changed_at, r::changed_by]
    );
    stores.keys.iter().try_for_each(|keys| keys.close(conn))
}
