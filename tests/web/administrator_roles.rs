//! Administrators > Administrator roles (screens.md 4.10 and 3.7; D-1 to D-5, D-11).

use crate::{
    house::House,
    page::{Form, Page},
    person::Person,
};
use actix_web::http::Method;
use bailiwick::domain::{
    administrator_role::Kind,
    permissions::{LEAVES, PermissionSet},
};
use serde_json::{Value, json};

const ROLES: &str = "/admin/administrator-roles";

/// The editor's form on a page.
fn editor(page: &Page) -> Form {
    page.form(&format!("main form[action^='{ROLES}']"))
}

/// The editor of a role, opened by somebody.
async fn open(person: &Person<'_>, role: &str) -> Form {
    editor(&person.get(&format!("{ROLES}/{role}")).await.is(200))
}

/// Rolf makes and changes administrator roles and holds what Helper and Viewer hold, everywhere; Otto the same at root
/// alone.
fn authors(house: &House) {
    house.import(json!({ "bailiwick": 1,
        "administrator_roles": [{ "name": "Author", "kind": "root", "permissions": [
            "administrator_role.add", "administrator_role.view", "administrator_role.edit", "administrator_role.delete",
            "user.view", "user.view_authenticators", "user.download_data", "organization.view", "role_assignment.view", "role_assignment.edit"] }],
        "grants": [
            { "role": "Author", "account": "rolf@brand.example", "scope": { "organization": [], "name": "Everything" } },
            { "role": "Author", "account": "otto@brand.example" }] }));
}

#[actix_web::test]
async fn a_role_is_made_of_either_kind_and_can_be_given_next() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = su.get(&format!("{ROLES}/new")).await.is(200).says("The type cannot be changed later.");
        let choices = page.attributes("main .card a.btn", "href");
        assert_eq!(choices, [format!("{ROLES}/new/root"), format!("{ROLES}/new/other")]);
        for (kind, rows, name) in [("root", LEAVES.len(), "Platform desk"), ("other", 37, "Partner desk")] {
            let kind_too = Kind::from_word(kind).unwrap();
            let page = su.get(&format!("{ROLES}/new/{kind}")).await.is(200).says(kind_too.about());
            assert_eq!(page.select("input[name=perm]").len(), rows, "every row of the kind, and no other");
            assert_eq!(page.has("input[value='application.view']"), kind == "root");
            let form = editor(&page).with("name", &format!(" {name} ")).with("description", "First line.\r\nAnd second.");
            let page = su.submit(form.tick("perm", "user.view").tick("perm", "user.block")).await.is(303);
            let at = page.leads_to().unwrap().to_owned();
            let page =
                su.follow(page).await.is(200).says(&format!("{name} is ready.")).says("Nobody holds it yet.").says(&format!("2 of {rows}"));
            assert_eq!(
                page.attribute(".result-note a", "href"),
                format!("/admin/administrators/new?role={}", at.rsplit('/').next().unwrap())
            );
            let form = editor(&page);
            assert_eq!((form.value("name"), form.values("perm")), (name, vec!["user.view", "user.block"]));
            let rows_of_list = su.get(ROLES).await.is(200).rows();
            assert!(
                rows_of_list
                    .iter()
                    .any(|row| row.contains(name) && row.contains(kind_too.label()) && row.contains(&format!("2 of {rows}"))),
                "{rows_of_list:?}"
            );
        }
        let event = &house.events("administrator_role.add")[0];
        assert_eq!((event.actor.as_str(), event.outcome.as_str()), ("Su Super", "done"));
        assert_eq!(
            event.detail["after"],
            json!({ "name": "Platform desk", "description": "First line.\nAnd second.", "kind": "root", "permissions": "user.view user.block" })
        );
        su.get("/admin/events?type=administrator_role").await.is(200).says("made the administrator role Partner desk");
        // There is no third kind, and nobody makes the predefined one.
        su.get(&format!("{ROLES}/new/super")).await.is(404);
        su.get(&format!("{ROLES}/new/none")).await.is(404);
        for kind in ["super", "", "none"] {
            su.post(ROLES, &[("kind", kind), ("name", "Third kind"), ("perm", "user.view")]).await.is(422);
        }
    }
}

#[actix_web::test]
async fn a_bad_role_changes_nothing_and_keeps_what_was_typed() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let before = house.state();
        for path in [format!("{ROLES}/new/other"), format!("{ROLES}/{}", house.administrator_role("Viewer"))] {
            let start = editor(&su.get(&path).await.is(200))
                .without("perm")
                .with("name", "Good name")
                .with("description", "Typed <i class=\"evil\">with</i> care");
            let start = start.tick("perm", "user.view").tick("perm", "scope.view");
            for (field, value, words) in [
                ("name", "", "Enter a name."),
                ("name", "ab", "A name has 3 to 64 characters; this one has 2."),
                ("name", &"x".repeat(65), "this one has 65."),
                ("name", "abc\u{202e}def", "cannot be printed"),
                ("name", "hELPER", "A role called “hELPER” already exists. Choose another name."),
                ("name", " ＨＥＬＰＥＲ ", "already exists"),
                ("name", "super administrator", "already exists"),
                ("description", &"x".repeat(1025), "Shorten the description"),
                ("perm", "user.fly", "There is no permission “user.fly”."),
                ("perm", "<b class=\"evil\">x</b>", "There is no permission"),
                ("perm", "application.view", "“View application” exists only in root administrator roles."),
            ] {
                let form = if field == "perm" { start.clone().smuggle(field, value) } else { start.clone().with(field, value) };
                let page = su.submit(form.clone()).await.is(422).says(words).stays_inert();
                assert!(page.texts("title")[0].starts_with("Error: "), "{field}");
                let kept = editor(&page);
                for name in ["name", "description", "rev", "kind"] {
                    assert_eq!(kept.value(name), form.value(name), "{path} {field}={value:?}");
                }
                assert_eq!(kept.values("perm"), ["user.view", "scope.view"], "{path} {field}={value:?}");
            }
            su.submit(start.clone().without("perm")).await.is(422).says("Keep at least one permission, or delete the role.");
        }
        let form = open(&su, &house.administrator_role("Viewer")).await;
        su.submit(form.clone().without("rev")).await.is(422).says("Load it again.");
        su.submit(form.with("rev", "one")).await.is(422);
        before.assert_still(&house, "A bad role");
    }
}

#[actix_web::test]
async fn groups_are_ticked_and_cleared_without_script_and_nothing_is_saved() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let before = house.state();
        for path in [format!("{ROLES}/new/other"), format!("{ROLES}/{}", house.administrator_role("Viewer"))] {
            let start = editor(&su.get(&path).await.is(200)).without("perm").with("name", "Half done").with("description", "kept");
            let press = async |form: &Form, op: &str| {
                let page = su.submit(form.clone().press("op", op)).await.is(200);
                let form = editor(&page);
                assert_eq!((form.value("name"), form.value("description").trim()), ("Half done", "kept"), "{op}");
                (form, page)
            };
            let (users, page) = press(&start, "all:1.1").await;
            assert_eq!(users.values("perm").len(), 11);
            page.says("11 of 17");
            let (all, _) = press(&users, "all:1").await;
            assert_eq!(all.values("perm").len(), 17);
            let (without, _) = press(&all, "none:1.1").await;
            assert_eq!(without.values("perm").len(), 6);
            assert!(without.values("perm").iter().all(|code| !code.starts_with("user.")));
            assert_eq!(press(&without, "none:1").await.0.values("perm").len(), 0);
            // What acts and cannot be come to says so, and can be mended in one step.
            let (_, page) = press(&start.clone().tick("perm", "user.edit").tick("perm", "user.block"), "none:2.1").await;
            let notes: Vec<String> = page.texts(".need:not([hidden])");
            assert_eq!(notes.len(), 1, "{notes:?}");
            assert!(
                notes[0]
                    .starts_with("Edit user information, Block / unblock user : of no use in the console without View user information")
            );
            let (mended, page) = press(&editor(&page), "add:user.view").await;
            assert_eq!(mended.values("perm"), ["user.view", "user.edit", "user.block"]);
            assert!(!page.has(".need:not([hidden])"));
            // A place that is not there changes nothing; what is no button of ours saves, and saving asks for a permission.
            let nowhere = su.submit(start.clone().press("op", "all:1.1").with("op", "all:99.1")).await.is(200);
            assert_eq!(editor(&nowhere).values("perm").len(), 0);
            su.submit(start.clone().press("op", "all:1.1").with("op", "rubbish")).await.is(422).says("Keep at least one permission");
        }
        before.assert_still(&house, "Ticking");
    }
}

#[actix_web::test]
async fn a_duplicate_fills_the_form_as_far_as_the_kind_has_it() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let form = async |kind: &str, from: &str| editor(&su.get(&format!("{ROLES}/new/{kind}?from={from}")).await.is(200));
        let keeper = house.administrator_role("Role keeper");
        let copy = form("root", &keeper).await;
        assert_eq!((copy.value("name"), copy.value("rev"), copy.values("perm").len()), ("Copy of Role keeper", "", 8));
        assert_eq!(form("other", &keeper).await.values("perm").len(), 4, "without what exists only in root roles");
        su.get(&format!("{ROLES}/new/other?from=arole_aaaaaaaaaaaaaaaa")).await.is(404);
        // The row's menu leads there.
        let page = su.get(ROLES).await.is(200);
        assert!(page.has(&format!("a[href='{ROLES}/new/root?from={keeper}']")));
        assert!(page.has(&format!("a[href='/admin/events?target={keeper}']")));
    }
}

#[actix_web::test]
async fn the_super_administrator_role_is_shown_whole_and_nobody_touches_it() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let role = house.administrator_role("Super administrator");
        let path = format!("{ROLES}/{role}");
        let page = su.get(&path).await.is(200).says("Given by the product.").never_says("Save role").never_says("Duplicate");
        assert_eq!(page.select("input[name=perm][checked][disabled]").len(), LEAVES.len());
        assert!(!page.has("button[name=op]") && !page.has(".menu a[href$='/delete']") && !page.has(&format!("form[action='{path}']")));
        assert!(page.texts("aside li").iter().any(|line| line.contains("Su Super")));
        let list = su.get(ROLES).await.is(200);
        assert!(list.rows().iter().any(|row| row.starts_with("Super administrator Sees and changes everything")), "{:?}", list.rows());
        assert!(!list.has(&format!("a[href*='from={role}']")));
        let before = house.state();
        let fields = [("name", "Taken over"), ("perm", "user.view"), ("rev", "1"), ("kind", "root")];
        su.post(&path, &fields).await.is(403).says("given by the product");
        su.post(&path, &[&fields[..], &[("op", "all:1")]].concat()).await.is(403);
        su.get(&format!("{path}/delete")).await.is(403);
        su.post(&format!("{path}/delete"), &[]).await.is(403);
        su.get(&format!("{ROLES}/new/root?from={role}")).await.is(403);
        before.assert_still(&house, "The predefined role");
    }
}

#[actix_web::test]
async fn a_change_of_a_held_role_is_confirmed_with_its_effect_and_can_be_taken_back() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let viewer = house.administrator_role("Viewer");
        // Name and description alone change nothing for anybody.
        let page = su.submit(open(&su, &viewer).await.with("description", "Looks.")).await.is(303);
        su.follow(page).await.is(200).says("Viewer saved.").says("1 administrator is affected.");
        let form = open(&su, &viewer).await.with("name", "Onlooker").tick("perm", "user.view_events").untick("perm", "organization.view");
        let before = house.state();
        let page = su.submit(form).await.is(200).says("Save Onlooker?").says("1 administrator holds this role.");
        before.assert_still(&house, "A confirmation");
        assert_eq!(page.texts("dt"), ["They gain", "They lose"]);
        assert_eq!(page.texts("dd"), ["+ View user event logs User management › Users", "− View organization Organization management"]);
        let confirm = editor(&page);
        for mark in ["", "x", "1.0.0"] {
            su.submit(confirm.clone().with("confirmed", mark).with("once", &format!("once_{mark}")))
                .await
                .is(409)
                .says("The effect changed since you looked.");
        }
        before.assert_still(&house, "A forged mark");
        // Somebody else gets it meanwhile: the new effect has to be seen first (Z-11).
        house.import(
            json!({ "bailiwick": 1, "grants": [{ "role": "Viewer", "store": "Customers", "account": "ina@acme.example", "cascading": true,
            "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }),
        );
        let vera = house.person("vera@acme.example").await;
        vera.get("/admin/stores/customers/organizations").await.is(200);
        let before = house.state();
        let page = su.submit(confirm).await.is(409).says("2 administrators hold this role.");
        before.assert_still(&house, "An old effect");
        let page = su.submit(editor(&page)).await.is(303);
        let page = su.follow(page).await.is(200).says("Onlooker saved.").says("2 administrators are affected.").says("can pass it on");
        // At once, for everybody who holds it.
        vera.get("/admin/stores/customers/organizations").await.is(404);
        let event = house.events("administrator_role.edit").pop().unwrap();
        assert_eq!((event.detail["accounts"].as_i64(), &event.detail["before"]["name"]), (Some(2), &Value::from("Viewer")));
        let undo = page.form(".result-note form");
        let page = su.submit(undo.clone()).await.is(303);
        let page = su.follow(page).await.is(200).says("Undone: Viewer is as it was.");
        let form = editor(&page);
        assert_eq!((form.value("name"), form.values("perm").len(), form.value("rev")), ("Viewer", 3, "4"));
        vera.get("/admin/stores/customers/organizations").await.is(200);
        su.submit(undo.without("once")).await.is(409).says("can no longer be undone");
    }
}

#[actix_web::test]
async fn whoever_saves_an_older_version_sees_both_and_decides() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        house
            .import(json!({ "bailiwick": 1, "administrator_roles": [{ "name": "Spare", "kind": "other", "permissions": ["user.view"] }] }));
        let spare = house.administrator_role("Spare");
        let mine = open(&sy, &spare).await.with("name", "Mine").tick("perm", "user.edit");
        su.submit(open(&su, &spare).await.with("name", "<b class=\"evil\">Theirs</b>").tick("perm", "event.view")).await.is(303);
        let before = house.state();
        let page = sy.submit(mine).await.is(409).says("Somebody changed this while you were editing: Su Super").stays_inert();
        before.assert_still(&house, "An older version");
        assert_eq!(
            page.texts(".note.warn tbody tr"),
            ["Name <b class=\"evil\">Theirs</b> Mine", "Permissions the other lacks View event log Edit user information"]
        );
        let again = editor(&page);
        assert_eq!((again.value("name"), again.value("rev"), again.values("perm")), ("Mine", "2", vec!["user.view", "user.edit"]));
        let page = sy.submit(again).await.is(303);
        sy.follow(page).await.is(200).says("Mine saved.");
        // Of two who save at once, one is told.
        let (one, two) = (open(&su, &spare).await.with("name", "From Su"), open(&sy, &spare).await.with("name", "From Sy"));
        let (one, two) = tokio::join!(su.submit(one), sy.submit(two));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
    }
}

#[actix_web::test]
async fn a_role_is_deleted_once_nobody_holds_it() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let viewer = house.administrator_role("Viewer");
        let path = format!("{ROLES}/{viewer}");
        let page = su.get(&path).await.is(200).says("1 administrator holds it. Take it from them first.");
        assert!(
            !page.has(&format!("a[href='{path}/delete']")) && page.has(&format!(".menu a[href='/admin/administrators?role={viewer}']"))
        );
        let page = su.get(&format!("{path}/delete")).await.is(200).says("Viewer cannot be deleted now").says("Vera");
        assert!(
            !page.has(&format!("form[action='{path}/delete']"))
                && page.has(&format!("dialog a[href='/admin/administrators?role={viewer}']"))
        );
        let before = house.state();
        su.post(&format!("{path}/delete"), &[]).await.is(409).says("1 administrator holds it");
        before.assert_still(&house, "A refused deletion");
        // What has ended is not held; it goes with the role.
        house.run(&format!(
            "UPDATE grants SET ends = {} WHERE role = (SELECT key FROM administrator_roles WHERE id = '{viewer}')",
            house.now().micros()
        ));
        let page = su.get(&format!("{path}/delete")).await.is(200).says("Delete the administrator role Viewer?");
        let form = page.form(&format!("form[action='{path}/delete']"));
        let page = su.submit(form.clone()).await.is(303);
        su.follow(page).await.is(200).says("Viewer is deleted.");
        assert_eq!(su.submit(form).await.is(303).leads_to(), Some(ROLES), "the same form again leads to the same place");
        su.get(&path).await.is(404);
        su.post(&format!("{path}/delete"), &[]).await.is(404);
        let events = house.events("administrator_role.delete");
        assert_eq!((events.len(), &events[0].detail["before"]["name"]), (1, &Value::from("Viewer")));
        su.get("/admin/events?type=administrator_role").await.is(200).says("deleted the administrator role Viewer");
    }
}

#[actix_web::test]
async fn holders_read_the_role_they_hold_and_nobody_else_finds_any() {
    for house in House::each().await {
        let (ina, vera, paul) =
            (house.person("ina@acme.example").await, house.person("vera@acme.example").await, house.person("paul@acme.example").await);
        let helper = format!("{ROLES}/{}", house.administrator_role("Helper"));
        let page =
            ina.get(&helper).await.is(200).says("You hold this role.").never_says("Held by").never_says("Save role").never_says("Uwe");
        assert!(!page.has("main form") && !page.has("main .menu") && !page.has(&format!("a[href='{ROLES}']")));
        assert_eq!(page.select("input[name=perm][checked]").len(), 6);
        let json = ina.send(Method::GET, &helper, &[("Accept", "application/json")], None).await.is(200);
        let read: Value = serde_json::from_str(&json.body).unwrap();
        assert_eq!((read["name"].as_str(), read.get("held_by"), read.get("passed_on_by")), (Some("Helper"), None, None));
        let before = house.state();
        for person in [&vera, &paul, &ina] {
            person.get(ROLES).await.is(404);
            person.get(&format!("{ROLES}/new")).await.is(404);
            person.get(&format!("{ROLES}/new/other")).await.is(404);
            person.get(&format!("{ROLES}/{}", house.administrator_role("Steward"))).await.is(404);
            person.get(&format!("{helper}/delete")).await.is(404);
            person.post(&helper, &[("name", "Mine"), ("perm", "user.view"), ("rev", "1")]).await.is(404);
            person.post(&format!("{helper}/delete"), &[]).await.is(404);
            person.post(ROLES, &[("kind", "other"), ("name", "Mine"), ("perm", "user.view")]).await.is(404);
            person.post(&format!("{ROLES}/export"), &[]).await.is(404);
        }
        vera.get(&helper).await.is(404);
        before.assert_still(&house, "What nobody may");
        assert!(!ina.get("/admin").await.is(200).has(&format!("a[href='{ROLES}']")));
        assert!(house.person("su@brand.example").await.get("/admin").await.is(200).has(&format!(".side a[href='{ROLES}']")));
    }
}

#[actix_web::test]
async fn nobody_adds_or_takes_a_permission_that_they_do_not_hold_wherever_the_role_is_held() {
    for house in House::each().await {
        authors(&house);
        let (rolf, otto) = (house.person("rolf@brand.example").await, house.person("otto@brand.example").await);
        let (viewer, manager) = (house.administrator_role("Viewer"), house.administrator_role("Manager"));
        let before = house.state();
        // What Rolf does not hold at all, and what Otto holds at root alone.
        rolf.submit(open(&rolf, &viewer).await.tick("perm", "user.edit"))
            .await
            .is(403)
            .says("You do not hold “Edit user information” yourself.");
        otto.submit(open(&otto, &viewer).await.tick("perm", "user.download_data")).await.is(403).says("Vera");
        otto.submit(open(&otto, &viewer).await.untick("perm", "user.view")).await.is(403);
        // What Rolf holds, from a role of somebody who holds more than he does (Z-10).
        rolf.submit(open(&rolf, &manager).await.untick("perm", "user.view")).await.is(403).says("holds more than you do");
        for person in [&rolf, &otto] {
            person
                .post(ROLES, &[("kind", "other"), ("name", "Mine"), ("perm", "user.view"), ("perm", "user.delete")])
                .await
                .is(403)
                .says("Delete user");
        }
        before.assert_still(&house, "What they may not");
        assert_eq!(
            house.texts("SELECT actor_name AS t FROM events WHERE action = 'act.refuse' GROUP BY actor_name ORDER BY 1"),
            ["Otto One", "Rolf Clerk"]
        );

        // A role that nobody holds yet: what they hold anywhere.
        otto.post(ROLES, &[("kind", "other"), ("name", "By Otto"), ("perm", "user.view")]).await.is(303);
        let page = rolf
            .submit(open(&rolf, &viewer).await.tick("perm", "user.download_data"))
            .await
            .is(200)
            .says("1 administrator holds this role.");
        let page = rolf.submit(editor(&page)).await.is(303);
        let page = rolf.follow(page).await.is(200).says("Viewer saved.");
        // Whoever may not see administrators is told how many hold it, not who.
        let page = page.says("1 administrator holds it.").never_says("Vera");
        assert!(!page.has("a[href*='/admin/administrators']"));
        // What was done is judged anew when it is taken back.
        let undo = page.form(".result-note form");
        house.run("DELETE FROM grants WHERE account = (SELECT key FROM accounts WHERE email = 'rolf@brand.example') AND scope IS NOT NULL");
        assert!([403, 404].contains(&rolf.submit(undo).await.status));
    }
}

#[actix_web::test]
async fn of_a_role_of_ones_own_only_the_name_is_ones_to_change() {
    for house in House::each().await {
        authors(&house);
        house.import(json!({ "bailiwick": 1, "grants": [{ "role": "Author", "account": "su@brand.example" }] }));
        let (rolf, su) = (house.person("rolf@brand.example").await, house.person("su@brand.example").await);
        let author = house.administrator_role("Author");
        let page = rolf.get(&format!("{ROLES}/{author}")).await.is(200).says("You hold this role yourself.").never_says("Select all");
        assert_eq!(page.select("input[type=checkbox]:not([disabled])").len(), 0);
        let page = rolf.submit(editor(&page).with("name", "Authors")).await.is(303);
        rolf.follow(page).await.is(200).says("Authors saved.");
        assert_eq!(house.texts("SELECT name AS t FROM administrator_roles WHERE changed_by = 'Rolf Clerk'"), ["Authors"]);
        let before = house.state();
        rolf.submit(open(&rolf, &author).await.smuggle("perm", "event.view")).await.is(403).says("You hold this role yourself");
        rolf.submit(open(&rolf, &author).await.without("perm").smuggle("perm", "user.view")).await.is(403);
        before.assert_still(&house, "One's own role");
        // A super administrator holds it too, and may.
        let page = su.submit(open(&su, &author).await.tick("perm", "event.view")).await.is(200).says("3 administrators hold this role.");
        su.submit(editor(&page)).await.is(303);
    }
}

#[actix_web::test]
async fn whoever_may_only_look_sees_no_buttons() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Reader", "kind": "root", "permissions": ["administrator_role.view", "administrator.view"] }],
            "grants": [{ "role": "Reader", "account": "otto@brand.example" }] }));
        let otto = house.person("otto@brand.example").await;
        let page = otto.get(ROLES).await.is(200).never_says("Add administrator role").never_says("Duplicate").never_says("Change history");
        assert!(!page.has(&format!("a[href^='{ROLES}/new']")));
        let helper = format!("{ROLES}/{}", house.administrator_role("Helper"));
        let page = otto.get(&helper).await.is(200).never_says("Save role").says("4 administrators hold it.");
        assert!(
            page.select("main input[name], main textarea")
                .iter()
                .all(|field| field.attr("readonly").is_some() || field.attr("disabled").is_some())
        );
        // Their grants lie outside of Otto's reach, which is root alone.
        assert!(!page.text().contains("Ina Inside") && page.has("a[href^='/admin/administrators?role=']"));
        otto.get(&format!("{ROLES}/{}", house.administrator_role("Steward"))).await.is(200).says("Stan Steward");
        let before = house.state();
        otto.get(&format!("{ROLES}/new/root")).await.is(403).says("Add administrator role");
        otto.post(&helper, &[("name", "Mine"), ("perm", "user.view"), ("rev", "1")]).await.is(403);
        otto.get(&format!("{helper}/delete")).await.is(403);
        otto.post(&format!("{helper}/delete"), &[]).await.is(403);
        before.assert_still(&house, "Looking");
    }
}

#[actix_web::test]
async fn the_list_is_searched_filtered_sorted_and_sent_as_a_file() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1, "administrator_roles": [{ "name": "<b class=\"evil\">Bold</b>", "kind": "other", "description": "=1+1", "permissions": ["user.view"] }] }));
        let su = house.person("su@brand.example").await;
        let names = async |query: &str| su.get(&format!("{ROLES}{query}")).await.is(200).stays_inert().texts("#results tbody th a");
        let bold = "<b class=\"evil\">Bold</b>";
        let all =
            [bold, "Deputy", "Helper", "Manager", "Role clerk", "Role keeper", "Role reader", "Steward", "Super administrator", "Viewer"];
        assert_eq!(names("").await, all);
        assert_eq!(names("?sort=-name").await.first().map(String::as_str), Some("Viewer"));
        assert_eq!(names("?q=KEEP").await, ["Role keeper"]);
        assert_eq!(names("?q=%25").await, [""; 0], "a per cent sign is a letter");
        assert_eq!(names("?type=other").await, [bold, "Deputy", "Helper", "Manager", "Viewer"]);
        assert_eq!(names("?type=super").await, ["Super administrator"]);
        assert_eq!(names("?unused=1").await, [bold]);
        assert_eq!(names("?sort=-changed&type=root").await.len(), 4);
        su.get(&format!("{ROLES}?type=none&sort=colour")).await.is(200).says("We ignored “type=none”").says("We ignored “sort=colour”");
        su.get(&format!("{ROLES}?q=zzz")).await.is(200).says("No administrator role matches “zzz”");
        assert_eq!(su.get(&format!("{ROLES}?page=9")).await.is(303).leads_to(), Some(ROLES));
        let rows = su.get(&format!("{ROLES}?q=helper")).await.is(200).rows();
        assert!(rows[0].contains("Other administrator role 6 of 37 4 administrators 1"), "the ended one is not held: {rows:?}");
        let page = su.fragment(&format!("{ROLES}?q=keep")).await.is(200);
        assert_eq!((page.texts("tbody th a"), page.has("nav.side")), (vec!["Role keeper".to_owned()], false));
        let json = su.send(Method::GET, &format!("{ROLES}?type=super"), &[("Accept", "application/json")], None).await.is(200);
        let read: Value = serde_json::from_str(&json.body).unwrap();
        assert_eq!((read["rows"][0]["kind"].as_str(), read["rows"][0]["held_by"].as_i64()), (Some("super"), Some(2)));
        assert_eq!(read["rows"][0]["permissions"].as_array().map(Vec::len), Some(PermissionSet::ALL.count() as usize));
        let csv = su.post(&format!("{ROLES}/export?type=other"), &[("format", "csv")]).await.is(200).body;
        assert!(csv.contains("'=1+1") && csv.contains("Viewer") && !csv.contains("Steward"), "{csv}");
        let file: Value = serde_json::from_str(&su.post(&format!("{ROLES}/export"), &[("format", "json")]).await.is(200).body).unwrap();
        assert_eq!(file.as_array().map(Vec::len), Some(all.len()));
        // And found by the search over everything, by those who may see them.
        let page = su.get("/admin/search?q=keeper").await.is(200);
        assert!(page.has(&format!("a[href='{ROLES}/{}']", house.administrator_role("Role keeper"))));
        house.person("rita@brand.example").await.get("/admin/search?q=keeper").await.is(200).never_says("Administrator roles");
    }
}

#[actix_web::test]
async fn a_role_is_found_without_the_accents_of_its_name() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        su.post(ROLES, &[("kind", "other"), ("name", "Büro Łódź"), ("perm", "user.view")]).await.is(303);
        for path in [format!("{ROLES}?q=buro%20lodz"), "/admin/search?q=lodz".to_owned()] {
            su.get(&path).await.is(200).says("Büro Łódź");
        }
    }
}
