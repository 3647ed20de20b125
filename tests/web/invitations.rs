//! Invitations end to end (I-1, I-2, P-5): mail read from the sink; links that work once, for whom they are for.

use crate::house::{House, PASSWORD};

const CONSOLE: &str = "/admin/stores/customers/invitations";
const NEW: &str = "nine orange lanterns drift by";

async fn link(house: &House, email: &str) -> String {
    let mails = house.mail_to(email).await;
    let found = mails.first().unwrap_or_else(|| panic!("no mail to {email}")).links().into_iter().find(|link| link.contains("/invite/"));
    found.unwrap().replace("http://localhost:8080", "")
}

#[actix_web::test]
async fn many_are_invited_at_once_and_each_address_has_its_answer() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let base = format!("/portal/o/{}/invitations", house.org("Acme"));
        let form = oda.get(&format!("{base}/new")).await.is(200).form("#invite-form");
        assert!(form.boxes("role").is_empty(), "roles are not the org admin's to promise (P-5)");
        oda.submit(form.clone().with("emails", "")).await.is(422).says("Enter the e-mail addresses");
        let many: String = (0..201).map(|number| format!("n{number}@new.example\n")).collect();
        oda.submit(form.clone().with("emails", &many)).await.is(422).says("200 people at a time");
        let typed = "ann@new.example, bo@new.example\npaul@acme.example aud@acme.example not-an-address";
        let page = oda.submit(form.clone().with("emails", typed)).await.is(200);
        let page = page.says("3 of 5 sent").says("Is a member there already").says("not-an-address");
        assert_eq!(page.form("#invite-form").value("emails"), "not-an-address", "what failed stays in the form");
        let page = oda.submit(form.without("once").with("emails", "ann@new.example")).await.is(200);
        page.says("0 of 1 sent").says("Was invited already");
        assert_eq!(house.mail_to("ann@new.example").await.len(), 1);
        oda.get(&base).await.is(200).says("ann@new.example").says("Waiting");
        let event = &house.events("invitation.add")[0];
        assert_eq!(event.detail["emails"].as_array().unwrap().len(), 3, "Paul is no member of Acme itself");
        // The link is in the mail alone (I-2).
        let token = link(&house, "ann@new.example").await.rsplit('/').next().unwrap().to_owned();
        assert!(!oda.get(&format!("{base}?tab=all")).await.body.contains(&token));
        assert!(house.texts("SELECT token AS t FROM invitations WHERE token IS NOT NULL").iter().all(|kept| *kept != token));
    }
}

#[actix_web::test]
async fn what_ends_within_three_days_is_told_at_home_until_it_is_sent_again() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let home = "1 invitation that ends within three days";
        let invite = async |email: &str| {
            let su = house.person("su@brand.example").await;
            su.post(CONSOLE, &[("emails", email), ("org", &house.org("Acme/North"))]).await.is(303);
        };
        invite("nia@new.example").await;
        su.get("/admin").await.is(200).never_says(home);
        house.wait_minutes(4 * 24 * 60 + 1);
        invite("noa@new.example").await;
        let su = house.person("su@brand.example").await;
        su.get("/admin").await.is(200).says(home);
        let page = su.get(&format!("{CONSOLE}?ending=1")).await.is(200).says("nia@new.example").never_says("noa@new.example");
        // Nobody who has no invitations in reach reads of it.
        house.person("uwe@globex.example").await.get("/admin").await.is(200).never_says("within three days");
        su.submit(page.form("form[action$='/resend']")).await.is(303);
        su.get("/admin").await.is(200).never_says(home);
    }
}

#[actix_web::test]
async fn whoever_is_new_accepts_with_a_name_and_a_password_and_holds_what_was_promised() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let north = house.org("Acme/North");
        let fields = [
            ("emails", "nia@new.example"),
            ("org", &*north),
            ("role", &house.role("Greeter")),
            ("message", "See you <b class=\"evil\">there</b>"),
        ];
        su.post(CONSOLE, &fields).await.is(303);
        let link = link(&house, "nia@new.example").await;
        let nia = house.stranger();
        let before = house.state();
        nia.get(&link).await.is(200);
        before.assert_still(&house, "A scanner's look");
        let form = nia.get(&link).await.is(200).says("Su Super invites you to North").says("Greeter").stays_inert().form("form.stack");
        nia.submit(form.clone().press("answer", "accept").with("name", "").with("password", "short")).await.is(422).says("Enter a name.");
        let page = nia
            .submit(form.clone().press("answer", "accept").with("name", "Nia New").with("password", NEW).smuggle("role", "x"))
            .await
            .is(303);
        nia.follow(page).await.is(200).says("Welcome");
        assert_eq!(house.holders("Acme/North", "Greeter"), ["nia@new.example"]);
        assert_eq!(
            house.texts(
                "SELECT given AS t FROM role_assignments WHERE account = (SELECT key FROM accounts WHERE email = 'nia@new.example')"
            ),
            ["invitation"]
        );
        // Once, not twice.
        let other = house.stranger();
        other.get(&link).await.is(200).says("Already accepted");
        let form = form.press("answer", "accept").with("name", "Eve").with("password", "seven yellow kites over water");
        other.get("/signin").await;
        other
            .post(&link, &[("answer", "accept"), ("name", "Eve"), ("password", "seven yellow kites over water")])
            .await
            .is(200)
            .says("Already accepted");
        drop(form);
        house.stranger().sign_in("nia@new.example", NEW).await.is(303);
    }
}

#[actix_web::test]
async fn whoever_has_an_account_signs_in_and_gets_the_membership_and_nothing_else() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        su.post(CONSOLE, &[("emails", "uwe@globex.example"), ("org", &house.org("Acme"))]).await.is(303);
        let link = link(&house, "uwe@globex.example").await;
        let uwe = house.stranger();
        let form = uwe.get(&link).await.is(200).says("You have an account here").form("form.stack");
        let page = uwe.submit(form.press("answer", "accept")).await.is(303);
        assert!(page.leads_to().unwrap().starts_with("/signin/customers?next=/invite/"));
        uwe.post("/signin/customers", &[("identifier", "uwe@globex.example"), ("password", PASSWORD)]).await.is(303);
        // Somebody else's session does not do.
        let paul = house.person("paul@acme.example").await;
        let page = paul.post(&link, &[("answer", "accept")]).await;
        assert!(page.leads_to().is_some_and(|to| to.starts_with("/signin/customers")));
        let before = house.texts("SELECT password_hash AS t FROM accounts WHERE email = 'uwe@globex.example'");
        let page = uwe.post(&link, &[("answer", "accept"), ("password", NEW), ("name", "Other")]).await.is(303);
        uwe.follow(page).await.is(200).says("You belong to Acme now.");
        assert_eq!(house.texts("SELECT password_hash AS t FROM accounts WHERE email = 'uwe@globex.example'"), before);
        assert_eq!(house.texts("SELECT name AS t FROM accounts WHERE email = 'uwe@globex.example'"), ["Uwe Outside"]);
    }
}

#[actix_web::test]
async fn a_link_is_dead_after_withdrawal_resend_and_its_term() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let base = format!("/portal/o/{}/invitations", house.org("Acme"));
        let stranger = house.stranger();
        oda.post(&base, &[("emails", "ann@new.example"), ("org", &house.org("Acme"))]).await.is(303);
        let first = link(&house, "ann@new.example").await;
        let id = house.texts("SELECT id AS t FROM invitations")[0].clone();
        oda.post(&format!("{base}/{id}/resend"), &[]).await.is(303);
        let second = link(&house, "ann@new.example").await;
        stranger.get(&first).await.is(404);
        stranger.get(&second).await.is(200);
        house.wait_minutes(7 * 24 * 60 + 1);
        let oda = house.person("oda@acme.example").await;
        stranger.get(&second).await.is(200).says("has ended").says("Ask Oda Orgadmin");
        stranger.get("/signin").await;
        let fields = [("answer", "accept"), ("name", "Ann"), ("password", NEW)];
        stranger.post(&second, &fields).await.is(200).says("has ended");
        oda.post(&format!("{base}/{id}/resend"), &[]).await.is(303);
        let third = link(&house, "ann@new.example").await;
        oda.post(&format!("{base}/{id}/withdraw"), &[]).await.is(303);
        stranger.get(&third).await.is(200).says("was withdrawn");
        stranger.post(&third, &fields).await.is(200).says("was withdrawn");
        oda.post(&format!("{base}/{id}/resend"), &[]).await.is(409);
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email = 'ann@new.example'"), 0);
    }
}

#[actix_web::test]
async fn what_the_inviter_may_no_longer_give_is_left_out_and_who_may_no_longer_invite_brings_nobody_in() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let (acme, greeter) = (house.org("Acme"), house.role("Greeter"));
        for email in ["ann@new.example", "bo@new.example"] {
            mona.post(CONSOLE, &[("emails", email), ("org", &acme), ("role", &greeter)]).await.is(303);
        }
        let (ann, bo) = (link(&house, "ann@new.example").await, link(&house, "bo@new.example").await);
        let role = "(SELECT role FROM grants WHERE account = (SELECT key FROM accounts WHERE email = 'mona@brand.example'))";
        house.run(&format!(
            "UPDATE administrator_roles SET permissions = replace(permissions, ' role_assignment.edit', '') WHERE key = {role}"
        ));
        let accept = [("answer", "accept"), ("name", "Somebody New"), ("password", NEW)];
        let stranger = house.stranger();
        stranger.get(&ann).await;
        stranger.post(&ann, &accept).await.is(303);
        assert!(house.holders("Acme", "Greeter").is_empty());
        assert_eq!(house.events("invitation.accept")[0].detail["left_out"][0].as_str(), Some("Greeter"));
        house.run("UPDATE accounts SET status = 'disabled' WHERE email = 'mona@brand.example'");
        let stranger = house.stranger();
        stranger.get(&bo).await.is(200).says("may no longer invite people there");
        stranger.post(&bo, &accept).await.is(200);
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email = 'bo@new.example'"), 0);
    }
}

#[actix_web::test]
async fn roles_are_promised_only_where_the_inviter_may_give_them_and_count_for_rank() {
    for house in House::each().await {
        let (mona, oda, su) =
            (house.person("mona@brand.example").await, house.person("oda@acme.example").await, house.person("su@brand.example").await);
        let (acme, admin) = (house.org("Acme"), house.role("Admin"));
        let before = house.state();
        mona.post(CONSOLE, &[("emails", "x@new.example"), ("org", &house.org("Globex"))]).await.is(422);
        oda.post(&format!("/portal/o/{acme}/invitations"), &[("emails", "x@new.example"), ("org", &acme), ("role", &admin)]).await.is(403);
        before.assert_still(&house, "A promise that is nobody's to make");
        // Paul is promised every right at Globex: now he holds what Oda does not cover (P-4).
        su.post(CONSOLE, &[("emails", "paul@acme.example"), ("org", &house.org("Globex")), ("role", &admin)]).await.is(303);
        let paul = format!("/portal/o/{acme}/accounts/{}", house.acc("paul@acme.example"));
        oda.post(&format!("{paul}/disable"), &[]).await.is(403).says("Holds more than you do");
        // O-3, S-8.
        let north = house.org("Acme/North/Plant 7/Line <b class=\"evil\">One</b>");
        su.post(CONSOLE, &[("emails", "y@new.example"), ("org", &north)]).await.is(303);
        su.get(&format!("/admin/stores/customers/organizations/{north}/delete")).await.is(200).says("invitation that waits");
        let paul = format!("/admin/stores/customers/accounts/{}", house.acc("paul@acme.example"));
        su.post(&format!("{paul}/delete"), &[]).await.is(303);
        assert_eq!(house.texts("SELECT status AS t FROM invitations WHERE email = 'paul@acme.example'"), ["withdrawn"]);
    }
}

#[actix_web::test]
async fn an_invitation_is_declined_without_a_word_more() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        su.post(CONSOLE, &[("emails", "ann@new.example"), ("org", &house.org("Acme"))]).await.is(303);
        let link = link(&house, "ann@new.example").await;
        let ann = house.stranger();
        let form = ann.get(&link).await.is(200).form("form.stack");
        ann.submit(form.press("answer", "decline")).await.is(200).says("You declined this invitation");
        su.get(&format!("{CONSOLE}?tab=all")).await.is(200).says("Declined");
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email = 'ann@new.example'"), 0);
    }
}

#[actix_web::test]
async fn what_the_inviter_says_of_a_new_account_is_there_once_it_accepts() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        house.run("UPDATE attributes SET required = TRUE WHERE name = 'badge'");
        let form = su.get(&format!("{CONSOLE}/new")).await.is(200).stays_inert().says("New accounts").says("Badge").form("#invite-form");
        let group = form.boxes("group")[0].to_owned();
        let form = form.with("emails", "nia@new.example").with("org", &house.org("Acme/North")).with("attr.department", "Tower");
        let page = su.submit(form.clone().smuggle("group", "Nobody")).await.is(422).says("has no group “Nobody”");
        assert_eq!(page.form("#invite-form").value("attr.department"), "Tower", "what was typed stays");
        su.submit(form.tick("group", &group)).await.is(303);
        let event = &house.events("invitation.add")[0];
        assert_eq!((event.detail["attributes"]["department"].as_str(), event.detail["groups"][0].as_str()), (Some("Tower"), Some(&*group)));
        let link = link(&house, "nia@new.example").await;
        let nia = house.stranger();
        let page = nia.get(&link).await.is(200).stays_inert().says("Badge").never_says("Department");
        let form = page.form("form.stack").press("answer", "accept").with("name", "Nia New").with("password", NEW);
        nia.submit(form.clone()).await.is(422).says("“Badge” is needed.");
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email = 'nia@new.example'"), 0);
        nia.submit(form.with("attr.badge", "4711").smuggle("attr.department", "Board")).await.is(303);
        let kept = house.texts("SELECT attributes AS t FROM accounts WHERE email = 'nia@new.example'").remove(0);
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept, serde_json::json!({ "badge": "4711", "department": "Tower" }));
        let of = "FROM account_group_members m JOIN accounts a ON a.key = m.account WHERE a.email = 'nia@new.example'";
        assert_eq!(house.number(&format!("SELECT count(*) AS n {of}")), 1);
    }
}

#[actix_web::test]
async fn the_portal_says_only_what_it_may_edit_and_an_account_that_is_there_stays_as_it_is() {
    for house in House::each().await {
        let oda = house.person("oda@acme.example").await;
        let (acme, base) = (house.org("Acme"), format!("/portal/o/{}/invitations", house.org("Acme")));
        let page = oda.get(&format!("{base}/new")).await.is(200).stays_inert().never_says("Department").never_says("Badge");
        let group = page.form("#invite-form").boxes("group")[0].to_owned();
        let smuggled = [("emails", "ann@new.example"), ("org", &*acme), ("attr.department", "Board"), ("attr.badge", "1")];
        oda.post(&base, &smuggled).await.is(303);
        assert_eq!(house.texts("SELECT attributes AS t FROM invitations"), ["{}"], "S-2, for a form made by hand too");
        house.run("UPDATE attributes SET portal_editable = TRUE WHERE name = 'department'");
        let form = oda.get(&format!("{base}/new")).await.is(200).says("Department").never_says("Badge").form("#invite-form");
        let form = form.with("emails", "uwe@globex.example").with("attr.department", "Board").tick("group", &group);
        oda.submit(form).await.is(303);
        let before = house.texts("SELECT attributes AS t FROM accounts WHERE email = 'uwe@globex.example'");
        let uwe = house.person("uwe@globex.example").await;
        uwe.get(&link(&house, "uwe@globex.example").await).await.is(200).never_says("Department");
        let page = uwe.post(&link(&house, "uwe@globex.example").await, &[("answer", "accept"), ("attr.department", "Board")]).await;
        uwe.follow(page.is(303)).await.is(200).says("You belong to Acme now.");
        assert_eq!(house.texts("SELECT attributes AS t FROM accounts WHERE email = 'uwe@globex.example'"), before);
        let of = "FROM account_group_members m JOIN accounts a ON a.key = m.account WHERE a.email = 'uwe@globex.example'";
        assert_eq!(house.number(&format!("SELECT count(*) AS n {of}")), 0);
    }
}

#[actix_web::test]
async fn what_the_store_no_longer_has_comes_to_nothing_when_an_invitation_is_accepted() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let group = su.get(&format!("{CONSOLE}/new")).await.is(200).form("#invite-form").boxes("group")[0].to_owned();
        let fields = [("emails", "nia@new.example"), ("org", &*house.org("Acme")), ("attr.badge", "4711"), ("group", &*group)];
        su.post(CONSOLE, &fields).await.is(303);
        house.run("DELETE FROM attributes WHERE name = 'badge'");
        house.run("DELETE FROM account_group_members; DELETE FROM account_groups");
        let nia = house.stranger();
        let form = nia.get(&link(&house, "nia@new.example").await).await.is(200).form("form.stack");
        nia.submit(form.press("answer", "accept").with("name", "Nia New").with("password", NEW)).await.is(303);
        assert_eq!(house.texts("SELECT attributes AS t FROM accounts WHERE email = 'nia@new.example'"), ["{}"]);
    }
}
