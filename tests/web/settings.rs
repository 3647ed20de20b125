//! `/admin/settings`: each section saved on its own, mails that wait and fail, and tests of both ways out.

use crate::house::{House, PASSWORD};
use bailiwick::{domain::letter::Channel, web::mail};

const SU: &str = "su@brand.example";

#[actix_web::test]
async fn what_the_house_is_called_is_on_every_page_and_in_every_mail() {
    for house in House::each().await {
        let su = house.person(SU).await;
        let form = su.get("/admin/settings").await.is(200).stays_inert().says("http://localhost:8080").form("form[data-guard]");
        assert_eq!((form.value("product"), form.value("contact")), ("Bailiwick", ""));
        let form = form.with("product", "Meridian <b class=\"evil\">Access</b>").with("contact", "Ask help@meridian.example");
        let page = su.submit(form).await.is(303);
        su.follow(page).await.is(200).stays_inert().says("The settings are saved.").says("Meridian <b");
        su.post("/admin/settings", &[("product", "Mine"), ("rev", "0")])
            .await
            .is(409)
            .says("Somebody changed these settings while you were editing.");
        house.stranger().get("/signin").await.is(200).stays_inert().says("Meridian <b").says("Ask help@meridian.example");
        house.stranger().get("/nowhere").await.says("Ask help@meridian.example");
        su.post("/admin/settings/mail/test", &[("email", "ann@acme.example")]).await.is(303);
        let mail = house.mail_to("ann@acme.example").await.remove(0);
        assert!(mail.from.starts_with("\"Meridian <b class=\\\"evil\\\">Access</b>\"") || mail.from.contains("Meridian"), "{}", mail.from);
        assert!(mail.text.contains("Ask help@meridian.example") && !mail.html.contains("<b class"), "{}", mail.html);
        let happened = house.events("settings.edit").remove(0);
        assert_eq!(happened.detail["before"]["product"], "Bailiwick");
        assert_eq!((happened.actor.as_str(), house.events("settings.edit").len()), ("Su Super", 1));
    }
}

#[actix_web::test]
async fn bad_settings_come_back_as_typed_and_change_nothing() {
    for house in House::each().await {
        let su = house.person(SU).await;
        let before = house.state();
        for (path, fields, words) in [
            ("", vec![("product", " "), ("contact", "x")], "Enter a name."),
            ("", vec![("product", "x".repeat(41).leak() as &str)], "Shorten the name to 40 characters."),
            ("/sign-in", vec![("idle_minutes", "4"), ("absolute_hours", "12")], "Enter 5 to 1,440 minutes."),
            ("/sign-in", vec![("idle_minutes", "soon"), ("absolute_hours", "12")], "Enter 5 to 1,440 minutes."),
            ("/sign-in", vec![("idle_minutes", "90"), ("absolute_hours", "1")], "This is longer than the whole session may be."),
            ("/sign-in", vec![("idle_minutes", "30"), ("absolute_hours", "169")], "Enter 1 to 168 hours."),
            ("/registration", vec![("consent", "y".repeat(4001).leak() as &str)], "Shorten the text to 4,000 characters."),
        ] {
            let path = format!("/admin/settings{path}");
            let fields: Vec<(&str, &str)> = fields.into_iter().chain([("rev", "0")]).collect();
            let page = su.post(&path, &fields).await.is(422).says(words);
            let form = page.form("form[data-guard]");
            assert_eq!(form.value(fields[0].0).trim(), fields[0].1.trim(), "{path}");
        }
        su.post("/admin/settings", &[("product", "x")]).await.is(422).says("The page was incomplete.");
        for (fields, words) in [
            ([("email", "nobody")], "Enter an e-mail address"),
            ([("phone", "33 12 34 56")], "Enter a phone number with the code of its country"),
        ] {
            su.post("/admin/settings/mail/test", &fields).await.is(422).says(words);
        }
        before.assert_still(&house, "A bad setting");
    }
}

#[actix_web::test]
async fn shorter_sessions_count_at_once_for_who_is_signed_in() {
    for house in House::each().await {
        let (su, paul) = (house.person(SU).await, house.person("paul@acme.example").await);
        let form = su.get("/admin/settings/sign-in").await.is(200).form("form[data-guard]");
        assert_eq!((form.value("idle_minutes"), form.value("absolute_hours")), ("30", "12"));
        house.wait_minutes(10);
        paul.get("/me").await.is(200).says("30 minutes without use").says("12 hours");
        let page = su.submit(form.with("idle_minutes", "5").with("absolute_hours", "1")).await.is(303);
        su.follow(page).await.is(200).says("The settings are saved.");
        paul.get("/me").await.is(200).says("5 minutes without use").says("1 hour.");
        house.wait_minutes(4);
        paul.get("/me").await.is(200);
        house.wait_minutes(6);
        paul.get("/me").await.is(303);
        paul.sign_in("paul@acme.example", PASSWORD).await.is(303);
        for _ in 0..14 {
            house.wait_minutes(4);
            paul.get("/me").await.is(200);
        }
        house.wait_minutes(4);
        paul.get("/me").await.is(303);
    }
}

#[actix_web::test]
async fn what_failed_is_shown_with_its_answer_and_can_be_sent_again() {
    for house in House::each().await {
        let su = house.person(SU).await;
        su.get("/admin/settings/mail").await.is(200).says("Nothing waits to be sent.").says("Nothing failed");
        house.sink.answers("gone@acme.example", "550 5.1.1 <b class=\"evil\">No such user</b>");
        house.sink.answers("grey@acme.example", "451 4.7.1 Come back later");
        for to in ["gone@acme.example", "grey@acme.example"] {
            let form = su.get("/admin/settings/mail").await.form("form[action$='/test']:has([name=email])");
            let page = su.submit(form.with("email", to)).await.is(303);
            su.follow(page).await.is(200).says(&format!("A test is on its way to {to}."));
        }
        assert_eq!(house.mail_to("gone@acme.example").await.len(), 0);
        let page = su.get("/admin/settings/mail").await.is(200).stays_inert().says("No such user").says("Come back later");
        house.sink.answers("gone@acme.example", "250 ok");
        house.sink.answers("grey@acme.example", "250 ok");
        for form in page.attributes("form[action$='/again']", "action") {
            su.post(&form, &[]).await.is(303);
        }
        assert_eq!(house.mail_to("gone@acme.example").await.len(), 1, "{}", house.name());
        assert_eq!(house.mail_to("grey@acme.example").await.len(), 1, "without waiting for its next try");
        su.get("/admin/settings/mail").await.is(200).says("2 were sent in the last seven days.").says("Nothing failed");
        let sent = house.texts("SELECT id AS t FROM mails ORDER BY key")[0].clone();
        su.post(&format!("/admin/settings/mail/{sent}/again"), &[]).await.is(409).says("It has been sent meanwhile.");
        su.post("/admin/settings/mail/mail_aaaaaaaaaaaaaaaa/again", &[]).await.is(404);
        su.post("/admin/settings/mail/test", &[("phone", "+45 33 12 34 56")]).await.is(303);
        mail::deliver(&house.inside, Channel::Sms).await.unwrap();
        assert_eq!(house.sink.texts_to("+4533123456").len(), 1);
    }
}

#[actix_web::test]
async fn who_may_only_look_gets_no_button() {
    for house in House::each().await {
        house.run("UPDATE administrator_roles SET permissions = 'organization_role.view settings.view' WHERE name = 'Role reader'");
        let otto = house.person("otto@brand.example").await;
        for path in ["", "/sign-in", "/registration", "/mail", "/about"] {
            let page = otto.get(&format!("/admin/settings{path}")).await.is(200);
            assert!(!page.has("main button[type=submit]"), "{path} on {}", house.name());
        }
        otto.post("/admin/settings", &[("product", "Mine"), ("rev", "0")]).await.is(403);
        otto.post("/admin/settings/mail/test", &[("email", "ann@acme.example")]).await.is(403);
    }
}
