//! Without a mouse: from signing in to signing out by keys alone, with the focus in sight at every stop; where the
//! focus goes when dialogs open and close; what a list that applies at once makes of keys (screens.md 9: 3, 4, 6).

use crate::{
    house::{House, INES, STORE, password},
    visit::{Visit, With},
};
use thirtyfour::Key;

const ORGANIZATION: &str = "Nordhavn Freight";

async fn enters(visit: &Visit<'_>) {
    visit.enter().await;
}

async fn signs_in_by_keys(visit: &Visit<'_>) {
    visit.opens("/signin").await;
    visit.until("the first field has the focus", "return document.activeElement.id === 'identifier'").await;
    visit.keys(INES).await;
    enters(visit).await;
    visit.until("the password is asked for", "return document.activeElement.id === 'password'").await;
    visit.keys(password(INES)).await;
    enters(visit).await;
    visit.waits(".me").await;
}

#[tokio::test]
async fn somebody_without_a_mouse_does_the_main_job() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            signs_in_by_keys(visit).await;
            // A role.
            visit.tabs_to("a[href='/admin/stores/partners/roles']").await;
            enters(visit).await;
            visit.arrives("/roles").await;
            visit.tabs_to("a[href$='roles/new']").await;
            enters(visit).await;
            visit.arrives("/roles/new").await;
            visit.tabs_to("#name").await;
            visit.keys("Dawn desk").await;
            visit.tabs_to("input[name=template]").await;
            visit.keys(Key::Down + Key::Down).await;
            visit.until("the template fills the boxes", "return document.querySelectorAll('input[name=right]:checked').length === 9").await;
            visit.tabs_to(".bar .primary").await;
            enters(visit).await;
            visit.says("Dawn desk is ready.").await;
            // The pair: keys change the choice, and it applies when one leaves it or presses Enter.
            visit.tabs_to(".side a[href$=role-assignments]").await;
            enters(visit).await;
            visit.arrives("/role-assignments").await;
            visit.tabs_to("#org").await;
            visit.keys(ORGANIZATION).await;
            assert!(!visit.here().await.contains("org="), "typing alone applies nothing");
            enters(visit).await;
            visit.arrives("org=").await;
            visit.tabs_to("#role").await;
            visit.keys("Dawn").await;
            visit.keys(Key::Tab + "").await;
            visit.arrives("role=").await;
            visit.says("Nobody holds Dawn desk in Nordhavn Freight yet").await;
            // Two accounts.
            visit.tabs_to(".tools .primary").await;
            enters(visit).await;
            visit.tabs_to("#q").await;
            visit.keys("ana").await;
            visit.arrives("q=ana").await;
            visit.until("the search has found", "return document.querySelectorAll('tbody tr').length < 25").await;
            assert_eq!(visit.focus().await, "q");
            visit.tabs_to("tbody tr:nth-child(1) .check").await;
            visit.keys(" ").await;
            visit.tabs_to("tbody tr:nth-child(2) .check").await;
            visit.keys(" ").await;
            visit.says("2 accounts selected").await;
            visit.tabs_to("#assign").await;
            enters(visit).await;
            visit.says("Give 2 accounts the Dawn desk role?").await;
            visit.tabs_to("dialog .primary").await;
            enters(visit).await;
            visit.says("2 accounts now hold Dawn desk").await;
            assert_eq!(visit.focus().await, "2 accounts now hold Dawn desk in Nordhavn Freight.");
            // One of them again.
            visit.tabs_to("td.act a").await;
            enters(visit).await;
            visit.says("Take Dawn desk from 1 account?").await;
            visit.tabs_to("dialog .danger").await;
            enters(visit).await;
            visit.says("1 account no longer holds Dawn desk").await;
            visit.tabs_to(".me button").await;
            enters(visit).await;
            visit.says("You are signed out on this device.").await;
            assert_eq!(house.held(ORGANIZATION, "Dawn desk"), 1);
        })
        .await;
}

/// A dialog is open: its first focus is as expected, keys cannot leave it, and Esc and Cancel lead back.
async fn comes_back(visit: &Visit<'_>, open: impl AsyncFn(), first: &str, back: &str) {
    for closed_by in ["Esc", "Cancel"] {
        open().await;
        visit.waits("dialog[open]").await;
        visit.until("the dialog has the focus", "return document.querySelector('dialog[open]').contains(document.activeElement)").await;
        assert_eq!(visit.focus().await, first);
        let inside =
            "return document.activeElement === document.body || document.querySelector('dialog[open]').contains(document.activeElement)";
        for backwards in [false, true] {
            for _ in 0..8 {
                if backwards {
                    visit.shift(Key::Tab).await
                } else {
                    visit.keys(Key::Tab + "").await
                }
                assert_eq!(visit.js(inside, vec![]).await, true, "the focus has left the dialog to {}", visit.focus().await);
            }
        }
        if closed_by == "Esc" {
            visit.keys(Key::Escape + "").await
        } else {
            visit.presses("Cancel").await
        }
        visit.waits_without("dialog[open]").await;
        assert_eq!(visit.focus().await, back, "after {closed_by}");
        visit.waits_without("dialog").await;
    }
}

#[tokio::test]
async fn the_focus_comes_back_from_every_dialog() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&house.pair("role-assignments", ORGANIZATION, "Customer support")).await;
            let row = visit.property("tbody tr:nth-child(2) td.act a", "id").await.as_str().unwrap().to_owned();
            comes_back(visit, async || visit.clicks(&format!("#{row}")).await, "Cancel", &row).await;
            visit.clicks("tbody .check").await;
            comes_back(visit, async || visit.presses("Remove the selected").await, "Cancel", "Remove the selected").await;

            visit.opens(&house.pair("role-assignments/unassigned", ORGANIZATION, "Customer support")).await;
            visit.clicks("tbody .check").await;
            visit.says("1 account selected").await;
            comes_back(visit, async || visit.clicks("#assign").await, "Cancel", "assign").await;

            visit.opens(&format!("{STORE}/roles/{}", house.role("Data protection contact"))).await;
            let open = async || {
                visit.clicks(".head .menu summary").await;
                visit.presses("Delete role").await;
            };
            open().await;
            visit.waits("dialog[open]").await;
            visit.keys(Key::Escape + "").await;
            visit.waits_without("dialog").await;
            // Its opener has gone with the menu, which says what it is by its label.
            assert_eq!(
                visit.js("return document.activeElement.getAttribute('aria-label')", vec![]).await,
                "More actions for Data protection contact"
            );
        })
        .await;
}

#[tokio::test]
async fn a_key_leads_to_the_search_and_is_a_letter_where_one_types() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{STORE}/accounts")).await;
            visit.keys("/").await;
            assert_eq!(visit.focus().await, "q");
            visit.keys("a/b").await;
            visit.arrives("q=a/b").await;
            assert_eq!(visit.value("#q").await, "a/b");
            // Off for those who do not want it.
            visit.opens("/me").await;
            visit.clicks("input[name=shortcuts]").await;
            visit.presses("Save settings").await;
            visit.says("Your settings are saved.").await;
            visit.opens(&format!("{STORE}/accounts")).await;
            visit.keys("/").await;
            assert_ne!(visit.focus().await, "q");
        })
        .await;
}
