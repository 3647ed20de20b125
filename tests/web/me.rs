//! `/me`: one's own name, password, sessions and settings.

use crate::house::{House, PASSWORD};

const NEW: &str = "eleven purple lighthouses";

#[actix_web::test]
async fn a_new_password_ends_every_other_session_and_is_the_only_one_that_works() {
    for house in House::each().await {
        let (here, there) = (house.person("paul@acme.example").await, house.person("paul@acme.example").await);
        let other = house.person("su@brand.example").await;
        let old = here.session().unwrap();
        let form = here.get("/me").await.is(200).form("form[action='/me/password']");
        let page = here.submit(form.with("current", PASSWORD).with("password", NEW)).await.is(303);
        here.follow(page).await.is(200).says("Your password is changed. Every other session of yours has ended.");
        assert_ne!(here.session().unwrap(), old, "a proof makes a new session id (I-5)");
        there.get("/me").await.is(303);
        other.get("/me").await.is(200);
        let thief = house.stranger();
        thief.set_cookie("bailiwick", &old);
        thief.get("/me").await.is(303);
        house.stranger().sign_in("paul@acme.example", PASSWORD).await.is(422);
        house.stranger().sign_in("paul@acme.example", NEW).await.is(303);
        let events = house.events("account.own_password");
        assert_eq!((events.len(), events[0].detail["sessions_ended"].as_i64()), (1, Some(1)));
        let log = house.texts("SELECT body AS t FROM event_details").join(" ");
        assert!(!log.contains(NEW) && !log.contains("argon2"), "no secret stands in the log");
    }
}

#[actix_web::test]
async fn a_bad_new_password_changes_nothing() {
    let long = "long walks past quiet rivers ".repeat(9);
    let cases = [
        (PASSWORD, "short", "Use at least 12 characters"),
        (PASSWORD, "", "Use at least 12 characters"),
        (PASSWORD, "password1234", "too easy to guess"),
        (PASSWORD, "aaaaaaaaaaaaaaaaaaa", "too easy to guess"),
        (PASSWORD, "Paul Plain 1", "too easy to guess"),
        (PASSWORD, "paul@acme.example", "too easy to guess"),
        (PASSWORD, &long, "Use at most 256 characters"),
        (PASSWORD, PASSWORD, "This is the password you have."),
        ("not my password", NEW, "This is not your password."),
        ("", NEW, "This is not your password."),
    ];
    for house in House::each().await {
        let (paul, there) = (house.person("paul@acme.example").await, house.person("paul@acme.example").await);
        let before = house.state();
        for (current, new, words) in cases {
            let page = paul.post("/me/password", &[("current", current), ("password", new)]).await.is(422).says(words);
            assert!(page.attributes("input[type=password]", "value").is_empty(), "no password comes back with the page");
        }
        before.assert_still(&house, "A bad password");
        there.get("/me").await.is(200);
    }
}

#[actix_web::test]
async fn people_see_their_sessions_and_end_them() {
    for house in House::each().await {
        let (here, there, third) =
            (house.person("paul@acme.example").await, house.person("paul@acme.example").await, house.person("paul@acme.example").await);
        let su = house.person("su@brand.example").await;
        let page = here.get("/me").await.is(200);
        assert_eq!(page.texts("table caption"), ["Your sessions"]);
        assert_eq!(page.select("table tbody tr").len(), 3);
        assert_eq!(page.texts(".badge.acc"), ["This one"]);
        let ids = page.attributes("input[name=session]", "value");
        assert_eq!(ids.len(), 2, "one's own has no button");

        // Somebody else's is not there.
        su.post("/me/sessions/end", &[("session", &ids[0])]).await.is(404);
        let theirs =
            house.texts("SELECT id AS t FROM sessions WHERE account = (SELECT key FROM accounts WHERE email = 'su@brand.example')");
        here.post("/me/sessions/end", &[("session", &theirs[0])]).await.is(404);
        su.get("/me").await.is(200);

        let page = here.post("/me/sessions/end", &[("session", &ids[0])]).await.is(303);
        here.follow(page).await.is(200).says("1 session has ended.");
        let ended = [there.get("/me").await.status, third.get("/me").await.status];
        assert!(ended == [303, 200] || ended == [200, 303], "{ended:?}");

        let page = here.post("/me/sessions/end", &[]).await.is(303);
        here.follow(page).await.is(200).says("1 session has ended.");
        here.get("/me").await.is(200);
        assert_eq!([there.get("/me").await.status, third.get("/me").await.status], [303, 303]);
    }
}

#[actix_web::test]
async fn people_change_their_name_and_bad_names_are_kept_in_the_form() {
    let long = "x".repeat(129);
    for house in House::each().await {
        let paul = house.person("paul@acme.example").await;
        let rev = paul.get("/me").await.is(200).form("form[action='/me']").value("rev").to_owned();
        let before = house.state();
        for (name, words) in [
            ("", "Enter a name."),
            (" \t ", "Enter a name."),
            (&long, "Shorten the name"),
            ("a\0b", "cannot be printed"),
            ("a\u{202e}b", "cannot be printed"),
        ] {
            let page = paul.post("/me", &[("name", name), ("rev", &rev)]).await.is(422).says(words);
            if !name.contains('\0') {
                assert_eq!(page.attribute("#name", "value"), name);
            }
            assert_eq!(page.attribute("#name", "aria-invalid"), "true");
        }
        paul.post("/me", &[("name", "No Rev")]).await.is(422);
        paul.post("/me", &[("name", "Old Rev"), ("rev", "0")]).await.is(409);
        paul.post("/me", &[("name", "Odd Rev"), ("rev", "x")]).await.is(422);
        before.assert_still(&house, "A bad name");

        let form = paul.get("/me").await.is(200).form("form[action='/me']").with("name", "Paul <b class=\"evil\">P</b>");
        let page = paul.submit(form).await.is(303);
        paul.follow(page).await.is(200).says("Your name is saved.").says("Paul <b class=\"evil\">P</b>").stays_inert();
        let event = &house.events("account.own_profile")[0];
        assert_eq!((event.detail["before"].as_str(), event.actor.as_str()), (Some("Paul Plain"), "Paul Plain"));
        // It is found by its new name at once.
        let su = house.person("su@brand.example").await;
        su.get("/admin/stores/customers/accounts?q=evil%22%3EP").await.is(200).says("Paul <b class").stays_inert();
    }
}

#[actix_web::test]
async fn settings_are_kept_and_bad_ones_refused() {
    for house in House::each().await {
        let paul = house.person("paul@acme.example").await;
        let form = paul.get("/me").await.is(200).form("form[action='/me/settings']");
        let form = form.with("appearance", "dark").with("density", "compact").with("time_zone", "Asia/Tokyo").with("per", "50");
        let page = paul.submit(form).await.is(303);
        let page = paul.follow(page).await.is(200).says("Your settings are saved.").says("Times show in JST now.");
        assert_eq!(page.attribute("html", "data-theme"), "dark");
        assert_eq!(page.attribute("html", "data-density"), "compact");
        let before = house.texts("SELECT appearance || density || time_zone || per_page AS t FROM preferences");
        for (field, value) in [
            ("appearance", "pink"),
            ("density", "0"),
            ("time_zone", "Mars/Base"),
            ("time_zone", "../../etc/passwd"),
            ("time_zone", "a\0"),
            ("per", "7"),
            ("separator", "tab"),
        ] {
            let page = paul.post("/me/settings", &[(field, value)]).await;
            assert_eq!(page.status, 422, "{field}={value}: {}", page.text());
        }
        paul.post("/me/settings", &[("per", "many")]).await.is(422);
        assert_eq!(house.texts("SELECT appearance || density || time_zone || per_page AS t FROM preferences"), before);
    }
}

#[actix_web::test]
async fn fields_that_no_form_has_change_nothing() {
    for house in House::each().await {
        let paul = house.person("paul@acme.example").await;
        let form = paul.get("/me").await.is(200).form("form[action='/me']");
        let smuggled =
            [("status", "disabled"), ("email", "su2@brand.example"), ("store", "1"), ("role", "Super administrator"), ("account", "1")];
        let form = smuggled.iter().fold(form.with("name", "Paul Two"), |form, (name, value)| form.smuggle(name, value));
        paul.submit(form).await.is(303);
        assert_eq!(
            house.texts("SELECT name || ' ' || email || ' ' || status AS t FROM accounts WHERE email LIKE 'paul%'"),
            ["Paul Two paul@acme.example active"]
        );
        paul.get("/admin").await.is(404);
    }
}
