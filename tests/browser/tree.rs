//! The permission tree of an administrator role (screens.md 3.7): parents, filter, folding, what is unsaved; by mouse,
//! by keys, and with script off.

use crate::{
    house::{House, INES},
    visit::{Visit, With},
};
use thirtyfour::Key;

const ROLES: &str = "/admin/administrator-roles";

/// Whether a parent is off, on, or in between.
async fn parent(visit: &Visit<'_>, label: &str) -> &'static str {
    let script = "const box = document.querySelector(`input[data-parent='${arguments[0]}']`); \
        return box.indeterminate ? 'some' : box.checked ? 'all' : 'none'";
    match visit.js(script, vec![label.into()]).await.as_str().unwrap() {
        "some" => "some",
        "all" => "all",
        _ => "none",
    }
}

async fn clicks_parent(visit: &Visit<'_>, label: &str) {
    visit.clicks(&format!("input[data-parent='{label}']")).await;
}

async fn ticked(visit: &Visit<'_>) -> usize {
    visit.count("input[name=perm]:checked").await
}

#[tokio::test]
async fn parents_tick_what_they_contain_and_show_when_it_is_a_part() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&house.administrator_role("Regional helpdesk")).await;
            assert_eq!((parent(visit, "User management").await, parent(visit, "Users").await), ("some", "some"));
            assert_eq!((parent(visit, "Access role management").await, parent(visit, "Scope").await), ("none", "none"));
            let before = ticked(visit).await;
            // Part, all, nothing.
            clicks_parent(visit, "Users").await;
            assert_eq!((parent(visit, "Users").await, parent(visit, "User management").await), ("all", "some"));
            clicks_parent(visit, "User management").await;
            assert_eq!((parent(visit, "Invitations").await, parent(visit, "User management").await), ("all", "all"));
            clicks_parent(visit, "User management").await;
            assert_eq!((parent(visit, "Users").await, parent(visit, "User management").await), ("none", "none"));
            assert_eq!(visit.count("section[aria-label='User management'] input[name=perm]:checked").await, 0);
            visit.clicks("input[value='user.view']").await;
            assert_eq!(parent(visit, "Users").await, "some");
            assert!(ticked(visit).await < before);
            // What that comes to, beside the tree and in the bar.
            assert_eq!(visit.text("[data-changes]").await, format!("{} unsaved changes", before - ticked(visit).await));
            assert_eq!(visit.count("[data-diff] .rem").await, before - ticked(visit).await);
            assert_eq!(visit.count(".leaf .tag.rem").await, before - ticked(visit).await);
            visit.says("administrators are affected as soon as you save.").await;
        })
        .await;
}

#[tokio::test]
async fn a_filter_narrows_what_a_parent_ticks_and_keeps_everything_else() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(&format!("{ROLES}/new/other")).await;
            visit.types("#name", "Filtered").await;
            visit.types("#filter", "authenticator").await;
            assert_eq!(
                visit.js("return [...document.querySelectorAll('.leaf')].filter(leaf => leaf.checkVisibility()).length", vec![]).await,
                3
            );
            assert_eq!(visit.property("input[data-parent='Users']", "ariaLabel").await, "All shown in: Users");
            // Enter in the filter saves nothing.
            visit.keys(Key::Enter + "").await;
            clicks_parent(visit, "User management").await;
            assert_eq!((ticked(visit).await, parent(visit, "Users").await), (3, "all"));
            // Two of them are of no use without the third; here the third is there.
            assert_eq!(visit.count(".need:not([hidden])").await, 0);
            visit.clicks("input[value='user.view_authenticators']").await;
            visit
                .says("Update user authenticators, Delete user authenticators: of no use in the console without View user authenticators")
                .await;
            visit.presses("Add it").await;
            assert_eq!((visit.count(".need:not([hidden])").await, ticked(visit).await), (0, 3));
            visit.types("#filter", "").await;
            assert_eq!((parent(visit, "Users").await, visit.count(".leaf:not([hidden])").await), ("some", 37));
            visit.types("#filter", "no such thing").await;
            visit.says("No permission matches.").await;
            visit.types("#filter", "").await;
            visit.presses("Close all").await;
            assert_eq!(visit.count(".grp details[open]").await, 0);
            visit.presses("Open all").await;
            assert_eq!(visit.count(".grp details:not([open])").await, 0);
            visit.presses("Save role").await;
            visit.says("Filtered is ready.").await;
            assert_eq!(ticked(visit).await, 3);
        })
        .await;
}

#[tokio::test]
async fn somebody_without_a_mouse_makes_and_changes_a_role() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(ROLES).await;
            visit.tabs_to(".head summary").await;
            visit.enter().await;
            visit.tabs_to(".head a[href$='new/other']").await;
            visit.enter().await;
            visit.arrives("/new/other").await;
            visit.tabs_to("#name").await;
            visit.keys("By keys").await;
            visit.tabs_to("input[data-parent='Invitations']").await;
            visit.keys(" ").await;
            assert_eq!((ticked(visit).await, parent(visit, "Invitations").await), (4, "all"));
            visit.tabs_to("section[aria-label='Audit'] summary").await;
            visit.enter().await;
            assert_eq!(visit.count("section[aria-label='Audit'] details[open]").await, 0);
            // Ctrl and Enter saves from a textarea; Tab leads there too.
            visit.tabs_to(".bar .primary").await;
            visit.enter().await;
            visit.says("By keys is ready.").await;
            // The way past the tree.
            visit.tabs_to(".tree-tools .skip").await;
            visit.enter().await;
            assert_eq!(visit.focus().await, "save");
        })
        .await;
}

#[tokio::test]
async fn a_role_is_made_changed_and_deleted_with_script_off() {
    let house = House::demo();
    house
        .visit(With::DeskWithoutScript, async |visit| {
            visit.signs_in(INES).await;
            visit.opens(ROLES).await;
            visit.clicks(".head a.primary").await;
            visit.presses("Make an other administrator role").await;
            visit.types("#name", "Off and on").await;
            visit.presses("Select all of Invitations").await;
            visit.arrives(ROLES).await;
            assert_eq!((ticked(visit).await, visit.value("#name").await), (4, "Off and on".to_owned()));
            visit.presses("Save role").await;
            visit.says("Off and on is ready.").await;
            assert_eq!(house.events("administrator_role.add"), 1);
            visit.presses("Clear User management").await;
            visit.presses("Save role").await;
            visit.says("Keep at least one permission, or delete the role.").await;
            // A held one asks first.
            visit.opens(&house.administrator_role("Regional helpdesk")).await;
            visit.presses("Administrator management").await;
            visit.presses("Select all of Scope").await;
            visit.presses("Save role").await;
            visit.says("They gain").await;
            assert_eq!(visit.count(".diff .add").await, 4);
            visit.presses("Save for").await;
            visit.says("Regional helpdesk saved.").await;
            visit.presses("Undo").await;
            visit.says("Undone: Regional helpdesk is as it was.").await;
            visit.opens(&format!("{}/delete", house.administrator_role("Off and on"))).await;
            visit.presses("Delete administrator role").await;
            visit.says("Off and on is deleted.").await;
        })
        .await;
}
