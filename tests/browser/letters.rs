//! Mail as people get it: tested from the settings, and a code that opens the second step of signing in.

use crate::{
    house::{House, INES, password},
    visit::With,
};

#[tokio::test]
async fn a_mailed_code_is_the_second_step_of_signing_in() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(INES).await;
            visit.opens("/admin/settings/mail").await;
            visit.types("#email", "somebody@brand.example").await;
            visit.presses("Send a test mail").await;
            visit.says("A test is on its way to somebody@brand.example.").await;
            assert!(house.mail_to("somebody@brand.example", 0).text.contains("They do."));
            visit.picture("settings of mail").await;
            visit.opens("/me").await;
            visit.types("#value", "ines@home.example").await;
            visit.presses("Add and send a code").await;
            visit.says("ines@home.example is added.").await;
            let code = code_of(&house.mail_to("ines@home.example", 0).text);
            visit.types("input[name=code]", &code).await;
            visit.presses("Confirm").await;
            visit.says("From now on signing in asks for a code.").await;
            visit.picture("second factors").await;
        })
        .await;
    house.wait_minutes(1);
    house
        .visit(With::Desk, async |visit| {
            visit.opens("/signin").await;
            visit.types("#identifier", INES).await;
            visit.presses("Continue").await;
            visit.types("#password", password(INES)).await;
            visit.presses("Sign in").await;
            visit.says("Enter the code").await;
            visit.picture("the second step").await;
            let code = code_of(&house.mail_to("ines@home.example", 1).text);
            visit.types("#code", &code).await;
            visit.presses("Sign in").await;
            visit.says("Home").await;
        })
        .await;
}

fn code_of(text: &str) -> String {
    let code = text.lines().map(str::trim).find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    code.unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}
