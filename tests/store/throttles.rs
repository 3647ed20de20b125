//! Waits after failures (I-4).

use crate::database::Database;
use bailiwick::store::throttles;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn fail(at: &Database, of: &[&str]) {
    at.db.note(|note| throttles::fail(note, &names(of))).unwrap();
}

fn remaining(at: &Database, of: &[&str]) -> i64 {
    at.db.note(|note| throttles::remaining(note, &names(of))).unwrap()
}

#[test]
fn five_failures_are_free_and_each_further_one_waits_longer() {
    for at in Database::each() {
        for _ in 0..4 {
            fail(&at, &["account a", "address x"]);
            assert_eq!(remaining(&at, &["account a", "address x"]), 0);
        }
        for wait in [30, 60, 120, 240, 480, 900, 900] {
            fail(&at, &["account a"]);
            assert_eq!(remaining(&at, &["account a"]), wait, "{}", at.name());
            at.wait_seconds(wait - 1);
            assert_eq!(remaining(&at, &["account a", "address x"]), 1, "any of the names counts");
            at.wait_seconds(1);
            assert_eq!(remaining(&at, &["account a"]), 0, "never for good");
        }
        assert_eq!(remaining(&at, &["address x"]), 0, "the address failed four times");
        assert_eq!(remaining(&at, &[]), 0);
    }
}

#[test]
fn a_quiet_hour_is_forgotten_and_so_is_an_account_that_signed_in() {
    for at in Database::each() {
        for _ in 0..6 {
            fail(&at, &["account a", "address x"]);
        }
        at.db.note(|note| throttles::succeed(note, "account a", Some("address x"))).unwrap();
        assert_eq!(remaining(&at, &["account a"]), 0);
        assert_eq!(at.number("SELECT failures AS n FROM throttles WHERE name = 'address x'"), 5, "one's own account clears no address");
        at.wait_minutes(61);
        fail(&at, &["account b"]);
        assert_eq!(at.texts("SELECT name AS t FROM throttles"), ["account b"], "{}", at.name());
    }
}

#[test]
fn failures_of_the_same_moment_all_count() {
    for at in Database::each() {
        std::thread::scope(|scope| {
            for number in 0..8 {
                let at = at.db.clone();
                scope.spawn(move || {
                    for _ in 0..5 {
                        // In either order, as two requests may name them.
                        let both = if number % 2 == 0 { names(&["a", "b"]) } else { names(&["b", "a"]) };
                        at.note(|note| throttles::fail(note, &both)).unwrap();
                    }
                });
            }
        });
        for name in ["a", "b"] {
            assert_eq!(at.number(&format!("SELECT failures AS n FROM throttles WHERE name = '{name}'")), 40, "{}", at.name());
        }
    }
}
