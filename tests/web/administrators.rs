//! Administrators > Administrators (screens.md 4.11, 4.12; D-5 to D-11): giving, handing on, changing, revoking.

use crate::{
    house::{House, PASSWORD},
    page::Page,
    person::Person,
};
use serde_json::json;

const BASE: &str = "/admin/administrators";

fn admin_role(house: &House, name: &str) -> String {
    house.texts(&format!("SELECT id AS t FROM administrator_roles WHERE name = '{name}'"))[0].clone()
}

fn scope(house: &House, name: &str) -> String {
    house.texts(&format!("SELECT id AS t FROM scopes WHERE name = '{name}'"))[0].clone()
}

/// A scope of an organization, made past the pages.
fn make_scope(house: &House, name: &str, organization: &str, reach: &str) -> String {
    let folded = name.to_lowercase();
    let id = format!("scope_{}", folded.replace(' ', ""));
    house.run(&format!(
        "INSERT INTO scopes (id, organization, name, name_folded, name_sort, description, reach, rev, created_at, changed_at) \
         SELECT '{id}', key, '{name}', '{folded}', '{folded}', '', '{reach}', 1, 1, 1 FROM organizations WHERE id = '{organization}'"
    ));
    id
}

fn grant(house: &House, account: &str, role: &str) -> String {
    house.texts(&format!(
        "SELECT g.id AS t FROM grants g JOIN accounts a ON a.key = g.account JOIN administrator_roles r ON r.key = g.role \
         WHERE a.id = '{account}' AND r.name = '{role}' ORDER BY g.key DESC"
    ))[0]
        .clone()
}

fn holders(house: &House, role: &str) -> Vec<String> {
    house.texts(&format!(
        "SELECT a.name AS t FROM grants g JOIN accounts a ON a.key = g.account JOIN administrator_roles r ON r.key = g.role \
         WHERE r.name = '{role}' ORDER BY a.name"
    ))
}

/// Gives a role by the form's own fields.
async fn give(person: &Person<'_>, house: &House, account: &str, role: &str, scope: &str, more: &[(&str, &str)]) -> Page {
    let role = admin_role(house, role);
    let mut fields = vec![("account", account), ("role", role.as_str()), ("scope", scope)];
    fields.extend(more);
    person.post(BASE, &fields).await
}

async fn revoke(person: &Person<'_>, grant: &str, handed_on: &str) -> Page {
    person.post(&format!("/admin/grants/{grant}/revoke"), &[("handed_on", handed_on)]).await
}

async fn edit(person: &Person<'_>, house: &House, grant: &str, fields: &[(&str, &str)]) -> Page {
    let rev = house.number(&format!("SELECT rev AS n FROM grants WHERE id = '{grant}'")).to_string();
    let mut all = vec![("rev", rev.as_str())];
    all.extend(fields);
    person.post(&format!("/admin/grants/{grant}"), &all).await
}

#[actix_web::test]
async fn a_super_administrator_gives_a_role_in_three_steps_without_script() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = su.get(&format!("{BASE}/new?store=customers&q=kova")).await.is(200);
        let ana = house.acc("p01@acme.example");
        // A second one is found by another search; the first stays chosen.
        let page = su.submit(page.form("#people").tick("account", &ana).with("q", "lena")).await.is(200).says("1 account chosen");
        let lena = house.acc("p19@acme.example");
        let form = page.form("#people").tick("account", &lena);
        assert_eq!(form.values("account"), [ana.as_str(), lena.as_str()]);
        let path = format!("{BASE}/new/role?account={ana}&account={lena}");
        let page = su.get(&path).await.is(200).says("what 2 accounts may do");
        let role = admin_role(&house, "Helper");
        let form = page.form("main form").with("role", &role).with("scope", &scope(&house, "All of Acme")).with("reason", "Holiday cover");
        let page = su.submit(form).await.is(200);
        page.select("dialog").first().unwrap();
        let page = page
            .says("Give 2 accounts the Helper role?")
            .says("Acme and all below it, now 5 organizations")
            .says("Ana Kovač may not pass this role on.")
            .says("Holiday cover");
        let page = su.submit(page.form("#give-form")).await.is(303);
        su.follow(page).await.is(200).says("2 accounts now hold Helper for Acme and all below it.").says("Lena Moor");
        let event = &house.events("grant.add").pop().unwrap();
        assert_eq!((event.detail["role"].as_str(), event.detail["reason"].as_str()), (Some("Helper"), Some("Holiday cover")));
        // Who holds it already keeps it as it is, and is named.
        let page = give(&su, &house, &ana, "Helper", &scope(&house, "All of Acme"), &[("cascading", "on")]).await.is(303);
        su.follow(page).await.says("Ana Kovač held it already and keeps it as it is.");
        assert_eq!(
            house.number(&format!("SELECT count(*) AS n FROM grants WHERE id = '{}' AND cascading", grant(&house, &ana, "Helper"))),
            0
        );
    }
}

#[actix_web::test]
async fn what_is_given_counts_on_the_next_request_and_in_another_process() {
    use bailiwick::{access::Origin, access::system, clock::Chance, clock::Clock, domain::key::AccountKey, store::Db, store::actors};
    for house in House::each().await {
        let (su, paul) = (house.person("su@brand.example").await, house.person("paul@acme.example").await);
        let id = house.acc("paul@acme.example");
        let key = AccountKey(house.number(&format!("SELECT key AS n FROM accounts WHERE id = '{id}'")));
        let now = house.now();
        let other = Db::open(&house.url(), 1, Clock::from_fn(move || now), Chance::system()).unwrap();
        let may =
            || other.read(&system::signing_in(Origin::default()), |view| actors::find(view, key)).unwrap().unwrap().is_administrator();
        paul.get("/admin").await.is(404);
        assert!(!may());
        give(&su, &house, &id, "Helper", &scope(&house, "All of Acme"), &[]).await.is(303);
        paul.get("/admin").await.is(200);
        assert!(may());
        revoke(&su, &grant(&house, &id, "Helper"), "").await.is(303);
        paul.get("/admin").await.is(404);
        assert!(!may());
    }
}

#[actix_web::test]
async fn a_deputy_hands_on_what_she_holds_and_never_more() {
    for house in House::each().await {
        let dana = house.person("dana@brand.example").await;
        let (acme, north) = (scope(&house, "All of Acme"), make_scope(&house, "North only", &house.org("Acme/North"), "this_and_below"));
        let (ana, anais, gwen) = (house.acc("p01@acme.example"), house.acc("p02@acme.example"), house.acc("q01@globex.example"));
        // Only her own role is offered, and only scopes inside hers.
        let page = dana.get(&format!("{BASE}/new/role?account={ana}")).await.is(200);
        assert_eq!(page.attributes("input[name=role]", "value"), [admin_role(&house, "Deputy")]);
        page.says("North only").never_says("All of Globex").never_says("Everything");

        give(&dana, &house, &ana, "Deputy", &north, &[]).await.is(303);
        let before = house.state();
        for (account, role, scope, more, words) in [
            (&ana, "Helper", &acme, vec![], "Choose a role that you may give."),
            (&anais, "Deputy", &scope(&house, "Everything"), vec![], "There is no such scope in your reach."),
            (&anais, "Deputy", &String::new(), vec![], "Choose a scope"),
            (&gwen, "Deputy", &acme, vec![], "is gone or out of your reach"),
            (&house.acc_of("administrators", "dana@brand.example"), "Deputy", &acme, vec![], "gone or out of your reach"),
            (&house.acc_of("administrators", "su@brand.example"), "Super administrator", &String::new(), vec![], "Choose a role"),
            (&anais, "Deputy", &acme, vec![("ends", "2020-01-01")], "The end lies in the past"),
        ] {
            give(&dana, &house, account, role, scope, &more).await.is(422).says(words);
        }
        before.assert_still(&house, "what she may not hand on");

        // Ana got it without cascading, so it ends with her.
        let ana_signed = house.acc("p01@acme.example");
        house.run(&format!(
            "UPDATE accounts SET password_hash = (SELECT password_hash FROM accounts WHERE id = '{}') WHERE id = '{ana_signed}'",
            house.acc("paul@acme.example")
        ));
        let ana_too = house.person("p01@acme.example").await;
        // She lives in Acme, outside of North: it has effect because Dana's reaches Acme.
        ana_too.get("/admin/stores/customers/organizations").await.is(200).says("North").never_says("South");
        give(&ana_too, &house, &anais, "Deputy", &north, &[]).await.is(404);
        ana_too.get(&format!("{BASE}/new")).await.is(404);

        // What Dana holds ends; what she handed on ends with it, though nothing of it was touched.
        house.run(&format!(
            "UPDATE grants SET ends = {} WHERE id = '{}'",
            house.now().plus_seconds(60).micros(),
            grant(&house, &house.acc_of("administrators", "dana@brand.example"), "Deputy")
        ));
        give(&dana, &house, &anais, "Deputy", &north, &[]).await.is(422).says("It would last longer than the grant");
        house.wait_seconds(61);
        ana_too.get("/admin").await.is(404);
        house.run("UPDATE grants SET ends = NULL WHERE id IN (SELECT g.id FROM grants g JOIN accounts a ON a.key = g.account WHERE a.name = 'Dana Deputy')");
    }
}

/// How many events there are, after those written in the background.
async fn logged(house: &House, wanted: i64) -> i64 {
    for _ in 0..100 {
        if house.number("SELECT count(*) AS n FROM events") >= wanted {
            break;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    house.number("SELECT count(*) AS n FROM events")
}

#[actix_web::test]
async fn three_people_side_by_side_see_and_do_what_is_theirs() {
    for house in House::each().await {
        let (su, dana, ina) =
            (house.person("su@brand.example").await, house.person("dana@brand.example").await, house.person("ina@acme.example").await);
        // What each of them sees on the lists; nothing: no such page.
        let lists = async |path: &str, css: &str| {
            let mut seen = Vec::new();
            for person in [&su, &dana, &ina] {
                let page = person.get(path).await;
                seen.push(if page.status == 200 { page.texts(css) } else { Vec::new() });
            }
            seen
        };
        let names = lists(&format!("{BASE}?per=100"), "tbody th b").await;
        assert!(["Sy Second", "Uwe Outside"].iter().all(|name| names[0].contains(&(*name).to_owned())), "{:?}", names[0]);
        // Dana sees whose scope Acme owns; Ina, who may not hand on nor look at administrators, no list at all.
        assert_eq!(names[1], ["Bo Blocked", "Dana Deputy", "Fay Future", "Ina Inside", "Mona Manager", "Vera Viewer"]);
        assert_eq!(names[2], [""; 0]);
        let scopes = lists("/admin/scopes", "tbody th a").await;
        assert_eq!([scopes[0].len(), scopes[1].len(), scopes[2].len()], [3, 1, 0]);
        assert_eq!(scopes[1], ["All of Acme"]);
        let roles = lists("/admin/administrator-roles", "tbody th a").await;
        assert_eq!([roles[0].len(), roles[1].len(), roles[2].len()], [9, 0, 0]);
        let organizations = lists("/admin/stores/customers/organizations?view=list", "tbody th a").await;
        assert!(organizations[0].contains(&"Globex".to_owned()) && organizations[1].len() == 5);
        assert_eq!(organizations[1], organizations[2], "both have Acme");
        let accounts = lists("/admin/stores/customers/accounts?per=100", "tbody th b").await;
        assert!(accounts[0].len() > accounts[1].len() && accounts[1] == accounts[2]);

        let paul = house.acc("paul@acme.example");
        give(&su, &house, &paul, "Deputy", &scope(&house, "All of Acme"), &[]).await.is(303);
        let of_paul = grant(&house, &paul, "Deputy");
        let (deputy, helper) = (admin_role(&house, "Deputy"), admin_role(&house, "Helper"));
        let (acme, everything) = (scope(&house, "All of Acme"), scope(&house, "Everything"));
        let organization = |path: &str| format!("/admin/stores/customers/organizations/{}", house.org(path));
        let account = |name: &str| format!("/admin/stores/customers/accounts/{}", house.acc(name));
        let to_globex = [("parent", house.org("Globex"))];
        let before = house.state();
        // Hand-made requests of the delegate with and without cascading rights: the same ones, and those that only one of
        // them may hope for.
        let rev = |more: &[(&'static str, String)]| [&[("rev", "1".to_owned()), ("handed_on", "revoke".into())], more].concat();
        for (person, path, fields, status) in [
            (&ina, format!("/admin/grants/{of_paul}/revoke"), rev(&[]), 404),
            (&dana, format!("/admin/grants/{of_paul}/revoke"), rev(&[]), 403),
            (&ina, format!("/admin/grants/{of_paul}"), rev(&[]), 404),
            (&dana, format!("/admin/grants/{of_paul}"), rev(&[]), 403),
            (&dana, format!("/admin/grants/{}/revoke", grant(&house, &house.acc("uwe@globex.example"), "Helper")), rev(&[]), 404),
            (&ina, BASE.to_owned(), vec![("account", paul.clone()), ("role", helper.clone()), ("scope", acme.clone())], 404),
            (&ina, format!("/admin/scopes/{acme}"), rev(&[("name", "Mine".into()), ("org", house.org("Acme"))]), 404),
            (
                &dana,
                format!("/admin/scopes/{acme}"),
                rev(&[("name", "Mine".into()), ("org", house.org("Acme")), ("reach", "this".into())]),
                403,
            ),
            (&dana, format!("/admin/scopes/{everything}"), rev(&[("name", "Mine".into()), ("org", house.org("Acme"))]), 404),
            (&ina, format!("/admin/administrator-roles/{helper}"), rev(&[("name", "Helper".into()), ("perm", "user.delete".into())]), 404),
            (&dana, format!("/admin/administrator-roles/{deputy}"), rev(&[("name", "Deputy".into()), ("perm", "user.delete".into())]), 404),
            (&ina, format!("{}/move", organization("Acme/North")), to_globex.to_vec(), 403),
            (&dana, format!("{}/deactivate", organization("Acme/North")), Vec::new(), 403),
            (&dana, format!("{}/move", organization("Globex/Labs")), to_globex.to_vec(), 404),
            (&ina, format!("{}/disable", account("oda@acme.example")), Vec::new(), 403),
            (&dana, format!("{}/disable", account("q01@globex.example")), Vec::new(), 404),
            (&dana, format!("{}/disable", account("p18@acme.example")), Vec::new(), 403),
        ] {
            let events = house.number("SELECT count(*) AS n FROM events");
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            person.post(&path, &fields).await.is(status);
            assert_eq!(logged(&house, events + 1).await, events + 1, "{path}");
            let last = house.texts("SELECT outcome AS t FROM events ORDER BY key DESC LIMIT 1");
            assert_eq!(last, ["refused"], "{path}");
        }
        before.assert_still(&house, "requests of people who may not");
        dana.get(&format!("/admin/grants/{of_paul}")).await.is(200).says("Only super administrators, and those through whose grants");
        su.get(&format!("/admin/grants/{of_paul}")).await.is(200).says("In effect");
    }
}

/// Dana hands on to Ana, who may hand on too, and does so to Anaïs, who does so to Diana.
async fn chain(house: &House) -> [String; 3] {
    let acme = scope(house, "All of Acme");
    let hash = format!("(SELECT password_hash FROM accounts WHERE id = '{}')", house.acc("paul@acme.example"));
    for email in ["p01@acme.example", "p02@acme.example", "p03@acme.example"] {
        house.run(&format!("UPDATE accounts SET password_hash = {hash} WHERE id = '{}'", house.acc(email)));
    }
    let people = [house.acc("p01@acme.example"), house.acc("p02@acme.example"), house.acc("p03@acme.example")];
    for (giver, to) in ["dana@brand.example", "p01@acme.example", "p02@acme.example"].iter().zip(&people) {
        give(&house.person(giver).await, house, to, "Deputy", &acme, &[("cascading", "on")]).await.is(303);
    }
    people.map(|account| grant(house, &account, "Deputy"))
}

#[actix_web::test]
async fn revoking_in_the_middle_of_a_chain_takes_all_below_or_hangs_it_under_the_revoker() {
    for house in House::each().await {
        let [ana, anais, diana] = chain(&house).await;
        let dana = house.person("dana@brand.example").await;
        let page = dana.get(&format!("/admin/grants/{anais}")).await.is(200);
        assert_eq!(page.texts(".chain li").iter().map(|line| line.split("  ").next().unwrap().to_owned()).collect::<Vec<_>>().len(), 4);
        let page =
            dana.get(&format!("/admin/grants/{ana}/revoke")).await.is(200).says("Handed on to 2 people").says("Keep theirs, under me");
        // Kept: Anaïs hangs under Dana now, and Diana under Anaïs as before.
        let form = page.form("#revoke-form").with("handed_on", "keep");
        dana.submit(form).await.is(303);
        assert_eq!(holders(&house, "Deputy"), ["Anaïs Bonnet", "Dana Deputy", "Diana Prinz"]);
        let through =
            |id: &str| house.texts(&format!("SELECT u.id AS t FROM grants g JOIN grants u ON u.key = g.through WHERE g.id = '{id}'"));
        assert_eq!(through(&anais), [grant(&house, &house.acc_of("administrators", "dana@brand.example"), "Deputy")]);
        assert_eq!(through(&diana), std::slice::from_ref(&anais));
        house.person("p03@acme.example").await.get("/admin").await.is(200);
        // Taken: all below go.
        revoke(&dana, &anais, "revoke").await.is(303);
        assert_eq!(holders(&house, "Deputy"), ["Dana Deputy"]);
        let event = house.events("grant.revoke").pop().unwrap();
        assert_eq!(event.detail["revoked_too"][0], "Diana Prinz");
    }
}

#[actix_web::test]
async fn narrowing_a_grant_asks_what_becomes_of_what_exceeds_it() {
    for house in House::each().await {
        let [ana, anais, _] = chain(&house).await;
        let dana = house.person("dana@brand.example").await;
        // Sooner than what hangs on it: the page asks, and nothing is changed yet.
        let before = house.state();
        edit(&dana, &house, &ana, &[("cascading", "on"), ("ends", "2026-12-31")])
            .await
            .is(409)
            .says("This reaches less than what was handed on through it.")
            .says("Handed on to 2 people");
        before.assert_still(&house, "a question");
        edit(&dana, &house, &ana, &[("cascading", "on"), ("ends", "2026-12-31"), ("handed_on", "keep")]).await.is(303);
        assert_eq!(holders(&house, "Deputy").len(), 4);
        assert!(
            house.texts(&format!("SELECT u.id AS t FROM grants g JOIN grants u ON u.key = g.through WHERE g.id = '{anais}'"))[0] != ana
        );
        // No longer to be handed on: nothing hangs on it any more, so nothing is asked.
        edit(&dana, &house, &ana, &[("ends", "2026-12-31")]).await.is(303);
        // Diana hangs on Anaïs; with cascading switched off there she goes.
        edit(&dana, &house, &anais, &[("handed_on", "revoke")]).await.is(303);
        assert_eq!(holders(&house, "Deputy"), ["Ana Kovač", "Anaïs Bonnet", "Dana Deputy"]);
        // Longer than Dana holds it herself is not hers to give.
        let own = grant(&house, &house.acc_of("administrators", "dana@brand.example"), "Deputy");
        house.run(&format!("UPDATE grants SET ends = {} WHERE id = '{own}'", house.now().plus_seconds(400 * 86_400).micros()));
        house.run(&format!("UPDATE grants SET ends = {} WHERE through IS NOT NULL", house.now().plus_seconds(300 * 86_400).micros()));
        edit(&dana, &house, &ana, &[("ends", "2029-01-01")]).await.is(422).says("It would last longer");
    }
}

#[actix_web::test]
async fn nobody_touches_their_own_grant_nor_one_above_it() {
    for house in House::each().await {
        let [ana, anais, diana] = chain(&house).await;
        let (ana_too, anais_too) = (house.person("p01@acme.example").await, house.person("p02@acme.example").await);
        let own = grant(&house, &house.acc_of("administrators", "dana@brand.example"), "Deputy");
        let su = house.person("su@brand.example").await;
        let before = house.state();
        revoke(&anais_too, &anais, "revoke").await.is(403);
        revoke(&anais_too, &ana, "revoke").await.is(403);
        revoke(&anais_too, &own, "revoke").await.is(403);
        edit(&anais_too, &house, &ana, &[("reason", "mine now")]).await.is(403);
        anais_too.get(&format!("/admin/grants/{anais}")).await.is(200).says("This is your own grant.");
        revoke(&su, &grant(&house, &house.acc_of("administrators", "su@brand.example"), "Super administrator"), "").await.is(403);
        before.assert_still(&house, "acts on one's own chain");
        // Ana is above Diana, though not directly.
        revoke(&ana_too, &diana, "revoke").await.is(303);
        // Two edit the same grant: the second hears of the first.
        let page = ana_too.get(&format!("/admin/grants/{anais}")).await.is(200);
        let form = page.form("#grant-form").with("reason", "mine");
        edit(&house.person("dana@brand.example").await, &house, &anais, &[("cascading", "on"), ("reason", "theirs")]).await.is(303);
        let page = ana_too.submit(form).await.is(409).says("Somebody changed this grant while you were editing.");
        assert_eq!(page.attribute("#reason", "value"), "mine");
    }
}

#[actix_web::test]
async fn a_super_administrator_is_made_of_roots_people_alone_and_asks_for_the_password_again() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let (ana, rita) = (house.acc("p01@acme.example"), house.acc_of("administrators", "rita@brand.example"));
        give(&su, &house, &ana, "Super administrator", "", &[("password", PASSWORD)])
            .await
            .is(422)
            .says("Only active members of the root organization become super administrators.");
        house.wait_seconds(601);
        let page = give(&su, &house, &rita, "Super administrator", "", &[]).await.is(422).says("Enter your password to go on.");
        su.submit(page.form("#give-form").with("password", "wrong wrong wrong")).await.is(422).says("This is not your password.");
        assert_eq!(holders(&house, "Super administrator"), ["Su Super", "Sy Second"]);
        give(&su, &house, &rita, "Super administrator", "", &[("password", PASSWORD)]).await.is(303);
        give(&su, &house, &house.acc_of("administrators", "otto@brand.example"), "Super administrator", "", &[("cascading", "on")])
            .await
            .is(422)
            .says("never handed on by cascading");
        assert_eq!(holders(&house, "Super administrator"), ["Rita Roles", "Su Super", "Sy Second"]);
    }
}

#[actix_web::test]
async fn the_last_super_administrator_stays_whatever_is_tried_and_two_at_once_too() {
    for house in House::each().await {
        let (su, sy) = (house.person("su@brand.example").await, house.person("sy@brand.example").await);
        let of = |email: &str| grant(&house, &house.acc_of("administrators", email), "Super administrator");
        let (of_su, of_sy) = (of("su@brand.example"), of("sy@brand.example"));
        let paths = [format!("/admin/grants/{of_sy}/revoke"), format!("/admin/grants/{of_su}/revoke")];
        let (one, other) = futures_join(su.post(&paths[0], &[]), sy.post(&paths[1], &[])).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 303, "one of them is done");
        assert!([401, 404].contains(&statuses[1]), "the other one has nobody any more who may: {statuses:?}");
        assert_eq!(holders(&house, "Super administrator").len(), 1);
        // The one who is left cannot be dated either, and cannot do it to themselves.
        let left = if one.status == 303 { (&su, &of_su) } else { (&sy, &of_sy) };
        edit(left.0, &house, left.1, &[("ends", "2027-01-01")]).await.is(403);
        assert_eq!(holders(&house, "Super administrator").len(), 1);
    }
}

/// Both at once.
async fn futures_join<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|context| {
        use std::task::Poll;
        if first.is_none()
            && let Poll::Ready(done) = one.as_mut().poll(context)
        {
            first = Some(done);
        }
        if second.is_none()
            && let Poll::Ready(done) = other.as_mut().poll(context)
        {
            second = Some(done);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

#[actix_web::test]
async fn the_page_of_an_administrator_says_what_has_effect_and_what_has_none_and_why() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let page = async |email: &str| su.get(&format!("{BASE}/{}", house.acc(email))).await.is(200);
        page("ina@acme.example").await.says("In effect").says("View user information").says("Helper: Acme and all below it");
        page("bo@acme.example").await.says("No effect").says("The holder is blocked in the organization that owns its scope.");
        page("fay@acme.example").await.says("It starts on 1 Jan 2027");
        page("ezra@acme.example").await.says("It ended on 1 Nov 2026");
        page("twin@twins.example").await.says("The holder is no active member of the root organization.");
        su.get(&format!("{BASE}/{}", house.acc("paul@acme.example"))).await.is(404);
    }
}

#[actix_web::test]
async fn what_ends_soon_is_listed_and_extended() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let paul = house.acc("paul@acme.example");
        give(&su, &house, &paul, "Helper", &scope(&house, "All of Acme"), &[("ends", "2026-12-01")]).await.is(303);
        let page = su.get(&format!("{BASE}?ending=1")).await.is(200);
        assert_eq!(page.texts("tbody th b"), ["Paul Plain"]);
        let of_paul = grant(&house, &paul, "Helper");
        let page = su.get(&format!("/admin/grants/{of_paul}")).await.is(200);
        assert_eq!(page.attribute("#ends", "value"), "2026-12-01");
        su.submit(page.form("#grant-form").with("ends", "2027-06-30")).await.is(303);
        assert_eq!(su.get(&format!("{BASE}?ending=1")).await.is(200).texts("tbody th b"), [""; 0]);
    }
}

#[actix_web::test]
async fn a_role_without_a_scope_is_handed_on_only_without_one_and_the_other_way_round() {
    for house in House::each().await {
        house.import(json!({
            "bailiwick": 1,
            "root": { "accounts": [{ "email": "nina@brand.example", "name": "Nina New" }] },
            "administrator_roles": [{ "name": "Keeper", "kind": "root", "permissions": ["organization_role.view", "user.view"] }],
            "grants": [
                { "role": "Keeper", "account": "rolf@brand.example", "cascading": true },
                { "role": "Keeper", "account": "otto@brand.example", "cascading": true, "scope": { "organization": [], "name": "Everything" } },
            ],
        }));
        let (rolf, otto) = (house.person("rolf@brand.example").await, house.person("otto@brand.example").await);
        let everything = scope(&house, "Everything");
        let before = house.state();
        // D-7: a grant without a scope covers only another without one, and is covered by no other.
        let nina = house.acc_of("administrators", "nina@brand.example");
        for (person, scope) in [(&rolf, everything.as_str()), (&otto, "")] {
            give(person, &house, &nina, "Keeper", scope, &[])
                .await
                .is(422)
                .says("This scope reaches farther than the grant through which you could pass the role on.");
        }
        before.assert_still(&house, "Rolf and Otto");
        give(&rolf, &house, &nina, "Keeper", "", &[]).await.is(303);
        assert_eq!(holders(&house, "Keeper"), ["Nina New", "Otto One", "Rolf Clerk"]);
    }
}

#[actix_web::test]
async fn who_has_no_second_factor_is_found_from_the_home_page() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let all = su.get(BASE).await.is(200).says("Second factor").says("Missing").texts("tbody th b");
        let factor = "INSERT INTO authenticators (id, account, type, value, confirmed_at, created_at) \
             SELECT 'factor_EMAIL', key, 'email', email, CONFIRMED, 1 FROM accounts WHERE email = 'EMAIL'";
        // One that its owner has not confirmed is none.
        house.run(&factor.replace("EMAIL", "sy@brand.example").replace("CONFIRMED", "NULL"));
        house.run(&factor.replace("EMAIL", "su@brand.example").replace("CONFIRMED", "1"));
        let page = su.get("/admin").await.is(200).says("administrators without a second factor");
        assert!(page.has("a[href='/admin/administrators?factor=none']"));
        let page = su.get(&format!("{BASE}?factor=none")).await.is(200);
        let found = page.texts("tbody th b");
        assert!(found.contains(&"Sy Second".to_owned()) && !found.contains(&"Su Super".to_owned()), "{found:?}");
        assert_eq!(found.len() + 1, all.len(), "Su holds one grant");
        let read = su.get(&format!("{BASE}?q=su@brand.example")).await.is(200).says("On");
        assert_eq!(read.texts("tbody th b"), ["Su Super"]);
    }
}
