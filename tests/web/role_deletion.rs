//! A role that is held is replaced by another one and deleted, in one confirmed step (R-6, Z-8, C-1, C-2, P-4).

use crate::{house::House, page::Page, person::Person};
use serde_json::json;

const ROLES: &str = "/admin/stores/customers/roles";

async fn effect(person: &Person<'_>, house: &House, role: &str, to: &str) -> Page {
    person.get(&format!("{ROLES}/{}/delete?to={}", house.role(role), house.role(to))).await
}

async fn give(person: &Person<'_>, house: &House, path: &str, role: &str, identifier: &str, ends: &str) {
    let fields = [("org", house.org(path)), ("role", house.role(role)), ("account", house.acc(identifier)), ("ends", ends.to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    person.post("/admin/stores/customers/role-assignments", &fields).await.is(303);
}

fn ends(house: &House, role: &str) -> Vec<String> {
    house.texts(&format!(
        "SELECT CASE WHEN ra.ends IS NULL THEN 'open' ELSE 'bounded' END AS t FROM role_assignments ra JOIN roles r ON r.key = ra.role \
         JOIN accounts a ON a.key = ra.account WHERE r.name = '{role}' ORDER BY a.email"
    ))
}

#[actix_web::test]
async fn whoever_holds_a_role_holds_another_one_in_its_place_and_the_role_is_gone() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        // Tess holds both at one place, the other one for a while only; Lena the role that goes for a while.
        give(&su, &house, "Acme/North", "Greeter", "tess@acme.example", "2026-12-31").await;
        give(&su, &house, "Acme", "Org auditor", "p19@acme.example", "2026-12-31").await;
        let auditor = house.role("Org auditor");
        let page = su.get(&format!("{ROLES}/{auditor}/delete")).await.is(200).says("or give them another role in its place");
        let form = page.form("#remap");
        assert_eq!(form.action, format!("{ROLES}/{auditor}/delete"));
        let page = su.submit(form.with("to", &house.role("Greeter"))).await.is(200).stays_inert();
        let page =
            page.says("4 accounts in 3 organizations hold Greeter in its place").says("They gain Nothing").says("1 assignment merges");
        let page = su.submit(page.form(&format!("form[method=post][action='{ROLES}/{auditor}/delete']"))).await.is(303);
        su.follow(page).await.is(200).says("Org auditor is deleted. 4 accounts hold Greeter in its place.");
        su.get(&format!("{ROLES}/{auditor}")).await.is(404);
        assert_eq!(house.holders("Acme", "Greeter"), ["aud@acme.example", "p19@acme.example"]);
        assert_eq!(house.holders("Acme/North", "Greeter"), ["tess@acme.example"]);
        assert_eq!(house.holders("Globex", "Greeter"), ["q01@globex.example"]);
        // Aud for good, Lena as long as before, Gwen for good, Tess as long as both together.
        assert_eq!(ends(&house, "Greeter"), ["open", "bounded", "open", "open"]);
        let event = house.events("role.remap").remove(0);
        assert_eq!((event.detail["to"].as_str(), event.detail["before"].as_array().unwrap().len()), (Some("Greeter"), 4));
        assert_eq!(house.events("role.delete").len(), 1);
        su.get("/admin/events?type=role").await.is(200).says("gave 4 accounts Greeter in the place of Org auditor");
    }
}

#[actix_web::test]
async fn nobody_gives_more_than_they_hold_by_replacing_a_role_nor_takes_from_who_holds_more() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true, "roles": [{ "name": "Doorman", "rights": ["account_management:READ"] }] }] }));
        let (su, rita, rolf) =
            (house.person("su@brand.example").await, house.person("rita@brand.example").await, house.person("rolf@brand.example").await);
        give(&su, &house, "Acme", "Greeter", "p01@acme.example", "").await;
        let (greeter, auditor, doorman) = (house.role("Greeter"), house.role("Org auditor"), house.role("Doorman"));
        let before = house.state();
        // An auditor sees authenticators, which Rita does not.
        effect(&rita, &house, "Greeter", "Org auditor").await.is(403).says("Nobody hands out more than they hold.");
        effect(&rita, &house, "Org auditor", "Greeter").await.is(403);
        rita.post(&format!("{ROLES}/{greeter}/delete"), &[("to", &auditor), ("confirmed", "1.1.0.1.1")]).await.is(403);
        // Rolf keeps roles, but gives and takes none.
        let page = rolf.get(&format!("{ROLES}/{greeter}/delete")).await.is(200).says("1 account still holds it");
        assert!(!page.has("#remap"));
        rolf.post(&format!("{ROLES}/{greeter}/delete"), &[("to", &doorman)]).await.is(403);
        // What is no other role of the store.
        let partner = house.role_of("partners", "Reseller");
        for to in [greeter.as_str(), partner.as_str(), "role_aaaaaaaaaaaaaaaa"] {
            rita.get(&format!("{ROLES}/{greeter}/delete?to={to}")).await.is(422).says("Choose another role of this store.");
            rita.post(&format!("{ROLES}/{greeter}/delete"), &[("to", to), ("confirmed", "x")]).await.is(422);
        }
        before.assert_still(&house, "A replacement that is not theirs to make");
        // What happens meanwhile is shown anew.
        let form = effect(&rita, &house, "Greeter", "Doorman").await.is(200).form("form[method=post][action$='/delete']");
        give(&su, &house, "Acme/South", "Greeter", "p04@acme.example", "").await;
        let page = rita.submit(form).await.is(409).says("The effect changed since you looked.").says("2 accounts in 2 organizations");
        let form = page.form("form[method=post][action$='/delete']");
        // One of the holders holds more than Rita: nobody's role is replaced.
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Scoper", "kind": "other", "permissions": ["scope.add"] }],
            "grants": [{ "role": "Scoper", "store": "Customers", "account": "p04@acme.example", "key": "more",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let before = house.state();
        rita.submit(form.clone()).await.is(403).says("Banana Joe");
        before.assert_still(&house, "A holder who holds more");
        house.run("DELETE FROM grants WHERE role = (SELECT key FROM administrator_roles WHERE name = 'Scoper')");
        rita.submit(form.without("once")).await.is(303);
        assert_eq!(house.holders("Acme/South", "Doorman"), ["p04@acme.example"]);
        assert_eq!(house.holders("Acme", "Doorman"), ["p01@acme.example"]);
    }
}
