//! "Why?" and "why not?" (W-1): the chain of an access right and of a permission, and whom it is told.

use crate::{house::House, page::Page, person::Person};
use serde_json::Value;

const BASE: &str = "/admin/stores/customers";

/// Asks about an access right of an account of Customers.
async fn right(person: &Person<'_>, house: &House, account: &str, org: &str, right: &str) -> Page {
    person.get(&format!("/admin/why?account={}&org={}&right={right}", house.acc(account), house.org(org))).await
}

/// Asks about a permission, by the account's id; somewhere, or anywhere.
async fn permission(person: &Person<'_>, account: &str, org: &str, leaf: &str) -> Page {
    person.get(&format!("/admin/why?account={account}&org={org}&perm={leaf}")).await
}

async fn json(person: &Person<'_>, path: &str) -> Value {
    let page = person.send(actix_web::http::Method::GET, path, &[("Accept", "application/json")], None).await.is(200);
    serde_json::from_str(&page.body).unwrap()
}

#[actix_web::test]
async fn an_access_right_is_explained_from_the_role_down_to_the_organization() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page =
            su.get(&format!("{BASE}/accounts/{}?tab=roles", house.acc("oda@acme.example"))).await.is(200).says("What they can do now");
        let to = page.attributes("dl a[href*='/admin/why']", "href");
        assert_eq!(to.len(), 11, "one beside each right: {to:?}");
        su.get(&to[0]).await.is(200).says("Yes, now").says("No, it was given here");

        let page = right(&su, &house, "oda@acme.example", "Acme/North/Plant 7", "account_management:WRITE").await.is(200);
        page.says("Why Oda Orgadmin has this")
            .says("Account management: Write")
            .says("Given at Acme")
            .says("Down to North, then Plant 7")
            .says("In effect")
            .says("for good");
        let path = format!(
            "/admin/why?account={}&org={}&right=account_management:WRITE",
            house.acc("oda@acme.example"),
            house.org("Acme/North/Plant 7")
        );
        let read = json(&su, &path).await;
        assert_eq!((read["holds"].as_bool(), read["why_not"].as_str()), (Some(true), None));
        assert_eq!(read["chain"][0]["role_name"], "Admin");
        assert_eq!(read["chain"][0]["inherited_over"], serde_json::json!(["North", "Plant 7"]));
        assert_eq!(read["chain"][0]["organization"], house.org("Acme"));
    }
}

#[actix_web::test]
async fn why_not_names_the_first_condition_that_fails() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let asked = async |account: &str, cell: &str| right(&su, &house, account, "Acme/North", cell).await.is(200).says("Not now");
        asked("aud@acme.example", "account_management:WRITE")
            .await
            .says("No role that holds it was given to this account at North or above.");
        asked("paul@acme.example", "account_management:READ").await.says("No role that holds it was given");
        let oda = house.acc("oda@acme.example");
        su.post(&format!("{BASE}/accounts/{oda}/disable"), &[]).await.is(303);
        asked("oda@acme.example", "account_management:READ").await.says("The account is disabled.").says("No effect");
        su.post(&format!("{BASE}/accounts/{oda}/enable"), &[]).await.is(303);
        house.run(&format!("UPDATE role_assignments SET ends = 1 WHERE account = (SELECT key FROM accounts WHERE id = '{oda}')"));
        asked("oda@acme.example", "account_management:READ").await.says("It ended on 1 Jan 1970");
        house.run("UPDATE organizations SET active = FALSE WHERE name = 'North'");
        asked("aud@acme.example", "account_management:READ").await.says("The organization, or one above it, is inactive.");
    }
}

#[actix_web::test]
async fn a_permission_is_explained_by_its_grant_and_whom_it_was_handed_on_by() {
    for house in House::each().await {
        let (su, dana) = (house.person("su@brand.example").await, house.person("dana@brand.example").await);
        let of = |name: &str| house.acc(name);
        let scope = house.texts("SELECT id AS t FROM scopes WHERE name = 'All of Acme'")[0].clone();
        let (ana, role) = (of("p01@acme.example"), house.administrator_role("Deputy"));
        dana.post("/admin/administrators", &[("account", &ana), ("role", &role), ("scope", &scope), ("reason", "Summer")]).await.is(303);
        let page = su.get(&format!("/admin/administrators/{ana}")).await.is(200);
        let to = page.attributes("a[href*='/admin/why']", "href");
        assert!(to.iter().any(|to| to.ends_with("perm=user.edit")), "{to:?}");

        let page = permission(&su, &ana, &house.org("Acme/North"), "user.edit").await.is(200).says("Why Ana Kovač has this");
        page.says("Dana Deputy").says("Summer").says("Acme and all below it").says("Yes, now");
        permission(&su, &ana, &house.org("Globex"), "user.edit").await.is(200).says("It does not reach Globex.");
        permission(&su, &ana, "", "organization.delete").await.is(200).says("No administrator role that you know of gives it");
        for (name, words) in [
            ("bo@acme.example", "The holder is blocked in the organization that owns its scope."),
            ("fay@acme.example", "It starts on 1 Jan 2027"),
            ("ezra@acme.example", "It ended on 1 Nov 2026"),
        ] {
            permission(&su, &of(name), "", "user.view").await.is(200).says("Not now").says(words);
        }
        let read = json(&dana, &format!("/admin/why?account={ana}&perm=user.edit")).await;
        assert_eq!(read["chain"][0]["through"][0]["account"]["name"], "Dana Deputy");
        // What Dana hands on ends with what she has; it says so below.
        house.run(&format!(
            "UPDATE grants SET ends = {} WHERE account = (SELECT key FROM accounts WHERE name = 'Dana Deputy')",
            house.now().micros()
        ));
        permission(&su, &ana, "", "user.edit").await.is(200).says("What it was handed on through ended on 23 Nov 2026");
        house.run("UPDATE grants SET ends = NULL WHERE account = (SELECT key FROM accounts WHERE name = 'Dana Deputy')");
    }
}

#[actix_web::test]
async fn it_is_told_to_those_who_may_see_the_account_and_the_organization() {
    for house in House::each().await {
        let (ina, dana, paul) =
            (house.person("ina@acme.example").await, house.person("dana@brand.example").await, house.person("paul@acme.example").await);
        let read = "account_management:READ";
        right(&ina, &house, "oda@acme.example", "Acme/North", read).await.is(200).says("Yes, now");
        right(&ina, &house, "oda@acme.example", "Globex", read).await.is(404);
        right(&ina, &house, "q01@globex.example", "Acme", read).await.is(404);
        right(&ina, &house, "oda@acme.example", "Acme", "account_management:ALL").await.is(404);
        right(&paul, &house, "paul@acme.example", "Acme", read).await.is(404);
        ina.get("/admin/why").await.is(404);
        // Who looks after administrators is told of those in reach, by what is in reach.
        let mona = house.acc_of("administrators", "mona@brand.example");
        permission(&dana, &mona, "", "user.edit").await.is(200).says("Yes, now");
        permission(&dana, &mona, &house.org("Globex"), "user.edit").await.is(404);
        permission(&dana, &house.acc("uwe@globex.example"), "", "user.view").await.is(404);
        permission(&dana, &house.acc_of("administrators", "su@brand.example"), "", "user.view").await.is(404);
        permission(&ina, &mona, "", "user.edit").await.is(404);
        // What was given above their reach is named as far as its path goes, and no more.
        house.import(serde_json::json!({
            "bailiwick": 1,
            "scopes": [{ "name": "North alone", "store": "Customers", "organization": ["Acme", "North"], "reach": "this_and_below" }],
            "grants": [{ "role": "Helper", "store": "Customers", "account": "paul@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme", "North"], "name": "North alone" } }],
        }));
        let inside = house.texts(
            "SELECT a.email AS t FROM accounts a JOIN memberships m ON m.account = a.key JOIN organizations o ON o.key = m.organization \
             WHERE o.name = 'North' AND a.email IS NOT NULL ORDER BY a.key LIMIT 1",
        )[0]
        .clone();
        house.import(serde_json::json!({
            "bailiwick": 1,
            "identity_stores": [{ "name": "Customers", "slug": "customers", "role_assignments": [
                { "role": "Org auditor", "organization": ["Acme"], "account": inside, "reason": "A secret of Acme" }] }],
        }));
        let page = right(&paul, &house, &inside, "Acme/North", read).await.is(200).says("Out of your reach").never_says("A secret of Acme");
        assert!(!page.has(&format!("a[href*='{}']", house.org("Acme"))));
    }
}
