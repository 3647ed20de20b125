//! The everyday jobs of managing: an organization made, changed, switched off and on again; an account made, blocked,
//! disabled among others; a list taken in. With script and without.

use crate::{
    house::{House, INES, STORE},
    visit::{Visit, With},
};

/// Makes an organization, renames it, switches it off with the effect shown, and takes that back.
async fn looks_after_an_organization(visit: &Visit<'_>) {
    visit.opens(&format!("{STORE}/organizations")).await;
    visit.presses("Add organization").await;
    visit.types("#name", "Kestrel Couriers").await;
    visit.presses("Create organization").await;
    visit.says("Kestrel Couriers is set up.").await;
    visit.presses("Edit").await;
    visit.types("#name", "Kestrel Parcels").await;
    visit.types("#description", "Small parcels, quickly.").await;
    visit.presses("Save organization").await;
    visit.says("Kestrel Parcels is saved.").await;
    visit.clicks(".head details.menu > summary").await;
    visit.presses("Deactivate").await;
    visit.says("Deactivate Kestrel Parcels?").await;
    visit.says("1 organization").await;
    visit.presses("Deactivate Kestrel Parcels").await;
    visit.says("Kestrel Parcels is inactive, with all below it.").await;
    visit.presses("Undo").await;
    visit.says("Undone: Kestrel Parcels is active again.").await;
}

/// Makes an account there, blocks its membership, disables it among others, and takes that back.
async fn looks_after_an_account(visit: &Visit<'_>) {
    visit.opens(&format!("{STORE}/accounts/new")).await;
    visit.types("#name", "Wren Kestrel").await;
    visit.types("#email", "wren@kestrel.example").await;
    visit.presses("Add account").await;
    visit.says("Wren Kestrel is added.").await;
    visit.presses("Authorization").await;
    visit.chooses("#org", "Kestrel Parcels").await;
    visit.presses("Add membership").await;
    visit.says("Wren Kestrel is a member of Kestrel Parcels now.").await;
    visit.presses("Block").await;
    visit.says("Wren Kestrel is blocked in Kestrel Parcels.").await;
    visit.presses("Undo").await;
    visit.says("Undone: Wren Kestrel is active in Kestrel Parcels again.").await;
    visit.opens(&format!("{STORE}/accounts?q=kestrel")).await;
    visit.presses("Choose several").await;
    visit.clicks("tbody .check").await;
    visit.presses("Disable").await;
    visit.says("Disable 1 account?").await;
    visit.picture(&format!("disable several {}", visit.with())).await;
    visit.presses("Disable 1 account").await;
    visit.says("1 account is disabled, and signed out everywhere.").await;
    visit.arrives("q=kestrel").await;
    visit.presses("Undo").await;
    visit.says("Undone: 1 account is enabled again.").await;
}

/// Takes a small list in, of which one line is wrong.
async fn takes_a_list_in(visit: &Visit<'_>) {
    visit.opens(&format!("{STORE}/accounts")).await;
    visit.presses("Import a list").await;
    let list = "email;name;organizations\nlark@kestrel.example;Lark Kestrel;Kestrel Parcels\nnobody;Nobody;Nowhere\n";
    let _folder = visit.chooses_file("#file", "kestrel.csv", list).await;
    visit.presses("Upload and look").await;
    visit.says("What kestrel.csv would do").await;
    visit.clicks("#leave_out").await;
    visit.presses("Take in 1 account").await;
    visit.says("kestrel.csv was taken in").await;
    visit.opens(&format!("{STORE}/accounts?q=kestrel")).await;
    assert_eq!(visit.count("tbody tr").await, 2);
}

/// Gives a role to those who are ticked on the list of accounts.
async fn assigns_from_the_list(visit: &Visit<'_>) {
    visit.presses("Choose several").await;
    for _ in 0..2 {
        visit.clicks("tbody .check:not(:checked)").await;
    }
    visit.presses("Assign a role").await;
    visit.says("Which role for 2 accounts, and where?").await;
    visit.chooses("#org", "Kestrel Parcels").await;
    visit.chooses("#role", "Customer support").await;
    visit.presses("Go on").await;
    visit.says("2 accounts selected").await;
    visit.presses("Assign").await;
    visit.presses("Assign to 2 accounts").await;
    visit.says("2 accounts now hold Customer support in Kestrel Parcels.").await;
    assert_eq!(visit.house.held("Kestrel Parcels", "Customer support"), 2);
}

async fn does_the_everyday_jobs(visit: &Visit<'_>) {
    visit.signs_in(INES).await;
    looks_after_an_organization(visit).await;
    looks_after_an_account(visit).await;
    takes_a_list_in(visit).await;
    assigns_from_the_list(visit).await;
}

#[tokio::test]
async fn the_everyday_jobs_are_done_with_script() {
    let house = House::demo();
    house.visit(With::Desk, does_the_everyday_jobs).await;
}

#[tokio::test]
async fn the_everyday_jobs_are_done_without_script() {
    for house in House::each() {
        house.visit(With::DeskWithoutScript, does_the_everyday_jobs).await;
    }
}
