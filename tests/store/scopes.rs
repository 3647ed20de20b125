//! Scopes: what they reach, names, ends (D-6).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    domain::{
        administrator_role::ScopeReach,
        permissions::{ScopeAdd, ScopeDelete, ScopeEdit, ScopeView},
        scope::{Scope, Terms},
    },
    problem::Problem,
    store::{
        grants::HandedOnThen,
        paging::Paging,
        scopes::{self, Filter, Saved, Wanted},
    },
};
use serde_json::json;

fn terms(name: &str, reach: ScopeReach) -> Terms {
    Terms { name: name.to_owned(), description: String::new(), reach }
}

fn add(at: &Database, org: &str, name: &str, reach: ScopeReach) -> Result<Scope, Problem> {
    at.db.write(&at.permit::<ScopeAdd>(SUPER), |tx| scopes::add(tx, org, &terms(name, reach)))
}

fn edit(at: &Database, scope: &Scope, org: &str, terms: Terms, confirmed: Option<&str>) -> Result<Saved, Problem> {
    let wanted = Wanted { org: org.to_owned(), terms, handed_on: HandedOnThen::Revoke };
    at.db.write_or_stop(&at.permit::<ScopeEdit>(SUPER), |tx| scopes::edit(tx, &scope.id, scope.rev, &wanted, confirmed))
}

#[test]
fn what_a_scope_reaches_is_what_its_distances_reach() {
    for at in Database::each() {
        let organizations = at.pairs("SELECT id AS t, CAST(key AS text) AS u FROM organizations ORDER BY key");
        let view = at.permit::<ScopeView>(SUPER);
        for (id, key) in organizations {
            for reach in ScopeReach::ALL {
                let (min, max) = reach.distances();
                let inside = format!("c.ancestor = {key} AND c.depth BETWEEN {min} AND {}", max.unwrap_or(1_000));
                let organizations = at.number(&format!("SELECT count(*) AS n FROM organization_closure c WHERE {inside}"));
                let mut accounts = at.number(&format!(
                    "SELECT count(DISTINCT m.account) AS n FROM organization_closure c JOIN memberships m ON m.organization = c.descendant WHERE {inside}"
                ));
                // P-3: what root owns and goes all below has those who belong nowhere too.
                let root = at.number(&format!("SELECT count(*) AS n FROM organizations WHERE key = {key} AND parent IS NULL")) == 1;
                if root && max.is_none() {
                    accounts += at.number(
                        "SELECT count(*) AS n FROM accounts a WHERE NOT EXISTS (SELECT 1 FROM memberships m WHERE m.account = a.key)",
                    );
                }
                let reached = at
                    .db
                    .read(&view, |view| {
                        let owner = scopes::owner(view, &id)?;
                        scopes::reached(view, &owner, *reach)
                    })
                    .unwrap();
                assert!(reached.organizations.exact && reached.accounts.exact);
                assert_eq!(
                    (reached.organizations.count, reached.accounts.count),
                    (organizations, accounts),
                    "{id} {reach:?} on {}",
                    at.name()
                );
            }
        }
    }
}

#[test]
fn a_name_is_unique_in_its_organization_however_it_is_written() {
    for at in Database::each() {
        let (acme, globex) = (at.org("Acme"), at.org("Globex"));
        let scope = add(&at, &acme, "Straßen", ScopeReach::This).unwrap();
        assert_eq!((scope.rev, scope.changed_by.as_deref()), (1, Some("Su Super")));
        for name in ["STRASSEN", " straßen ", "Ｓtraßen"] {
            assert!(matches!(add(&at, &acme, name, ScopeReach::This), Err(Problem::Refused(refusal)) if refusal.field == "name"), "{name}");
        }
        assert!(add(&at, &globex, "Straßen", ScopeReach::This).is_ok(), "another organization has names of its own");
        // It moves where its name is free, and not where it is taken.
        let moved = edit(&at, &scope, &globex, terms("Straßen", ScopeReach::This), None);
        assert!(matches!(moved, Err(Problem::Refused(refusal)) if refusal.field == "name"));
        assert!(
            matches!(edit(&at, &scope, &globex, terms("Gassen", ScopeReach::Below), None).unwrap(), Saved::Done(moved, None) if moved.rev == 2)
        );
    }
}

#[test]
fn the_list_holds_what_is_in_reach_by_name_and_change() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1, "administrator_roles": [{ "name": "Looks", "kind": "other", "permissions": ["scope.view"] }],
            "grants": [{ "role": "Looks", "store": "Customers", "account": INSIDE,
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        add(&at, &at.org("Acme/North"), "Beyond", ScopeReach::This).unwrap();
        let names = |who: &str, filter: &Filter, per: i64| -> Vec<String> {
            let permit = at.permit::<ScopeView>(who);
            let mut paging = Paging::first(per);
            let mut names = Vec::new();
            loop {
                let slice = at.db.read(&permit, |view| scopes::list(view, filter, &paging)).unwrap();
                names.extend(slice.rows.into_iter().map(|listed| listed.scope.terms.name));
                match slice.last {
                    Some(last) => paging = Paging { per, number: 2, after: bailiwick::store::paging::Cursor::decode(&last), before: None },
                    None => return names,
                }
            }
        };
        let all = Filter::default();
        assert_eq!(names(SUPER, &all, 1), ["All of Acme", "All of Globex", "Beyond", "Everything"], "page by page on {}", at.name());
        assert_eq!(names(INSIDE, &all, 25), ["All of Acme", "Beyond"]);
        assert_eq!(names(SUPER, &Filter { unused: true, ..all.clone() }, 25), ["Beyond"]);
        assert_eq!(names(SUPER, &Filter { q: "ALL OF".into(), descending: true, ..all.clone() }, 25), ["All of Globex", "All of Acme"]);
        let owner = Some(at.organization_key("Acme"));
        assert_eq!(names(SUPER, &Filter { owner, ..all.clone() }, 25), ["All of Acme"]);
        assert_eq!(names(SUPER, &Filter { by_change: true, ..all }, 1).len(), 4);
    }
}

#[test]
fn a_used_scope_stays_and_one_whose_grants_have_ended_goes_with_them() {
    for at in Database::each() {
        let acme = at.texts("SELECT id AS t FROM scopes WHERE name = 'All of Acme'")[0].clone();
        let delete = |id: &str| at.db.write(&at.permit::<ScopeDelete>(SUPER), |tx| scopes::delete(tx, id));
        let before = at.state();
        assert!(matches!(delete(&acme), Err(Problem::Conflict(_))), "{}", at.name());
        before.assert_still(&at, "A refused deletion");
        at.run(&format!(
            "UPDATE grants SET starts = NULL, ends = {} WHERE scope = (SELECT key FROM scopes WHERE id = '{acme}')",
            at.now().micros()
        ));
        delete(&acme).unwrap();
        assert_eq!(
            at.number(
                "SELECT count(*) AS n FROM grants g LEFT JOIN scopes s ON s.key = g.scope WHERE g.scope IS NOT NULL AND s.key IS NULL"
            ),
            0
        );
        assert!(at.texts(&format!("SELECT name AS t FROM scopes WHERE id = '{acme}'")).is_empty());
    }
}

#[test]
fn not_even_a_super_administrator_edits_the_scope_of_their_own_grant() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1, "scopes": [{ "name": "Spare", "store": "Customers", "organization": ["Acme"], "reach": "this" }],
            "grants": [{ "role": "Viewer", "account": SUPER, "scope": { "store": "Customers", "organization": ["Acme"], "name": "Spare" } }] }));
        let permit = at.permit::<ScopeView>(SUPER);
        let id = at.texts("SELECT id AS t FROM scopes WHERE name = 'Spare'")[0].clone();
        let scope = at.db.read(&permit, |view| scopes::find(view, &id)).unwrap().scope;
        let before = at.state();
        let renamed = edit(&at, &scope, &at.org("Acme"), terms("Spared", ScopeReach::This), None);
        assert!(matches!(renamed, Err(Problem::Forbidden(_))), "{}", at.name());
        before.assert_still(&at, "Their own");
        // Once their grant has ended it is a scope like any other.
        at.run(&format!("UPDATE grants SET ends = {} WHERE scope = {}", at.now().micros(), scope.key.0));
        assert!(matches!(edit(&at, &scope, &at.org("Acme"), terms("Spared", ScopeReach::Below), None).unwrap(), Saved::Done(..)));
    }
}

#[test]
fn nothing_is_made_wider_than_what_it_was_handed_on_through() {
    for at in Database::each() {
        let scope = |name: &str, reach: &str| json!({ "name": name, "store": "Customers", "organization": ["Acme"], "reach": reach });
        let used = |name: &str| json!({ "store": "Customers", "organization": ["Acme"], "name": name });
        at.import(json!({ "bailiwick": 1, "scopes": [scope("Upper", "this_and_children"), scope("Lower", "this")],
            "grants": [
                { "role": "Viewer", "store": "Customers", "account": INSIDE, "scope": used("Upper"), "cascading": true, "key": "u", "through": null },
                { "role": "Viewer", "store": "Customers", "account": "paul@acme.example", "scope": used("Lower"), "through": "u" }] }));
        let permit = at.permit::<ScopeView>(SUPER);
        let id = at.texts("SELECT id AS t FROM scopes WHERE name = 'Lower'")[0].clone();
        let scope = at.db.read(&permit, |view| scopes::find(view, &id)).unwrap().scope;
        let before = at.state();
        let wider = edit(&at, &scope, &at.org("Acme"), terms("Lower", ScopeReach::ThisAndBelow), None);
        assert!(matches!(wider, Err(Problem::Conflict(_))), "{wider:?}");
        before.assert_still(&at, "Too wide");
        let effect = match edit(&at, &scope, &at.org("Acme"), terms("Lower", ScopeReach::Children), None).unwrap() {
            Saved::Confirm(_, effect) => effect,
            other => panic!("{other:?}"),
        };
        assert_eq!((effect.administrators, effect.gained.count, effect.lost.count), (1, 2, 1));
        let mark = effect.mark();
        assert!(matches!(
            edit(&at, &scope, &at.org("Acme"), terms("Lower", ScopeReach::Children), Some(&mark)).unwrap(),
            Saved::Done(_, Some(_))
        ));
    }
}

#[test]
fn a_name_is_found_without_its_accents_also_one_from_before_these_were_left_out() {
    for at in Database::each() {
        add(&at, &at.org("Acme"), "Büro und Außenlager", ScopeReach::This).unwrap();
        let found = |q: &str| {
            let filter = Filter { q: q.into(), ..Filter::default() };
            at.db.read(&at.permit::<ScopeView>(SUPER), |view| scopes::list(view, &filter, &Paging::first(25))).unwrap().rows.len()
        };
        assert_eq!((found("buro"), found("BÜRO"), found("aussen"), found("borough")), (1, 1, 1, 0));
        at.run("UPDATE scopes SET name_sort = ''");
        at.run("UPDATE administrator_roles SET name_sort = ''");
        assert_eq!(found("buro"), 0);
        at.db.migrate().unwrap();
        assert_eq!(found("buro"), 1);
    }
}
