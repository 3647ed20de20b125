//! Organizations (screens.md 4.5; O-*, S-5): made, edited, switched off and on, deleted.

use crate::{house::House, page::Page, person::Person};
use serde_json::json;

const BASE: &str = "/admin/stores/customers/organizations";

async fn add(person: &Person<'_>, fields: &[(&str, &str)]) -> Page {
    person.post(BASE, fields).await
}

/// Presses a button that asks first, and confirms.
async fn confirmed(person: &Person<'_>, path: &str) -> Page {
    let page = person.get(path).await.is(200);
    person.submit(page.form("dialog form[method=post]")).await
}

fn is_active(house: &House, path: &str) -> bool {
    house.number(&format!("SELECT CASE WHEN active THEN 1 ELSE 0 END AS n FROM organizations WHERE id = '{}'", house.org(path))) == 1
}

#[actix_web::test]
async fn a_new_organization_stands_below_its_parent_and_is_seen_by_who_looks_after_that() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let north = house.org("Acme/North");
        let page = su.get(&format!("{BASE}/new?parent={north}")).await.is(200);
        let form = page
            .form("form[data-guard]")
            .with("name", "Gdańsk <b class=\"evil\">terminal</b>")
            .with("domains", "gdansk.example")
            .with("metadata", "crm.id = 7");
        assert_eq!(form.value("parent"), north);
        let page = su.submit(form).await.is(303);
        let page = su
            .follow(page)
            .await
            .is(200)
            .stays_inert()
            .says("is set up.")
            .says("Acme › North")
            .says("gdansk.example")
            .says("gdansk-b-class-evil-terminal-b");
        assert!(page.has(".result-note a[href*='role-assignments?org=']"));
        let id = page.asked.split_whitespace().nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
        mona.get(&format!("{BASE}/{id}")).await.is(200);
        house.person("uwe@globex.example").await.get(&format!("{BASE}/{id}")).await.is(404);
        // The closure knows it: three steps below root.
        assert_eq!(
            house.number(&format!(
                "SELECT count(*) AS n FROM organization_closure c JOIN organizations o ON o.key = c.descendant WHERE o.id = '{id}'"
            )),
            4
        );
        let event = &house.events("organization.add")[0];
        assert_eq!((event.detail["parent"].as_str(), event.detail["after"]["metadata"]["crm.id"].as_str()), (Some("North"), Some("7")));
    }
}

#[actix_web::test]
async fn bad_fields_come_back_as_typed_and_make_nothing() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let north = house.org("Acme/North");
        su.post(&format!("{BASE}/{north}"), &[("name", "North"), ("domains", "north.example"), ("slug", "north"), ("rev", "1")])
            .await
            .is(303);
        let before = house.state();
        let long = "x".repeat(65);
        for (field, value, words) in [
            ("name", "", "Enter a name."),
            ("name", "x", "A name has 2 to 64 characters"),
            ("name", &long, "A name has 2 to 64 characters"),
            ("name", "a\u{202e}b", "cannot be printed"),
            ("name", "NORTH", "There is an organization called “NORTH” under Acme already."),
            ("parent", "org_aaaaaaaaaaaaaaaa", "Choose an organization that you may add to."),
            ("parent", &house.org_of("partners", "Zeta"), "Choose an organization that you may add to."),
            ("slug", "North!", "A slug has 2 to 40 small letters"),
            ("slug", "new", "is a word of our addresses"),
            ("slug", "north", "Another organization of this store has the slug"),
            ("domains", "gmail.com", "Anybody can have an address at gmail.com"),
            ("domains", "north.example", "north.example belongs to another organization"),
            ("domains", "not a domain", "is no e-mail domain"),
            ("metadata", "no pair", "Write a pair a line"),
            ("metadata", "Key = 1", "The key of a metadata pair"),
            ("external_id", &"x".repeat(129), "An external identifier has 1 to 128"),
            ("description", &"x".repeat(1025), "Shorten the description"),
        ] {
            let acme = house.org("Acme");
            let mut fields: Vec<(&str, &str)> = vec![("name", "Fine"), ("parent", &acme), ("external_id", "kept <b class=\"evil\">x</b>")];
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            let page = add(&su, &fields).await.is(422).says(words).stays_inert();
            let form = page.form("form[data-guard]");
            if field != "parent" {
                assert_eq!(form.value(field), value, "{field}");
                assert_eq!(form.value("parent"), acme);
            }
            assert!(page.texts("title").concat().starts_with("Error: "));
        }
        before.assert_still(&house, "A bad organization");
    }
}

#[actix_web::test]
async fn only_who_reaches_root_adds_at_the_top_level() {
    for house in House::each().await {
        let (su, mona, ina) =
            (house.person("su@brand.example").await, house.person("mona@brand.example").await, house.person("ina@acme.example").await);
        assert!(!mona.get(&format!("{BASE}/new")).await.is(200).text().contains("None: top level"));
        let before = house.state();
        add(&mona, &[("name", "Mine alone")]).await.is(422).says("Choose an organization to add it below");
        add(&mona, &[("name", "Not mine"), ("parent", &house.org("Globex"))])
            .await
            .is(422)
            .says("Choose an organization that you may add to.");
        add(&ina, &[("name", "Not allowed"), ("parent", &house.org("Acme"))]).await.is(403);
        before.assert_still(&house, "An organization beyond one's reach");
        add(&mona, &[("name", "West"), ("parent", &house.org("Acme"))]).await.is(303);
        add(&su, &[("name", "Umbrella")]).await.is(303);
        assert_eq!(house.number("SELECT depth AS n FROM organizations WHERE name = 'Umbrella'"), 1);
        // The built-in store holds root alone.
        su.get("/admin/stores/administrators/organizations/new").await.is(404);
        su.post("/admin/stores/administrators/organizations", &[("name", "Another")]).await.is(409);
    }
}

#[actix_web::test]
async fn whoever_saves_an_older_version_is_told_and_nothing_is_lost() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let path = format!("{BASE}/{}/edit", house.org("Acme/South"));
        let (mine, theirs) = (su.get(&path).await.is(200).form("form[data-guard]"), mona.get(&path).await.is(200).form("form[data-guard]"));
        mona.submit(theirs.with("description", "Hers")).await.is(303);
        let page =
            su.submit(mine.with("description", "His")).await.is(409).says("Somebody changed this organization while you were editing.");
        assert_eq!(house.texts("SELECT description AS t FROM organizations WHERE name = 'South'"), ["Hers"]);
        let form = page.form("form[data-guard]");
        assert_eq!(form.value("description"), "His");
        su.submit(form).await.is(303);
        assert_eq!(house.texts("SELECT description AS t FROM organizations WHERE name = 'South'"), ["His"]);
        let page = su.post(&format!("{BASE}/{}", house.org("Acme/South")), &[("name", "South")]).await.is(422);
        page.says("The page was incomplete.");
    }
}

#[actix_web::test]
async fn root_is_edited_but_neither_switched_nor_deleted_and_only_by_who_reaches_it() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let root = house.org_of("administrators", "");
        let base = format!("/admin/stores/administrators/organizations/{root}");
        let form = su.get(&format!("{base}/edit")).await.is(200).form("form[data-guard]");
        su.submit(form.with("name", "The Brand").smuggle("self_registration", "on").smuggle("domains", "brand.example")).await.is(303);
        assert_eq!(house.texts("SELECT name AS t FROM organizations WHERE parent IS NULL"), ["The Brand"]);
        assert_eq!(house.number("SELECT count(*) AS n FROM organization_domains"), 0);
        su.post(&format!("{base}/deactivate"), &[("confirmed", "x")]).await.is(409).says("always active");
        su.post(&format!("{base}/delete"), &[("confirm", "The Brand")]).await.is(409).says("cannot be deleted");
        let page = su.get(&base).await.is(200);
        assert!(!page.has("a[href$='/delete']") && !page.has("a[href$='/deactivate']"));
        for act in ["edit", "delete", "deactivate"] {
            mona.get(&format!("{base}/{act}")).await.is(404);
        }
    }
}

#[actix_web::test]
async fn switching_off_shows_who_loses_what_suspends_it_and_is_undone() {
    for house in House::each().await {
        let (su, ina) = (house.person("su@brand.example").await, house.person("ina@acme.example").await);
        ina.get("/admin").await.is(200);
        let acme = format!("{BASE}/{}", house.org("Acme"));
        let page = su.get(&format!("{acme}/deactivate")).await.is(200).says("5 organizations, with those below").says("Ina Inside");
        assert!(is_active(&house, "Acme"), "asking changes nothing");
        // Somebody gets a role meanwhile: the effect is other than what was shown.
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
            "organization_registration": true, "role_assignments": [{ "role": "Greeter", "organization": ["Acme"], "account": "p01@acme.example" }] }] }));
        let again = su.submit(page.form("dialog form[method=post]")).await.is(409).says("The effect changed since you looked.");
        assert!(is_active(&house, "Acme"));
        let page = su.submit(again.form("dialog form[method=post]")).await.is(303);
        let page = su.follow(page).await.is(200).says("Acme is inactive, with all below it.");
        ina.get("/admin").await.is(404);
        su.get(&format!("{BASE}/{}", house.org("Acme/North"))).await.is(200).says("Inactive, as an organization above is");
        let undone = su.submit(page.form(".result-note form")).await.is(303);
        su.follow(undone).await.is(200).says("Undone: Acme is active again.");
        ina.get("/admin").await.is(200);
        assert!(is_active(&house, "Acme"));
        assert_eq!(house.events("organization.activate")[0].detail["undoes"].as_str().map(|id| id.starts_with("event_")), Some(true));
        // Once undone, it is over.
        su.submit(page.form(".result-note form").without("once")).await.is(409).says("can no longer be undone");
    }
}

#[actix_web::test]
async fn nobody_switches_off_what_their_own_permission_hangs_on_nor_those_above_them() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let before = house.state();
        // The scope "All of Acme" is owned by Acme: she could not switch it on again.
        let page = mona.get(&format!("{BASE}/{}/deactivate", house.org("Acme"))).await.is(200);
        mona.submit(page.form("dialog form[method=post]")).await.is(409).says("Your own permission to do this hangs on this organization");
        before.assert_still(&house, "One's own ground");
        // Below, she may; unless somebody there holds more than she does.
        confirmed(&mona, &format!("{BASE}/{}/deactivate", house.org("Acme/South"))).await.is(303);
        assert!(!is_active(&house, "Acme/South"));
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Scoper", "kind": "other", "permissions": ["scope.add"] }],
            "scopes": [{ "name": "South", "store": "Customers", "organization": ["Acme", "South"], "reach": "this" }],
            "grants": [{ "role": "Scoper", "store": "Customers", "account": "ivy", "scope": { "store": "Customers", "organization": ["Acme", "South"], "name": "South" } }] }));
        let page = mona.get(&format!("{BASE}/{}/activate", house.org("Acme/South"))).await.is(200);
        mona.submit(page.form("dialog form[method=post]")).await.is(403).says("Somebody holds more than you do");
        assert!(!is_active(&house, "Acme/South"));
    }
}

#[actix_web::test]
async fn only_an_organization_on_which_nothing_hangs_is_deleted() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let north = format!("{BASE}/{}", house.org("Acme/North"));
        let page = su
            .get(&format!("{north}/delete"))
            .await
            .is(200)
            .says("North cannot be deleted now")
            .says("1 organization below it")
            .says("member");
        assert!(!page.has("#delete-form"));
        let before = house.state();
        su.post(&format!("{north}/delete"), &[("confirm", "North")]).await.is(409).says("cannot be deleted while something hangs on it");
        before.assert_still(&house, "A bound organization");

        add(&mona, &[("name", "Short lived"), ("parent", &house.org("Acme")), ("domains", "short.example")]).await.is(303);
        let id = house.texts("SELECT id AS t FROM organizations WHERE name = 'Short lived'").remove(0);
        let path = format!("{BASE}/{id}/delete");
        let form = mona.get(&path).await.is(200).form("#delete-form");
        let page = mona.submit(form.clone().with("confirm", "Short")).await.is(422).says("Type “Short lived” to confirm.");
        assert_eq!(page.form("#delete-form").value("confirm"), "Short");
        // After ten minutes the password is asked again (I-5).
        house.wait_minutes(11);
        let page = mona.submit(form.with("confirm", "Short lived")).await.is(422).says("Enter your password to go on.");
        let form = page.form("#delete-form");
        mona.submit(form.clone().with("password", "not mine at all")).await.is(422).says("This is not your password.");
        let page = mona.submit(form.with("password", crate::house::PASSWORD)).await.is(303);
        mona.follow(page).await.is(200).says("Short lived is deleted.");
        mona.get(&path).await.is(404);
        assert_eq!(house.number("SELECT count(*) AS n FROM organization_domains"), 0);
        // Who looks after the parent reads it in the log.
        mona.get("/admin/events?type=organization.delete").await.is(200).says("deleted the organization Short lived");
    }
}

#[actix_web::test]
async fn two_who_add_the_same_name_at_the_same_moment_make_one_organization() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        su.token().await;
        sy.token().await;
        let acme = house.org("Acme");
        let fields = [("name", "Twice"), ("parent", acme.as_str())];
        let (one, two) = tokio::join!(add(&su, &fields), add(&sy, &fields));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422]);
        assert_eq!(house.number("SELECT count(*) AS n FROM organizations WHERE name = 'Twice'"), 1);
    }
}

#[actix_web::test]
async fn opening_an_organization_to_everybody_is_conferring_what_they_get() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        house.run("UPDATE organizations SET self_registration = false WHERE name = 'South'");
        // Greeter is given to everybody who registers; Mona covers it. Then it opens personal data, which she covers too.
        house.run("UPDATE roles SET auto_every = true WHERE name = 'Greeter'");
        let path = format!("{BASE}/{}", house.org("Acme/South"));
        let form = mona.get(&format!("{path}/edit")).await.is(200).says("Who joins gets by it: Greeter").form("form[data-guard]");
        mona.submit(form.with("self_registration", "on")).await.is(303);
        house.run("UPDATE organizations SET self_registration = false WHERE name = 'South'");
        // Without the permission to assign roles she confers none.
        house.import(json!({ "bailiwick": 1, "administrator_roles": [{ "name": "Manager", "kind": "other",
            "permissions": ["user.view", "organization.view", "organization.edit", "event.view"] }] }));
        let form = mona.get(&format!("{path}/edit")).await.is(200).form("form[data-guard]");
        let before = house.state();
        mona.submit(form.with("self_registration", "on")).await.is(422).says("People who register here would get the role Greeter");
        before.assert_still(&house, "Opening what gives more than one holds");
        let form = su.get(&format!("{path}/edit")).await.is(200).form("form[data-guard]");
        su.submit(form.with("self_registration", "on")).await.is(303);
    }
}

#[actix_web::test]
async fn the_list_shows_only_the_children_of_one_organization_where_that_is_asked() {
    for house in House::each().await {
        let (su, ina) = (house.person("su@brand.example").await, house.person("ina@acme.example").await);
        let base = "/admin/stores/customers/organizations";
        let acme = house.org("Acme");
        for person in [&su, &ina] {
            let page = person.get(&format!("{base}?parent={acme}")).await.is(200).says("Directly below Acme.");
            assert_eq!(page.texts("tbody th a"), ["North", "South"]);
            let page = person.get(&format!("{base}?parent={acme}&q=sou")).await.is(200);
            assert_eq!(page.texts("tbody th a"), ["South"]);
            let file = person.post(&format!("{base}/export?parent={acme}"), &[("format", "csv")]).await.is(200).body;
            assert_eq!(file.lines().count(), 3, "{file}");
        }
        // What is out of reach has no children to show.
        ina.get(&format!("{base}?parent={}", house.org("Globex"))).await.is(404);
        ina.post(&format!("{base}/export?parent={}", house.org("Globex")), &[("format", "csv")]).await.is(404);
    }
}
