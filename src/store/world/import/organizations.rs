//! Organizations (O-*): by path, parents before children whatever their order in the file.

use super::{BINDS, Entry, Keys, State, Work, insert_all, path_words, stores::Stores, upsert_all};
use crate::{
    domain::{
        identity_store,
        key::*,
        mail_domain,
        organization::{self, Lineage, Status},
        text,
        time::Time,
        world,
    },
    problem::Problem,
    store::{
        conn::on_each,
        schema::{organization_closure, organization_domains, organizations},
        world::{
            At, Faults,
            rows::{ClosureRow, DomainRow, OrganizationRow},
        },
    },
};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// The tree as it will be.
pub(super) struct Tree {
    pub list: Vec<Entry<OrganizationRow>>,
    /// The same places in `list` as the parent's.
    parents: Vec<Option<usize>>,
    by_name: HashMap<(StoreKey, usize), HashMap<String, usize>>,
    /// Whose each slug, each join code and each domain is.
    slugs: HashMap<(StoreKey, String), usize>,
    codes: HashMap<(StoreKey, String), usize>,
    domains: HashMap<(StoreKey, String), usize>,
    new_domains: Vec<(String, usize)>,
    pub root: usize,
    keys: Keys,
}

impl Tree {
    /// The organization at the end of a path that is not empty.
    pub fn find(&self, store: StoreKey, path: &[String]) -> Option<usize> {
        let (_, found) = path.iter().try_fold((0, self.root), |(_, parent), name| {
            self.by_name.get(&(store, parent))?.get(&text::fold(name)).map(|found| (parent, *found))
        })?;
        (!path.is_empty()).then_some(found)
    }

    /// Its key.
    pub fn key(&self, found: usize) -> OrganizationKey {
        self.list[found].row.key
    }

    /// Itself and its ancestors.
    pub fn lineage(&self, found: usize) -> Lineage {
        let up = std::iter::successors(Some(found), |here| self.parents[*here]);
        let ancestors: Vec<(OrganizationKey, i32)> = up.zip(0..).map(|(here, distance)| (self.key(here), distance)).collect();
        Lineage { organization: self.key(found), is_root: ancestors.len() == 1, ancestors, active: true }
    }
}

/// Reads what is there and lays the file over it.
pub(super) fn judge(work: &mut Work, file: &world::World, stores: &Stores) -> Result<Tree, Problem> {
    let mut tree = load(work)?;
    if let Some(typed) = &file.root.name {
        let at = At::TOP.key("root");
        if let Some(name) = work.faults.sift(at.key("name"), organization::name(typed)) {
            let root = tree.root;
            let entry = &mut tree.list[root];
            if entry.row.name != name {
                entry.row.name_folded = text::fold(&name);
                entry.row.name_sort = text::search(&name);
                entry.row.name = name;
                change(entry, work.now);
                work.summary.organizations.note(State::Changed);
            }
        }
    }
    let top = At::TOP.key("identity_stores");
    for (index, store) in file.identity_stores.iter().enumerate() {
        let Some(found) = stores.of_file[index] else { continue };
        let key = stores.list[found].entry.row.key;
        let at = top.index(index);
        let at = at.key("organizations");
        let mut order: Vec<usize> = (0..store.organizations.len()).collect();
        order.sort_by_key(|place| store.organizations[*place].path.len());
        let mut seen = HashSet::new();
        for place in order {
            let wanted = &store.organizations[place];
            if !one(work, &mut tree, key, at.index(place), wanted, &mut seen)? {
                work.faults.spoil("organization", key, &wanted.path.join("\n"));
            }
        }
    }
    Ok(tree)
}

fn load(work: &mut Work) -> Result<Tree, Problem> {
    let conn = work.tx.conn();
    // Parents first.
    let rows: Vec<OrganizationRow> =
        organizations::table.order((organizations::depth, organizations::key)).select(OrganizationRow::as_select()).load(conn)?;
    let keys = Keys::of(conn, "organizations")?;
    let mut by_key: HashMap<OrganizationKey, usize> = HashMap::new();
    let mut tree = Tree {
        list: Vec::new(),
        parents: Vec::new(),
        by_name: HashMap::new(),
        slugs: HashMap::new(),
        codes: HashMap::new(),
        domains: HashMap::new(),
        new_domains: Vec::new(),
        root: 0,
        keys,
    };
    for row in rows {
        let parent = row.parent.and_then(|parent| by_key.get(&parent).copied());
        by_key.insert(row.key, tree.list.len());
        if let Some(slug) = &row.slug {
            tree.slugs.insert((row.store, slug.clone()), tree.list.len());
        }
        if let Some(code) = &row.join_code {
            tree.codes.insert((row.store, code.clone()), tree.list.len());
        }
        push(&mut tree, parent, Entry::there(row));
    }
    let domains: Vec<DomainRow> = organization_domains::table.load(conn)?;
    for row in domains {
        if let Some(place) = by_key.get(&row.organization) {
            tree.domains.insert((row.store, row.domain), *place);
        }
    }
    if tree.list.is_empty() { Err(Problem::NotFound) } else { Ok(tree) }
}

fn push(tree: &mut Tree, parent: Option<usize>, entry: Entry<OrganizationRow>) {
    if let Some(parent) = parent {
        tree.by_name.entry((entry.row.store, parent)).or_default().insert(entry.row.name_folded.clone(), tree.list.len());
    }
    tree.parents.push(parent);
    tree.list.push(entry);
}

fn change(entry: &mut Entry<OrganizationRow>, now: Time) {
    if entry.state == State::Same {
        entry.state = State::Changed;
        entry.row.rev += 1;
        entry.row.changed_at = now;
    }
}

/// Whether it was without fault.
fn one(
    work: &mut Work,
    tree: &mut Tree,
    store: StoreKey,
    at: At,
    wanted: &world::Organization,
    seen: &mut HashSet<usize>,
) -> Result<bool, Problem> {
    let Some((last, above)) = wanted.path.split_last() else {
        work.faults.add(at.key("path"), "The path of an organization names at least itself; the root organization stands under “root”.");
        return Ok(false);
    };
    let parent = if above.is_empty() { Some(tree.root) } else { tree.find(store, above) };
    let Some(parent) = parent else {
        let message = format!("There is no organization {} in this store for this one to stand below.", path_words(above));
        work.faults.no_organization(at.key("path"), store, above, message);
        return Ok(false);
    };
    let faults = &mut work.faults;
    let name = faults.sift(at.key("path"), organization::name(last));
    let description = faults.sift(at.key("description"), organization::description(&wanted.description));
    let status = Status::from_word(&wanted.status);
    if status.is_none() {
        faults.add(at.key("status"), "The status of an organization is active or inactive.");
    }
    let external_id = match &wanted.external_id {
        Some(typed) => faults.sift(at.key("external_id"), organization::external_id(typed)).map(Some),
        None => Some(None),
    };
    let slug = match &wanted.slug {
        Some(typed) => faults.sift(at.key("slug"), identity_store::slug(typed)).map(Some),
        None => Some(None),
    };
    let join_code = match &wanted.join_code {
        Some(typed) => faults.sift(at.key("join_code"), organization::join_code(typed)).map(Some),
        None => Some(None),
    };
    let (Some(name), Some(description), Some(status), Some(external_id)) = (name, description, status, external_id) else {
        return Ok(false);
    };
    let (Some(slug), Some(join_code)) = (slug, join_code) else { return Ok(false) };
    let folded = text::fold(&name);
    let there = tree.by_name.get(&(store, parent)).and_then(|children| children.get(&folded)).copied();
    if there.is_some_and(|there| !seen.insert(there)) {
        faults.add(at.key("path"), format!("The organization {} stands in this file twice.", path_words(&wanted.path)));
        return Ok(false);
    }
    let old = there.map(|there| tree.list[there].row.clone());
    let Some(metadata) = metadata(faults, at, old.as_ref().map(|row| row.metadata.as_str()), &wanted.metadata)? else { return Ok(false) };
    let mut row = OrganizationRow {
        key: OrganizationKey(0),
        id: String::new(),
        store,
        parent: Some(tree.key(parent)),
        name_sort: text::search(&name),
        name_folded: folded,
        name,
        description,
        external_id: external_id.or_else(|| old.as_ref().and_then(|row| row.external_id.clone())),
        metadata,
        active: status == Status::Active,
        self_registration: wanted.self_registration,
        organization_registration: wanted.organization_registration,
        depth: tree.list[parent].row.depth + 1,
        rev: 1,
        created_at: work.now,
        changed_at: work.now,
        slug: old.as_ref().and_then(|row| row.slug.clone()),
        // for good.
        peopled: wanted.peopled || old.as_ref().is_some_and(|row| row.peopled),
        join_code: old.as_ref().and_then(|row| row.join_code.clone()),
    };
    if let Some(code) = &join_code
        && let Some(other) = tree.codes.get(&(store, code.clone())).filter(|other| Some(**other) != there)
    {
        let words = format!("The organization {} of this store has the join code {code} already.", tree.list[*other].row.name);
        faults.add(at.key("join_code"), words);
        return Ok(false);
    }
    if let Some(slug) = slug
        && row.slug.as_ref() != Some(&slug)
    {
        if let Some(other) = tree.slugs.insert((store, slug.clone()), there.unwrap_or(tree.list.len())) {
            let words = format!("The organization {} of this store has the slug “{slug}” already.", tree.list[other].row.name);
            faults.add(at.key("slug"), words);
            return Ok(false);
        }
        row.slug = Some(slug);
    }
    if let Some(code) = join_code {
        tree.codes.insert((store, code.clone()), there.unwrap_or(tree.list.len()));
        row.join_code = Some(code);
    }
    let state = match (there, old) {
        (Some(there), Some(old)) => {
            let terms = |row: &OrganizationRow| {
                let texts = (row.name.clone(), row.description.clone(), row.external_id.clone(), row.metadata.clone(), row.slug.clone());
                (texts, row.join_code.clone(), row.active, row.self_registration, row.organization_registration, row.peopled)
            };
            let entry = &mut tree.list[there];
            if terms(&row) != terms(&old) {
                entry.row = OrganizationRow { key: old.key, id: old.id, rev: old.rev, created_at: old.created_at, ..row };
                change(entry, work.now);
            }
            entry.state
        }
        _ => {
            let row = OrganizationRow { key: OrganizationKey(tree.keys.give()), id: work.tx.chance().id("org"), ..row };
            seen.insert(tree.list.len());
            push(tree, Some(parent), Entry::added(row));
            State::Added
        }
    };
    work.summary.organizations.note(state);
    let place = there.unwrap_or(tree.list.len() - 1);
    Ok(domains(work, tree, store, at, &wanted.domains, place))
}

/// O-1: domains of the file are added; one that another organization of the store has is a fault.
fn domains(work: &mut Work, tree: &mut Tree, store: StoreKey, at: At, wanted: &[String], place: usize) -> bool {
    let at = at.key("domains");
    let mut good = true;
    for (index, typed) in wanted.iter().enumerate() {
        let Some(domain) = work.faults.sift(at.index(index), mail_domain::check(typed)) else {
            good = false;
            continue;
        };
        match tree.domains.get(&(store, domain.clone())) {
            Some(owner) if *owner == place => {}
            Some(owner) => {
                let words = format!("The domain {domain} belongs to {} already.", tree.list[*owner].row.name);
                work.faults.add(at.index(index), words);
                good = false;
            }
            None => {
                tree.new_domains.push((domain.clone(), place));
                tree.domains.insert((store, domain), place);
            }
        }
    }
    good
}

/// What is there with the file's pairs over it (O-1).
fn metadata(faults: &mut Faults, at: At, old: Option<&str>, wanted: &Map<String, Value>) -> Result<Option<String>, Problem> {
    let mut pairs: Map<String, Value> = match old {
        Some(old) => serde_json::from_str(old).map_err(Problem::internal)?,
        None => Map::new(),
    };
    let at = at.key("metadata");
    let mut good = true;
    for (key, value) in wanted {
        let Some(value) = value.as_str() else {
            faults.add(at.key(key), "The value of a metadata pair is text.");
            good = false;
            continue;
        };
        if faults.sift(at.key(key), organization::metadata_pair(key, value)).is_some() {
            pairs.insert(key.clone(), Value::from(value));
        } else {
            good = false;
        }
    }
    if pairs.len() > organization::MOST_METADATA {
        faults.add(at, format!("An organization has at most 50 pairs of metadata; this one would have {}.", pairs.len()));
        good = false;
    }
    if good { serde_json::to_string(&pairs).map(Some).map_err(Problem::internal) } else { Ok(None) }
}

/// Writes what is new and what is other, parents first, and the closure of what is new.
pub(super) fn write(work: &mut Work, tree: &mut Tree) -> Result<(), Problem> {
    let mut added: Vec<usize> = (0..tree.list.len()).filter(|place| tree.list[*place].state == State::Added).collect();
    added.sort_by_key(|place| tree.list[*place].row.depth);
    let conn = work.tx.conn();
    use organizations as o;
    let rows: Vec<OrganizationRow> = added.iter().map(|place| tree.list[*place].row.clone()).collect();
    insert_all!(conn, o::table, 20, rows);
    upsert_all!(
        conn,
        o::table,
        20,
        Entry::rows(&tree.list, State::Changed),
        o::key,
        [
            o::name,
            o::name_folded,
            o::name_sort,
            o::description,
            o::external_id,
            o::metadata,
            o::active,
            o::self_registration,
            o::organization_registration,
            o::rev,
            o::changed_at,
            o::slug,
            o::peopled,
            o::join_code,
        ]
    );
    let domains: Vec<DomainRow> = tree
        .new_domains
        .iter()
        .map(|(domain, place)| {
            let row = &tree.list[*place].row;
            DomainRow { store: row.store, domain: domain.clone(), organization: row.key }
        })
        .collect();
    insert_all!(conn, organization_domains::table, 3, domains);
    let closure: Vec<ClosureRow> = added
        .iter()
        .flat_map(|place| {
            let lineage = tree.lineage(*place);
            lineage.ancestors.into_iter().map(move |(ancestor, depth)| ClosureRow { ancestor, descendant: lineage.organization, depth })
        })
        .collect();
    insert_all!(conn, organization_closure::table, 3, closure);
    tree.keys.close(conn)
}
