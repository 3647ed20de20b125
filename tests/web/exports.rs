//! Lists as files (screens.md 3.9) and lists of accounts taken in (I-7).

use crate::{house::House, page::Page, person::Person};
use bailiwick::store::jobs;

const BASE: &str = "/admin/stores/customers";

async fn export(person: &Person<'_>, list: &str, format: &str) -> Page {
    person.post(&format!("{list}{}format={format}", if list.contains('?') { "&" } else { "?" }), &[("format", format)]).await
}

/// The cells of a file of comma-separated values.
fn cells(page: &Page) -> Vec<Vec<String>> {
    let text = page.body.strip_prefix('\u{FEFF}').unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[actix_web::test]
async fn a_list_comes_with_semicolons_for_whoever_likes_them_and_is_taken_in_again() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let csv = async |path: &str| mona.post(path, &[("format", "csv")]).await.is(200).body;
        let accounts = "/admin/stores/customers/accounts";
        let commas = csv(&format!("{accounts}/export?q=paul")).await;
        assert!(commas.starts_with("\u{FEFF}Id,Name,E-mail,"), "{commas}");
        let form = mona.get("/me").await.is(200).form("form[action='/me/settings']");
        mona.submit(form.with("separator", "semicolon")).await.is(303);
        assert_eq!(mona.get("/me").await.is(200).form("form[action='/me/settings']").value("separator"), "semicolon");
        let semicolons = csv(&format!("{accounts}/export?q=paul")).await;
        assert_eq!(semicolons, commas.replace(',', ";"), "Paul has no comma in what he is");
        for list in [
            "email;name;organizations\nsemi@listed.example;Semi Colon;Acme > North\n",
            "email,name,organizations\ncom@listed.example,Com Ma,Acme > North\n",
        ] {
            let page = mona.upload(&format!("{accounts}/import"), "list.csv", list).await.is(303);
            let preview = page.leads_to().unwrap().to_owned();
            let page = mona.get(&preview).await.is(200);
            mona.submit(page.form("form[method=post][action*='/import/']")).await.is(303);
            let result = mona.get(&format!("{preview}/result")).await.is(200).body;
            assert!(result.starts_with("\u{FEFF}email;name;organizations;Line;Result;Why\r\n"), "{result}");
        }
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email LIKE '%@listed.example'"), 2);
    }
}

#[actix_web::test]
async fn every_list_is_a_file_of_all_rows_in_reach_with_formulas_defused() {
    for house in House::each_crowded().await {
        let (su, vera) = (house.person("su@brand.example").await, house.person("vera@acme.example").await);
        let all = house.number("SELECT count(*) AS n FROM accounts a JOIN identity_stores s ON s.key = a.store WHERE s.slug = 'customers'");
        let rows = cells(&export(&su, &format!("{BASE}/accounts/export"), "csv").await.is(200));
        assert_eq!(rows.len() as i64, all + 1, "the heading, and every account");
        assert!(rows.iter().any(|row| row.contains(&"'=HYPERLINK(\"http://evil.example\")".to_owned())), "the formula is defused");
        let ids: std::collections::HashSet<&String> = rows[1..].iter().map(|row| &row[0]).collect();
        assert_eq!(ids.len() as i64, all, "nobody twice");
        // Somebody with a part of the store gets that part; a search narrows it.
        let mine = cells(&export(&vera, &format!("{BASE}/accounts/export"), "csv").await.is(200));
        let shown = bailiwick::domain::text::thousands(mine.len() as i64 - 1);
        vera.get(&format!("{BASE}/accounts")).await.is(200).says(&format!("1–25 of {shown}"));
        assert!(!mine.iter().flatten().any(|cell| cell.contains("globex.example")));
        assert_eq!(cells(&export(&vera, &format!("{BASE}/accounts/export?q=ana+kova%C4%8D"), "csv").await.is(200)).len(), 2);
        // Each of the others, as either kind of file.
        for list in ["organizations", "roles", "role-assignments", "/admin/administrator-roles"] {
            let path = if list.starts_with('/') { format!("{list}/export") } else { format!("{BASE}/{list}/export") };
            let rows = cells(&export(&su, &path, "csv").await.is(200));
            let json: serde_json::Value = serde_json::from_str(&export(&su, &path, "json").await.is(200).body).unwrap();
            assert_eq!(json.as_array().unwrap().len() + 1, rows.len(), "{list}");
            assert!(rows.len() > 3, "{list}");
        }
        let events = cells(&export(&su, "/admin/events/export", "csv").await.is(200));
        assert_eq!(house.events("list.export").len(), 12, "each export is written down");
        assert!(events.len() > 9);
    }
}

const HEADING: &str = "email,name,organizations,department\n";

async fn preview(person: &Person<'_>, text: &str) -> Page {
    let kept = person.upload(&format!("{BASE}/accounts/import"), "staff.csv", text).await.is(303);
    person.follow(kept).await.is(200).stays_inert()
}

#[actix_web::test]
async fn a_list_is_looked_at_line_by_line_before_it_is_taken_in() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let before = house.state();
        let list = format!(
            "{HEADING}new@acme.example,Nia New,Acme > North,Sales\n\
             p01@acme.example,Ana Kovacs,,\n\
             p02@acme.example,,,\n\
             =evil,=SUM(A1),Acme > North,\n\
             lost@acme.example,Lost,Acme > Nowhere,\n\
             far@acme.example,Far,Globex,\n\
             q01@globex.example,Gwen,,\n"
        );
        let page = preview(&mona, &list).await.says("Nothing has happened yet.").says("name: Ana Kovač → Ana Kovacs");
        let facts = page.texts(".facts dd");
        assert_eq!(facts, ["1", "1", "1", "4"], "adds, changes, is already, wrong");
        let wrong = page.says("There is no organization").says("not in your reach");
        before.assert_still(&house, "Looking at a list");
        // What is wrong is not left out unless that was said.
        let form = wrong.form("form:has([name=confirmed])");
        mona.submit(form.clone()).await.is(422).says("Say that the lines that are wrong are left out");
        before.assert_still(&house, "A list that was not confirmed whole");
        // What changed meanwhile is shown again first (Z-11).
        let profile = mona.get(&format!("{BASE}/accounts/{}/profile", house.acc("p01@acme.example"))).await;
        mona.submit(profile.form("form[data-guard]").with("name", "Ana Kovacs")).await.is(303);
        mona.submit(form.tick("leave_out", "on")).await.is(422).says("changed since you looked");
        let again = mona.get(&format!("{BASE}/accounts")).await.is(200);
        assert!(!again.text().contains("Nia New"));
        let page = preview(&mona, &list).await;
        assert_eq!(page.texts(".facts dd"), ["1", "0", "2", "4"]);
        let done = mona.submit(page.form("form:has([name=confirmed])").tick("leave_out", "on")).await.is(303);
        let page = mona.follow(done).await.is(200).stays_inert().says("1 account added, 0 accounts changed.").says("4 lines were left out");
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE email = 'new@acme.example' AND status = 'invited'"), 1);
        // The result names each line, and no formula comes back.
        let result = mona.get(&page.attribute("a[download]", "href")).await.is(200);
        let rows = cells(&result);
        assert_eq!(rows.len(), 8);
        let outcome: Vec<&str> = rows[1..].iter().map(|row| row[5].as_str()).collect();
        assert_eq!(outcome, ["added", "as it was", "as it was", "left out", "left out", "left out", "left out"]);
        assert_eq!(rows[4][..2], ["'=evil", "'=SUM(A1)"]);
        // Another's list is nobody else's to see, and a list is taken in once.
        let su = house.person("su@brand.example").await;
        let own = page.attribute("a[download]", "href");
        su.get(&own).await.is(404);
        mona.post(own.trim_end_matches("/result"), &[("confirmed", "x"), ("leave_out", "on")]).await.is(409);
        assert_eq!(house.events("account.import").len(), 1);
    }
}

#[actix_web::test]
async fn what_a_list_says_twice_happens_once_or_is_wrong() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        house.run(&format!("UPDATE accounts SET username = 'ana' WHERE id = '{}'", house.acc("p01@acme.example")));
        house.run(
            "INSERT INTO identifiers (store, folded, account, kind, confirmed) SELECT store, 'ana', key, 'username', true FROM accounts \
             WHERE username = 'ana'",
        );
        let list = "email,username,name,organizations\n\
            twice@acme.example,,Twice,Acme > North; acme > north\n\
            p01@acme.example,,Ana One,\n\
            ,ana,Ana Two,\n\
            twice@acme.example,,Again,Acme > North\n";
        let page = preview(&mona, list).await.says("Line 3 changes the same account.").says("stands in line 2 already");
        assert_eq!(page.texts(".facts dd"), ["1", "1", "0", "2"]);
        mona.submit(page.form("form:has([name=confirmed])").tick("leave_out", "on")).await.is(303);
        assert_eq!(house.number("SELECT count(*) AS n FROM accounts WHERE name IN ('Twice', 'Ana One')"), 2);
    }
}

#[actix_web::test]
async fn what_is_no_list_says_what_is_missing() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let before = house.state();
        let many = format!("email\n{}", "x@acme.example\n".repeat(100_001));
        for (text, words) in [
            ("", "The file is empty."),
            ("email,name\n", "The list has a heading but no line."),
            ("name,department\nA,B\n", "The list needs a column “email” or “username”."),
            ("email,<b class=\"evil\">salary</b>\nx,1\n", "There is no column"),
            ("email,email\na,b\n", "stands there twice"),
            (many.as_str(), "at most 100,000 lines"),
        ] {
            let path = format!("{BASE}/accounts/import");
            mona.upload(&path, "x.csv", text).await.is(422).stays_inert().says(words);
        }
        before.assert_still(&house, "What is no list");
        assert_eq!(house.number("SELECT count(*) AS n FROM account_imports"), 0);
    }
}

#[actix_web::test]
async fn fifty_thousand_lines_with_two_hundred_bad_ones_name_each_bad_one_and_leave_nothing_half_done() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        let mut list = HEADING.to_owned();
        for number in 0..50_000 {
            // Every 250th is wrong, each in a way of its own.
            let (email, place) = match (number % 250, number % 1_000) {
                (0, 0) => (format!("no e-mail {number}"), "Acme > North"),
                (0, 250) => (format!("n{number}@acme.example"), "Acme > Nowhere"),
                (0, 500) => (format!("n{number}@acme.example"), "Globex"),
                (0, _) => ("n1@acme.example".to_owned(), "Acme > North"),
                _ => (format!("n{number}@acme.example"), "Acme > North"),
            };
            list.push_str(&format!("{email},Person {number},{place},\n"));
        }
        let before = house.state();
        let begun = std::time::Instant::now();
        let page = preview(&mona, &list).await;
        let looked = begun.elapsed();
        assert_eq!(page.texts(".facts dd"), ["49,800", "0", "0", "200"]);
        before.assert_still(&house, "Looking at a long list");
        let address = page.attribute("form:has([name=confirmed])", "action");
        let wrong = mona.get(&format!("{address}?show=wrong&per=100")).await.is(200).says("1–100 of 200");
        let second = mona.get(&wrong.attribute("a[rel=next]", "href")).await.is(200).says("101–200 of 200");
        for (page, first) in [(&wrong, 0), (&second, 100)] {
            let numbers: Vec<i64> = page.texts("#results tbody th").iter().map(|line| line.parse().unwrap()).collect();
            assert_eq!(numbers, (first..first + 100).map(|bad| bad * 250 + 2).collect::<Vec<i64>>());
        }
        let form = page.form("form:has([name=confirmed])");
        mona.submit(form.clone()).await.is(422);
        before.assert_still(&house, "A long list with bad lines");
        let begun = std::time::Instant::now();
        mona.submit(form.tick("leave_out", "on")).await.is(303);
        println!("{}: 50,000 lines are judged in {looked:?} and taken in in {:?}", house.name(), begun.elapsed());
        let there = "SELECT count(*) AS n FROM accounts WHERE name LIKE 'Person %'";
        assert_eq!(house.number(there), 49_800);
        assert_eq!(house.number(&format!("{there} AND key IN (SELECT account FROM memberships)")), 49_800);
    }
}

#[actix_web::test]
async fn what_is_over_is_cleaned_away_once_however_many_ask() {
    for house in House::each().await {
        let mona = house.person("mona@brand.example").await;
        preview(&mona, "email,name\np01@acme.example,Ana\n").await;
        let paul = house.person("paul@acme.example").await;
        house.stranger().sign_in("paul@acme.example", "wrong").await;
        assert!(house.number("SELECT count(*) AS n FROM throttles") > 0);
        let db = &house.db;
        let clean = || jobs::clean_up(db).unwrap();
        let first = clean().unwrap();
        assert_eq!(first, jobs::Cleaned::default(), "nothing is over yet on {}", house.name());
        assert_eq!(clean(), None, "it was just done");
        paul.get("/me").await.is(200);
        house.wait_minutes(25 * 60);
        let done: Vec<Option<jobs::Cleaned>> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..4).map(|_| scope.spawn(clean)).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let done: Vec<jobs::Cleaned> = done.into_iter().flatten().collect();
        assert_eq!(done.len(), 1, "one of four did it on {}", house.name());
        assert_eq!((done[0].sessions, done[0].account_imports), (2, 1));
        assert!(done[0].throttles > 0);
        for table in ["sessions", "throttles", "once_keys", "account_imports", "selection_drafts"] {
            assert_eq!(house.number(&format!("SELECT count(*) AS n FROM {table}")), 0, "{table}");
        }
    }
}
