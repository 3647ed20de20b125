//! Several organizations switched at once (screens.md 4.5, 3.5; S-5, P-4, W-2, W-3).

use crate::{house::House, page::Page, person::Person};

const BASE: &str = "/admin/stores/customers/organizations";

/// The confirmation of switching these.
async fn confirm(person: &Person<'_>, house: &House, word: &str, paths: &[&str]) -> Page {
    let ids: Vec<(&str, String)> = paths.iter().map(|path| ("organization", house.org(path))).collect();
    person.get(&format!("{BASE}/{word}?list=view%3Dlist%26status%3Dactive&{}", serde_html_form::to_string(ids).unwrap())).await
}

/// Which of these are active.
fn active(house: &House, paths: &[&str]) -> Vec<bool> {
    paths
        .iter()
        .map(|path| house.number(&format!("SELECT count(*) AS n FROM organizations WHERE active AND id = '{}'", house.org(path))) == 1)
        .collect()
}

#[actix_web::test]
async fn several_are_deactivated_together_with_the_effect_shown_and_it_is_undone_together() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let list = su.get(&format!("{BASE}?view=list&status=active&choose=1&per=50")).await.is(200).stays_inert();
        let form = list.form("#chosen");
        assert!(form.boxes("organization").contains(&house.org("Acme/North").as_str()));
        assert_eq!(form.value("list"), "choose=1&per=50&status=active&view=list");
        let before = su.get(&format!("{BASE}/{}/deactivate", house.org("Acme"))).await.is(200);
        let alone = before.texts("dd.num").remove(0);
        // One below the other counts once.
        let chosen = ["Acme", "Acme/North", "Globex"];
        let page = confirm(&su, &house, "deactivate", &chosen).await.is(200).stays_inert().says("Deactivate 3 organizations?");
        assert_ne!(page.texts("dd.num").remove(0), alone, "the members of Globex are counted too");
        let form = page.form("#together-form");
        let done = su.submit(form.clone()).await.is(303);
        assert_eq!(done.leads_to(), Some("/admin/stores/customers/organizations?status=active&view=list"));
        let page = su.follow(done).await.is(200).says("3 organizations are inactive, with all below.");
        assert_eq!(active(&house, &chosen), [false; 3]);
        // The same form again leads to the same place, and does nothing more.
        su.submit(form).await.is(303);
        let events = house.events("organization.deactivate");
        assert_eq!((events.len(), events[0].detail["changed"].as_array().unwrap().len()), (1, 3));
        su.get("/admin/events").await.is(200).says("Su Super deactivated 3 organizations");
        let undone = su.submit(page.form(".result-note form")).await.is(303);
        su.follow(undone).await.is(200).says("Undone: 3 organizations are active again.");
        assert_eq!(active(&house, &chosen), [true; 3]);
        su.get("/admin/events").await.is(200).says("Su Super activated 3 organizations");
    }
}

#[actix_web::test]
async fn what_stands_so_already_stays_and_the_undo_does_not_touch_it() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        su.submit(confirm(&su, &house, "deactivate", &["Globex"]).await.form("#together-form")).await.is(303);
        let page =
            confirm(&su, &house, "deactivate", &["Acme/North", "Globex"]).await.is(200).says("1 is inactive already and stays so: Globex");
        let form = page.form("#together-form");
        assert_eq!(form.values("organization"), [house.org("Acme/North")]);
        let page = su.submit(form).await.is(303);
        let page = su.follow(page).await.says("1 organization is inactive, with all below.");
        su.submit(page.form(".result-note form")).await.is(303);
        assert_eq!(active(&house, &["Acme/North", "Globex"]), [true, false]);
        // Somebody switched one of two by hand: the whole act can no longer be undone.
        su.submit(confirm(&su, &house, "deactivate", &["Acme/North", "Acme/South"]).await.form("#together-form")).await.is(303);
        let event = house.texts("SELECT id AS t FROM events WHERE action = 'organization.deactivate' ORDER BY key DESC").remove(0);
        su.submit(su.get(&format!("{BASE}/{}/activate", house.org("Acme/South"))).await.form("form[action$=activate]")).await.is(303);
        su.post(&format!("/admin/events/{event}/undo"), &[]).await.is(409);
        assert_eq!(active(&house, &["Acme/North", "Acme/South"]), [false, true]);
    }
}

#[actix_web::test]
async fn what_one_may_not_switch_is_left_out_with_the_reason_and_never_slips_in() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        // Her own permission hangs on Acme.
        let page = confirm(&mona, &house, "deactivate", &["Acme", "Acme/South", "Globex"]).await.is(200);
        let page = page.says("1 organization is not there any more, or out of your reach.").never_says("Globex");
        let page = page.says("Left out: Acme. Your own permission to do this hangs on this organization");
        let form = page.form("#together-form");
        assert_eq!(form.values("organization"), [house.org("Acme/South")]);
        let before = house.state();
        for path in ["Acme", "Globex"] {
            let smuggled = form.clone().without("once").smuggle("organization", &house.org(path));
            mona.submit(smuggled).await.is(409).says("Nothing was done.");
        }
        before.assert_still(&house, "One that may not be switched");
        // None chosen, and a post that was never confirmed.
        let page = mona.get(&format!("{BASE}/deactivate?list=q%3Dnorth")).await.is(303);
        assert_eq!(page.leads_to(), Some("/admin/stores/customers/organizations?q=north"));
        let before = house.state();
        mona.post(&format!("{BASE}/deactivate"), &[("organization", &house.org("Acme/South"))])
            .await
            .is(200)
            .says("Deactivate 1 organization?");
        before.assert_still(&house, "What was not confirmed");
        let many: Vec<(&str, &str)> = vec![("organization", "x"); 101];
        mona.post(&format!("{BASE}/deactivate"), &many).await.is(413);
    }
}

#[actix_web::test]
async fn what_changed_since_the_confirmation_is_shown_anew_and_nothing_is_done() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let form = confirm(&su, &house, "deactivate", &["Acme/North", "Acme/South"]).await.is(200).form("#together-form");
        let (org, role, account) = (house.org("Acme/North"), house.role("Greeter"), house.acc("p01@acme.example"));
        su.post("/admin/stores/customers/role-assignments", &[("org", &org), ("role", &role), ("account", &account)]).await.is(303);
        let page = su.submit(form).await.is(409).says("Something changed since you looked. Nothing was done.");
        assert_eq!(active(&house, &["Acme/North", "Acme/South"]), [true; 2]);
        su.submit(page.form("#together-form")).await.is(303);
        assert_eq!(active(&house, &["Acme/North", "Acme/South"]), [false; 2]);
    }
}

#[actix_web::test]
async fn organizations_are_ordered_by_their_accounts() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let mut most: Vec<i64> = Vec::new();
        for sort in ["-accounts", "accounts"] {
            let page = su.get(&format!("{BASE}?view=list&sort={sort}&per=100")).await.is(200);
            let counts: Vec<i64> = page.texts("td[data-l=Accounts]").iter().map(|count| count.trim().parse().unwrap()).collect();
            let mut right = counts.clone();
            right.sort_unstable();
            if sort == "-accounts" {
                right.reverse();
            }
            assert_eq!(counts, right, "{sort} on {}", house.name());
            most.push(*counts.iter().max().unwrap());
        }
        assert!(most[0] > 1 && most[0] == most[1]);
    }
}
