//! Role assignments: giving, renewing, taking, and who holds what from where (A-*).

use crate::{
    database::Database,
    people::{INSIDE, OUTSIDE, SUPER},
    place::{CROWD, Content},
};
use bailiwick::{
    access::rank::Above,
    domain::{
        permissions::{RoleAssignmentEdit, RoleAssignmentView, UserView},
        role_assignment::Given,
        time::Period,
    },
    problem::Problem,
    store::{
        accounts::{Filter, Sort},
        paging::Paging,
        role_assignments::{self, Gave, Wanted},
    },
};

fn give(at: &Database, who: &str, wanted: &Wanted, ids: &[String], period: Period) -> Result<Gave, Problem> {
    let permit = at.permit::<RoleAssignmentEdit>(who);
    at.db.write_or_stop(&permit, |tx| role_assignments::add(tx, wanted, ids, 0, period, "for a test"))
}

fn take(at: &Database, who: &str, wanted: &Wanted, ids: &[String]) -> Result<usize, Problem> {
    at.db.write(&at.permit::<RoleAssignmentEdit>(who), |tx| role_assignments::remove(tx, wanted, ids).map(|(removed, _)| removed))
}

#[track_caller]
fn done(gave: Result<Gave, Problem>) -> (usize, Vec<String>) {
    match gave.unwrap() {
        Gave::Done { given, already, .. } => (given, already),
        Gave::Not(trouble) => panic!("nothing was done: {trouble:?}"),
    }
}

#[test]
fn a_pair_is_given_once_and_who_held_it_already_is_named() {
    for at in Database::each() {
        let wanted = at.wanted("Acme/North", "Org auditor");
        let ids = at.accounts(["paul@acme.example", "tess@acme.example", "ivy", "dora@acme.example"]);
        assert_eq!(done(give(&at, SUPER, &wanted, &ids, Period::ALWAYS)), (3, vec!["Tess Holder".to_owned()]), "{}", at.name());
        assert_eq!(at.holders("Acme/North", "Org auditor"), ["dora@acme.example", "ivy", "paul@acme.example", "tess@acme.example"]);
        let happened = at.events("role_assignment.add");
        assert_eq!(happened.len(), 1);
        assert_eq!((happened[0].actor.as_str(), happened[0].outcome.as_str()), ("Su Super", "done"));
        assert_eq!(happened[0].detail["accounts"].as_array().unwrap().len(), 3);
        assert_eq!(happened[0].detail["already"], 1);
        // The same again is no second row, and is written down as what it was.
        assert_eq!(done(give(&at, SUPER, &wanted, &ids, Period::ALWAYS)).0, 0);
        assert_eq!(at.number("SELECT count(*) AS n FROM role_assignments WHERE reason = 'for a test'"), 3);
        // Named twice is meant once.
        let twice = [ids[0].clone(), ids[0].clone()];
        assert_eq!(done(give(&at, SUPER, &at.wanted("Acme/South", "Greeter"), &twice, Period::ALWAYS)).0, 1);
    }
}

#[test]
fn what_has_ended_is_not_held_and_giving_it_again_renews_the_row() {
    for at in Database::each() {
        let wanted = at.wanted("Acme/North", "Org auditor");
        let ids = at.accounts(["p13@acme.example"]);
        let rows = "SELECT count(*) AS n FROM role_assignments WHERE reason = 'over'";
        assert_eq!((at.number(rows), at.holders("Acme/North", "Org auditor").len()), (1, 1));
        assert!(matches!(take(&at, SUPER, &wanted, &ids), Ok(0)), "there is nothing to take");
        let soon = Period { starts: Some(at.now().plus_seconds(60)), ends: Some(at.now().plus_seconds(120)) };
        assert_eq!(done(give(&at, SUPER, &wanted, &ids, soon)).0, 1);
        assert_eq!(at.number(rows), 0, "one row per organization, role and account (A-5)");
        assert_eq!(at.holders("Acme/North", "Org auditor"), ["p13@acme.example", "tess@acme.example"], "a future one is held (A-5)");
        assert_eq!(done(give(&at, SUPER, &wanted, &ids, Period::ALWAYS)), (0, vec!["Elif Kaya".to_owned()]));
        at.wait_minutes(2);
        assert_eq!(at.holders("Acme/North", "Org auditor"), ["tess@acme.example"], "half open: at its end it is over");
        assert_eq!(done(give(&at, SUPER, &wanted, &ids, Period::ALWAYS)).0, 1);
    }
}

#[test]
fn giving_is_all_or_nothing() {
    for at in Database::each() {
        let wanted = at.wanted("Acme/North", "Greeter");
        let before = at.state();
        // One is gone, one is of another store, one lies out of reach, one was counted and has vanished since.
        let good = at.accounts(["paul@acme.example", "p01@acme.example"]);
        for (who, stranger) in [
            (SUPER, "acc_aaaaaaaaaaaaaaaa".to_owned()),
            (SUPER, at.acc_of("partners", "pia@zeta.example")),
            (INSIDE, at.acc("q01@globex.example")),
            (INSIDE, at.acc("nemo")),
        ] {
            let ids = [good.clone(), vec![stranger]].concat();
            match give(&at, who, &wanted, &ids, Period::ALWAYS).unwrap() {
                Gave::Not(trouble) => {
                    let mut rest = trouble.rest.clone();
                    rest.sort();
                    let mut expected = good.clone();
                    expected.sort();
                    assert_eq!((trouble.gone, rest, trouble.above), (1, expected, Vec::new()), "{who} on {}", at.name());
                }
                Gave::Done { .. } => panic!("{who} gave it to somebody beyond"),
            }
        }
        let permit = at.permit::<RoleAssignmentEdit>(SUPER);
        let counted = at.db.write_or_stop(&permit, |tx| role_assignments::add(tx, &wanted, &good, 3, Period::ALWAYS, "")).unwrap();
        assert!(matches!(counted, Gave::Not(trouble) if trouble.gone == 1), "three were confirmed");
        before.assert_still(&at, "Giving that was stopped");
    }
}

#[test]
fn nobody_gives_to_themselves_or_to_who_holds_more_or_more_than_they_hold() {
    for at in Database::each() {
        let wanted = at.wanted("Acme/North", "Greeter");
        let before = at.state();
        let ids = at.accounts(["ina@acme.example", "oda@acme.example", "paul@acme.example"]);
        match give(&at, INSIDE, &wanted, &ids, Period::ALWAYS).unwrap() {
            Gave::Not(trouble) => {
                let mut above = trouble.above.clone();
                above.sort_by(|a, b| a.0.cmp(&b.0));
                assert_eq!(above, [("Ina Inside".into(), Above::Oneself), ("Oda Orgadmin".into(), Above::HoldsMore)], "{}", at.name());
                assert_eq!((trouble.gone, trouble.rest), (0, at.accounts(["paul@acme.example"])));
            }
            Gave::Done { .. } => panic!("rank was not asked"),
        }
        let paul = at.accounts(["paul@acme.example"]);
        for (who, path, role) in [(INSIDE, "Acme/North", "Admin"), (INSIDE, "Globex", "Greeter"), (OUTSIDE, "Acme/North", "Greeter")] {
            let refused = give(&at, who, &at.wanted(path, role), &paul, Period::ALWAYS);
            assert!(matches!(refused, Err(Problem::Forbidden(_))), "{who}, {role} at {path}: {refused:?}");
        }
        let refused = take(&at, INSIDE, &at.wanted("Acme", "Admin"), &at.accounts(["oda@acme.example"]));
        assert!(matches!(refused, Err(Problem::Forbidden(_))));
        before.assert_still(&at, "What was refused");
    }
}

#[test]
fn what_is_taken_is_gone_and_the_log_knows_what_it_was() {
    for at in Database::each() {
        let wanted = at.wanted("Acme/North", "Org auditor");
        let ids = at.accounts(["tess@acme.example", "aud@acme.example", "p13@acme.example"]);
        let preview = at.db.read(&at.permit::<RoleAssignmentEdit>(SUPER), |view| role_assignments::preview_removal(view, &wanted, &ids));
        let preview = preview.unwrap();
        assert_eq!((preview.accounts.len(), preview.gone, preview.still_inherited), (1, 2, 0), "{}", at.name());
        assert_eq!(take(&at, SUPER, &wanted, &ids).unwrap(), 1);
        assert!(at.holders("Acme/North", "Org auditor").is_empty());
        assert_eq!(at.holders("Acme", "Org auditor"), ["aud@acme.example"], "what is held above stays");
        let happened = at.events("role_assignment.remove");
        assert_eq!(happened[0].detail["before"][0]["account"], at.acc("tess@acme.example").as_str());
        assert_eq!(take(&at, SUPER, &wanted, &ids).unwrap(), 0, "who does not hold it any more counts as done");
    }
}

#[test]
fn holders_are_those_it_was_given_to_here_and_apart_from_them_those_above() {
    for at in Database::each() {
        let organization = at.organization("Acme/North/Plant 7");
        let role = at.role_named("Org auditor");
        let wanted = at.wanted("Acme/North/Plant 7", "Org auditor");
        assert_eq!(done(give(&at, SUPER, &wanted, &at.accounts(["p14@acme.example", "aud@acme.example"]), Period::ALWAYS)).0, 2);
        let holders = |q: &str| {
            let permit = at.permit::<RoleAssignmentView>(SUPER);
            at.db.read(&permit, |view| role_assignments::holders(view, &organization, role.key, q, &Paging::first(25))).unwrap()
        };
        let found = holders("");
        let direct: Vec<&str> = found.direct.rows.iter().map(|holder| holder.account.name.as_str()).collect();
        assert_eq!(direct, ["Aud Auditor", "Finn Berg"], "{}", at.name());
        assert!(found.direct.rows.iter().all(|holder| holder.from.is_none() && holder.given == Given::Hand));
        let inherited: Vec<(&str, &str)> =
            found.inherited.iter().map(|holder| (holder.account.name.as_str(), holder.from.as_ref().unwrap().name.as_str())).collect();
        assert_eq!(inherited, [("Aud Auditor", "Acme"), ("Tess Holder", "North")]);
        assert_eq!(found.inherited_total.count, 2);
        let narrowed = holders("finn");
        assert_eq!((narrowed.direct.rows.len(), narrowed.inherited.len()), (1, 0));

        // Who may look at the place but not above it sees the names, and no way there.
        let mut pairs =
            at.db.read(&at.permit::<RoleAssignmentView>(INSIDE), |view| role_assignments::org_admins(view, &organization)).unwrap();
        pairs.sort_by(|a, b| (&a.role, &a.holder.account.name).cmp(&(&b.role, &b.holder.account.name)));
        let names: Vec<(&str, &str)> = pairs.iter().map(|admin| (admin.role.as_str(), admin.holder.account.name.as_str())).collect();
        assert_eq!(
            names,
            [
                ("Admin", "Oda Orgadmin"),
                ("Customer support", "Sam Support"),
                ("Org auditor", "Aud Auditor"),
                ("Org auditor", "Aud Auditor"),
                ("Org auditor", "Finn Berg"),
                ("Org auditor", "Tess Holder")
            ]
        );
        let preview = at.db.read(&at.permit::<RoleAssignmentEdit>(SUPER), |view| {
            role_assignments::preview_removal(view, &wanted, &at.accounts(["aud@acme.example", "p14@acme.example"]))
        });
        assert_eq!(preview.unwrap().still_inherited, 1, "taking it here leaves it to her from above");
    }
}

#[test]
fn candidates_are_those_in_reach_who_do_not_hold_it_here() {
    for at in Database::each() {
        let wanted = at.wanted("Acme/North", "Org auditor");
        let candidates = |who: &str, filter: Filter| {
            let permit = at.permit::<UserView>(who);
            let read =
                at.db.read(&permit, |view| role_assignments::candidates(view, &wanted, &filter, None, Sort::Name, &Paging::first(100)));
            read.unwrap().rows
        };
        let everybody = candidates(SUPER, Filter::default());
        let named = |name: &str| everybody.iter().find(|candidate| candidate.account.name == name);
        assert!(named("Tess Holder").is_none(), "holds it here, on {}", at.name());
        assert!(named("Elif Kaya").is_some(), "held it once");
        assert_eq!(named("Aud Auditor").unwrap().inherited_from.as_ref().unwrap().name, "Acme");
        assert!(everybody.iter().all(|candidate| candidate.above.is_none()), "a super administrator of another store covers everybody");
        let count = |member: &str| candidates(SUPER, Filter { member: member.into(), ..Filter::default() }).len();
        assert_eq!(count("inside") + count("outside") + count("none"), everybody.len());
        assert_eq!((count("inside"), count("none")), (11, 3));
        let inside = candidates(INSIDE, Filter::default());
        let above: Vec<(&str, Above)> =
            inside.iter().filter_map(|candidate| Some((candidate.account.name.as_str(), candidate.above?))).collect();
        let more = |name| (name, Above::HoldsMore);
        assert_eq!(above, [more("Hugo Silva"), ("Ina Inside", Above::Oneself), more("Oda Orgadmin"), more("Sam Support")]);
        assert!(inside.iter().all(|candidate| candidate.account.name != "Gil Labs"), "out of reach");
    }
}

#[test]
fn ten_thousand_get_it_at_once_and_one_more_is_too_many() {
    for at in Database::on_each(Content::Crowd) {
        let wanted = at.wanted("Acme/South", "Org auditor");
        let ids = at.texts("SELECT id AS t FROM accounts WHERE username LIKE 'crowd%' ORDER BY key LIMIT 10001");
        let too_many = give(&at, SUPER, &wanted, &ids, Period::ALWAYS);
        assert!(matches!(too_many, Err(Problem::Conflict(_))), "{too_many:?}");
        assert_eq!(at.number("SELECT count(*) AS n FROM role_assignments WHERE reason = 'for a test'"), 0);
        assert_eq!(done(give(&at, SUPER, &wanted, &ids[..10_000], Period::ALWAYS)).0, 10_000, "{}", at.name());
        assert_eq!(
            at.number("SELECT count(*) AS n FROM event_subjects WHERE noun = 'account'"),
            10_000,
            "one subject per thing touched (E-1)"
        );
        let counted = at
            .db
            .read(&at.permit::<RoleAssignmentView>(SUPER), |view| role_assignments::count(view, &wanted.organization, wanted.role.key));
        assert_eq!(counted.unwrap().count, 10_000);
        assert_eq!(take(&at, SUPER, &wanted, &ids[..10_000]).unwrap(), 10_000);
        assert!(at.holders("Acme/South", "Org auditor").is_empty());
        assert!(ids.len() <= CROWD);
    }
}

#[test]
fn pairs_that_somebody_holds_are_listed_in_reach_only() {
    for at in Database::each() {
        let store = at.customers().key;
        let pairs = |who: &str| {
            let permit = at.permit::<RoleAssignmentView>(who);
            let found = at.db.read(&permit, |view| role_assignments::pairs(view, store, None, None, &Paging::first(25))).unwrap();
            assert_eq!(found.total.count as usize, found.rows.len());
            found.rows.into_iter().map(|pair| (pair.path.last().unwrap().name.clone(), pair.role, pair.accounts)).collect::<Vec<_>>()
        };
        let expected = |rows: &[(&str, &str, i64)]| rows.iter().map(|(a, b, n)| ((*a).to_owned(), (*b).to_owned(), *n)).collect::<Vec<_>>();
        let acme = [
            ("Acme", "Admin", 1),
            ("Acme", "Customer support", 1),
            ("Acme", "Org auditor", 1),
            ("North", "Org auditor", 1),
            ("South", "<b class=\"evil\">Bold</b> role", 1),
        ];
        assert_eq!(pairs(INSIDE), expected(&acme), "{}", at.name());
        assert_eq!(pairs(OUTSIDE), expected(&[("Globex", "Org auditor", 1)]));
        assert_eq!(pairs(SUPER).len(), 6);
        // Two pages of the same list.
        let permit = at.permit::<RoleAssignmentView>(SUPER);
        let page = |number: i64| {
            let paging = Paging { number, ..Paging::first(4) };
            let found = at.db.read(&permit, |view| role_assignments::pairs(view, store, None, None, &paging)).unwrap();
            (found.rows.len(), found.first.is_some(), found.last.is_some())
        };
        assert_eq!((page(1), page(2)), ((4, false, true), (2, true, false)));
    }
}

#[test]
fn a_role_opens_the_portal_only_while_it_has_effect_where_it_was_given() {
    // S-5: its dates, the holder's membership there, and the organization with all above it.
    for at in Database::each() {
        let tess = at.account_key("tess@acme.example").0;
        let (acme, north) = (at.organization_key("Acme").0, at.organization_key("Acme/North").0);
        let now = at.now().micros();
        let opens = || at.actor("tess@acme.example").is_org_admin();
        let membership =
            |status: &str| format!("UPDATE memberships SET status = '{status}' WHERE account = {tess} AND organization = {north}");
        let active = |on: &str, key: i64| format!("UPDATE organizations SET active = {on} WHERE key = {key}");
        let dates = |sets: &str| format!("UPDATE role_assignments SET {sets} WHERE account = {tess}");
        for (lose, regain) in [
            (membership("blocked"), membership("active")),
            (active("FALSE", north), active("TRUE", north)),
            (active("FALSE", acme), active("TRUE", acme)),
            (dates(&format!("ends = {now}")), dates("ends = NULL")),
            (dates(&format!("starts = {}", now + 1)), dates("starts = NULL")),
        ] {
            assert!(opens(), "before {lose} on {}", at.name());
            at.run(&lose);
            assert!(!opens(), "after {lose} on {}", at.name());
            at.run(&regain);
        }
        assert!(opens(), "{}", at.name());
    }
}
