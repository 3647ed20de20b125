//! A chain of grants, and what becomes of it when something in its middle is taken, narrowed or emptied (D-10, D-11):
//! Dana gives Ana her role for North, and Ana gives it Anaïs for Plant 7 below North.

use crate::{house::House, person::Person};
use serde_json::json;

const ANA: &str = "p01@acme.example";
const ANAIS: &str = "p02@acme.example";
const DANA: &str = "dana@brand.example";

fn id(house: &House, table: &str, name: &str) -> String {
    house.texts(&format!("SELECT id AS t FROM {table} WHERE name = '{name}'")).remove(0)
}

fn grant(house: &House, account: &str) -> String {
    let sql = format!(
        "SELECT g.id AS t FROM grants g JOIN accounts a ON a.key = g.account JOIN administrator_roles r ON r.key = g.role \
         WHERE a.email = '{account}' AND r.name = 'Deputy'"
    );
    house.texts(&sql).remove(0)
}

/// Makes it. Both live in North, and can sign in.
async fn chain(house: &House) {
    let hash = format!("(SELECT password_hash FROM accounts WHERE id = '{}')", house.acc("paul@acme.example"));
    for (email, name) in [(ANA, "Ana Kovač"), (ANAIS, "Anaïs Bonnet")] {
        house.run(&format!("UPDATE accounts SET password_hash = {hash} WHERE id = '{}'", house.acc(email)));
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Customers", "slug": "customers",
            "accounts": [{ "email": email, "name": name, "memberships": [{ "organization": ["Acme", "North"] }] }] }] }));
    }
    house.import(json!({ "bailiwick": 1, "scopes": [
        { "name": "North and below", "store": "Customers", "organization": ["Acme", "North"], "reach": "this_and_below" },
        { "name": "The plant", "store": "Customers", "organization": ["Acme", "North", "Plant 7"], "reach": "this" }] }));
    let role = house.administrator_role("Deputy");
    for (giver, to, scope) in [(DANA, ANA, "North and below"), (ANA, ANAIS, "The plant")] {
        let (to, scope) = (house.acc(to), id(house, "scopes", scope));
        let fields = [("account", to.as_str()), ("role", &role), ("scope", &scope), ("cascading", "on")];
        house.person(giver).await.post("/admin/administrators", &fields).await.is(303);
    }
    assert_eq!(through(house), [ANA, DANA]);
    assert!(reaches(house, ANAIS).await && reaches(house, ANA).await);
}

/// Through whose grants Anaïs's was made, the nearest first; nothing, where hers is gone.
fn through(house: &House) -> Vec<String> {
    house.texts(
        "WITH RECURSIVE up (through, level) AS (SELECT g.through, 1 FROM grants g JOIN accounts a ON a.key = g.account \
         JOIN administrator_roles r ON r.key = g.role WHERE a.email = 'p02@acme.example' AND r.name = 'Deputy' \
         UNION ALL SELECT g.through, up.level + 1 FROM up JOIN grants g ON g.key = up.through) \
         SELECT a.email AS t FROM up JOIN grants g ON g.key = up.through JOIN accounts a ON a.key = g.account ORDER BY up.level",
    )
}

/// Whether they reach the plant on their next request.
async fn reaches(house: &House, who: &str) -> bool {
    let path = format!("/admin/stores/customers/organizations/{}", house.org("Acme/North/Plant 7"));
    house.person(who).await.get(&path).await.status == 200
}

async fn revoke_ana(house: &House, handed_on: &str) {
    let path = format!("/admin/grants/{}/revoke", grant(house, ANA));
    house.person(DANA).await.post(&path, &[("handed_on", handed_on)]).await.is(303);
}

/// Ana's scope is to reach North alone; the confirmation shows whom that concerns.
async fn narrow_ana(house: &House, handed_on: &str) {
    let dana = house.person(DANA).await;
    let path = format!("/admin/scopes/{}", id(house, "scopes", "North and below"));
    let page = dana.get(&path).await.is(200);
    let page = dana
        .submit(page.form("main form[action^='/admin/scopes']").with("reach", "this"))
        .await
        .is(200)
        .says("The plant")
        .says("Anaïs Bonnet");
    dana.submit(page.form("main form[action^='/admin/scopes']").with("handed_on", handed_on)).await.is(303);
}

/// Takes "View organization" from the role: the page that comes asks first.
async fn take_from_the_role(house: &House, person: &Person<'_>) -> crate::page::Page {
    let path = format!("/admin/administrator-roles/{}", house.administrator_role("Deputy"));
    let page = person.get(&path).await.is(200);
    person.submit(page.form("main form[action^='/admin/administrator-roles']").untick("perm", "organization.view")).await.is(200)
}

#[actix_web::test]
async fn revoking_in_the_middle_takes_what_was_handed_on_too() {
    for house in House::each().await {
        chain(&house).await;
        revoke_ana(&house, "revoke").await;
        assert_eq!(through(&house), [""; 0]);
        assert!(!reaches(&house, ANAIS).await && !reaches(&house, ANA).await, "on {}", house.name());
    }
}

#[actix_web::test]
async fn revoking_in_the_middle_keeps_what_was_handed_on_under_the_revoker() {
    for house in House::each().await {
        chain(&house).await;
        revoke_ana(&house, "keep").await;
        assert_eq!(through(&house), [DANA]);
        assert!(reaches(&house, ANAIS).await && !reaches(&house, ANA).await, "on {}", house.name());
    }
}

#[actix_web::test]
async fn narrowing_the_scope_in_the_middle_takes_what_exceeds_it() {
    for house in House::each().await {
        chain(&house).await;
        narrow_ana(&house, "revoke").await;
        assert_eq!(through(&house), [""; 0]);
        assert!(!reaches(&house, ANAIS).await && !reaches(&house, ANA).await, "on {}", house.name());
    }
}

#[actix_web::test]
async fn narrowing_the_scope_in_the_middle_keeps_what_exceeds_it_under_the_one_who_narrows() {
    for house in House::each().await {
        chain(&house).await;
        narrow_ana(&house, "keep").await;
        assert_eq!(through(&house), [DANA]);
        assert!(reaches(&house, ANAIS).await && !reaches(&house, ANA).await, "on {}", house.name());
    }
}

#[actix_web::test]
async fn taking_a_permission_from_the_role_takes_it_from_the_whole_chain_and_leaves_the_chain() {
    for house in House::each().await {
        chain(&house).await;
        let su = house.person("su@brand.example").await;
        let page = take_from_the_role(&house, &su).await.says("3 administrators");
        su.submit(page.form("main form[action^='/admin/administrator-roles']")).await.is(303);
        for who in [DANA, ANA, ANAIS] {
            assert!(!reaches(&house, who).await, "{who} on {}", house.name());
        }
        assert_eq!(through(&house), [ANA, DANA], "nobody is asked what becomes of it: they all hold the same role");
        // Given back, it is there again for all of them.
        let path = format!("/admin/administrator-roles/{}", house.administrator_role("Deputy"));
        let page = su.get(&path).await.is(200);
        let page = su.submit(page.form("main form[action^='/admin/administrator-roles']").tick("perm", "organization.view")).await.is(200);
        su.submit(page.form("main form[action^='/admin/administrator-roles']")).await.is(303);
        assert!(reaches(&house, ANAIS).await);
    }
}

#[actix_web::test]
async fn a_permission_that_is_not_confirmed_to_be_taken_stays_with_the_whole_chain() {
    for house in House::each().await {
        chain(&house).await;
        let su = house.person("su@brand.example").await;
        let before = house.state();
        take_from_the_role(&house, &su).await.says("They lose");
        before.assert_still(&house, "a question");
        assert!(reaches(&house, ANAIS).await && reaches(&house, ANA).await, "on {}", house.name());
    }
}
