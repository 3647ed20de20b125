//! Grants (D-7 to D-10): each file row becomes the grant it names, and every chain that the file touches is judged
//! as it will be.

use super::{
    BINDS, Entry, Keys, State, Work,
    accounts::People,
    administrators::{Administrators, owner},
    insert_all,
    organizations::Tree,
    period,
    stores::Stores,
    upsert_all,
};
use crate::{
    domain::{
        account::MembershipStatus,
        administrator_role::{Kind, SUPER_ADMINISTRATOR},
        key::*,
        organization::Lineage,
        role_assignment, text,
        time::Period,
        world,
    },
    problem::Problem,
    store::{
        conn::on_each,
        schema::grants,
        world::{
            At, Faults, TENANT, chain,
            rows::{AdministratorRoleRow, GrantRow, ScopeRow},
        },
    },
};
use diesel::prelude::*;
use std::collections::HashMap;

/// A grant as it will be, and where in the file it stands.
struct Planned {
    entry: Entry<GrantRow>,
    file: Option<usize>,
}

/// The grants to be written.
pub(super) struct Grants {
    rows: Vec<(GrantRow, State)>,
    keys: Keys,
}

struct Known<'a> {
    stores: &'a Stores,
    tree: &'a Tree,
    people: &'a People,
    administrators: &'a Administrators,
    roles: HashMap<AdministratorRoleKey, &'a AdministratorRoleRow>,
    scopes: HashMap<ScopeKey, &'a ScopeRow>,
    places: HashMap<OrganizationKey, Lineage>,
}

/// Judges the grants of the file, and those there that hang on what it changes.
pub(super) fn judge(
    work: &mut Work,
    file: &world::World,
    stores: &Stores,
    tree: &Tree,
    people: &People,
    administrators: &Administrators,
) -> Result<Grants, Problem> {
    let scopes: HashMap<ScopeKey, &ScopeRow> = administrators.scopes.values().map(|entry| (entry.row.key, &entry.row)).collect();
    let owners: std::collections::HashSet<OrganizationKey> = scopes.values().map(|scope| scope.organization).collect();
    let known = Known {
        stores,
        tree,
        people,
        administrators,
        roles: administrators.roles.values().map(|entry| (entry.row.key, &entry.row)).collect(),
        places: (0..tree.list.len())
            .filter(|place| owners.contains(&tree.key(*place)))
            .map(|place| (tree.key(place), tree.lineage(place)))
            .collect(),
        scopes,
    };
    let there: Vec<GrantRow> = grants::table.order(grants::key).load(work.tx.conn())?;
    let mut keys = Keys::of(work.tx.conn(), "grants")?;
    let old: HashMap<GrantKey, GrantRow> = there.iter().map(|row| (row.key, row.clone())).collect();
    let mut all: Vec<Planned> = there.into_iter().map(|row| Planned { entry: Entry::there(row), file: None }).collect();
    let by_key: HashMap<GrantKey, usize> = all.iter().enumerate().map(|(index, grant)| (grant.entry.row.key, index)).collect();
    let ups = lay_over(work, &known, file, &mut all, &mut keys);
    let ups: Vec<Option<usize>> = all
        .iter()
        .enumerate()
        .map(|(index, grant)| match grant.file {
            Some(_) => ups.get(&index).copied(),
            None => grant.entry.row.through.and_then(|through| by_key.get(&through).copied()),
        })
        .collect();
    for (index, up) in ups.iter().enumerate() {
        if all[index].file.is_some() {
            all[index].entry.row.through = up.map(|up| all[up].entry.row.key);
        }
    }
    let mut touched = Vec::new();
    for grant in &mut all {
        if grant.file.is_some() {
            let row = &grant.entry.row;
            grant.entry.state = match old.get(&row.key) {
                None => State::Added,
                Some(old) if same(old, row) => State::Same,
                Some(_) => State::Changed,
            };
            if grant.entry.state != State::Same {
                grant.entry.row.given_at = work.now;
                grant.entry.row.given_by = None;
                grant.entry.row.rev += i32::from(grant.entry.state == State::Changed);
            }
            work.summary.grants.note(grant.entry.state);
        }
        touched
            .push(grant.entry.state != State::Same || grant.entry.row.scope.is_some_and(|scope| administrators.moved.contains_key(&scope)));
    }
    for index in 0..all.len() {
        if let Some(chain) = chain_of(work, &all, &ups, index)
            && chain.iter().any(|place| touched[*place])
        {
            one(&mut work.faults, &known, &all, &chain);
        }
    }
    // A grant comes after the one it was made through.
    let depth = |index: usize| std::iter::successors(Some(index), |here| ups[*here]).take(all.len() + 1).count();
    let mut order: Vec<usize> = (0..all.len()).filter(|index| all[*index].entry.state != State::Same).collect();
    order.sort_by_cached_key(|index| depth(*index));
    Ok(Grants { rows: order.into_iter().map(|index| (all[index].entry.row.clone(), all[index].entry.state)).collect(), keys })
}

fn same(one: &GrantRow, other: &GrantRow) -> bool {
    let terms = |row: &GrantRow| (row.cascading, row.through, row.starts, row.ends, row.reason.clone());
    terms(one) == terms(other)
}

/// Makes each row of the file the grant it names (Z-6); which grant each was made through, by place in the list.
fn lay_over(work: &mut Work, known: &Known, file: &world::World, all: &mut Vec<Planned>, keys: &mut Keys) -> HashMap<usize, usize> {
    let mut by_terms: HashMap<(AdministratorRoleKey, AccountKey, Option<ScopeKey>), usize> = all
        .iter()
        .enumerate()
        .map(|(index, Planned { entry: Entry { row, .. }, .. })| ((row.role, row.account, row.scope), index))
        .collect();
    let mut names: HashMap<&str, Option<usize>> = HashMap::new();
    let mut throughs: Vec<(usize, usize, &str)> = Vec::new();
    let top = At::TOP.key("grants");
    for (number, wanted) in file.grants.iter().enumerate() {
        let at = top.index(number);
        let row = row(work, known, at, wanted, keys);
        let place = row.map(|row| {
            let terms = (row.role, row.account, row.scope);
            match by_terms.get(&terms) {
                Some(place) if all[*place].file.is_some() => {
                    work.faults.add(at, "The same role, account and scope stand in this file twice (Z-6).");
                    *place
                }
                Some(place) => {
                    let there = &mut all[*place];
                    let GrantRow { key, id, given_by, given_at, rev, .. } = there.entry.row.clone();
                    there.entry.row = GrantRow { key, id, given_by, given_at, rev, ..row };
                    there.file = Some(number);
                    *place
                }
                None => {
                    all.push(Planned { entry: Entry::added(row), file: Some(number) });
                    by_terms.insert(terms, all.len() - 1);
                    all.len() - 1
                }
            }
        });
        if let Some(name) = &wanted.key
            && names.insert(name, place).is_some()
        {
            work.faults.add(at.key("key"), format!("Two grants of this file have the key “{name}”."));
        }
        if let (Some(place), Some(through)) = (place, &wanted.through) {
            throughs.push((place, number, through));
        }
    }
    let mut ups = HashMap::new();
    for (place, number, through) in throughs {
        match names.get(through) {
            Some(Some(up)) => {
                ups.insert(place, *up);
            }
            // It has a fault of its own.
            Some(None) => {}
            None => {
                let at = top.index(number);
                work.faults.add(at.key("through"), format!("No grant of this file has the key “{through}”."));
            }
        }
    }
    ups
}

fn row(work: &mut Work, known: &Known, at: At, wanted: &world::Grant, keys: &mut Keys) -> Option<GrantRow> {
    let faults = &mut work.faults;
    let role = known.administrators.roles.get(&text::fold(&wanted.role)).map(|entry| &entry.row);
    if role.is_none() {
        faults.missing(
            at.key("role"),
            "administrator role",
            TENANT,
            &wanted.role,
            format!("There is no administrator role “{}”.", wanted.role),
        );
    }
    let store = match &wanted.store {
        None => Some(known.stores.administrators),
        Some(name) => {
            let found = known.stores.find(name);
            if found.is_none() {
                faults.missing(at.key("store"), "store", TENANT, name, format!("There is no store “{name}”."));
            }
            found
        }
    };
    let account = store.and_then(|store| {
        let row = &known.stores.list[store].entry.row;
        let found = known.people.find(row.key, &wanted.account);
        if found.is_none() {
            faults.add(at.key("account"), format!("There is no account “{}” in the store “{}”.", wanted.account, row.name));
        }
        found
    });
    let scope = match &wanted.scope {
        None => Some(None),
        Some(wanted) => {
            let at = at.key("scope");
            owner(faults, (known.stores, known.tree), at, wanted.store.as_deref(), &wanted.organization).and_then(|owner| {
                let found = known.administrators.scopes.get(&(known.tree.key(owner), text::fold(&wanted.name))).map(|entry| entry.row.key);
                if found.is_none() {
                    faults.missing(
                        at.key("name"),
                        "scope",
                        TENANT,
                        &wanted.name,
                        format!("This organization owns no scope “{}”.", wanted.name),
                    );
                }
                found.map(Some)
            })
        }
    };
    let dates = period(faults, at, wanted.starts.as_deref(), wanted.ends.as_deref());
    let reason = faults.sift(at.key("reason"), role_assignment::reason(&wanted.reason));
    let (Some(role), Some(account), Some(scope), Some(Period { starts, ends }), Some(reason)) = (role, account, scope, dates, reason)
    else {
        return None;
    };
    Some(GrantRow {
        key: GrantKey(keys.give()),
        id: work.tx.chance().id("grant"),
        role: role.key,
        account,
        scope,
        cascading: wanted.cascading,
        through: None,
        starts,
        ends,
        reason,
        given_by: None,
        given_at: work.now,
        rev: 1,
    })
}

/// The grant and those above it; none where it goes round in a circle.
fn chain_of(work: &mut Work, all: &[Planned], ups: &[Option<usize>], index: usize) -> Option<Vec<usize>> {
    let mut chain = vec![index];
    while let Some(up) = ups[chain[chain.len() - 1]] {
        if chain.contains(&up) {
            if let Some(number) = all[index].file {
                let at = At::TOP.key("grants");
                let at = at.index(number);
                work.faults.add(at.key("through"), "The grants that this one was made through lead back to themselves (D-10).");
            }
            return None;
        }
        chain.push(up);
    }
    Some(chain)
}

/// D-5, D-7, D-9 for the first grant of the chain, under the others.
fn one(faults: &mut Faults, known: &Known, all: &[Planned], chain: &[usize]) {
    let Some(row) = chain.first().map(|place| &all[*place].entry.row) else { return };
    let links: Vec<chain::Link> = chain
        .iter()
        .filter_map(|place| {
            let row = &all[*place].entry.row;
            Some(chain::Link {
                role: row.role,
                kind: known.roles.get(&row.role)?.kind,
                account: row.account,
                scope: row
                    .scope
                    .and_then(|scope| known.scopes.get(&scope))
                    .and_then(|scope| Some((known.places.get(&scope.organization)?, scope.reach))),
                cascading: row.cascading,
                period: Period { starts: row.starts, ends: row.ends },
            })
        })
        .collect();
    let mut wrong = chain::judge(&links);
    if !chain::is_covered(&links) {
        wrong.push(("scope", "Its scope is not covered by that of the grant that it was made through (D-9).".into()));
    }
    let first = &all[chain[0]];
    let is_super = links.first().is_some_and(|link| link.kind == Kind::Super);
    if is_super && first.entry.state != State::Same && known.people.in_root.get(&row.account) != Some(&MembershipStatus::Active) {
        wrong.push((
            "account",
            format!("The role “{SUPER_ADMINISTRATOR}” is only for accounts of Administrators that are active members of root (D-5)."),
        ));
    }
    // Where the file says it: at the grant itself, or at what the file changes above it.
    let place = chain.iter().find_map(|place| all[*place].file);
    let moved = chain.iter().find_map(|place| known.administrators.moved.get(&all[*place].entry.row.scope?));
    for (field, message) in wrong {
        match (first.file, place, moved) {
            (Some(number), ..) => {
                let at = At::TOP.key("grants");
                let at = at.index(number);
                faults.add(at.key(field), message);
            }
            (None, _, Some(number)) => {
                let at = At::TOP.key("scopes");
                let at = at.index(*number);
                faults.add(at.key("reach"), format!("The grant {} hangs on this scope: {message}", row.id));
            }
            (None, Some(number), None) => {
                let at = At::TOP.key("grants");
                faults.add(at.index(number), format!("The grant {} was made through this one: {message}", row.id));
            }
            (None, None, None) => {}
        }
    }
}

/// Writes what is new and what is other.
pub(super) fn write(work: &mut Work, planned: &Grants) -> Result<(), Problem> {
    use grants as g;
    let rows = |state: State| planned.rows.iter().filter(|(_, is)| *is == state).map(|(row, _)| row.clone()).collect::<Vec<_>>();
    let conn = work.tx.conn();
    insert_all!(conn, g::table, 13, rows(State::Added));
    upsert_all!(
        conn,
        g::table,
        13,
        rows(State::Changed),
        g::key,
        [g::cascading, g::through, g::starts, g::ends, g::reason, g::given_by, g::given_at, g::rev]
    );
    planned.keys.close(conn)
}
