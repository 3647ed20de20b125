//! Passwords and sign-in names that others set, and what their owner makes of it (P-6, I-2, I-6): mail read from the sink.

use crate::house::{House, PASSWORD};

const NEW: &str = "nine orange lanterns drift by";

fn path(house: &House, email: &str) -> String {
    format!("/admin/stores/customers/accounts/{}", house.acc(email))
}

/// The address of ours in the newest mail to somebody.
async fn link(house: &House, email: &str, part: &str) -> String {
    let mails = house.mail_to(email).await;
    let found = mails.iter().flat_map(|mail| mail.links()).find(|link| link.contains(part));
    found
        .unwrap_or_else(|| panic!("no link to {part} in {:?}", mails.iter().map(|mail| &mail.text).collect::<Vec<_>>()))
        .replace("http://localhost:8080", "")
}

#[actix_web::test]
async fn a_forgotten_password_is_set_anew_by_a_link_that_works_once() {
    for house in House::each().await {
        let paul = house.person("paul@acme.example").await;
        let stranger = house.stranger();
        let form = stranger.get("/signin/reset").await.is(200).form("form.stack");
        let page = stranger.submit(form.with("identifier", "paul@acme.example")).await.is(303);
        stranger.follow(page).await.is(200).says("Check your mail");
        let link = link(&house, "paul@acme.example", "/signin/reset/").await;
        // A scanner that opens it, twice and with HEAD, uses nothing up.
        let before = house.state();
        for _ in 0..2 {
            stranger.get(&link).await.is(200);
        }
        stranger.send(actix_web::http::Method::HEAD, &link, &[], None).await.is(200);
        before.assert_still(&house, "Opening a link");
        let form = stranger.get(&link).await.is(200).says("Paul Plain").form("form.stack");
        stranger.submit(form.clone().with("password", "paul@acme.example")).await.is(422);
        let page = stranger.submit(form.clone().with("password", NEW)).await.is(303);
        stranger.follow(page).await.is(200).says("Your password is changed.");
        paul.get("/me").await.is(303);
        house.stranger().sign_in("paul@acme.example", PASSWORD).await.is(422);
        house.stranger().sign_in("paul@acme.example", NEW).await.is(303);
        // Used up; and told about.
        stranger.submit(form.with("password", "another eight words that are fine")).await.is(404).says("does not work any more");
        stranger.get(&link).await.is(404);
        assert!(house.mail_to("paul@acme.example").await[0].text.contains("changed by a link"));
    }
}

#[actix_web::test]
async fn a_link_ends_by_time_by_a_newer_one_by_another_address_and_with_the_account() {
    for house in House::each().await {
        let paul = path(&house, "paul@acme.example");
        let send = async || {
            let su = house.person("su@brand.example").await;
            su.post(&format!("{paul}/password-reset"), &[]).await.is(303);
            link(&house, "paul@acme.example", "/signin/reset/").await
        };
        let stranger = house.stranger();
        let first = send().await;
        let second = send().await;
        stranger.get(&first).await.is(404);
        stranger.get(&second).await.is(200);
        house.wait_minutes(31);
        stranger.get(&second).await.is(404);
        let third = send().await;
        let su = house.person("su@brand.example").await;
        su.post(&format!("{paul}/disable"), &[]).await.is(303);
        stranger.get(&third).await.is(404);
        su.post(&format!("{paul}/password-reset"), &[]).await.is(409).says("is disabled");
    }
}

#[actix_web::test]
async fn unknown_and_known_addresses_are_answered_alike() {
    for house in House::each().await {
        let mut answers = Vec::new();
        for name in ["paul@acme.example", "nobody@acme.example", "dora@acme.example"] {
            let stranger = house.stranger();
            stranger.get("/signin/reset").await;
            let start = std::time::Instant::now();
            let page = stranger.post("/signin/reset", &[("identifier", name)]).await;
            let took = start.elapsed();
            assert!(took.as_millis() >= 395, "{name}: {took:?} is too quick to tell nothing");
            let to = page.leads_to().map(str::to_owned);
            answers.push((page.status, to, stranger.follow(page).await.text()));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        assert!(house.mail_to("nobody@acme.example").await.is_empty() && house.mail_to("dora@acme.example").await.is_empty());
    }
}

#[actix_web::test]
async fn a_password_that_somebody_else_sets_is_changed_before_anything_else_and_told_about() {
    for house in House::each().await {
        let (oda, paul) = (house.person("oda@acme.example").await, house.person("paul@acme.example").await);
        let there = format!("/portal/o/{}/accounts/{}/password", house.org("Acme"), house.acc("paul@acme.example"));
        let form = oda.get(&there).await.is(200).form("#password-form");
        oda.submit(form.clone().with("password", "paul plain")).await.is(422);
        let page = oda.submit(form.with("password", NEW)).await.is(303);
        oda.follow(page).await.is(200).says("has the new password");
        paul.get("/me").await.is(303);
        assert!(house.mail_to("paul@acme.example").await[0].text.contains("set by Oda Orgadmin"));
        let paul = house.stranger();
        paul.sign_in("paul@acme.example", NEW).await.is(303);
        assert_eq!(paul.get("/portal").await.leads_to(), Some("/me"), "first the password");
        paul.post("/me/settings", &[("per", "50")]).await.is(403).says("Choose a new password first");
        paul.get("/me").await.is(200).says("A new password is due");
        paul.post("/me/password", &[("current", NEW), ("password", "seven yellow kites over water")]).await.is(303);
        paul.get("/portal").await.is(200);
        // I-1: nobody else sets the first one.
        let su = house.person("su@brand.example").await;
        let ivy = path(&house, "ivy");
        su.post(&format!("{ivy}/password"), &[("password", NEW)]).await.is(409).says("invited account");
    }
}

#[actix_web::test]
async fn an_address_that_somebody_else_sets_counts_once_its_owner_confirms_and_can_be_taken_back() {
    for house in House::each().await {
        let (oda, stranger) = (house.person("oda@acme.example").await, house.stranger());
        let there = format!("/portal/o/{}/accounts/{}/identifiers", house.org("Acme"), house.acc("paul@acme.example"));
        let change = async |to: &str| {
            let form = oda.get(&there).await.is(200).form("#identifiers-form");
            oda.submit(form.with("email", to)).await.is(303);
        };
        // Oda points it at a mailbox of her own: with the link alone she gets nowhere.
        change("oda.evil@acme.example").await;
        let confirm = link(&house, "oda.evil@acme.example", "/confirm/").await;
        let cancel = link(&house, "paul@acme.example", "/cancel/").await;
        stranger.get(&confirm).await.is(200).says("Oda Orgadmin asked for this");
        stranger.post(&confirm, &[("password", "a guess of mine")]).await.is(422).says("not the password of this account");
        house.stranger().sign_in("oda.evil@acme.example", PASSWORD).await.is(422);
        // Nor does a reset go there.
        let reset = house.stranger();
        reset.get("/signin/reset").await;
        reset.post("/signin/reset", &[("identifier", "oda.evil@acme.example")]).await.is(303);
        assert!(house.mail_to("oda.evil@acme.example").await.iter().all(|mail| !mail.text.contains("/signin/reset/")));
        // The owner cancels from the old mailbox.
        stranger.get(&cancel).await.is(200).says("It does not count yet");
        stranger.post(&cancel, &[]).await.is(200).says("The change is cancelled");
        stranger.get(&confirm).await.is(404);
        assert_eq!(house.texts("SELECT folded AS t FROM identifiers WHERE folded LIKE '%evil%'").len(), 0);
        // A change that the owner wants: confirmed with their password, it counts, and the old one no longer does.
        change("paul.plain@acme.example").await;
        let confirm = link(&house, "paul.plain@acme.example", "/confirm/").await;
        let cancel = link(&house, "paul@acme.example", "/cancel/").await;
        stranger.post(&confirm, &[("password", PASSWORD)]).await.is(200).says("paul.plain@acme.example is confirmed");
        house.stranger().sign_in("paul@acme.example", PASSWORD).await.is(422);
        let paul = house.stranger();
        paul.sign_in("paul.plain@acme.example", PASSWORD).await.is(303);
        stranger.post(&confirm, &[("password", PASSWORD)]).await.is(404);
        // For seven days the old mailbox has the last word.
        house.wait_minutes(6 * 24 * 60);
        stranger.get(&cancel).await.is(200).says("It counts already");
        stranger.post(&cancel, &[]).await.is(200).says("every session of it has ended");
        house.stranger().sign_in("paul@acme.example", PASSWORD).await.is(303);
        house.stranger().sign_in("paul.plain@acme.example", PASSWORD).await.is(422);
    }
}

#[actix_web::test]
async fn people_change_their_own_sign_in_names_and_answer_those_that_others_want() {
    for house in House::each().await {
        let (oda, paul) = (house.person("oda@acme.example").await, house.person("paul@acme.example").await);
        let there = format!("/portal/o/{}/accounts/{}/identifiers", house.org("Acme"), house.acc("paul@acme.example"));
        let form = oda.get(&there).await.is(200).form("#identifiers-form");
        oda.submit(form.with("username", "paulo")).await.is(303);
        house.stranger().sign_in("paulo", PASSWORD).await.is(422);
        let change = paul.get("/me").await.is(200).says("paulo").form("form[action='/me/identifiers/answer']");
        paul.submit(change.press("answer", "yes")).await.is(303);
        house.stranger().sign_in("paulo", PASSWORD).await.is(303);
        let form = paul.get("/me").await.is(200).form("form[action='/me/identifiers']");
        paul.submit(form.clone().with("username", "pp")).await.is(422).says("This is not your password.");
        paul.submit(form.clone().with("username", "pp").with("proof", PASSWORD)).await.is(303);
        house.stranger().sign_in("pp", PASSWORD).await.is(303);
        let form = paul.get("/me").await.is(200).form("form[action='/me/identifiers']");
        paul.submit(form.clone().with("email", "sam@acme.example").with("proof", PASSWORD))
            .await
            .is(422)
            .says("belongs to another account");
        paul.submit(form.with("email", "pp@acme.example").with("proof", PASSWORD)).await.is(303);
        house.stranger().sign_in("pp@acme.example", PASSWORD).await.is(422);
        let confirm = link(&house, "pp@acme.example", "/confirm/").await;
        house.stranger().post(&confirm, &[("password", PASSWORD)]).await.is(200);
        house.stranger().sign_in("pp@acme.example", PASSWORD).await.is(303);
    }
}

#[actix_web::test]
async fn an_account_made_by_hand_gets_its_first_password_from_its_owner() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let fields = [("name", "Nia New"), ("email", "nia@acme.example"), ("org", &house.org("Acme"))];
        su.post("/admin/stores/customers/accounts", &fields).await.is(303);
        let id = &house.texts("SELECT id AS t FROM accounts WHERE email = 'nia@acme.example'")[0];
        su.post(&format!("/admin/stores/customers/accounts/{id}/password-reset"), &[]).await.is(303);
        let link = link(&house, "nia@acme.example", "/signin/reset/").await;
        let nia = house.stranger();
        let form = nia.get(&link).await.is(200).says("Choose your password").form("form.stack");
        nia.submit(form.with("password", NEW)).await.is(303);
        house.stranger().sign_in("nia@acme.example", NEW).await.is(303);
        assert_eq!(house.texts("SELECT status AS t FROM accounts WHERE email = 'nia@acme.example'"), ["active"]);
    }
}

#[actix_web::test]
async fn a_verification_has_a_reason_and_another_sign_in_name_voids_it() {
    for house in House::each().await {
        let (oda, aud) = (house.person("oda@acme.example").await, house.person("aud@acme.example").await);
        let paul = format!("/portal/o/{}/accounts/{}", house.org("Acme"), house.acc("paul@acme.example"));
        oda.post(&format!("{paul}/verify"), &[("reason", " ")]).await.is(422).says("Say why");
        let page = oda.post(&format!("{paul}/verify"), &[("reason", "Showed a passport")]).await.is(303);
        oda.follow(page).await.is(200).says("is verified");
        oda.get(&paul).await.is(200).says("Verified").says("Showed a passport");
        aud.post(&format!("{paul}/unverify"), &[("reason", "no")]).await.is(403);
        oda.post(&format!("{paul}/unverify"), &[("reason", "It was another Paul")]).await.is(303);
        oda.get(&paul).await.is(200).says("Revoked");
        oda.post(&format!("{paul}/unverify"), &[("reason", "again")]).await.is(409);
        oda.post(&format!("{paul}/verify"), &[("reason", "Now it is he")]).await.is(303);
        let me = house.person("paul@acme.example").await;
        let form = me.get("/me").await.is(200).form("form[action='/me/identifiers']");
        me.submit(form.with("username", "pp").with("proof", PASSWORD)).await.is(303);
        oda.get(&paul).await.is(200).says("Nobody has verified this account.");
    }
}
