//! The *Unassigned roles* tab (screens.md 3.6, 4.9; ): the picker as people without script use it, its
//! selection, and the confirmation.

use crate::{
    house::House,
    page::{Form, Page},
    person::Person,
};
use serde_json::json;

const BASE: &str = "/admin/stores/customers/role-assignments";

/// The picker's form on a page.
fn picker(page: &Page) -> Form {
    page.form("#picker")
}

/// The picker for a pair, opened by somebody.
async fn open(person: &Person<'_>, house: &House, path: &str, role: &str) -> Page {
    person.get(&format!("{BASE}/unassigned?org={}&role={}", house.org(path), house.role(role))).await.is(200)
}

/// Sends the picker's form and goes where it leads.
async fn go(person: &Person<'_>, form: Form) -> Page {
    let page = person.submit(form).await.is(303);
    person.follow(page).await.is(200)
}

/// How many are selected, as the bar says.
fn selected(page: &Page) -> String {
    page.texts("#selbar b").concat()
}

/// The confirmation's form.
fn dialog(page: &Page) -> Form {
    page.form("#assign-form")
}

/// A person new to Customers.
fn newcomer(house: &House, email: &str, name: &str) {
    house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers", "self_registration": true,
        "organization_registration": true, "accounts": [{ "email": email, "name": name, "status": "active",
        "memberships": [{ "organization": ["Acme"] }] }] }] }));
}

#[actix_web::test]
async fn all_that_match_are_frozen_less_those_unticked_and_without_newcomers() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let page = go(&su, picker(&page).with("q", "ana").press("go", "search")).await.says("1–4 of 4");
        // One page needs no such button; who sends it all the same gets it.
        let page = go(&su, picker(&page).smuggle("go", "select:matching")).await;
        assert_eq!((selected(&page).as_str(), picker(&page).values("sel").len()), ("4", 4));
        let page = go(&su, picker(&page).untick("sel", &house.acc("p03@acme.example")).with("q", "").press("go", "search")).await;
        assert_eq!(selected(&page), "3");
        // Who comes before the confirmation matches, …
        newcomer(&house, "n1@acme.example", "Ana Early");
        let page = su.get(page.asked.split_whitespace().nth(1).unwrap()).await.is(200);
        assert_eq!(selected(&page), "4");
        let page = go(&su, picker(&page).press("go", "confirm")).await.says("Give 4 accounts the Greeter role?");
        // … who comes after it does not.
        newcomer(&house, "n2@acme.example", "Ana Late");
        let page = su.get(page.asked.split_whitespace().nth(1).unwrap()).await.is(200).says("Give 4 accounts the Greeter role?");
        let page = su.submit(dialog(&page)).await.is(303);
        su.follow(page).await.is(200).says("4 accounts now hold Greeter in North.");
        assert_eq!(house.holders("Acme/North", "Greeter"), ["n1@acme.example", "p01@acme.example", "p02@acme.example", "p04@acme.example"]);
    }
}

#[actix_web::test]
async fn everybody_is_selected_by_one_button_and_cleared_by_another() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = open(&su, &house, "Acme/North", "Greeter").await.says("Select all 41");
        let page = go(&su, picker(&page).press("go", "select:matching")).await.says("of all that match, less those you untick");
        assert_eq!((selected(&page).as_str(), picker(&page).values("sel").len()), ("41", 25));
        let page = go(&su, picker(&page).untick("sel", &house.acc("p05@acme.example")).press("go", "page:2")).await;
        assert_eq!((selected(&page).as_str(), picker(&page).values("sel").len()), ("40", 16));
        let page = go(&su, picker(&page).press("go", "page:1")).await;
        assert_eq!(picker(&page).values("sel").len(), 24);
        let page = go(&su, picker(&page).press("go", "select:none")).await;
        assert_eq!((selected(&page).as_str(), picker(&page).values("sel").len()), ("0", 0));
        // Nobody selected: the confirmation says so and assigns nothing.
        let page =
            go(&su, picker(&page).press("go", "confirm")).await.says("Nobody is left to assign to").says("Select at least one account.");
        assert!(!page.has("#assign-form button"));
        su.submit(dialog(&page)).await.is(422).says("Select at least one account.");
        // All of them at once.
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let page = go(&su, picker(&page).press("go", "select:matching")).await;
        let page = go(&su, picker(&page).press("go", "confirm"))
            .await
            .stays_inert()
            .says("Give 41 accounts the Greeter role?")
            .says("and 29 more");
        // Dora is disabled, Ivy invited and Lou locked; Paul and others hold other roles or hold it from above.
        let page = page.says("3 people cannot sign in now.").says("Tess Holder already holds Org auditor here and keeps it.");
        let page = su.submit(dialog(&page)).await.is(303);
        su.follow(page).await.is(200).says("41 accounts now hold Greeter in North.");
        su.get(&format!("{BASE}/unassigned?org={}&role={}", house.org("Acme/North"), house.role("Greeter")))
            .await
            .is(200)
            .says("Everybody in your reach holds this role here already");
        // Below it they hold it from above, and can be chosen all the same.
        let page = open(&su, &house, "Acme/North/Plant 7", "Greeter").await.says("1–25 of 41").says("Inherited from North");
        assert_eq!(picker(&page).boxes("sel").len(), 25);
    }
}

#[actix_web::test]
async fn who_got_it_between_confirmation_and_act_counts_and_is_named() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let three = ["p01@acme.example", "p02@acme.example", "p03@acme.example"].map(|identifier| house.acc(identifier));
        let form = three.iter().fold(picker(&page), |form, id| form.tick("sel", id));
        let page = go(&su, form.press("go", "confirm")).await.says("Give 3 accounts");
        let (org, role) = (house.org("Acme/North"), house.role("Greeter"));
        sy.post(BASE, &[("org", &org), ("role", &role), ("account", &three[0])]).await.is(303);
        let page = su.submit(dialog(&page)).await.is(303);
        su.follow(page).await.is(200).says("2 accounts now hold Greeter in North.").says("1 already did: Ana Kovač.");
        assert_eq!(house.holders("Acme/North", "Greeter").len(), 3);
    }
}

#[actix_web::test]
async fn who_vanished_or_left_between_confirmation_and_act_stops_it() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        let three = ["p01@acme.example", "p02@acme.example", "p18@acme.example"].map(|identifier| house.acc(identifier));
        let frozen = async || {
            let page = open(&ina, &house, "Acme/North", "Greeter").await;
            let form = three.iter().fold(picker(&page), |form, id| {
                if form.boxes("sel").contains(&id.as_str()) { form.tick("sel", id) } else { form.smuggle("sel", id) }
            });
            go(&ina, form.press("go", "confirm")).await.says("Give 3 accounts")
        };
        // Karl leaves Acme; he stays a member of Globex.
        let page = frozen().await;
        house.run(&format!("DELETE FROM memberships WHERE account = (SELECT key FROM accounts WHERE id = '{}') AND organization = (SELECT key FROM organizations WHERE id = '{}')", three[2], house.org("Acme/North")));
        let before = house.state();
        let again = ina
            .submit(dialog(&page).with("reason", "kept"))
            .await
            .is(422)
            .says("1 account was deleted or left your reach meanwhile. Assign to the other 2?");
        before.assert_still(&house, "Somebody who left");
        assert_eq!((dialog(&again).values("account").len(), dialog(&again).value("reason")), (2, "kept"));
        // Anaïs is deleted in the meantime.
        house.run(&format!("INSERT INTO memberships (account, organization, status, created_at) SELECT a.key, o.key, 'active', 0 FROM accounts a, organizations o WHERE a.id = '{}' AND o.id = '{}'", three[2], house.org("Acme/North")));
        let page = frozen().await;
        house.vanish("p02@acme.example");
        let before = house.state();
        let page =
            ina.submit(dialog(&page)).await.is(422).says("1 account was deleted or left your reach meanwhile. Assign to the other 2?");
        before.assert_still(&house, "Somebody who was deleted");
        let page = ina.submit(dialog(&page)).await.is(303);
        ina.follow(page).await.is(200).says("2 accounts now hold Greeter in North.");
        assert_eq!(house.holders("Acme/North", "Greeter"), ["p01@acme.example", "p18@acme.example"]);
    }
}

#[actix_web::test]
async fn bad_dates_in_the_dialog_keep_the_selection_and_what_was_typed() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let page = go(&su, picker(&page).tick("sel", &house.acc("p01@acme.example")).press("go", "confirm")).await;
        let page = su
            .submit(dialog(&page).with("starts", "soon").with("ends", "2027-05-05").with("reason", "A <b class=\"evil\">b</b>"))
            .await
            .is(422)
            .stays_inert();
        let form = dialog(&page.says("Enter a date like 2026-11-23").says("Give 1 account the Greeter role?"));
        assert_eq!((form.value("starts"), form.value("ends"), form.value("reason")), ("soon", "2027-05-05", "A <b class=\"evil\">b</b>"));
        su.submit(form.with("starts", "")).await.is(303);
        assert_eq!(house.holders("Acme/North", "Greeter"), ["p01@acme.example"]);
    }
}

#[actix_web::test]
async fn a_scoped_administrator_picks_from_their_reach_and_never_themselves() {
    for house in House::each().await {
        let ina = house.person("ina@acme.example").await;
        let page = open(&ina, &house, "Acme/North", "Org auditor").await.stays_inert();
        let all = go(&ina, picker(&page).press("go", "page:2")).await;
        let offered: Vec<String> = [picker(&page), picker(&all)].iter().flat_map(|form| form.boxes("sel")).map(str::to_owned).collect();
        let names = [page.texts("#results tbody th b"), all.texts("#results tbody th b")].concat();
        assert!(
            names.contains(&"Karl Both".to_owned())
                && !names
                    .iter()
                    .any(|name| name.contains("Globex") || name.contains("Labs") || name.contains("Nowhere") || name.contains("Milton")),
            "{names:?}"
        );
        // Oneself and whoever holds more stand there without a box, with the reason.
        for (identifier, why) in [
            ("ina@acme.example", "This is you."),
            ("oda@acme.example", "Holds more than you do"),
            ("sam@acme.example", "Holds more than you do"),
        ] {
            assert!(!offered.contains(&house.acc(identifier)), "{identifier}");
            assert!(page.text().contains(why) || all.text().contains(why));
        }
        assert!(offered.contains(&house.acc("p01@acme.example")));
        // Everybody at once: only those in reach are frozen, and those above stop it and are named.
        let page = go(&ina, picker(&page).press("go", "select:matching")).await;
        let page = go(&ina, picker(&page).press("go", "confirm")).await;
        let before = house.state();
        let page = ina
            .submit(dialog(&page))
            .await
            .is(422)
            .says("Nothing was assigned.")
            .says("Oda Orgadmin: Holds more than you do")
            .says("Ina Inside: This is you.");
        before.assert_still(&house, "Somebody above");
        let page = ina.submit(dialog(&page)).await.is(303);
        ina.follow(page).await.is(200);
        let holders = house.holders("Acme/North", "Org auditor");
        assert!(
            holders.contains(&"bo@acme.example".into())
                && !holders
                    .iter()
                    .any(|name| ["ina@acme.example", "oda@acme.example", "nemo", "q01@globex.example"].contains(&name.as_str())),
            "{holders:?}"
        );
    }
}

#[actix_web::test]
async fn ids_from_elsewhere_are_not_taken_into_a_selection() {
    for house in House::each().await {
        let (su, ina) = (house.person("su@brand.example").await, house.person("ina@acme.example").await);
        let outsiders = [
            house.acc("q01@globex.example"),
            house.acc("nemo"),
            house.acc_of("partners", "pia@zeta.example"),
            house.acc_of("administrators", "su@brand.example"),
            "acc_x".into(),
            "a\0b".into(),
            "x".repeat(3_000),
        ];
        let page = open(&ina, &house, "Acme/North", "Greeter").await;
        let form = outsiders.iter().fold(picker(&page), |form, id| form.smuggle("sel", id).smuggle("seen", id));
        let page = go(&ina, form.clone().press("go", "search")).await;
        assert_eq!(selected(&page), "0");
        go(&ina, form.press("go", "confirm")).await.says("Nobody is left to assign to");
        // A super administrator takes those of the store, and no others.
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let form = outsiders.iter().fold(picker(&page), |form, id| form.smuggle("sel", id));
        let page = go(&su, form.press("go", "confirm")).await.says("Give 2 accounts");
        assert_eq!(page.texts(".person"), ["GG Gwen Globex", "NN Nemo Nowhere"]);

        // Somebody else's draft is nobody's.
        let address = page.asked.split_whitespace().nth(1).unwrap().to_owned();
        let draft = address.split_once("d=").unwrap().1.to_owned();
        let sy = house.person("sy@brand.example").await;
        sy.get(&address).await.is(404);
        sy.post(BASE, &[("d", &draft)]).await.is(404);
        let theirs =
            sy.get(&format!("{BASE}/unassigned?org={}&role={}&d={draft}", house.org("Acme/North"), house.role("Greeter"))).await.is(200);
        assert_eq!(selected(&theirs), "0");
        // To change it makes one of one's own.
        let mine = go(&sy, picker(&theirs).smuggle("d", &draft).tick("sel", &house.acc("p01@acme.example")).press("go", "search")).await;
        assert_eq!(selected(&mine), "1");
        su.get(&address).await.is(200).says("Give 2 accounts");
        // Nor does it work in another store.
        su.get(&format!("/admin/stores/partners/role-assignments/confirm?d={draft}")).await.is(404);
        su.post("/admin/stores/partners/role-assignments", &[("d", &draft)]).await.is(404);
        for odd in ["", "x", "draft_aaaaaaaaaaaaaaaa", "a\0b"] {
            let query = serde_html_form::to_string([("d", odd)]).unwrap();
            su.get(&format!("{BASE}/confirm?{query}")).await.is(404);
            if !odd.is_empty() {
                su.post(BASE, &[("d", odd)]).await.is(404);
            }
        }
        assert!(house.holders("Acme/North", "Greeter").is_empty());
        // A day later it is gone.
        house.wait_minutes(25 * 60);
        su.sign_in("su@brand.example", crate::house::PASSWORD).await.is(303);
        su.get(&address).await.is(404);
    }
}

#[actix_web::test]
async fn another_pair_keeps_the_people_and_checks_them_anew() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let form = picker(&page).tick("sel", &house.acc("p01@acme.example")).smuggle("sel", &house.acc("tess@acme.example"));
        let page = go(&su, form.press("go", "search")).await;
        assert_eq!(selected(&page), "2");
        let draft = picker(&page).value("d").to_owned();
        // Tess holds Org auditor in North already, so for that pair one is left.
        let page = su
            .get(&format!("{BASE}/unassigned?org={}&role={}&d={draft}", house.org("Acme/North"), house.role("Org auditor")))
            .await
            .is(200);
        assert_eq!(selected(&page), "1");
        let page = go(&su, picker(&page).press("go", "confirm")).await.says("Give 1 account the Org auditor role?");
        su.submit(dialog(&page)).await.is(303);
        assert_eq!(house.holders("Acme/North", "Org auditor"), ["p01@acme.example", "tess@acme.example"]);
        assert!(house.holders("Acme/North", "Greeter").is_empty());
    }
}

#[actix_web::test]
async fn the_same_draft_assigned_twice_at_once_is_one_act() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        let page = go(&su, picker(&page).tick("sel", &house.acc("p01@acme.example")).press("go", "confirm")).await;
        let form = dialog(&page);
        let (one, two) = tokio::join!(su.submit(form.clone()), su.submit(form.clone()));
        for page in [one, two] {
            assert!(page.status == 303, "{}: {} {}", house.name(), page.status, page.text());
        }
        assert_eq!(house.holders("Acme/North", "Greeter"), ["p01@acme.example"]);
        assert_eq!(house.events("role_assignment.add").len(), 1);
        // Later too: the form leads where it led.
        su.submit(form).await.is(303);
    }
}

#[actix_web::test]
async fn with_script_the_same_posts_answer_with_fragments() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let htmx = [("HX-Request", "true")];
        let page = open(&su, &house, "Acme/North", "Greeter").await;
        // A tick changes the bar alone, so that no quick second tick is lost.
        let page = su.submit_with(&htmx, picker(&page).tick("sel", &house.acc("p01@acme.example"))).await.is(200);
        assert!(!page.has("tbody") && page.has("#say"), "{}", page.body);
        assert_eq!(page.texts("#say .num"), ["1"]);
        let draft = page.attribute("input[name=d]", "value");
        // What stands around the rows leads on with the selection.
        for link in ["#change", "#back", "#tabs a", "#chips a"] {
            assert!(page.attributes(link, "href").iter().all(|href| href.contains(&draft)) && page.has(link), "{link}: {}", page.body);
        }
        let address = format!("{BASE}/unassigned?org={}&role={}&d={draft}", house.org("Acme/North"), house.role("Greeter"));
        // A search changes the rows and the address.
        let page = su.get(&address).await.is(200);
        let page = su.submit_with(&htmx, picker(&page).with("q", "ana").press("go", "search")).await.is(200);
        assert!(page.has("tbody") && !page.has("#picker") && !page.has("nav.side"));
        assert!(page.header("hx-replace-url").unwrap().contains("q=ana"));
        assert!(page.header("vary").unwrap().contains("HX-Request"));
        // Another page is a step of its own.
        let page = su.get(&address).await.is(200);
        let page = su.submit_with(&htmx, picker(&page).press("go", "page:2")).await.is(200);
        assert!(page.header("hx-push-url").unwrap().contains("page=2"));
        // The confirmation is a dialog, its answer leads on.
        let page = su.get(&address).await.is(200);
        let page = su.submit_with(&htmx, picker(&page).press("go", "confirm")).await.is(200);
        assert!(page.has("dialog") && !page.has("nav.side"));
        let again = su.submit_with(&htmx, dialog(&page).with("ends", "x")).await.is(422);
        assert!(again.has("dialog") && !again.has("nav.side"));
        let done = su.submit_with(&htmx, dialog(&again).with("ends", "")).await.is(204);
        assert!(done.header("hx-redirect").unwrap().starts_with(BASE));
        // Going back in history asks for the whole page.
        let page = su
            .send(actix_web::http::Method::GET, &address, &[("HX-Request", "true"), ("HX-History-Restore-Request", "true")], None)
            .await
            .is(200);
        assert!(page.has("nav.side"));
    }
}
