//! Organizations > Roles (screens.md 4.8, D-11).

use crate::{
    house::House,
    page::{Form, Page},
    person::Person,
};

const ROLES: &str = "/admin/stores/customers/roles";
const READ: &str = "account_management:READ";

/// The editor's form on a page.
fn editor(page: &Page) -> Form {
    page.form(&format!("main form[action^='{ROLES}']"))
}

/// The editor of a role, opened by somebody.
async fn open(person: &Person<'_>, role: &str) -> Form {
    editor(&person.get(&format!("{ROLES}/{role}")).await.is(200))
}

#[actix_web::test]
async fn a_role_is_made_from_a_template_and_can_be_assigned_next() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = su.get(&format!("{ROLES}/new?template=audit")).await.is(200);
        let form = editor(&page);
        assert_eq!((form.value("name"), form.values("right").len()), ("Org auditor", 4));
        let form = form.with("name", "  Night watch ").with("description", "Looks at night.\r\nAnd\r\nlistens.").tick("auto_first", "on");
        let page = su.submit(form).await.is(303);
        let at = page.leads_to().unwrap().to_owned();
        assert!(at.starts_with(&format!("{ROLES}/role_")));
        let page = su.follow(page).await.is(200).says("Night watch is ready.").says("Nobody holds this role yet.");
        let id = at.rsplit('/').next().unwrap();
        assert_eq!(page.attribute(".result-note a", "href"), format!("/admin/stores/customers/role-assignments?role={id}"));
        let form = editor(&page);
        assert_eq!(
            (form.value("name"), form.value("description").trim(), form.value("auto_first")),
            ("Night watch", "Looks at night.\nAnd\nlistens.", "on")
        );
        let rows = su.get(ROLES).await.is(200).rows();
        assert!(
            rows.iter()
                .any(|row| row.contains("Night watch") && row.contains("4 Read") && row.contains("First person") && row.contains("Nobody")),
            "{rows:?}"
        );
        let event = &house.events("role.add")[0];
        assert_eq!((event.actor.as_str(), event.outcome.as_str()), ("Su Super", "done"));
        assert_eq!(event.detail["after"]["name"], "Night watch");
        assert_eq!(event.detail["after"]["rights"].to_string().matches(":READ").count(), 4);
        assert!(event.through.is_some() && event.address.is_some());
    }
}

#[actix_web::test]
async fn every_template_and_a_duplicate_fill_the_form_without_saving() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let before = house.state();
        for (template, name, cells) in
            [("admin", "Admin", 11), ("support", "Customer support", 9), ("audit", "Org auditor", 4), ("", "", 0), ("rubbish", "", 0)]
        {
            let form = editor(&su.get(&format!("{ROLES}/new?template={template}")).await.is(200));
            assert_eq!((form.value("name"), form.values("right").len()), (name, cells), "{template}");
        }
        let form = editor(&su.get(&format!("{ROLES}/new?from={}", house.role("Org auditor"))).await.is(200));
        assert_eq!((form.value("name"), form.values("right").len()), ("Copy of Org auditor", 4));
        su.get(&format!("{ROLES}/new?from={}", house.role_of("partners", "Reseller"))).await.is(404);
        // Buttons that change the boxes and save nothing, for who has no script.
        let blank =
            || async { editor(&su.get(&format!("{ROLES}/new")).await.is(200)).with("name", "Half done").with("description", "kept") };
        for (press, cells) in [("all-read", 4), ("clear", 0)] {
            let page = su.submit(blank().await.tick("right", "account_verification:WRITE").press("op", press)).await.is(200);
            let form = editor(&page);
            assert_eq!((form.value("name"), form.value("description").trim()), ("Half done", "kept"));
            assert_eq!(form.values("right").len(), if cells == 0 { 0 } else { cells + 1 });
        }
        let page = su.submit(blank().await.with("template", "support").press("op", "template")).await.is(200);
        assert_eq!(editor(&page).values("right").len(), 9);
        before.assert_still(&house, "A template");
    }
}

/// Fields that are wrong, each with the words that say so.
fn wrong() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("name", String::new(), "Enter a name."),
        ("name", " \t\n ".into(), "Enter a name."),
        ("name", "ab".into(), "A name has 3 to 64 characters; this one has 2."),
        ("name", "x".repeat(65), "A name has 3 to 64 characters; this one has 65."),
        ("name", "a\0bc".into(), "cannot be printed"),
        ("name", "abc\u{202e}def".into(), "cannot be printed"),
        ("name", "<b class=\"evil\">much too long to be a name, and markup as well, still inert</b>".into(), "A name has 3 to 64"),
        ("name", " ＯＲＧ auditor ".into(), "already exists in this store"),
        ("name", "org AUDITOR".into(), "already exists in this store"),
        ("description", "x".repeat(1025), "Shorten the description to 1,024 characters; it has 1,025."),
        ("description", "a\0b".into(), "cannot be printed"),
        ("right", String::new(), "There is no access right"),
        ("right", "account_management:OBLITERATE".into(), "There is no access right “account_management:OBLITERATE”."),
        ("right", "<b class=\"evil\">x</b>".into(), "There is no access right"),
        ("right", "none at all".into(), "There is no access right"),
    ]
}

#[actix_web::test]
async fn a_bad_role_changes_nothing_and_keeps_what_was_typed() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let greeter = house.role("Greeter");
        let before = house.state();
        for path in [format!("{ROLES}/new"), format!("{ROLES}/{greeter}")] {
            let start =
                editor(&su.get(&path).await.is(200)).with("name", "Good name").with("description", "Typed <i class=\"evil\">with</i> care");
            let start = start.without("right").tick("right", READ).tick("right", "account_identities:WRITE").tick("auto_first", "on");
            for (field, value, words) in wrong() {
                let form = if field == "right" { start.clone().smuggle(field, &value) } else { start.clone().with(field, &value) };
                let page = su.submit(form.clone()).await.is(422).says(words).stays_inert();
                assert!(page.texts("title")[0].starts_with("Error: "), "{field}");
                let kept = editor(&page);
                for name in ["name", "description"] {
                    if !form.value(name).contains('\0') {
                        assert_eq!(kept.value(name), form.value(name), "{path} {field}={value:?}");
                    }
                }
                assert_eq!(kept.values("right"), ["account_identities:WRITE", READ], "{path} {field}={value:?}");
                assert_eq!((kept.value("auto_first"), kept.value("auto_every")), ("on", ""));
                assert_eq!(kept.value("rev"), start.value("rev"));
            }
            // No right at all.
            let page = su.submit(start.clone().without("right")).await.is(422).says("Pick at least one right.");
            assert_eq!(editor(&page).value("name"), "Good name");
            // Several faults at once are all told.
            su.submit(start.clone().without("right").with("name", "").with("description", &"x".repeat(2_000)))
                .await
                .is(422)
                .says("Three things need attention");
        }
        // An edit without its version.
        su.submit(open(&su, &greeter).await.without("rev")).await.is(422).says("Load it again.");
        su.submit(open(&su, &greeter).await.with("rev", "one")).await.is(422);
        before.assert_still(&house, "A bad role");
        // Another store may use the name.
        su.post("/admin/stores/partners/roles", &[("name", "Org auditor"), ("right", READ)]).await.is(303);
    }
}

#[actix_web::test]
async fn names_of_3_and_of_64_characters_are_fine_and_markup_in_them_stays_text() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        for name in ["abc".to_owned(), "ä".repeat(64), "<i class=\"evil\">Iris</i> & \"co\"".into(), "🦊🦊🦊".into()] {
            let description = "x".repeat(1024);
            let page = su.post(ROLES, &[("name", &name), ("description", &description), ("right", READ)]).await.is(303);
            let page = su.follow(page).await.is(200).stays_inert();
            assert_eq!(editor(&page).value("name"), name);
            su.get(&format!("{ROLES}/{}/delete", page.asked.rsplit('/').next().unwrap().trim())).await.is(200).stays_inert();
        }
        su.get(&format!("{ROLES}?q=%3Ci%20class")).await.is(200).stays_inert().says("Iris");
    }
}

#[actix_web::test]
async fn an_edit_is_saved_with_before_and_after() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let greeter = house.role("Greeter");
        let form = open(&su, &greeter)
            .await
            .with("name", "Door keeper")
            .with("description", "Opens doors.")
            .tick("right", "account_identities:READ");
        let page = su.submit(form).await.is(303);
        let page = su.follow(page).await.is(200).says("Door keeper saved.").says("by Su Super");
        assert_eq!(editor(&page).value("rev"), "2");
        let event = &house.events("role.edit")[0];
        assert_eq!((&event.detail["before"]["name"], &event.detail["after"]["name"]), (&"Greeter".into(), &"Door keeper".into()));
        assert!(
            !event.detail["before"]["rights"].to_string().contains("identities")
                && event.detail["after"]["rights"].to_string().contains("identities")
        );
        // Its own name in another spelling is not taken.
        su.submit(open(&su, &greeter).await.with("name", "DOOR keeper")).await.is(303);
    }
}

#[actix_web::test]
async fn whoever_saves_an_older_version_sees_both_and_decides() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        let greeter = house.role("Greeter");
        let mine = open(&sy, &greeter).await.with("name", "Mine").tick("right", "account_identities:READ");
        su.submit(open(&su, &greeter).await.with("name", "Theirs").with("description", "<b class=\"evil\">theirs</b>")).await.is(303);
        let before = house.state();
        let page = sy.submit(mine).await.is(409).says("Somebody changed this while you were editing: Su Super").stays_inert();
        before.assert_still(&house, "An older version");
        assert_eq!(
            page.texts(".note.warn tbody tr"),
            [
                "Name Theirs Mine",
                "Description <b class=\"evil\">theirs</b>",
                "Access rights Account management: Read Account identities: Read, Account management: Read"
            ]
        );
        let again = editor(&page);
        assert_eq!((again.value("name"), again.value("rev"), again.values("right").len()), ("Mine", "2", 2));
        sy.submit(again).await.is(303);
        assert_eq!(house.texts("SELECT name || ' ' || rev AS t FROM roles WHERE name = 'Mine'"), ["Mine 3"]);
    }
}

#[actix_web::test]
async fn of_two_who_save_at_once_one_is_told() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        let greeter = house.role("Greeter");
        let (one, two) = (open(&su, &greeter).await.with("name", "From Su"), open(&sy, &greeter).await.with("name", "From Sy"));
        let (one, two) = tokio::join!(su.submit(one), sy.submit(two));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        assert_eq!(house.events("role.edit").len(), 1);
        // And of two who make a role of the same name.
        let fields = [("name", "Only one"), ("right", READ)];
        let (one, two) = tokio::join!(su.post(ROLES, &fields), sy.post(ROLES, &fields));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422]);
    }
}

#[actix_web::test]
async fn a_change_of_a_held_role_is_confirmed_with_its_effect_first() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let auditor = house.role("Org auditor");
        let form = open(&su, &auditor).await;
        let form = form.untick("right", "personal_data_download:READ").tick("right", "account_verification:WRITE").with("name", "Auditor");
        let before = house.state();
        let page =
            su.submit(form).await.is(200).says("Save Auditor?").says("3 accounts in 3 organizations (and all below) hold this role.");
        before.assert_still(&house, "A confirmation");
        assert_eq!(page.texts("dt"), ["They gain", "They lose"]);
        assert_eq!(page.texts("dd"), ["Account verification Write", "Personal data download Read"]);
        let confirm = editor(&page);

        // A mark of one's own does not do.
        for mark in ["", "x", "3.3.0.0", "everyone"] {
            su.submit(confirm.clone().with("confirmed", mark).with("once", &format!("once_{mark}")))
                .await
                .is(409)
                .says("The effect changed since you looked.");
        }
        before.assert_still(&house, "A forged mark");

        // Somebody else gets the role meanwhile: the new effect has to be seen first (Z-11).
        let sy = house.person("sy@brand.example").await;
        let give = [("org", house.org("Acme/South")), ("role", auditor.clone()), ("account", house.acc("p17@acme.example"))];
        let give: Vec<(&str, &str)> = give.iter().map(|(name, value)| (*name, value.as_str())).collect();
        sy.post("/admin/stores/customers/role-assignments", &give).await.is(303);
        let before = house.state();
        let page = su.submit(confirm).await.is(409).says("The effect changed since you looked.").says("4 accounts in 4 organizations");
        before.assert_still(&house, "An old effect");
        let page = su.submit(editor(&page)).await.is(303);
        su.follow(page).await.is(200).says("Auditor saved.").says("4 accounts are affected.");
        let event = house.events("role.edit").pop().unwrap();
        assert_eq!((event.detail["accounts"].as_i64(), event.detail["organizations"].as_i64()), (Some(4), Some(4)));
        assert_eq!(event.detail["before"]["name"], "Org auditor");
        // Name and description alone change nobody's rights.
        su.submit(open(&su, &auditor).await.with("name", "Org auditor").with("description", "New words")).await.is(303);
    }
}

#[actix_web::test]
async fn a_role_that_would_let_everyone_delete_is_confirmed_once_more() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let fields = [("name", "Open house"), ("auto_every", "on"), ("right", READ), ("right", "account_management:DELETE")];
        let before = house.state();
        let page = su.post(ROLES, &fields).await.is(200).says("Everyone who registers could delete.");
        before.assert_still(&house, "A confirmation");
        let page = su.submit(editor(&page)).await.is(303);
        let id = page.leads_to().unwrap().rsplit('/').next().unwrap().to_owned();
        // Once it is so, other edits do not ask again.
        su.submit(open(&su, &id).await.with("description", "x")).await.is(303);
        // An edit that makes it so asks, held or not.
        let admin = house.role("Admin");
        let page = su.submit(open(&su, &admin).await.tick("auto_every", "on").untick("right", "account_verification:WRITE")).await.is(200);
        let page = page.says("Everyone who registers could delete.").says("1 account in 1 organization");
        let confirm = editor(&page);
        su.submit(confirm).await.is(303);
    }
}

#[actix_web::test]
async fn a_role_is_deleted_once_nobody_holds_it() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let (auditor, greeter) = (house.role("Org auditor"), house.role("Greeter"));
        let page = su
            .get(&format!("{ROLES}/{auditor}/delete"))
            .await
            .is(200)
            .says("Org auditor cannot be deleted now")
            .says("3 accounts still hold it in 3 organizations");
        assert!(!page.has(&format!("form[method=post][action='{ROLES}/{auditor}/delete']")));
        let before = house.state();
        su.post(&format!("{ROLES}/{auditor}/delete"), &[]).await.is(409).says("3 accounts still hold it");
        before.assert_still(&house, "A refused deletion");

        // What has ended is not held; it goes with the role.
        let give = [
            ("org", house.org("Acme/North")),
            ("role", greeter.clone()),
            ("account", house.acc("p12@acme.example")),
            ("ends", "2026-11-24".into()),
        ];
        let give: Vec<(&str, &str)> = give.iter().map(|(name, value)| (*name, value.as_str())).collect();
        su.post("/admin/stores/customers/role-assignments", &give).await.is(303);
        su.post(&format!("{ROLES}/{greeter}/delete"), &[]).await.is(409);
        // A draft that is under way does not keep it either.
        let pick = [("org", house.org("Acme/North")), ("role", greeter.clone()), ("sel", house.acc("p12@acme.example"))];
        let pick: Vec<(&str, &str)> = pick.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let draft = su.post("/admin/stores/customers/role-assignments/selection", &pick).await.is(303).leads_to().unwrap().to_owned();
        house.wait_minutes(3 * 24 * 60);
        su.sign_in("su@brand.example", crate::house::PASSWORD).await.is(303);
        let page = su.get(&format!("{ROLES}/{greeter}/delete")).await.is(200).says("Delete the role Greeter?");
        let page = su.submit(page.form(&format!("form[action='{ROLES}/{greeter}/delete']"))).await.is(303);
        su.follow(page).await.is(200).says("Greeter is deleted.");
        su.get(&format!("{ROLES}/{greeter}")).await.is(404);
        su.post(&format!("{ROLES}/{greeter}/delete"), &[]).await.is(404);
        su.get(&draft).await.is(404);
        assert_eq!(house.events("role.delete")[0].detail["before"]["name"], "Greeter");
    }
}

#[actix_web::test]
async fn whoever_lacks_a_right_over_accounts_changes_no_cell_of_it_but_may_rename() {
    for house in House::each().await {
        // Rolf may edit roles and holds nothing of `user.*` (D-11).
        let rolf = house.person("rolf@brand.example").await;
        let (auditor, greeter) = (house.role("Org auditor"), house.role("Greeter"));
        let before = house.state();
        rolf.submit(open(&rolf, &auditor).await.untick("right", READ)).await.is(403).says("View user information");
        rolf.submit(open(&rolf, &auditor).await.tick("right", "account_verification:WRITE")).await.is(403);
        rolf.submit(open(&rolf, &greeter).await.tick("right", "account_identities:READ")).await.is(403);
        rolf.post(ROLES, &[("name", "Mine"), ("right", READ)]).await.is(403);
        // What everyone would get counts too.
        rolf.submit(open(&rolf, &greeter).await.tick("auto_every", "on")).await.is(403);
        before.assert_still(&house, "What Rolf may not");
        rolf.submit(open(&rolf, &auditor).await.with("name", "Renamed by Rolf").with("description", "and described")).await.is(303);
        assert_eq!(house.texts("SELECT name AS t FROM roles WHERE changed_by = 'Rolf Clerk'"), ["Renamed by Rolf"]);

        // Rita sees accounts everywhere, so Read is hers to give, and no more than that.
        let rita = house.person("rita@brand.example").await;
        rita.submit(open(&rita, &greeter).await.tick("right", "account_identities:READ").tick("auto_every", "on")).await.is(303);
        rita.submit(open(&rita, &greeter).await.tick("right", "account_identities:WRITE")).await.is(403).says("Edit user information");
        rita.post(ROLES, &[("name", "Mine"), ("right", READ), ("right", "account_management:DELETE")]).await.is(403);
        // Automatic for everyone, with cells that she lacks somewhere.
        rita.submit(open(&rita, &house.role("Customer support")).await.tick("auto_first", "on")).await.is(403);
    }
}

#[actix_web::test]
async fn whoever_may_only_look_sees_no_buttons() {
    for house in House::each().await {
        let otto = house.person("otto@brand.example").await;
        let page = otto
            .get(ROLES)
            .await
            .is(200)
            .never_says("Create role")
            .never_says("Delete role")
            .never_says("Duplicate")
            .never_says("See assignments");
        assert!(
            !page.has(&format!("a[href^='{ROLES}/new']")) && !page.has("a[href*='role-assignments']") && !page.has("a[href$='/delete']")
        );
        let page = otto.get(&format!("{ROLES}/{}", house.role("Org auditor"))).await.is(200).never_says("Save role");
        assert!(
            page.select("main input:not([type=hidden]), main textarea").iter().all(|field| {
                field.attr("readonly").is_some() || field.attr("disabled").is_some() || field.attr("type") == Some("radio")
            })
        );
        assert!(!page.has("main button[name=op]"));
    }
}

#[actix_web::test]
async fn roles_of_another_store_are_not_there() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let (reseller, auditor) = (house.role_of("partners", "Reseller"), house.role("Org auditor"));
        let before = house.state();
        for path in [
            format!("{ROLES}/{reseller}"),
            format!("{ROLES}/role_aaaaaaaaaaaaaaaa"),
            format!("{ROLES}/{}", auditor.to_uppercase()),
            format!("{ROLES}/1"),
        ] {
            su.get(&path).await.is(404);
            su.get(&format!("{path}/delete")).await.is(404);
            su.post(&path, &[("name", "Taken over"), ("right", READ), ("rev", "1")]).await.is(404);
            su.post(&format!("{path}/delete"), &[]).await.is(404);
        }
        // The built-in store has none, and none can be made there.
        for path in ["", "/new", &format!("/{auditor}"), &format!("/{auditor}/delete")] {
            su.get(&format!("/admin/stores/administrators/roles{path}")).await.is(404);
            su.get(&format!("/admin/stores/nowhere/roles{path}")).await.is(404);
        }
        su.post("/admin/stores/administrators/roles", &[("name", "Root role"), ("right", READ)]).await.is(404);
        su.post("/admin/stores/administrators/roles/templates", &[]).await.is(404);
        before.assert_still(&house, "Another store's role");
    }
}

#[actix_web::test]
async fn the_recommended_roles_go_into_an_empty_store_once() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = su.get("/admin/stores/fresh/roles").await.is(200).says("No roles yet");
        let form = page.form("form[action='/admin/stores/fresh/roles/templates']");
        let page = su.submit(form.clone()).await.is(303);
        su.follow(page).await.is(200).says("Admin, Customer support, Org auditor are ready.");
        su.submit(form).await.is(409);
        assert_eq!(house.number("SELECT count(*) AS n FROM roles r JOIN identity_stores s ON s.key = r.store WHERE s.slug = 'fresh'"), 3);
        assert_eq!(house.events("role.add").len(), 3);
        su.post(&format!("{ROLES}/templates"), &[]).await.is(409).says("has roles already");
    }
}

#[actix_web::test]
async fn a_form_that_is_sent_twice_counts_once() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let form = editor(&su.get(&format!("{ROLES}/new?template=audit")).await.is(200)).with("name", "Sent twice");
        assert!(form.value("once").starts_with("once_"));
        let (one, two) = tokio::join!(su.submit(form.clone()), su.submit(form.clone()));
        let three = su.submit(form.clone()).await;
        let to: Vec<Option<&str>> = [&one, &two, &three].iter().map(|page| page.leads_to()).collect();
        assert!(to[0].is_some() && to[0] == to[1] && to[1] == to[2], "{to:?}");
        assert_eq!(house.events("role.add").len(), 1);
        // Somebody else's form of that id is another form.
        let sy = house.person("sy@brand.example").await;
        let theirs =
            editor(&sy.get(&format!("{ROLES}/new?template=audit")).await.is(200)).with("name", "Another").with("once", form.value("once"));
        sy.submit(theirs).await.is(303);
        assert_eq!(house.events("role.add").len(), 2);
        // A day later it is forgotten.
        house.wait_minutes(25 * 60);
        su.sign_in("su@brand.example", crate::house::PASSWORD).await.is(303);
        su.post(ROLES, &[("once", form.value("once")), ("name", "Sent twice"), ("right", READ)]).await.is(422).says("already exists");
    }
}

#[actix_web::test]
async fn the_list_is_searched_filtered_and_sorted() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let names = async |query: &str| su.get(&format!("{ROLES}{query}")).await.is(200).texts("#results tbody th a");
        let bold = "<b class=\"evil\">Bold</b> role";
        assert_eq!(names("").await, [bold, "Admin", "Customer support", "Greeter", "Org auditor"]);
        assert_eq!(names("?sort=-name").await, ["Org auditor", "Greeter", "Customer support", "Admin", bold]);
        assert_eq!(names("?q=AUD").await, ["Org auditor"]);
        assert_eq!(names("?q=%25").await, [""; 0], "a per cent sign is a letter");
        assert_eq!(names("?q=_").await, [""; 0], "an underscore too");
        assert_eq!(names("?right=account_management:DELETE").await, ["Admin", "Customer support"]);
        assert_eq!(names("?unused=1").await, ["Greeter"]);
        assert_eq!(names("?auto=every").await, [""; 0]);
        assert_eq!(names("?auto=none&unused=1").await, ["Greeter"]);
        let page = su.get(&format!("{ROLES}?sort=colour&auto=maybe&right=all&page=0&per=7&after=rubbish")).await.is(200);
        assert_eq!(page.rows().len(), 5);
        page.says("We ignored “sort=colour”").says("We ignored “auto=maybe”");
        su.get(&format!("{ROLES}?q=zzz")).await.is(200).says("No role matches “zzz”");
        // A page past the end leads to the last one.
        assert_eq!(su.get(&format!("{ROLES}?page=9")).await.is(303).leads_to(), Some(ROLES));
        // As a fragment: the same rows, and only they.
        let page = su.fragment(&format!("{ROLES}?q=aud")).await.is(200);
        assert_eq!(page.texts("tbody th a"), ["Org auditor"]);
        assert!(!page.body.contains("<html") && !page.has("nav.side"));
        assert_eq!(page.header("hx-replace-url"), Some(format!("{ROLES}?q=aud").as_str()));
    }
}
