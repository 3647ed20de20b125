//! Organization roles: names, versions, effects and ends (R-*).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    domain::{
        permissions::{OrganizationRoleAdd, OrganizationRoleDelete, OrganizationRoleEdit, OrganizationRoleView, RoleAssignmentEdit},
        rights::{Cell, Rights},
        role::Terms,
        time::Period,
    },
    problem::Problem,
    store::{
        paging::Paging,
        role_assignments,
        roles::{self, Saved},
    },
};

fn terms(name: &str, cells: &[Cell]) -> Terms {
    Terms { name: name.to_owned(), rights: Rights::from_iter(cells.iter().copied()), ..Terms::default() }
}

fn edit(at: &Database, who: &str, id: &str, rev: i32, terms: &Terms, confirmed: Option<&str>) -> Result<Saved, Problem> {
    let store = at.customers();
    at.db.write_or_stop(&at.permit::<OrganizationRoleEdit>(who), |tx| roles::edit(tx, &store, id, rev, terms, confirmed))
}

fn delete(at: &Database, id: &str) -> Result<(), Problem> {
    let store = at.customers();
    at.db.write(&at.permit::<OrganizationRoleDelete>(SUPER), |tx| roles::delete(tx, &store, id)).map(|_| ())
}

#[test]
fn a_name_is_unique_in_its_store_however_it_is_written() {
    for at in Database::each() {
        let (store, partners) = (at.customers(), at.store("partners"));
        let permit = at.permit::<OrganizationRoleAdd>(SUPER);
        let add = |store, name: &str| at.db.write(&permit, |tx| roles::add(tx, store, &terms(name, &[Cell::ManagementRead])));
        let role = add(&store, "Straßenwart").unwrap();
        assert_eq!((role.rev, role.changed_by.as_deref()), (1, Some("Su Super")));
        for name in ["Straßenwart", "STRASSENWART", " straßenwart ", "Ｓtrassenwart"] {
            assert!(matches!(add(&store, name), Err(Problem::Refused(refusal)) if refusal.field == "name"), "{name} on {}", at.name());
        }
        assert!(add(&partners, "Straßenwart").is_ok(), "another store has names of its own");
        let taken = edit(&at, SUPER, &role.id, 1, &terms("greeter", &[Cell::ManagementRead]), None);
        assert!(matches!(taken, Err(Problem::Refused(_))));
        let recased = edit(&at, SUPER, &role.id, 1, &terms("STRASSENWART", &[Cell::ManagementRead]), None).unwrap();
        assert!(
            matches!(recased, Saved::Done(role, ..) if role.terms.name == "STRASSENWART" && role.rev == 2),
            "its own name is not taken"
        );
    }
}

#[test]
fn an_edit_of_another_version_is_stale_and_changes_nothing() {
    for at in Database::each() {
        let role = at.role_named("Greeter");
        let mine = terms("Greeter of mine", &[Cell::ManagementRead]);
        assert!(matches!(edit(&at, SUPER, &role.id, role.rev, &mine, None).unwrap(), Saved::Done(..)));
        let before = at.state();
        match edit(&at, "sy@brand.example", &role.id, role.rev, &terms("Greeter of hers", &[Cell::ManagementRead]), None).unwrap() {
            Saved::Stale(now) => assert_eq!((now.terms.name.as_str(), now.rev), ("Greeter of mine", role.rev + 1), "{}", at.name()),
            other => panic!("{other:?}"),
        }
        before.assert_still(&at, "A stale edit");
    }
}

#[test]
fn what_a_held_role_loses_or_gains_is_confirmed_as_it_is_now() {
    for at in Database::each() {
        let role = at.role_named("Org auditor");
        let wanted = terms("Org auditor", &[Cell::ManagementRead, Cell::ManagementWrite]);
        let before = at.state();
        let effect = match edit(&at, SUPER, &role.id, role.rev, &wanted, None).unwrap() {
            Saved::Confirm(effect) => effect,
            other => panic!("{other:?}"),
        };
        assert_eq!((effect.accounts, effect.organizations), (3, 3), "the ended one is not held, on {}", at.name());
        assert_eq!(effect.gained, Rights::from_iter([Cell::ManagementWrite]));
        assert_eq!(effect.lost, Rights::from_iter([Cell::AuthenticatorsRead, Cell::IdentitiesRead, Cell::PersonalDataRead]));
        before.assert_still(&at, "Asking first");
        // Somebody else gets it between confirmation and act: asked again (Z-11).
        let pair = at.wanted("Acme/South", "Org auditor");
        let permit = at.permit::<RoleAssignmentEdit>(SUPER);
        at.db
            .write_or_stop(&permit, |tx| role_assignments::add(tx, &pair, &at.accounts(["paul@acme.example"]), 0, Period::ALWAYS, ""))
            .unwrap();
        let again = match edit(&at, SUPER, &role.id, role.rev, &wanted, Some(&effect.mark())).unwrap() {
            Saved::Confirm(effect) => effect,
            other => panic!("{other:?}"),
        };
        assert_eq!((again.accounts, again.organizations), (4, 4));
        assert!(matches!(edit(&at, SUPER, &role.id, role.rev, &wanted, Some(&again.mark())).unwrap(), Saved::Done(..)));
        let happened = at.events("role.edit");
        assert_eq!(
            happened[0].detail["before"]["rights"].as_str().map(|codes| codes.split(' ').count()),
            Some(4),
            "{:?}",
            happened[0].detail
        );
        // Name and description alone touch nobody's rights.
        let renamed = Terms { description: "Looks.".into(), ..wanted };
        assert!(matches!(edit(&at, SUPER, &role.id, role.rev + 1, &renamed, None).unwrap(), Saved::Done(..)));
    }
}

#[test]
fn a_held_role_stays_and_one_that_is_no_longer_held_goes_with_its_ended_rows() {
    for at in Database::each() {
        let role = at.role_named("Org auditor");
        let before = at.state();
        assert!(matches!(delete(&at, &role.id), Err(Problem::Conflict(_))), "{}", at.name());
        before.assert_still(&at, "A refused deletion");
        let holders =
            at.texts(&format!("SELECT CAST(account AS text) AS t FROM role_assignments WHERE role = {} AND ends IS NULL", role.key.0));
        assert_eq!(holders.len(), 3);
        at.run(&format!("UPDATE role_assignments SET ends = {} WHERE role = {} AND ends IS NULL", at.now().micros(), role.key.0));
        delete(&at, &role.id).unwrap();
        assert_eq!(at.number(&format!("SELECT count(*) AS n FROM role_assignments WHERE role = {}", role.key.0)), 0);
        assert!(matches!(delete(&at, &role.id), Err(Problem::NotFound)));
        assert_eq!(at.events("role.delete").len(), 1);
    }
}

#[test]
fn the_recommended_roles_go_into_an_empty_store_once() {
    for at in Database::each() {
        let fresh = at.store("fresh");
        let permit = at.permit::<OrganizationRoleAdd>(SUPER);
        let add = || at.db.write(&permit, |tx| roles::add_templates(tx, &fresh));
        assert_eq!(add().unwrap(), ["Admin", "Customer support", "Org auditor"], "{}", at.name());
        assert!(matches!(add(), Err(Problem::Conflict(_))));
        let rights = at.texts("SELECT CAST(r.rights AS text) AS t FROM roles r JOIN identity_stores s ON s.key = r.store WHERE s.slug = 'fresh' ORDER BY r.key");
        let customers = at.texts(
            "SELECT CAST(r.rights AS text) AS t FROM roles r JOIN identity_stores s ON s.key = r.store WHERE s.slug = 'customers' ORDER BY r.key LIMIT 3",
        );
        assert_eq!(rights, customers, "cell by cell as the seed has them");
    }
}

#[test]
fn who_edits_cells_must_hold_them_wherever_the_role_is_held_and_whoever_may_not_does_nothing() {
    for at in Database::each() {
        let role = at.role_named("Greeter");
        let before = at.state();
        // The clerk sees and edits roles of the tenant, and holds no right over accounts.
        let wider = terms("Greeter", &[Cell::ManagementRead, Cell::ManagementDelete]);
        let refused = edit(&at, "rolf@brand.example", &role.id, role.rev, &wider, None);
        assert!(matches!(refused, Err(Problem::Forbidden(_))), "{refused:?} on {}", at.name());
        before.assert_still(&at, "A refused edit");
        let renamed = Terms { name: "Doorkeeper".into(), ..role.terms.clone() };
        assert!(matches!(edit(&at, "rolf@brand.example", &role.id, role.rev, &renamed, None).unwrap(), Saved::Done(..)));
        assert!(at.actor(INSIDE).permit::<OrganizationRoleEdit>(Default::default()).is_err());
    }
}

#[test]
fn the_list_finds_by_name_right_and_use() {
    for at in Database::each() {
        let store = at.customers().key;
        let list = |filter: roles::Filter| {
            let permit = at.permit::<OrganizationRoleView>(SUPER);
            let found = at.db.read(&permit, |view| roles::list(view, store, &filter, &Paging::first(25))).unwrap();
            found.rows.into_iter().map(|listed| listed.role.terms.name).collect::<Vec<_>>()
        };
        let default = roles::Filter::default;
        assert_eq!(list(roles::Filter { q: "AUDIT".into(), ..default() }), ["Org auditor"], "{}", at.name());
        assert_eq!(list(roles::Filter { right: Some(Cell::OrganizationWrite), ..default() }), ["<b class=\"evil\">Bold</b> role", "Admin"]);
        assert_eq!(list(roles::Filter { unused: true, ..default() }), ["Greeter"]);
        assert_eq!(list(roles::Filter { auto: "every".into(), ..default() }), Vec::<String>::new());
        assert_eq!(list(roles::Filter { auto: "none".into(), ..default() }).len(), 5);
        for q in ["%", "_", "\\", "'"] {
            assert_eq!(list(roles::Filter { q: q.into(), ..default() }), Vec::<String>::new(), "{q}");
        }
    }
}
