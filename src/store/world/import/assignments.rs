//! Role assignments (A-*).

use super::{BINDS, Entry, State, Work, accounts::People, organizations::Tree, path_words, period, stores::Stores, upsert_all};
use crate::{
    domain::{
        key::*,
        role_assignment::{self, Given},
        text, world,
    },
    problem::Problem,
    store::{
        conn::{Conn, on_each},
        schema::role_assignments,
        world::{At, rows::AssignmentRow},
    },
};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// What is to be written: what is new and what is other, each in statements of its own, as the counts that are kept need
/// it.
#[derive(Default)]
pub(super) struct Judged {
    added: Vec<AssignmentRow>,
    changed: Vec<AssignmentRow>,
}

/// Judges the assignments of every store; what is to be written.
pub(super) fn judge(work: &mut Work, file: &world::World, stores: &Stores, tree: &Tree, people: &People) -> Result<Judged, Problem> {
    let mut judged = Judged::default();
    let top = At::TOP.key("identity_stores");
    for (index, found) in stores.of_file.iter().enumerate() {
        let list = &file.identity_stores[index].role_assignments;
        let Some(found) = *found else { continue };
        let at = top.index(index);
        let at = at.key("role_assignments");
        let wanted: Vec<AssignmentRow> = section(work, &Section { stores, found, tree, people }, at, list);
        let mut there = load(work.tx.conn(), &wanted)?;
        for row in wanted {
            let state = match there.remove(&(row.organization, row.role, row.account)) {
                None => State::Added,
                Some(old) if (old.starts, old.ends, &old.reason) == (row.starts, row.ends, &row.reason) => State::Same,
                Some(_) => State::Changed,
            };
            work.summary.role_assignments.note(state);
            match state {
                State::Added => judged.added.push(row),
                State::Changed => judged.changed.push(row),
                State::Same => {}
            }
        }
    }
    Ok(judged)
}

struct Section<'a> {
    stores: &'a Stores,
    found: usize,
    tree: &'a Tree,
    people: &'a People,
}

fn section(work: &mut Work, section: &Section, at: At, list: &[world::RoleAssignment]) -> Vec<AssignmentRow> {
    let Section { stores, found, tree, people } = section;
    let store = &stores.list[*found];
    let key = store.entry.row.key;
    let mut places: HashMap<&[String], Option<usize>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    let faults = &mut work.faults;
    for (index, wanted) in list.iter().enumerate() {
        let at = at.index(index);
        let role = store.roles.get(&text::fold(&wanted.role)).map(|entry: &Entry<_>| entry.row.key);
        if role.is_none() {
            faults.missing(at.key("role"), "role", key, &wanted.role, format!("The store has no role “{}”.", wanted.role));
        }
        let place = *places.entry(&wanted.organization).or_insert_with(|| tree.find(key, &wanted.organization));
        if place.is_none() {
            let message = if wanted.organization.is_empty() {
                "The root organization has no organization roles.".to_owned()
            } else {
                format!("There is no organization {} in this store.", path_words(&wanted.organization))
            };
            faults.no_organization(at.key("organization"), key, &wanted.organization, message);
        }
        let account = people.find(key, &wanted.account);
        if account.is_none() {
            faults.add(at.key("account"), format!("There is no account “{}” in this store.", wanted.account));
        }
        let dates = period(faults, at, wanted.starts.as_deref(), wanted.ends.as_deref());
        let reason = faults.sift(at.key("reason"), role_assignment::reason(&wanted.reason));
        let (Some(role), Some(place), Some(account), Some(dates), Some(reason)) = (role, place, account, dates, reason) else { continue };
        let organization = tree.key(place);
        if !seen.insert((organization, role, account)) {
            faults.add(at, "The same account, role and organization stand here twice (A-5).");
            continue;
        }
        rows.push(AssignmentRow {
            organization,
            role,
            account,
            starts: dates.starts,
            ends: dates.ends,
            reason,
            given: Given::Import,
            given_by: None,
            given_at: work.now,
        });
    }
    rows
}

type Key = (OrganizationKey, RoleKey, AccountKey);

/// Those that are there already, of the accounts that the file names.
fn load(conn: &mut Conn, wanted: &[AssignmentRow]) -> Result<HashMap<Key, AssignmentRow>, Problem> {
    let accounts: Vec<AccountKey> = wanted.iter().map(|row| row.account).collect::<HashSet<_>>().into_iter().collect();
    let mut found = HashMap::new();
    for keys in accounts.chunks(BINDS / 2) {
        let rows: Vec<AssignmentRow> = role_assignments::table.filter(role_assignments::account.eq_any(keys)).load(conn)?;
        found.extend(rows.into_iter().map(|row| ((row.organization, row.role, row.account), row)));
    }
    Ok(found)
}

/// Writes what is new and what is other; who changed it is now the import.
pub(super) fn write(work: &mut Work, judged: &Judged) -> Result<(), Problem> {
    use role_assignments as r;
    let conn = work.tx.conn();
    for rows in [&judged.added, &judged.changed] {
        upsert_all!(
            conn,
            r::table,
            9,
            rows,
            (r::organization, r::role, r::account),
            [r::starts, r::ends, r::reason, r::given, r::given_by, r::given_at]
        );
    }
    Ok(())
}
