//! `/setup`: the first super administrator, by the one-time link (D-5).

use crate::house::{House, PASSWORD};

const FIELDS: [(&str, &str); 4] = [("root", "Brand"), ("name", "Fanny Founder"), ("email", "fanny@brand.example"), ("password", PASSWORD)];

fn with<'a>(code: &'a str, change: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = FIELDS.into_iter().filter(|(name, _)| *name != change.0).collect();
    fields.push(("code", code));
    fields.push(change);
    fields
}

#[actix_web::test]
async fn the_printed_code_makes_the_first_super_administrator_once() {
    for house in House::each_empty().await {
        let code = house.set_up_code();
        let fanny = house.stranger();
        let path = format!("/setup?code={code}");
        let page = fanny.get(&path).await.is(200);
        let form = FIELDS.iter().fold(page.form("form"), |form, (name, value)| form.with(name, value));
        let page = fanny.submit(form).await.is(303);
        fanny.follow(page).await.is(200).says("Bailiwick is set up, and you are signed in.").says("Hello, Fanny Founder");
        // Dead after use, and for good.
        fanny.get(&path).await.is(404);
        house.stranger().get(&path).await.is(404);
        let stranger = house.stranger();
        stranger.get("/signin").await;
        stranger.post("/setup", &with(&code, ("email", "second@brand.example"))).await.is(404);
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts"), 1);
        house.person("fanny@brand.example").await.get("/admin").await.is(200);
        assert_eq!(house.events("grant.add").len(), 1);
        assert_eq!(house.texts("SELECT name AS t FROM organizations"), ["Brand"]);
    }
}

#[actix_web::test]
async fn a_wrong_or_older_code_is_refused() {
    for house in House::each_empty().await {
        let old = house.set_up_code();
        let new = house.set_up_code();
        let before = house.state();
        for wrong in [old.as_str(), "", "x", "a\0b", &"x".repeat(10_000)] {
            let stranger = house.stranger();
            if !wrong.contains('\0') && wrong.len() < 100 {
                stranger.get(&format!("/setup?code={wrong}")).await.is(422).says("This code does not match.");
            }
            stranger.get("/signin").await;
            stranger.post("/setup", &with(wrong, ("x", "y"))).await.is(422).says("This code does not match.");
        }
        before.assert_still(&house, "A wrong code");
        let kept = house.texts("SELECT value AS t FROM settings").join(" ");
        assert!(!kept.contains(&new), "only its hash is kept");
        house.stranger().get(&format!("/setup?code={new}")).await.is(200);
    }
}

#[actix_web::test]
async fn bad_fields_come_back_with_what_was_typed_but_the_password() {
    let long = "x".repeat(300);
    let cases = [
        ("root", "", "Enter a name."),
        ("root", "x", "A name has 2 to 64 characters"),
        ("name", "", "Enter a name."),
        ("name", &long, "Shorten the name"),
        ("name", "a\u{202e}b", "cannot be printed"),
        ("email", "fanny", "Enter an e-mail address"),
        ("email", "<b class=\"evil\">@x.example", "Enter an e-mail address"),
        ("password", "short", "Use at least 12 characters"),
        ("password", "Fanny Founder", "too easy to guess"),
    ];
    for house in House::each_empty().await {
        let code = house.set_up_code();
        let fanny = house.stranger();
        fanny.get(&format!("/setup?code={code}")).await.is(200);
        let before = house.state();
        for (field, value, words) in cases {
            let page = fanny.post("/setup", &with(&code, (field, value))).await.is(422).says(words).stays_inert();
            for (name, typed) in with(&code, (field, value)) {
                let kept = if name == "password" { "" } else { typed };
                assert_eq!(page.form("form").value(name), kept, "{field}={value}: {name}");
            }
        }
        before.assert_still(&house, "A bad field");
        fanny.post("/setup", &with(&code, ("x", "y"))).await.is(303);
    }
}

#[actix_web::test]
async fn of_two_who_use_the_code_at_once_one_becomes_super_administrator() {
    for house in House::each_empty().await {
        let code = house.set_up_code();
        let (one, two) = (house.stranger(), house.stranger());
        for person in [&one, &two] {
            person.get(&format!("/setup?code={code}")).await.is(200);
        }
        let (first, second) = (with(&code, ("x", "y")), with(&code, ("email", "second@brand.example")));
        let (first, second) = tokio::join!(one.post("/setup", &first), two.post("/setup", &second));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 404]);
        assert_eq!(house.number("SELECT count(*) AS n FROM grants"), 1);
    }
}
