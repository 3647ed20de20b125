//! Accounts with their identifiers, groups and memberships (S-3, S-4, S-7), in three passes over a store's list:
//! whom each one is, by key; what becomes free; what each one becomes.

mod hanging;
mod terms;
mod write;

use super::{
    BINDS, Keys, State, Work,
    organizations::Tree,
    path_words,
    stores::{Store, Stores},
};
use crate::{
    domain::{account::MembershipStatus, key::*, text, world},
    problem::Problem,
    store::{
        conn::Conn,
        schema::{account_group_members, accounts, identifiers, memberships},
        world::{
            At,
            rows::{AccountRow, GroupMemberRow, IdentifierRow, MembershipRow},
        },
    },
};
use diesel::prelude::*;
use hanging::Hanging;
use std::collections::{HashMap, HashSet, hash_map::Entry};
use terms::{Terms, credentials};

pub(super) use write::write;

/// An account of the file: where it stands there, and whom it is.
struct Plan {
    index: usize,
    key: AccountKey,
    old: Option<Box<AccountRow>>,
    state: State,
}

/// An account of the file as the third pass looks at it.
#[derive(Clone, Copy)]
struct One<'a> {
    at: At<'a>,
    account: &'a world::Account,
    /// What it is to be, once that is sound.
    terms: &'a Terms,
    plan: &'a Plan,
}

/// A list of accounts of the file: of a store, or (none) of root.
struct Section {
    of: Option<usize>,
    store: usize,
    plans: Vec<Plan>,
}

/// The accounts as they will be.
pub(super) struct People {
    sections: Vec<Section>,
    /// By store and folded identifier: of every store that the file names, and of Administrators.
    identifiers: HashMap<StoreKey, HashMap<String, AccountKey>>,
    /// Who is a member of root, and how.
    pub in_root: HashMap<AccountKey, MembershipStatus>,
    freed: Vec<(StoreKey, String)>,
    taken: Vec<IdentifierRow>,
    memberships: Vec<MembershipRow>,
    groups: Vec<GroupMemberRow>,
    hanging: hanging::Rows,
    keys: Keys,
}

impl People {
    /// The account of the store with this identifier.
    pub fn find(&self, store: StoreKey, identifier: &str) -> Option<AccountKey> {
        self.identifiers.get(&store)?.get(&text::fold(identifier)).copied()
    }
}

fn list_of(file: &world::World, of: Option<usize>) -> &[world::Account] {
    match of {
        Some(index) => file.identity_stores.get(index).map_or(&[], |store| &store.accounts),
        None => &file.root.accounts,
    }
}

/// Judges every list of accounts.
pub(super) fn judge(
    work: &mut Work,
    file: &world::World,
    stores: &Stores,
    tree: &Tree,
    progress: &mut dyn FnMut(&str),
) -> Result<People, Problem> {
    let conn = work.tx.conn();
    let mut people = People {
        sections: Vec::new(),
        identifiers: HashMap::new(),
        in_root: memberships::table
            .filter(memberships::organization.eq(tree.key(tree.root)))
            .select((memberships::account, memberships::status))
            .load::<(AccountKey, MembershipStatus)>(conn)?
            .into_iter()
            .collect(),
        freed: Vec::new(),
        taken: Vec::new(),
        memberships: Vec::new(),
        groups: Vec::new(),
        hanging: hanging::Rows::default(),
        keys: Keys::of(conn, "accounts")?,
    };
    let granted = file.grants.iter().filter_map(|grant| stores.find(grant.store.as_deref()?));
    let inviting = file.invitations.iter().filter_map(|invitation| stores.find(invitation.invited_by_store.as_deref()?));
    let others = granted.chain(inviting);
    for store in stores.of_file.iter().copied().flatten().chain([stores.administrators]).chain(others) {
        let key = stores.list[store].entry.row.key;
        if let Entry::Vacant(unknown) = people.identifiers.entry(key) {
            let known: Vec<(String, AccountKey)> = identifiers::table
                .filter(identifiers::store.eq(key))
                .select((identifiers::folded, identifiers::account))
                .load(work.tx.conn())?;
            unknown.insert(known.into_iter().collect());
        }
    }
    let top = At::TOP.key("identity_stores");
    for (index, found) in stores.of_file.iter().enumerate() {
        if let Some(found) = *found {
            let at = top.index(index);
            section(work, &mut people, file, stores, tree, Some(index), found, at.key("accounts"), progress)?;
        }
    }
    let at = At::TOP.key("root");
    section(work, &mut people, file, stores, tree, None, stores.administrators, at.key("accounts"), progress)?;
    Ok(people)
}

#[allow(clippy::too_many_arguments, reason = "one call each from the two places that a list can stand")]
fn section(
    work: &mut Work,
    people: &mut People,
    file: &world::World,
    stores: &Stores,
    tree: &Tree,
    of: Option<usize>,
    found: usize,
    at: At,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Problem> {
    let store = &stores.list[found];
    let list = list_of(file, of);
    if list.is_empty() {
        return Ok(());
    }
    let key = store.entry.row.key;
    let mut known = people.identifiers.remove(&key).unwrap_or_default();
    let mut plans = recognise(work, people, &known, list, at)?;
    release(people, &mut known, key, list, &plans);
    let olds: Vec<AccountKey> = plans.iter().filter(|plan| plan.old.is_some()).map(|plan| plan.key).collect();
    let mut judge = Judge {
        store,
        tree,
        is_root: of.is_none(),
        places: HashMap::new(),
        memberships: memberships_of(work.tx.conn(), &olds)?,
        groups: groups_of(work.tx.conn(), &olds)?,
        hanging: Hanging::of(work.tx.conn(), key, list, &plans)?,
    };
    for (count, plan) in plans.iter_mut().enumerate() {
        if work.faults.full() {
            break;
        }
        if count > 0 && count % 100_000 == 0 {
            progress(&format!(
                "{}: {} of {} accounts checked",
                store.entry.row.name,
                text::thousands(count as i64),
                text::thousands(list.len() as i64)
            ));
        }
        judge.account(work, people, &mut known, at.index(plan.index), &list[plan.index], plan)?;
    }
    people.identifiers.insert(key, known);
    people.sections.push(Section { of, store: found, plans });
    Ok(())
}

/// First pass: whom each account of the list is. Its key is its e-mail, else its user name.
fn recognise(
    work: &mut Work,
    people: &mut People,
    known: &HashMap<String, AccountKey>,
    list: &[world::Account],
    at: At,
) -> Result<Vec<Plan>, Problem> {
    let mut seen: HashSet<AccountKey> = HashSet::new();
    let mut found: Vec<(usize, Option<AccountKey>)> = Vec::with_capacity(list.len());
    for (index, account) in list.iter().enumerate() {
        let Some(typed) = account.email.as_deref().or(account.username.as_deref()) else {
            work.faults.add(at.index(index), "An account needs an e-mail address or a user name.");
            continue;
        };
        let there = if known.is_empty() { None } else { known.get(&text::fold(typed)).copied() };
        if there.is_some_and(|there| !seen.insert(there)) {
            let here = at.index(index);
            work.faults
                .add(here.key(if account.email.is_some() { "email" } else { "username" }), format!("“{typed}” stands in this list twice."));
            continue;
        }
        found.push((index, there));
    }
    let mut olds: HashMap<AccountKey, AccountRow> = HashMap::new();
    let there: Vec<AccountKey> = found.iter().filter_map(|(_, there)| *there).collect();
    for keys in there.chunks(BINDS / 2) {
        let rows: Vec<AccountRow> =
            accounts::table.filter(accounts::key.eq_any(keys)).select(AccountRow::as_select()).load(work.tx.conn())?;
        olds.extend(rows.into_iter().map(|row| (row.key, row)));
    }
    // What is to become somebody's identifier is taken (S-3), but names nobody yet.
    let mut named = Vec::with_capacity(found.len());
    for (index, there) in found {
        let old = there.and_then(|key| olds.remove(&key));
        let owns = |old: &AccountRow| {
            let typed = list[index].email.as_deref().or(list[index].username.as_deref()).map(text::fold);
            [&old.email, &old.username].into_iter().flatten().any(|own| Some(text::fold(own)) == typed)
        };
        if old.as_ref().is_some_and(|old| !owns(old)) {
            let here = at.index(index);
            let field = if list[index].email.is_some() { "email" } else { "username" };
            work.faults.add(here.key(field), "This waits to become an identifier of another account of this store.");
            continue;
        }
        named.push((index, old));
    }
    Ok(named
        .into_iter()
        .map(|(index, old)| match old {
            Some(old) => Plan { index, key: old.key, old: Some(Box::new(old)), state: State::Same },
            None => Plan { index, key: AccountKey(people.keys.give()), old: None, state: State::Added },
        })
        .collect())
}

/// Second pass: the identifiers that the file replaces are free for others of the list.
fn release(people: &mut People, known: &mut HashMap<String, AccountKey>, store: StoreKey, list: &[world::Account], plans: &[Plan]) {
    for plan in plans {
        let Some(old) = &plan.old else { continue };
        let account = &list[plan.index];
        for (before, after) in [(&old.email, &account.email), (&old.username, &account.username)] {
            if let (Some(before), Some(after)) = (before, after) {
                let before = text::fold(before);
                if before != text::fold(after) {
                    known.remove(&before);
                    people.freed.push((store, before));
                }
            }
        }
    }
}

fn memberships_of(conn: &mut Conn, of: &[AccountKey]) -> Result<HashMap<(AccountKey, OrganizationKey), MembershipStatus>, Problem> {
    let mut found = HashMap::new();
    for keys in of.chunks(BINDS / 2) {
        let rows: Vec<(AccountKey, OrganizationKey, MembershipStatus)> = memberships::table
            .filter(memberships::account.eq_any(keys))
            .select((memberships::account, memberships::organization, memberships::status))
            .load(conn)?;
        found.extend(rows.into_iter().map(|(account, organization, status)| ((account, organization), status)));
    }
    Ok(found)
}

fn groups_of(conn: &mut Conn, of: &[AccountKey]) -> Result<HashSet<(AccountKey, i64)>, Problem> {
    let mut found = HashSet::new();
    for keys in of.chunks(BINDS / 2) {
        let rows: Vec<(AccountKey, i64)> = account_group_members::table.filter(account_group_members::account.eq_any(keys)).load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// What the third pass looks things up in.
struct Judge<'a> {
    store: &'a Store,
    tree: &'a Tree,
    is_root: bool,
    places: HashMap<&'a [String], Option<usize>>,
    memberships: HashMap<(AccountKey, OrganizationKey), MembershipStatus>,
    groups: HashSet<(AccountKey, i64)>,
    hanging: Hanging,
}

impl<'a> Judge<'a> {
    /// Third pass: what the account becomes.
    fn account(
        &mut self,
        work: &mut Work,
        people: &mut People,
        known: &mut HashMap<String, AccountKey>,
        at: At,
        account: &'a world::Account,
        plan: &mut Plan,
    ) -> Result<(), Problem> {
        let terms = Terms::check(&mut work.faults, at, self.store, account, plan.old.as_deref())?;
        let credentials = credentials(&mut work.faults, at, account);
        let hangs = match &terms {
            Some(terms) => {
                let one = One { at, account, terms, plan };
                self.identifiers(work, people, known, one);
                self.hanging.judge(work, people, known, one)
            }
            // That others name it is no second fault.
            None => {
                for typed in [&account.email, &account.username].into_iter().flatten() {
                    known.entry(text::fold(typed)).or_insert(plan.key);
                }
                false
            }
        };
        let grouped = self.join_groups(work, people, at, account, plan);
        self.join(work, people, at, account, plan);
        if let (Some(terms), Some(old)) = (terms, &plan.old) {
            let password = credentials || account.password_hash.as_ref().is_some_and(|hash| old.password_hash.as_ref() != Some(hash));
            if grouped || hangs || password || terms != Terms::of(old) {
                plan.state = State::Changed;
            }
        }
        work.summary.accounts.note(plan.state);
        Ok(())
    }

    /// S-3: one namespace per store.
    fn identifiers(&self, work: &mut Work, people: &mut People, known: &mut HashMap<String, AccountKey>, one: One) {
        let One { at, account, terms, plan } = one;
        if let Some(place) = account.unconfirmed.iter().position(|word| word != "email" && word != "username") {
            work.faults.add(at.key("unconfirmed").index(place), "Say email or username.");
        }
        for (kind, typed) in [("email", &terms.email), ("username", &terms.username)] {
            let Some(typed) = typed else { continue };
            let folded = text::fold(typed);
            match known.get(&folded) {
                Some(owner) if *owner == plan.key => {}
                Some(_) => work.faults.add(at.key(kind), format!("“{typed}” is an identifier of another account of this store.")),
                None => {
                    known.insert(folded.clone(), plan.key);
                    people.taken.push(IdentifierRow {
                        store: self.store.entry.row.key,
                        folded,
                        account: plan.key,
                        kind,
                        confirmed: !account.unconfirmed.iter().any(|word| word == kind),
                    });
                }
            }
        }
    }

    fn join_groups(&mut self, work: &mut Work, people: &mut People, at: At, account: &world::Account, plan: &Plan) -> bool {
        let at = at.key("groups");
        let mut joined = false;
        for (index, name) in account.groups.iter().enumerate() {
            match self.store.groups.get(&text::fold(name)) {
                None => {
                    work.faults.missing(
                        at.index(index),
                        "group",
                        self.store.entry.row.key,
                        name,
                        format!("The store has no group “{name}”."),
                    );
                }
                Some(group) => {
                    if self.groups.insert((plan.key, group.row.key)) {
                        people.groups.push(GroupMemberRow { account: plan.key, account_group: group.row.key });
                        joined = true;
                    }
                }
            }
        }
        joined
    }

    /// S-7. Accounts of root are all members of root, and of nothing else.
    fn join(&mut self, work: &mut Work, people: &mut People, at: At, account: &'a world::Account, plan: &Plan) {
        let at = at.key("memberships");
        let mut seen: Vec<usize> = Vec::new();
        for (index, wanted) in account.memberships.iter().enumerate() {
            let at = at.index(index);
            let place =
                if self.is_root { wanted.organization.is_empty().then_some(self.tree.root) } else { self.place(&wanted.organization) };
            let status = MembershipStatus::from_word(&wanted.status);
            if status.is_none() {
                work.faults.add(at.key("status"), "The status of a membership is active or blocked.");
            }
            match place {
                None => {
                    let message = format!("There is no organization {} in this store.", path_words(&wanted.organization));
                    work.faults.no_organization(at.key("organization"), self.store.entry.row.key, &wanted.organization, message);
                }
                Some(place) if seen.contains(&place) => work.faults.add(at.key("organization"), "This account has this membership twice."),
                Some(place) => {
                    seen.push(place);
                    if let Some(status) = status {
                        self.member(work, people, plan.key, place, status);
                    }
                }
            }
        }
        if self.is_root && seen.is_empty() && !self.memberships.contains_key(&(plan.key, self.tree.key(self.tree.root))) {
            self.member(work, people, plan.key, self.tree.root, MembershipStatus::Active);
        }
    }

    fn place(&mut self, path: &'a [String]) -> Option<usize> {
        let (tree, store) = (self.tree, self.store.entry.row.key);
        *self.places.entry(path).or_insert_with(|| tree.find(store, path))
    }

    fn member(&self, work: &mut Work, people: &mut People, account: AccountKey, place: usize, status: MembershipStatus) {
        let organization = self.tree.key(place);
        let state = match self.memberships.get(&(account, organization)) {
            None => State::Added,
            Some(old) if *old == status => State::Same,
            Some(_) => State::Changed,
        };
        work.summary.memberships.note(state);
        if self.is_root {
            people.in_root.insert(account, status);
        }
        if state != State::Same {
            people.memberships.push(MembershipRow { account, organization, status, created_at: work.now });
        }
    }
}
