//! Administrator roles: names, kinds, versions, effects and ends (D-1 to D-5, D-11).

use crate::{database::Database, people::SUPER};
use bailiwick::{
    access::Console,
    domain::{
        administrator_role::{AdministratorRole, Kind, Terms},
        permissions::{
            AdministratorRoleAdd, AdministratorRoleDelete, AdministratorRoleEdit, AdministratorRoleView, AdministratorView, EventView,
            OrganizationView, Permission, PermissionSet, UserEdit, UserView,
        },
    },
    problem::Problem,
    store::{
        administrator_roles::{self, Filter, Saved},
        paging::Paging,
    },
};
use serde_json::json;

fn terms(name: &str, permissions: &[PermissionSet]) -> Terms {
    let permissions = permissions.iter().copied().fold(PermissionSet::NONE, PermissionSet::union);
    Terms { name: name.to_owned(), permissions, ..Terms::default() }
}

const SEE: PermissionSet = PermissionSet::of(&UserView::LEAF);
const CHANGE: PermissionSet = PermissionSet::of(&UserEdit::LEAF);

fn add(at: &Database, kind: Kind, terms: &Terms) -> Result<AdministratorRole, Problem> {
    at.db.write(&at.permit::<AdministratorRoleAdd>(SUPER), |tx| administrator_roles::add(tx, kind, terms))
}

fn edit(at: &Database, who: &str, id: &str, rev: i32, terms: &Terms, confirmed: Option<&str>) -> Result<Saved, Problem> {
    at.db.write_or_stop(&at.permit::<AdministratorRoleEdit>(who), |tx| administrator_roles::edit(tx, id, rev, terms, confirmed))
}

fn delete(at: &Database, id: &str) -> Result<(), Problem> {
    at.db.write(&at.permit::<AdministratorRoleDelete>(SUPER), |tx| administrator_roles::delete(tx, id)).map(|_| ())
}

fn find(at: &Database, name: &str) -> AdministratorRole {
    let id = at.administrator_role(name);
    at.db.read(&at.permit::<AdministratorRoleView>(SUPER), |view| administrator_roles::find(view, &id)).unwrap().role
}

#[test]
fn a_name_is_unique_in_the_tenant_however_it_is_written() {
    for at in Database::each() {
        let role = add(&at, Kind::Other, &terms("Straßenwart", &[SEE])).unwrap();
        assert_eq!((role.rev, role.kind, role.changed_by.as_deref()), (1, Kind::Other, Some("Su Super")));
        for name in ["Straßenwart", "STRASSENWART", " straßenwart ", "Ｓtrassenwart", "super Administrator"] {
            let taken = add(&at, Kind::Root, &terms(name, &[SEE]));
            assert!(matches!(taken, Err(Problem::Refused(refusal)) if refusal.field == "name"), "{name} on {}", at.name());
        }
        let taken = edit(&at, SUPER, &role.id, 1, &terms("helper", &[SEE]), None);
        assert!(matches!(taken, Err(Problem::Refused(_))));
        let recased = edit(&at, SUPER, &role.id, 1, &terms("STRASSENWART", &[SEE]), None).unwrap();
        assert!(matches!(recased, Saved::Done(role, ..) if role.rev == 2), "its own name is not taken");
        assert!(matches!(add(&at, Kind::Super, &terms("Another one", &[SEE])), Err(Problem::Forbidden(_))));
    }
}

#[test]
fn an_edit_of_another_version_is_stale_and_changes_nothing() {
    for at in Database::each() {
        let role = add(&at, Kind::Other, &terms("Spare", &[SEE])).unwrap();
        assert!(matches!(edit(&at, SUPER, &role.id, 1, &terms("Mine", &[SEE, CHANGE]), None).unwrap(), Saved::Done(..)));
        let before = at.state();
        match edit(&at, "sy@brand.example", &role.id, 1, &terms("Hers", &[SEE]), None).unwrap() {
            Saved::Stale(now) => assert_eq!((now.terms.name.as_str(), now.rev), ("Mine", 2), "{}", at.name()),
            other => panic!("{other:?}"),
        }
        before.assert_still(&at, "A stale edit");
    }
}

#[test]
fn what_a_held_role_gains_or_loses_is_confirmed_as_it_is_now() {
    for at in Database::each() {
        let role = find(&at, "Helper");
        let wanted = Terms { permissions: role.terms.permissions.union(CHANGE).without(SEE), ..role.terms.clone() };
        let before = at.state();
        let effect = match edit(&at, SUPER, &role.id, role.rev, &wanted, None).unwrap() {
            Saved::Confirm(effect) => effect,
            other => panic!("{other:?}"),
        };
        assert_eq!((effect.accounts, effect.gained, effect.lost), (4, CHANGE, SEE), "the one to come is held, the ended one is not");
        before.assert_still(&at, "Asking first");
        // The one to come has ended when the answer arrives: asked again (Z-11).
        at.run(&format!("UPDATE grants SET ends = {}, starts = NULL WHERE starts IS NOT NULL", at.now().micros()));
        let again = match edit(&at, SUPER, &role.id, role.rev, &wanted, Some(&effect.mark())).unwrap() {
            Saved::Confirm(effect) => effect,
            other => panic!("{other:?}"),
        };
        assert_eq!(again.accounts, 3);
        assert!(at.actor("ina@acme.example").may(&UserView::LEAF));
        assert!(matches!(edit(&at, SUPER, &role.id, role.rev, &wanted, Some(&again.mark())).unwrap(), Saved::Done(..)));
        assert!(!at.actor("ina@acme.example").may(&UserView::LEAF), "at once, on {}", at.name());
        // Name and description alone ask nothing.
        let renamed = Terms { description: "Helps.".into(), ..wanted };
        assert!(matches!(edit(&at, SUPER, &role.id, role.rev + 1, &renamed, None).unwrap(), Saved::Done(..)));
    }
}

#[test]
fn a_held_role_stays_and_one_that_is_no_longer_held_goes_with_its_ended_grants() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1, "grants": [
            { "role": "Viewer", "store": "Customers", "account": "ina@acme.example", "cascading": true, "key": "upper",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } },
            { "role": "Viewer", "store": "Customers", "account": "paul@acme.example", "through": "upper",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let role = find(&at, "Viewer");
        let before = at.state();
        assert!(
            matches!(delete(&at, &role.id), Err(Problem::Conflict(words)) if words.starts_with("3 administrators hold it")),
            "{}",
            at.name()
        );
        before.assert_still(&at, "A refused deletion");
        at.run(&format!("UPDATE grants SET ends = {} WHERE role = {}", at.now().micros(), role.key.0));
        delete(&at, &role.id).unwrap();
        assert_eq!(at.number(&format!("SELECT count(*) AS n FROM grants WHERE role = {}", role.key.0)), 0);
        assert!(matches!(delete(&at, &role.id), Err(Problem::NotFound)));
        assert_eq!(at.events("administrator_role.delete").len(), 1);
    }
}

#[test]
fn the_predefined_role_is_nobodys_to_change() {
    for at in Database::each() {
        let role = find(&at, "Super administrator");
        assert_eq!((role.kind, role.terms.permissions), (Kind::Super, PermissionSet::ALL));
        let before = at.state();
        let wanted = Terms { description: "Mine".into(), ..role.terms.clone() };
        assert!(matches!(edit(&at, SUPER, &role.id, role.rev, &wanted, None), Err(Problem::Forbidden(_))));
        assert!(
            matches!(edit(&at, SUPER, &role.id, role.rev - 1, &wanted, None), Err(Problem::Forbidden(_))),
            "not even to see a newer version"
        );
        assert!(matches!(delete(&at, &role.id), Err(Problem::Forbidden(_))));
        before.assert_still(&at, "The predefined role");
    }
}

#[test]
fn a_role_is_read_by_its_holders_and_by_those_who_see_all_of_them() {
    for at in Database::each() {
        let (helper, viewer) = (at.administrator_role("Helper"), at.administrator_role("Viewer"));
        let read = |who: &str, id: &str| at.db.read(&at.permit::<Console>(who), |view| administrator_roles::find_to_read(view, id));
        assert!(read("ina@acme.example", &helper).is_ok() && read(SUPER, &viewer).is_ok());
        assert!(matches!(read("ina@acme.example", &viewer), Err(Problem::NotFound)));
        // Mona's grant of it has ended, so she holds it no more; another one lets her in.
        at.import(json!({ "bailiwick": 1, "grants": [{ "role": "Helper", "account": "mona@brand.example", "ends": "2026-11-01T00:00:00Z",
            "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        assert!(matches!(read("mona@brand.example", &helper), Err(Problem::NotFound)), "{}", at.name());
    }
}

#[test]
fn who_holds_a_role_is_told_as_far_as_the_reader_reaches() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Overseer", "kind": "other", "permissions": ["administrator.view"] }],
            "grants": [{ "role": "Overseer", "store": "Customers", "account": "paul@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let helper = find(&at, "Helper").key;
        let names = |who: &str| -> Vec<String> {
            let held = at.db.read(&at.permit::<AdministratorView>(who), |view| administrator_roles::holders(view, helper, 50)).unwrap();
            held.into_iter().map(|holder| holder.name).collect()
        };
        assert_eq!(names(SUPER).len(), 4, "{}", at.name());
        assert_eq!(names("paul@acme.example").len(), 3, "without the one of Globex");
        assert!(!names("paul@acme.example").contains(&"Uwe Outside".to_owned()));
        let keys = at.db.read(&at.permit::<AdministratorRoleView>(SUPER), |view| {
            administrator_roles::list(view, &Filter::default(), &Paging::first(2))
        });
        let first = keys.unwrap();
        assert_eq!((first.rows.len(), first.total.count, first.last.is_some()), (2, 10, true));
        let after = first.last.as_deref().and_then(bailiwick::store::paging::Cursor::decode);
        let next = Paging { per: 2, number: 2, after, before: None };
        let next = at
            .db
            .read(&at.permit::<AdministratorRoleView>(SUPER), |view| administrator_roles::list(view, &Filter::default(), &next))
            .unwrap();
        assert_eq!(next.rows[1].role.terms.name, "Overseer", "after Deputy, Helper and Manager");
        for leaf in [&EventView::LEAF, &OrganizationView::LEAF] {
            assert!(!next.rows[1].role.terms.permissions.has(leaf));
        }
    }
}
