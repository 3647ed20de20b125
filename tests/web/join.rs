//! Registration end to end (I-3, A-7): mail read from the sink; the same words for everybody.

use crate::{house::House, page::Page, person::Person};

const JOIN: &str = "/join/customers";
const NEW: &str = "nine orange lanterns drift by";
const OTHER: &str = "seven yellow kites over water";

/// Where the newest mail to somebody leads.
async fn link(house: &House, email: &str) -> String {
    house.mail_to(email).await.first().unwrap_or_else(|| panic!("no mail to {email}")).path()
}

/// The address at which people join an organization.
fn way(house: &House, path: &str) -> String {
    format!("{JOIN}/{}", house.org(path))
}

async fn registers(person: &Person<'_>, way: &str, email: &str, password: &str) -> Page {
    let form = person.get(way).await.is(200).form("form.stack");
    person.submit(form.with("name", "Nia New").with("email", email).with("password", password)).await
}

#[actix_web::test]
async fn whoever_registers_confirms_by_mail_and_reads_what_they_can_do_now() {
    for house in House::each().await {
        house.run("UPDATE roles SET auto_every = TRUE WHERE name = 'Greeter'");
        house.run("UPDATE settings SET value = '{\"rev\":1,\"is\":{\"consent\":\"Be kind.\"}}' WHERE name = 'registration'");
        house.run(
            "INSERT INTO settings (name, value) SELECT 'registration', '{\"rev\":1,\"is\":{\"consent\":\"Be kind.\"}}' \
             WHERE NOT EXISTS (SELECT 1 FROM settings WHERE name = 'registration')",
        );
        house.run("UPDATE attributes SET required = TRUE WHERE name = 'badge'");
        let (nia, way) = (house.stranger(), way(&house, "Acme/North"));
        let form = nia
            .get(&way)
            .await
            .is(200)
            .says("Join North")
            .says("Be kind.")
            .says("Badge")
            .never_says("Department")
            .stays_inert()
            .form("form.stack");
        nia.submit(form.clone().with("password", "short"))
            .await
            .is(422)
            .says("Enter a name.")
            .says("Tick this to go on.")
            .says("“Badge” is needed.");
        let form = form.with("name", "Nia New").with("email", "nia@new.example").with("password", NEW).with("attr.badge", "4711");
        let form = form.tick("consent", "on");
        // Nothing but what is asked counts.
        let form = form.smuggle("role", &house.role("Admin")).smuggle("organization", &house.org("Globex")).smuggle("status", "active");
        let page = nia.submit(form.smuggle("attr.department", "Board").smuggle("store", "partners")).await.is(303);
        assert_eq!(page.leads_to(), Some("/join/customers/sent?email=nia%40new.example"));
        nia.follow(page).await.is(200).says("Check your mail").says("nia@new.example");
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email = 'nia@new.example'"), 0);
        let link = link(&house, "nia@new.example").await;
        let before = house.state();
        house.stranger().get(&link).await.is(200).says("Join North").stays_inert();
        let form = nia.get(&link).await.is(200).form("form.stack");
        nia.submit(form.clone().with("password", OTHER)).await.is(422).says("This is not the password");
        before.assert_still(&house, "A look, and a wrong password");
        let page = nia.submit(form.clone().with("password", NEW)).await.is(200).says("You belong to North now");
        page.says("Open the accounts list and read profiles").says("Because you hold Greeter.").stays_inert();
        nia.get("/portal").await;
        nia.get("/me").await.is(200).says("Nia New");
        assert_eq!(house.holders("Acme/North", "Greeter"), ["nia@new.example"]);
        assert!(house.holders("Acme/North", "Admin").is_empty());
        let kept = house.texts("SELECT attributes AS t FROM accounts WHERE email = 'nia@new.example'").remove(0);
        assert_eq!(kept, r#"{"badge":"4711"}"#);
        let event = &house.events("registration.confirm")[0];
        assert_eq!((event.detail["consent"].as_str(), event.detail["roles"][0].as_str()), (Some("Be kind."), Some("Greeter")));
        // Once, not twice.
        house.stranger().get(&link).await.is(404).says("does not work any more");
        house.stranger().sign_in("nia@new.example", NEW).await.is(303);
    }
}

#[actix_web::test]
async fn what_is_closed_is_as_if_it_were_not_there() {
    for house in House::each().await {
        let (north, partner) = (house.org("Acme/North"), house.org_of("partners", "Zeta"));
        let stranger = house.stranger();
        let token = stranger.token().await;
        let fields = [("csrf", token.as_str()), ("name", "Nia"), ("email", "nia@new.example"), ("password", NEW), ("organization", "Mine")];
        let no = async |path: &str, why: &str| {
            let before = house.state();
            assert_eq!(stranger.get(path).await.status, 404, "{why}: {path}");
            assert_eq!(stranger.post_raw(path, &[], &fields).await.status, 404, "{why}: {path}");
            before.assert_still(&house, why);
        };
        let here = format!("{JOIN}/{north}");
        stranger.get(&here).await.is(200);
        no(&format!("{JOIN}/{partner}"), "an organization of another store").await;
        no("/join/administrators", "the store of administrators").await;
        no(&format!("/join/administrators/{}", house.texts("SELECT id AS t FROM organizations WHERE parent IS NULL")[0]), "root").await;
        no(&format!("{JOIN}/{}", house.org("Initech")), "an inactive organization").await;
        no(&format!("{JOIN}/{}", house.org("Initech/East")), "below an inactive one").await;
        no(&format!("{JOIN}/nowhere"), "none").await;
        house.run("UPDATE organizations SET self_registration = FALSE WHERE name = 'North'");
        no(&here, "switched off for the organization").await;
        house.run("UPDATE organizations SET self_registration = TRUE WHERE name = 'North'");
        house.run("UPDATE identity_stores SET self_registration = FALSE WHERE slug = 'customers'");
        no(&here, "switched off for the store").await;
        stranger.get(JOIN).await.is(200).never_says("Code").says("Register an organization");
        house.run("UPDATE identity_stores SET organization_registration = FALSE WHERE slug = 'customers'");
        no("/join/customers/organization", "no new organizations").await;
        no(JOIN, "both off").await;
    }
}

#[actix_web::test]
async fn known_and_unknown_addresses_meet_the_same_and_get_one_letter_an_hour() {
    for house in House::each().await {
        let way = way(&house, "Acme/North");
        let mut seen = Vec::new();
        for email in ["paul@acme.example", "paula@acme.example"] {
            let person = house.stranger();
            let began = std::time::Instant::now();
            let page = registers(&person, &way, email, NEW).await.is(303);
            assert!(began.elapsed().as_millis() >= 400, "no answer is quicker than another");
            let page = person.follow(page).await.is(200);
            seen.push(page.text().replace(email, "X"));
            registers(&person, &way, email, NEW).await.is(303);
            assert_eq!(house.mail_to(email).await.len(), 1, "{email}: one an hour");
            let form = person.get(&format!("{JOIN}/sent?email={email}")).await.is(200).form("form.stack");
            let page = person.submit(form.clone()).await.is(429).says("before you ask for another");
            seen.push(page.text().replace(email, "X"));
            house.wait_seconds(31);
            let page = person.submit(form.clone()).await.is(303);
            seen.push(person.follow(page).await.is(200).text().replace(email, "X"));
            assert_eq!(house.mail_to(email).await.len(), 2);
            house.wait_seconds(31);
            person.submit(form).await.is(303);
            assert_eq!(house.mail_to(email).await.len(), 2, "{email}: no more this hour");
            house.wait_minutes(61);
        }
        assert_eq!(seen[..3], seen[3..]);
        assert!(house.mail_to("paul@acme.example").await[0].text.contains("You have an account already"));
        // The newest link alone works.
        let mails = house.mail_to("paula@acme.example").await;
        house.stranger().get(&mails[1].path()).await.is(404);
        house.stranger().get(&mails[0].path()).await.is(200);
        assert_eq!(
            house
                .number("SELECT count(*) AS n FROM memberships m JOIN accounts a ON a.key = m.account WHERE a.email = 'paul@acme.example'"),
            1
        );
    }
}

#[actix_web::test]
async fn nobody_registers_somebody_else_with_a_password_of_their_own() {
    for house in House::each().await {
        let way = way(&house, "Acme/North");
        registers(&house.stranger(), &way, "nia@new.example", OTHER).await.is(303);
        // Nia registers too. The link of the first letter is hers all the same, as the mailbox is.
        let nia = house.stranger();
        registers(&nia, &way, "nia@new.example", NEW).await.is(303);
        let form = nia.get(&link(&house, "nia@new.example").await).await.is(200).form("form.stack");
        nia.submit(form.with("password", NEW)).await.is(200).says("You belong to North now");
        house.stranger().sign_in("nia@new.example", OTHER).await.is(422);
        house.stranger().sign_in("nia@new.example", NEW).await.is(303);
    }
}

#[actix_web::test]
async fn a_code_and_a_domain_lead_to_the_organization() {
    for house in House::each().await {
        let (su, acme) = (house.person("su@brand.example").await, house.org("Acme"));
        let base = format!("/admin/stores/customers/organizations/{acme}");
        su.get(&base).await.is(200).says("Registration link").says("None yet");
        let page = su.post(&format!("{base}/join-code"), &[]).await.is(303);
        su.follow(page).await.is(200).says("has a new join code").says("Renew the code");
        let code = house.texts("SELECT join_code AS t FROM organizations WHERE join_code IS NOT NULL").remove(0);
        house.run("INSERT INTO organization_domains (store, domain, organization) SELECT store, 'acme.example', key FROM organizations WHERE name = 'Acme' AND id = 'ID'".replace("ID", &acme).as_str());
        let stranger = house.stranger();
        let form = stranger.get(JOIN).await.is(200).stays_inert().form("form.stack");
        let page = stranger.submit(form.clone().with("email", "nia@ACME.example")).await.is(303);
        stranger.follow(page).await.is(200).says("Join Acme");
        let page = stranger.submit(form.clone().with("email", "nia@new.example").with("code", &code.to_lowercase())).await.is(303);
        let page = stranger.follow(page).await.is(200).says("Join Acme");
        assert_eq!(page.form("form.stack").value("email"), "nia@new.example");
        stranger.submit(form.clone().with("email", "nia@new.example")).await.is(422).says("Enter the code");
        for _ in 0..20 {
            stranger.submit(form.clone().with("email", "nia@new.example").with("code", "AAAAAAAAAA")).await;
        }
        stranger.submit(form.with("email", "nia@new.example").with("code", &code)).await.is(429);
    }
}

#[actix_web::test]
async fn a_founder_learns_only_after_the_mail_that_the_name_is_taken() {
    for house in House::each().await {
        house.run("UPDATE roles SET auto_first = TRUE WHERE name = 'Admin'");
        let nia = house.stranger();
        let form = nia.get(&format!("{JOIN}/organization")).await.is(200).says("You will be the first person there.").form("form.stack");
        let form = form.with("name", "Nia New").with("email", "nia@new.example").with("password", NEW);
        nia.submit(form.clone().with("organization", "x")).await.is(422).says("A name has 2 to 64 characters");
        let page = nia.submit(form.with("organization", "GLOBEX")).await.is(303);
        nia.follow(page).await.is(200).says("Check your mail").never_says("already");
        let form =
            nia.get(&link(&house, "nia@new.example").await).await.is(200).says("Set up GLOBEX").form("form.stack").with("password", NEW);
        nia.submit(form.clone()).await.is(422).says("GLOBEX");
        nia.submit(form.with("organization", "Nia & Co"))
            .await
            .is(200)
            .says("You belong to Nia & Co now")
            .says("Create child organizations");
        let holders = "SELECT a.email AS t FROM role_assignments ra JOIN accounts a ON a.key = ra.account JOIN roles r ON r.key = ra.role \
             JOIN organizations o ON o.key = ra.organization WHERE o.name = 'Nia & Co' AND r.name = 'Admin'";
        assert_eq!(house.texts(holders), ["nia@new.example"]);
        nia.get("/portal").await.is(303);
    }
}

#[actix_web::test]
async fn who_switches_registration_on_reads_what_it_gives() {
    for house in House::each().await {
        house.run("UPDATE roles SET auto_every = TRUE WHERE name = 'Greeter'");
        house.run("UPDATE roles SET auto_first = TRUE WHERE name = 'Admin'");
        let su = house.person("su@brand.example").await;
        for path in
            ["/admin/stores/customers/settings".to_owned(), format!("/admin/stores/customers/organizations/{}/edit", house.org("Acme"))]
        {
            let page = su.get(&path).await.is(200).says("Greeter").says("Admin, only the first person in each organization");
            page.says("It holds Delete rights.");
        }
        su.get("/admin/stores/customers/settings").await.is(200).says("http://localhost:8080/join/customers/organization");
    }
}

#[actix_web::test]
async fn one_address_registers_only_so_many() {
    for house in House::each().await {
        let (stranger, way) = (house.stranger(), way(&house, "Acme/North"));
        registers(&stranger, &way, "first@new.example", NEW).await.is(303);
        house.run("UPDATE throttles SET failures = 19 WHERE name LIKE 'join@%'");
        registers(&stranger, &way, "second@new.example", NEW).await.is(303);
        registers(&stranger, &way, "third@new.example", NEW).await.is(429);
        assert_eq!(house.texts("SELECT email AS t FROM registrations ORDER BY key"), ["first@new.example", "second@new.example"]);
        registers(&house.stranger(), &way, "third@new.example", NEW).await.is(303);
    }
}

#[actix_web::test]
async fn whoever_has_an_account_signs_in_and_joins_with_it() {
    for house in House::each().await {
        house.run("UPDATE roles SET auto_every = TRUE WHERE name = 'Greeter'");
        registers(&house.stranger(), &way(&house, "Acme/South"), "paul@acme.example", OTHER).await.is(303);
        let link = link(&house, "paul@acme.example").await;
        let paul = house.stranger();
        let before = house.state();
        let form = paul.get(&link).await.is(200).stays_inert().says("Join South").says("sign in with it to join").form("form.stack");
        let page = paul.submit(form).await.is(303);
        let to = page.leads_to().unwrap().to_owned();
        assert!(to.starts_with("/signin/customers?next=/join/confirm/"), "{to}");
        before.assert_still(&house, "Nobody has signed in");
        // The password that was typed when registering opens nothing; nor does somebody else's session.
        paul.post("/signin/customers", &[("identifier", "paul@acme.example"), ("password", OTHER)]).await.is(422);
        let uwe = house.person("uwe@globex.example").await;
        uwe.get(&link).await.is(200).says("You are signed in with another account");
        assert!(uwe.post(&link, &[]).await.leads_to().unwrap().starts_with("/signin/customers"));
        let fields = [("identifier", "paul@acme.example"), ("password", crate::house::PASSWORD), ("next", &*link)];
        let page = paul.post("/signin/customers", &fields).await.is(303);
        assert_eq!(page.leads_to(), Some(&*link));
        let name = house.texts("SELECT name AS t FROM accounts WHERE email = 'paul@acme.example'");
        let form = paul.get(&link).await.is(200).says("You have an account.").never_says("Password").form("form.stack");
        let page = paul.submit(form).await.is(200).says("You belong to South now").says("Because you hold Greeter.");
        page.never_says("is confirmed").stays_inert();
        assert_eq!(house.holders("Acme/South", "Greeter"), ["paul@acme.example"]);
        assert_eq!(house.texts("SELECT name AS t FROM accounts WHERE email = 'paul@acme.example'"), name, "nothing else of it");
        let event = &house.events("registration.confirm")[0];
        assert_eq!((event.actor.as_str(), event.detail["roles"][0].as_str()), ("Paul Plain", Some("Greeter")));
        paul.get(&link).await.is(404);
    }
}

#[actix_web::test]
async fn who_was_a_member_before_gets_no_automatic_role_and_no_way_of_joining_lifts_a_block() {
    for house in House::each().await {
        house.run("UPDATE roles SET auto_every = TRUE WHERE name = 'Greeter'");
        house.run("UPDATE memberships SET status = 'blocked' WHERE account = (SELECT key FROM accounts WHERE email = 'paul@acme.example')");
        registers(&house.stranger(), &way(&house, "Acme/North"), "paul@acme.example", OTHER).await.is(303);
        let paul = house.person("paul@acme.example").await;
        let link = link(&house, "paul@acme.example").await;
        let form = paul.get(&link).await.is(200).form("form.stack");
        paul.submit(form).await.is(200).says("You belonged to North before").says("Nothing was changed.");
        assert!(house.holders("Acme/North", "Greeter").is_empty());
        let statuses = "SELECT m.status AS t FROM memberships m JOIN accounts a ON a.key = m.account WHERE a.email = 'paul@acme.example'";
        assert_eq!(house.texts(statuses), ["blocked"]);
    }
}

#[actix_web::test]
async fn a_signed_in_person_founds_an_organization_with_the_account_that_they_have() {
    for house in House::each().await {
        house.run("UPDATE roles SET auto_first = TRUE WHERE name = 'Admin'");
        let form = house.stranger();
        let page = form.get(&format!("{JOIN}/organization")).await.is(200).form("form.stack");
        let page = page.with("organization", "GLOBEX").with("name", "X").with("email", "paul@acme.example").with("password", NEW);
        form.submit(page).await.is(303);
        let paul = house.person("paul@acme.example").await;
        let link = link(&house, "paul@acme.example").await;
        let form = paul.get(&link).await.is(200).says("Set up GLOBEX").form("form.stack");
        paul.submit(form.clone()).await.is(422).says("GLOBEX");
        paul.submit(form.with("organization", "Paul & Co")).await.is(200).says("You belong to Paul & Co now");
        let holders = "SELECT a.email AS t FROM role_assignments ra JOIN accounts a ON a.key = ra.account JOIN roles r ON r.key = ra.role \
             JOIN organizations o ON o.key = ra.organization WHERE o.name = 'Paul & Co' AND r.name = 'Admin'";
        assert_eq!(house.texts(holders), ["paul@acme.example"]);
    }
}

#[actix_web::test]
async fn an_address_that_its_owner_has_not_confirmed_joins_nothing() {
    for house in House::each().await {
        registers(&house.stranger(), &way(&house, "Acme/South"), "paul@acme.example", OTHER).await.is(303);
        let paul = house.person("paul@acme.example").await;
        house.run("UPDATE identifiers SET confirmed = FALSE WHERE folded = 'paul@acme.example'");
        paul.post(&link(&house, "paul@acme.example").await, &[]).await.is(403);
        let there = "SELECT count(*) AS n FROM memberships m JOIN organizations o ON o.key = m.organization JOIN accounts a ON a.key = m.account \
             WHERE o.name = 'South' AND a.email = 'paul@acme.example'";
        assert_eq!(house.number(there), 0);
    }
}
