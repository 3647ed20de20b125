//! The event log (screens.md 4.15; E-*, W-3): who sees what of it, and taking acts back.

use crate::{house::House, person::Person};
use serde_json::json;

const ROLES: &str = "/admin/stores/customers/roles";
const ASSIGNMENTS: &str = "/admin/stores/customers/role-assignments";

/// Gives Greeter at an organization to somebody.
async fn give(person: &Person<'_>, house: &House, path: &str, identifier: &str) {
    let (org, role, account) = (house.org(path), house.role("Greeter"), house.acc(identifier));
    person.post(ASSIGNMENTS, &[("org", &org), ("role", &role), ("account", &account)]).await.is(303);
}

#[actix_web::test]
async fn everybody_reads_the_part_of_the_log_that_lies_in_their_reach() {
    for house in House::each().await {
        let (su, mona, stan) =
            (house.person("su@brand.example").await, house.person("mona@brand.example").await, house.person("stan@brand.example").await);
        give(&su, &house, "Acme/North", "p01@acme.example").await;
        give(&su, &house, "Globex", "q01@globex.example").await;
        stan.post("/admin/stores", &[("name", "Dealers"), ("slug", "dealers")]).await.is(303);
        let page = mona.get("/admin/events").await.is(200).says("Su Super gave Greeter in North to Ana Kovač");
        page.never_says("Globex").never_says("Dealers");
        // Things of the tenant belong to root; what happened in customers' organizations is not Stan's to read.
        let page = stan.get("/admin/events").await.is(200).says("Stan Steward created the identity store Dealers");
        page.never_says("gave Greeter");
        let all = su.get("/admin/events").await.is(200).says("gave Greeter in North").says("gave Greeter in Globex").says("Dealers");
        // One event, with what it touched and links to what may be opened.
        let hidden = all.attributes("#results tbody th a", "href").into_iter().find(|href| {
            house.number(&format!(
                "SELECT count(*) AS n FROM events WHERE id = '{}' AND action = 'role_assignment.add'",
                href.rsplit('/').next().unwrap()
            )) == 1
        });
        let hidden = hidden.unwrap();
        su.get(&hidden).await.is(200).stays_inert().says("Greeter").says("Organization");
        let theirs = mona.get(&hidden).await;
        assert!([200, 404].contains(&theirs.status));
        stan.get(&hidden).await.is(404);
        house.person("vera@acme.example").await.get("/admin/events").await.is(404);
    }
}

#[actix_web::test]
async fn the_log_is_narrowed_by_act_person_thing_place_time_and_result() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        give(&su, &house, "Acme/North", "p01@acme.example").await;
        give(&su, &house, "Globex", "q01@globex.example").await;
        let stranger = house.stranger();
        stranger.sign_in("paul@acme.example", "wrong wrong wrong").await.is(422);
        let rows = async |query: &str| su.get(&format!("/admin/events?{query}")).await.is(200).rows();
        assert_eq!(rows("type=role_assignment").await.len(), 2);
        assert_eq!(rows("type=role_assignment.add").await.len(), 2);
        assert_eq!(rows("type=role").await.len(), 0, "a role is not an assignment");
        assert_eq!(rows("result=refused").await.len(), 1);
        assert_eq!(rows(&format!("target={}", house.acc("q01@globex.example"))).await.len(), 1);
        assert_eq!(rows(&format!("actor={}&type=role_assignment", house.acc_of("administrators", "su@brand.example"))).await.len(), 2);
        assert_eq!(rows(&format!("store=customers&org={}&below=1&type=role_assignment", house.org("Acme"))).await.len(), 1);
        assert_eq!(rows(&format!("store=customers&org={}&type=role_assignment", house.org("Acme"))).await.len(), 0);
        assert_eq!(rows("from=2026-11-23&to=2026-11-23&type=role_assignment").await.len(), 2);
        assert_eq!(rows("from=2026-11-24").await.len(), 0);
        // A span goes on with the clock; a person who stayed away signs in again.
        for (pass, since, found) in [(0, "hour", 2), (2, "hour", 0), (0, "today", 2), (24, "today", 0), (0, "week", 2), (7 * 24, "week", 0)]
        {
            house.wait_minutes(pass * 60);
            let su = house.person("su@brand.example").await;
            let page = su.get(&format!("/admin/events?type=role_assignment&since={since}")).await.is(200);
            assert_eq!(page.rows().len(), found, "{pass} hours on, since {since}");
        }
        let su = house.person("su@brand.example").await;
        su.get("/admin/events?from=yesterday&result=maybe")
            .await
            .is(200)
            .says("We ignored “from=yesterday”")
            .says("We ignored “result=maybe”");
        su.get(&format!("/admin/events?store=customers&org={}", house.org_of("partners", "Zeta"))).await.is(404);
        // As JSON, with a cursor to go on by.
        let page = su
            .send(actix_web::http::Method::GET, "/admin/events?type=role_assignment", &[("Accept", "application/json")], None)
            .await
            .is(200);
        let read: serde_json::Value = serde_json::from_str(&page.body).unwrap();
        assert_eq!(read["rows"][0]["sentence"].as_str(), Some("gave Greeter in Globex to Gwen Globex"));
    }
}

#[actix_web::test]
async fn an_account_page_tells_what_happened_to_it_in_reach() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        give(&su, &house, "Acme/North", "p18@acme.example").await;
        give(&su, &house, "Globex", "p18@acme.example").await;
        let path = format!("/admin/stores/customers/accounts/{}?tab=events", house.acc("p18@acme.example"));
        mona.get(&path).await.is(200).says("gave Greeter in North").never_says("Globex");
        su.get(&path).await.is(200).says("gave Greeter in Globex");
        // Without “View user event logs” the tab is not there.
        let page = house.person("ina@acme.example").await.get(&path).await.is(200);
        assert!(!page.text().contains("gave Greeter") && !page.has("a[href$='tab=events']"));
    }
}

#[actix_web::test]
async fn giving_and_taking_are_undone_row_by_row() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let (org, role) = (house.org("Acme/North"), house.role("Greeter"));
        let two = [house.acc("p01@acme.example"), house.acc("p02@acme.example")];
        let fields = [
            ("org", org.as_str()),
            ("role", role.as_str()),
            ("account", &two[0]),
            ("account", &two[1]),
            ("ends", "2027-01-31"),
            ("reason", "New year"),
        ];
        let page = su.post(ASSIGNMENTS, &fields).await.is(303);
        let given = su.follow(page).await.is(200).says("2 accounts now hold Greeter in North.").form(".result-note form");
        let rows = "SELECT coalesce(CAST(ends AS text), '') AS t, reason || '/' || given AS u FROM role_assignments ra JOIN roles r ON r.key = ra.role WHERE r.name = 'Greeter' ORDER BY ra.account";
        let rows = if house.name() == "SQLite" { rows.replace("AS text", "AS TEXT") } else { rows.to_owned() };
        let before = house.pairs(&rows);
        assert_eq!(before.len(), 2);
        let page = su.post(&format!("{ASSIGNMENTS}/remove"), &fields[..4]).await.is(303);
        let taken = su.follow(page).await.is(200).form(".result-note form");
        assert!(house.holders("Acme/North", "Greeter").is_empty());
        let page = su.submit(taken).await.is(303);
        su.follow(page).await.is(200).says("Undone: 2 hold Greeter in North again.");
        assert_eq!(house.pairs(&rows), before, "exactly as it was");
        // They stand as the first act left them, so that can be undone too.
        let page = su.submit(given).await.is(303);
        su.follow(page).await.is(200).says("Undone: 2 no longer hold Greeter in North.");
        assert!(house.holders("Acme/North", "Greeter").is_empty());
    }
}

#[actix_web::test]
async fn an_edit_of_a_role_is_undone_unless_somebody_edited_it_since() {
    for house in House::each().await {
        let (su, rita) = (house.person("su@brand.example").await, house.person("rita@brand.example").await);
        let path = format!("{ROLES}/{}", house.role("Greeter"));
        let form = su.get(&path).await.is(200).form("form[data-guard]");
        let page = su.submit(form.with("description", "Says hello")).await.is(303);
        let first = su.follow(page).await.is(200).form(".result-note form");
        let form = rita.get(&path).await.is(200).form("form[data-guard]");
        let page = rita.submit(form.with("description", "Waves")).await.is(303);
        let second = rita.follow(page).await.is(200).form(".result-note form");
        su.submit(first.clone()).await.is(409).says("can no longer be undone");
        let page = rita.submit(second).await.is(303);
        rita.follow(page).await.is(200).says("Undone: Greeter is as it was.");
        assert_eq!(house.texts("SELECT description AS t FROM roles WHERE name = 'Greeter' AND store = (SELECT key FROM identity_stores WHERE slug = 'customers')"), ["Says hello"]);
        su.submit(first.without("once")).await.is(409);
    }
}

#[actix_web::test]
async fn an_undo_is_judged_by_what_the_person_may_do_now() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let (org, role, account) = (house.org("Acme/North"), house.role("Greeter"), house.acc("p01@acme.example"));
        let page = mona.post(ASSIGNMENTS, &[("org", &org), ("role", &role), ("account", &account)]).await.is(303);
        let undo = mona.follow(page).await.is(200).form(".result-note form");
        // The account got more than she holds meanwhile.
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Scoper", "kind": "other", "permissions": ["scope.add"] }],
            "grants": [{ "role": "Scoper", "store": "Customers", "account": "p01@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let before = house.state();
        mona.submit(undo.clone()).await.is(403).says("Holds more than you do");
        before.assert_still(&house, "An undo above oneself");
        // And she may have lost the permission altogether.
        house.import(json!({ "bailiwick": 1, "administrator_roles": [{ "name": "Manager", "kind": "other", "permissions": ["user.view", "role_assignment.view"] }] }));
        mona.submit(undo).await.is(403);
        assert_eq!(house.holders("Acme/North", "Greeter"), ["p01@acme.example"]);
    }
}

#[actix_web::test]
async fn an_act_on_hundreds_is_told_by_its_number_and_its_page_and_file_name_them() {
    for house in House::each_crowded().await {
        let su = house.person("su@brand.example").await;
        let ids = house.texts(
            "SELECT a.id AS t FROM accounts a JOIN identity_stores s ON s.key = a.store WHERE s.slug = 'customers' AND a.status = 'active' \
             ORDER BY a.key DESC LIMIT 150",
        );
        let mut fields: Vec<(&str, &str)> = ids.iter().map(|id| ("sel", id.as_str())).collect();
        fields.push(("go", "disable"));
        let chosen = su.post("/admin/stores/customers/accounts/selection", &fields).await.is(303);
        let page = su.follow(chosen).await.is(200).says("Disable 150 accounts?");
        su.submit(page.form("#together-form")).await.is(303);
        for list in ["/admin", "/admin/events"] {
            su.get(list).await.is(200).says("Su Super disabled 150 accounts").never_says("Ada Almeida");
        }
        let path = "/admin/events?type=account.disable";
        let list = su.send(actix_web::http::Method::GET, path, &[("Accept", "application/json")], None).await.is(200);
        let read: serde_json::Value = serde_json::from_str(&list.body).unwrap();
        assert_eq!(read["rows"][0]["detail"]["changed"], json!(150), "{}", list.body);
        let event = house.texts("SELECT id AS t FROM events WHERE action = 'account.disable'").remove(0);
        su.get(&format!("/admin/events/{event}")).await.is(200).says("disabled 150 accounts").says("Ada Almeida");
        let file = su.post("/admin/events/export?type=account.disable", &[("format", "json")]).await.is(200);
        assert!(ids.iter().all(|id| file.body.contains(id.as_str())), "the file names all of them");
        // And it is taken back as a whole.
        su.post(&format!("/admin/events/{event}/undo"), &[]).await.is(303);
        assert_eq!(house.events("account.enable")[0].detail["changed"].as_array().unwrap().len(), 150);
    }
}

#[actix_web::test]
async fn a_page_of_the_log_asks_for_newer_events_and_keeps_nobody_signed_in_by_it() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        give(&su, &house, "Acme/North", "p01@acme.example").await;
        let page = su.get("/admin/events?type=role_assignment").await.is(200);
        let ask = page.attribute("[hx-trigger^=every]", "hx-get");
        su.fragment(&ask).await.is(200).never_says("newer");
        give(&su, &house, "Globex", "q01@globex.example").await;
        su.post("/admin/stores", &[("name", "Dealers"), ("slug", "dealers")]).await.is(303);
        let page = su.fragment(&ask).await.is(200).says("1 newer event. Show");
        assert_eq!(page.attribute("a", "href"), "/admin/events?type=role_assignment", "what was asked for, from its start");
        assert_eq!(su.get(&ask).await.is(303).leads_to(), Some("/admin/events?type=role_assignment"));
        let mona = house.person("mona@brand.example").await;
        mona.fragment(&ask).await.is(200).never_says("newer");

        // The page goes on asking while nobody is there.
        for _ in 0..3 {
            house.wait_minutes(9);
            su.fragment(&ask).await.is(200);
        }
        house.wait_minutes(4);
        let page = su.fragment(&ask).await.is(204);
        assert_eq!(page.text(), "", "it stays as it is");
        su.get("/admin/events").await.is(303);
    }
}
