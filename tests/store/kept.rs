//! What processes keep in memory of who may do what, and until when.

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    access::{Actor, InConsole, Origin, system},
    domain::permissions::{OrganizationRoleView, UserView},
    store::{
        Db,
        accounts::{self, Filter, Sort},
        actors,
        paging::{Cursor, Paging, Slice, Total},
        roles, sessions,
    },
};

fn actor(at: &Database, db: &Db, who: &str) -> Option<Actor> {
    let key = at.account_key(who);
    db.read(&system::signing_in(Origin::default()), |view| actors::find(view, key)).unwrap()
}

fn page(at: &Database, db: &Db, who: &str, sort: Sort, paging: &Paging) -> Slice<accounts::Listed> {
    let store = at.customers().key;
    let permit = at.permit::<UserView>(who);
    db.read(&permit, |view| accounts::list::<InConsole>(view, store, &Filter::default(), None, sort, paging)).unwrap()
}

fn names(slice: &Slice<accounts::Listed>) -> Vec<String> {
    slice.rows.iter().map(|listed| listed.account.title().to_owned()).collect()
}

/// Of each table that what is kept is read from, the columns that it is not read from. A new column is on this list, or in
/// the trigger of its table.
const NOT_KEPT: [(&str, &[&str]); 9] = [
    (
        "accounts",
        &[
            "name_sort", // changes with the name
            "search",
            "locked_until",
            "password_hash",
            "attributes",
            "last_sign_in_at",
            "factors",
            "rev",
            "created_at",
            "changed_at",
        ],
    ),
    ("memberships", &["account", "organization", "created_at"]), // rows come and go
    (
        "organizations",
        &[
            "name_folded", // as is the one to sort by
            "name_sort",
            "description",
            "external_id",
            "metadata",
            "self_registration",
            "organization_registration",
            "depth", // changes with the parent of one above
            "rev",
            "created_at",
            "changed_at",
            "slug",
            "members",
            "peopled",
            "join_code",
        ],
    ),
    ("role_assignments", &["organization", "role", "account", "reason", "given", "given_by", "given_at"]), // rows come and go
    (
        "roles",
        &["name_folded", "name_sort", "description", "lasting", "rev", "created_at", "changed_at", "changed_by"], // lasting: with rows
    ),
    ("grants", &[]),
    ("administrator_roles", &[]),
    ("scopes", &[]),
    ("identity_stores", &[]),
];

#[test]
fn whatever_rights_hang_on_ends_what_is_kept_whoever_writes() {
    for mut at in Database::each() {
        at.may_be_unsound();
        let mark = || at.number("SELECT mark AS n FROM freshness");
        let mut last = mark();
        for (table, not_kept) in NOT_KEPT {
            let columns = match at.name() {
                "SQLite" => at.texts(&format!("SELECT name AS t FROM pragma_table_info('{table}')")),
                _ => at.texts(&format!(
                    "SELECT column_name::text AS t FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
                )),
            };
            for column in not_kept {
                assert!(columns.iter().any(|known| known == column), "there is no {table}.{column}");
            }
            for column in columns.iter().filter(|column| *column != "key") {
                at.run(&format!("UPDATE {table} SET {column} = {column}"));
                let now = mark();
                let kept = !not_kept.contains(&column.as_str());
                assert_eq!(now != last, kept, "{table}.{column} on {}", at.name());
                last = now;
            }
        }
        for gone in [
            "role_assignments",
            "memberships WHERE account = (SELECT key FROM accounts WHERE email = 'ina@acme.example')",
            "grants WHERE account = (SELECT key FROM accounts WHERE email = 'ina@acme.example')",
        ] {
            at.run(&format!("DELETE FROM {gone}"));
            assert_ne!(mark(), last, "{gone} on {}", at.name());
            last = mark();
        }
    }
}

#[test]
fn a_right_that_is_taken_is_gone_at_once_in_every_process() {
    for mut at in Database::each() {
        let other = at.another_door();
        assert!(actor(&at, &at.db, INSIDE).unwrap().is_administrator());
        assert!(actor(&at, &other, INSIDE).unwrap().is_administrator());
        at.may_be_unsound();
        at.run("UPDATE grants SET ends = 1 WHERE account = (SELECT key FROM accounts WHERE email = 'ina@acme.example')");
        for db in [&at.db, &other] {
            assert!(!actor(&at, db, INSIDE).unwrap().is_administrator(), "on {}", at.name());
        }
        at.run("UPDATE accounts SET status = 'disabled' WHERE email = 'ina@acme.example'");
        for db in [&at.db, &other] {
            assert!(actor(&at, db, INSIDE).is_none(), "on {}", at.name());
        }
    }
}

#[test]
fn what_is_kept_minds_the_clock() {
    for mut at in Database::each() {
        at.may_be_unsound();
        let soon = at.now().plus_seconds(60).micros();
        at.run(&format!("UPDATE grants SET ends = {soon} WHERE account = (SELECT key FROM accounts WHERE email = 'ina@acme.example')"));
        at.run(&format!("UPDATE role_assignments SET ends = {soon}"));
        let held = || {
            let permit = at.permit::<OrganizationRoleView>(SUPER);
            let list = roles::Filter::default();
            let slice = at.db.read(&permit, |view| roles::list(view, at.customers().key, &list, &Paging::first(100))).unwrap();
            slice.rows.iter().map(|listed| listed.held).sum::<i64>()
        };
        assert!(actor(&at, &at.db, INSIDE).unwrap().is_administrator());
        assert!(held() > 0);
        at.wait_seconds(61);
        assert!(!actor(&at, &at.db, INSIDE).unwrap().is_administrator(), "on {}", at.name());
        assert_eq!(held(), 0, "on {}", at.name());
    }
}

#[test]
fn a_session_comes_with_the_mark_under_which_its_person_is_kept() {
    for mut at in Database::each() {
        at.may_be_unsound();
        let key = at.account_key(SUPER);
        let begin = sessions::Begin {
            secret: "secret".into(),
            id: "ses_kept".into(),
            account: key,
            state: "{}".into(),
            address: None,
            agent: None,
        };
        at.db.note(|note| sessions::begin(note, begin)).unwrap();
        let mark = || at.db.read(&system::signing_in(Origin::default()), |view| sessions::state(view, "secret")).unwrap().unwrap().mark;
        let before = mark();
        actor(&at, &at.db, SUPER);
        assert_eq!(actors::kept(&at.db, key, before).unwrap().name, actor(&at, &at.db, SUPER).unwrap().name);
        at.run("UPDATE accounts SET name = 'Somebody Else'");
        assert!(actors::kept(&at.db, key, mark()).is_none(), "on {}", at.name());
        assert_eq!(actor(&at, &at.db, SUPER).unwrap().name, "Somebody Else");
    }
}

#[test]
fn the_few_in_reach_are_paged_to_and_fro_as_everybody_is() {
    for at in Database::each() {
        for sort in [Sort::Name, Sort::NameDown] {
            let ask = |paging: &Paging| page(&at, &at.db, INSIDE, sort, paging);
            let whole = names(&ask(&Paging::first(100)));
            // In the order of visits nothing of it is kept.
            let by_visit = names(&page(&at, &at.db, INSIDE, Sort::Last, &Paging::first(100)));
            let sorted = |mut names: Vec<String>| {
                names.sort();
                names
            };
            assert!(whole.len() > 4);
            assert_eq!(sorted(whole.clone()), sorted(by_visit), "on {}", at.name());
            let decode = |text: &Option<String>| text.as_ref().and_then(|text| Cursor::decode(text));
            let (mut paging, mut turns) = (Paging::first(2), Vec::new());
            loop {
                let slice = ask(&paging);
                assert_eq!(slice.total, Total::exactly(whole.len() as i64));
                turns.push(names(&slice));
                let numbered = Paging { number: paging.number, ..Paging::first(2) };
                assert_eq!(names(&ask(&numbered)), names(&slice), "page {} by its number", paging.number);
                let Some(after) = decode(&slice.last) else {
                    paging = Paging { before: decode(&slice.first), after: None, ..paging };
                    break;
                };
                paging = Paging { per: 2, number: paging.number + 1, after: Some(after), before: None };
            }
            assert_eq!(turns.concat(), whole, "{sort:?} on {}", at.name());
            for turn in turns.iter().rev().skip(1) {
                paging.number -= 1;
                let slice = ask(&paging);
                assert_eq!(&names(&slice), turn);
                paging.before = decode(&slice.first);
            }
        }
    }
}
