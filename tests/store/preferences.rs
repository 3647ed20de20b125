//! What a person likes.

use crate::{database::Database, people::SUPER};
use bailiwick::{
    access::Myself,
    store::preferences::{self, Preferences},
};

#[test]
fn everybody_has_settings_of_their_own_and_without_them_what_holds_for_all() {
    for at in Database::each() {
        let find = |who: &str| at.db.read(&at.permit::<Myself>(who), |view| preferences::find(view, at.account_key(who))).unwrap();
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
        assert_eq!(find("paul@acme.example"), Preferences::default());
        assert_eq!(at.number("SELECT count(*) AS n FROM preferences"), 1);
    }
}
