//! The event log: chained, and bounded for who knocks in vain (E-*).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
    place::Raw,
};
use bailiwick::{
    access::{Origin, system},
    domain::{
        event::{Event, Subject},
        permissions::{EventView, UserView},
    },
    problem::Problem,
    store::{
        check,
        event_log::{self, Recorded},
        events,
        paging::Paging,
    },
};
use serde_json::json;
use std::collections::HashSet;

fn record(at: &Database, word: &str) {
    let permit = at.permit::<UserView>(SUPER);
    at.db
        .write(&permit, |tx| {
            let event = Event::done("test.act").on(Subject::of("account", "acc_x")).on(Subject::of("role", "role_y")).with("word", word);
            tx.record(event).map(|_| ())
        })
        .unwrap();
}

fn wrong(at: &Database) -> Vec<String> {
    at.db.read(&system::checking(Origin::default()), check::check).unwrap()
}

fn refuse(at: &Database, who: &str) -> Result<(), Problem> {
    let actor = at.actor(who);
    at.db.write(&system::refusing(Origin::default()), |tx| events::record_refusal(tx, &actor, Event::refused("test.refused")))
}

#[test]
fn each_event_names_the_hash_of_the_one_before() {
    for at in Database::each() {
        for word in ["one", "two", "three"] {
            record(&at, word);
        }
        let links = at.pairs("SELECT hash AS t, previous AS u FROM events ORDER BY key");
        for pair in links.windows(2) {
            assert_eq!(pair[1].1, pair[0].0, "{}", at.name());
        }
        assert_eq!(links[0].1, "");
        assert_eq!(links.iter().map(|(hash, _)| hash).collect::<HashSet<_>>().len(), links.len());
        assert_eq!(wrong(&at), Vec::<String>::new());
    }
}

#[test]
fn what_is_changed_in_the_log_afterwards_is_found() {
    for change in [
        "UPDATE events SET actor_name = 'Nobody' WHERE action = 'test.act'",
        "UPDATE events SET at = at + 1 WHERE action = 'test.act'",
        "UPDATE events SET outcome = 'refused' WHERE action = 'test.act'",
        "UPDATE events SET through = 'grant_x' WHERE action = 'test.act'",
        "UPDATE event_details SET body = '{}' WHERE event IN (SELECT key FROM events WHERE action = 'test.act')",
        "UPDATE event_subjects SET id = 'acc_z' WHERE event IN (SELECT key FROM events WHERE action = 'test.act') AND position = 0",
        "DELETE FROM event_subjects WHERE event IN (SELECT key FROM events WHERE action = 'test.act') AND position = 1",
    ] {
        for mut at in Database::each() {
            at.may_be_unsound();
            record(&at, "one");
            record(&at, "two");
            assert!(wrong(&at).is_empty());
            at.run(change);
            assert!(!wrong(&at).is_empty(), "{change} on {} went unnoticed", at.name());
        }
    }
    for mut at in Database::each() {
        at.may_be_unsound();
        record(&at, "one");
        record(&at, "two");
        let first = at.number("SELECT min(key) AS n FROM events WHERE action = 'test.act'");
        for table in ["event_subjects", "event_details"] {
            at.run(&format!("DELETE FROM {table} WHERE event = {first}"));
        }
        at.run(&format!("DELETE FROM events WHERE key = {first}"));
        assert!(!wrong(&at).is_empty(), "an event that was taken out of the middle, on {}", at.name());
    }
}

#[test]
fn of_the_acts_that_somebody_is_refused_twenty_a_minute_are_written() {
    for at in Database::each() {
        for number in 0..20 {
            assert!(refuse(&at, INSIDE).is_ok(), "{number} on {}", at.name());
            at.wait_seconds(1);
        }
        assert!(matches!(refuse(&at, INSIDE), Err(Problem::TooMany(_))));
        assert!(refuse(&at, "vera@acme.example").is_ok(), "each person has their own");
        assert_eq!(at.events("test.refused").len(), 21);
        at.wait_seconds(41);
        assert!(refuse(&at, INSIDE).is_ok(), "the first of them is a minute old");
        assert!(refuse(&at, INSIDE).is_ok());
        let actors: HashSet<String> = at.events("test.refused").into_iter().map(|event| event.actor).collect();
        assert_eq!(actors, HashSet::from(["Ina Inside".to_owned(), "Vera Viewer".to_owned()]));
    }
}

#[test]
fn an_event_says_who_whence_and_through_which_grant() {
    for at in Database::each() {
        let origin = Origin { address: Some("192.0.2.9".into()), agent: Some("A browser".into()), request: Some("req_x".into()) };
        let permit = at.actor(INSIDE).permit::<UserView>(origin).unwrap();
        at.db.write(&permit, |tx| tx.record(Event::done("test.act")).map(|_| ())).unwrap();
        let happened = at.events("test.act").remove(0);
        assert_eq!((happened.actor.as_str(), happened.address.as_deref()), ("Ina Inside", Some("192.0.2.9")));
        let grant = at.texts(&format!("SELECT id AS t FROM grants WHERE account = {}", at.account_key(INSIDE).0)).remove(0);
        assert_eq!(happened.through, Some(grant), "{}", at.name());
        assert_eq!(at.texts("SELECT agent || ' ' || request AS t FROM events WHERE action = 'test.act'"), ["A browser req_x"]);
    }
}

/// What a list and the page of the one event of this act say of it.
fn told(at: &Database, action: &str) -> (Recorded, Recorded) {
    at.db
        .read(&at.permit::<EventView>(SUPER), |view| {
            let filter = event_log::Filter { action: action.into(), ..event_log::Filter::default() };
            let listed = event_log::list(view, &filter, &Paging::first(25))?.rows.remove(0);
            let latest = event_log::latest(view, 10)?.into_iter().find(|event| event.id == listed.id).unwrap();
            assert_eq!(latest.detail, listed.detail, "the home page says the same");
            let filed = event_log::list_whole(view, &filter, &Paging::first(25))?.rows.remove(0);
            let whole = event_log::find(view, &listed.id)?;
            assert_eq!(filed.detail, whole.detail, "a file says everything");
            Ok((listed, whole))
        })
        .unwrap()
}

#[test]
fn lists_read_how_many_in_the_place_of_thousands_of_names_and_the_event_has_them_all() {
    let names: Vec<String> = (0..10_000).map(|number| format!("Person “{number}”")).collect();
    for at in Database::each() {
        let permit = at.permit::<UserView>(SUPER);
        let detail = json!({ "name": "A \\ and \u{1f}", "few": ["a", "b", "c"], "yes": true, "none": null, "in": { "names": ["a", "b", "c", "d"] } });
        let (many, few) =
            (Event::done("test.many").with("names", names.clone()), Event::done("test.few").with("names", names[..400].to_vec()));
        for event in [many, few, Event::done("test.one").with("names", names[..5].to_vec())] {
            let event = detail.as_object().unwrap().iter().fold(event, |event, (name, value)| event.with(name, value.clone()));
            at.db.write(&permit, |tx| tx.record(event).map(|_| ())).unwrap();
        }
        let as_told = || {
            for (action, count) in [("test.many", 10_000), ("test.few", 400)] {
                let (listed, whole) = told(&at, action);
                assert_eq!(listed.detail["names"], json!(count), "{}", at.name());
                assert_eq!(whole.detail["names"], json!(names[..count]));
                for (name, value) in detail.as_object().unwrap() {
                    assert_eq!((&listed.detail[name], &whole.detail[name]), (value, value), "{name} on {}", at.name());
                }
            }
            let (listed, whole) = told(&at, "test.one");
            assert_eq!((&listed.detail["names"], listed.detail.len()), (&json!(names[..5]), whole.detail.len()), "short enough as it is");
            assert_eq!(wrong(&at), Vec::<String>::new());
        };
        as_told();
        // A log from before has its short forms made by the database.
        let mut raw = Raw::open(&at.url());
        let folder = if let Raw::Sqlite(_) = raw { "sqlite" } else { "postgres" };
        for way in ["down", "up"] {
            let file = format!("{}/migrations/{folder}/2026-11-25-000006_brief/{way}.sql", env!("CARGO_MANIFEST_DIR"));
            raw.run(&std::fs::read_to_string(file).unwrap());
        }
        as_told();
        // Who is erased from the log is erased from what lists say.
        at.run("DELETE FROM event_details WHERE event = (SELECT key FROM events WHERE action = 'test.many')");
        let (listed, whole) = told(&at, "test.many");
        assert!(listed.detail.is_empty() && whole.detail.is_empty(), "on {}: {listed:?}", at.name());
    }
}
