//! A scope is drawn with script and without, at a desk and on a phone (screens.md 4.12).

use crate::{
    house::{House, INES},
    visit::With,
};

const SCOPES: &str = "/admin/scopes";

#[tokio::test]
async fn what_a_scope_reaches_follows_the_choice() {
    for with in [With::Desk, With::Phone] {
        let house = House::demo();
        house
            .visit(with, async |visit| {
                visit.signs_in(INES).await;
                visit.opens(SCOPES).await;
                visit.settles().await;
                visit.picture(&format!("{} scopes", visit.with())).await;
                visit.opens(&format!("{SCOPES}/new")).await;
                visit.says("Choose an organization and a reach").await;
                visit.types("#name", "Terminals").await;
                // The organization is found by a part of its name, and the field keeps the focus.
                visit.types("#org_q", "nordhavn").await;
                visit.waits_without("#owners label:nth-of-type(6)").await;
                assert_eq!(visit.focus().await, "org_q");
                let nordhavn = house.organization("Nordhavn Freight");
                visit.clicks(&format!("[name=org][value={nordhavn}]")).await;
                visit.clicks("[name=reach][value=this]").await;
                visit.says("Reaches 1 organization").await;
                visit.clicks("[name=reach][value=this_and_below]").await;
                visit.until("the reach follows", "return !document.querySelector('#reached b').innerText.startsWith('1 ')").await;
                let shown = visit.text("#reached p").await;
                assert!(!visit.here().await.contains("csrf"), "what is previewed is not written into the address");
                // Another search keeps what was chosen.
                visit.types("#org_q", "zzqx").await;
                visit.until("only the chosen one is left", "return document.querySelectorAll('#owners label').length === 1").await;
                assert_eq!(visit.property("[name=org]", "checked").await, true);
                visit.settles().await;
                visit.picture(&format!("{} scope, new", visit.with())).await;
                visit.prefers("prefers-color-scheme", "dark").await;
                visit.paints().await;
                visit.picture(&format!("{} scope, new, dark", visit.with())).await;
                visit.prefers("prefers-color-scheme", "light").await;
                visit.presses("Save scope").await;
                visit.says("Terminals is ready.").await;
                assert_eq!(visit.text("#reached p").await, shown);
                visit.presses("More actions for Terminals").await;
                visit.presses("Delete scope").await;
                visit.waits("dialog[open]").await;
                visit.presses("Delete scope").await;
                visit.says("Terminals is deleted.").await;
            })
            .await;
    }
}

#[tokio::test]
async fn without_script_the_same_form_finds_and_shows_by_its_buttons() {
    let house = House::demo();
    house
        .visit(With::DeskWithoutScript, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{SCOPES}/new")).await;
            visit.types("#name", "Terminals").await;
            visit.types("#org_q", "nordhavn").await;
            visit.presses("Find").await;
            assert_eq!(visit.value("#name").await, "Terminals");
            visit.clicks(&format!("[name=org][value={}]", house.organization("Nordhavn Freight"))).await;
            visit.clicks("[name=reach][value=this]").await;
            visit.presses("Show what it reaches").await;
            visit.says("Reaches 1 organization").await;
            visit.presses("Save scope").await;
            visit.says("Terminals is ready.").await;
        })
        .await;
}
