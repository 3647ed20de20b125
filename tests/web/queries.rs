//! How many statements each page costs: a constant, however many there are of everything, compared with
//! `tests/queries.txt`, a table that people review (quality.md).

use crate::{
    access::{prepare, request},
    house::House,
    page::Page,
    person::Person,
};
use bailiwick::web::routes;
use std::{fmt::Write, time::Duration};

/// Whose pages are counted: a super administrator's, a narrow administrator's, those of one who only looks, and of an
/// account that holds nothing.
const PEOPLE: &[(&str, &str)] =
    &[("super", "su@brand.example"), ("narrow", "ina@acme.example"), ("viewer", "vera@acme.example"), ("plain", "paul@acme.example")];

/// Pages beside those of the table of routes: the same with what people type and choose.
fn further(house: &House) -> Vec<(&'static str, String)> {
    let base = "/admin/stores/customers";
    // Somebody holds it in either world.
    let pair = format!("org={}&role={}", house.org("Acme/North"), house.role("Org auditor"));
    vec![
        ("accounts?q=", format!("{base}/accounts?q=ada")),
        ("accounts?q=&authn=&sort=&per=", format!("{base}/accounts?q=a&authn=active&authz=active&sort=-last&per=100")),
        ("accounts?page=2", format!("{base}/accounts?page=2")),
        ("accounts?role=&verified=", format!("{base}/accounts?role={}&verified=no", house.role("Org auditor"))),
        ("accounts?factor=&from=&to=", format!("{base}/accounts?factor=none&from=2020-01-01&to=2030-01-01")),
        ("accounts/choose?per=", format!("{base}/accounts/choose?per=100")),
        ("accounts/{account}?tab=sign-in", format!("{base}/accounts/{}?tab=sign-in", house.acc("oda@acme.example"))),
        ("accounts/{account}?tab=memberships", format!("{base}/accounts/{}?tab=memberships", house.acc("oda@acme.example"))),
        ("accounts/{account}?tab=events", format!("{base}/accounts/{}?tab=events", house.acc("oda@acme.example"))),
        ("events?type=&below=", format!("/admin/events?type=role_assignment&store=customers&org={}&below=1", house.org("Acme"))),
        ("scopes?q=&org=&sort=", format!("/admin/scopes?q=all&org={}&sort=-changed&per=100", house.org("Acme"))),
        ("search?q=", "/admin/search?q=ada".to_owned()),
        ("accounts/{account}?tab=roles", format!("{base}/accounts/{}?tab=roles", house.acc("oda@acme.example"))),
        ("organizations?view=list", format!("{base}/organizations?view=list&per=100")),
        ("organizations/{organization}?tab=", format!("{base}/organizations/{}?tab=accounts", house.org("Acme"))),
        ("roles?right=", format!("{base}/roles?right=account_management%3AREAD&unused=1&per=100")),
        ("administrator-roles?type=", "/admin/administrator-roles?q=e&type=other&sort=-changed".to_owned()),
        ("role-assignments?org=&role=", format!("{base}/role-assignments?{pair}")),
        ("role-assignments?org=&role=&q=&per=", format!("{base}/role-assignments?{pair}&q=ada&per=100")),
        ("unassigned?per=", format!("{base}/role-assignments/unassigned?{pair}&per=100")),
        ("unassigned?q=&member=", format!("{base}/role-assignments/unassigned?{pair}&q=ada&member=inside&sort=-last")),
    ]
}

/// Statements of one visit; the first one only warms up. What somebody was refused before may still be on its way into
/// the log, so two visits have to agree.
async fn cost(house: &House, person: &Person<'_>, path: &str) -> Option<u64> {
    if person.get(path).await.status != 200 {
        return None;
    }
    let mut last = None;
    for _ in 0..10 {
        let before = house.db.queries();
        person.get(path).await.is(200);
        let now = Some(house.db.queries() - before);
        if now == last {
            return now;
        }
        last = now;
    }
    panic!("{path} costs something else each time on {}", house.name())
}

/// Waits until nothing is on its way into the log any more.
async fn quiet(house: &House) {
    let mut before = u64::MAX;
    while house.db.queries() != before {
        before = house.db.queries();
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Statements of a post that does its work.
async fn price(house: &House, person: &Person<'_>, path: &str, fields: &[(&str, &str)]) -> (u64, Page) {
    person.token().await;
    let before = house.db.queries();
    let page = person.post(path, fields).await.is(303);
    (house.db.queries() - before, page)
}

/// What giving to these and taking from them again costs, from the first tick to the last confirmation.
async fn acts(house: &House, person: &Person<'_>, role: &str, accounts: &[String]) -> Vec<(&'static str, Option<u64>)> {
    let base = "/admin/stores/customers/role-assignments";
    let (org, role) = (house.org("Acme/South"), house.role(role));
    let pair = [("org", org.as_str()), ("role", role.as_str())];
    let named = |name: &'static str| accounts.iter().map(move |account| (name, account.as_str()));
    let mut counted = Vec::new();
    quiet(house).await;
    let chosen: Vec<(&str, &str)> = pair.into_iter().chain(named("seen")).chain(named("sel")).chain([("go", "confirm")]).collect();
    let (count, page) = price(house, person, &format!("{base}/selection"), &chosen).await;
    counted.push(("select", Some(count)));
    let confirm = page.leads_to().unwrap().to_owned();
    counted.push(("confirm", cost(house, person, &confirm).await));
    let form = person.get(&confirm).await.form(&format!("main form[action='{base}'], dialog form[action='{base}'], form[action='{base}']"));
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    counted.push(("assign", Some(price(house, person, base, &fields).await.0)));
    let taken: Vec<(&str, &str)> = pair.into_iter().chain(named("account")).collect();
    let query = serde_html_form::to_string(&taken).unwrap();
    counted.push(("confirm removal", cost(house, person, &format!("{base}/remove?{query}")).await));
    counted.push(("remove", Some(price(house, person, &format!("{base}/remove"), &taken).await.0)));
    counted
}

type Counts = Vec<(String, Vec<Option<u64>>)>;

async fn count(house: &House) -> Counts {
    let mut rows: Counts = Vec::new();
    let mut paths: Vec<(String, Option<String>)> =
        routes::TABLE.iter().filter(|(method, _)| *method == "get").map(|(_, route)| ((*route).to_owned(), None)).collect();
    paths.extend(further(house).into_iter().map(|(name, path)| (format!("… {name}"), Some(path))));
    let mut people = Vec::new();
    for (_, identifier) in PEOPLE {
        people.push(house.person(identifier).await);
    }
    for (name, path) in paths {
        let mut counts = Vec::new();
        for (person, (who, _)) in people.iter().zip(PEOPLE) {
            let path = match &path {
                Some(path) => path.clone(),
                None => request(house, person, who, "get", &name).await.path,
            };
            counts.push(cost(house, person, &path).await);
        }
        if counts.iter().any(Option::is_some) {
            rows.push((name, counts));
        }
    }
    rows
}

const HEAD: &str = "\
# How many statements each page sends to the database, on SQLite, as tests/web/queries.rs counts them: the same for 50
# accounts and for 10,000, for one row and for 100. UPDATE_QUERIES=1 with the command of the tests writes this file anew;
# then read what changed, line by line, before you keep it.
#
# super   a super administrator
# narrow  an administrator of one organization and all below it
# viewer  one who may only look there
# plain   an account that holds nothing
# –       not for them

";

fn table(rows: &Counts) -> String {
    let wide = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut table = format!("{HEAD}# {:<width$}", "Page", width = wide - 1);
    for (name, _) in PEOPLE {
        write!(table, " {name:>6}").unwrap();
    }
    for (name, counts) in rows {
        write!(table, "\n{name:<wide$} ").unwrap();
        for count in counts {
            write!(table, " {:>6}", count.map_or("–".to_owned(), |count| count.to_string())).unwrap();
        }
    }
    table + "\n"
}

#[actix_web::test]
async fn a_page_costs_the_same_statements_however_many_there_are_of_everything() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/queries.txt");
    for (small, large) in House::each().await.into_iter().zip(House::each_crowded().await) {
        for house in [&small, &large] {
            prepare(house).await;
        }
        let (few, many) = (count(&small).await, count(&large).await);
        for ((name, few), (_, many)) in few.iter().zip(&many) {
            assert_eq!(few, many, "{name} costs other than before with 10,000 accounts on {}", small.name());
        }
        if small.name() != "SQLite" {
            continue;
        }
        let mut rows = few;
        for (who, identifier) in &PEOPLE[..2] {
            let place = usize::from(*who == "narrow");
            let person = small.person(identifier).await;
            let two = [small.acc("paul@acme.example"), small.acc("p01@acme.example")];
            for (name, counted) in acts(&small, &person, "Greeter", &two).await {
                let name = format!("… act: {name}");
                let row = match rows.iter().position(|(known, _)| *known == name) {
                    Some(row) => row,
                    None => {
                        rows.push((name, vec![None; PEOPLE.len()]));
                        rows.len() - 1
                    }
                };
                rows[row].1[place] = counted;
            }
        }
        let found = table(&rows);
        if std::env::var_os("UPDATE_QUERIES").is_some_and(|value| value == "1") {
            std::fs::write(file, &found).unwrap();
        }
        let kept = std::fs::read_to_string(file).unwrap_or_default();
        if kept != found {
            let line = |mark: char, line: &str| format!("{mark} {line}\n");
            let gone = kept.lines().filter(|kept| !found.lines().any(|found| found == *kept)).map(|kept| line('-', kept));
            let new = found.lines().filter(|found| !kept.lines().any(|kept| kept == *found)).map(|found| line('+', found));
            panic!(
                "tests/queries.txt says other than what pages cost:\n{}{}\nIf this is meant: UPDATE_QUERIES=1 cargo test --test web queries",
                gone.collect::<String>(),
                new.collect::<String>()
            );
        }
    }
}

#[actix_web::test]
async fn giving_to_many_and_taking_from_them_costs_the_same_statements_as_to_two() {
    for house in House::each_crowded().await {
        for identifier in ["su@brand.example", "ina@acme.example"] {
            let person = house.person(identifier).await;
            let ids = house.texts(
                "SELECT a.id AS t FROM accounts a JOIN memberships m ON m.account = a.key JOIN organizations o ON o.key = m.organization \
                 WHERE a.username LIKE 'crowd%' AND o.name = 'South' ORDER BY a.key LIMIT 80",
            );
            // Whatever is the first time for this connection.
            acts(&house, &person, "Org auditor", &ids[..2]).await;
            let two = acts(&house, &person, "Org auditor", &ids[..2]).await;
            let eighty = acts(&house, &person, "Org auditor", &ids).await;
            for ((name, two), (_, eighty)) in two.into_iter().zip(eighty) {
                // The event of an act on many has its short form written too, once.
                let long = ["assign", "remove"].contains(&name) && eighty == two.map(|two| two + 1);
                assert!(two == eighty || long, "{name} by {identifier} on {}: {two:?} and {eighty:?}", house.name());
            }
        }
    }
}
