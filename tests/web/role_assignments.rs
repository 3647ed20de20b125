//! Organizations > Role assignments (screens.md 4.9; A-*, C-*, P-4): holders, giving by a plain post, taking.

use crate::{house::House, page::Page, person::Person};
use serde_json::json;

const BASE: &str = "/admin/stores/customers/role-assignments";

/// Posts the pair and accounts, and what else there is.
async fn give(person: &Person<'_>, house: &House, path: &str, role: &str, accounts: &[&str], more: &[(&str, &str)]) -> Page {
    let (org, role) = (house.org(path), house.role(role));
    let accounts: Vec<String> = accounts.iter().map(|identifier| house.acc(identifier)).collect();
    let mut fields = vec![("org", org.as_str()), ("role", role.as_str())];
    fields.extend(accounts.iter().map(|id| ("account", id.as_str())));
    fields.extend(more);
    person.post(BASE, &fields).await
}

/// Posts the removal.
async fn take(person: &Person<'_>, house: &House, path: &str, role: &str, accounts: &[&str]) -> Page {
    let (org, role) = (house.org(path), house.role(role));
    let accounts: Vec<String> = accounts.iter().map(|identifier| house.acc(identifier)).collect();
    let mut fields = vec![("org", org.as_str()), ("role", role.as_str())];
    fields.extend(accounts.iter().map(|id| ("account", id.as_str())));
    person.post(&format!("{BASE}/remove"), &fields).await
}

fn pair(house: &House, path: &str, role: &str) -> String {
    format!("org={}&role={}", house.org(path), house.role(role))
}

#[actix_web::test]
async fn accounts_get_a_pair_and_are_named() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example", "p18@acme.example", "nemo"], &[("reason", "New desk")])
            .await
            .is(303);
        let page = su.follow(page).await.is(200).says("3 accounts now hold Greeter in North.").says("New desk").says("Su Super");
        assert_eq!(page.rows().len(), 3);
        assert_eq!(page.attribute(".result-note a", "href"), format!("{BASE}/unassigned?{}", pair(&house, "Acme/North", "Greeter")));
        // The note is shown once.
        su.get(&format!("{BASE}?{}", pair(&house, "Acme/North", "Greeter"))).await.is(200).never_says("now hold");
        assert_eq!(house.holders("Acme/North", "Greeter"), ["nemo", "p01@acme.example", "p18@acme.example"]);
        let event = &house.events("role_assignment.add")[0];
        assert_eq!(event.detail["accounts"].as_array().unwrap().len(), 3);
        assert_eq!(
            (&event.detail["reason"], &event.detail["role"], &event.detail["organization"]),
            (&json!("New desk"), &json!("Greeter"), &json!("North"))
        );
        assert_eq!(house.number("SELECT count(*) AS n FROM event_subjects s JOIN events e ON e.key = s.event WHERE e.action = 'role_assignment.add' AND s.noun = 'account'"), 3);
        // The pairs are listed, with what lies below.
        let rows = su.get(&format!("{BASE}?org={}", house.org("Acme/North"))).await.is(200).rows();
        assert!(rows.iter().any(|row| row.contains("Greeter") && row.contains(" 3 ") && row.contains(" 2 ")), "{rows:?}");
    }
}

#[actix_web::test]
async fn who_holds_it_already_counts_as_success_and_is_named() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example", "p05@acme.example"], &[("reason", "first")]).await.is(303);
        let page = give(
            &su,
            &house,
            "Acme/North",
            "Greeter",
            &["p01@acme.example", "p02@acme.example", "p05@acme.example"],
            &[("reason", "second")],
        )
        .await
        .is(303);
        let page = su.follow(page).await.is(200).stays_inert().says("1 account now holds Greeter in North.");
        page.says("2 already did: <b class=\"evil\">Bob</b>, Ana Kovač.");
        assert_eq!(house.holders("Acme/North", "Greeter").len(), 3);
        // What they had stays as it was.
        assert_eq!(
            house.texts("SELECT reason AS t FROM role_assignments WHERE reason IN ('first', 'second') ORDER BY 1"),
            ["first", "first", "second"]
        );
        let page = give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[]).await.is(303);
        su.follow(page).await.is(200).says("Nothing to do: they hold Greeter in North already.");
        // The same account twice in one form is one account.
        let page = give(&su, &house, "Acme/South", "Greeter", &["p04@acme.example", "p04@acme.example"], &[]).await.is(303);
        su.follow(page).await.is(200).says("1 account now holds Greeter in South.");
    }
}

#[actix_web::test]
async fn if_one_of_them_vanished_nothing_is_done_and_the_others_are_offered() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        house.vanish("p02@acme.example");
        let before = house.state();
        let dates = [("reason", "Half of them"), ("ends", "2027-01-31")];
        let page =
            give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example", "p02@acme.example", "p03@acme.example"], &dates).await.is(422);
        let page = page.says("Nothing was assigned.").says("1 account was deleted or left your reach meanwhile. Assign to the other 2?");
        before.assert_still(&house, "A vanished account");
        let form = page.form("#assign-form");
        assert_eq!((form.values("account").len(), form.value("reason"), form.value("ends")), (2, "Half of them", "2027-01-31"));
        let page = su.submit(form).await.is(303);
        su.follow(page).await.is(200).says("2 accounts now hold Greeter in North.");
        assert_eq!(house.holders("Acme/North", "Greeter"), ["p01@acme.example", "p03@acme.example"]);
        // Nobody is left.
        let page = give(&su, &house, "Acme/North", "Greeter", &["p02@acme.example"], &[]).await.is(422).says("Nobody is left to assign to");
        assert!(!page.text().contains("Assign to the other"));
    }
}

#[actix_web::test]
async fn ids_of_another_store_and_rubbish_are_refused_and_change_nothing() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let (north, greeter, ana) = (house.org("Acme/North"), house.role("Greeter"), house.acc("p01@acme.example"));
        let (zeta, reseller, pia) =
            (house.org_of("partners", "Zeta"), house.role_of("partners", "Reseller"), house.acc_of("partners", "pia@zeta.example"));
        let root = house.org_of("administrators", "");
        let long = "x".repeat(5_000);
        let before = house.state();
        for (org, role) in [
            (&zeta, &greeter),
            (&north, &reseller),
            (&root, &greeter),
            (&zeta, &reseller),
            (&"org_x".to_owned(), &greeter),
            (&north, &"role_x".to_owned()),
            (&String::new(), &String::new()),
            (&"a\0b".to_owned(), &greeter),
            (&north, &"a\0b".to_owned()),
            (&long, &long),
        ] {
            let fields = [("org", org.as_str()), ("role", role.as_str()), ("account", ana.as_str())];
            su.post(BASE, &fields).await.is(404);
            su.post(&format!("{BASE}/remove"), &fields).await.is(404);
            su.post(&format!("{BASE}/selection"), &fields).await.is(404);
            let query = serde_html_form::to_string(fields).unwrap();
            su.get(&format!("{BASE}/remove?{query}")).await.is(404);
        }
        for account in [pia.as_str(), "acc_x", "", "a\0b", "'", &long] {
            let fields = [("org", north.as_str()), ("role", greeter.as_str()), ("account", account), ("account", ana.as_str())];
            su.post(BASE, &fields).await.is(422).says("1 account was deleted or left your reach meanwhile");
            su.post(&format!("{BASE}/remove"), &fields[..3]).await.is(303);
        }
        for address in [
            "/admin/stores/administrators/role-assignments",
            "/admin/stores/nowhere/role-assignments",
            "/admin/stores/partners/role-assignments",
        ] {
            su.post(address, &[("org", &north), ("role", &greeter), ("account", &ana)]).await.is(404);
        }
        let page = su.post(BASE, &[("org", &north), ("role", &greeter)]).await.is(422).says("Select at least one account.");
        assert_eq!(page.form("#assign-form").values("account").len(), 0);
        // More at once than one act may have.
        let many: Vec<String> = (0..10_001).map(|number| format!("acc_{number:016}")).collect();
        let mut fields = vec![("org", north.as_str()), ("role", greeter.as_str())];
        fields.extend(many.iter().map(|id| ("account", id.as_str())));
        su.post(BASE, &fields).await.is(422).says("at most 10,000 at once");
        // A removal of nothing is written down, and that is all.
        assert!(house.holders("Acme/North", "Greeter").is_empty());
        assert_eq!(house.events("role_assignment.add").len(), 0);
        let _ = before;
    }
}

#[actix_web::test]
async fn bad_dates_and_reasons_come_back_as_typed() {
    let long = "x".repeat(513);
    let cases = [
        ("starts", "yesterday", "Enter a date like 2026-11-23"),
        ("starts", "2026-13-01", "Enter a date like 2026-11-23"),
        ("starts", "0001-01-01", "Enter a date like 2026-11-23"),
        ("ends", "9999-12-31", "Enter a date like 2026-11-23"),
        ("ends", "2026-02-30", "Enter a date like 2026-11-23"),
        ("ends", "2026-11-22", "The end lies in the past"),
        ("ends", "<b class=\"evil\">", "Enter a date like 2026-11-23"),
        ("ends", "2026-12-01\0", "Enter a date like 2026-11-23"),
        ("reason", long.as_str(), "Shorten the reason to 512 characters; it has 513."),
        ("reason", "a\0b", "cannot be printed"),
    ];
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let before = house.state();
        for (field, value, words) in cases {
            let mut fields = vec![("starts", "2026-12-24"), ("ends", "2027-01-06"), ("reason", "Kept <i class=\"evil\">words</i>")];
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            let page = give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example", "p02@acme.example"], &fields)
                .await
                .is(422)
                .says(words)
                .stays_inert();
            let form = page.form("#assign-form");
            for (name, typed) in fields.iter().filter(|(_, typed)| !typed.contains('\0')) {
                assert_eq!(form.value(name), *typed, "{field}={value}");
            }
            assert_eq!(form.values("account").len(), 2);
            assert_eq!(page.attribute(&format!("#{field}"), "aria-invalid"), "true");
        }
        let turned = [("starts", "2027-01-06"), ("ends", "2026-12-24")];
        give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &turned).await.is(422).says("The end lies before the start.");
        let all_wrong = [("starts", "x"), ("ends", "y"), ("reason", long.as_str())];
        give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &all_wrong).await.is(422).says("Three things need attention");
        before.assert_still(&house, "A bad date");
        give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[("reason", &long[1..])]).await.is(303);
    }
}

#[actix_web::test]
async fn an_end_date_means_through_that_day_where_the_giver_lives() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[("starts", "2026-12-01"), ("ends", "2026-12-31")])
            .await
            .is(303);
        su.post("/me/settings", &[("time_zone", "Asia/Tokyo")]).await.is(303);
        give(&su, &house, "Acme/South", "Greeter", &["p01@acme.example"], &[("starts", "2026-12-01"), ("ends", "2026-12-31")])
            .await
            .is(303);
        let dates = |path: &str| {
            let org = house.org(path);
            house.pairs(&format!(
                "SELECT CAST(ra.starts AS text) AS t, CAST(ra.ends AS text) AS u FROM role_assignments ra JOIN organizations o ON o.key = ra.organization \
                 JOIN roles r ON r.key = ra.role WHERE o.id = '{org}' AND r.name = 'Greeter'"
            ))
        };
        let instant = |text: &str| bailiwick::domain::time::Time::parse(text).unwrap().micros().to_string();
        assert_eq!(dates("Acme/North"), [(instant("2026-12-01T00:00:00Z"), instant("2027-01-01T00:00:00Z"))]);
        assert_eq!(dates("Acme/South"), [(instant("2026-11-30T15:00:00Z"), instant("2026-12-31T15:00:00Z"))]);
        // It is held though it has not started, so it is no candidate any more.
        assert_eq!(house.holders("Acme/North", "Greeter").len(), 1);
        su.get(&format!("{BASE}?{}", pair(&house, "Acme/North", "Greeter")))
            .await
            .is(200)
            .says("from 1 Dec 2026, 09:00 JST")
            .says("until 1 Jan 2027, 09:00 JST");
        // Today as the last day has not ended yet.
        give(&su, &house, "Acme", "Greeter", &["p01@acme.example"], &[("ends", "2026-11-23")]).await.is(303);
    }
}

#[actix_web::test]
async fn a_row_that_has_ended_is_renewed_not_doubled() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        // Elif held it until October.
        let address = format!("{BASE}?{}", pair(&house, "Acme/North", "Org auditor"));
        su.get(&address).await.is(200).never_says("Elif Kaya");
        let page = give(&su, &house, "Acme/North", "Org auditor", &["p13@acme.example"], &[("reason", "again")]).await.is(303);
        su.follow(page).await.is(200).says("1 account now holds Org auditor in North.").says("Elif Kaya").says("again");
        let rows = house.texts(&format!(
            "SELECT ra.reason || ' ' || ra.given || ' ' || coalesce(ra.given_by, '') || coalesce(CAST(ra.ends AS text), ' for good') AS t \
             FROM role_assignments ra JOIN accounts a ON a.key = ra.account WHERE a.id = '{}'",
            house.acc("p13@acme.example")
        ));
        assert_eq!(rows, ["again hand Su Super for good"]);
    }
}

#[actix_web::test]
async fn nobody_assigns_anything_to_themselves() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        let before = house.state();
        let page = give(&ina, &house, "Acme", "Greeter", &["ina@acme.example"], &[])
            .await
            .is(422)
            .says("Ina Inside: This is you. Nobody assigns anything to themselves.");
        assert!(!page.has("#assign-form button"));
        let page = give(&ina, &house, "Acme", "Greeter", &["p01@acme.example", "ina@acme.example"], &[])
            .await
            .is(422)
            .says("Assign to the other 1?");
        before.assert_still(&house, "Oneself");
        ina.submit(page.form("#assign-form")).await.is(303);
        assert_eq!(house.holders("Acme", "Greeter"), ["p01@acme.example"]);
    }
}

#[actix_web::test]
async fn nobody_gives_to_or_takes_from_somebody_who_holds_more() {
    for house in House::each().await {
        let (su, ina) = (house.person("su@brand.example").await, house.person("ina@acme.example").await);
        let before = house.state();
        // Oda is org admin: she holds cells that Ina's permissions do not cover (P-4).
        give(&ina, &house, "Acme/North", "Greeter", &["oda@acme.example", "p01@acme.example"], &[])
            .await
            .is(422)
            .says("Oda Orgadmin: Holds more than you do")
            .says("Assign to the other 1?");
        before.assert_still(&house, "Somebody above");
        give(&su, &house, "Acme/North", "Greeter", &["oda@acme.example"], &[]).await.is(303);
        let before = house.state();
        take(&ina, &house, "Acme/North", "Greeter", &["oda@acme.example"]).await.is(403).says("Oda Orgadmin");
        let page = ina
            .get(&format!("{BASE}/remove?{}&account={}", pair(&house, "Acme/North", "Greeter"), house.acc("oda@acme.example")))
            .await
            .is(200);
        assert!(!page.says("Holds more than you do").has("form[action$='/remove'][method=post]"));
        before.assert_still(&house, "Somebody above");
        let page = ina.get(&format!("{BASE}?{}", pair(&house, "Acme/North", "Greeter"))).await.is(200);
        assert!(!page.has("a[href*='/remove']") && !page.has("input[name=account]"));
        take(&su, &house, "Acme/North", "Greeter", &["oda@acme.example"]).await.is(303);
    }
}

#[actix_web::test]
async fn nobody_hands_out_more_than_they_hold() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        let before = house.state();
        for role in ["Admin", "Customer support", "<b class=\"evil\">Bold</b> role"] {
            give(&ina, &house, "Acme/North", role, &["p01@acme.example"], &[]).await.is(403).stays_inert();
            let address = format!("{BASE}/unassigned?{}", pair(&house, "Acme/North", role));
            ina.get(&address).await.is(403).says("Nobody hands out more than they hold.");
            let page = ina
                .get(&format!("{BASE}?{}", pair(&house, "Acme/North", role)))
                .await
                .is(200)
                .never_says("Assign accounts")
                .never_says("Remove");
            assert!(!page.has("a[href*='/unassigned']"));
        }
        before.assert_still(&house, "More than one holds");
        // What she covers she gives, with the button there.
        let page = ina.get(&format!("{BASE}?{}", pair(&house, "Acme/North", "Greeter"))).await.is(200);
        assert!(page.has("a[href*='/unassigned']"));
        give(&ina, &house, "Acme/North", "Org auditor", &["p01@acme.example"], &[]).await.is(303);
        // Taking away asks the same.
        take(&ina, &house, "Acme", "Customer support", &["sam@acme.example"]).await.is(403);
        take(&ina, &house, "Acme", "Admin", &["oda@acme.example"]).await.is(403);
    }
}

#[actix_web::test]
async fn beyond_ones_reach_is_404_and_within_sight_alone_403() {
    for house in House::each().await {
        // Vera looks at all of Acme; in South she may assign, too.
        house.import(json!({
            "bailiwick": 1,
            "scopes": [{ "name": "South alone", "store": "Customers", "organization": ["Acme", "South"], "reach": "this_and_below" }],
            "grants": [{ "role": "Helper", "store": "Customers", "account": "vera@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme", "South"], "name": "South alone" } }],
        }));
        let vera = house.person("vera@acme.example").await;
        let before = house.state();
        for (path, status) in [("Globex", 404), ("Initech/East", 404), ("Acme/North", 403), ("Acme", 403)] {
            give(&vera, &house, path, "Greeter", &["p04@acme.example"], &[]).await.is(status);
            take(&vera, &house, path, "Org auditor", &["p04@acme.example"]).await.is(status);
            vera.get(&format!("{BASE}/unassigned?{}", pair(&house, path, "Greeter"))).await.is(status);
            vera.get(&format!("{BASE}/remove?{}&account=x", pair(&house, path, "Greeter"))).await.is(status);
            let seen = vera.get(&format!("{BASE}?{}", pair(&house, path, "Greeter"))).await;
            assert_eq!(seen.status, if status == 404 { 404 } else { 200 }, "{path}");
            assert!(!seen.has("a[href*='/unassigned']"), "{path}");
            let pick = [("org", house.org(path)), ("role", house.role("Greeter"))];
            vera.post(&format!("{BASE}/selection"), &[("org", &pick[0].1), ("role", &pick[1].1)]).await.is(status);
        }
        before.assert_still(&house, "Beyond reach");
        give(&vera, &house, "Acme/South", "Greeter", &["p04@acme.example"], &[]).await.is(303);
        // Her reach over accounts is all of Acme (user.view of the other grant), so Ana may be chosen; Gwen may not.
        give(&vera, &house, "Acme/South", "Greeter", &["p01@acme.example"], &[]).await.is(303);
        give(&vera, &house, "Acme/South", "Greeter", &["q01@globex.example"], &[]).await.is(422).says("left your reach");
        // Refused acts are in the log, with who and where.
        let refused = house.events("act.refuse");
        assert!(refused.iter().any(|event| event.actor == "Vera Viewer" && event.detail["path"] == BASE), "{refused:?}");
    }
}

#[actix_web::test]
async fn who_holds_for_a_while_gives_for_no_longer() {
    for house in House::each().await {
        house.import(json!({
            "bailiwick": 1,
            "grants": [{ "role": "Helper", "store": "Customers", "account": "lena@acme.example", "ends": "2026-12-31T00:00:00Z",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }],
            "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
                "accounts": [{ "email": "lena@acme.example", "name": "Lena Limited", "password": crate::house::PASSWORD,
                    "memberships": [{ "organization": ["Acme"] }] }] }],
        }));
        let lena = house.person("lena@acme.example").await;
        assert!(lena.get(&format!("{BASE}?{}", pair(&house, "Acme/North", "Greeter"))).await.is(200).has("a[href*='/unassigned']"));
        let before = house.state();
        give(&lena, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[]).await.is(403);
        give(&lena, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[("ends", "2027-01-31")]).await.is(403);
        before.assert_still(&house, "Longer than one's own");
        give(&lena, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[("ends", "2026-12-24")]).await.is(303);
    }
}

#[actix_web::test]
async fn taking_away_is_confirmed_with_what_is_lost() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        give(&su, &house, "Acme/North", "Org auditor", &["aud@acme.example", "p05@acme.example"], &[("reason", "for now")]).await.is(303);
        let address = format!("{BASE}?{}", pair(&house, "Acme/North", "Org auditor"));
        let page = su.get(&address).await.is(200).stays_inert().says("Held through an organization above");
        let form = page.form("#holders").tick("account", &house.acc("aud@acme.example")).tick("account", &house.acc("p05@acme.example"));
        let before = house.state();
        let page = su
            .submit(form)
            .await
            .is(200)
            .stays_inert()
            .says("Take Org auditor from 2 accounts?")
            .says("1 of them still holds this role here through an organization above.");
        before.assert_still(&house, "A confirmation");
        let page = su.submit(page.form("form[action$='/remove'][method=post]")).await.is(303);
        let page = su.follow(page).await.is(200).says("2 accounts no longer hold Org auditor in North.");
        assert!(page.rows().iter().any(|row| row.contains("Tess Holder")) && !page.text().contains("for now"));
        assert_eq!(house.holders("Acme/North", "Org auditor"), ["tess@acme.example"]);
        assert_eq!(house.holders("Acme", "Org auditor"), ["aud@acme.example"]);
        let event = &house.events("role_assignment.remove")[0];
        let former = event.detail["before"].as_array().unwrap();
        assert_eq!(former.len(), 2);
        assert!(
            former.iter().all(|row| row["reason"] == "for now" && row["given_by"] == "Su Super" && row["given"] == "hand"),
            "{former:?}"
        );
        // Once more: there is nothing left to take.
        let page = take(&su, &house, "Acme/North", "Org auditor", &["p05@acme.example"]).await.is(303);
        su.follow(page).await.is(200).says("Nothing to do: none of them held Org auditor in North.");
        // Who chose nobody is told.
        let page = su.get(&format!("{BASE}/remove?{}", pair(&house, "Acme/North", "Org auditor"))).await.is(303);
        su.follow(page).await.is(200).says("Select at least one account first.");
    }
}

#[actix_web::test]
async fn a_form_that_is_sent_twice_counts_once() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let once = [("once", "once_abcdefghijklmnop")];
        let (one, two) = tokio::join!(
            give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &once),
            give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &once)
        );
        let three = give(&su, &house, "Acme/North", "Greeter", &["p01@acme.example"], &once).await;
        let to: Vec<_> = [one.is(303), two.is(303), three.is(303)].iter().map(|page| page.leads_to().unwrap().to_owned()).collect();
        assert!(to[0] == to[1] && to[1] == to[2], "{to:?}");
        assert_eq!(house.events("role_assignment.add").len(), 1);
        for _ in 0..2 {
            let fields = [("org", house.org("Acme/North")), ("role", house.role("Greeter")), ("account", house.acc("p01@acme.example"))];
            let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            fields.push(("once", "once_another"));
            su.post(&format!("{BASE}/remove"), &fields).await.is(303);
        }
        assert_eq!(house.events("role_assignment.remove").len(), 1);
        // An id that no form of ours makes does no harm.
        let odd = "x".repeat(70);
        for once in ["", "a\0b", odd.as_str(), "<b>"] {
            give(&su, &house, "Acme/North", "Greeter", &["p02@acme.example"], &[("once", once)]).await.is(303);
        }
    }
}

#[actix_web::test]
async fn two_people_assign_the_same_accounts_at_the_same_moment() {
    for house in House::each().await {
        let (su, sy, ina) =
            (house.person("su@brand.example").await, house.person("sy@brand.example").await, house.person("ina@acme.example").await);
        let accounts = ["p01@acme.example", "p02@acme.example", "p03@acme.example"];
        for role in ["Greeter", "Org auditor"] {
            let (one, two, three) = tokio::join!(
                give(&su, &house, "Acme/South", role, &accounts, &[]),
                give(&sy, &house, "Acme/South", role, &accounts, &[]),
                give(&ina, &house, "Acme/South", role, &accounts[..2], &[])
            );
            for page in [one, two, three] {
                page.is(303);
            }
            assert_eq!(house.holders("Acme/South", role), accounts);
        }
        let given: usize = house.events("role_assignment.add").iter().map(|event| event.detail["accounts"].as_array().unwrap().len()).sum();
        assert_eq!(given, 6, "each was given once");
        // Giving, taking and editing the role at once.
        let rev = house.number("SELECT rev AS n FROM roles WHERE name = 'Greeter'").to_string();
        let edit = [("name", "Greeter"), ("description", "Waves."), ("right", "account_management:READ"), ("rev", rev.as_str())];
        let address = format!("/admin/stores/customers/roles/{}", house.role("Greeter"));
        let (one, two, three) = tokio::join!(
            take(&su, &house, "Acme/South", "Greeter", &accounts),
            give(&ina, &house, "Acme/South", "Greeter", &["p12@acme.example"], &[]),
            sy.post(&address, &edit)
        );
        for page in [one, two, three] {
            page.is(303);
        }
        assert_eq!(house.holders("Acme/South", "Greeter"), ["p12@acme.example"]);
    }
}

#[actix_web::test]
async fn whoever_loses_the_right_between_page_and_post_gives_nothing() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        ina.get(&format!("{BASE}/unassigned?{}", pair(&house, "Acme/North", "Greeter"))).await.is(200);
        house.run("UPDATE grants SET ends = 1 WHERE account = (SELECT key FROM accounts WHERE email = 'ina@acme.example')");
        give(&ina, &house, "Acme/North", "Greeter", &["p01@acme.example"], &[]).await.is(404);
        assert!(house.holders("Acme/North", "Greeter").is_empty());
    }
}

#[actix_web::test]
async fn holders_are_searched_and_paged() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let all: Vec<String> = (1..=20)
            .map(|number| format!("p{number:02}@acme.example"))
            .chain((1..=3).map(|number| format!("q{number:02}@globex.example")))
            .chain(["nemo".into(), "nora".into(), "ivy".into()])
            .collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        give(&su, &house, "Acme/North", "Greeter", &all, &[]).await.is(303);
        let address = format!("{BASE}?{}", pair(&house, "Acme/North", "Greeter"));
        let page = su.get(&address).await.is(200).says("1–25 of 26").stays_inert();
        assert_eq!(page.rows().len(), 25);
        let page = su.get(&page.attribute("#next", "href")).await.is(200).says("26–26 of 26");
        assert_eq!(page.rows().len(), 1);
        let page = su.get(&page.attribute("#previous", "href")).await.is(200);
        assert_eq!(page.rows().len(), 25);
        let page = su.get(&format!("{address}&q=ana")).await.is(200);
        assert_eq!(page.texts("#results tbody th b"), ["Ana Kovač", "Anaïs Bonnet", "Banana Joe", "Diana Prinz"]);
        su.get(&format!("{address}&q=zzz")).await.is(200).says("No holder matches “zzz”");
        su.get(&format!("{address}&page=40")).await.is(303);
    }
}
