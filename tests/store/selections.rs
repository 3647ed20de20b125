//! Selections that survive everything (screens.md 3.6).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    domain::{
        key::AccountKey,
        permissions::{RoleAssignmentEdit, UserView},
        time::Period,
    },
    store::{
        accounts::{Filter, Sort},
        paging::Paging,
        role_assignments::{self, Wanted},
        selections::{self, Change, Draft},
    },
};
use serde_json::json;
use std::collections::BTreeSet;

fn change(at: &Database, who: &str, id: Option<&str>, wanted: &Wanted, change: &Change) -> String {
    at.db.note(|note| selections::change(note, &at.db.chance, at.account_key(who), id, wanted.purpose(), change)).unwrap()
}

fn ticks(at: &Database, seen: &[&str], ticked: &[&str]) -> Change {
    let keys = |names: &[&str]| names.iter().map(|name| at.account_key(name)).collect::<Vec<AccountKey>>();
    Change { seen: keys(seen), ticked: keys(ticked), replace: None }
}

fn matching(q: &str) -> Change {
    Change { replace: Some(Some(Filter { q: q.to_owned(), ..Filter::default() })), ..Change::default() }
}

fn find(at: &Database, who: &str, id: &str) -> Option<Draft> {
    let store = at.customers().key;
    at.db.read(&at.permit::<UserView>(who), |view| selections::find(view, store, id)).unwrap()
}

/// The names of those who are selected now.
fn selected(at: &Database, who: &str, id: &str, wanted: &Wanted) -> BTreeSet<String> {
    let draft = find(at, who, id).unwrap();
    let permit = at.permit::<UserView>(who);
    let found = at.db.read(&permit, |view| selections::resolve(view, &draft, wanted)).unwrap();
    let names: BTreeSet<String> =
        found.iter().map(|(key, _)| at.texts(&format!("SELECT name AS t FROM accounts WHERE key = {}", key.0)).remove(0)).collect();
    let read =
        at.db.read(&permit, |view| selections::read(view, &draft, wanted, &found.iter().map(|(key, _)| *key).collect::<Vec<_>>())).unwrap();
    assert_eq!((read.count as usize, read.ticked.len(), read.exact), (names.len(), names.len(), true), "what is counted is what is there");
    let only = at.db.read(&permit, |view| {
        role_assignments::candidates(view, wanted, &Filter::default(), Some(&draft.id), Sort::Name, &Paging::first(100))
    });
    assert_eq!(only.unwrap().rows.len(), names.len(), "“show only selected” shows them");
    names
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn ticks_of_several_pages_add_up_and_a_post_may_arrive_twice() {
    for at in Database::each() {
        let wanted = at.wanted("Acme", "Greeter");
        let first = ticks(&at, &["paul@acme.example", "p01@acme.example", "ivy"], &["paul@acme.example", "ivy"]);
        let id = change(&at, SUPER, None, &wanted, &first);
        assert_eq!(change(&at, SUPER, Some(&id), &wanted, &first), id);
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Paul Plain", "Ivy Invited"]), "{}", at.name());
        change(&at, SUPER, Some(&id), &wanted, &ticks(&at, &["p02@acme.example", "p02@acme.example"], &["p02@acme.example"]));
        change(&at, SUPER, Some(&id), &wanted, &ticks(&at, &["ivy", "p01@acme.example"], &["p01@acme.example"]));
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Paul Plain", "Ana Kovač", "Anaïs Bonnet"]));
        let cleared = Change { replace: Some(None), ..Change::default() };
        change(&at, SUPER, Some(&id), &wanted, &cleared);
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&[]));
    }
}

#[test]
fn all_that_match_less_those_unticked_is_what_matches_when_it_is_asked_until_it_is_settled() {
    for at in Database::each() {
        let wanted = at.wanted("Acme", "Greeter");
        let id = change(&at, SUPER, None, &wanted, &matching("labs"));
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Gil Labs", "Gus Labs"]), "{}", at.name());
        change(&at, SUPER, Some(&id), &wanted, &ticks(&at, &["q03@globex.example", "paul@acme.example"], &["paul@acme.example"]));
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Gil Labs", "Paul Plain"]), "one less, one more");
        let more = |name: &str| {
            at.import(json!({ "bailiwick": 1, "identity_stores": [{
                "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
                "accounts": [{ "username": name, "name": format!("{name} Labs"), "status": "active" }],
            }] }));
        };
        more("newer");
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Gil Labs", "Paul Plain", "newer Labs"]));

        let draft = find(&at, SUPER, &id).unwrap();
        let permit = at.permit::<UserView>(SUPER);
        let found = at.db.read(&permit, |view| selections::resolve(view, &draft, &wanted)).unwrap();
        let keys: Vec<AccountKey> = found.iter().map(|(key, _)| *key).collect();
        at.db.note(|note| selections::freeze(note, &id, &keys)).unwrap();
        more("newest");
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Gil Labs", "Paul Plain", "newer Labs"]), "settled: whoever matches later");
        let draft = find(&at, SUPER, &id).unwrap();
        assert_eq!((draft.frozen, draft.matching), (Some(3), None));

        // Who got it meanwhile is still named by the settled list, and no longer selected.
        let edit = at.permit::<RoleAssignmentEdit>(SUPER);
        let paul = at.accounts(["paul@acme.example"]);
        at.db.write_or_stop(&edit, |tx| role_assignments::add(tx, &wanted, &paul, 0, Period::ALWAYS, "")).unwrap();
        let draft = find(&at, SUPER, &id).unwrap();
        assert_eq!(at.db.read(&permit, |view| selections::frozen(view, &draft)).unwrap().len(), 3);
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Gil Labs", "newer Labs"]));
        // Who vanished leaves the list; the number that was confirmed stays.
        at.run(&format!("DELETE FROM selection_items WHERE account = {}", at.account_key("q02@globex.example").0));
        at.vanish("q02@globex.example");
        let draft = find(&at, SUPER, &id).unwrap();
        assert_eq!((draft.frozen, at.db.read(&permit, |view| selections::frozen(view, &draft)).unwrap().len()), (Some(3), 2));
        // Another tick opens it again.
        change(&at, SUPER, Some(&id), &wanted, &ticks(&at, &["ivy"], &["ivy"]));
        assert_eq!(find(&at, SUPER, &id).unwrap().frozen, None);
    }
}

#[test]
fn another_pair_keeps_who_was_selected() {
    for at in Database::each() {
        let id = change(
            &at,
            SUPER,
            None,
            &at.wanted("Acme", "Greeter"),
            &ticks(&at, &["tess@acme.example", "ivy"], &["tess@acme.example", "ivy"]),
        );
        let other = at.wanted("Acme/North", "Org auditor");
        change(&at, SUPER, Some(&id), &other, &Change::default());
        let draft = find(&at, SUPER, &id).unwrap();
        assert_eq!(draft.pair, Some((other.organization.key, other.role.key)), "{}", at.name());
        assert_eq!(selected(&at, SUPER, &id, &other), set(&["Ivy Invited"]), "Tess holds that one already");
    }
}

#[test]
fn a_selection_is_its_owners_in_its_store_for_a_day() {
    for at in Database::each() {
        let wanted = at.wanted("Acme", "Greeter");
        let id = change(&at, SUPER, None, &wanted, &ticks(&at, &["ivy"], &["ivy"]));
        assert!(find(&at, INSIDE, &id).is_none(), "{}", at.name());
        let partners = at.store("partners").key;
        assert!(at.db.read(&at.permit::<UserView>(SUPER), |view| selections::find(view, partners, &id)).unwrap().is_none());
        // Whoever names another's gets one of their own.
        let hers = change(&at, INSIDE, Some(&id), &wanted, &ticks(&at, &["paul@acme.example"], &["paul@acme.example"]));
        assert_ne!(hers, id);
        assert_eq!(selected(&at, SUPER, &id, &wanted), set(&["Ivy Invited"]));
        at.wait_minutes(24 * 60);
        assert!(find(&at, SUPER, &id).is_none());
        change(&at, SUPER, None, &wanted, &Change::default());
        assert_eq!(at.number(&format!("SELECT count(*) AS n FROM selection_drafts WHERE id = '{id}'")), 0, "swept out with the next one");
        assert_eq!(at.number("SELECT count(*) AS n FROM selection_items"), 1, "hers alone");
    }
}

#[test]
fn what_somebody_selects_beyond_their_reach_is_not_selected() {
    for at in Database::each() {
        let wanted = at.wanted("Acme", "Greeter");
        let id = change(&at, INSIDE, None, &wanted, &matching(""));
        let mine = selected(&at, INSIDE, &id, &wanted);
        assert!(mine.contains("Paul Plain") && !mine.contains("Gil Labs") && !mine.contains("Nemo Nowhere"), "{}", at.name());
        let store = at.customers().key;
        let named = at.accounts(["paul@acme.example", "q02@globex.example"]);
        let keys = at.db.read(&at.permit::<UserView>(INSIDE), |view| selections::keys(view, store, &named)).unwrap();
        assert_eq!(keys.into_keys().collect::<Vec<_>>(), at.accounts(["paul@acme.example"]));
    }
}
