//! Identity stores (screens.md 4.4; S-1, S-2): made, edited, deleted, with attributes and groups.

use crate::house::House;
use serde_json::json;

const BASE: &str = "/admin/stores/customers";

#[actix_web::test]
async fn a_store_is_made_set_up_and_deleted_while_it_is_empty() {
    for house in House::each().await {
        let stan = house.person("stan@brand.example").await;
        let form = stan.get("/admin/stores/new").await.is(200).form("form[data-guard]");
        let page = stan.submit(form.with("name", "Dealers <b class=\"evil\">x</b>").with("slug", "dealers")).await.is(303);
        stan.follow(page).await.is(200).stays_inert().says("is set up.");
        let form = stan.get("/admin/stores/dealers/settings").await.is(200).form("form[data-guard]");
        let page = stan.submit(form.with("name", "Dealers").with("self_registration", "on")).await.is(303);
        stan.follow(page).await.is(200).says("The settings of Dealers are saved.");
        let page = stan.get("/admin/stores/dealers/delete").await.is(200).says("Delete the store Dealers?");
        let form = page.form("#delete-form");
        stan.submit(form.clone().with("confirm", "Customers")).await.is(422).says("Type “Dealers” to confirm.");
        let page = stan.submit(form.with("confirm", "dealers ")).await.is(303);
        stan.follow(page).await.is(200).says("Dealers is deleted.");
        stan.get("/admin/stores/dealers").await.is(404);
        assert_eq!(house.events("identity_store.delete")[0].actor, "Stan Steward");
    }
}

#[actix_web::test]
async fn stores_are_found_by_what_people_may_do_there_by_themselves() {
    for house in House::each().await {
        let stan = house.person("stan@brand.example").await;
        let form = stan.get(&format!("{BASE}/settings")).await.is(200).form("form[data-guard]");
        stan.submit(form.with("self_registration", "on").without("organization_registration")).await.is(303);
        let found = async |words: &str| stan.get(&format!("/admin/stores?{words}")).await.is(200).texts("tbody th a");
        assert_eq!(found("selfservice=join").await, ["Customers"]);
        let off = found("selfservice=off").await;
        assert!(off.contains(&"Administrators".to_owned()) && !off.contains(&"Customers".to_owned()), "{off:?}");
        stan.get("/admin/stores?selfservice=new&q=customers").await.is(200).says("No identity store matches “customers”");
        stan.get("/admin/stores?selfservice=never").await.is(200).says("We ignored “selfservice=never”");
    }
}

#[actix_web::test]
async fn a_bad_store_comes_back_as_typed_and_a_full_one_stays() {
    for house in House::each().await {
        let stan = house.person("stan@brand.example").await;
        let before = house.state();
        for (name, slug, words) in [
            ("", "dealers", "Enter a name."),
            ("x", "dealers", "A name has 2 to 64 characters"),
            ("CUSTOMERS", "dealers", "There is a store called “CUSTOMERS” already."),
            ("Dealers", "", "A slug has 2 to 40 small letters"),
            ("Dealers", "new", "is a word of our addresses"),
            ("Dealers", "administrators", "is a word of our addresses"),
            ("Dealers", "customers", "Another store has the slug"),
            ("Dealers", "a/b", "A slug has 2 to 40 small letters"),
        ] {
            let page = stan.post("/admin/stores", &[("name", name), ("slug", slug)]).await.is(422).says(words);
            let form = page.form("form[data-guard]");
            assert_eq!((form.value("name"), form.value("slug")), (name, slug));
        }
        stan.post(&format!("{BASE}/delete"), &[("confirm", "Customers")]).await.is(409).says("Only an empty store can be deleted.");
        for act in ["settings", "delete"] {
            stan.post(&format!("/admin/stores/administrators/{act}"), &[("name", "Mine"), ("confirm", "Administrators"), ("rev", "1")])
                .await
                .is(409)
                .says("built in");
        }
        let form = stan.get(&format!("{BASE}/settings")).await.is(200).form("form[data-guard]");
        stan.submit(form.with("name", "x")).await.is(422).says("A name has 2 to 64 characters");
        before.assert_still(&house, "A bad store");
    }
}

#[actix_web::test]
async fn attributes_are_added_switched_and_deleted_while_nobody_has_a_value() {
    for house in House::each().await {
        let stan = house.person("stan@brand.example").await;
        let path = format!("{BASE}/attributes");
        let form = stan.get(&path).await.is(200).stays_inert().form("form.fields");
        let form = form
            .with("label", "Cost <b class=\"evil\">centre</b>")
            .with("key", "cost_centre")
            .with("type", "choice")
            .with("choices", "North\nSouth");
        let page = stan.submit(form.with("portal", "visible").with("required", "on")).await.is(303);
        let page = stan.follow(page).await.is(200).stays_inert().says("is added.");
        let form = page.form("#attributes-form");
        assert_eq!((form.value("portal.cost_centre"), form.value("choices.cost_centre")), ("visible", "North\nSouth"));
        // Required and hidden: org admins could not fill it in. A choice that is taken from the list stays, as accounts may have it.
        let form = form.with("portal.cost_centre", "hidden").with("choices.cost_centre", "North\nEast").with("label.badge", "Badge number");
        let page = stan.submit(form).await.is(303);
        let page = stan.follow(page).await.is(200).says("2 attributes are saved.").says("Org admins cannot fill this in");
        assert_eq!(page.form("#attributes-form").value("choices.cost_centre"), "North\nEast\nSouth");
        assert_eq!(house.events("attribute.edit")[0].detail["changes"].as_array().map(Vec::len), Some(2));
        // Somebody has a department; nobody a cost centre.
        stan.post(&path, &[("op", "delete:department")]).await.is(409).says("1 account has a value");
        stan.post(&path, &[("op", "delete:cost_centre")]).await.is(303);
        stan.post(&path, &[("op", "delete:cost_centre")]).await.is(404);
    }
}

#[actix_web::test]
async fn bad_attributes_are_refused_and_change_nothing() {
    for house in House::each().await {
        let stan = house.person("stan@brand.example").await;
        let path = format!("{BASE}/attributes");
        let before = house.state();
        let good = [("op", "add"), ("label", "Fine"), ("key", "fine"), ("type", "text"), ("portal", "hidden")];
        for (field, value, words) in [
            ("label", "", "Enter a name."),
            ("key", "", "The key of an attribute has 1 to 40"),
            ("key", "Cost-Centre", "The key of an attribute has 1 to 40"),
            ("key", "department", "There is an attribute with the key “department” already."),
            ("type", "king", "Choose one of the types."),
            ("type", "choice", "A choice needs choices."),
            ("choices", "a\nb", "Only an attribute of type choice has choices."),
            ("portal", "everywhere", "Choose hidden, visible or editable."),
        ] {
            let mut fields: Vec<(&str, &str)> = good.into_iter().filter(|(name, _)| *name != field).collect();
            fields.push((field, value));
            stan.post(&path, &fields).await.is(422).says(words);
        }
        let form = stan.get(&path).await.is(200).form("#attributes-form");
        stan.submit(form.clone()).await.is(422).says("Nothing was changed.");
        stan.submit(form.with("label.badge", "")).await.is(422).says("Badge: Enter a name.");
        before.assert_still(&house, "A bad attribute");
    }
}

#[actix_web::test]
async fn groups_are_labels_that_come_and_go() {
    for house in House::each().await {
        let stan = house.person("stan@brand.example").await;
        let path = format!("{BASE}/groups");
        let old = house.texts("SELECT name AS t FROM account_groups").remove(0);
        stan.post(&path, &[("op", "add"), ("name", " Night shift ")]).await.is(303);
        stan.post(&path, &[("op", "add"), ("name", "NIGHT SHIFT")]).await.is(422).says("There is a group called “NIGHT SHIFT” already.");
        stan.post(&path, &[("op", "rename"), ("group", &old), ("name", "night shift")]).await.is(422);
        stan.post(&path, &[("op", "rename"), ("group", &old), ("name", "Testers")]).await.is(303);
        stan.post(&path, &[("op", "rename"), ("group", "Kings"), ("name", "Queens")]).await.is(404);
        stan.get(&path).await.is(200).stays_inert().says("Night shift");
        stan.post(&path, &[("op", "delete"), ("group", "Testers")]).await.is(303);
        assert_eq!(house.texts("SELECT name AS t FROM account_groups"), ["Night shift"]);
        assert_eq!(house.number("SELECT count(*) AS n FROM account_group_members"), 0);
    }
}

#[actix_web::test]
async fn switching_registration_on_for_a_store_is_conferring_what_those_who_register_get() {
    for house in House::each().await {
        house.import(json!({ "bailiwick": 1, "identity_stores": [{ "name": "Sellers", "slug": "sellers", "self_registration": false,
            "roles": [{ "name": "Everybody", "rights": ["account_management:READ"], "auto_every": true }] }] }));
        let (su, stan) = (house.person("su@brand.example").await, house.person("stan@brand.example").await);
        let path = "/admin/stores/sellers/settings";
        let form = stan.get(path).await.is(200).says("Who joins gets by it: Everybody").form("form[data-guard]");
        let before = house.state();
        for switch in ["self_registration", "organization_registration"] {
            let answer = stan.submit(form.clone().smuggle(switch, "on")).await;
            answer.is(422).says("People who register would get the role Everybody");
        }
        before.assert_still(&house, "Opening a store");
        let form = su.get(path).await.is(200).form("form[data-guard]");
        su.submit(form.with("self_registration", "on")).await.is(303);
    }
}
