//! `/signin` and `/signout`, sessions and their limits (I-4, I-5).

use crate::{
    house::{House, PASSWORD},
    page::Page,
};
use bailiwick::web::routes;

/// An answer without what may differ: the token, and the name that was typed.
fn plain(page: &Page, typed: &str) -> (u16, String, Vec<String>) {
    let token = page.attribute("input[name=csrf]", "value");
    let mut headers: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (page.status, page.body.replace(&token, "TOKEN").replace(typed, "NAME"), headers)
}

#[actix_web::test]
async fn whoever_tries_a_wrong_password_cannot_tell_which_accounts_exist() {
    for house in House::each().await {
        let answer = async |name: &str| {
            let page = house.stranger().sign_in(name, "a wrong password 77").await.is(422).says("E-mail or password is wrong.");
            plain(&page, name)
        };
        let unknown = answer("nobody@brand.example").await;
        // Active, disabled, locked, without a password, and in two stores at once.
        for known in ["su@brand.example", "dora@acme.example", "lou@acme.example", "ivy", "twin@twins.example"] {
            assert_eq!(answer(known).await, unknown, "{known}");
        }
        assert_eq!(house.events("session.start").len(), 6);
        assert!(house.events("session.start").iter().all(|event| event.outcome == "refused"));
        assert_eq!(house.number("SELECT count(*) AS n FROM sessions"), 0);
    }
}

#[actix_web::test]
async fn the_wait_is_the_same_for_unknown_and_known_accounts() {
    for house in House::each().await {
        let mut answers = Vec::new();
        for name in ["su@brand.example", "nobody@brand.example"] {
            for _ in 0..5 {
                house.stranger().sign_in(name, "a wrong password 77").await.is(422);
            }
            let page = house.stranger().sign_in(name, PASSWORD).await.is(429);
            answers.push(plain(&page, name));
        }
        assert_eq!(answers[0], answers[1]);
    }
}

#[actix_web::test]
async fn after_five_failures_the_right_password_works_only_after_the_wait() {
    for house in House::each().await {
        for _ in 0..5 {
            house.stranger().sign_in("su@brand.example", "a wrong password 77").await.is(422);
        }
        // From anywhere, and with the right password too: trying goes on being of no use.
        house.stranger().sign_in("SU@brand.example ", PASSWORD).await.is(429).says("Too many tries. Try again at 23 Nov 2026, 10:00");
        house.wait_seconds(29);
        house.stranger().sign_in("su@brand.example", PASSWORD).await.is(429);
        house.wait_seconds(2);
        house.stranger().sign_in("su@brand.example", "a wrong password 77").await.is(422);
        // The sixth failure doubles the wait.
        house.wait_seconds(31);
        house.stranger().sign_in("su@brand.example", PASSWORD).await.is(429);
        house.wait_seconds(30);
        house.stranger().sign_in("su@brand.example", PASSWORD).await.is(303);
        // A success forgets them all.
        for _ in 0..4 {
            house.stranger().sign_in("su@brand.example", "a wrong password 77").await.is(422);
        }
        house.stranger().sign_in("su@brand.example", PASSWORD).await.is(303);
    }
}

#[actix_web::test]
async fn an_address_that_fails_with_many_names_waits_and_others_do_not() {
    for house in House::each().await {
        let guesser = house.stranger();
        for name in ["a", "b", "c", "d", "e"] {
            guesser.sign_in(&format!("{name}@brand.example"), PASSWORD).await.is(422);
        }
        guesser.sign_in("su@brand.example", PASSWORD).await.is(429);
        house.person("su@brand.example").await.get("/me").await.is(200);
        // Signing in to an account of one's own does not clear the address.
        house.wait_minutes(2);
        guesser.sign_in("paul@acme.example", PASSWORD).await.is(303);
        let again = house.number("SELECT failures AS n FROM throttles WHERE name LIKE 'sign-in@%' AND failures > 3");
        assert_eq!(again, 5, "the failures before the success stay");
    }
}

#[actix_web::test]
async fn disabled_and_locked_accounts_are_told_so_with_the_right_password_alone() {
    for house in House::each().await {
        let dora = house.stranger();
        dora.sign_in("dora@acme.example", PASSWORD).await.is(422).says("This account is disabled.");
        let lou = house.stranger();
        lou.sign_in("lou@acme.example", PASSWORD).await.is(422).says("This account is locked. Try again at 23 Nov 2026, 10:20");
        assert!(dora.session().is_none() && lou.session().is_none());
        house.wait_minutes(21);
        lou.sign_in("lou@acme.example", PASSWORD).await.is(303);
        lou.get("/me").await.is(200);
    }
}

#[actix_web::test]
async fn a_session_ends_on_the_next_request_once_its_account_is_disabled() {
    for house in House::each().await {
        let (paul, ina) = (house.person("paul@acme.example").await, house.person("ina@acme.example").await);
        ina.get("/admin").await.is(200);
        house.run("UPDATE accounts SET status = 'disabled' WHERE email = 'paul@acme.example'");
        assert!(paul.get("/me").await.is(303).leads_to().unwrap().starts_with("/signin?next="));
        paul.post("/me/settings", &[]).await.is(401);
        // A right that is gone is gone at once, too, while the session lasts.
        house.run("UPDATE memberships SET status = 'blocked' WHERE account = (SELECT key FROM accounts WHERE email = 'ina@acme.example')");
        ina.get("/admin").await.is(404);
        ina.get("/me").await.is(200);
    }
}

#[actix_web::test]
async fn people_sign_in_by_any_spelling_of_their_name_and_at_their_own_store() {
    for house in House::each().await {
        for name in ["SU@BRAND.example", "  su@brand.example ", "ｓｕ@brand.example"] {
            house.stranger().sign_in(name, PASSWORD).await.is(303);
        }
        // I-4: the store's own page is exact.
        house.stranger().sign_in_at("/signin/customers", "su@brand.example", PASSWORD).await.is(422).says("E-mail or password is wrong.");
        house.stranger().sign_in_at("/signin/administrators", "su@brand.example", PASSWORD).await.is(303);
        house.stranger().get("/signin/nowhere").await.is(404);
        house.stranger().sign_in_at("/signin/nowhere", "su@brand.example", PASSWORD).await.is(404);
        // Two accounts of that name: /signin cannot know which, the stores' pages can.
        house.stranger().sign_in("twin@twins.example", PASSWORD).await.is(422).says("E-mail or password is wrong.");
        for (store, name) in [("customers", "Twin of the customers"), ("partners", "Twin of the partners")] {
            let twin = house.stranger();
            twin.sign_in_at(&format!("/signin/{store}"), "twin@twins.example", PASSWORD).await.is(303);
            twin.get("/me").await.is(200).says(name);
        }
    }
}

#[actix_web::test]
async fn signing_in_works_as_two_pages_too() {
    for house in House::each().await {
        let su = house.stranger();
        let first = su.get("/signin?next=/me").await.is(200);
        let second = su.submit(first.form("form[action='/signin']").with("identifier", "su@brand.example")).await.is(200);
        let form = second.form("form[action='/signin']");
        assert_eq!((form.value("identifier"), form.value("next")), ("su@brand.example", "/me"));
        assert_eq!(su.submit(form.with("password", PASSWORD)).await.is(303).leads_to(), Some("/me"));
    }
}

#[actix_web::test]
async fn every_sign_in_makes_a_new_session_and_ends_the_old_one() {
    for house in House::each().await {
        let (su, thief) = (house.stranger(), house.stranger());
        // What somebody planted is not taken over.
        su.set_cookie("bailiwick", "planted");
        su.sign_in("su@brand.example", PASSWORD).await.is(303);
        let first = su.session().unwrap();
        assert!(!first.contains("planted"));
        su.sign_in("su@brand.example", PASSWORD).await.is(303);
        let second = su.session().unwrap();
        assert_ne!(first, second);
        su.get("/me").await.is(200);
        thief.set_cookie("bailiwick", &first);
        thief.get("/me").await.is(303);
        // Only its hash is kept.
        let kept = house.texts("SELECT hash || state AS t FROM sessions").join(" ");
        let secret = second.split('=').next_back().unwrap_or(&second);
        assert!(!kept.contains(&second) && !kept.contains(secret));
        // A cookie that somebody changed is no session.
        thief.set_cookie("bailiwick", &format!("{second}x"));
        thief.get("/me").await.is(303);
    }
}

#[actix_web::test]
async fn the_cookie_is_for_this_site_alone() {
    for house in House::each().await {
        let su = house.stranger();
        let page = su.sign_in("su@brand.example", PASSWORD).await.is(303);
        let cookie = page.header("set-cookie").unwrap();
        assert!(
            cookie.starts_with("bailiwick=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/")
        );
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    for house in House::each_over_tls().await {
        let su = house.stranger();
        let page = su.sign_in("su@brand.example", PASSWORD).await.is(303);
        let cookie = page.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-bailiwick=") && cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
        su.get("/me").await.is(200);
    }
}

#[actix_web::test]
async fn a_session_ends_after_half_an_hour_without_use() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        for _ in 0..3 {
            house.wait_minutes(29);
            su.get("/me").await.is(200);
        }
        house.wait_minutes(31);
        assert_eq!(su.get("/me").await.is(303).leads_to(), Some("/signin?next=/me"));
        su.post("/me/settings", &[]).await.is(401).says("You were signed out. Nothing was changed.");
    }
}

#[actix_web::test]
async fn a_session_ends_after_twelve_hours_whatever_happens() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        for _ in 0..24 {
            house.wait_minutes(29);
            su.get("/me").await.is(200);
        }
        // 11 hours and 36 minutes are over.
        house.wait_minutes(23);
        su.get("/me").await.is(200);
        house.wait_minutes(1);
        su.get("/me").await.is(303);
    }
}

#[actix_web::test]
async fn signing_out_ends_the_session_for_every_copy_of_its_cookie() {
    for house in House::each().await {
        let (su, thief) = (house.person("su@brand.example").await, house.stranger());
        thief.set_cookie("bailiwick", &su.session().unwrap());
        thief.get("/me").await.is(200);
        let page = su.post("/signout", &[]).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin?out=1"));
        su.follow(page).await.is(200).says("You are signed out on this device.");
        thief.get("/me").await.is(303);
        assert_eq!(house.events("session.end").len(), 1);
        // Twice does no harm.
        su.post("/signout", &[]).await.is(303);
    }
}

#[actix_web::test]
async fn after_signing_in_only_addresses_of_ours_are_led_to() {
    let cases = [
        ("/me", "/me"),
        ("/admin/stores?q=a%20b&page=2", "/admin/stores?q=a%20b&page=2"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example/", "/"),
        ("https:/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("me", "/"),
        ("/me\r\nSet-Cookie: evil=1", "/"),
        ("/%0d%0aSet-Cookie:evil=1", "/%0d%0aSet-Cookie:evil=1"),
    ];
    for house in House::each().await {
        let su = house.stranger();
        for (next, to) in cases {
            su.get("/signin").await;
            let fields = [("identifier", "su@brand.example"), ("password", PASSWORD), ("next", next)];
            let page = su.post("/signin", &fields).await.is(303);
            assert_eq!(page.leads_to(), Some(to), "{next}");
            assert!(page.headers.get_all("set-cookie").all(|cookie| !cookie.to_str().unwrap().contains("evil")));
            // Who is signed in is led on at once.
            let query = serde_html_form::to_string([("next", next)]).unwrap();
            let led = su.get(&format!("/signin?{query}")).await.is(303).leads_to().unwrap().to_owned();
            assert!(led == to || led == "/admin", "{next} led to {led}");
            // The form does not carry it on, either.
            let carried = house.stranger().get(&format!("/signin?{query}")).await.is(200).form("form").value("next").to_owned();
            assert!(carried == to || carried.is_empty(), "{next} is carried as {carried}");
        }
        // With htmx the same, as a header.
        let fields = [("identifier", "su@brand.example"), ("password", PASSWORD), ("next", "//evil.example")];
        let page = su.post_with("/signin", &[("HX-Request", "true")], &fields).await.is(204);
        assert_eq!(page.header("hx-redirect"), Some("/"));
    }
}

#[actix_web::test]
async fn everybody_lands_where_they_have_something_to_do() {
    for house in House::each().await {
        for (name, place) in
            [("su@brand.example", "/admin"), ("ina@acme.example", "/admin"), ("paul@acme.example", "/me"), ("bo@acme.example", "/me")]
        {
            let person = house.person(name).await;
            assert_eq!(person.get("/").await.is(303).leads_to(), Some(place), "{name}");
            person.visit("/").await.is(200);
        }
        assert_eq!(house.stranger().get("/").await.is(303).leads_to(), Some("/signin"));
    }
}

#[actix_web::test]
async fn a_post_after_the_session_ended_gets_the_sign_in_page_and_the_way_back() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let token = su.token().await;
        house.wait_minutes(31);
        let referer = [("Referer", "http://localhost:8080/admin/stores/customers/roles/new?template=audit")];
        let fields = [("csrf", token.as_str()), ("name", "Lost work"), ("right", "account_management:READ")];
        let before = house.state();
        let page = su.post_raw("/admin/stores/customers/roles", &referer, &fields).await.is(401);
        assert_eq!(page.form("form").value("next"), "/admin/stores/customers/roles/new?template=audit");
        let elsewhere = [("Referer", "http://localhost:8080.evil.example/x")];
        let page = su.post_raw("/admin/stores/customers/roles", &elsewhere, &fields).await.is(401);
        assert_eq!(page.form("form").value("next"), "");
        before.assert_still(&house, "A post without a session");
        // Programs and fragments are told in their own way.
        let page = su.send(actix_web::http::Method::GET, "/admin", &[("Accept", "application/json")], None).await.is(401);
        assert_eq!(page.header("content-type"), Some("application/problem+json"));
        su.fragment("/admin/stores").await.is(401);
    }
}

#[actix_web::test]
async fn looking_around_without_signing_in_writes_nothing() {
    for house in House::each().await {
        let before = house.counts();
        for (_, route) in routes::TABLE.iter().filter(|(method, _)| *method == "get") {
            let path = route.replace("{name:.*}", "bailiwick.css").replace(['{', '}'], "");
            for method in [actix_web::http::Method::GET, actix_web::http::Method::HEAD] {
                house.stranger().send(method, &path, &[], None).await;
            }
        }
        for path in
            ["/nothing/here", "/signin/customers", "/signin?next=/me&login_hint=x", "/setup?code=x", "/admin/stores/customers/roles/new"]
        {
            house.stranger().get(path).await;
        }
        assert_eq!(before, house.counts());
    }
}

#[actix_web::test]
async fn what_is_not_signed_in_may_be_as_long_and_odd_as_it_likes() {
    let long = "x".repeat(100_000);
    for house in House::each().await {
        let odd = ["a\0b", "\0", "\u{202e}moc", "' OR 1=1 --", "%", "\u{1F98A}", &long, "<b class=\"evil\">x</b>"];
        for name in odd {
            house.stranger().sign_in(name, PASSWORD).await.is(422).stays_inert();
            house.stranger().sign_in_at("/signin/customers", name, name).await.is(422).stays_inert();
            house.stranger().sign_in("su@brand.example", &format!("{name}7")).await;
            house.wait_minutes(20);
        }
        house.stranger().get(&format!("/signin?login_hint={}", "y".repeat(5_000))).await.is(200);
    }
}

#[actix_web::test]
async fn what_was_typed_comes_back_after_the_session_ended_and_is_sent_for_nobody() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let acts = |house: &House| house.number("SELECT count(*) AS n FROM events WHERE action NOT LIKE 'session.%'");
        let (before, preferences) = (acts(&house), house.number("SELECT count(*) AS n FROM preferences"));
        let assignments = "/admin/stores/customers/role-assignments";
        // A role of either sort, a name, settings, and a confirmation.
        for (to, fields, shown) in [
            ("/admin/stores/customers/roles", vec![("name", "Lost work"), ("right", "account_management:READ")], ("#name", "Lost work")),
            ("/admin/administrator-roles", vec![("kind", "other"), ("name", "Lost role"), ("perm", "user.view")], ("#name", "Lost role")),
            ("/me", vec![("name", "Su Newname"), ("rev", "0")], ("#name", "Su Newname")),
            ("/me/settings", vec![("appearance", "dark"), ("time_zone", "Europe/Lisbon")], ("#time_zone", "Europe/Lisbon")),
            (assignments, vec![("reason", "For the summer")], ("#reason", "For the summer")),
        ] {
            let token = su.token().await;
            house.wait_minutes(31);
            let (account, org, role) = (house.acc("p01@acme.example"), house.org("Acme/North"), house.role("Greeter"));
            let mut sent = vec![("csrf", token.as_str()), ("once", "once_typed"), ("password", "secret words")];
            sent.extend(fields);
            if to == assignments {
                sent.extend([("account", account.as_str()), ("org", org.as_str()), ("role", role.as_str())]);
            }
            let page = su.post_raw(to, &[], &sent).await.is(401).says("You were signed out.");
            let carried = page.attribute("input[name=carried]", "value");
            assert!(!carried.contains("secret words") && !carried.contains("once_typed"), "{carried}");
            let page = su.submit(page.form("form").with("identifier", "su@brand.example").with("password", PASSWORD)).await.is(200);
            let page = su.submit(page.form("form").press("op", "review")).await.is(200);
            let page = page.says("You were signed out. Your entries are still here; check and save.");
            assert_eq!(page.attribute(shown.0, "value"), shown.1, "{to}");
        }
        assert_eq!((acts(&house), house.number("SELECT count(*) AS n FROM preferences")), (before, preferences));
        // What acts without being shown again is not carried, not even by hand.
        su.post("/signout", &[]).await.is(303);
        let page = su.get("/signin").await;
        let carried = format!(r#"{{"to":"/admin/stores/customers/roles/{}/delete","fields":[["x","y"]]}}"#, house.role("Greeter"));
        let form = page.form("form").with("identifier", "su@brand.example").smuggle("password", PASSWORD).smuggle("carried", &carried);
        su.submit(form).await.is(303);
    }
}
