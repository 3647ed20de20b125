//! Accounts: search, filters and reach.

use crate::{
    database::Database,
    people::{INSIDE, OUTSIDE, SUPER},
};
use bailiwick::{
    access::InConsole,
    domain::{
        permissions::{RoleAssignmentView, UserView},
        time::Time,
    },
    problem::Problem,
    store::{
        accounts::{self, Filter, Sort},
        paging::Paging,
    },
};
use serde_json::json;

fn names(at: &Database, who: &str, filter: &Filter) -> Vec<String> {
    let store = at.customers().key;
    let found = at
        .db
        .read(&at.permit::<UserView>(who), |view| accounts::list::<InConsole>(view, store, filter, None, Sort::Name, &Paging::first(100)));
    found.unwrap().rows.into_iter().map(|listed| listed.account.name).collect()
}

fn search(at: &Database, q: &str) -> Vec<String> {
    names(at, SUPER, &Filter { q: q.to_owned(), ..Filter::default() })
}

#[test]
fn one_or_two_letters_find_starts_and_three_or_more_find_anything_inside() {
    for at in Database::each() {
        assert_eq!(search(&at, "an"), ["Ana Kovač", "Anaïs Bonnet"], "not Diana, not Banana, on {}", at.name());
        assert_eq!(search(&at, "ana"), ["Ana Kovač", "Anaïs Bonnet", "Banana Joe", "Diana Prinz"]);
        assert_eq!(search(&at, "ne"), ["Nemo Nowhere"], "the start of a name or an identifier");
        assert_eq!(search(&at, "iv"), ["Ivy Invited"]);
        assert_eq!(search(&at, "q0"), ["Gil Labs", "Gus Labs", "Gwen Globex"], "starts of e-mail addresses");
        assert_eq!(search(&at, "globex.ex").len(), 4, "inside e-mail addresses");
        assert_eq!(search(&at, "   "), search(&at, ""), "white space is no search");
        assert!(search(&at, "zzz").is_empty() && search(&at, "zz").is_empty());
    }
}

#[test]
fn a_search_minds_neither_case_nor_accents_nor_the_width_of_letters() {
    for at in Database::each() {
        for q in ["ANAIS", "anaïs", "Anai\u{0308}s", "ａｎａｉｓ", "anais bon", " anais  bonnet "] {
            assert_eq!(search(&at, q), ["Anaïs Bonnet"], "{q} on {}", at.name());
        }
        for q in ["lukasz", "ŁUKASZ", "strasse", "STRASSE", "straße"] {
            assert_eq!(search(&at, q), ["Æthelred Łukasz Straße"], "{q} on {}", at.name());
        }
        assert_eq!(search(&at, "محمد"), ["محمد الأمين"]);
        assert_eq!(search(&at, "مح"), ["محمد الأمين"]);
        assert_eq!(search(&at, "🦊"), ["🦊 Fuchs"]);
    }
}

#[test]
fn what_means_something_to_a_database_is_a_letter_like_any_other() {
    for at in Database::each() {
        at.import(json!({ "bailiwick": 1, "identity_stores": [{
            "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
            "accounts": [
                { "username": "per100%", "name": "Per 100% Sure", "status": "active" },
                { "username": "under_score", "name": "Under_Score \\ Back", "status": "active" },
                { "username": "quo\"te", "name": "Quo\"te O'Quote*", "status": "active" }],
        }] }));
        assert_eq!(search(&at, "100%"), ["Per 100% Sure"], "{}", at.name());
        assert_eq!(search(&at, "0%"), Vec::<String>::new());
        assert_eq!(search(&at, "%%%"), Vec::<String>::new());
        assert_eq!(search(&at, "___"), Vec::<String>::new());
        assert_eq!(search(&at, "r_s"), ["Under_Score \\ Back"]);
        assert_eq!(search(&at, "e \\ b"), ["Under_Score \\ Back"]);
        assert_eq!(search(&at, "o\"t"), ["Quo\"te O'Quote*"]);
        assert_eq!(search(&at, "te*"), ["Quo\"te O'Quote*"]);
        for q in ["\" OR name:x", "a AND b", "NEAR(a b)", "';--", "\\", "\\\\\\", "\0", "a\0b", "(((", "^an", "-ana", "{x}:y"] {
            assert!(search(&at, q).len() < 2, "{q:?} on {}", at.name());
        }
    }
}

#[test]
fn accounts_are_filtered_by_both_statuses() {
    for at in Database::each() {
        let with = |authn: &str, authz: &str| names(&at, SUPER, &Filter { authn: authn.into(), authz: authz.into(), ..Filter::default() });
        assert_eq!(with("invited", ""), ["Ivy Invited"], "{}", at.name());
        assert_eq!(with("disabled", ""), ["Dora Disabled"]);
        assert_eq!(with("locked", ""), ["Lou Locked"]);
        let everybody = with("", "").len();
        assert_eq!(with("active", "").len(), everybody - 3, "who is locked is listed as locked");
        assert_eq!(with("", "blocked"), ["Bo Blocked", "Gus Labs"]);
        assert_eq!(with("", "none"), ["Nemo Nowhere", "Nora Nowhere", "Twin of the customers"]);
        assert_eq!(with("", "active").len(), everybody - 5);
        assert_eq!(with("disabled", "blocked"), Vec::<String>::new());
        assert_eq!(with("nonsense", "nonsense").len(), everybody, "an unknown word narrows nothing");
        at.wait_minutes(20);
        assert_eq!(with("locked", ""), Vec::<String>::new(), "the wait is over to the second");
    }
}

#[test]
fn who_is_blocked_elsewhere_is_not_told() {
    for at in Database::each() {
        at.run(&format!(
            "UPDATE memberships SET status = 'blocked' WHERE account = {} AND organization = {}",
            at.account_key("p18@acme.example").0,
            at.organization_key("Globex").0
        ));
        let blocked = |who: &str| names(&at, who, &Filter { authz: "blocked".into(), ..Filter::default() });
        assert_eq!(blocked(INSIDE), ["Bo Blocked"], "Karl is blocked in Globex, on {}", at.name());
        assert_eq!(blocked(OUTSIDE), ["Gus Labs", "Karl Both"]);
        assert_eq!(blocked(SUPER), ["Bo Blocked", "Gus Labs", "Karl Both"]);
    }
}

#[test]
fn accounts_are_filtered_by_a_role_that_they_hold_now_where_the_reader_sees_it() {
    for at in Database::each() {
        let holding = |who: &str, role: &str| names(&at, who, &Filter { role: at.role(role), ..Filter::default() });
        assert_eq!(holding(SUPER, "Org auditor"), ["Aud Auditor", "Gwen Globex", "Tess Holder"], "Elif's has ended, on {}", at.name());
        assert_eq!(holding(INSIDE, "Org auditor"), ["Aud Auditor", "Tess Holder"]);
        assert_eq!(holding(OUTSIDE, "Org auditor"), ["Gwen Globex"]);
        // Both see Karl, but what he holds at Globex is seen there alone.
        at.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true, "role_assignments": [
                { "role": "Greeter", "organization": ["Globex"], "account": "p18@acme.example" },
                { "role": "Greeter", "organization": ["Globex", "Labs"], "account": "p18@acme.example", "starts": "2027-01-01T00:00:00Z" }] }] }));
        assert_eq!(holding(OUTSIDE, "Greeter"), ["Karl Both"], "once");
        assert_eq!(holding(SUPER, "Greeter"), ["Karl Both"]);
        assert_eq!(holding(INSIDE, "Greeter"), Vec::<String>::new());
        let both = Filter { role: at.role("Org auditor"), q: "holder".into(), ..Filter::default() };
        assert_eq!(names(&at, SUPER, &both), ["Tess Holder"]);
        assert_eq!(names(&at, SUPER, &Filter { authn: "disabled".into(), ..both }), Vec::<String>::new());
        assert_eq!(names(&at, SUPER, &Filter { role: "role_none".into(), ..Filter::default() }), Vec::<String>::new());
        // One of another store is held by nobody of this one.
        let reseller = Filter { role: at.role_of("partners", "Reseller"), ..Filter::default() };
        assert_eq!(names(&at, SUPER, &reseller), Vec::<String>::new());
    }
}

#[test]
fn accounts_are_filtered_by_verification_second_factor_and_when_they_were_made() {
    for at in Database::each() {
        let key = |who: &str| at.account_key(who).0;
        let (paul, aud, uwe) = (key("paul@acme.example"), key("aud@acme.example"), key("uwe@globex.example"));
        let everybody = names(&at, SUPER, &Filter::default()).len();
        for (account, verified) in [(paul, "TRUE"), (aud, "FALSE"), (uwe, "TRUE")] {
            at.run(&format!(
                "INSERT INTO verifications (account, verified, verified_by, how, reason, at) VALUES ({account}, {verified}, 'Su', 'hand', 'x', 0)"
            ));
        }
        let verified = |who: &str, word: &str| names(&at, who, &Filter { verified: word.into(), ..Filter::default() });
        assert_eq!(verified(SUPER, "yes"), ["Paul Plain", "Uwe Outside"], "{}", at.name());
        assert_eq!(verified(INSIDE, "yes"), ["Paul Plain"]);
        assert_eq!(verified(SUPER, "revoked"), ["Aud Auditor"]);
        assert_eq!(verified(SUPER, "no").len(), everybody - 2, "revoked is not verified");
        assert_eq!(verified(SUPER, "nonsense").len(), everybody);

        // Only what its owner has confirmed is a second factor (P-6).
        let bare = |who: &str| names(&at, who, &Filter { factor: "none".into(), ..Filter::default() });
        assert_eq!(bare(SUPER).len(), everybody);
        for (id, account, confirmed) in [("one", paul, "NULL"), ("two", paul, "5"), ("three", aud, "NULL")] {
            at.run(&format!(
                "INSERT INTO authenticators (id, account, type, value, confirmed_at, created_at) VALUES ('{id}', {account}, 'email', '{id}', {confirmed}, 0)"
            ));
        }
        let without = |missing: &[&str]| {
            let found = bare(SUPER);
            assert_eq!(found.len(), everybody - missing.len(), "{found:?}");
            assert!(missing.iter().all(|missing| !found.contains(&(*missing).to_owned())), "{found:?}");
        };
        without(&["Paul Plain"]);
        at.run("UPDATE authenticators SET confirmed_at = 6");
        without(&["Paul Plain", "Aud Auditor"]);
        at.run("UPDATE authenticators SET confirmed_at = NULL WHERE id = 'three'");
        at.run("DELETE FROM authenticators WHERE id = 'one'");
        without(&["Paul Plain"]);
        at.run("DELETE FROM authenticators WHERE id = 'two'");
        without(&[]);
        assert!(bare(INSIDE).contains(&"Paul Plain".to_owned()) && !bare(INSIDE).contains(&"Uwe Outside".to_owned()));
        assert_eq!(bare("vera@acme.example"), Vec::<String>::new(), "who may not see authenticators learns nothing of them");

        let day = |day: i64| Time::from_micros(0).plus_seconds(day * 86_400);
        at.run(&format!("UPDATE accounts SET created_at = {} WHERE key IN ({paul}, {uwe})", day(10).micros()));
        let made = |who: &str, from: Option<i64>, to: Option<i64>| {
            names(&at, who, &Filter { from: from.map(day), to: to.map(day), ..Filter::default() })
        };
        assert_eq!(made(SUPER, Some(10), Some(11)), ["Paul Plain", "Uwe Outside"]);
        assert_eq!(made(INSIDE, None, Some(11)), ["Paul Plain"]);
        assert_eq!(made(SUPER, None, Some(10)), Vec::<String>::new(), "the end is outside");
        assert_eq!(made(SUPER, Some(11), None).len(), everybody - 2);
    }
}

#[test]
fn everybody_sees_only_whom_they_may() {
    for at in Database::each() {
        let seen = |who: &str| names(&at, who, &Filter::default());
        let (su, inside, outside) = (seen(SUPER), seen(INSIDE), seen(OUTSIDE));
        assert_eq!(outside, ["Gil Labs", "Gus Labs", "Gwen Globex", "Karl Both", "Uwe Outside"], "{}", at.name());
        assert!(inside.contains(&"Karl Both".to_owned()) && !inside.contains(&"Gil Labs".to_owned()));
        assert!(inside.contains(&"Bo Blocked".to_owned()), "a membership in any status is one (P-3)");
        assert!(!inside.contains(&"Nemo Nowhere".to_owned()) && su.contains(&"Nemo Nowhere".to_owned()));
        assert!(
            seen("rita@brand.example").contains(&"Nemo Nowhere".to_owned()),
            "a scope of root that reaches all below has them too (P-3)"
        );
        assert_eq!(seen("rita@brand.example"), su);

        let (store, partners) = (at.customers().key, at.store("partners").key);
        let find =
            |who: &str, store, id: String| at.db.read(&at.permit::<UserView>(who), |view| accounts::find(view, store, &id).map(|_| ()));
        assert!(find(INSIDE, store, at.acc("paul@acme.example")).is_ok());
        for (who, store, id) in [
            (INSIDE, store, at.acc("q01@globex.example")),
            (INSIDE, store, at.acc("nemo")),
            (SUPER, store, at.acc_of("partners", "pia@zeta.example")),
            (SUPER, partners, at.acc("nemo")),
            (SUPER, store, "acc_aaaaaaaaaaaaaaaa".into()),
            (SUPER, store, String::new()),
            (SUPER, store, "a\0b".into()),
        ] {
            assert!(matches!(find(who, store, id), Err(Problem::NotFound)), "{who}");
        }
    }
}

#[test]
fn a_page_shows_the_memberships_in_reach_and_says_how_many_lie_outside() {
    for at in Database::each() {
        let store = at.customers().key;
        let detail = |who: &str| {
            at.db.read(&at.permit::<UserView>(who), |view| accounts::detail::<InConsole>(view, store, &at.acc("p18@acme.example"))).unwrap()
        };
        let shown = |who: &str| {
            let detail = detail(who);
            (detail.memberships.iter().map(|membership| membership.name().to_owned()).collect::<Vec<_>>(), detail.outside)
        };
        assert_eq!(shown(SUPER), (vec!["North".to_owned(), "Globex".to_owned()], 0), "{}", at.name());
        assert_eq!(shown(INSIDE), (vec!["North".to_owned()], 1));
        assert_eq!(shown(OUTSIDE), (vec!["Globex".to_owned()], 1));
    }
}

#[test]
fn lists_narrow_to_an_organization_or_to_all_below_it() {
    for at in Database::each() {
        let store = at.customers().key;
        let north = at.organization("Acme/North");
        let in_north = |below: bool| {
            let permit = at.permit::<UserView>(SUPER);
            let found = at.db.read(&permit, |view| {
                accounts::list::<InConsole>(view, store, &Filter::default(), Some((&north, below)), Sort::Name, &Paging::first(100))
            });
            found.unwrap().rows.len()
        };
        assert_eq!((in_north(false), in_north(true)), (9, 12), "{}", at.name());
        // Whom somebody may look at, of those that a list of holders names.
        let keys: Vec<_> = ["oda@acme.example", "q01@globex.example", "nemo"].into_iter().map(|who| at.account_key(who)).collect();
        let visible = |who: &str| at.db.read(&at.permit::<RoleAssignmentView>(who), |view| accounts::visible(view, &keys)).unwrap().len();
        assert_eq!((visible(SUPER), visible(INSIDE), visible(OUTSIDE)), (3, 1, 1));
    }
}
