//! Reading, writing and noting: nothing is decided on rights that are gone, and nobody gets in another's way.

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    access::{Ground, Myself, Origin, Permit},
    domain::{
        event::Event,
        permissions::{OrganizationRoleEdit, RoleAssignmentEdit, RoleAssignmentView, UserView},
        role::Terms,
        time::Period,
    },
    problem::Problem,
    store::{
        preferences::{self, Preferences},
        role_assignments::{self, Gave},
        roles::{self, Saved},
        sign_in, throttles,
    },
};

fn rename(at: &Database, permit: &Permit<Myself>, name: &str, record: bool) -> Result<(), Problem> {
    let rev = at.number(&format!("SELECT rev AS n FROM accounts WHERE key = {}", permit.person().unwrap().account.0)) as i32;
    at.db.write(permit, |tx| {
        if record {
            return sign_in::change_name(tx, name, rev);
        }
        Ok(())
    })
}

#[test]
fn a_write_without_an_event_is_not_kept() {
    for at in Database::each() {
        let permit = at.permit::<Myself>(SUPER);
        let before = at.state();
        assert!(matches!(rename(&at, &permit, "Somebody Else", false), Err(Problem::Internal(_))), "{}", at.name());
        before.assert_still(&at, "A write without an event");
        // Work that stops to ask leaves nothing either, and its answer gets through.
        let edit = at.permit::<RoleAssignmentEdit>(SUPER);
        assert_eq!(at.db.write_or_stop(&edit, |_| Ok("ask first")).unwrap(), "ask first");
        before.assert_still(&at, "A write that stopped");
        rename(&at, &permit, "Su Superb", true).unwrap();
        assert_eq!(at.events("account.own_profile").len(), 1);
    }
}

#[test]
fn what_fails_after_an_event_takes_the_event_along() {
    for at in Database::each() {
        let permit = at.permit::<UserView>(SUPER);
        let before = at.state();
        let counts = at.counts();
        let failed = at.db.write(&permit, |tx| {
            tx.record(Event::done("test.act"))?;
            Err::<(), _>(Problem::Conflict("changed my mind".into()))
        });
        assert!(matches!(failed, Err(Problem::Conflict(_))));
        before.assert_still(&at, "A failed write");
        assert_eq!(at.counts(), counts, "{}", at.name());
        // Even a panic closes the transaction, and the connection serves the next one.
        for _ in 0..6 {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                at.db.write(&permit, |tx| -> Result<(), Problem> {
                    tx.record(Event::done("test.act"))?;
                    std::panic::resume_unwind(Box::new("on purpose"))
                })
            }));
            assert!(panicked.is_err());
        }
        assert_eq!(at.counts(), counts);
        at.db.write(&permit, |tx| tx.record(Event::done("test.act")).map(|_| ())).unwrap();
    }
}

/// Whether the permit still lets its holder write.
fn still_writes<G: Ground>(at: &Database, permit: &Permit<G>) -> Result<(), Problem> {
    at.db.write(permit, |tx| tx.record(Event::done("test.act")).map(|_| ()))
}

#[test]
fn who_lost_the_right_between_page_and_act_does_nothing() {
    for at in Database::each() {
        let ina = at.account_key(INSIDE).0;
        let now = at.now().micros();
        let acme = at.organization_key("Acme").0;
        let role = "(SELECT role FROM grants WHERE account = ";
        let grant_of = |sets: &str| format!("UPDATE grants SET {sets} WHERE account = {ina}");
        for (lose, regain, hidden) in [
            (grant_of(&format!("ends = {now}")), grant_of("ends = NULL"), true),
            (grant_of(&format!("starts = {}", now + 1)), grant_of("starts = NULL"), true),
            (
                format!("UPDATE organizations SET active = FALSE WHERE key = {acme}"),
                format!("UPDATE organizations SET active = TRUE WHERE key = {acme}"),
                true,
            ),
            (
                format!("UPDATE memberships SET status = 'blocked' WHERE account = {ina}"),
                format!("UPDATE memberships SET status = 'active' WHERE account = {ina}"),
                true,
            ),
            (
                format!("UPDATE administrator_roles SET permissions = 'user.view role_assignment.view' WHERE key = {role}{ina})"),
                format!(
                    "UPDATE administrator_roles SET permissions = 'user.view user.view_authenticators user.download_data organization.view \
                     role_assignment.view role_assignment.edit' WHERE key = {role}{ina})"
                ),
                false,
            ),
        ] {
            let permit = at.permit::<RoleAssignmentEdit>(INSIDE);
            still_writes(&at, &permit).unwrap();
            at.run(&lose);
            let refused = still_writes(&at, &permit);
            match refused {
                Err(Problem::NotFound) if hidden => {}
                Err(Problem::Forbidden(_)) if !hidden => {}
                other => panic!("{lose} on {}: {other:?}", at.name()),
            }
            at.run(&regain);
            still_writes(&at, &permit).unwrap();
        }
        let permit = at.permit::<RoleAssignmentEdit>(INSIDE);
        at.run(&format!("UPDATE accounts SET status = 'disabled' WHERE key = {ina}"));
        assert!(matches!(still_writes(&at, &permit), Err(Problem::SignedOut)), "{}", at.name());
        let me = at.db.read(&permit, |view| view.also::<RoleAssignmentView, _>(|_| Ok(())));
        assert!(me.is_ok(), "a read stands on the rights that its request began with");
        at.run(&format!("UPDATE accounts SET status = 'active' WHERE key = {ina}"));
        // Rights that shrink shrink the write too: what was in reach is looked for anew.
        let wanted = at.wanted("Acme/North", "Greeter");
        let permit = at.permit::<RoleAssignmentEdit>(INSIDE);
        let paul = at.accounts(["paul@acme.example"]);
        at.run("UPDATE scopes SET reach = 'this' WHERE name = 'All of Acme'");
        let refused = at.db.write_or_stop(&permit, |tx| role_assignments::add(tx, &wanted, &paul, 0, Period::ALWAYS, ""));
        assert!(matches!(refused, Err(Problem::Forbidden(_))), "{refused:?}");
        assert!(at.holders("Acme/North", "Greeter").is_empty());
        at.run("UPDATE scopes SET reach = 'this_and_below' WHERE name = 'All of Acme'");
    }
}

#[test]
fn a_permission_is_lent_to_no_part_of_the_page_that_lacks_it() {
    for at in Database::each() {
        let permit = at.permit::<UserView>("vera@acme.example");
        let read = at.db.read(&permit, |view| view.also::<RoleAssignmentEdit, _>(|_| Ok(())));
        assert!(matches!(read, Err(Problem::Forbidden(_))), "{}", at.name());
        let hidden = at.db.read(&permit, |view| view.also::<OrganizationRoleEdit, _>(|_| Ok(())));
        assert!(matches!(hidden, Err(Problem::NotFound)));
    }
}

#[test]
fn several_who_edit_at_once_lose_no_update_and_meet_no_lock() {
    const PEOPLE: usize = 6;
    const EDITS: usize = 12;
    for at in Database::each() {
        let (store, role) = (at.customers(), at.role_named("Greeter"));
        let actor = at.actor(SUPER);
        std::thread::scope(|scope| {
            for person in 0..PEOPLE {
                let (db, store, role, actor) = (at.db.clone(), &store, &role, &actor);
                scope.spawn(move || {
                    let permit = actor.permit::<OrganizationRoleEdit>(Origin::default()).unwrap();
                    for edit in 0..EDITS {
                        let mut rev = role.rev;
                        let mut words = String::new();
                        loop {
                            let description = format!("{words} {person}.{edit}").trim().to_owned();
                            let terms = Terms { description, ..role.terms.clone() };
                            match db.write_or_stop(&permit, |tx| roles::edit(tx, store, &role.id, rev, &terms, None)).unwrap() {
                                Saved::Done(..) => break,
                                Saved::Stale(now) => (rev, words) = (now.rev, now.terms.description),
                                Saved::Confirm(effect) => panic!("nobody holds it: {effect:?}"),
                            }
                        }
                    }
                });
            }
        });
        let now = at.role_named("Greeter");
        let mut words: Vec<&str> = now.terms.description.split(' ').collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), PEOPLE * EDITS, "every edit saw the one before it, on {}", at.name());
        assert_eq!(now.rev as usize, role.rev as usize + PEOPLE * EDITS);
        assert_eq!(at.events("role.edit").len(), PEOPLE * EDITS);
    }
}

#[test]
fn several_who_assign_at_once_give_each_account_once_while_others_read_and_note() {
    for at in Database::each() {
        let wanted = at.wanted("Acme", "Greeter");
        let ids = at.texts("SELECT a.id AS t FROM accounts a WHERE a.email LIKE 'p%@acme.example' ORDER BY a.key");
        let (actor, paul) = (at.actor(SUPER), at.account_key("paul@acme.example"));
        let given: usize = std::thread::scope(|scope| {
            let givers: Vec<_> = (0..4)
                .map(|_| {
                    let (db, wanted, ids, actor) = (at.db.clone(), &wanted, &ids, &actor);
                    scope.spawn(move || {
                        let permit = actor.permit::<RoleAssignmentEdit>(Origin::default()).unwrap();
                        let give = |some: &[String]| match db
                            .write_or_stop(&permit, |tx| role_assignments::add(tx, wanted, some, 0, Period::ALWAYS, ""))
                            .unwrap()
                        {
                            Gave::Done { given, .. } => given,
                            Gave::Not(trouble) => panic!("{trouble:?}"),
                        };
                        ids.chunks(3).map(give).sum::<usize>()
                    })
                })
                .collect();
            for _ in 0..2 {
                let (db, wanted, actor) = (at.db.clone(), &wanted, &actor);
                scope.spawn(move || {
                    let permit = actor.permit::<RoleAssignmentView>(Origin::default()).unwrap();
                    for number in 0..40 {
                        db.read(&permit, |view| role_assignments::count(view, &wanted.organization, wanted.role.key)).unwrap();
                        db.note(|note| {
                            throttles::fail(note, &[format!("address {}", number % 3)])?;
                            preferences::save(note, paul, &Preferences::default())
                        })
                        .unwrap();
                    }
                });
            }
            givers.into_iter().map(|giver| giver.join().unwrap()).sum()
        });
        assert_eq!(given, ids.len(), "each by one of them, on {}", at.name());
        assert_eq!(at.holders("Acme", "Greeter").len(), ids.len());
    }
}
