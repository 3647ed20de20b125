//! What a first look costs: how many files, how many bytes, and whether anything jumps (screens.md 9: 15 and 16).

use crate::{
    house::{House, INES, STORE},
    visit::With,
};
use serde_json::json;

#[tokio::test]
async fn the_first_look_at_a_list_is_light_and_nothing_jumps() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.devtools("Network.enable", json!({})).await;
            visit.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await;
            visit.opens(&format!("{STORE}/accounts")).await;
            assert_eq!(visit.count("tbody tr").await, 25);
            visit.settles().await;
            let files = visit
                .js(
                    "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(file => file.name)",
                    vec![],
                )
                .await;
            let files: Vec<String> = serde_json::from_value(files).unwrap();
            assert!(files.len() <= 8, "{} requests: {files:?}", files.len());
            let (mut all, mut font) = (0, 0);
            for file in &files {
                let path = file.strip_prefix(&house.address).unwrap_or_else(|| panic!("{file} comes from elsewhere"));
                let bytes = visit.gzipped(path.split('#').next().unwrap()).await;
                all += bytes;
                font += if path.ends_with(".woff2") { bytes } else { 0 };
            }
            assert!(font > 0 && all - font <= 35 * 1024, "{} bytes without the font: {files:?}", all - font);
            assert!(all <= 100 * 1024, "{all} bytes with the font: {files:?}");
            let jumped = visit
                .js_later(
                    "const done = arguments[0]; let sum = 0; \
                     new PerformanceObserver(list => { for (const shift of list.getEntries()) sum += shift.value; }).observe({ type: 'layout-shift', buffered: true }); \
                     setTimeout(() => done(sum), 400)",
                    vec![],
                )
                .await;
            assert!(jumped.as_f64().unwrap() <= 0.01, "the page has jumped by {jumped}");
        })
        .await;
}
