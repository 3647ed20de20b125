//! What a person likes.

use crate::{database::Database, people::SUPER};
use bailiwick::{
    access::{Origin, system},
    store::{
        preferences::{self, Preferences},
        sessions::{self, Begin},
    },
};

const PAUL: &str = "paul@acme.example";

/// Begins a session of somebody, whose requests begin with what they like.
fn begin(at: &Database, who: &str) {
    let begin = Begin {
        secret: format!("the secret of {who}"),
        id: format!("session of {who}"),
        account: at.account_key(who),
        state: String::new(),
        address: None,
        agent: None,
    };
    at.db.note(|note| sessions::begin(note, begin)).unwrap();
}

fn find(at: &Database, who: &str) -> Preferences {
    let permit = system::signing_in(Origin::default());
    at.db.read(&permit, |view| sessions::state(view, &format!("the secret of {who}"))).unwrap().unwrap().preferences
}

#[test]
fn everybody_has_settings_of_their_own_and_without_them_what_holds_for_all() {
    for at in Database::each() {
        begin(&at, SUPER);
        begin(&at, PAUL);
        let find = |who: &str| find(&at, who);
        assert_eq!(find(SUPER), Preferences::default());
        let dark = Preferences {
            appearance: "dark".into(),
            time_zone: Some("Europe/Lisbon".into()),
            per_page: 100,
            separator: "semicolon".into(),
            ..Preferences::default()
        };
        at.db.note(|note| preferences::save(note, at.account_key(SUPER), &dark)).unwrap();
        assert_eq!(find(SUPER), dark, "{}", at.name());
        let light = Preferences { appearance: "light".into(), shortcuts: false, density: "compact".into(), ..Preferences::default() };
        at.db.note(|note| preferences::save(note, at.account_key(SUPER), &light)).unwrap();
        assert_eq!(find(SUPER), light, "the zone went back to none");
        assert_eq!(find(PAUL), Preferences::default());
        assert_eq!(at.number("SELECT count(*) AS n FROM preferences"), 1);
    }
}
