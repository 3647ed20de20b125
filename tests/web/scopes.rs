//! Administrators > Scopes (screens.md 4.12; D-6, D-10, D-11).

use crate::{
    house::House,
    page::{Form, Page},
    person::Person,
};
use serde_json::json;

const SCOPES: &str = "/admin/scopes";

/// Who looks after scopes in and below Acme/North, who only looks there, and a chain: Kim passed a role on to Lee, and Lee
/// to Moe, whose scope is the smallest.
fn peopled(house: &House) {
    let account = |name: &str, organization: &[&str]| {
        json!({ "email": format!("{name}@acme.example"), "name": format!("{name} of the scopes"), "status": "active",
            "password_hash": house.texts("SELECT password_hash AS t FROM accounts WHERE email = 'ina@acme.example'")[0],
            "memberships": [{ "organization": organization }] })
    };
    let north = json!({ "store": "Customers", "organization": ["Acme", "North"], "name": "All of North" });
    let grant = |role: &str, name: &str, scope: &serde_json::Value| json!({ "role": role, "store": "Customers", "account": format!("{name}@acme.example"), "scope": scope });
    let desk = json!({ "store": "Customers", "organization": ["Acme", "North"], "name": "Desk" });
    let plant = json!({ "store": "Customers", "organization": ["Acme", "North", "Plant 7"], "name": "Plant" });
    let mut kim = grant("Desk", "kim", &desk);
    kim["cascading"] = true.into();
    kim["key"] = "kim".into();
    let mut lee = grant("Desk", "lee", &plant);
    lee["cascading"] = true.into();
    lee["key"] = "lee".into();
    lee["through"] = "kim".into();
    let mut moe = grant("Desk", "moe", &plant);
    moe["through"] = "lee".into();
    house.import(json!({ "bailiwick": 1,
        "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
            "accounts": [account("keith", &["Acme", "North"]), account("vic", &["Acme", "North"]), account("kim", &["Acme", "North"]),
                account("lee", &["Acme", "North", "Plant 7"]), account("moe", &["Acme", "North", "Plant 7"])] }],
        "administrator_roles": [
            { "name": "Scope keeper", "kind": "other", "permissions": ["scope.add", "scope.view", "scope.edit", "scope.delete"] },
            { "name": "Scope viewer", "kind": "other", "permissions": ["scope.view"] },
            { "name": "Desk", "kind": "other", "permissions": ["user.view"] }],
        "scopes": [
            { "name": "All of North", "store": "Customers", "organization": ["Acme", "North"], "reach": "this_and_below" },
            { "name": "Desk", "store": "Customers", "organization": ["Acme", "North"], "reach": "this_and_below" },
            { "name": "Plant", "store": "Customers", "organization": ["Acme", "North", "Plant 7"], "reach": "this" }],
        "grants": [grant("Scope keeper", "keith", &north), grant("Scope viewer", "vic", &north), kim, lee, moe] }));
}

fn scope(house: &House, name: &str) -> String {
    house.texts(&format!("SELECT id AS t FROM scopes WHERE name = '{name}'"))[0].clone()
}

fn editor(page: &Page) -> Form {
    page.form(&format!("main form[action^='{SCOPES}']"))
}

async fn open(person: &Person<'_>, id: &str) -> Form {
    editor(&person.get(&format!("{SCOPES}/{id}")).await.is(200))
}

/// Who holds a grant with the role Desk, and through whose.
fn chain(house: &House) -> Vec<String> {
    house.texts(
        "SELECT a.email || ' ' || coalesce(ua.email, '-') AS t FROM grants g JOIN administrator_roles r ON r.key = g.role \
         JOIN accounts a ON a.key = g.account LEFT JOIN grants u ON u.key = g.through LEFT JOIN accounts ua ON ua.key = u.account \
         WHERE r.name = 'Desk' ORDER BY a.email",
    )
}

#[actix_web::test]
async fn a_scope_is_made_listed_copied_and_deleted() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let form = editor(&su.get(&format!("{SCOPES}/new?org={}", house.org("Acme"))).await.is(200));
        assert_eq!(form.value("org"), house.org("Acme"), "what the address names is chosen");
        let form = form.with("name", "  Acme's sites ").with("description", "<i class=\"evil\">All</i> sites").with("reach", "below");
        let page = su.submit(form).await.is(303);
        let at = page.leads_to().unwrap().to_owned();
        assert!(at.starts_with(&format!("{SCOPES}/scope_")));
        let page = su.follow(page).await.is(200).says("Acme's sites is ready.").says("Nobody uses it yet.").stays_inert();
        assert_eq!(page.texts("#reached b"), ["4 organizations", "16 accounts"]);
        let rows = su.get(SCOPES).await.is(200).stays_inert().rows();
        let row = rows.iter().find(|row| row.contains("Acme's sites")).unwrap();
        for part in ["All below only", "Nobody", "by Su Super"] {
            assert!(row.contains(part), "{row}");
        }
        let event = &house.events("scope.add")[0];
        assert_eq!((&event.detail["scope"], &event.detail["after"]["reach"]), (&"Acme's sites".into(), &"below".into()));
        // Whoever reads the log of Acme finds it there.
        let mona = house.person("mona@brand.example").await;
        mona.get(&format!("/admin/events?store=customers&org={}", house.org("Acme")))
            .await
            .is(200)
            .says("made the scope Acme's sites of Acme");
        mona.get(&at).await.is(404);

        let copy = editor(&su.get(&format!("{SCOPES}/new?from={}", at.rsplit('/').next().unwrap())).await.is(200));
        assert_eq!((copy.value("name"), copy.value("reach"), copy.value("org")), ("Copy of Acme's sites", "below", &*house.org("Acme")));
        su.submit(copy).await.is(303);
        su.get(&format!("{at}/delete")).await.is(200).says("Delete the scope Acme's sites?").stays_inert();
        let page = su.post(&format!("{at}/delete"), &[]).await.is(303);
        su.follow(page).await.is(200).says("Acme's sites is deleted.");
        su.get(&at).await.is(404);
        assert_eq!(house.events("scope.delete")[0].detail["before"]["name"], "Acme's sites");
    }
}

#[actix_web::test]
async fn a_bad_scope_changes_nothing_and_keeps_what_was_typed() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        su.post(SCOPES, &[("name", "Spare one"), ("org", &house.org("Acme")), ("reach", "this")]).await.is(303);
        let spare = scope(&house, "Spare one");
        let before = house.state();
        let long = "x".repeat(1_025);
        for path in [format!("{SCOPES}/new"), format!("{SCOPES}/{spare}")] {
            let start = editor(&su.get(&path).await.is(200))
                .with("name", "Good name")
                .with("description", "Typed <i class=\"evil\">with</i> care")
                .with("org", &house.org("Acme"))
                .with("reach", "children");
            for (field, value, words) in [
                ("name", "", "Enter a name."),
                ("name", "ab", "A name has 3 to 64 characters; this one has 2."),
                ("name", "ＡＬＬ of acme", "Acme has a scope called “ＡＬＬ of acme” already."),
                ("description", long.as_str(), "Shorten the description"),
                ("org", "", "Choose the organization that owns it."),
                ("org", "org_aaaaaaaaaaaaaaaa", "Choose an organization where you may keep scopes."),
                ("reach", "", "Choose how far the scope goes."),
                ("reach", "<b class=\"evil\">x</b>", "Choose how far the scope goes."),
                ("access_roles", "chosen", "Access roles do not exist yet"),
                ("access_roles", "some", "Choose all access roles."),
            ] {
                let page = su.submit(start.clone().without(field).smuggle(field, value)).await.is(422).says(words).stays_inert();
                assert!(page.texts("title")[0].starts_with("Error: "), "{field}");
                let kept = editor(&page);
                for name in ["name", "description", "org", "reach"].into_iter().filter(|name| *name != field) {
                    assert_eq!(kept.value(name), start.value(name), "{path} {field}={value:?}");
                }
            }
            su.submit(start.clone().without("name").without("org").without("reach")).await.is(422).says("Three things need attention");
        }
        su.submit(open(&su, &spare).await.without("rev")).await.is(422).says("Load it again.");
        before.assert_still(&house, "A bad scope");
        // Another organization has names of its own.
        su.post(SCOPES, &[("name", "All of Acme"), ("org", &house.org("Globex")), ("reach", "this")]).await.is(303);
    }
}

#[actix_web::test]
async fn what_a_scope_reaches_is_shown_before_it_is_saved_with_script_and_without() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let acme = house.org("Acme");
        let before = house.state();
        let root = house.texts("SELECT id AS t FROM organizations WHERE parent IS NULL")[0].clone();
        for (org, reach, words) in [
            (&acme, "this", "1 organization"),
            (&acme, "this_and_children", "3 organizations"),
            (&acme, "this_and_below", "5 organizations"),
            (&acme, "children", "2 organizations"),
            (&acme, "below", "4 organizations"),
            (&root, "below", "13 organizations"),
        ] {
            let counted = |reached: &str| {
                house.number(&format!(
                    "SELECT count(DISTINCT m.account) AS n FROM memberships m JOIN organization_closure c ON c.descendant = m.organization \
                     JOIN organizations o ON o.key = c.ancestor WHERE o.id = '{org}' AND c.depth {reached}"
                ))
            };
            let depth = match reach {
                "this" => "= 0",
                "this_and_children" => "<= 1",
                "children" => "= 1",
                "below" => ">= 1",
                _ => ">= 0",
            };
            // Root, all below: the accounts that belong nowhere too (P-3).
            let nowhere = "SELECT count(*) AS n FROM accounts a WHERE NOT EXISTS (SELECT 1 FROM memberships m WHERE m.account = a.key)";
            let people = counted(depth) + if *org == root { house.number(nowhere) } else { 0 };
            let shown = su.fragment(&format!("{SCOPES}/preview?org={org}&reach={reach}")).await.is(200).texts("b");
            assert_eq!(shown, [words.to_owned(), format!("{people} accounts")], "{reach}");
            let form =
                editor(&su.get(&format!("{SCOPES}/new")).await.is(200)).smuggle("org", org).with("reach", reach).with("name", "Half done");
            let page = su.submit(form.press("op", "preview")).await.is(200);
            assert_eq!(page.texts("#reached b"), shown);
            assert_eq!(editor(&page).value("name"), "Half done");
        }
        // Without a choice there is nothing to count; and nobody counts where they may keep no scope.
        su.fragment(&format!("{SCOPES}/preview?org={acme}&reach=x")).await.is(200).says("Choose an organization and a reach");
        su.get(&format!("{SCOPES}/preview?org=org_aaaaaaaaaaaaaaaa&reach=this")).await.is(404);
        mona.get(&format!("{SCOPES}/preview?org={acme}&reach=this")).await.is(404);
        // An organization is found by a part of its name; what was chosen stays.
        let found = su.fragment(&format!("{SCOPES}/new?org_q=plant&org={acme}")).await.is(200);
        assert_eq!(found.texts("label b"), ["Acme", "Acme › North › Plant 7"]);
        let form = editor(&su.get(&format!("{SCOPES}/new?org={acme}")).await.is(200)).with("org_q", "PLANT");
        let page = su.submit(form.press("op", "find")).await.is(200);
        assert_eq!(page.texts("#owners label b"), ["Acme", "Acme › North › Plant 7"]);
        assert_eq!(editor(&page).value("org"), acme);
        before.assert_still(&house, "Looking");
    }
}

#[actix_web::test]
async fn everybody_sees_and_keeps_the_scopes_of_their_own_reach() {
    for house in House::each().await {
        peopled(&house);
        let (keith, vic) = (house.person("keith@acme.example").await, house.person("vic@acme.example").await);
        for person in [&keith, &vic] {
            let names: Vec<String> = person.get(SCOPES).await.is(200).texts("tbody th a");
            assert_eq!(names, ["All of North", "Desk", "Plant"]);
            for path in ["", "/delete"] {
                person.get(&format!("{SCOPES}/{}{path}", scope(&house, "All of Acme"))).await.is(if path.is_empty() {
                    404
                } else {
                    person_status(person, &vic)
                });
            }
            person.get(&format!("{SCOPES}?org={}", house.org("Acme"))).await.is(404);
        }
        let plant = scope(&house, "Plant");
        let page = vic.get(&format!("{SCOPES}/{plant}")).await.is(200);
        assert!(!page.has("main form") && page.has("input[name=reach][disabled]"), "to read only");
        vic.get(&format!("{SCOPES}/new")).await.is(403);
        let fields = [("name", "Sneaked"), ("org", &*house.org("Acme/North")), ("reach", "this"), ("rev", "1")];
        let before = house.state();
        vic.post(SCOPES, &fields).await.is(403);
        vic.post(&format!("{SCOPES}/{plant}"), &fields).await.is(403);
        vic.post(&format!("{SCOPES}/{plant}/delete"), &[]).await.is(403);
        keith.post(&format!("{SCOPES}/{}", scope(&house, "All of Acme")), &fields).await.is(404);
        keith.post(&format!("{SCOPES}/{}/delete", scope(&house, "All of Acme")), &[]).await.is(404);
        let root = house.texts("SELECT id AS t FROM organizations WHERE parent IS NULL")[0].clone();
        for org in [&root, &house.org("Acme"), &house.org("Globex")] {
            keith.post(SCOPES, &[("name", "Too high"), ("org", org), ("reach", "this")]).await.is(422).says("where you may keep scopes");
        }
        before.assert_still(&house, "What is not theirs");
        keith.post(SCOPES, &fields).await.is(303);
        // What their own grant hangs on they copy; nobody's exception (D-6).
        let own = scope(&house, "All of North");
        let page = keith.get(&format!("{SCOPES}/{own}")).await.is(200).says("Your own grant hangs on this scope.");
        assert!(!page.has("main form"));
        let before = house.state();
        let north = house.org("Acme/North");
        keith
            .post(&format!("{SCOPES}/{own}"), &[("name", "Mine"), ("org", &north), ("reach", "this_and_below"), ("rev", "1")])
            .await
            .is(403);
        before.assert_still(&house, "One's own scope");
        // Whoever could not give or revoke the grants that use it changes its name alone.
        let desk = scope(&house, "Desk");
        let form = open(&keith, &desk).await.with("name", "Front desk");
        keith.submit(form).await.is(303);
        keith.submit(open(&keith, &desk).await.with("reach", "this")).await.is(403);
        let su = house.person("su@brand.example").await;
        su.submit(open(&su, &desk).await.with("org", &house.org("Acme"))).await.is(422).says("it stays with its organization");
        su.post(&format!("{SCOPES}/{desk}/delete"), &[]).await.is(409).says("1 administrator still uses it");
        su.get(&format!("{SCOPES}/{desk}/delete")).await.is(200).says("cannot be deleted now");
    }
}

/// Beyond their reach nobody learns more: 404 for who may delete somewhere, 403 for who may only look.
fn person_status(person: &Person<'_>, vic: &Person<'_>) -> u16 {
    if std::ptr::eq(person, vic) { 403 } else { 404 }
}

#[actix_web::test]
async fn another_reach_is_confirmed_with_its_effect_and_what_was_handed_on_goes_or_stays() {
    for keep in [false, true] {
        for house in House::each().await {
            peopled(&house);
            let su = house.person("su@brand.example").await;
            let desk = scope(&house, "Desk");
            let wanted = open(&su, &desk).await.with("reach", "this");
            let before = house.state();
            let page = su.submit(wanted).await.is(200).says("Save Desk?").says("1 administrator uses this scope: kim of the scopes");
            before.assert_still(&house, "A confirmation");
            assert_eq!(page.texts("dt"), ["They lose", "Now", "Then"]);
            assert!(page.texts("dd")[0].starts_with("2 organizations"), "{:?}", page.texts("dd"));
            assert!(page.texts(".list li")[0].contains("Desk of lee of the scopes"), "{:?}", page.texts(".list li"));
            assert!(page.texts(".list li")[0].contains("1 grant was handed on through it in turn"));
            let confirm = editor(&page);
            assert_eq!(confirm.value("handed_on"), "revoke", "the default");

            // An effect that has changed meanwhile is shown anew (Z-11).
            su.submit(confirm.clone().with("confirmed", "x").with("once", "once_x"))
                .await
                .is(409)
                .says("The effect changed since you looked.");
            house
                .import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
                "organization_registration": true, "organizations": [{ "path": ["Acme", "North", "Plant 8"] }] }] }));
            let page = su.submit(confirm).await.is(409).says("The effect changed since you looked.").says("3 organizations");
            let confirm = editor(&page).with("handed_on", if keep { "keep" } else { "revoke" });
            let page = su.submit(confirm).await.is(303);
            su.follow(page).await.is(200).says("Desk saved.").says("1 administrator is affected.");
            let left: &[&str] = if keep {
                &["kim@acme.example -", "lee@acme.example -", "moe@acme.example lee@acme.example"]
            } else {
                &["kim@acme.example -"]
            };
            assert_eq!(chain(&house), left, "on {}", house.name());
            let event = &house.events("scope.edit")[0];
            assert_eq!((&event.detail["before"]["reach"], &event.detail["after"]["reach"]), (&"this_and_below".into(), &"this".into()));
            assert_eq!(event.detail[if keep { "kept" } else { "revoked_too" }], json!(["lee of the scopes"]));
            // Wider again: nothing exceeds, and nothing comes back.
            let page = su.submit(open(&su, &desk).await.with("reach", "this_and_below")).await.is(200).says("They gain");
            assert!(!page.has("[name=handed_on]"));
            let page = su.submit(editor(&page)).await.is(303);
            su.follow(page).await.is(200).says("Desk saved.");
            assert_eq!(chain(&house), left);
        }
    }
}

#[actix_web::test]
async fn whoever_saves_an_older_version_sees_both_and_decides() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        let acme = scope(&house, "All of Acme");
        let mine = open(&sy, &acme).await.with("name", "Mine");
        su.submit(open(&su, &acme).await.with("name", "Theirs")).await.is(303);
        let page = sy.submit(mine).await.is(409).says("Somebody changed this while you were editing: Su Super");
        assert_eq!(page.texts(".note.warn tbody tr"), ["Name Theirs Mine"]);
        sy.submit(editor(&page)).await.is(303);
        assert_eq!(house.texts("SELECT name || ' ' || rev AS t FROM scopes WHERE name = 'Mine'"), ["Mine 3"]);
    }
}

#[actix_web::test]
async fn a_page_that_needs_a_scope_gets_the_new_one_back() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = su.get(&format!("{SCOPES}/new?next=%2Fadmin%2Fadministrators%2Fnew%3Frole%3Darole_x")).await.is(200);
        let form = editor(&page).smuggle("org", &house.org("Acme")).with("reach", "this").with("name", "On the spot");
        let page = su.submit(form).await.is(303);
        let id = scope(&house, "On the spot");
        assert_eq!(page.leads_to(), Some(&*format!("/admin/administrators/new?role=arole_x&scope={id}")));
        // With script it is a dialog over the page where a role is given, and brings back all that was chosen there.
        let (ana, lena) = (house.acc("p01@acme.example"), house.acc("p19@acme.example"));
        let chosen = format!("account={ana}&account={lena}&role=arole_x&scope=&reason=Summer+fair");
        let page = su.fragment(&format!("{SCOPES}/new?spot=1&{chosen}")).await.is(200);
        assert!(page.has("dialog[data-modal]"));
        let form = page.form("#spot-form").smuggle("org", &house.org("Acme")).with("reach", "this").with("name", "In a dialog");
        let page = su.submit(form).await.is(303);
        let id = scope(&house, "In a dialog");
        let expected =
            format!("{}/new/role?account={ana}&account={lena}&role=arole_x&reason=Summer+fair&scope={id}", "/admin/administrators");
        assert_eq!(page.leads_to(), Some(&*expected));
        let page = su.get(&expected).await.is(200).says("what 2 accounts may do");
        assert_eq!(page.form("main form").value("scope"), id);
        for evil in ["https://evil.example", "//evil.example", "/\\evil.example"] {
            let acme = house.org("Acme");
            let fields = [("name", evil), ("org", &*acme), ("reach", "this"), ("next", evil)];
            let page = su.post(SCOPES, &fields).await.is(303);
            assert!(page.leads_to().unwrap().starts_with(&format!("{SCOPES}/scope_")), "{evil}");
        }
    }
}

#[actix_web::test]
async fn an_organization_names_its_scopes_and_goes_only_without_them() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let solo = house.org_of("fresh", "Solo");
        let at = format!("/admin/stores/fresh/organizations/{solo}");
        su.post(SCOPES, &[("name", "Of Solo"), ("org", &solo), ("reach", "this")]).await.is(303);
        let page = su.get(&at).await.is(200);
        assert!(page.attributes("dd a", "href").contains(&format!("{SCOPES}?org={solo}")));
        let page = su.get(&format!("{at}/delete")).await.is(200).says("1 scope that it owns");
        assert!(page.attributes("dialog .list a", "href").contains(&format!("{SCOPES}?org={solo}")));
        let page = su.get(&format!("{SCOPES}?org={solo}&unused=1")).await.is(200);
        assert_eq!(page.texts("tbody th a"), ["Of Solo"]);
        let read =
            su.send(actix_web::http::Method::GET, &format!("{SCOPES}?org={solo}"), &[("Accept", "application/json")], None).await.is(200);
        let read: serde_json::Value = serde_json::from_str(&read.body).unwrap();
        assert_eq!((&read["total"], &read["rows"][0]["name"], &read["rows"][0]["reach"]), (&1.into(), &"Of Solo".into(), &"this".into()));
        let sheet = su.post(&format!("{SCOPES}/export?org={solo}"), &[("format", "csv")]).await.is(200);
        assert!(sheet.body.contains("Of Solo") && !sheet.body.contains("All of Acme"), "{}", sheet.body);
    }
}
