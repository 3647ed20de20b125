//! What somebody has typed is never lost: not to a mistake, not to somebody else, not to a session that ends and not
//! to a network that goes (screens.md 9: 7 and 13).

use crate::{
    house::{House, INES, STORE, password},
    visit::{Visit, With},
};

const ORGANIZATION: &str = "Nordhavn Freight";
const ROLE: &str = "Data protection contact";

/// A form came back with errors: the focus is on their summary, each of its links reaches its field, the title says so.
async fn is_told_what_is_wrong(visit: &Visit<'_>, links: &[&str]) {
    visit.waits(".errsum").await;
    visit.until("the summary has the focus", "return document.activeElement.matches('.errsum')").await;
    assert!(visit.title().await.starts_with("Error: "), "{}", visit.title().await);
    let found: Vec<String> =
        serde_json::from_value(visit.js("return [...document.querySelectorAll('.errsum a')].map(a => a.hash)", vec![]).await).unwrap();
    assert_eq!(found, links);
    for link in links {
        visit.clicks(&format!(".errsum a[href='{link}']")).await;
        assert_eq!(format!("#{}", visit.focus().await), *link);
        assert_ne!(visit.text(&format!("{link}-e, p{link}")).await, "", "the words stand at the field, too");
    }
}

#[tokio::test]
async fn whoever_leaves_something_out_is_led_to_it() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.opens("/signin").await;
            visit.presses("Continue").await;
            is_told_what_is_wrong(visit, &["#identifier"]).await;
            visit.types("#identifier", INES).await;
            visit.presses("Continue").await;
            visit.waits("#password").await;
            visit.presses("Sign in").await;
            is_told_what_is_wrong(visit, &["#password"]).await;
            visit.signs_in(INES).await;
            visit.opens(&format!("{STORE}/roles/new")).await;
            visit.types("#description", "Kept").await;
            visit.presses("Save role").await;
            is_told_what_is_wrong(visit, &["#name", "#right"]).await;
            assert_eq!(visit.value("#description").await, "Kept");
            visit.opens("/me").await;
            visit.types("#name", "").await;
            visit.presses("Save name").await;
            is_told_what_is_wrong(visit, &["#name"]).await;
            visit.presses("Change password").await;
            is_told_what_is_wrong(visit, &["#current", "#password"]).await;
            visit.types("#time_zone", "Mars/Olympus").await;
            visit.clicks("input[name=density][value=compact]").await;
            visit.presses("Save settings").await;
            is_told_what_is_wrong(visit, &["#time_zone"]).await;
            assert_eq!(visit.value("#time_zone").await, "Mars/Olympus");
            assert_eq!(visit.property("input[name=density][value=compact]", "checked").await, true);
        })
        .await;
}

async fn opens_the_dialog(visit: &Visit<'_>) {
    visit.opens(&visit.house.pair("role-assignments/unassigned", ORGANIZATION, ROLE)).await;
    visit.clicks("tbody tr:nth-child(1) .check").await;
    visit.clicks("tbody tr:nth-child(2) .check").await;
    visit.says("2 accounts selected").await;
    visit.presses("Assign").await;
    visit.waits("dialog[open]").await;
    visit.presses("Dates and reason").await;
    visit.types("#reason", "For the summer").await;
}

#[tokio::test]
async fn a_mistake_in_a_dialog_is_told_in_the_dialog() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            opens_the_dialog(visit).await;
            let title = visit.title().await;
            visit.sets("#ends", "2020-02-01").await;
            visit.presses("Assign to 2 accounts").await;
            is_told_what_is_wrong(visit, &["#ends"]).await;
            assert_eq!(visit.count("dialog[open]").await, 1);
            assert_eq!(visit.value("#reason").await, "For the summer");
            assert_eq!(visit.value("#ends").await, "2020-02-01");
            visit.presses("Cancel").await;
            visit.waits_without("dialog[open]").await;
            assert_eq!(visit.focus().await, "assign");
            assert_eq!(visit.title().await, title);
        })
        .await;
}

#[tokio::test]
async fn whoever_saves_after_somebody_else_keeps_what_they_typed() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{STORE}/roles/{}", house.role(ROLE))).await;
            visit.types("#description", "Mine").await;
            visit.clicks("#right-account_identities-READ").await;
            house.run(&format!("UPDATE roles SET rev = rev + 1, description = 'Theirs' WHERE name = '{ROLE}'"));
            visit.presses("Save role").await;
            visit.says("Somebody changed this while you were editing").await;
            assert_eq!(visit.value("#description").await, "Mine");
            assert_eq!(visit.property("#right-account_identities-READ", "checked").await, true);
            visit.says("Theirs").await;
            visit.presses("Save role").await;
            visit.says(&format!("{ROLE} saved.")).await;
            assert_eq!(visit.value("#description").await, "Mine");
        })
        .await;
}

/// The session has ended and the sign-in page has come instead: in again, and on.
async fn signs_in_again(visit: &Visit<'_>) {
    visit.says("You were signed out.").await;
    visit.types("#identifier", INES).await;
    visit.presses("Continue").await;
    visit.waits("#password").await;
    visit.types("#password", password(INES)).await;
    visit.presses("Sign in").await;
    visit.says("You are signed in again").await;
    visit.presses("Go on with your entries").await;
}

/// What was typed is back, and the page says why it stands there unsaved.
async fn is_told_to_check(visit: &Visit<'_>) {
    visit.says("You were signed out. Your entries are still here; check and save.").await;
}

async fn types_on_after_the_session_ended(visit: &Visit<'_>) {
    let house = visit.house;
    visit.signs_in(INES).await;
    // A form.
    visit.opens(&format!("{STORE}/roles/new")).await;
    visit.types("#name", "Late desk").await;
    visit.types("#description", "Typed <before> & after").await;
    visit.clicks("#right-account_management-READ").await;
    visit.clicks("input[name=auto_first]").await;
    house.wait_minutes(31);
    visit.presses("Save role").await;
    signs_in_again(visit).await;
    is_told_to_check(visit).await;
    assert_eq!(visit.value("#name").await, "Late desk");
    assert_eq!(visit.value("#description").await, "Typed <before> & after");
    assert_eq!(visit.property("#right-account_management-READ", "checked").await, true);
    assert_eq!(visit.property("input[name=auto_first]", "checked").await, true);
    assert_eq!(house.number("SELECT count(*) AS n FROM roles WHERE name = 'Late desk'"), 0, "nothing is sent for anybody");
    visit.presses("Save role").await;
    visit.says("Late desk is ready.").await;
    // Settings.
    visit.opens("/me").await;
    visit.clicks("input[name=appearance][value=dark]").await;
    visit.types("#time_zone", "Europe/Lisbon").await;
    house.wait_minutes(31);
    visit.presses("Save settings").await;
    signs_in_again(visit).await;
    is_told_to_check(visit).await;
    assert_eq!(visit.property("input[name=appearance][value=dark]", "checked").await, true);
    assert_eq!(visit.value("#time_zone").await, "Europe/Lisbon");
    visit.presses("Save settings").await;
    visit.says("Your settings are saved.").await;
}

#[tokio::test]
async fn a_form_comes_back_filled_after_the_session_ended() {
    let house = House::demo();
    house.visit(With::Desk, types_on_after_the_session_ended).await;
}

#[tokio::test]
async fn a_form_comes_back_filled_after_the_session_ended_without_script() {
    let house = House::demo();
    house.visit(With::DeskWithoutScript, types_on_after_the_session_ended).await;
}

#[tokio::test]
async fn ticks_and_confirmations_come_back_after_the_session_ended() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&house.pair("role-assignments/unassigned", ORGANIZATION, ROLE)).await;
            visit.clicks("tbody tr:nth-child(1) .check").await;
            visit.says("1 account selected").await;
            house.wait_minutes(31);
            visit.clicks("tbody tr:nth-child(3) .check").await;
            signs_in_again(visit).await;
            visit.says("2 accounts selected").await;
            assert_eq!(visit.count("tbody .check:checked").await, 2);
            // A search while nobody is signed in leads on to what was sought.
            house.wait_minutes(31);
            visit.opens(&format!("{STORE}/accounts")).await;
            visit.signs_in(INES).await;
            visit.opens(&format!("{STORE}/accounts")).await;
            house.wait_minutes(31);
            visit.types("#q", "halden").await;
            visit.says("You were signed out.").await;
            visit.types("#identifier", INES).await;
            visit.presses("Continue").await;
            visit.waits("#password").await;
            visit.types("#password", password(INES)).await;
            visit.presses("Sign in").await;
            visit.arrives("q=halden").await;
            assert_eq!(visit.value("#q").await, "halden");
            // The confirmation is asked for once more.
            opens_the_dialog(visit).await;
            house.wait_minutes(31);
            visit.presses("Assign to 2 accounts").await;
            signs_in_again(visit).await;
            visit.says(&format!("Give 2 accounts the {ROLE} role?")).await;
            assert_eq!(visit.value("#reason").await, "For the summer");
            assert_eq!(house.held(ORGANIZATION, ROLE), 0, "nothing is sent for anybody");
            visit.presses("Assign to 2 accounts").await;
            visit.says("2 accounts now hold").await;
        })
        .await;
}

#[tokio::test]
async fn a_network_that_goes_takes_nothing_along() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&house.pair("role-assignments/unassigned", ORGANIZATION, ROLE)).await;
            visit.clicks("tbody tr:nth-child(1) .check").await;
            visit.says("1 account selected").await;
            visit.offline(true).await;
            visit.clicks("tbody tr:nth-child(2) .check").await;
            visit.says("No connection. Your entries are still here.").await;
            assert_eq!(visit.count("tbody .check:checked").await, 2);
            visit.offline(false).await;
            visit.presses("Retry").await;
            visit.says("2 accounts selected").await;
            assert_eq!(visit.count(".toast").await, 0);
            // In a dialog.
            visit.presses("Assign").await;
            visit.waits("dialog[open]").await;
            visit.presses("Dates and reason").await;
            visit.types("#reason", "For the summer").await;
            visit.offline(true).await;
            visit.presses("Assign to 2 accounts").await;
            visit.waits(".toast").await;
            assert_eq!(visit.count("dialog[open]").await, 1);
            assert_eq!(visit.value("#reason").await, "For the summer");
            assert_eq!(visit.property("dialog .primary", "ariaBusy").await, serde_json::Value::Null);
            visit.offline(false).await;
            visit.presses("Assign to 2 accounts").await;
            visit.says("2 accounts now hold").await;
        })
        .await;
}
