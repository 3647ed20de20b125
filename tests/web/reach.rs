//! Administrators with a scope: the same pages, smaller (D-12, P-3, Z-5).

use crate::house::{House, PASSWORD};
use bailiwick::web::routes;
use serde_json::json;

const BASE: &str = "/admin/stores/customers";

#[actix_web::test]
async fn lists_hold_only_what_is_in_reach() {
    for house in House::each().await {
        let (ina, uwe) = (house.person("ina@acme.example").await, house.person("uwe@globex.example").await);
        let list =
            async |person: &crate::person::Person<'_>, path: &str, css: &str| person.get(&format!("{BASE}{path}")).await.is(200).texts(css);

        let organizations = "/organizations?view=list";
        assert_eq!(list(&ina, organizations, "tbody th a").await, ["Acme", "Line <b class=\"evil\">One</b>", "North", "Plant 7", "South"]);
        assert_eq!(list(&uwe, organizations, "tbody th a").await, ["Globex", "Labs"]);
        assert_eq!(list(&ina, "/organizations", ".tree a").await, ["Acme", "North", "Plant 7", "Line <b class=\"evil\">One</b>", "South"]);
        assert_eq!(list(&uwe, "/organizations?view=list&q=acme", "tbody th a").await, [""; 0]);

        assert_eq!(list(&uwe, "/accounts", "tbody th b").await, ["Gil Labs", "Gus Labs", "Gwen Globex", "Karl Both", "Uwe Outside"]);
        let inside = [list(&ina, "/accounts", "tbody th b").await, list(&ina, "/accounts?page=2", "tbody th b").await].concat();
        assert_eq!(inside.len(), 33, "{inside:?}");
        assert!(
            inside.contains(&"Bo Blocked".into())
                && inside.contains(&"Karl Both".into())
                && !inside.iter().any(|name| name.contains("Nowhere"))
        );
        // Karl is in both: each sees their own half.
        let karl = format!("/accounts/{}?tab=memberships", house.acc("p18@acme.example"));
        ina.get(&format!("{BASE}{karl}"))
            .await
            .is(200)
            .says("North")
            .never_says("Globex")
            .says("1 more membership lies outside your reach.");
        uwe.get(&format!("{BASE}{karl}"))
            .await
            .is(200)
            .says("Globex")
            .never_says("North")
            .says("1 more membership lies outside your reach.");

        // Pairs, and the choices for one.
        let pairs = list(&ina, "/role-assignments", "tbody th a").await;
        assert_eq!(pairs.len(), 5, "{pairs:?}");
        assert_eq!(list(&uwe, "/role-assignments", "tbody th a").await, ["Globex , Org auditor"]);
        assert_eq!(list(&uwe, "/role-assignments", "#org option").await, ["Any organization", "Globex", "Globex › Labs"]);

        // Stores: the one they have to do with.
        assert_eq!(ina.get("/admin/stores").await.is(200).texts("tbody th a"), ["Customers"]);
        let rita = house.person("rita@brand.example").await;
        assert_eq!(rita.get("/admin/stores").await.is(200).texts("tbody th a").len(), 4);
    }
}

#[actix_web::test]
async fn what_is_out_of_reach_answers_as_what_does_not_exist() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        let (gwen, nemo, pia, su) = (
            house.acc("q01@globex.example"),
            house.acc("nemo"),
            house.acc_of("partners", "pia@zeta.example"),
            house.acc_of("administrators", "su@brand.example"),
        );
        let (globex, zeta, root) = (house.org("Globex"), house.org_of("partners", "Zeta"), house.org_of("administrators", ""));
        let nothing = ina.get(&format!("{BASE}/accounts/acc_aaaaaaaaaaaaaaaa")).await.is(404);
        let plain = |page: &crate::page::Page, path: &str| page.body.replace(path, "PATH");
        let expected = plain(&nothing, &format!("{BASE}/accounts/acc_aaaaaaaaaaaaaaaa"));
        let mut paths: Vec<String> = [&gwen, &nemo, &pia, &su].iter().map(|id| format!("{BASE}/accounts/{id}")).collect();
        paths.extend([&globex, &zeta, &root].iter().map(|id| format!("{BASE}/organizations/{id}")));
        paths.extend([&globex, &zeta, &root].iter().map(|id| format!("{BASE}/accounts?org={id}")));
        paths.extend([&globex, &zeta, &root].iter().map(|id| format!("{BASE}/role-assignments?org={id}")));
        paths.extend(["partners", "administrators", "fresh", "nowhere"].iter().flat_map(|store| {
            ["", "/accounts", "/organizations", "/roles", "/role-assignments"].map(|page| format!("/admin/stores/{store}{page}"))
        }));
        paths.push(format!("/admin/stores/administrators/accounts/{su}"));
        for path in paths {
            let page = ina.get(&path).await.is(404);
            assert_eq!(plain(&page, &path.replace('&', "&#38;")), expected, "{path}");
        }
        // One's own things under another store's name are not there either.
        for store in ["partners", "fresh"] {
            house
                .person("su@brand.example")
                .await
                .get(&format!("/admin/stores/{store}/accounts/{}", house.acc("p01@acme.example")))
                .await
                .is(404);
        }
    }
}

#[actix_web::test]
async fn no_page_of_a_scoped_administrator_names_what_is_elsewhere() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        for (_, route) in routes::TABLE.iter().filter(|(method, route)| *method == "get" && route.starts_with("/admin")) {
            let path = route
                .replace("{store}", "customers")
                .replace("{organization}", &house.org("Acme"))
                .replace("{account}", &house.acc("p18@acme.example"))
                .replace("{role}", &house.role("Org auditor"));
            let pair = format!("org={}&role={}", house.org("Acme/North"), house.role("Org auditor"));
            for query in [
                "".to_owned(),
                "?tab=accounts&below=1".into(),
                "?tab=admins".into(),
                "?tab=roles".into(),
                "?tab=memberships".into(),
                format!("?{pair}"),
                format!("?{pair}&q=g"),
                "?q=gwen".into(),
                "?view=list&per=100".into(),
            ] {
                let page = ina.get(&format!("{path}{query}")).await;
                let page = ina.follow(page).await.stays_inert();
                for word in ["Globex", "Gwen Globex", "Initech", "Partners", "Zeta", "Nemo", "Brand", "Su Super"] {
                    page.text().split_whitespace().for_each(|found| assert!(found != word, "{path}{query} names {word}"));
                }
            }
        }
    }
}

#[actix_web::test]
async fn whoever_has_only_a_part_sees_whence_rights_come_but_may_not_open_it() {
    for house in House::each().await {
        house.import(json!({
            "bailiwick": 1,
            "scopes": [{ "name": "Plant alone", "store": "Customers", "organization": ["Acme", "North", "Plant 7"], "reach": "this" }],
            "grants": [{ "role": "Helper", "store": "Customers", "account": "paul@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme", "North", "Plant 7"], "name": "Plant alone" } }],
        }));
        let paul = house.person("paul@acme.example").await;
        let (plant, north, line) =
            (house.org("Acme/North/Plant 7"), house.org("Acme/North"), house.org("Acme/North/Plant 7/Line <b class=\"evil\">One</b>"));
        let page = paul.get(&format!("{BASE}/organizations/{plant}")).await.is(200).says("Acme › North");
        assert!(!page.has(&format!("a[href*='{north}']")) && !page.has(&format!("a[href*='{line}']")));
        paul.get(&format!("{BASE}/organizations/{line}")).await.is(404);
        let page = paul
            .get(&format!("{BASE}/role-assignments?org={plant}&role={}", house.role("Org auditor")))
            .await
            .is(200)
            .says("Tess Holder")
            .says("Aud Auditor");
        assert!(!page.has("a[href*='/accounts/acc_']"), "their accounts are out of reach");
        // A role reaches all below; his scope does not, so he cannot give it.
        let before = house.state();
        paul.post(
            &format!("{BASE}/role-assignments"),
            &[("org", &plant), ("role", &house.role("Greeter")), ("account", &house.acc("p14@acme.example"))],
        )
        .await
        .is(403);
        before.assert_still(&house, "A scope of one organization");
    }
}

#[actix_web::test]
async fn a_grant_that_does_not_act_now_opens_nothing() {
    for house in House::each().await {
        for name in ["ezra@acme.example", "fay@acme.example", "bo@acme.example", "paul@acme.example", "oda@acme.example"] {
            let person = house.person(name).await;
            person.get("/admin").await.is(404);
            let page = person.get("/me").await.is(200);
            assert!(!page.has("a[href^='/admin']"), "{name}");
        }
        // Fay's begins with the new year, Ina's sleeps while Acme is inactive.
        let ina = house.person("ina@acme.example").await;
        house.run("UPDATE organizations SET active = false WHERE name = 'Acme' AND depth = 1");
        ina.get("/admin").await.is(404);
        house.run("UPDATE organizations SET active = true WHERE name = 'Acme' AND depth = 1");
        ina.get("/admin").await.is(200);
        house.wait_minutes(60 * 24 * 40);
        house.person("fay@acme.example").await.get("/admin").await.is(200);
    }
}

#[actix_web::test]
async fn sidebar_and_log_lead_only_where_the_person_may_go_in_that_very_store() {
    for house in House::each().await {
        let partners = "Partners <b class=\"evil\">&</b>";
        house.import(json!({ "bailiwick": 1,
            "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
                "accounts": [{ "email": "two@acme.example", "name": "Two Stores", "password": PASSWORD }] }],
            "administrator_roles": [
                { "name": "Looker", "kind": "other", "permissions": ["organization.view", "event.view"] },
                { "name": "Counter", "kind": "other", "permissions": ["user.view", "role_assignment.view"] }],
            "scopes": [{ "name": "All of Zeta", "store": partners, "organization": ["Zeta"], "reach": "this_and_below" }],
            "grants": [
                { "role": "Looker", "store": "Customers", "account": "two@acme.example",
                  "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } },
                { "role": "Counter", "store": "Customers", "account": "two@acme.example",
                  "scope": { "store": partners, "organization": ["Zeta"], "name": "All of Zeta" } }] }));
        let (su, two) = (house.person("su@brand.example").await, house.person("two@acme.example").await);
        for (store, page, open) in
            [("customers", "organizations", vec!["organizations"]), ("partners", "accounts", vec!["accounts", "role-assignments"])]
        {
            let base = format!("/admin/stores/{store}");
            let page = two.get(&format!("{base}/{page}")).await.is(200);
            let mut led: Vec<String> = page.attributes(&format!("a[href^='{base}/']"), "href");
            led.retain(|href| !href.contains('?') && !href.contains('_'));
            led.sort();
            led.dedup();
            assert_eq!(led, open.iter().map(|kind| format!("{base}/{kind}")).collect::<Vec<_>>());
            for href in led {
                two.get(&href).await.is(200);
            }
        }
        two.get("/admin/stores/customers/accounts").await.is(404);
        // What happened in Acme is told; only to the organization leads a link.
        let (north, role, paul) = (house.org("Acme/North"), house.role("Greeter"), house.acc("paul@acme.example"));
        let fields = [("org", north.as_str()), ("role", role.as_str()), ("account", paul.as_str())];
        su.post(&format!("{BASE}/role-assignments"), &fields).await.is(303);
        let event = house.texts("SELECT id AS t FROM events WHERE action = 'role_assignment.add'").remove(0);
        let page = two.get(&format!("/admin/events/{event}")).await.is(200).says(&paul);
        let led = |page: &crate::page::Page| page.attributes("main a[href^='/admin/stores/']", "href");
        assert_eq!(led(&page), [format!("{BASE}/organizations/{north}")]);
        let page = su.get(&format!("/admin/events/{event}")).await.is(200);
        for href in [format!("organizations/{north}"), format!("accounts/{paul}"), format!("roles/{role}")] {
            assert!(led(&page).contains(&format!("{BASE}/{href}")), "{href} is open to Su");
        }
        // Mona sees Acme, and Karl's page too, but not the other organization that he belongs to.
        let mona = house.person("mona@brand.example").await;
        let page = mona.get(&format!("{BASE}/accounts/{}?tab=memberships", house.acc("p18@acme.example"))).await.is(200);
        assert_eq!(page.attributes("tbody th a", "href"), [format!("{BASE}/organizations/{north}")]);
    }
}

#[actix_web::test]
async fn who_belongs_nowhere_is_for_those_alone_who_look_after_everything() {
    for house in House::each().await {
        house.import(json!({
            "bailiwick": 1,
            "administrator_roles": [{ "name": "Blocker", "kind": "other", "permissions": ["user.view", "user.block"] }],
            "scopes": [{ "name": "Top level", "organization": [], "reach": "children" }],
            "grants": [
                { "role": "Blocker", "store": "Customers", "account": "paul@acme.example", "scope": { "organization": [], "name": "Everything" } },
                { "role": "Blocker", "store": "Customers", "account": "aud@acme.example", "scope": { "organization": [], "name": "Top level" } },
            ],
        }));
        let nemo = format!("{BASE}/accounts/{}", house.acc("nemo"));
        let (su, paul, aud) =
            (house.person("su@brand.example").await, house.person("paul@acme.example").await, house.person("aud@acme.example").await);
        // Everything below root is everything (P-3); all organizations of today's top level are not.
        let before = house.state();
        aud.get(&nemo).await.is(404);
        aud.post(&format!("{nemo}/disable"), &[]).await.is(404);
        aud.get(&format!("{BASE}/accounts?q=nemo")).await.is(200).says("No account matches");
        before.assert_still(&house, "Aud");
        aud.get(&format!("{BASE}/accounts/{}", house.acc("q01@globex.example"))).await.is(200);
        for person in [&paul, &su] {
            person.get(&format!("{BASE}/accounts?q=nemo")).await.is(200).says("Nemo");
            person.get(&nemo).await.is(200);
            person.post(&format!("{nemo}/disable"), &[]).await.is(303);
            person.post(&format!("{nemo}/enable"), &[]).await.is(303);
        }
    }
}
