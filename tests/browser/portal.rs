//! Org admins and those they look after, in a real browser: an invitation, a forgotten password and another address, each
//! the whole way with mail read from the sink, with script and without, at a desk and on a phone.

use crate::{
    house::House,
    visit::{Visit, With},
};

/// Org admin of Halden Retail Group, with every access right.
pub const HENRIK: &str = "henrik.solberg@halden.example";
const NEW: &str = "nine orange lanterns drift by";
const OTHER: &str = "seven yellow kites over water";

/// The address of ours in a mail, by a part of it.
fn link(house: &House, text: &str, part: &str) -> String {
    let found = text.split_whitespace().find(|word| word.contains(part)).unwrap_or_else(|| panic!("no {part} in {text}"));
    found.replace(&house.address, "")
}

async fn signs_in_with(visit: &Visit<'_>, identifier: &str, secret: &str) {
    visit.opens("/signin").await;
    visit.types("#identifier", identifier).await;
    visit.presses("Continue").await;
    visit.types("#password", secret).await;
    visit.presses("Sign in").await;
}

#[tokio::test]
async fn somebody_is_invited_forgets_the_password_and_gets_another_address() {
    for with in [With::Desk, With::DeskWithoutScript, With::Phone] {
        let house = House::demo();
        house
            .visit(with, async |visit| {
                visit.signs_in(HENRIK).await;
                visit.opens("/portal").await;
                visit.says("The people of Halden Retail Group").await;
                visit.presses("Invite").await;
                visit.types("#emails", "nia@new.example").await;
                visit.types("#message", "Welcome to the team").await;
                visit.presses("Send invitations").await;
                visit.says("1 invitation is on the way").await;
                visit.opens("/me").await;
                visit.signs_out().await;
                // Nia accepts.
                let mail = house.mail_to("nia@new.example", 0).text;
                assert!(mail.contains("Welcome to the team"));
                visit.opens(&link(&house, &mail, "/invite/")).await;
                visit.says("Henrik Solberg invites you to Halden Retail Group").await;
                visit.types("#name", "Nia New").await;
                visit.types("#password", NEW).await;
                visit.presses("Accept").await;
                visit.says("Welcome. You belong to Halden Retail Group now").await;
                visit.signs_out().await;
                visit.opens(&link(&house, &mail, "/invite/")).await;
                visit.says("Already accepted").await;
                // She forgets her password.
                visit.opens("/signin/reset").await;
                visit.types("#identifier", "nia@new.example").await;
                visit.presses("Send me a link").await;
                visit.says("Check your mail").await;
                let mail = house.mail_to("nia@new.example", 1).text;
                visit.opens(&link(&house, &mail, "/signin/reset/")).await;
                visit.types("#password", OTHER).await;
                visit.presses("Set password").await;
                visit.says("Your password is changed.").await;
                // Henrik gives her another address; it counts once she confirms it.
                visit.signs_in(HENRIK).await;
                let nia = house.text("SELECT id AS t FROM accounts WHERE email = 'nia@new.example'");
                let halden = house.organization("Halden Retail Group");
                visit.opens(&format!("/portal/o/{halden}/accounts/{nia}/identifiers")).await;
                visit.types("#email", "nia@halden.example").await;
                visit.presses("Change sign-in names").await;
                visit.says("nia@halden.example").await;
                visit.opens("/me").await;
                visit.signs_out().await;
                let mail = house.mail_to("nia@halden.example", 0).text;
                visit.opens(&link(&house, &mail, "/confirm/")).await;
                visit.types("#password", OTHER).await;
                visit.presses("Confirm").await;
                visit.says("nia@halden.example is confirmed").await;
                signs_in_with(visit, "nia@halden.example", OTHER).await;
                visit.says("Your account").await;
            })
            .await;
    }
}

#[tokio::test]
async fn an_org_admin_disables_undoes_sets_up_a_child_and_downloads_without_script_too() {
    for with in [With::Desk, With::DeskWithoutScript] {
        let house = House::demo();
        house
            .visit(with, async |visit| {
                visit.signs_in(HENRIK).await;
                let halden = house.organization("Halden Retail Group");
                let bjorn = house.text("SELECT id AS t FROM accounts WHERE email = 'bjorn.ostby@halden.example'");
                visit.opens(&format!("/portal/o/{halden}/accounts/{bjorn}")).await;
                visit.says("You can edit the profile").await;
                visit.presses("Disable").await;
                visit.says("is disabled, and signed out everywhere.").await;
                visit.presses("Undo").await;
                visit.says("Undone").await;
                visit.opens(&format!("/portal/o/{halden}/organizations/new")).await;
                visit.types("#name", "Trondheim store").await;
                visit.presses("Set up organization").await;
                visit.says("Trondheim store is set up.").await;
                visit.opens(&format!("/portal/o/{halden}/accounts/{bjorn}/data")).await;
                visit.says("The download is written in the log").await;
            })
            .await;
    }
}
