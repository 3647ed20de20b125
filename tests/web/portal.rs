//! Org admins in the portal (P-*): the three recommended roles on the same account, right by right, and what each meets by hand.

use crate::{
    house::{House, PASSWORD},
    person::Person,
};
use serde_json::json;

fn at(house: &House, organization: &str, rest: &str) -> String {
    format!("/portal/o/{}/{rest}", house.org(organization))
}

fn account(house: &House, email: &str) -> String {
    at(house, "Acme", &format!("accounts/{}", house.acc(email)))
}

/// An act as a form sends it: its address, fields, and the access right that it needs.
type Act = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Every act on an account.
const ACTS: &[Act] = &[
    ("profile", &[("name", "Paul Plain"), ("rev", "1")], "account_management:WRITE"),
    ("groups", &[], "account_management:WRITE"),
    ("disable", &[], "account_management:WRITE"),
    ("enable", &[], "account_management:WRITE"),
    ("sessions/end", &[], "account_management:WRITE"),
    ("identifiers", &[("email", "paul@acme.example"), ("rev", "1")], "account_identities:WRITE"),
    ("password-reset", &[], "account_authenticators:WRITE"),
    ("password", &[("password", "weak")], "account_authenticators:WRITE"),
    ("verify", &[("reason", "")], "account_verification:WRITE"),
    ("data", &[], "personal_data_download:READ"),
    ("delete", &[("password", "not mine")], "account_management:DELETE"),
];

#[actix_web::test]
async fn each_of_the_three_recommended_roles_may_do_on_an_account_exactly_what_its_cells_say() {
    for house in House::each().await {
        for (who, role) in [("oda@acme.example", "Admin"), ("sam@acme.example", "Customer support"), ("aud@acme.example", "Org auditor")] {
            let rights = house.number(&format!("SELECT rights AS n FROM roles WHERE name = '{role}'"));
            let has = |code: &str| {
                let cell = bailiwick::domain::rights::Cell::from_code(code).unwrap();
                bailiwick::domain::rights::Rights::from_bits(rights as u16).has(cell)
            };
            let person = house.person(who).await;
            // So that deleting asks for a proof, and Paul stays for the next one.
            house.wait_minutes(11);
            let paul = account(&house, "paul@acme.example");
            let page = person.get(&paul).await.is(200);
            assert_eq!(page.text().contains("paul@acme.example"), has("account_identities:READ"), "{role} sees the sign-in name");
            for (act, fields, right) in ACTS {
                let before = house.state();
                let answer = person.post(&format!("{paul}/{act}"), fields).await;
                if has(right) {
                    assert!([200, 303, 409, 422].contains(&answer.status), "{role} may {act}: {} {}", answer.status, answer.text());
                } else {
                    answer.is(403);
                    before.assert_still(&house, "An act beyond the role");
                }
            }
            // What the page offers is what the server lets them do (P-2, D-12).
            let page = person.get(&paul).await.is(200);
            for (selector, right) in [
                ("a[href$='/profile']", "account_management:WRITE"),
                ("form[action$='/disable'], form[action$='/enable']", "account_management:WRITE"),
                ("a[href$='/identifiers']", "account_identities:WRITE"),
                ("a[href$='/password']", "account_authenticators:WRITE"),
                ("a[href$='/verify'], a[href$='/unverify']", "account_verification:WRITE"),
                ("a[href$='/data']", "personal_data_download:READ"),
                ("a[href$='/delete']", "account_management:DELETE"),
            ] {
                assert_eq!(page.has(selector), has(right), "{role} is offered {selector}");
            }
        }
    }
}

#[actix_web::test]
async fn an_org_auditor_looks_and_changes_nothing_and_each_try_is_one_event() {
    for house in House::each().await {
        let aud = house.person("aud@acme.example").await;
        let before = house.events("act.refuse").len();
        aud.post(&format!("{}/disable", account(&house, "paul@acme.example")), &[]).await.is(403).says("access right");
        // It is written beside the answer.
        for _ in 0..100 {
            if house.events("act.refuse").len() > before {
                break;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(house.events("act.refuse").len(), before + 1);
    }
}

#[actix_web::test]
async fn an_account_that_also_belongs_elsewhere_is_looked_at_but_acted_on_only_here() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        // Karl belongs to North and to Globex, of which Oda has one (P-3).
        let karl = account(&house, "p18@acme.example");
        let page = oda.get(&karl).await.is(200).says("Belongs to 1 organization outside your reach").never_says("Globex");
        assert!(!page.has("form[action$='/disable']") && page.has("form[action$='/memberships/block']"), "blocking here is offered");
        oda.post(&format!("{karl}/disable"), &[]).await.is(403).says("outside your reach").never_says("Globex");
        let north = house.org("Acme/North");
        oda.post(&format!("{karl}/memberships/block"), &[("org", &north)]).await.is(303);
        oda.post(&format!("{karl}/memberships/block"), &[("org", &house.org("Globex"))]).await.is(404);
    }
}

#[actix_web::test]
async fn an_administrator_who_is_a_member_outranks_the_org_admin() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let ina = account(&house, "ina@acme.example");
        oda.get(&ina).await.is(200).says("Holds more than you do");
        let before = house.state();
        for (act, fields, _) in ACTS.iter().filter(|(act, ..)| *act != "data" && *act != "delete") {
            oda.post(&format!("{ina}/{act}"), fields).await.is(403);
        }
        before.assert_still(&house, "An act on somebody of higher rank");
    }
}

#[actix_web::test]
async fn what_lies_elsewhere_is_not_there() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        // An account of another store with the same address, another customer's account, one that never was.
        let twin = house.acc_of("partners", "twin@twins.example");
        for id in [twin, house.acc("q01@globex.example"), "acc_aaaaaaaaaaaaaaaa".into()] {
            oda.get(&at(&house, "Acme", &format!("accounts/{id}"))).await.is(404);
            oda.post(&at(&house, "Acme", &format!("accounts/{id}/disable")), &[]).await.is(404);
        }
        for rest in ["accounts", "organizations", "me", "invitations"] {
            oda.get(&at(&house, "Globex", rest)).await.is(404);
        }
        // Within reach, but not below the organization of the address.
        oda.get(&at(&house, "Acme/South", &format!("accounts/{}", house.acc("paul@acme.example")))).await.is(404);
    }
}

#[actix_web::test]
async fn an_org_admin_who_comes_from_outside_works_there_without_being_a_member() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true, "role_assignments": [
                { "role": "Customer support", "organization": ["Globex"], "account": "paul@acme.example" }] }] }));
        let paul = house.person("paul@acme.example").await;
        paul.get("/").await;
        let list = paul.get(&at(&house, "Globex", "accounts")).await.is(200);
        let rows = list.rows().join("\n");
        assert!(rows.contains("Gwen Globex") && !rows.contains("Paul Plain"), "{rows}");
        let gus = at(&house, "Globex", &format!("accounts/{}", house.acc("q02@globex.example")));
        let page = paul.post(&format!("{gus}/disable"), &[]).await.is(303);
        let page = paul.follow(page).await.is(200).says("is disabled");
        // W-3: from the message.
        let undo = page.form("form[action$='/undo']");
        let page = paul.submit(undo).await.is(303);
        paul.follow(page).await.is(200).says("Undone");
        assert_eq!(house.texts("SELECT status AS t FROM accounts WHERE email = 'q02@globex.example'"), ["active"]);
    }
}

#[actix_web::test]
async fn the_portal_lands_where_there_is_one_and_lets_choose_where_there_are_several() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let page = oda.get("/").await;
        assert_eq!(page.leads_to(), Some("/portal"));
        let page = oda.follow(page).await.is(200);
        assert!(page.text().contains("The people of Acme"));
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true, "role_assignments": [
                { "role": "<b class=\"evil\">Bold</b> role", "organization": ["Globex"], "account": "oda@acme.example" }] }] }));
        oda.get("/portal").await.is(200).says("Acme").says("Globex").says("does not open the accounts list").stays_inert();
        oda.get("/portal?q=plant").await.is(200).says("Plant 7");
        oda.get(&at(&house, "Globex", "accounts")).await.is(403).says("does not open the accounts list");
        let karl = format!("accounts/{}", house.acc("p18@acme.example"));
        oda.get(&at(&house, "Globex", &karl)).await.is(404);
        oda.get(&at(&house, "Globex", "me")).await.is(200).says("does not open the accounts list");
        oda.post(&at(&house, "Globex", "favourite"), &[]).await.is(303);
        let page = oda.get("/portal?choose=1").await.is(200);
        assert!(page.text().find("Globex") < page.text().find("Acme"), "the favourite stands first");
        // Whoever holds nothing is told so.
        house.person("paul@acme.example").await.get("/portal").await.is(200).says("You do not manage an organization");
    }
}

#[actix_web::test]
async fn the_portal_shows_and_accepts_only_the_attributes_that_are_for_it() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let bob = account(&house, "p05@acme.example");
        oda.get(&bob).await.is(200).says("Department").never_says("Badge").stays_inert();
        let form = oda.get(&format!("{bob}/profile")).await.is(200).says("Department").never_says("Badge").form("form[data-guard]");
        oda.submit(form.smuggle("attr.badge", "7").smuggle("attr.department", "Sales").with("name", "Bob")).await.is(303);
        let kept = house.texts("SELECT attributes AS t FROM accounts WHERE email = 'p05@acme.example'");
        assert!(kept[0].contains("IT") && !kept[0].contains("Sales") && !kept[0].contains("badge"), "{kept:?}");
        let form = oda.get(&format!("{bob}/data")).await.is(200).form("#data-form");
        let data = oda.submit(form.with("format", "json")).await.is(200);
        assert!(data.body.contains("Department") && !data.body.contains("Badge"));
    }
}

#[actix_web::test]
async fn whoever_may_not_see_sign_in_names_finds_nobody_by_them() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true, "role_assignments": [
                { "role": "Greeter", "organization": ["Acme"], "account": "paul@acme.example" }] }] }));
        let paul = house.person("paul@acme.example").await;
        let list = at(&house, "Acme", "accounts");
        let page = paul.get(&format!("{list}?per=100")).await.is(200).says("Tess Holder").never_says("tess@acme.example");
        assert!(!page.body.contains("tess@acme.example"));
        paul.get(&format!("{list}?q=tess")).await.is(200).says("Tess Holder");
        paul.get(&format!("{list}?q=acme.example")).await.is(200).says("No account matches");
        let sheet = paul.post(&format!("{list}/export"), &[("format", "csv")]).await.is(200);
        assert!(sheet.body.contains("Tess Holder") && !sheet.body.contains("@acme.example"));
    }
}

#[actix_web::test]
async fn an_org_admin_sets_up_a_child_where_both_switches_are_on() {
    for house in House::each().await {
        let (oda, aud) = (house.person("oda@acme.example").await, house.person("aud@acme.example").await);
        let list = at(&house, "Acme", "organizations");
        let form = oda.get(&format!("{list}/new")).await.is(200).form("form[data-guard]");
        oda.submit(form.clone().with("name", "N")).await.is(422).says("2 to 64 characters");
        let page = oda.submit(form.clone().with("name", "Terminal")).await.is(303);
        oda.follow(page).await.is(200).says("Terminal is set up.").says("You manage it through Acme.");
        aud.post(&list, &[("name", "Mine")]).await.is(403);
        oda.post(&list, &[("name", "Elsewhere"), ("parent", &house.org("Globex"))]).await.is(422);
        for switch in [
            "UPDATE organizations SET organization_registration = NOT organization_registration WHERE name = 'Acme' AND depth = 1",
            "UPDATE identity_stores SET organization_registration = NOT organization_registration WHERE slug = 'customers'",
        ] {
            house.run(switch);
            let before = house.state();
            oda.post(&list, &[("name", "Later"), ("parent", &house.org("Acme"))]).await.is(409).says("switched off here");
            before.assert_still(&house, "A child where a switch is off");
            house.run(switch);
        }
    }
}

#[actix_web::test]
async fn personal_data_comes_after_a_fresh_proof_and_is_written_down() {
    for house in House::each().await {
        let aud = house.person("aud@acme.example").await;
        let paul = account(&house, "paul@acme.example");
        house.wait_minutes(11);
        let form = aud.get(&format!("{paul}/data")).await.is(200).form("#data-form");
        aud.submit(form.clone()).await.is(422).says("Enter your password to go on.");
        aud.submit(form.clone().with("password", "wrong")).await.is(422).says("This is not your password.");
        let file = aud.submit(form.without("once").with("password", PASSWORD).with("reason", "asked for by Paul")).await.is(200);
        assert!(file.header("content-disposition").unwrap().starts_with("attachment; filename=\"data-paul-plain-"));
        assert_eq!(file.header("cache-control"), Some("no-store"));
        assert!(file.body.contains("<!doctype html>") && !file.body.contains("<script") && !file.body.contains("http"), "it stands alone");
        let event = &house.events("account.data")[0];
        assert_eq!(event.detail["reason"].as_str(), Some("asked for by Paul"));
    }
}

#[actix_web::test]
async fn a_lost_right_is_gone_on_the_next_request() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let list = at(&house, "Acme", "accounts");
        oda.get(&list).await.is(200);
        house.run("UPDATE organizations SET active = NOT active WHERE name = 'Acme' AND depth = 1 AND store = (SELECT key FROM identity_stores WHERE slug = 'customers')");
        oda.get(&list).await.is(404);
        oda.get("/portal").await.is(200).says("You do not manage an organization");
        house.run("UPDATE organizations SET active = NOT active WHERE name = 'Acme' AND depth = 1 AND store = (SELECT key FROM identity_stores WHERE slug = 'customers')");
        let oda: Person = oda;
        oda.get(&list).await.is(200);
    }
}
