//! Registrations made final, also at the same moment.

use crate::{database::Database, people::SUPER};
use bailiwick::{
    access::{Origin, system},
    domain::permissions::OrganizationEdit,
    problem::Problem,
    store::{
        Db, jobs, organizations,
        registrations::{self, Joined, Newcomer},
    },
};
use serde_json::{Map, json};
use sha2::{Digest, Sha256};

/// A house in which roles are given automatically, with an organization where nobody ever was.
fn houses() -> Vec<Database> {
    let houses = Database::each();
    for at in &houses {
        at.import(json!({ "bailiwick": 1, "identity_stores": [{
            "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
            "organizations": [{ "path": ["Empty"] }],
        }] }));
        at.run("UPDATE roles SET auto_every = TRUE WHERE name IN ('Greeter', 'Org auditor')");
        at.run("UPDATE roles SET auto_first = TRUE WHERE name = 'Customer support'");
    }
    houses
}

fn registers(at: &Database, place: Option<&str>, email: &str) -> Result<(), Problem> {
    let newcomer = Newcomer {
        email: email.to_owned(),
        name: "Nia New".to_owned(),
        hash: format!("hash of {email}"),
        attributes: Map::new(),
        new_organization: "Newcomers".to_owned(),
    };
    at.db.write(&system::joining(Origin::default()), |tx| registrations::begin(tx, "customers", place, &newcomer))
}

/// The letters are sealed, so a link of the test's own stands in.
fn link(at: &Database, email: &str) -> String {
    let token = format!("token of {email}");
    let hash: String = Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    at.run(&format!("UPDATE registrations SET token = '{hash}' WHERE email = '{email}' AND password_hash IS NOT NULL"));
    token
}

fn confirms(db: &Db, token: &str, name: &str) -> Result<Joined, Problem> {
    let permit = system::joining(Origin::default());
    let found = db.read(&permit, |view| registrations::open(view, token))?;
    db.write(&permit, |tx| registrations::confirm(tx, token, &found.candidates[0], name))
}

#[test]
fn of_twenty_who_confirm_at_once_everybody_joins_and_exactly_one_is_the_first() {
    for at in houses() {
        let empty = at.org("Empty");
        let people: Vec<String> = (0..20).map(|number| format!("n{number:02}@new.example")).collect();
        let links: Vec<String> = people
            .iter()
            .map(|email| {
                registers(&at, Some(&empty), email).unwrap();
                link(&at, email)
            })
            .collect();
        assert_eq!(at.number("SELECT count(*) AS n FROM accounts WHERE email LIKE '%@new.example'"), 0, "nobody exists before");
        let start = std::sync::Barrier::new(links.len());
        std::thread::scope(|scope| {
            for link in &links {
                let (db, start) = (at.db.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    confirms(&db, link, "").unwrap()
                });
            }
        });
        let members = "SELECT a.email AS t FROM memberships m JOIN accounts a ON a.key = m.account JOIN organizations o ON o.key = m.organization \
             WHERE o.name = 'Empty' ORDER BY a.email";
        assert_eq!(at.texts(members), people, "{}", at.name());
        for role in ["Greeter", "Org auditor"] {
            assert_eq!(at.holders("Empty", role), people, "{role} on {}", at.name());
        }
        assert_eq!(at.holders("Empty", "Customer support").len(), 1, "one first person on {}", at.name());
        assert_eq!(at.texts("SELECT DISTINCT given AS t FROM role_assignments WHERE account IN (SELECT key FROM accounts WHERE email LIKE '%@new.example')"), ["automatic"]);
        assert_eq!(at.number("SELECT count(*) AS n FROM accounts WHERE email LIKE '%@new.example' AND status = 'active'"), 20);
        assert_eq!(at.number("SELECT count(*) AS n FROM registrations"), 0);
        assert_eq!(at.events("registration.confirm").len(), 20);
    }
}

#[test]
fn nobody_is_first_where_somebody_was_or_is_invited() {
    for at in houses() {
        // Whoever was there is gone, and the organization remembers.
        at.run("DELETE FROM role_assignments WHERE organization = (SELECT key FROM organizations WHERE name = 'South')");
        at.run("DELETE FROM memberships WHERE organization = (SELECT key FROM organizations WHERE name = 'South')");
        registers(&at, Some(&at.org("Acme/South")), "a@new.example").unwrap();
        let joined = confirms(&at.db, &link(&at, "a@new.example"), "").unwrap();
        assert_eq!(joined.roles, ["Greeter", "Org auditor"], "{}", at.name());
        let columns = "id, store, organization, email, email_folded, message, attributes, group_names, invited_by, invited_by_name, portal, \
             status, token, sent_at, ends_at, created_at";
        at.run(&format!(
            "INSERT INTO invitations ({columns}) SELECT 'inv_x', store, key, 'i@new.example', 'i@new.example', '', '{{}}', '[]', 'x', 'x', FALSE, \
             'pending', NULL, 1, {}, 1 FROM organizations WHERE name = 'Empty'",
            at.now().plus_seconds(60).micros()
        ));
        registers(&at, Some(&at.org("Empty")), "b@new.example").unwrap();
        assert_eq!(confirms(&at.db, &link(&at, "b@new.example"), "").unwrap().roles, ["Greeter", "Org auditor"], "{}", at.name());
    }
}

#[test]
fn whoever_founds_an_organization_is_its_first_person_and_a_taken_name_is_said_then() {
    for at in houses() {
        for email in ["a@new.example", "b@new.example"] {
            registers(&at, None, email).unwrap();
        }
        let joined = confirms(&at.db, &link(&at, "a@new.example"), "Newcomers").unwrap();
        assert_eq!(joined.organization, "Newcomers");
        assert_eq!(joined.roles, ["Customer support", "Greeter", "Org auditor"], "{}", at.name());
        let second = link(&at, "b@new.example");
        let before = at.state();
        match confirms(&at.db, &second, "NEWCOMERS") {
            Err(Problem::Refused(refusal)) => assert_eq!(refusal.field, "organization"),
            other => panic!("{other:?}"),
        }
        before.assert_still(&at, "A name that is taken");
        assert_eq!(confirms(&at.db, &second, "Other").unwrap().organization, "Other");
        assert_eq!(
            at.texts("SELECT p.name AS t FROM organizations o JOIN organizations p ON p.key = o.parent WHERE o.name = 'Other'"),
            ["Brand"]
        );
    }
}

#[test]
fn what_is_closed_before_the_confirmation_stays_closed() {
    for (closing, opening) in [
        ("UPDATE identity_stores SET self_registration = FALSE", "UPDATE identity_stores SET self_registration = TRUE WHERE NOT built_in"),
        ("UPDATE organizations SET self_registration = FALSE", "UPDATE organizations SET self_registration = TRUE"),
        ("UPDATE organizations SET active = FALSE WHERE name = 'Acme'", "UPDATE organizations SET active = TRUE WHERE name = 'Acme'"),
    ] {
        for at in houses() {
            let north = at.org("Acme/North");
            registers(&at, Some(&north), "a@new.example").unwrap();
            let token = link(&at, "a@new.example");
            at.run(closing);
            let before = at.state();
            assert!(matches!(confirms(&at.db, &token, ""), Err(Problem::Conflict(_))), "{closing} on {}", at.name());
            assert!(matches!(registers(&at, Some(&north), "b@new.example"), Err(Problem::NotFound)), "{closing}");
            before.assert_still(&at, closing);
            at.run(opening);
            confirms(&at.db, &token, "").unwrap();
        }
    }
}

#[test]
fn an_account_that_was_a_member_gets_nothing_by_it() {
    for at in houses() {
        // Made by hand, never used: whoever has the mailbox makes it theirs, and it was a member.
        at.run("UPDATE accounts SET status = 'invited', password_hash = NULL WHERE email = 'p04@acme.example'");
        registers(&at, Some(&at.org("Acme/South")), "p04@acme.example").unwrap();
        let joined = confirms(&at.db, &link(&at, "p04@acme.example"), "").unwrap();
        assert!(joined.roles.is_empty(), "{:?} on {}", joined.roles, at.name());
        assert_eq!(at.texts("SELECT status AS t FROM accounts WHERE email = 'p04@acme.example'"), ["active"]);
        // An account that is used meanwhile has nothing to confirm.
        registers(&at, Some(&at.org("Acme/South")), "a@new.example").unwrap();
        let token = link(&at, "a@new.example");
        at.run("UPDATE identifiers SET folded = 'a@new.example' WHERE folded = 'p03@acme.example'");
        at.run("UPDATE accounts SET email = 'a@new.example' WHERE email = 'p03@acme.example'");
        assert!(matches!(confirms(&at.db, &token, ""), Err(Problem::Conflict(_))), "{}", at.name());
        at.run("UPDATE identifiers SET folded = 'p03@acme.example' WHERE folded = 'a@new.example'");
        at.run("UPDATE accounts SET email = 'p03@acme.example' WHERE email = 'a@new.example'");
    }
}

#[test]
fn what_nobody_confirms_is_gone_after_a_day() {
    for at in houses() {
        registers(&at, Some(&at.org("Empty")), "a@new.example").unwrap();
        let token = link(&at, "a@new.example");
        at.wait_minutes(24 * 60 - 1);
        assert_eq!(jobs::clean_up(&at.db).unwrap().unwrap().registrations, 0);
        at.wait_minutes(16);
        assert!(matches!(confirms(&at.db, &token, ""), Err(Problem::NotFound)));
        assert_eq!(jobs::clean_up(&at.db).unwrap().unwrap().registrations, 1, "{}", at.name());
    }
}

#[test]
fn a_code_leads_to_its_organization_until_it_is_renewed() {
    for at in houses() {
        let (store, empty) = (at.customers(), at.org("Empty"));
        let renew = || at.db.write(&at.permit::<OrganizationEdit>(SUPER), |tx| organizations::renew_code(tx, &store, &empty)).unwrap();
        let way = |code: &str| {
            let permit = system::joining(Origin::default());
            at.db.read(&permit, |view| registrations::way(view, "customers", "x@nowhere.example", code)).unwrap()
        };
        renew();
        let code = at.texts("SELECT join_code AS t FROM organizations WHERE join_code IS NOT NULL").remove(0);
        let typed = format!(" {}-{} ", &code[..5].to_lowercase(), &code[5..]);
        assert!(way(&typed).is_some(), "{typed} on {}", at.name());
        renew();
        assert_eq!(way(&code), None);
        assert_eq!(at.events("organization.join_code").len(), 2);
    }
}
