//! Several accounts at once (screens.md 4.6, 3.5; W-2, W-3, P-3, P-4): disabled, signed out, given a role.

use crate::{house::House, page::Page, person::Person};
use serde_json::json;

const BASE: &str = "/admin/stores/customers/accounts";

/// The confirmation of an act on these.
async fn confirm(person: &Person<'_>, house: &House, act: &str, of: &[&str]) -> Page {
    let ids: Vec<(&str, String)> = of.iter().map(|identifier| ("account", house.acc(identifier))).collect();
    person.get(&format!("{BASE}/{act}?list=sort%3D-last&{}", serde_html_form::to_string(ids).unwrap())).await
}

fn statuses(house: &House, of: &[&str]) -> Vec<String> {
    let status =
        |identifier: &&str| house.texts(&format!("SELECT status AS t FROM accounts WHERE id = '{}'", house.acc(identifier))).remove(0);
    of.iter().map(status).collect()
}

#[actix_web::test]
async fn several_are_disabled_together_with_the_effect_shown_and_it_is_undone_together() {
    for house in House::each().await {
        let (mona, aud) = (house.person("mona@brand.example").await, house.person("aud@acme.example").await);
        let list = mona.get(&format!("{BASE}?authn=active&choose=1&per=50")).await.is(200).stays_inert();
        let form = list.form("#people");
        let people = ["aud@acme.example", "tess@acme.example", "p05@acme.example"];
        for identifier in people {
            assert!(form.boxes("account").contains(&house.acc(identifier).as_str()), "{identifier} can be chosen");
        }
        assert_eq!(form.value("list"), "authn=active&choose=1&per=50");
        let page =
            confirm(&mona, &house, "disable", &["aud@acme.example", "tess@acme.example", "p05@acme.example", "dora@acme.example"]).await;
        let page = page.is(200).stays_inert().says("Disable 3 accounts?").says("Org auditor: 2 accounts").says("1 session ends");
        let page = page.says("1 is disabled already and stays so: Dora Disabled");
        let form = page.form("#together-form");
        let done = mona.submit(form.clone()).await.is(303);
        assert_eq!(done.leads_to(), Some("/admin/stores/customers/accounts?sort=-last"));
        let page = mona.follow(done).await.is(200).says("3 accounts are disabled, and signed out everywhere.");
        assert_eq!(statuses(&house, &people), ["disabled"; 3]);
        aud.get("/me").await.is(303);
        // The same form again leads to the same place, and does nothing more.
        mona.submit(form).await.is(303);
        let event = house.events("account.disable").remove(0);
        assert_eq!(house.events("account.disable").len(), 1);
        assert_eq!(event.detail["changed"].as_array().unwrap().len(), 3);
        assert_eq!(
            house.number(
                "SELECT count(DISTINCT s.id) AS n FROM event_subjects s JOIN events e ON e.key = s.event WHERE e.action = 'account.disable'"
            ),
            4
        );
        // Undone from the message: those three, and not Dora.
        let undone = mona.submit(page.form(".result-note form")).await.is(303);
        mona.follow(undone).await.is(200).says("Undone: 3 accounts are enabled again.");
        assert_eq!(statuses(&house, &people), ["active"; 3]);
        assert_eq!(statuses(&house, &["dora@acme.example"]), ["disabled"]);
    }
}

#[actix_web::test]
async fn those_above_or_out_of_reach_are_left_out_with_the_reason_and_never_slip_in() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Scoper", "kind": "other", "permissions": ["scope.add"] }],
            "grants": [{ "role": "Scoper", "store": "Customers", "account": "tess@acme.example", "starts": "2027-06-01T00:00:00Z",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let chosen = ["paul@acme.example", "tess@acme.example", "p18@acme.example", "q01@globex.example"];
        for act in ["disable", "end-sessions"] {
            let page = confirm(&mona, &house, act, &chosen).await.is(200).says("of your reach").never_says("Gwen").never_says("Globex");
            let page =
                page.says("Left out: Tess Holder. Holds more than you do").says("Left out: Karl Both. Belongs to 1 organization outside");
            let form = page.form("#together-form");
            assert_eq!(form.values("account"), [house.acc("paul@acme.example")]);
            let before = house.state();
            for identifier in &chosen[1..] {
                let smuggled = form.clone().without("once").smuggle("account", &house.acc(identifier));
                mona.submit(smuggled).await.is(409).says("Nothing was done.");
            }
            before.assert_still(&house, "One who may not be acted on");
        }
        // Nobody chosen, and a post that was never confirmed.
        let page = mona.get(&format!("{BASE}/disable?list=q%3Dana")).await.is(303);
        assert_eq!(page.leads_to(), Some("/admin/stores/customers/accounts?q=ana"));
        let before = house.state();
        mona.post(&format!("{BASE}/disable"), &[("account", &house.acc("paul@acme.example"))]).await.is(200).says("Disable 1 account?");
        before.assert_still(&house, "What was not confirmed");
    }
}

#[actix_web::test]
async fn what_changed_since_the_confirmation_is_shown_anew_and_nothing_is_done() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let form = confirm(&mona, &house, "disable", &["paul@acme.example", "p01@acme.example"]).await.is(200).form("#together-form");
        let pair = [("org", house.org("Acme/North")), ("role", house.role("Greeter")), ("account", house.acc("paul@acme.example"))];
        let pair: Vec<(&str, &str)> = pair.iter().map(|(name, value)| (*name, value.as_str())).collect();
        su.post("/admin/stores/customers/role-assignments", &pair).await.is(303);
        let page = mona.submit(form).await.is(409).says("Something changed since you looked. Nothing was done.").says("Greeter: 1 account");
        assert_eq!(statuses(&house, &["paul@acme.example", "p01@acme.example"]), ["active"; 2]);
        mona.submit(page.form("#together-form")).await.is(303);
        assert_eq!(statuses(&house, &["paul@acme.example", "p01@acme.example"]), ["disabled"; 2]);
        // One of them is enabled by hand: the whole act can no longer be undone.
        su.post(&format!("{BASE}/{}/enable", house.acc("p01@acme.example")), &[]).await.is(303);
        let event = house.texts("SELECT id AS t FROM events WHERE action = 'account.disable'").remove(0);
        mona.post(&format!("/admin/events/{event}/undo"), &[]).await.is(409);
        assert_eq!(statuses(&house, &["paul@acme.example"]), ["disabled"]);
    }
}

#[actix_web::test]
async fn the_sessions_of_several_end_together() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let (paul, ina) = (house.person("paul@acme.example").await, house.person("ina@acme.example").await);
        let page = confirm(&mona, &house, "end-sessions", &["paul@acme.example", "ina@acme.example", "p01@acme.example"]).await.is(200);
        let page = page.says("End all sessions of 3 accounts?").says("2 sessions end");
        let done = mona.submit(page.form("#together-form")).await.is(303);
        mona.follow(done).await.is(200).says("2 sessions of 3 accounts ended.");
        for person in [&paul, &ina] {
            person.get("/me").await.is(303);
        }
        mona.get("/me").await.is(200);
        let page = mona.get("/admin/events?type=account").await.is(200);
        page.says("ended 2 sessions of");
        assert_eq!(house.events("account.sessions")[0].detail["accounts"].as_array().unwrap().len(), 3);
    }
}

#[actix_web::test]
async fn nobody_disables_themselves_or_the_last_super_administrator_among_others() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let base = "/admin/stores/administrators/accounts";
        let id = |email: &str| house.acc_of("administrators", email);
        let page = su.get(&format!("{base}/disable?account={}&account={}", id("su@brand.example"), id("otto@brand.example"))).await;
        let page = page.is(200).says("Left out: Su Super. This is you.");
        assert_eq!(page.form("#together-form").values("account"), [id("otto@brand.example")]);
        house.run(&format!(
            "UPDATE grants SET ends = {} WHERE account = (SELECT key FROM accounts WHERE email = 'su@brand.example')",
            house.now().plus_seconds(86_400).micros()
        ));
        let page = su.get(&format!("{base}/disable?account={}&account={}", id("sy@brand.example"), id("otto@brand.example"))).await.is(200);
        let before = house.state();
        su.submit(page.form("#together-form")).await.is(409).says("This would leave no super administrator");
        before.assert_still(&house, "The end of super administrators");
    }
}

#[actix_web::test]
async fn assigning_a_role_leads_to_the_picker_with_the_chosen_selected() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let page = confirm(&mona, &house, "assign", &["paul@acme.example", "p01@acme.example", "q01@globex.example"]).await.is(200);
        let page = page.says("Which role for 2 accounts, and where?").says("1 account is not there any more, or out of your reach.");
        let form = page.form("#assign-form").with("org", &house.org("Acme/North")).with("role", &house.role("Greeter"));
        let picked = mona.submit(form.press("go", "show:selected")).await.is(303);
        let page = mona.follow(picked).await.is(200).says("2 accounts selected");
        assert_eq!(page.rows().len(), 2);
        let confirm = mona.submit(page.form("#picker").press("go", "confirm")).await.is(303);
        let page = mona.follow(confirm).await.is(200).says("Give 2 accounts the Greeter role?");
        mona.submit(page.form("#assign-form")).await.is(303);
        assert_eq!(house.holders("Acme/North", "Greeter"), ["p01@acme.example", "paul@acme.example"]);
        // Who may only look meets no boxes, and no pages behind them.
        let vera = house.person("vera@acme.example").await;
        assert!(!vera.get(&format!("{BASE}?choose=1")).await.is(200).has("#people"));
        assert!(!vera.get(BASE).await.is(200).has("a[href*='choose=1']"));
        assert!(mona.get(BASE).await.is(200).has("a[href*='choose=1']"));
        confirm_is_forbidden(&vera, &house).await;
    }
}

async fn confirm_is_forbidden(person: &Person<'_>, house: &House) {
    for act in ["disable", "end-sessions", "assign"] {
        confirm(person, house, act, &["paul@acme.example"]).await.is(403);
    }
}
