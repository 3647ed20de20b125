//! Registration on a phone's width, from the link to the first page of one's own, with script and without.

use crate::{house::House, visit::With};

const NEW: &str = "nine orange lanterns drift by";

#[tokio::test]
async fn somebody_registers_on_a_phone_with_script_and_without() {
    let house = House::demo();
    for (with, email, name) in
        [(With::Phone, "nia@newcomers.example", "Newcomers One"), (With::DeskWithoutScript, "noa@newcomers.example", "Newcomers Two")]
    {
        house
            .visit(with, async |visit| {
                visit.width(390).await;
                visit.opens("/join/partners").await;
                visit.presses("Register a new organization").await;
                visit.types("#organization", name).await;
                visit.types("#name", "Nia New").await;
                visit.types("#email", email).await;
                visit.types("#password", NEW).await;
                visit.picture("registering an organization").await;
                visit.presses("Register").await;
                visit.says("Check your mail").await;
                visit.says(email).await;
                visit.picture("check your mail").await;
                visit.opens(&house.mail_to(email, 0).path()).await;
                visit.says(&format!("Set up {name}")).await;
                visit.types("#password", NEW).await;
                visit.presses("Confirm").await;
                visit.says(&format!("You belong to {name} now")).await;
                visit.picture("what a newcomer can do").await;
                visit.opens("/me").await;
                assert_eq!(visit.value("#name").await, "Nia New");
            })
            .await;
    }
}
