//! Second factors (I-4, P-6): enrolled by their owner, set by others only until confirmed, and asked for at sign-in.

use crate::{
    house::{House, PASSWORD},
    person::Person,
};

const PAUL: &str = "paul@acme.example";
const SU: &str = "su@brand.example";
const PHONE: &str = "+4533123456";

/// The code in the newest mail to an address.
async fn mailed(house: &House, to: &str) -> String {
    let mails = house.mail_to(to).await;
    let mail = mails.iter().find(|mail| mail.subject == "Your code").unwrap_or_else(|| panic!("no code came to {to}: {mails:#?}"));
    let code = mail.text.lines().map(str::trim).find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(mail.html.contains(code.unwrap()), "{}", mail.html);
    code.unwrap().to_owned()
}

/// The code in the newest text to a phone.
async fn texted(house: &House, to: &str) -> String {
    house.texts_to(to).await[0].text.split(' ').next().unwrap().to_owned()
}

/// Enrols a factor, as its owner.
async fn enrol(house: &House, person: &Person<'_>, kind: &str, value: &str) {
    person.post("/me/authenticators", &[("type", kind), ("value", value)]).await.is(303);
    let id = factor(house, value);
    let code = if kind == "email" { mailed(house, value).await } else { texted(house, value).await };
    person.post(&format!("/me/authenticators/{id}/confirm"), &[("code", &code)]).await.is(303);
    house.wait_seconds(30);
}

fn factor(house: &House, value: &str) -> String {
    house.texts(&format!("SELECT id AS t FROM authenticators WHERE value = '{value}'"))[0].clone()
}

/// A code that is not this one.
fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[actix_web::test]
async fn who_has_a_factor_is_asked_for_a_code_and_has_no_session_before() {
    for house in House::each().await {
        let paul = house.person(PAUL).await;
        paul.get("/me").await.is(200).stays_inert().says("Second factors");
        enrol(&house, &paul, "phone", PHONE).await;
        paul.get("/me").await.is(200).says("On").says(PHONE);
        let sessions = house.number("SELECT count(*) AS n FROM sessions");
        let again = house.stranger();
        again.get("/signin?next=/me%3Fx=1").await.is(200);
        let fields = [("identifier", PAUL), ("password", PASSWORD), ("next", "/me?x=1")];
        let page = again.post("/signin", &fields).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin/factor"));
        let page = again.get("/signin/factor").await.is(200).stays_inert().says("•••56").never_says(PHONE);
        assert!(page.has("input[name=code][autocomplete=one-time-code]"));
        assert_eq!(house.number("SELECT count(*) AS n FROM sessions"), sessions, "not yet, on {}", house.name());
        again.get("/me").await.is(303);
        let code = texted(&house, PHONE).await;
        let kept = house.texts("SELECT mark AS t FROM codes WHERE purpose = 'sign-in'").remove(0);
        assert!(kept.len() > 30 && !kept.contains(&code), "{kept}");
        again.post("/signin/factor", &[("code", &other_than(&code))]).await.is(422).says("The code is wrong, or works no more.");
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        let page = again.post("/signin/factor", &[("code", &spaced)]).await.is(303);
        assert_eq!(page.leads_to(), Some("/me?x=1"));
        again.get("/me").await.is(200);
        // The code is used up, and so is what the first step has shown.
        again.post("/signout", &[]).await.is(303);
        again.get("/signin/factor").await.is(303);
        again.get("/signin").await.is(200);
        again.post("/signin/factor", &[("code", &code)]).await.is(422).says("Sign in again.");
        assert_eq!(house.events("session.code").len(), 1);
    }
}

#[actix_web::test]
async fn a_code_ends_after_ten_minutes_and_after_five_wrong_tries() {
    for house in House::each().await {
        let paul = house.person(PAUL).await;
        enrol(&house, &paul, "email", "paul@home.example").await;
        let thief = house.stranger();
        thief.sign_in(PAUL, PASSWORD).await.is(303);
        let code = mailed(&house, "paul@home.example").await;
        house.wait_minutes(10);
        thief.post("/signin/factor", &[("code", &code)]).await.is(422).says("works no more");
        thief.post("/signin/factor", &[("code", "12345")]).await.is(422).says("A code has six digits.");
        thief
            .post("/signin/factor", &[("authenticator", &factor(&house, "paul@home.example"))])
            .await
            .is(200)
            .says("Another code is on its way");
        let page = thief.post("/signin/factor", &[("authenticator", &factor(&house, "paul@home.example"))]).await;
        page.is(429).says("A code was sent a moment ago. Wait 30 seconds");
        let code = mailed(&house, "paul@home.example").await;
        let wrong = other_than(&code);
        for _ in 0..3 {
            thief.post("/signin/factor", &[("code", &wrong)]).await.is(422);
        }
        // The first try counts too: five failures are free, then there is a wait.
        thief.post("/signin/factor", &[("code", &wrong)]).await.is(422);
        thief.post("/signin/factor", &[("code", &code)]).await.is(429).says("Too many tries.");
        house.wait_seconds(30);
        thief.post("/signin/factor", &[("code", &wrong)]).await.is(422).says("Too many wrong codes. Sign in again.");
        house.wait_minutes(1);
        thief.post("/signin/factor", &[("code", &code)]).await.is(422).says("Sign in again.");
        thief.sign_in(PAUL, PASSWORD).await.is(303);
        thief.post("/signin/factor", &[("code", &code)]).await.is(429).says("Too many tries.");
        house.wait_minutes(2);
        thief.post("/signin/factor", &[("code", &code)]).await.is(422).says("The code is wrong");
        assert_eq!(house.texts("SELECT state AS t FROM sessions").len(), 1, "only Paul's own, on {}", house.name());
    }
}

#[actix_web::test]
async fn what_changes_between_the_steps_ends_the_sign_in() {
    for house in House::each().await {
        let paul = house.person(PAUL).await;
        enrol(&house, &paul, "email", "paul@home.example").await;
        for change in [
            "UPDATE accounts SET password_hash = 'another' WHERE email = 'paul@acme.example'",
            "UPDATE accounts SET status = 'disabled' WHERE email = 'paul@acme.example'",
            "DELETE FROM authenticators",
        ] {
            let hash = house.texts("SELECT password_hash AS t FROM accounts WHERE email = 'paul@acme.example'").remove(0);
            house.wait_minutes(1);
            let again = house.stranger();
            again.sign_in(PAUL, PASSWORD).await.is(303);
            let code = mailed(&house, "paul@home.example").await;
            house.run(change);
            again.post("/signin/factor", &[("code", &code)]).await.is(422).says("Sign in again.");
            house.run(&format!("UPDATE accounts SET password_hash = '{hash}', status = 'active' WHERE email = 'paul@acme.example'"));
        }
        house.stranger().get("/signin/factor").await.is(303);
        let late = house.stranger();
        late.sign_in(PAUL, PASSWORD).await.is(303);
        assert_eq!(late.get("/me").await.status, 200, "without a factor the password is enough again");
    }
}

#[actix_web::test]
async fn a_factor_that_somebody_else_adds_counts_once_its_owner_has_confirmed_it() {
    for house in House::each().await {
        let su = house.person(SU).await;
        let account = format!("/admin/stores/customers/accounts/{}", house.acc(PAUL));
        let form = su.get(&format!("{account}/authenticators/new")).await.is(200).stays_inert().form("#factor-form");
        su.submit(form.clone().with("value", "33 12 34 56")).await.is(422).says("Enter an e-mail address");
        let page = su.submit(form.with("value", "su@evil.example")).await.is(303);
        su.follow(page).await.is(200).says("It counts once its owner has confirmed it").says("Not confirmed");
        su.post(&format!("{account}/authenticators"), &[("type", "email"), ("value", "SU@evil.example")]).await.is(422).says("already");
        let told = house.mail_to(PAUL).await.remove(0);
        assert!(told.text.contains("Su Super added su@evil.example as a second factor of your account."), "{}", told.text);
        let paul = house.person(PAUL).await;
        let factor = factor(&house, "su@evil.example");
        paul.get("/me").await.is(200).says("added by Su Super").says("Not confirmed");
        // Nobody but its owner confirms it, and only by the code.
        su.post(&format!("/me/authenticators/{factor}/code"), &[]).await.is(404);
        su.post(&format!("/me/authenticators/{factor}/confirm"), &[("code", "123456")]).await.is(404);
        paul.post(&format!("/me/authenticators/{factor}/confirm"), &[("code", "123456")]).await.is(422).says("The code is wrong");
        paul.post(&format!("/me/authenticators/{factor}/code"), &[]).await.is(303);
        paul.post(&format!("/me/authenticators/{factor}/code"), &[]).await.is(422).says("A code was sent a moment ago.");
        let code = mailed(&house, "su@evil.example").await;
        paul.post(&format!("/me/authenticators/{factor}/confirm"), &[("code", &code)]).await.is(303);
        house.stranger().sign_in(PAUL, PASSWORD).await.is(303);
        let page = su.get(&format!("{account}/authenticators/{factor}/delete")).await.is(200).says("It is the last one").stays_inert();
        su.submit(page.form("form[action$='/delete']")).await.is(303);
        su.post(&format!("{account}/authenticators/{factor}/delete"), &[]).await.is(404);
        let told = house.mail_to(PAUL).await;
        assert!(told.iter().any(|mail| mail.text.contains("Su Super removed su@evil.example")), "{told:#?}");
        for action in ["authenticator.add", "authenticator.delete"] {
            assert_eq!(house.events(action)[0].detail["value"], "su@evil.example", "{}", house.name());
        }
    }
}

#[actix_web::test]
async fn nobody_sets_a_factor_above_them_or_on_an_invited_account() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let invited = house.texts("SELECT id AS t FROM accounts WHERE status = 'invited'");
        if let Some(invited) = invited.first() {
            let su = house.person(SU).await;
            let path = format!("/admin/stores/customers/accounts/{invited}/authenticators");
            su.post(&path, &[("type", "email"), ("value", "x@evil.example")]).await.is(409).says("is invited");
        }
        let before = house.state();
        for (who, path, status) in [
            // Of another administrator, of somebody out of reach, without the permission.
            (&mona, format!("/admin/stores/administrators/accounts/{}", house.acc_of("administrators", SU)), 404),
            (&mona, format!("/admin/stores/customers/accounts/{}", house.acc("uwe@globex.example")), 404),
        ] {
            let page = who.post(&format!("{path}/authenticators"), &[("type", "email"), ("value", "x@evil.example")]).await;
            assert_eq!(page.status, status, "{path} on {}", house.name());
        }
        before.assert_still(&house, "A factor that was refused");
    }
}

#[actix_web::test]
async fn owners_remove_their_factors_with_a_fresh_proof() {
    for house in House::each().await {
        let paul = house.person(PAUL).await;
        enrol(&house, &paul, "email", "paul@home.example").await;
        let path = format!("/me/authenticators/{}/delete", factor(&house, "paul@home.example"));
        house.wait_minutes(11);
        let form = paul.get(&path).await.is(200).says("Your password").form("#factor-form");
        paul.submit(form.clone()).await.is(422).says("Enter your password to go on.");
        paul.post(&path, &[("password", PASSWORD)]).await.is(303);
        assert_eq!(house.number("SELECT count(*) AS n FROM authenticators"), 0, "{}", house.name());
        paul.get("/me").await.is(200).says("paul@home.example is removed.");
        for (kind, value, words) in [
            ("email", "nobody", "Enter an e-mail address"),
            ("phone", "33", "Enter a phone number"),
            ("pigeon", "coo", "Choose e-mail or phone."),
        ] {
            paul.post("/me/authenticators", &[("type", kind), ("value", value)]).await.is(422).says(words);
        }
        for number in 0..5 {
            paul.post("/me/authenticators", &[("type", "email"), ("value", &format!("p{number}@home.example"))]).await.is(303);
        }
        paul.post("/me/authenticators", &[("type", "email"), ("value", "p5@home.example")]).await.is(422).says("5 second factors at most");
        assert_eq!(house.mail_to("p1@home.example").await.len(), 0, "one code in half a minute");
    }
}

#[actix_web::test]
async fn a_demanded_factor_is_a_code_by_mail_for_who_has_none() {
    for house in House::each().await {
        let su = house.person(SU).await;
        let form = su.get("/admin/settings/sign-in").await.is(200).form("form[data-guard]");
        assert_eq!(form.value("factor"), "nobody");
        su.submit(form.with("factor", "administrators")).await.is(303);
        su.get("/admin").await.is(200);
        house.person(PAUL).await.get("/me").await.is(200);
        let again = house.stranger();
        let page = again.sign_in(SU, PASSWORD).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin/factor"));
        let code = mailed(&house, SU).await;
        again.post("/signin/factor", &[("code", &code)]).await.is(303);
        again.get("/admin").await.is(200);
        let form = su.get("/admin/settings/sign-in").await.is(200).form("form[data-guard]");
        su.submit(form.with("factor", "all")).await.is(303);
        let page = house.stranger().sign_in(PAUL, PASSWORD).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin/factor"));
        // Nowhere to send a code to.
        let username = house.texts(
            "SELECT username AS t FROM accounts WHERE email IS NULL AND username IS NOT NULL AND status = 'active' AND password_hash IS NOT NULL",
        );
        if let Some(username) = username.first() {
            house.stranger().sign_in(username, PASSWORD).await.is(422).says("there is nowhere to send it");
        }
    }
}

#[actix_web::test]
async fn what_was_typed_before_the_session_ended_is_still_there_after_both_steps() {
    for house in House::each().await {
        let paul = house.person(PAUL).await;
        enrol(&house, &paul, "email", "paul@home.example").await;
        let form = paul.get("/me").await.is(200).form("form[action='/me']");
        house.wait_minutes(31);
        let page = paul.submit(form.with("name", "Paul the Second")).await.is(401);
        let carried = page.attribute("input[name=carried]", "value");
        let page = paul.post("/signin", &[("identifier", PAUL), ("password", PASSWORD), ("carried", &carried)]).await.is(200);
        let code = mailed(&house, "paul@home.example").await;
        let form = page.form("form:has(#code)").with("code", &other_than(&code));
        let page = paul.submit(form).await.is(422).says("The code is wrong");
        let page = paul.submit(page.form("form:has(#code)").with("code", &code)).await.is(200);
        assert!(page.body.contains("Paul the Second"), "{}", house.name());
    }
}

/// Where the newest mail to somebody that leads somewhere leads.
async fn mailed_link(house: &House, to: &str) -> String {
    let mails = house.mail_to(to).await;
    let mut links = mails.iter().flat_map(|mail| mail.links()).map(|link| link.replace("http://localhost:8080", ""));
    // Whatever else is told leads to the start.
    links.find(|path| path.len() > 1).unwrap_or_else(|| panic!("no link to {to}"))
}

#[actix_web::test]
async fn a_forgotten_password_is_set_only_with_the_second_factor_where_one_is_enrolled() {
    for house in House::each().await {
        let new = "nine orange lanterns drift by";
        let paul = house.person(PAUL).await;
        enrol(&house, &paul, "phone", PHONE).await;
        let thief = house.stranger();
        thief.get("/signin/reset").await.is(200);
        thief.post("/signin/reset", &[("identifier", PAUL)]).await.is(303);
        let link = mailed_link(&house, PAUL).await;
        let page = thief.get(&link).await.is(200).stays_inert().says("This account has a second factor.").never_says(PHONE);
        assert!(!page.has("input[name=password]"), "the code comes first");
        thief.post(&link, &[("password", new)]).await.is(422).says("Have a code sent first");
        let form = page.form("form.stack");
        let phone = factor(&house, PHONE);
        let page = thief.submit(form.press("send", &phone)).await.is(200).stays_inert().says("•••56").never_says(PHONE);
        let code = texted(&house, PHONE).await;
        let form = page.form("form.stack").with("password", new);
        let before = house.texts("SELECT password_hash AS t FROM accounts WHERE email = 'paul@acme.example'");
        thief.submit(form.clone().with("code", "12")).await.is(422).says("A code has six digits.");
        thief.submit(form.clone().with("code", &other_than(&code))).await.is(422).says("The code is wrong");
        thief.submit(form.clone().with("code", &code).with("factor", "factor_x")).await.is(422).says("Have a code sent first");
        assert_eq!(house.texts("SELECT password_hash AS t FROM accounts WHERE email = 'paul@acme.example'"), before);
        let page = thief.submit(form.clone().with("code", &code).with("password", "short")).await.is(422);
        assert_eq!(page.form("form.stack").value("code"), code, "what was typed stays, and is not used up");
        let page = thief.submit(form.with("code", &code)).await.is(303);
        thief.follow(page).await.is(200).says("Your password is changed.");
        let page = house.stranger().sign_in(PAUL, new).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin/factor"));
    }
}

#[actix_web::test]
async fn many_wrong_codes_for_a_new_password_have_to_wait() {
    for house in House::each().await {
        let paul = house.person(PAUL).await;
        enrol(&house, &paul, "phone", PHONE).await;
        let thief = house.stranger();
        thief.get("/signin/reset").await.is(200);
        thief.post("/signin/reset", &[("identifier", PAUL)]).await.is(303);
        let link = mailed_link(&house, PAUL).await;
        let phone = factor(&house, PHONE);
        thief.post(&link, &[("send", &phone)]).await.is(200);
        thief.post(&link, &[("send", &phone)]).await.is(422).says("A code was sent a moment ago.");
        let wrong = other_than(&texted(&house, PHONE).await);
        let fields = [("password", "nine orange lanterns drift by"), ("factor", &*phone), ("code", &*wrong)];
        for _ in 0..4 {
            thief.post(&link, &fields).await.is(422).says("The code is wrong");
        }
        thief.post(&link, &fields).await.is(422).says("Too many wrong codes.");
        thief.post(&link, &fields).await.is(429);
    }
}

#[actix_web::test]
async fn a_demanded_factor_comes_before_the_session_of_who_accepts_an_invitation_or_registers() {
    for house in House::each().await {
        let new = "nine orange lanterns drift by";
        let su = house.person(SU).await;
        su.post("/admin/stores/customers/invitations", &[("emails", "nia@new.example"), ("org", &house.org("Acme"))]).await.is(303);
        let link = mailed_link(&house, "nia@new.example").await;
        let form = su.get("/admin/settings/sign-in").await.is(200).form("form[data-guard]");
        su.submit(form.with("factor", "all")).await.is(303);
        let sessions = house.number("SELECT count(*) AS n FROM sessions");
        let nia = house.stranger();
        let form = nia.get(&link).await.is(200).form("form.stack").press("answer", "accept");
        let page = nia.submit(form.with("name", "Nia New").with("password", new)).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin/factor"));
        nia.get("/me").await.is(303);
        assert_eq!(house.number("SELECT count(*) AS n FROM sessions"), sessions, "on {}", house.name());
        nia.get("/signin/factor").await.is(200);
        let page = nia.post("/signin/factor", &[("code", &mailed(&house, "nia@new.example").await)]).await.is(303);
        nia.follow(page).await.is(200).says("Nia New");
        // Registering, likewise.
        let ola = house.stranger();
        let form = ola.get(&format!("/join/customers/{}", house.org("Acme/North"))).await.is(200).form("form.stack");
        ola.submit(form.with("name", "Ola New").with("email", "ola@new.example").with("password", new)).await.is(303);
        let form = ola.get(&mailed_link(&house, "ola@new.example").await).await.is(200).form("form.stack");
        let page = ola.submit(form.with("password", new)).await.is(303);
        assert_eq!(page.leads_to(), Some("/signin/factor"));
        ola.get("/me").await.is(303);
        ola.get("/signin/factor").await.is(200);
        ola.post("/signin/factor", &[("code", &mailed(&house, "ola@new.example").await)]).await.is(303);
        ola.get("/me").await.is(200).says("Ola New");
    }
}
