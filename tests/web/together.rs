//! Several accounts at once (screens.md 4.6, 3.5; W-2, W-3, P-3, P-4): disabled, signed out, given a role.

use crate::{house::House, page::Page, person::Person};
use serde_json::json;

const BASE: &str = "/admin/stores/customers/accounts";

/// Chooses these, and goes on to an act on them.
async fn confirm_at(person: &Person<'_>, house: &House, base: &str, act: &str, of: &[&str]) -> Page {
    let mut fields = vec![("list", "sort=-last".to_owned()), ("go", act.to_owned())];
    fields.extend(of.iter().map(|identifier| ("sel", house.acc(identifier))));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = person.post(&format!("{base}/selection"), &fields).await;
    if page.status == 303 { person.follow(page).await } else { page }
}

async fn confirm(person: &Person<'_>, house: &House, act: &str, of: &[&str]) -> Page {
    confirm_at(person, house, BASE, act, of).await
}

/// The list of an organization in the portal.
fn portal(house: &House, organization: &str) -> String {
    format!("/portal/o/{}/accounts", house.org(organization))
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
        let list = mona.get(&format!("{BASE}?authn=active")).await.is(200);
        assert_eq!(list.attributes("#choose", "href"), [format!("{BASE}/choose?authn=active")]);
        let people = ["aud@acme.example", "tess@acme.example", "p05@acme.example"];
        // Those who are chosen are kept over filters, searches and orders.
        let page = mona.get(&format!("{BASE}/choose?authn=active&per=50&sort=-last")).await.is(200).stays_inert();
        let form = people.iter().fold(page.form("#picker"), |form, who| form.tick("sel", &house.acc(who)));
        let page = mona.submit(form.press("go", "sort:name")).await.is(303);
        let page = mona.follow(page).await.is(200).says("3 accounts selected");
        let page = mona.submit(page.form("#picker").with("q", "zzqx").press("go", "search")).await.is(303);
        assert!(page.leads_to().unwrap().starts_with(&format!("{BASE}/choose?authn=active&d=draft_")), "{:?}", page.leads_to());
        let page = mona.follow(page).await.is(200).says("No account matches “zzqx”").says("3 accounts selected");
        let page = mona.get(&page.attributes(".empty a", "href")[0]).await.is(200).says("3 accounts selected");
        let page =
            mona.submit(page.form("#picker").tick("sel", &house.acc("dora@acme.example")).press("go", "show:selected")).await.is(303);
        let page = mona.follow(page).await.is(200).says("4 accounts selected");
        assert_eq!(page.rows().len(), 4);
        let page = mona.submit(page.form("#picker").press("go", "disable")).await.is(303);
        let page = mona.follow(page).await;
        let page = page.is(200).stays_inert().says("Disable 3 accounts?").says("Org auditor: 2 accounts").says("1 session ends");
        let page = page.says("1 is disabled already and stays so: Dora Disabled");
        let form = page.form("#together-form");
        let done = mona.submit(form.clone()).await.is(303);
        assert_eq!(done.leads_to(), Some("/admin/stores/customers/accounts?per=50"));
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
        // Whom she does not see she does not choose either.
        let chosen = ["paul@acme.example", "tess@acme.example", "p18@acme.example", "q01@globex.example"];
        for act in ["disable", "end-sessions"] {
            let page = confirm(&mona, &house, act, &chosen).await.is(200).never_says("Gwen").never_says("Globex");
            let page =
                page.says("Left out: Tess Holder. Holds more than you do").says("Left out: Karl Both. Belongs to 1 organization outside");
            let title = if act == "disable" { "Disable 1 account?" } else { "End all sessions of 1 account?" };
            let form = page.says(title).form("#together-form");
            // Another draft in its place does nothing: not one with somebody else in it, not another person's.
            let other = confirm(&mona, &house, act, &["p01@acme.example"]).await.form("#together-form").value("d").to_owned();
            let su = house.person("su@brand.example").await;
            let hers = confirm(&su, &house, act, &["paul@acme.example"]).await.form("#together-form").value("d").to_owned();
            let before = house.state();
            mona.submit(form.clone().without("once").with("d", &other)).await.is(409).says("Nothing was done.").says("Ana Kovač");
            mona.submit(form.clone().without("once").with("d", &hers)).await.is(303);
            mona.submit(form.without("once").without("confirmed")).await.is(200).says(title);
            before.assert_still(&house, "Another draft");
        }
        // Who leaves her reach in between is told by number alone.
        let form = confirm(&mona, &house, "disable", &["p01@acme.example", "p02@acme.example"]).await.is(200).form("#together-form");
        house.run(&format!(
            "DELETE FROM memberships WHERE account = (SELECT key FROM accounts WHERE id = '{}')",
            house.acc("p01@acme.example")
        ));
        let page = mona.submit(form).await.is(409).says("1 account is not there any more, or out of your reach.").never_says("Kovač");
        mona.submit(page.form("#together-form")).await.is(303);
        assert_eq!(statuses(&house, &["p01@acme.example", "p02@acme.example"]), ["active", "disabled"]);
        // Nobody chosen.
        let page = mona.post(&format!("{BASE}/selection"), &[("list", "q=ana"), ("q", "ana"), ("go", "disable")]).await.is(303);
        assert!(page.leads_to().unwrap().starts_with(&format!("{BASE}/choose?d=draft_")) && page.leads_to().unwrap().ends_with("&q=ana"));
        mona.follow(page).await.is(200).says("Select at least one account first.");
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
        let disable = async |of: [&str; 2]| {
            let fields = [("sel", id(of[0])), ("sel", id(of[1])), ("go", "disable".to_owned())];
            let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
            let chosen = su.post(&format!("{base}/selection"), &fields).await.is(303);
            su.follow(chosen).await.is(200)
        };
        // There is no box beside oneself; nor does a form by hand help.
        let list = su.get(&format!("{base}/choose")).await.is(200).says("This is you.");
        assert!(!list.form("#picker").boxes("sel").contains(&id("su@brand.example").as_str()));
        let page = disable(["su@brand.example", "otto@brand.example"]).await;
        let page = page.is(200).says("Left out: Su Super. This is you.");
        page.says("Disable 1 account?");
        house.run(&format!(
            "UPDATE grants SET ends = {} WHERE account = (SELECT key FROM accounts WHERE email = 'su@brand.example')",
            house.now().plus_seconds(86_400).micros()
        ));
        let page = disable(["sy@brand.example", "otto@brand.example"]).await;
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
        let page = page.says("Which role for 2 accounts, and where?");
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
        assert!(!vera.get(BASE).await.is(200).has("#choose"));
        vera.get(&format!("{BASE}/choose")).await.is(403);
        confirm_is_forbidden(&vera, &house).await;
    }
}

async fn confirm_is_forbidden(person: &Person<'_>, house: &House) {
    for act in ["disable", "enable", "end-sessions", "assign"] {
        confirm(person, house, act, &["paul@acme.example"]).await.is(403);
        person.get(&format!("{BASE}/{act}?d=draft_aaaaaaaaaaaaaaaa")).await.is(403);
    }
}

#[actix_web::test]
async fn several_are_enabled_again_with_what_takes_effect_then() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let form = confirm(&mona, &house, "disable", &["aud@acme.example", "paul@acme.example"]).await.is(200).form("#together-form");
        mona.submit(form).await.is(303);
        let people = ["aud@acme.example", "paul@acme.example", "dora@acme.example", "p01@acme.example"];
        let page = confirm(&mona, &house, "enable", &people).await.is(200).stays_inert().says("Enable 3 accounts?");
        let page = page.says("Org auditor: 1 account").says("1 is enabled already and stays so: Ana Kovač").never_says("session ends");
        let done = mona.submit(page.form("#together-form")).await.is(303);
        let page = mona.follow(done).await.is(200).says("3 accounts are enabled again.");
        assert_eq!(statuses(&house, &people), ["active"; 4]);
        let undone = mona.submit(page.form(".result-note form")).await.is(303);
        mona.follow(undone).await.is(200).says("Undone: 3 accounts are disabled again.");
        assert_eq!(statuses(&house, &people), ["disabled", "disabled", "disabled", "active"]);
    }
}

#[actix_web::test]
async fn all_that_match_are_those_who_matched_when_they_were_settled() {
    for house in House::each_crowded().await {
        let su = house.person("su@brand.example").await;
        let greeters = house.role("Greeter");
        let page = su.get(&format!("{BASE}/choose?authn=active&org={}&role={greeters}", house.org("Acme/North"))).await.is(200);
        let held = house.number(&format!(
            "SELECT count(DISTINCT a.key) AS n FROM accounts a JOIN role_assignments ra ON ra.account = a.key JOIN roles r ON r.key = ra.role \
             JOIN memberships m ON m.account = a.key JOIN organizations o ON o.key = m.organization \
             WHERE a.status = 'active' AND r.id = '{greeters}' AND o.id = '{}'",
            house.org("Acme/North")
        ));
        let said = bailiwick::domain::text::thousands(held);
        let page =
            su.submit(page.says(&format!("Select all {said} that match")).form("#picker").press("go", "select:matching")).await.is(303);
        let page =
            su.follow(page).await.is(200).says(&format!("{said} accounts selected")).says("of all that match, less those you untick");
        // One less; and the rest of what they matched is not asked for any more.
        let form = page.form("#picker");
        let first = form.boxes("sel")[0].to_owned();
        let page = su.submit(form.untick("sel", &first).press("go", "page:2")).await.is(303);
        let page = su.follow(page).await.is(200).says(&format!("{} accounts selected", bailiwick::domain::text::thousands(held - 1)));
        let page = su.submit(page.form("#picker").with("q", "ada").press("go", "search")).await.is(303);
        let page = su.follow(page).await.is(200).says(&format!("{} accounts selected", bailiwick::domain::text::thousands(held - 1)));
        let page = su.submit(page.form("#picker").press("go", "disable")).await.is(303);
        let page = su.follow(page).await.is(200);
        let page = page.says(&format!("Disable {} accounts?", bailiwick::domain::text::thousands(held - 1)));
        // Who matches later is not added.
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true,
            "accounts": [{ "username": "late", "name": "Late Comer", "status": "active", "memberships": [{ "organization": ["Acme", "North"] }] }],
            "role_assignments": [{ "role": "Greeter", "organization": ["Acme", "North"], "account": "late" }] }] }));
        su.submit(page.form("#together-form")).await.is(303);
        assert_eq!(house.texts(&format!("SELECT status AS t FROM accounts WHERE id = '{first}'")), ["active"]);
        assert_eq!(statuses(&house, &["late"]), ["active"]);
        assert_eq!(house.events("account.disable")[0].detail["changed"].as_array().unwrap().len() as i64, held - 1);

        // More than may be acted on at once.
        let page = su.get(&format!("{BASE}/choose")).await.is(200);
        let page = su.submit(page.form("#picker").press("go", "select:matching")).await.is(303);
        let page = su.follow(page).await.is(200).says("more than 10,000 accounts selected");
        let page = su.submit(page.form("#picker").press("go", "end-sessions")).await.is(303);
        su.follow(page).await.is(200).says("Select fewer: at most 10,000 at once. Nothing was done.");
        assert!(house.events("account.sessions").is_empty());
    }
}

#[actix_web::test]
async fn org_admins_act_on_several_with_the_right_and_only_on_those_of_their_organization() {
    for house in House::each().await {
        let (oda, aud) = (house.person("oda@acme.example").await, house.person("aud@acme.example").await);
        let acme = portal(&house, "Acme");
        let list = oda.get(&acme).await.is(200);
        assert_eq!(list.attributes("#choose", "href"), [format!("{acme}/choose")]);
        let page = oda.get(&format!("{acme}/choose?per=50")).await.is(200).stays_inert().says("This is you.");
        assert!(!page.has("#assign"), "nobody gives roles in the portal");
        let form =
            ["paul@acme.example", "p01@acme.example"].iter().fold(page.form("#picker"), |form, who| form.tick("sel", &house.acc(who)));
        let page = oda.submit(form.with("q", "dora").press("go", "search")).await.is(303);
        let page = oda.follow(page).await.is(200).says("2 accounts selected");
        let form = page.form("#picker").tick("sel", &house.acc("dora@acme.example")).press("go", "disable");
        let page = oda.submit(form).await.is(303);
        let page = oda.follow(page).await.is(200).stays_inert().says("Disable 2 accounts?").says("Dora Disabled");
        let done = oda.submit(page.form("#together-form")).await.is(303);
        let people = ["paul@acme.example", "p01@acme.example"];
        let page = oda.follow(done).await.is(200).says("2 accounts are disabled, and signed out everywhere.");
        assert_eq!(statuses(&house, &people), ["disabled"; 2]);
        let undone = oda.submit(page.form(".result-note form")).await.is(303);
        oda.follow(undone).await.is(200).says("Undone: 2 accounts are enabled again.");
        assert_eq!(statuses(&house, &people), ["active"; 2]);

        // The same deciding: who holds more, who also belongs elsewhere, and nobody of another organization.
        let chosen = ["paul@acme.example", "ina@acme.example", "p18@acme.example", "q01@globex.example"];
        let page = confirm_at(&oda, &house, &acme, "end-sessions", &chosen).await.is(200).never_says("Globex").never_says("Gwen");
        page.says("Left out: Ina Inside. Holds more than you do").says("Left out: Karl Both.").says("End all sessions of 1 account?");
        // At South only those of South, whatever is sent.
        let south = portal(&house, "Acme/South");
        let page = confirm_at(&oda, &house, &south, "disable", &["paul@acme.example", "p16@acme.example"]).await.is(200);
        page.says("Hugo Silva").never_says("Paul");
        let page = confirm_at(&oda, &house, &south, "disable", &["paul@acme.example"]).await.is(200);
        page.says("Select at least one account first.");

        // Who may only look meets no boxes; a form by hand is refused, and nothing changes.
        assert!(!aud.get(&acme).await.is(200).has("#choose"));
        let before = house.state();
        aud.get(&format!("{acme}/choose")).await.is(403);
        for act in ["disable", "enable", "end-sessions"] {
            confirm_at(&aud, &house, &acme, act, &["paul@acme.example"]).await.is(403);
            aud.get(&format!("{acme}/{act}?d=draft_aaaaaaaaaaaaaaaa")).await.is(403);
            aud.post(&format!("{acme}/{act}"), &[("d", "draft_aaaaaaaaaaaaaaaa"), ("confirmed", "x")]).await.is(403);
        }
        before.assert_still(&house, "Acts without the right");
        // Nor does a draft of the console open anything here.
        let su = house.person("su@brand.example").await;
        let draft = confirm(&su, &house, "disable", &["paul@acme.example"]).await.form("#together-form").value("d").to_owned();
        oda.post(&format!("{acme}/disable"), &[("d", &draft), ("confirmed", "x")]).await.is(303);
        assert_eq!(statuses(&house, &["paul@acme.example"]), ["active"]);
    }
}
