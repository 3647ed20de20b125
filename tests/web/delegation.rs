//! Delegation in random brands through the pages: people sign in and post the forms, what is theirs to do and what is not.
//! The naive rules of the store's tests (`tests/store/delegation.rs`, where far more brands are tried) say which of it is
//! done; the database is checked after every step.

#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../store/delegation/acts.rs"]
mod acts;
#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../store/delegation/drawings.rs"]
mod drawings;
#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../store/delegation/rules.rs"]
mod rules;
#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../store/delegation/shape.rs"]
mod shape;
#[path = "../store/delegation/world.rs"]
mod world;

use crate::{
    database::Database,
    house::{House, PASSWORD},
    page::Page,
    person::Person,
    place::{Content, HASH},
};
use acts::Act;
use bailiwick::{
    access::{Origin, system},
    domain::time::Time,
    store::check,
};
use drawings::{Drawing, Step, drawing};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use rules::{Brand, CELLS, Dates, LEAVES};
use world::{email, world};

/// A house with a brand in it, and the ids that its pages know things by.
struct Doors<'h> {
    house: &'h House,
    start: Time,
    organizations: Vec<String>,
    accounts: Vec<String>,
    roles: Vec<String>,
    administrator_roles: Vec<String>,
    scopes: Vec<String>,
    /// In the order of the rules' list.
    grants: Vec<String>,
}

impl<'h> Doors<'h> {
    fn new(house: &'h House, brand: &Brand) -> Self {
        house.import(world(brand, &HASH));
        let ids = |table: &str, order: &str| house.texts(&format!("SELECT id AS t FROM {table} ORDER BY {order}"));
        let named = |table: &str, name: String| house.texts(&format!("SELECT id AS t FROM {table} WHERE {name}")).remove(0);
        let organization = |place| match place {
            0 => "parent IS NULL".to_owned(),
            place => format!("name = 'O{place}'"),
        };
        Self {
            house,
            start: house.now(),
            organizations: brand.places().map(|place| named("organizations", organization(place))).collect(),
            accounts: (0..brand.people.len()).map(|who| named("accounts", format!("email = '{}'", email(who)))).collect(),
            roles: ids("roles", "name"),
            administrator_roles: ids("administrator_roles", "CASE WHEN kind = 'super' THEN '' ELSE name END"),
            scopes: ids("scopes", "name"),
            grants: ids("grants", "account"),
        }
    }

    /// An instant as a form has it. Everybody's zone is UTC here.
    fn field(&self, minutes: Option<i64>) -> String {
        let instant = minutes.map(|minutes| self.start.plus_seconds(minutes * 60).rfc3339());
        instant.map(|text| text.chars().take(19).collect()).unwrap_or_default()
    }

    /// The version that the form of a thing would carry.
    fn rev(&self, table: &str, id: &str) -> String {
        self.house.number(&format!("SELECT coalesce(max(rev), 0) AS n FROM {table} WHERE id = '{id}'")).to_string()
    }

    /// The address and the fields of the form by which it is done.
    fn form(&self, brand: &Brand, act: Act) -> (String, Vec<(&'static str, String)>) {
        let place = |place: usize| self.organizations[place].clone();
        let account = |who: usize| self.accounts[who].clone();
        let store = |of_root: bool| if of_root { "/admin/stores/administrators" } else { "/admin/stores/customers" };
        let of = |who: usize| format!("{}/accounts/{}", store(brand.people[who].of_root), self.accounts[who]);
        let dates = |(starts, ends): Dates| [("starts", self.field(starts)), ("ends", self.field(ends))];
        let then = |keep: bool| ("handed_on", if keep { "keep" } else { "revoke" }.to_owned());
        let cascading = |yes: bool| yes.then(|| ("cascading", "on".to_owned()));
        match act {
            Act::Give { to, role, scope, cascading: yes, dates: period } => {
                let scope = scope.map(|scope| self.scopes[scope].clone()).unwrap_or_default();
                let fields = [("account", account(to)), ("role", self.administrator_roles[role].clone()), ("scope", scope)];
                ("/admin/administrators".into(), fields.into_iter().chain(dates(period)).chain(cascading(yes)).collect())
            }
            Act::Revoke { grant, keep } => (format!("/admin/grants/{}/revoke", self.grants[grant]), vec![then(keep)]),
            Act::Edit { grant, cascading: yes, dates: period, keep } => {
                let id = &self.grants[grant];
                let fields = [("rev", self.rev("grants", id))].into_iter().chain(dates(period)).chain(cascading(yes));
                (format!("/admin/grants/{id}"), fields.chain(keep.map(then)).collect())
            }
            Act::Assign { to, role, at, dates: period } => {
                let fields = [("org", place(at)), ("role", self.roles[role].clone()), ("account", account(to))];
                (format!("{}/role-assignments", store(false)), fields.into_iter().chain(dates(period)).collect())
            }
            Act::Unassign { from, role, at } => {
                let fields = [("org", place(at)), ("role", self.roles[role].clone()), ("account", account(from))];
                (format!("{}/role-assignments/remove", store(false)), fields.to_vec())
            }
            Act::Block { who, place: at, on } => {
                (format!("{}/memberships/{}", of(who), if on { "block" } else { "unblock" }), vec![("org", place(at))])
            }
            Act::Enable { who, on } => (format!("{}/{}", of(who), if on { "enable" } else { "disable" }), Vec::new()),
            Act::Switch { place: at, on } => {
                let word = if on { "activate" } else { "deactivate" };
                (format!("{}/organizations/{}/{word}", store(at == 0), place(at)), Vec::new())
            }
            Act::Delete { who, keep } => (format!("{}/delete", of(who)), vec![then(keep)]),
            Act::Join { who, place: at } => (format!("{}/memberships", of(who)), vec![("org", place(at))]),
            Act::Leave { who, place: at, keep } => {
                let keep = keep.then(|| ("keep", "on".to_owned()));
                (format!("{}/memberships/remove", of(who)), [("org", place(at))].into_iter().chain(keep).collect())
            }
            Act::Reshape { scope, reach, keep } => {
                let id = &self.scopes[scope];
                let fields =
                    [("name", format!("Scope {scope}")), ("org", place(brand.scopes[scope].0)), ("reach", reach.word().to_owned())];
                let more = [("access_roles", "all".to_owned()), ("rev", self.rev("scopes", id)), then(keep)];
                (format!("/admin/scopes/{id}"), fields.into_iter().chain(more).collect())
            }
            Act::KeepScope { owner, reach } => {
                let fields = [("name", format!("Scope {}", self.scopes.len())), ("org", place(owner)), ("reach", reach.word().to_owned())];
                ("/admin/scopes".into(), fields.into_iter().chain([("access_roles", "all".to_owned())]).collect())
            }
            Act::Move { place: at, under } => {
                (format!("{}/organizations/{}/move", store(false), place(at)), vec![("parent", place(under))])
            }
            Act::Rewrite { role, leaves } => {
                let id = &self.administrator_roles[role];
                let fields = [("name", format!("Administrator {role}")), ("rev", self.rev("administrator_roles", id))];
                let leaves = (0..LEAVES.len()).filter(|leaf| leaves & (1 << leaf) != 0).map(|leaf| ("perm", LEAVES[leaf].code.to_owned()));
                (format!("/admin/administrator-roles/{id}"), fields.into_iter().chain(leaves).collect())
            }
            Act::Redraw { role, cells } => {
                let id = &self.roles[role];
                let fields = [("name", format!("Role {role}")), ("rev", self.rev("roles", id))];
                let cells = (0..CELLS.len()).filter(|cell| cells & (1 << cell) != 0).map(|cell| ("right", CELLS[cell].0.code()));
                (format!("{}/roles/{id}", store(false)), fields.into_iter().chain(cells).collect())
            }
        }
    }

    /// What somebody gets for posting it, and for confirming it where that is asked.
    async fn post(&self, person: &Person<'_>, brand: &Brand, act: Act) -> Page {
        let (path, mut fields) = self.form(brand, act);
        // Some of it asks for the password once more (I-5).
        fields.push(("password", PASSWORD.to_owned()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = person.post(&path, &fields).await;
        if !page.has("form[method=post] input[name=confirmed]") {
            return page;
        }
        // What was chosen about what was handed on is chosen there again.
        let mut form = page.form("main form[method=post]");
        for (name, value) in fields.iter().filter(|(name, _)| ["handed_on", "password"].contains(name)) {
            form = form.without(name).smuggle(name, value);
        }
        person.submit(form).await
    }

    /// Learns the ids of what was made.
    fn learn(&mut self, brand: &Brand) {
        let house = self.house;
        for number in self.scopes.len()..brand.scopes.len() {
            self.scopes.push(house.texts(&format!("SELECT id AS t FROM scopes WHERE name = 'Scope {number}'")).remove(0));
        }
        for grant in brand.grants.iter().skip(self.grants.len()) {
            let scope = grant.scope.map_or("g.scope IS NULL".to_owned(), |scope| format!("s.id = '{}'", self.scopes[scope]));
            let sql = format!(
                "SELECT g.id AS t FROM grants g JOIN accounts a ON a.key = g.account JOIN administrator_roles r ON r.key = g.role \
                 LEFT JOIN scopes s ON s.key = g.scope WHERE a.id = '{}' AND r.id = '{}' AND {scope}",
                self.accounts[grant.who], self.administrator_roles[grant.role],
            );
            self.grants.push(house.texts(&sql).remove(0));
        }
    }

    async fn step(&mut self, brand: &mut Brand, step: Step) -> Result<(), TestCaseError> {
        let Step::Act { by, act } = step else {
            let Step::Wait(minutes) = step else { unreachable!() };
            self.house.wait_minutes(minutes);
            brand.now += minutes;
            return Ok(());
        };
        // No form takes an end in the past.
        let after = brand.after(by, act).filter(|_| !matches!(act, Act::Edit { dates, .. } if brand.over(dates)));
        // Sessions end while people wait, so everybody signs in for what they do; who is not active cannot.
        let person = self.house.stranger();
        let came = person.sign_in(&email(by), PASSWORD).await.status == 303;
        prop_assert_eq!(came, brand.is_active(by), "A{} signs in", by);
        if !came {
            prop_assert!(after.is_none());
            // Tries that fail make people wait (I-4), which is not the matter here.
            self.house.run("DELETE FROM throttles");
            return Ok(());
        }
        let page = self.post(&person, brand, act).await;
        // To be moved where it stands already is done by nothing at all.
        let nothing = matches!(act, Act::Move { place, under } if brand.parent[place] == Some(under));
        let expected: &[u16] = match after {
            Some(_) => &[303],
            None if nothing => &[303, 403, 404, 422],
            None => &[403, 404, 409, 422],
        };
        prop_assert!(expected.contains(&page.status), "{} for {}: {}", page.status, page.asked, page.text());
        if let Some(after) = after {
            *brand = after;
            self.learn(brand);
        }
        let wrong = self.house.db.read(&system::checking(Origin::default()), check::check).unwrap();
        prop_assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

async fn tell(database: Database, drawing: &Drawing) -> Result<(), TestCaseError> {
    let house = House::over(database).await;
    let mut brand = drawing.brand();
    let mut doors = Doors::new(&house, &brand);
    let mut told = Vec::new();
    for tried in &drawing.tries {
        let step = brand.settle(tried);
        told.push(step);
        doors.step(&mut brand, step).await.map_err(|error| match error {
            TestCaseError::Fail(why) => TestCaseError::fail(format!("{why}\nafter {told:?}\nnow {brand:?}")),
            other => other,
        })?;
    }
    Ok(())
}

fn try_brands(cases: u32, database: impl Fn() -> Option<Database>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() });
    let tried = runner.run(&drawing(), |drawing: Drawing| {
        let Some(mut database) = database() else { return Ok(()) };
        database.may_be_unsound();
        actix_web::rt::System::new().block_on(tell(database, &drawing))
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_people_post_in_random_brands_the_naive_rules_say_how_it_is_answered() {
    try_brands(10, || Some(Database::sqlite(Content::Ground)));
}

#[test]
fn postgresql_answers_people_the_same() {
    try_brands(3, || Database::postgres(Content::Ground));
}
