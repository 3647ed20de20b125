//! Organizations moved to another parent (screens.md 4.5; O-2).

use crate::{house::House, page::Page, person::Person};

const BASE: &str = "/admin/stores/customers/organizations";

/// Chooses a new place, looks at what changes, and confirms.
async fn moved(person: &Person<'_>, id: &str, parent: &str) -> Page {
    let page = person.get(&format!("{BASE}/{id}/move?parent={parent}")).await.is(200);
    person.submit(page.form("main form[method=post]")).await
}

fn parent(house: &House, id: &str) -> String {
    house.texts(&format!("SELECT p.name AS t FROM organizations o JOIN organizations p ON p.key = o.parent WHERE o.id = '{id}'"))[0].clone()
}

#[actix_web::test]
async fn moving_shows_who_gains_and_who_loses_and_every_right_follows_at_once() {
    for house in House::each().await {
        let (su, ina, uwe) =
            (house.person("su@brand.example").await, house.person("ina@acme.example").await, house.person("uwe@globex.example").await);
        let (north, globex) = (house.org("Acme/North"), house.org("Globex"));
        let page = su.get(&format!("{BASE}/{north}/move?q=globex")).await.is(200).says("The top level");
        let page = su.submit(page.form("main form").with("parent", &globex)).await.is(200);
        let page = page
            .says("3 organizations")
            .says("Gwen Globex : Org auditor, from Globex")
            .says("Uwe Outside : Helper, as an administrator")
            .says("Oda Orgadmin : Admin, from Acme")
            .says("Ina Inside : Helper, as an administrator")
            .never_says("Tess Holder")
            .never_says("Ezra Expired");
        ina.get(&format!("{BASE}/{north}")).await.is(200);
        uwe.get(&format!("{BASE}/{north}")).await.is(404);
        let page = su.submit(page.form("main form[method=post]")).await.is(303);
        su.follow(page).await.is(200).says("North is moved, with all below it.").says("Globex");
        ina.get(&format!("{BASE}/{north}")).await.is(404);
        uwe.get(&format!("{BASE}/{north}")).await.is(200);
        uwe.get(&format!("{BASE}/{}", house.org("Acme/North/Plant 7"))).await.is(200);
        let event = house.events("organization.move").pop().unwrap();
        assert_eq!((event.detail["before"].as_str(), event.detail["after"].as_str()), (Some("Acme"), Some("Globex")));
        // Back, and to the top level.
        moved(&su, &north, &house.org("Acme")).await.is(303);
        ina.get(&format!("{BASE}/{north}")).await.is(200);
        moved(&su, &north, "top").await.is(303);
        assert_eq!(parent(&house, &north), "Brand");
        ina.get(&format!("{BASE}/{north}")).await.is(404);
    }
}

#[actix_web::test]
async fn places_that_make_no_sense_are_refused_and_change_nothing() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let (acme, north, labs) = (house.org("Acme"), house.org("Acme/North"), house.org("Globex/Labs"));
        su.post(BASE, &[("name", "North"), ("parent", &house.org("Globex"))]).await.is(303);
        let before = house.state();
        for (id, to, words) in [
            (&acme, &north, "An organization cannot be below itself."),
            (&acme, &acme, "An organization cannot be below itself."),
            (&north, &house.org("Globex"), "already"),
            (&north, &house.org_of("partners", "Zeta"), "Choose an organization of this store in your reach."),
            (&labs, &"org_aaaaaaaaaaaaaaaa".to_owned(), "Choose an organization of this store in your reach."),
        ] {
            su.post(&format!("{BASE}/{id}/move"), &[("parent", to)]).await.is(422).says(words);
            su.get(&format!("{BASE}/{id}/move?parent={to}")).await.is(422).says(words);
        }
        let root = house.org_of("administrators", "");
        su.post(&format!("/admin/stores/administrators/organizations/{root}/move"), &[("parent", "")]).await.is(409);
        su.post(&format!("{BASE}/{labs}/move"), &[("parent", &acme), ("confirmed", "old")]).await.is(409).says("The effect changed");
        su.post(&format!("{BASE}/{labs}/move"), &[("parent", &acme)]).await.is(200).says("Nothing changes until you move it.");
        before.assert_still(&house, "moves that were refused");
        let page = su.post(&format!("{BASE}/{labs}/move"), &[("parent", &house.org("Globex"))]).await.is(303);
        su.follow(page).await.says("Nothing to do");
    }
}

#[actix_web::test]
async fn an_administrator_moves_inside_their_reach_what_they_could_give_and_take_by_hand() {
    for house in House::each().await {
        let (mona, vera) = (house.person("mona@brand.example").await, house.person("vera@acme.example").await);
        let (south, north) = (house.org("Acme/South"), house.org("Acme/North"));
        let before = house.state();
        vera.post(&format!("{BASE}/{south}/move"), &[("parent", &north)]).await.is(403);
        mona.post(&format!("{BASE}/{south}/move"), &[("parent", &house.org("Globex"))]).await.is(422);
        mona.post(&format!("{BASE}/{south}/move"), &[("parent", "top")]).await.is(403);
        mona.post(&format!("{BASE}/{}/move", house.org("Acme")), &[("parent", &north)]).await.is(403);
        mona.post(&format!("{BASE}/{}/move", house.org("Globex/Labs")), &[("parent", &north)]).await.is(404);
        before.assert_still(&house, "moves out of reach");
        // Tess, org auditor of North, gains South; Mona covers all of that.
        mona.get(&format!("{BASE}/{south}/move?parent={north}")).await.is(200).says("Tess Holder : Org auditor, from North");
        moved(&mona, &south, &north).await.is(303);
        // Nobody gives more by moving than by hand: the admin of North holds what Mona lacks.
        house.import(serde_json::json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers",
            "self_registration": true, "organization_registration": true, "organizations": [{ "path": ["Acme", "West"] }],
            "role_assignments": [{ "role": "Admin", "organization": ["Acme", "West"], "account": "p12@acme.example" }] }] }));
        let west = house.org("Acme/West");
        house.run("UPDATE administrator_roles SET permissions = 'user.view organization.view organization.edit role_assignment.edit' WHERE name = 'Manager'");
        mona.get(&format!("{BASE}/{south}/move?parent={west}")).await.is(200).says("You cannot move it there.");
        mona.post(&format!("{BASE}/{south}/move"), &[("parent", &west)]).await.is(403);
        assert_eq!(parent(&house, &south), "North");
    }
}

#[actix_web::test]
async fn nobody_moves_anything_so_that_they_gain_something_themselves() {
    for house in House::each().await {
        house.import(serde_json::json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers",
            "self_registration": true, "organization_registration": true,
            "role_assignments": [{ "role": "Org auditor", "organization": ["Acme", "North"], "account": "paul@acme.example" }] }],
            "grants": [{ "role": "Manager", "store": "Customers", "account": "paul@acme.example",
                "scope": { "store": "Customers", "organization": ["Acme"], "name": "All of Acme" } }] }));
        let paul = house.person("paul@acme.example").await;
        let (south, north) = (house.org("Acme/South"), house.org("Acme/North"));
        paul.get(&format!("{BASE}/{south}/move?parent={north}")).await.is(200).says("You would gain rights by this yourself.");
        paul.post(&format!("{BASE}/{south}/move"), &[("parent", &north)]).await.is(403);
        assert_eq!(parent(&house, &south), "Acme");
    }
}

#[actix_web::test]
async fn below_something_inactive_it_falls_asleep_and_the_page_says_so() {
    for house in House::each().await {
        let (su, ina) = (house.person("su@brand.example").await, house.person("ina@acme.example").await);
        let (acme, initech) = (house.org("Acme"), house.org("Initech"));
        ina.get("/admin").await.is(200);
        su.get(&format!("{BASE}/{acme}/move?parent={initech}")).await.is(200).says("It becomes inactive, as what stands above is");
        moved(&su, &acme, &initech).await.is(303);
        // The scope's owner is asleep, and so is every grant of it (S-5).
        ina.get("/admin").await.is(404);
        su.get(&format!("{BASE}/{acme}/move?parent=top")).await.is(200).says("What is suspended here takes effect again");
        moved(&su, &acme, "top").await.is(303);
        ina.get("/admin").await.is(200);
    }
}
