//! What somebody has ticked stays ticked, whatever they do meanwhile, however slow the network is and however quick
//! they are; the focus stays where they work (screens.md 9: 5, 8, 9, 10, 12).

use crate::{
    house::{House, INES, STORE},
    visit::{Visit, With},
};
use serde_json::json;
use thirtyfour::Key;

const ORGANIZATION: &str = "Nordhavn Freight";
const ROLE: &str = "Data protection contact";

async fn opens_the_picker(visit: &Visit<'_>) {
    visit.opens(&visit.house.pair("role-assignments/unassigned", ORGANIZATION, ROLE)).await;
    visit.waits("tbody .check").await;
}

async fn selected(visit: &Visit<'_>, many: usize) {
    visit.says(&format!("{many} {} selected", if many == 1 { "account" } else { "accounts" })).await;
}

/// The ids of the boxes that are ticked on this page.
async fn ticked(visit: &Visit<'_>) -> Vec<String> {
    let found = visit.js("return [...document.querySelectorAll('tbody .check:checked')].map(box => box.value)", vec![]).await;
    serde_json::from_value(found).unwrap()
}

#[tokio::test]
async fn a_selection_survives_whatever_one_does() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            opens_the_picker(visit).await;
            for row in [1, 3] {
                visit.clicks(&format!("tbody tr:nth-child({row}) .check")).await;
            }
            selected(visit, 2).await;
            let first = ticked(visit).await;
            // Search.
            visit.types("#q", "halden").await;
            visit.arrives("q=halden").await;
            visit.until("the search has found", "return document.querySelector('tbody .who').innerText.includes('halden')").await;
            assert_eq!(ticked(visit).await.len(), 0);
            visit.clicks("tbody tr:nth-child(2) .check").await;
            selected(visit, 3).await;
            // Filter, sort, page.
            visit.presses("Authentication").await;
            visit.presses("Active").await;
            visit.arrives("authn=active").await;
            assert_eq!(visit.value("#q").await, "halden");
            selected(visit, 3).await;
            visit.clicks("#sort-last").await;
            visit.arrives("sort=-last").await;
            selected(visit, 3).await;
            visit.clicks("#next").await;
            visit.arrives("page=2").await;
            visit.clicks("tbody tr:nth-child(1) .check").await;
            selected(visit, 4).await;
            let (address, here) = (visit.here().await, ticked(visit).await);
            assert_eq!(here.len(), 1);
            // Load again, back and forward.
            visit.reloads().await;
            selected(visit, 4).await;
            assert_eq!(ticked(visit).await, here);
            visit.back().await;
            visit.until("the first page is back", "return !location.search.includes('page=')").await;
            selected(visit, 4).await;
            visit.forward().await;
            visit.arrives("page=2").await;
            selected(visit, 4).await;
            assert_eq!(ticked(visit).await, here);
            assert_eq!(visit.value("#q").await, "halden");
            // Out and in again.
            visit.signs_out().await;
            visit.signs_in(INES).await;
            visit.opens(&address).await;
            selected(visit, 4).await;
            assert_eq!(ticked(visit).await, here);
            // And at the other tab.
            visit.presses("Back to assignments").await;
            visit.says("4 accounts are still selected.").await;
            visit.presses("Go on").await;
            selected(visit, 4).await;
            assert_eq!(ticked(visit).await, first);
        })
        .await;
}

#[tokio::test]
async fn whoever_is_quicker_than_the_network_loses_no_tick() {
    let house = House::demo();
    let given = house.events("role_assignment.add");
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            opens_the_picker(visit).await;
            visit.latency(350).await;
            // In one breath: three ticks and Next.
            visit
                .js("for (const row of [1, 2, 3]) document.querySelector(`tbody tr:nth-child(${row}) .check`).click(); document.querySelector('#next').click()", vec![])
                .await;
            visit.arrives("page=2").await;
            selected(visit, 3).await;
            // A tick, and a search before its answer is here.
            visit.clicks("tbody tr:nth-child(1) .check").await;
            visit.clicks("#q").await;
            visit.keys("halden").await;
            visit.arrives("q=halden").await;
            selected(visit, 4).await;
            assert_eq!(visit.value("#q").await, "halden");
            assert_eq!(visit.focus().await, "q");
            // Ticks while the answers to those before are under way.
            for row in 1..=5 {
                visit.clicks(&format!("tbody tr:nth-child({row}) .check")).await;
            }
            assert_eq!(ticked(visit).await.len(), 5);
            selected(visit, 9).await;
            assert_eq!(ticked(visit).await.len(), 5);
            // A tick, and the button at once.
            visit.js("document.querySelector('tbody tr:nth-child(7) .check').click(); document.querySelector('#assign').click()", vec![]).await;
            visit.says("Give 10 accounts the Data protection contact role?").await;
            // Twice, as an impatient hand does.
            visit.double_clicks("dialog .primary").await;
            visit.says("10 accounts now hold Data protection contact").await;
            visit.latency(0).await;
        })
        .await;
    assert_eq!(house.held(ORGANIZATION, ROLE), 10);
    assert_eq!(house.events("role_assignment.add"), given + 1, "one act for two clicks");
}

#[tokio::test]
async fn a_choice_of_the_list_of_accounts_is_kept_and_acted_on() {
    for with in [With::Desk, With::DeskWithoutScript] {
        let house = House::demo();
        house
            .visit(with, async |visit| {
                visit.signs_in(INES).await;
                visit.opens(&format!("{STORE}/accounts?authn=active")).await;
                visit.presses("Choose several").await;
                visit.arrives("/choose?authn=active").await;
                for _ in 0..2 {
                    visit.clicks("tbody .check:not(:checked)").await;
                }
                let first = ticked(visit).await;
                visit.presses("Next").await;
                visit.arrives("page=2").await;
                visit.clicks("tbody .check:not(:checked)").await;
                visit.presses("Previous").await;
                visit.waits_without("#previous").await;
                assert_eq!(ticked(visit).await, first);
                visit.says("3 accounts selected").await;
                visit.presses("Disable").await;
                visit.says("Disable 3 accounts?").await;
                visit.presses("Disable 3 accounts").await;
                visit.says("3 accounts are disabled, and signed out everywhere.").await;
                visit.arrives("authn=active").await;
                visit.presses("Undo").await;
                visit.says("Undone: 3 accounts are enabled again.").await;
            })
            .await;
    }
}

#[tokio::test]
async fn two_quick_clicks_save_one_role() {
    let house = House::demo();
    let before = house.number("SELECT count(*) AS n FROM roles");
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{}/roles/new", crate::house::STORE)).await;
            visit.presses("Org auditor").await;
            visit.types("#name", "Twice desk").await;
            visit.latency(350).await;
            visit.double_clicks(".bar .primary").await;
            visit.says("Twice desk is ready.").await;
            visit.latency(0).await;
        })
        .await;
    assert_eq!(house.number("SELECT count(*) AS n FROM roles"), before + 1);
}

#[tokio::test]
async fn a_range_a_page_and_all_that_match_are_ticked_at_once() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            opens_the_picker(visit).await;
            // A range with Shift.
            visit.clicks("tbody tr:nth-child(2) .check").await;
            visit.shift_clicks("tbody tr:nth-child(6) .check").await;
            selected(visit, 5).await;
            assert_eq!(visit.property("#page-box", "indeterminate").await, true);
            // The page.
            visit.clicks("#page-box").await;
            selected(visit, 25).await;
            assert_eq!(visit.property("#page-box", "checked").await, true);
            visit.clicks("#page-box").await;
            selected(visit, 0).await;
            // All that match, less one; nobody else is added.
            visit.types("#q", "halden").await;
            visit.until("the search has found", "return document.querySelector('#all')?.innerText.includes('halden')").await;
            let all = visit.text("#all").await;
            let many: usize = all.split(' ').nth(2).unwrap().parse().unwrap();
            assert!(many > 25, "{all}");
            visit.clicks("#all").await;
            selected(visit, many).await;
            visit.clicks("tbody tr:nth-child(4) .check").await;
            selected(visit, many - 1).await;
            visit.types("#q", "").await;
            visit.until("everybody is shown", "return !document.querySelector('tbody .who').innerText.includes('halden')").await;
            visit.clicks("tbody tr:nth-child(1) .check").await;
            selected(visit, many).await;
            visit.presses("Assign").await;
            visit.says(&format!("Give {many} accounts the {ROLE} role?")).await;
            visit.presses(&format!("Assign to {many} accounts")).await;
            visit.says(&format!("{many} accounts now hold")).await;
            assert_eq!(house.held(ORGANIZATION, ROLE), many as i64);
        })
        .await;
}

#[tokio::test]
async fn the_focus_stays_where_one_works() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            opens_the_picker(visit).await;
            // On the box.
            let id = visit.property("tbody tr:nth-child(3) .check", "id").await.as_str().unwrap().to_owned();
            visit.js("document.getElementById(arguments[0]).focus()", vec![json!(id)]).await;
            visit.keys(" ").await;
            selected(visit, 1).await;
            assert_eq!(visit.focus().await, id);
            // On what turns and sorts.
            for (button, word) in [("next", "page=2"), ("sort-last", "sort=-last"), ("sort-name", "unassigned")] {
                visit.js("document.getElementById(arguments[0]).focus()", vec![json!(button)]).await;
                visit.keys(Key::Enter + "").await;
                visit.arrives(word).await;
                visit.settles().await;
                visit.until("the focus is there", &format!("return document.activeElement.id === '{button}'")).await;
            }
            // In the search, amid the word.
            visit.clicks("#q").await;
            visit.keys("hden").await;
            visit.arrives("q=hden").await;
            visit.keys(Key::Left + Key::Left).await;
            visit.keys(Key::Left + "al").await;
            visit.arrives("q=halden").await;
            visit.settles().await;
            assert_eq!(visit.focus().await, "q");
            assert_eq!(visit.property("#q", "selectionStart").await, 3);
        })
        .await;
}

#[tokio::test]
async fn back_and_forward_show_each_list_as_it_was() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{}/accounts", crate::house::STORE)).await;
            visit.types("#q", "nordhavn").await;
            visit.arrives("q=nordhavn").await;
            visit.presses("Authentication").await;
            visit.presses("Active").await;
            visit.arrives("authn=active").await;
            visit.clicks("#next").await;
            visit.arrives("page=2").await;
            let (address, rows) = (visit.here().await, visit.texts("#results tbody tr").await);
            visit.clicks("tbody tr:nth-child(5) .who a").await;
            visit.arrives("/accounts/acc_").await;
            visit.back().await;
            visit.arrives("page=2").await;
            assert_eq!((visit.here().await, visit.texts("#results tbody tr").await), (address.clone(), rows.clone()));
            assert_eq!(visit.value("#q").await, "nordhavn");
            visit.back().await;
            visit.until("the first page is back", "return !location.search.includes('page=')").await;
            visit.forward().await;
            visit.arrives("page=2").await;
            // And in another window: the address is all there is to it.
            visit.opens(&address).await;
            assert_eq!(visit.texts("#results tbody tr").await, rows);
        })
        .await;
}
