//! One's own page: how the console looks follows the device, or what one has chosen.

use crate::{
    house::{House, INES, STORE},
    visit::{Visit, With},
};
use serde_json::json;

/// The page's colours.
async fn is_dark(visit: &Visit<'_>) -> bool {
    visit.paints().await;
    let colour = visit.js("return getComputedStyle(document.body).backgroundColor", vec![]).await;
    match colour.as_str().unwrap() {
        "rgb(12, 14, 19)" => true,
        "rgb(245, 246, 248)" => false,
        other => panic!("the page is {other}"),
    }
}

#[tokio::test]
async fn the_console_is_as_dark_as_the_device_unless_somebody_chooses() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.prefers("prefers-color-scheme", "dark").await;
            assert!(is_dark(visit).await);
            visit.prefers("prefers-color-scheme", "light").await;
            assert!(!is_dark(visit).await);
            visit.opens("/me").await;
            visit.clicks("input[name=appearance][value=dark]").await;
            visit.clicks("input[name=density][value=compact]").await;
            visit.presses("Save settings").await;
            visit.says("Your settings are saved.").await;
            assert!(is_dark(visit).await);
            visit.opens(&format!("{STORE}/accounts")).await;
            let row = visit.js("return document.querySelector('tbody tr').getBoundingClientRect().height", vec![]).await;
            assert!(row.as_f64().unwrap() <= 41.0, "{row}");
            visit.picture("compact and dark").await;
        })
        .await;
}

#[tokio::test]
async fn the_zone_is_learned_from_the_browser_once() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Kolkata" })).await;
            visit.signs_in(INES).await;
            visit.opens(&format!("{STORE}/accounts")).await;
            visit.says("Last sign-in (IST)").await;
            visit.opens("/me").await;
            visit.types("#time_zone", "Europe/Lisbon").await;
            visit.presses("Save settings").await;
            visit.says("Times show in WET now.").await;
        })
        .await;
}

#[tokio::test]
async fn whoever_leaves_with_changes_is_asked() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{STORE}/roles/new")).await;
            visit.says("No unsaved changes").await;
            visit.types("#name", "Half a role").await;
            visit.says("1 unsaved change").await;
            let asked =
                "const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event); return event.defaultPrevented";
            assert_eq!(visit.js(asked, vec![]).await, true);
            visit.types("#name", "").await;
            visit.says("No unsaved changes").await;
            assert_eq!(visit.js(asked, vec![]).await, false);
        })
        .await;
}
