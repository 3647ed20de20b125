//! The first run (D-5).

use crate::{
    database::Database,
    people::SUPER,
    place::{Content, Place},
};
use bailiwick::{
    access::{Origin, system},
    clock::{Chance, Clock},
    domain::key::AccountKey,
    problem::Problem,
    store::{
        Db, actors, check,
        set_up::{self, Founder},
        sign_in,
    },
};

fn due(at: &Database) -> bool {
    at.db.read(&system::set_up(Origin::default()), |view| set_up::is_due(view)).unwrap()
}

fn counts(at: &Database, code: &str) -> bool {
    at.db.read(&system::set_up(Origin::default()), |view| set_up::code_counts(view, code)).unwrap()
}

fn found(at: &Database, email: &str, root: Option<&str>) -> AccountKey {
    let founder = Founder { email: email.into(), name: "Fay Founder".into(), password_hash: "$argon2id$x".into() };
    at.db.write(&system::set_up(Origin::default()), |tx| set_up::found(tx, &founder, root)).unwrap()
}

fn actor(at: &Database, account: AccountKey) -> bailiwick::access::Actor {
    at.db.read(&system::signing_in(Origin::default()), |view| actors::find(view, account)).unwrap().unwrap()
}

#[test]
fn the_code_of_the_last_start_counts_until_there_is_a_super_administrator() {
    for at in Database::each_empty() {
        assert!(due(&at));
        let (first, second) = (at.set_up_code(), at.set_up_code());
        assert_ne!(first, second);
        assert_eq!((counts(&at, &first), counts(&at, &second), counts(&at, "")), (false, true, false), "{}", at.name());
        assert!(at.texts("SELECT value AS t FROM settings").iter().all(|value| !value.contains(&second)), "kept only as a hash");
        let account = found(&at, "fay@brand.example", Some("Brand Ltd"));
        assert!(!due(&at) && !counts(&at, &second));
        assert!(actor(&at, account).is_super());
        assert_eq!(at.texts("SELECT name AS t FROM organizations WHERE parent IS NULL"), ["Brand Ltd"]);
        assert_eq!(at.events("grant.add").len(), 1);
    }
}

#[test]
fn an_account_that_is_there_becomes_the_founder_and_an_ended_grant_lasts_again() {
    for at in Database::each() {
        assert!(!due(&at));
        let otto = at.account_key("otto@brand.example");
        assert_eq!(found(&at, "OTTO@brand.example", None), otto, "{}", at.name());
        assert!(actor(&at, otto).is_super());
        at.run(&format!("UPDATE grants SET ends = 5 WHERE account = {}", otto.0));
        assert!(!actor(&at, otto).is_super());
        assert_eq!(found(&at, "otto@brand.example", None), otto);
        assert!(actor(&at, otto).is_super());
        assert_eq!(at.texts("SELECT name AS t FROM organizations WHERE parent IS NULL"), ["Brand"], "its name stays");
    }
}

#[test]
fn nobody_is_left_when_every_super_administrator_is_unfit() {
    for mut at in Database::each() {
        at.may_be_unsound();
        let everybody = "account IN (SELECT g.account FROM grants g JOIN administrator_roles r ON r.key = g.role WHERE r.kind = 'super')";
        let keys = everybody.replace("account IN", "key IN");
        for (break_it, mend_it) in [
            (
                format!("UPDATE accounts SET status = 'disabled' WHERE {keys}"),
                format!("UPDATE accounts SET status = 'active' WHERE {keys}"),
            ),
            (
                format!("UPDATE memberships SET status = 'blocked' WHERE {everybody}"),
                format!("UPDATE memberships SET status = 'active' WHERE {everybody}"),
            ),
            (format!("UPDATE grants SET ends = 99 WHERE {everybody}"), format!("UPDATE grants SET ends = NULL WHERE {everybody}")),
            (format!("UPDATE grants SET starts = 99 WHERE {everybody}"), format!("UPDATE grants SET starts = NULL WHERE {everybody}")),
            (
                format!("UPDATE accounts SET password_hash = NULL WHERE {keys}"),
                format!("UPDATE accounts SET password_hash = 'x' WHERE {keys}"),
            ),
            // P-6: a sign-in name that somebody else set signs nobody in before it is confirmed.
            (
                format!("UPDATE identifiers SET confirmed = FALSE WHERE {everybody}"),
                format!("UPDATE identifiers SET confirmed = TRUE WHERE {everybody}"),
            ),
        ] {
            at.run(&break_it);
            assert!(due(&at), "{break_it} on {}", at.name());
            at.run(&mend_it);
            assert!(!due(&at), "{mend_it} on {}", at.name());
        }
        at.run(&format!("UPDATE accounts SET locked_until = {} WHERE {keys}", i64::MAX));
        assert!(!due(&at), "locked counts as present (D-5)");
    }
}

#[test]
fn a_reset_is_for_super_administrators_and_ends_their_sessions() {
    for at in Database::each() {
        let reset = |email: &str| at.db.write(&system::set_up(Origin::default()), |tx| set_up::reset(tx, email, "$argon2id$new"));
        for stranger in ["rita@brand.example", "paul@acme.example", "nobody@brand.example", ""] {
            assert!(matches!(reset(stranger), Err(Problem::NotFound)), "{stranger} on {}", at.name());
        }
        at.run(&format!(
            "INSERT INTO sessions (hash, id, account, state, created_at, seen_at) VALUES ('h', 'i', {}, '', 1, 1)",
            at.account_key(SUPER).0
        ));
        reset("SU@brand.example").unwrap();
        assert_eq!(at.number("SELECT count(*) AS n FROM sessions"), 0);
        assert_eq!(at.number("SELECT count(*) AS n FROM accounts WHERE password_hash = '$argon2id$new'"), 1);
    }
}

#[test]
fn several_that_start_at_once_lay_one_ground() {
    for place in Place::each(Content::Nothing) {
        let open = || Db::open(&place.url(), 1, Clock::system(), Chance::system()).unwrap();
        assert!(!open().ready());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let db = open();
                    db.migrate().unwrap();
                    db.ensure_ground().unwrap();
                });
            }
        });
        let db = open();
        assert!(db.ready());
        db.ensure_ground().unwrap();
        let wrong = db.read(&system::checking(Origin::default()), check::check).unwrap();
        assert_eq!(wrong, Vec::<String>::new(), "{:?}", db.backend());
    }
}

#[test]
fn an_identifier_names_one_account_or_the_administrator_or_nobody() {
    for at in Database::each() {
        let named = |store: Option<&str>, identifier: &str| {
            let permit = system::signing_in(Origin::default());
            at.db.read(&permit, |view| sign_in::candidate(view, store, identifier)).map(|found| found.map(|candidate| candidate.id))
        };
        assert_eq!(named(None, " PAUL@Acme.example ").unwrap(), Some(at.acc("paul@acme.example")), "{}", at.name());
        assert_eq!(named(None, "twin@twins.example").unwrap(), None, "two stores have one of that name (I-4)");
        assert_eq!(named(Some("partners"), "twin@twins.example").unwrap(), Some(at.acc_of("partners", "twin@twins.example")));
        assert_eq!(named(Some("partners"), "paul@acme.example").unwrap(), None, "a store's own page is exact");
        assert!(matches!(named(Some("nowhere"), "paul@acme.example"), Err(Problem::NotFound)));
        assert_eq!(named(None, "").unwrap(), None);
        assert_eq!(named(None, "pa\0ul@acme.example").unwrap(), Some(at.acc("paul@acme.example")));
    }
}
