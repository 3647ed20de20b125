//! What the product is for: make a role, give it to thirty people who are found by two searches over three pages, see
//! them hold it, take it from two.

use crate::{
    house::{AGNIESZKA, House, INES, MARTA, STORE},
    visit::{Visit, With},
};

const ORGANIZATION: &str = "Nordhavn Freight";

/// Makes a role from a template.
async fn makes_a_role(visit: &Visit<'_>, name: &str) {
    visit.presses("Roles of Meridian partners").await;
    visit.presses("Create role").await;
    visit.presses("Customer support").await;
    if !visit.script {
        visit.presses("Use this template").await;
    }
    visit.until("the template is ticked", "return document.querySelectorAll('input[name=right]:checked').length === 9").await;
    visit.types("#name", name).await;
    visit.presses("Save role").await;
    visit.says(&format!("{name} is ready.")).await;
}

/// Chooses a pair under Role assignments.
async fn chooses_the_pair(visit: &Visit<'_>, role: &str) {
    visit.presses("Role assignments").await;
    visit.says("Choose an organization and a role first.").await;
    visit.chooses("#org", ORGANIZATION).await;
    shows(visit, "org=").await;
    visit.chooses("#role", role).await;
    shows(visit, "role=").await;
    visit.says(&format!("Holders manage {ORGANIZATION}")).await;
}

/// With script a choice shows at once, without it there is a button.
async fn shows(visit: &Visit<'_>, word: &str) {
    if !visit.script {
        visit.presses("Show").await;
    }
    visit.arrives(word).await;
}

async fn searches(visit: &Visit<'_>, words: &str) {
    visit.types("#q", words).await;
    if !visit.script {
        visit.presses("Search").await;
    }
    visit.arrives(&format!("q={words}")).await;
    visit
        .until(
            "all rows match",
            &format!("return [...document.querySelectorAll('.who')].every(who => who.innerText.toLowerCase().includes({words:?}))"),
        )
        .await;
}

/// Ticks so many rows of the page that is shown, as fast as it goes.
async fn ticks(visit: &Visit<'_>, many: usize) {
    for _ in 0..many {
        visit.clicks("tbody .check:not(:checked)").await;
    }
}

/// Picks thirty accounts by two searches over three pages, and gives them the role.
async fn gives_it_to_thirty(visit: &Visit<'_>, role: &str, searched: [&str; 2]) {
    visit.presses("Assign accounts").await;
    visit.says("Choose who gets this role in this organization.").await;
    searches(visit, searched[0]).await;
    ticks(visit, 12).await;
    visit.presses("Next").await;
    visit.arrives("page=2").await;
    ticks(visit, 10).await;
    searches(visit, searched[1]).await;
    ticks(visit, 8).await;
    visit.presses("Assign").await;
    visit.says(&format!("Give 30 accounts the {role} role?")).await;
    visit.says("and 18 more").await;
    visit.picture(&format!("confirmation {}", visit.with())).await;
    visit.presses("Assign to 30 accounts").await;
    visit.says(&format!("30 accounts now hold {role} in {ORGANIZATION}.")).await;
    assert_eq!(visit.text(".tabs [aria-current] .count").await, "30");
}

/// Goes to the picker and comes back by its button, then takes the role from two.
async fn takes_it_from_two(visit: &Visit<'_>, role: &str) {
    visit.presses("Assign more").await;
    visit.says("0 accounts selected").await;
    visit.presses("Back to assignments").await;
    visit.says("Account Organizations Authentication Comes from").await;
    ticks(visit, 2).await;
    visit.presses("Remove the selected").await;
    visit.says(&format!("Take {role} from 2 accounts?")).await;
    visit.presses("Remove from 2 accounts").await;
    visit.says(&format!("2 accounts no longer hold {role} in {ORGANIZATION}.")).await;
}

async fn does_the_main_job(visit: &Visit<'_>) {
    visit.signs_in(INES).await;
    makes_a_role(visit, "Night watch").await;
    chooses_the_pair(visit, "Night watch").await;
    visit.says("Nobody holds Night watch in Nordhavn Freight yet").await;
    gives_it_to_thirty(visit, "Night watch", ["nordhavn", "halden"]).await;
    assert_eq!(visit.house.held(ORGANIZATION, "Night watch"), 30);
    takes_it_from_two(visit, "Night watch").await;
    assert_eq!(visit.house.held(ORGANIZATION, "Night watch"), 28);
}

#[tokio::test]
async fn a_super_administrator_does_the_main_job() {
    for house in House::each() {
        house.visit(With::Desk, does_the_main_job).await;
    }
}

#[tokio::test]
async fn a_super_administrator_does_the_main_job_without_script() {
    for house in House::each() {
        house.visit(With::DeskWithoutScript, does_the_main_job).await;
    }
}

/// The same of somebody who manages one organization and all below it.
async fn does_the_smaller_job(visit: &Visit<'_>) {
    visit.signs_in(MARTA).await;
    visit.presses("Role assignments of Meridian partners").await;
    // No roles to manage, and no organization out of reach to choose.
    assert_eq!(
        visit.texts(".side .nav").await,
        [
            "Home",
            "Organizations",
            "Accounts",
            "Invitations",
            "Role assignments",
            "Administrators",
            "Scopes",
            "Identity stores",
            "Event log"
        ]
    );
    assert!(visit.texts("#org option").await.iter().skip(1).all(|path| path.starts_with(ORGANIZATION)));
    let held = visit.house.held(ORGANIZATION, "Night desk");
    assert_eq!(held, 0);
    chooses_the_pair(visit, "Night desk").await;
    gives_it_to_thirty(visit, "Night desk", ["nordhavn", "sen"]).await;
    takes_it_from_two(visit, "Night desk").await;
    assert_eq!(visit.house.held(ORGANIZATION, "Night desk"), 28);
    visit.opens(&format!("{STORE}/roles")).await;
    visit.says("Nothing here").await;
}

#[tokio::test]
async fn an_administrator_of_one_organization_does_the_main_job_there() {
    let house = House::demo();
    house.visit(With::Desk, does_the_smaller_job).await;
}

#[tokio::test]
async fn an_administrator_of_one_organization_does_the_main_job_there_without_script() {
    let house = House::demo();
    house.visit(With::DeskWithoutScript, does_the_smaller_job).await;
}

#[tokio::test]
async fn whoever_may_only_look_sees_who_holds_what_and_no_button() {
    let house = House::demo();
    house
        .visit(With::Desk, async |visit| {
            visit.signs_in(AGNIESZKA).await;
            visit.opens(&visit.house.pair("role-assignments", ORGANIZATION, "Customer support")).await;
            visit.says("Holders manage Nordhavn Freight").await;
            assert!(visit.count("#results tbody tr").await > 1);
            for absent in [".btn.primary", ".btn.danger-quiet", "td.act", ".check", "a[href*=unassigned]"] {
                assert_eq!(visit.count(absent).await, 0, "{absent}");
            }
        })
        .await;
}
