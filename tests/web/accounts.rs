//! Accounts (screens.md 4.6; S-3 to S-8, P-3, P-4, P-6, P-10, E-4): made, edited, blocked, disabled, deleted.

use crate::{house::House, page::Page, person::Person};
use serde_json::json;

const BASE: &str = "/admin/stores/customers/accounts";

fn path(house: &House, identifier: &str) -> String {
    format!("{BASE}/{}", house.acc(identifier))
}

async fn act(person: &Person<'_>, house: &House, identifier: &str, act: &str, fields: &[(&str, &str)]) -> Page {
    person.post(&format!("{}/{act}", path(house, identifier)), fields).await
}

fn status(house: &House, identifier: &str) -> String {
    house.texts(&format!("SELECT status AS t FROM accounts WHERE id = '{}'", house.acc(identifier))).remove(0)
}

fn member(house: &House, identifier: &str, path: &str) -> Vec<String> {
    house.texts(&format!(
        "SELECT m.status AS t FROM memberships m JOIN accounts a ON a.key = m.account JOIN organizations o ON o.key = m.organization \
         WHERE a.id = '{}' AND o.id = '{}'",
        house.acc(identifier),
        house.org(path)
    ))
}

#[actix_web::test]
async fn an_account_is_added_invited_with_its_profile_and_organizations() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let (north, south) = (house.org("Acme/North"), house.org("Acme/South"));
        let form = mona.get(&format!("{BASE}/new?org={north}")).await.is(200).stays_inert().form("form[data-guard]");
        assert_eq!(form.values("org"), [""; 0].to_vec().into_iter().chain([north.as_str()]).collect::<Vec<_>>());
        let form = form
            .with("name", "Nora <b class=\"evil\">New</b>")
            .with("email", " Nora@Acme.example ")
            .with("attr.department", "IT")
            .smuggle("org", &south);
        let page = mona.submit(form.smuggle("status", "active").smuggle("password", "copper kettle sings 7 times")).await.is(303);
        mona.follow(page).await.is(200).stays_inert().says("is added.").says("Was invited and has no password yet.").says("IT");
        let row = house.pairs("SELECT status AS t, coalesce(password_hash, 'none') AS u FROM accounts WHERE email = 'Nora@Acme.example'");
        assert_eq!(row, [("invited".to_owned(), "none".to_owned())]);
        assert_eq!(
            house
                .number("SELECT count(*) AS n FROM memberships m JOIN accounts a ON a.key = m.account WHERE a.email = 'Nora@Acme.example'"),
            2
        );
        assert_eq!(house.number("SELECT count(*) AS n FROM identifiers WHERE folded = 'nora@acme.example' AND NOT confirmed"), 1);
        // It is found, and what somebody else set opens nothing yet (P-6).
        mona.get(&format!("{BASE}?q=nora%40acme")).await.is(200).says("1–1 of 1");
        house.stranger().sign_in("nora@acme.example", crate::house::PASSWORD).await.is(422).says("E-mail or password is wrong.");
        assert_eq!(house.events("account.add")[0].actor, "Mona Manager");
    }
}

#[actix_web::test]
async fn a_bad_account_comes_back_as_typed_and_makes_nothing() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let (north, globex) = (house.org("Acme/North"), house.org("Globex"));
        let before = house.state();
        let long = "x".repeat(1025);
        for (field, value, words) in [
            ("name", "", "Enter a name."),
            ("name", "a\0b", "cannot be printed"),
            ("email", "", "Enter an e-mail address or a user name"),
            ("email", "nora", "Enter an e-mail address like"),
            ("email", "PAUL@acme.example", "belongs to another account of this store"),
            ("username", "nora@acme", "A user name has no @ sign"),
            ("username", "IVY", "belongs to another account of this store"),
            ("attr.department", &long, "The value has at most 1024 characters."),
            ("org", "", "Choose an organization; accounts without one"),
            ("org", &globex, "Choose organizations that you may add accounts to."),
        ] {
            let mut fields = vec![("name", "Nora"), ("email", "nora@acme.example"), ("org", north.as_str())];
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            let page = mona.post(BASE, &fields).await.is(422).says(words);
            if !value.contains('\0') && field != "org" {
                assert_eq!(page.form("form[data-guard]").value(field), value, "{field}");
            }
        }
        before.assert_still(&house, "A bad account");
        // A super administrator adds without an organization.
        let su = house.person("su@brand.example").await;
        su.post(BASE, &[("name", "Lone"), ("username", "lone")]).await.is(303);
    }
}

#[actix_web::test]
async fn a_profile_is_edited_with_before_and_after_and_crossing_edits_are_told() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let edit = format!("{}/profile", path(&house, "p05@acme.example"));
        let (mine, hers) =
            (su.get(&edit).await.is(200).stays_inert().form("form[data-guard]"), mona.get(&edit).await.is(200).form("form[data-guard]"));
        assert_eq!(mine.value("attr.department"), "<b class=\"evil\">IT</b>");
        mona.submit(hers.with("name", "Robert").with("attr.department", "")).await.is(303);
        let event = &house.events("account.profile")[0];
        assert_eq!(event.detail["before"]["attributes"]["department"].as_str(), Some("<b class=\"evil\">IT</b>"));
        assert_eq!(event.detail["after"]["name"].as_str(), Some("Robert"));
        let page = su.submit(mine.with("attr.badge", "7")).await.is(409).says("Somebody changed this account while you were editing.");
        assert_eq!(page.form("form[data-guard]").value("attr.badge"), "7");
        su.submit(page.form("form[data-guard]")).await.is(303);
        let page = mona.get(&format!("{BASE}?q=robert")).await.is(200);
        assert!(page.text().contains("0 of 0") || page.text().contains("No account matches"), "Su saved hers over it");
        su.submit(su.get(&edit).await.is(200).form("form[data-guard]").without("name").with("name", ""))
            .await
            .is(422)
            .says("Enter a name.");
    }
}

#[actix_web::test]
async fn a_sign_in_name_that_somebody_else_sets_opens_nothing_until_it_is_confirmed() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let paul = house.person("paul@acme.example").await;
        let form = mona.get(&format!("{}/identifiers", path(&house, "paul@acme.example"))).await.is(200).form("#identifiers-form");
        let changed = form.clone().with("email", "mona.evil@acme.example");
        let page = mona.submit(changed).await.is(303);
        mona.follow(page).await.is(200).says("E-mail becomes mona.evil@acme.example").says("Not confirmed");
        // The new one opens nothing; the old one goes on, and who was signed in stays so (P-6).
        house.stranger().sign_in("mona.evil@acme.example", crate::house::PASSWORD).await.is(422);
        house.stranger().sign_in("paul@acme.example", crate::house::PASSWORD).await.is(303);
        paul.get("/me").await.is(200).says("mona.evil@acme.example").says("asked for this");
        // The old form is stale now; the same names change nothing; a taken one is refused.
        mona.submit(form.without("once").with("email", "x@acme.example")).await.is(409);
        let form = mona.get(&format!("{}/identifiers", path(&house, "tess@acme.example"))).await.is(200).form("#identifiers-form");
        let before = house.state();
        mona.submit(form.clone()).await.is(422).says("Nothing was changed");
        mona.submit(form.clone().with("email", "sam@acme.example")).await.is(422).says("belongs to another account");
        mona.submit(form.with("email", "").with("username", "")).await.is(422).says("one of the two is needed");
        // I-1: nobody changes how an invited account signs in.
        act(&mona, &house, "ivy", "identifiers", &[("username", "ivy2"), ("rev", "1")]).await.is(409).says("before its owner has accepted");
        before.assert_still(&house, "A name that is not to be had");
        // Another spelling of the same stays confirmed.
        let form = mona.get(&format!("{}/identifiers", path(&house, "aud@acme.example"))).await.is(200).form("#identifiers-form");
        mona.submit(form.with("email", "AUD@acme.example")).await.is(303);
        house.person("aud@acme.example").await.get("/me").await.is(200);
    }
}

#[actix_web::test]
async fn disabling_signs_out_everywhere_at_once_and_is_undone_from_the_message() {
    for house in House::each().await {
        let (mona, paul) = (house.person("mona@brand.example").await, house.person("paul@acme.example").await);
        paul.get("/me").await.is(200);
        let page = act(&mona, &house, "paul@acme.example", "disable", &[]).await.is(303);
        let page = mona.follow(page).await.is(200).says("Paul Plain is disabled, and signed out everywhere.");
        let gone = paul.get("/me").await.is(303);
        assert!(gone.leads_to().unwrap().starts_with("/signin"));
        house.stranger().sign_in("paul@acme.example", crate::house::PASSWORD).await.is(422).says("This account is disabled.");
        assert_eq!((status(&house, "paul@acme.example").as_str(), house.events("account.disable").len()), ("disabled", 1));
        let page = mona.submit(page.form(".result-note form")).await.is(303);
        mona.follow(page).await.is(200).says("Undone: 1 account is enabled again.");
        assert_eq!(status(&house, "paul@acme.example"), "active");
        // Sessions do not come back.
        paul.get("/me").await.is(303);
        // Who never had a password is invited again.
        act(&mona, &house, "ivy", "disable", &[]).await.is(303);
        act(&mona, &house, "ivy", "enable", &[]).await.is(303);
        assert_eq!(status(&house, "ivy"), "invited");
        // Disabling what is disabled is recorded, and has nothing to undo.
        let page = act(&mona, &house, "dora@acme.example", "disable", &[]).await.is(303);
        let page = mona.follow(page).await.is(200).says("was disabled already");
        assert!(!page.has(".result-note form"));
    }
}

#[actix_web::test]
async fn what_somebody_changed_since_cannot_be_undone() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let page = act(&mona, &house, "paul@acme.example", "disable", &[]).await.is(303);
        let undo = mona.follow(page).await.is(200).form(".result-note form");
        // Somebody else disables it once more: recorded, and the end of the first one's undo (W-3).
        act(&su, &house, "paul@acme.example", "disable", &[]).await.is(303);
        mona.submit(undo).await.is(409).says("can no longer be undone");
        assert_eq!(status(&house, "paul@acme.example"), "disabled");
        // After ten minutes the message's button is over; the log's is for who may read it.
        let page = act(&mona, &house, "tess@acme.example", "disable", &[]).await.is(303);
        let undo = mona.follow(page).await.is(200).form(".result-note form");
        let ina = house.person("ina@acme.example").await;
        let token = ina.token().await;
        ina.post_raw(&undo.action, &[], &[("csrf", &token)]).await.is(404);
        house.wait_minutes(11);
        mona.submit(undo).await.is(303);
        assert_eq!(status(&house, "tess@acme.example"), "active");
    }
}

#[actix_web::test]
async fn an_act_on_the_account_needs_the_right_in_every_organization_it_belongs_to() {
    for house in House::each().await {
        // Karl belongs to Acme/North and to Globex.
        let mona = house.person("mona@brand.example").await;
        let karl = "p18@acme.example";
        let page = mona.get(&path(&house, karl)).await.is(200).says("Belongs to 1 organization outside your reach").never_says("Globex");
        assert!(!page.has("form[action$='/disable']") && page.has("[aria-disabled=true]"));
        let before = house.state();
        for (what, fields) in [
            ("disable", vec![]),
            ("enable", vec![]),
            ("sessions/end", vec![]),
            ("groups", vec![]),
            ("delete", vec![]),
            ("profile", vec![("name", "Karl"), ("rev", "1")]),
            ("identifiers", vec![("email", "k@acme.example"), ("rev", "1")]),
        ] {
            act(&mona, &house, karl, what, &fields).await.is(403).says("outside your reach");
        }
        before.assert_still(&house, "An account that belongs elsewhere too");
        // Its membership in her organization she may block all the same.
        act(&mona, &house, karl, "memberships/block", &[("org", &house.org("Acme/North"))]).await.is(303);
        assert_eq!(member(&house, karl, "Acme/North"), ["blocked"]);
        act(&mona, &house, karl, "memberships/block", &[("org", &house.org("Globex"))]).await.is(404);
        act(&mona, &house, karl, "memberships/unblock", &[("org", &house.org("Acme/North"))]).await.is(303);
    }
}

#[actix_web::test]
async fn nobody_acts_on_themselves_or_on_who_holds_more() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Scoper", "kind": "other", "permissions": ["scope.add"] }],
            "grants": [{ "role": "Scoper", "store": "Customers", "account": "tess@acme.example", "starts": "2027-06-01T00:00:00Z",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let before = house.state();
        for what in ["disable", "delete", "sessions/end", "groups"] {
            act(&mona, &house, "tess@acme.example", what, &[]).await.is(403).says("Holds more than you do");
        }
        act(&mona, &house, "tess@acme.example", "memberships/block", &[("org", &house.org("Acme/North"))]).await.is(403);
        let me = format!("/admin/stores/administrators/accounts/{}", house.acc_of("administrators", "su@brand.example"));
        for what in ["disable", "delete", "sessions/end"] {
            su.post(&format!("{me}/{what}"), &[]).await.is(403).says("This is you.");
        }
        before.assert_still(&house, "Somebody above, or oneself");
        act(&su, &house, "tess@acme.example", "disable", &[]).await.is(303);
    }
}

#[actix_web::test]
async fn the_last_super_administrator_stays_whatever_is_tried() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let sy = format!("/admin/stores/administrators/accounts/{}", house.acc_of("administrators", "sy@brand.example"));
        let root = house.org_of("administrators", "");
        // Su's grant ends; Sy is the last one who can be relied on.
        house.run(&format!(
            "UPDATE grants SET ends = {} WHERE account = (SELECT key FROM accounts WHERE email = 'su@brand.example')",
            house.now().plus_seconds(86_400).micros()
        ));
        let before = house.state();
        su.post(&format!("{sy}/disable"), &[]).await.is(409).says("This would leave no super administrator");
        su.post(&format!("{sy}/delete"), &[]).await.is(409);
        su.post(&format!("{sy}/memberships/block"), &[("org", &root)]).await.is(409);
        su.post(&format!("{sy}/memberships/remove"), &[("org", &root)]).await.is(409);
        before.assert_still(&house, "The end of super administrators");
        // Another address waits for Sy; the one that Sy has goes on.
        su.post(&format!("{sy}/identifiers"), &[("email", "sy2@brand.example"), ("rev", "1")]).await.is(303);
        house.stranger().sign_in("sy@brand.example", crate::house::PASSWORD).await.is(303);
    }
}

#[actix_web::test]
async fn memberships_are_made_by_hand_only_between_organizations_of_ones_own() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let (south, globex) = (house.org("Acme/South"), house.org("Globex"));
        let page = act(&mona, &house, "tess@acme.example", "memberships", &[("org", &south)]).await.is(303);
        mona.follow(page).await.is(200).says("Tess Holder is a member of South now.");
        assert_eq!(member(&house, "tess@acme.example", "Acme/South"), ["active"]);
        let before = house.state();
        act(&mona, &house, "tess@acme.example", "memberships", &[("org", &south)]).await.is(409).says("is a member of South already");
        // No way of joining changes the status of a membership.
        act(&mona, &house, "bo@acme.example", "memberships", &[("org", &house.org("Acme"))]).await.is(409);
        act(&mona, &house, "tess@acme.example", "memberships", &[("org", &globex)]).await.is(404);
        act(&mona, &house, "q01@globex.example", "memberships", &[("org", &south)]).await.is(404);
        act(&mona, &house, "tess@acme.example", "memberships", &[("org", &house.org_of("partners", "Zeta"))]).await.is(404);
        before.assert_still(&house, "A membership beyond reach");
        act(&su, &house, "nemo", "memberships", &[("org", &south)]).await.is(303);
    }
}

#[actix_web::test]
async fn removing_a_membership_lists_what_ends_with_it_and_ends_it() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let north = house.org("Acme/North");
        let page = mona.get(&format!("{}/memberships/remove?org={north}", path(&house, "tess@acme.example"))).await.is(200);
        let page = page.says("These roles end with it").says("Org auditor");
        let done = mona.submit(page.form("#leave-form")).await.is(303);
        // Tess belonged nowhere else, so she is out of Mona's sight now.
        mona.follow(done).await.is(200).says("Tess Holder is no longer a member of North.");
        assert!(member(&house, "tess@acme.example", "Acme/North").is_empty());
        assert!(house.holders("Acme/North", "Org auditor").is_empty());
        mona.get(&path(&house, "tess@acme.example")).await.is(404);
        // Kept, where that is asked for.
        act(&mona, &house, "aud@acme.example", "memberships/remove", &[("org", &house.org("Acme")), ("keep", "on")]).await.is(303);
        assert_eq!(house.holders("Acme", "Org auditor"), ["aud@acme.example"]);
    }
}

#[actix_web::test]
async fn a_blocked_member_who_holds_roles_there_is_not_removed_before_them() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let acme = house.org("Acme");
        act(&mona, &house, "aud@acme.example", "memberships/block", &[("org", &acme)]).await.is(303);
        let before = house.state();
        act(&mona, &house, "aud@acme.example", "memberships/remove", &[("org", &acme)]).await.is(409).says("Take these away first.");
        before.assert_still(&house, "A blocked member with roles");
        let page = act(&mona, &house, "aud@acme.example", "memberships/block", &[("org", &acme)]).await.is(303);
        let page = mona.follow(page).await.is(200).says("is blocked in Acme already");
        assert!(!page.has(".result-note form"));
        assert_eq!(house.events("membership.block").len(), 2);
    }
}

#[actix_web::test]
async fn a_deleted_account_takes_everything_with_it_but_the_log() {
    for house in House::each().await {
        let (su, mona) = (house.person("su@brand.example").await, house.person("mona@brand.example").await);
        let id = house.acc("tess@acme.example");
        let page = mona.get(&format!("{BASE}/{id}/delete")).await.is(200).says("1 membership, 1 role assignment");
        let page = mona.submit(page.form("#delete-form")).await.is(303);
        mona.follow(page).await.is(200).says("Tess Holder is deleted.");
        mona.get(&format!("{BASE}/{id}")).await.is(404);
        for table in ["memberships", "role_assignments", "identifiers", "sessions"] {
            assert_eq!(house.number(&format!("SELECT count(*) AS n FROM {table} WHERE account NOT IN (SELECT key FROM accounts)")), 0);
        }
        assert_eq!(house.number(&format!("SELECT count(*) AS n FROM event_subjects WHERE id = '{id}'")), 1);
        // A new account with the same e-mail starts with nothing (S-8).
        su.post(BASE, &[("name", "Tess again"), ("email", "tess@acme.example"), ("org", &house.org("Acme/North"))]).await.is(303);
        let fresh = house.texts("SELECT id AS t FROM accounts WHERE email = 'tess@acme.example'").remove(0);
        assert_ne!(fresh, id);
        assert!(house.holders("Acme/North", "Org auditor").is_empty());
    }
}

#[actix_web::test]
async fn deleting_who_handed_grants_on_asks_what_becomes_of_them() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1, "grants": [
            { "role": "Viewer", "store": "Customers", "account": "oda@acme.example", "cascading": true, "key": "top",
              "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } },
            { "role": "Viewer", "store": "Customers", "account": "paul@acme.example", "through": "top", "key": "below",
              "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let (su, mona, paul) =
            (house.person("su@brand.example").await, house.person("mona@brand.example").await, house.person("paul@acme.example").await);
        paul.get("/admin").await.is(200);
        // Mona covers what Oda holds, but the grant is not hers to revoke (D-10).
        let before = house.state();
        house.import(
            json!({ "bailiwick": 1, "administrator_roles": [{ "name": "Viewer", "kind": "other", "permissions": ["user.view"] }] }),
        );
        let page = act(&mona, &house, "oda@acme.example", "delete", &[]).await;
        assert_eq!(page.status, 403, "{}", page.text());
        drop(before);
        let page = su
            .get(&format!("{}/delete", path(&house, "oda@acme.example")))
            .await
            .is(200)
            .says("Paul Plain")
            .says("Take it from them too")
            .says("Keep theirs, under me");
        let form = page.form("#delete-form");
        su.submit(form.with("handed_on", "keep")).await.is(303);
        paul.get("/admin").await.is(200);
        assert_eq!(house.number("SELECT count(*) AS n FROM grants g JOIN accounts a ON a.key = g.account WHERE a.email = 'paul@acme.example' AND g.through IS NULL"), 1);
    }
}

#[actix_web::test]
async fn sessions_of_others_are_ended_one_by_one_and_all_at_once() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let (one, two) = (house.person("paul@acme.example").await, house.person("paul@acme.example").await);
        let page = mona.get(&format!("{}?tab=sign-in", path(&house, "paul@acme.example"))).await.is(200);
        assert_eq!(page.rows().len().max(page.texts("tbody tr").len()), 2);
        let session = page.attribute("input[name=session]", "value");
        act(&mona, &house, "paul@acme.example", "sessions/end", &[("session", &session)]).await.is(303);
        let open = [one.get("/me").await.status, two.get("/me").await.status];
        assert_eq!(open.iter().filter(|status| **status == 200).count(), 1);
        act(&mona, &house, "paul@acme.example", "sessions/end", &[]).await.is(303);
        assert_eq!([one.get("/me").await.status, two.get("/me").await.status], [303, 303]);
        // Somebody else's session is none of Paul's.
        let ina = house.person("ina@acme.example").await;
        let hers = house
            .texts("SELECT s.id AS t FROM sessions s JOIN accounts a ON a.key = s.account WHERE a.email = 'ina@acme.example'")
            .remove(0);
        act(&mona, &house, "paul@acme.example", "sessions/end", &[("session", &hers)]).await.is(404);
        ina.get("/me").await.is(200);
    }
}

#[actix_web::test]
async fn groups_are_those_of_the_store_and_no_others() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let group = house.texts("SELECT name AS t FROM account_groups").remove(0);
        act(&mona, &house, "paul@acme.example", "groups", &[("group", &group)]).await.is(303);
        assert_eq!(house.number("SELECT count(*) AS n FROM account_group_members"), 2);
        let before = house.state();
        act(&mona, &house, "paul@acme.example", "groups", &[("group", "Kings")]).await.is(422);
        before.assert_still(&house, "A group that is none");
        act(&mona, &house, "paul@acme.example", "groups", &[]).await.is(303);
        assert_eq!(house.number("SELECT count(*) AS n FROM account_group_members"), 1);
    }
}

#[actix_web::test]
async fn two_who_delete_the_same_account_at_the_same_moment_meet_no_error() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        su.token().await;
        sy.token().await;
        let (one, two) =
            tokio::join!(act(&su, &house, "tess@acme.example", "delete", &[]), act(&sy, &house, "tess@acme.example", "delete", &[]));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 404]);
        assert_eq!(house.events("account.delete").len(), 1);
    }
}

#[actix_web::test]
async fn a_list_is_narrowed_by_chips_that_stay_through_search_order_and_export() {
    for house in House::each().await {
        let (su, mona, vera) =
            (house.person("su@brand.example").await, house.person("mona@brand.example").await, house.person("vera@acme.example").await);
        let base = "/admin/stores/customers/accounts";
        let role = house.role("Org auditor");
        let words = format!("factor=none&from=2026-11-01&role={role}&to=2026-11-30&verified=no");
        house.run(&format!("UPDATE accounts SET created_at = {}", house.now().micros()));
        house.run(&format!("UPDATE accounts SET created_at = 0 WHERE id = '{}'", house.acc("aud@acme.example")));
        let page = su.get(&format!("{base}?{words}")).await.is(200).stays_inert();
        assert_eq!(page.rows().len(), 2, "Gwen and Tess: Aud was made before");
        for chip in
            ["Role: Org auditor", "Verification: Not verified", "Second factor: None", "Created: from 2026-11-01 through 2026-11-30"]
        {
            assert!(page.texts(".chip.on").contains(&chip.to_owned()), "{chip}: {:?}", page.texts(".chip.on"));
        }
        for link in page.attributes("thead a, a[href*='per=50']", "href") {
            assert!(
                ["factor=none", "from=2026-11-01", &format!("role={role}"), "to=2026-11-30", "verified=no"]
                    .iter()
                    .all(|w| link.contains(w)),
                "{link}"
            );
        }
        // Each can be taken away, and the search keeps them.
        assert!(
            page.attributes(".pop a", "href").iter().any(|href| !href.contains("from=") && !href.contains("to=") && href.contains("role="))
        );
        let found = su.submit(page.form("form[role=search]").with("q", "tess")).await.is(200);
        assert_eq!(found.rows().len(), 1);
        let sent = su.post(&format!("{base}/export?{words}"), &[("format", "csv")]).await.is(200);
        assert_eq!(sent.body.lines().count(), 3, "the heading, Gwen and Tess");
        su.get(&format!("{base}?verified=yes")).await.is(200).says("No account matches");

        // What does not exist is said, and narrows nothing.
        let all = su.get(base).await.is(200).rows().len();
        for word in ["role=role_none", "verified=maybe", "factor=two", "from=yesterday", "to=2026-13-01"] {
            let page = su.get(&format!("{base}?{word}")).await.is(200).says(&format!("We ignored “{word}”"));
            assert_eq!(page.rows().len(), all, "{word}");
        }
        // Who may not see authenticators is not told who has none; who sees no roles to choose from chooses none.
        let page = vera.get(&format!("{base}?factor=none")).await.is(200).says("We ignored “factor=none”");
        assert!(!page.text().contains("Second factor") && page.text().contains("Verification"));
        assert_eq!(mona.get(&format!("{base}?role={role}")).await.is(200).rows().len(), 2, "Aud and Tess, in Acme");
    }
}
