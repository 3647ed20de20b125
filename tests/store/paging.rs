//! Pages of long lists: by cursor both ways, by number, and how many there are.

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
    place::{CROWD, Content},
};
use bailiwick::{
    access::InConsole,
    domain::permissions::{IdentityStoreView, OrganizationRoleView, OrganizationView, UserView},
    store::{
        accounts::{self, Filter, Sort},
        identity_stores,
        organizations::{self, By},
        paging::{Cursor, EXACT, Paging, Slice, Sorted},
        role_assignments, roles,
    },
};
use serde_json::json;

fn page(at: &Database, who: &str, sort: Sort, filter: &Filter, paging: &Paging) -> Slice<String> {
    let store = at.customers().key;
    let found = at.db.read(&at.permit::<UserView>(who), |view| accounts::list::<InConsole>(view, store, filter, None, sort, paging));
    found.unwrap().map(|listed| listed.account.id)
}

fn after(slice: &Slice<String>) -> Paging {
    Paging { per: slice.per, number: slice.number + 1, after: Cursor::decode(slice.last.as_ref().unwrap()), before: None }
}

fn before(slice: &Slice<String>) -> Paging {
    Paging { per: slice.per, number: slice.number - 1, after: None, before: Cursor::decode(slice.first.as_ref().unwrap()) }
}

/// Every account of Customers in the order that the database's own words give.
fn all(at: &Database, order: &str) -> Vec<String> {
    at.texts(&format!(
        "SELECT a.id AS t FROM accounts a JOIN identity_stores s ON s.key = a.store WHERE s.slug = 'customers' ORDER BY {order}"
    ))
}

/// 130 people of one name who never signed in, and some who did.
fn namesakes(at: &Database) {
    let accounts: Vec<_> = (0..130)
        .map(|number| json!({ "username": format!("same{number:03}"), "name": "Sam Same", "status": "active" }))
        .chain((0..30).map(|number| {
            json!({ "username": format!("came{number:02}"), "name": format!("Came {}", number / 3), "status": "active",
                "last_sign_in": format!("2026-11-{:02}T08:00:00Z", 1 + number / 5) })
        }))
        .collect();
    at.import(json!({ "bailiwick": 1, "identity_stores": [{
        "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true, "accounts": accounts,
    }] }));
}

#[test]
fn pages_follow_each_other_both_ways_though_many_are_called_the_same() {
    for at in Database::each() {
        namesakes(&at);
        for (sort, order) in [
            (Sort::Name, "a.name_sort, a.key"),
            (Sort::NameDown, "a.name_sort DESC, a.key DESC"),
            (Sort::Last, "coalesce(a.last_sign_in_at, 0), a.key"),
            (Sort::LastDown, "coalesce(a.last_sign_in_at, 0) DESC, a.key DESC"),
        ] {
            let expected = all(&at, order);
            let filter = Filter::default();
            let mut slice = page(&at, SUPER, sort, &filter, &Paging::first(25));
            assert_eq!(slice.first, None, "nothing comes before the first page");
            let mut pages = vec![slice.rows.clone()];
            while slice.last.is_some() {
                let next = page(&at, SUPER, sort, &filter, &after(&slice));
                // By number it is the same page.
                let numbered = page(&at, SUPER, sort, &filter, &Paging { number: next.number, ..Paging::first(25) });
                assert_eq!(numbered.rows, next.rows, "page {} by {sort:?} on {}", next.number, at.name());
                assert_eq!(numbered.last.is_some(), next.last.is_some());
                slice = next;
                pages.push(slice.rows.clone());
            }
            assert_eq!(pages.concat(), expected, "forward by {sort:?} on {}", at.name());
            assert_eq!(slice.total.count as usize, expected.len());
            assert_eq!(slice.pages() as usize, pages.len());
            for earlier in pages.iter().rev().skip(1) {
                slice = page(&at, SUPER, sort, &filter, &before(&slice));
                assert_eq!(&slice.rows, earlier, "backward by {sort:?} on {}", at.name());
                assert!(slice.last.is_some(), "there is always a page behind one that was come back to");
            }
            assert_eq!((slice.number, slice.first), (1, None));
        }
    }
}

#[test]
fn who_comes_or_goes_meanwhile_moves_nobody_from_page_to_page() {
    for at in Database::each() {
        let first = page(&at, SUPER, Sort::Name, &Filter::default(), &Paging::first(25));
        let expected = page(&at, SUPER, Sort::Name, &Filter::default(), &after(&first)).rows;
        at.import(json!({ "bailiwick": 1, "identity_stores": [{
            "name": "Customers", "slug": "customers", "self_registration": true, "organization_registration": true,
            "accounts": [{ "username": "aaa", "name": "Aaa First", "status": "active" }],
        }] }));
        at.vanish("p11@acme.example");
        let second = page(&at, SUPER, Sort::Name, &Filter::default(), &after(&first)).rows;
        assert_eq!(second, expected, "{}", at.name());
        let by_number = page(&at, SUPER, Sort::Name, &Filter::default(), &Paging { number: 2, ..Paging::first(25) }).rows;
        assert_eq!(by_number, expected, "one came and one went before it");
        // The row that the cursor names may itself be gone.
        let last = first.rows.last().unwrap().clone();
        let email = at.texts(&format!("SELECT email AS t FROM accounts WHERE id = '{last}'")).remove(0);
        at.vanish(&email);
        assert_eq!(page(&at, SUPER, Sort::Name, &Filter::default(), &after(&first)).rows, expected);
    }
}

#[test]
fn a_cursor_of_another_list_or_order_and_one_that_somebody_made_up_do_no_harm() {
    for junk in ["", "x", "W10", "eyJhIjoxfQ", "WzEsMl0=", &"A".repeat(3_000), "\0"] {
        assert_eq!(Cursor::decode(junk).map(|cursor| cursor.encode()), None, "{junk:?}");
    }
    let cursor = Cursor(Sorted::Text("Ø\0 'x'".into()), -5);
    assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor.clone()));
    for at in Database::each() {
        let first = page(&at, SUPER, Sort::Name, &Filter::default(), &Paging::first(25)).rows;
        for stray in [cursor.clone(), Cursor(Sorted::Int(i64::MIN), i64::MAX), Cursor(Sorted::Int(i64::MAX), 0)] {
            for sort in [Sort::Name, Sort::LastDown] {
                for backwards in [false, true] {
                    let (after, before) = if backwards { (None, Some(stray.clone())) } else { (Some(stray.clone()), None) };
                    page(&at, SUPER, sort, &Filter::default(), &Paging { per: 25, number: 2, after, before });
                }
            }
        }
        let of_instants = Paging { per: 25, number: 1, after: Some(Cursor(Sorted::Int(7), 7)), before: None };
        assert_eq!(page(&at, SUPER, Sort::Name, &Filter::default(), &of_instants).rows, first, "an instant is no name");
    }
}

#[test]
fn totals_are_exact_to_ten_thousand_and_beyond_only_by_the_counts_that_are_kept() {
    for at in Database::on_each(Content::Crowd) {
        let total = |who: &str, filter: &Filter| page(&at, who, Sort::Name, filter, &Paging::first(25)).total;
        let everybody = total(SUPER, &Filter::default());
        let kept = |at: &Database| {
            at.number("SELECT count(*) AS n FROM accounts a JOIN identity_stores s ON s.key = a.store WHERE s.slug = 'customers'")
        };
        assert!(kept(&at) > EXACT);
        assert_eq!((everybody.count, everybody.exact), (kept(&at), true), "the store knows how many it has");
        let members = total(SUPER, &Filter { authz: "active".into(), ..Filter::default() });
        assert_eq!((members.count, members.exact), (EXACT, false), "a filter has to be counted");
        // The picker: all of the store but those who hold the pair.
        let (permit, wanted) = (at.permit::<UserView>(SUPER), at.wanted("Acme/North", "Greeter"));
        let free = at
            .db
            .read(&permit, |view| role_assignments::candidates(view, &wanted, &Filter::default(), None, Sort::Name, &Paging::first(25)))
            .unwrap();
        let held = at.number(&format!(
            "SELECT count(*) AS n FROM role_assignments WHERE organization = {} AND role = {}",
            wanted.organization.key.0, wanted.role.key.0
        ));
        assert_eq!((free.total.count, free.total.exact), (kept(&at) - held, true));
        let active = total(SUPER, &Filter { authn: "active".into(), q: "crowd1".into(), ..Filter::default() });
        let right =
            at.number("SELECT count(*) AS n FROM accounts WHERE search LIKE '%crowd1%' AND status = 'active' AND locked_until IS NULL");
        assert_eq!((active.count, active.exact), (right, true));
        let inside = total(INSIDE, &Filter { q: "crowd".into(), ..Filter::default() });
        let in_acme = (0..CROWD).filter(|number| number % 20 > 1 && number % 100 != 99).count();
        assert_eq!((inside.count as usize, inside.exact), (in_acme, true));

        let (permit, store) = (at.permit::<UserView>(SUPER), at.customers().key);
        let counted = at.db.read(&permit, |view| accounts::count(view, store)).unwrap();
        assert_eq!((counted.count, counted.exact), (kept(&at), true));
        // Exactly at the edge.
        let spare =
            at.number("SELECT count(*) AS n FROM accounts a JOIN identity_stores s ON s.key = a.store WHERE s.slug = 'customers'") - EXACT;
        let gone = at.texts(&format!("SELECT username AS t FROM accounts WHERE username LIKE 'crowd%' ORDER BY key DESC LIMIT {spare}"));
        for name in &gone[..gone.len() - 1] {
            at.vanish(name);
        }
        assert_eq!(at.db.read(&permit, |view| accounts::count(view, store)).unwrap().count, EXACT + 1);
        at.vanish(gone.last().unwrap());
        let counted = at.db.read(&permit, |view| accounts::count(view, store)).unwrap();
        assert_eq!((counted.count, counted.exact), (EXACT, true), "10,000");
        // The last page that has a number.
        let last = page(&at, SUPER, Sort::Name, &Filter::default(), &Paging { number: EXACT / 25, ..Paging::first(25) });
        assert_eq!((last.rows.len(), last.last), (25, None));
    }
}

#[test]
fn a_search_that_finds_too_many_to_sort_shows_each_of_them_once_and_says_so() {
    // PostgreSQL reads them by name.
    let at = Database::sqlite(Content::Crowd);
    let filter = Filter { q: "crowd".into(), ..Filter::default() };
    let (mut seen, mut paging) = (Vec::new(), Paging::first(100));
    loop {
        let slice = page(&at, SUPER, Sort::NameDown, &filter, &paging);
        assert!(slice.many);
        seen.extend(slice.rows.clone());
        assert_eq!((slice.total.count as usize, slice.total.exact), (seen.len(), slice.last.is_none()), "as many as were seen");
        let Some(last) = slice.last else { break };
        let number = paging.number + 1;
        let back = Paging { per: 100, number: paging.number, after: None, before: slice.first.as_deref().and_then(Cursor::decode) };
        if back.before.is_some() {
            assert_eq!(page(&at, SUPER, Sort::NameDown, &filter, &back).rows, seen[seen.len() - 200..seen.len() - 100], "one page back");
        }
        paging = Paging { per: 100, number, after: Cursor::decode(&last), before: None };
    }
    let all = at.texts("SELECT id AS t FROM accounts WHERE search LIKE '%crowd%' ORDER BY key");
    assert!(all.len() as i64 > EXACT);
    assert_eq!(seen, all);
    let past = page(
        &at,
        SUPER,
        Sort::Name,
        &filter,
        &Paging { number: 300, after: Some(Cursor(Sorted::Int(i64::MAX), i64::MAX)), ..Paging::first(100) },
    );
    assert_eq!((past.rows.len(), past.pages()), (0, 1), "past the end leads to the first page");
}

#[test]
fn roles_organizations_and_stores_go_page_by_page_too() {
    for at in Database::on_each(Content::Crowd) {
        let store = at.customers().key;
        let permit = at.permit::<OrganizationRoleView>(SUPER);
        for (by_change, descending) in [(false, false), (false, true), (true, false), (true, true)] {
            let filter = roles::Filter { by_change, descending, ..roles::Filter::default() };
            let read = |paging: &Paging| {
                at.db.read(&permit, |view| roles::list(view, store, &filter, paging)).unwrap().map(|listed| listed.role.id)
            };
            let (one, whole) = (read(&Paging::first(25)), read(&Paging::first(100)).rows);
            let two = read(&after(&one));
            let three = read(&after(&two));
            assert_eq!([one.rows.clone(), two.rows.clone(), three.rows.clone()].concat(), whole, "{}", at.name());
            assert_eq!((three.last.clone(), read(&before(&two)).rows), (None, one.rows));
        }
        let permit = at.permit::<OrganizationView>(INSIDE);
        for (by, descending) in [(By::Name, false), (By::Creation, true), (By::Accounts, true), (By::Accounts, false)] {
            let filter = organizations::Filter { by, descending, ..organizations::Filter::default() };
            let mut found = Vec::new();
            let mut paging = Paging::first(25);
            loop {
                let slice = at.db.read(&permit, |view| organizations::list(view, store, &filter, &paging)).unwrap();
                let slice = slice.map(|listed| listed.organization.id);
                found.extend(slice.rows.clone());
                if slice.last.is_none() {
                    break;
                }
                paging = after(&slice);
            }
            let distinct: std::collections::HashSet<&String> = found.iter().collect();
            let inside =
                at.number(&format!("SELECT count(*) AS n FROM organization_closure WHERE ancestor = {}", at.organization_key("Acme").0));
            assert_eq!((distinct.len(), found.len() as i64), (found.len(), inside), "each once on {}", at.name());
        }
        let permit = at.permit::<IdentityStoreView>(SUPER);
        let slice = at
            .db
            .read(&permit, |view| identity_stores::list(view, &Default::default(), &Paging::first(2)))
            .unwrap()
            .map(|listed| listed.store.slug);
        let rest = at
            .db
            .read(&permit, |view| identity_stores::list(view, &Default::default(), &after(&slice)))
            .unwrap()
            .map(|listed| listed.store.slug);
        assert_eq!([slice.rows, rest.rows].concat(), ["administrators", "customers", "fresh", "partners"]);
    }
}
