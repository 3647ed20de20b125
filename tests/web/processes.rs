//! Two processes on one database: what is changed through the one counts on the next request to the other (S-6).

use crate::{house::House, person::Person};

const DANA: &str = "dana@brand.example";
const PLANT: &str = "Acme/North/Plant 7";

/// What the other process answers on somebody's next request for an organization.
async fn there(house: &House, person: &Person<'_>, organization: &str) -> u16 {
    house.to_process(1);
    let page = person.get(&format!("/admin/stores/customers/organizations/{}", house.org(organization))).await;
    house.to_process(0);
    page.status
}

#[actix_web::test]
async fn role_scope_tree_and_status_changed_in_one_process_count_at_once_in_the_other() {
    for mut house in House::each().await {
        house.start_another().await;
        let house = &house;
        let (su, dana) = (house.person("su@brand.example").await, house.person(DANA).await);
        let organizations = "/admin/stores/customers/organizations";
        assert_eq!(there(house, &dana, PLANT).await, 200);

        // The role.
        let role = format!("/admin/administrator-roles/{}", house.administrator_role("Deputy"));
        for ticked in [false, true] {
            let form = su.get(&role).await.is(200).form("main form[action^='/admin/administrator-roles']");
            let form = if ticked { form.tick("perm", "organization.view") } else { form.untick("perm", "organization.view") };
            let page = su.submit(form).await.is(200);
            su.submit(page.form("main form[action^='/admin/administrator-roles']")).await.is(303);
            assert_eq!(there(house, &dana, PLANT).await, if ticked { 200 } else { 404 }, "role on {}", house.name());
        }
        // The scope.
        let scope = format!("/admin/scopes/{}", house.texts("SELECT id AS t FROM scopes WHERE name = 'All of Acme'")[0]);
        for reach in ["this", "this_and_below"] {
            let page = su.get(&scope).await.is(200);
            let page = su.submit(page.form("main form[action^='/admin/scopes']").with("reach", reach)).await.is(200);
            su.submit(page.form("main form[action^='/admin/scopes']")).await.is(303);
            assert_eq!(there(house, &dana, PLANT).await, if reach == "this" { 404 } else { 200 }, "scope on {}", house.name());
        }
        // The tree.
        for (to, status) in [("Globex", 404), ("Acme/North", 200)] {
            let path = format!("{organizations}/{}/move?parent={}", house.org(PLANT), house.org(to));
            let page = su.get(&path).await.is(200);
            su.submit(page.form("main form[method=post]")).await.is(303);
            assert_eq!(there(house, &dana, PLANT).await, status, "tree on {}", house.name());
        }
        // The status of the organization that owns the scope, and of the account, whose session ends with it.
        for (word, status) in [("deactivate", 404), ("activate", 200)] {
            let page = su.get(&format!("{organizations}/{}/{word}", house.org("Acme"))).await.is(200);
            su.submit(page.form("main form[method=post]")).await.is(303);
            assert_eq!(there(house, &dana, PLANT).await, status, "organization on {}", house.name());
        }
        let account = format!("/admin/stores/administrators/accounts/{}", house.acc_of("administrators", DANA));
        su.post(&format!("{account}/disable"), &[]).await.is(303);
        assert_eq!(there(house, &dana, PLANT).await, 303, "signed out on {}", house.name());
    }
}
