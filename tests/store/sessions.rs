//! Sessions: hashed at rest, with limits, ended for good (I-5).

use crate::database::Database;
use bailiwick::{
    access::{Myself, Origin, system},
    problem::Problem,
    store::sessions::{self, Begin},
};

const SECRET: &str = "a-secret-that-only-the-cookie-holds";
const PAUL: &str = "paul@acme.example";

fn begin(at: &Database, who: &str, secret: &str, id: &str) {
    let begin = Begin {
        secret: secret.to_owned(),
        id: id.to_owned(),
        account: at.account_key(who),
        state: "{\"at\":1}".to_owned(),
        address: Some("192.0.2.7".to_owned()),
        agent: Some("A browser".to_owned()),
    };
    at.db.note(|note| sessions::begin(note, begin)).unwrap();
}

fn state(at: &Database, secret: &str) -> Option<String> {
    let permit = system::signing_in(Origin::default());
    at.db.read(&permit, |view| sessions::state(view, secret)).unwrap().map(|session| session.state)
}

fn touch(at: &Database, id: &str) {
    at.db.note(|note| sessions::touch(note, id)).unwrap();
}

fn listed(at: &Database, who: &str) -> Vec<String> {
    let permit = at.permit::<Myself>(who);
    at.db.read(&permit, |view| sessions::list(view)).unwrap().0.into_iter().map(|session| session.id).collect()
}

#[test]
fn the_database_never_holds_what_the_cookie_holds() {
    for at in Database::each() {
        begin(&at, PAUL, SECRET, "session_one");
        let row = at.texts("SELECT hash || ' ' || id || ' ' || state || ' ' || address || ' ' || agent AS t FROM sessions").remove(0);
        assert!(!row.contains(SECRET), "{row}");
        assert_eq!(row.split(' ').next().unwrap().len(), 64, "SHA-256 on {}", at.name());
        assert_eq!(state(&at, SECRET).as_deref(), Some("{\"at\":1}"));
        let hash = row.split(' ').next().unwrap().to_owned();
        for other in [hash.as_str(), "session_one", "", "a-secret-that-only-the-cookie-hold", "\0"] {
            assert_eq!(state(&at, other), None, "{other:?} opens nothing");
        }
    }
}

#[test]
fn a_session_ends_when_it_idles_and_at_the_latest_after_half_a_day() {
    for at in Database::each() {
        begin(&at, PAUL, SECRET, "session_one");
        at.wait_seconds(30 * 60 - 1);
        assert!(state(&at, SECRET).is_some());
        assert_eq!(listed(&at, PAUL), ["session_one"]);
        at.wait_seconds(1);
        assert!(state(&at, SECRET).is_none(), "idle for 30 minutes, on {}", at.name());
        assert!(listed(&at, PAUL).is_empty(), "what is over is no session in one's list");

        begin(&at, PAUL, "another-secret", "session_two");
        for _ in 0..47 {
            at.wait_minutes(15);
            touch(&at, "session_two");
        }
        assert!(state(&at, "another-secret").is_some(), "used all day");
        at.wait_minutes(15);
        touch(&at, "session_two");
        assert!(state(&at, "another-secret").is_none(), "12 hours are the limit");
    }
}

#[test]
fn a_request_in_flight_brings_no_ended_session_back() {
    for at in Database::each() {
        begin(&at, PAUL, SECRET, "session_one");
        at.db.note(|note| sessions::update(note, SECRET, "changed")).unwrap();
        assert_eq!(state(&at, SECRET).as_deref(), Some("changed"));
        at.db.note(|note| sessions::end(note, SECRET)).unwrap();
        at.db.note(|note| sessions::update(note, SECRET, "revived")).unwrap();
        touch(&at, "session_one");
        assert_eq!(state(&at, SECRET), None, "{}", at.name());
        assert_eq!(at.number("SELECT count(*) AS n FROM sessions"), 0);
        at.db.note(|note| sessions::end(note, SECRET)).unwrap();
    }
}

#[test]
fn use_is_noted_once_a_minute() {
    for at in Database::each() {
        begin(&at, PAUL, SECRET, "session_one");
        let seen = |at: &Database| at.number("SELECT seen_at AS n FROM sessions");
        let first = seen(&at);
        at.wait_seconds(60);
        touch(&at, "session_one");
        assert_eq!(seen(&at), first, "not yet, on {}", at.name());
        at.wait_seconds(1);
        touch(&at, "session_one");
        assert_eq!(seen(&at), at.now().micros());
    }
}

#[test]
fn everybody_lists_and_ends_only_their_own() {
    for at in Database::each() {
        for (who, secret, id) in [(PAUL, "s1", "p1"), (PAUL, "s2", "p2"), (PAUL, "s3", "p3"), ("oda@acme.example", "s4", "o1")] {
            begin(&at, who, secret, id);
            at.wait_seconds(1);
        }
        assert_eq!(listed(&at, PAUL), ["p3", "p2", "p1"], "latest first, on {}", at.name());
        let permit = at.permit::<Myself>(PAUL);
        let foreign = at.db.write(&permit, |tx| sessions::end_own(tx, Some("o1"), "p3"));
        assert!(matches!(foreign, Err(Problem::NotFound)));
        assert_eq!(at.db.write(&permit, |tx| sessions::end_own(tx, Some("p1"), "p3")).unwrap(), 1);
        assert_eq!(at.db.write(&permit, |tx| sessions::end_own(tx, None, "p3")).unwrap(), 1, "all but the one in use");
        assert_eq!((listed(&at, PAUL), listed(&at, "oda@acme.example")), (vec!["p3".to_owned()], vec!["o1".to_owned()]));
        assert_eq!(at.events("session.end").len(), 2);
    }
}
