//! Every way on: whoever follows the links and forms from `/admin` and `/me` meets no dead end.

use crate::{
    house::{House, PASSWORD},
    page::{Form, Page},
    person::Person,
};
use bailiwick::web::routes;
use scraper::ElementRef;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Whether a path is one of this route.
fn fits(route: &str, path: &str) -> bool {
    let (mut pattern, mut steps) = (route.split('/'), path.split('/'));
    loop {
        match (pattern.next(), steps.next()) {
            (None, None) => return true,
            (Some(word), _) if word.ends_with(":.*}") => return true,
            (Some(word), Some(step)) if word.starts_with('{') => {
                if step.is_empty() {
                    return false;
                }
            }
            (Some(word), Some(step)) if word == step => {}
            _ => return false,
        }
    }
}

/// The route that a path belongs to; fixed words come before names.
fn route(method: &str, path: &str) -> Option<&'static str> {
    let mut fitting: Vec<&str> =
        routes::TABLE.iter().filter(|(own, route)| *own == method && fits(route, path)).map(|(_, route)| *route).collect();
    fitting.sort_by_key(|route| route.matches('{').count());
    fitting.first().copied()
}

/// Somebody who follows everything.
struct Walk<'h, 'p> {
    person: &'p Person<'h>,
    who: &'p str,
    seen: BTreeSet<String>,
    /// How often pages of this route with queries of these words were visited.
    visits: HashMap<String, usize>,
    waiting: VecDeque<String>,
    /// One post a route.
    posts: BTreeMap<&'static str, (String, Form)>,
    files: BTreeSet<String>,
    wrong: Vec<String>,
}

/// So many pages of one kind are enough.
const ENOUGH: usize = 5;

impl Walk<'_, '_> {
    fn wrong(&mut self, at: &str, what: impl AsRef<str>) {
        self.wrong.push(format!("{}, at {at}: {}", self.who, what.as_ref()));
    }

    /// A way on, from one page to another.
    fn noted(&mut self, at: &str, href: &str, method: &str) {
        let (address, fragment) = href.split_once('#').map_or((href, None), |(address, fragment)| (address, Some(fragment)));
        if address.is_empty() {
            // Places on the page are looked at with the page.
            if fragment.is_none() && href.is_empty() {
                self.wrong(at, "a link leads nowhere");
            }
            return;
        }
        if !address.starts_with('/') || address.starts_with("//") {
            return self.wrong(at, format!("“{href}” is no address of ours"));
        }
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let Some(found) = route(method, path) else {
            return self.wrong(at, format!("{method} “{href}” is no route of the table"));
        };
        if found.starts_with("/static/") {
            self.files.insert(address.to_owned());
            return;
        }
        if method != "get" {
            return;
        }
        let words: BTreeSet<&str> = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap()).collect();
        let kind = format!("{found}?{}", words.into_iter().collect::<Vec<_>>().join("&"));
        let visits = self.visits.entry(kind).or_default();
        if *visits < ENOUGH && self.seen.insert(address.to_owned()) {
            *visits += 1;
            self.waiting.push_back(address.to_owned());
        }
    }

    /// Everything on a page that leads somewhere.
    fn look(&mut self, at: &str, page: &Page) {
        let ids: BTreeSet<String> = page.attributes("[id]", "id").into_iter().collect();
        for element in page.select("a, link, use, script, img") {
            let link = element.attr("href").or_else(|| element.attr("src"));
            match link {
                Some(href) => {
                    if let Some(place) = href.strip_prefix('#')
                        && !ids.contains(place)
                    {
                        self.wrong(at, format!("{href} is not on the page"));
                    }
                    self.noted(at, href, "get");
                }
                None => self.wrong(at, format!("<{}> without a way: {}", element.value().name(), element.html())),
            }
        }
        for (name, method) in [("hx-get", "get"), ("hx-post", "post")] {
            for href in page.attributes(&format!("[{name}]"), name) {
                self.noted(at, &href, method);
            }
        }
        for name in ["hx-target", "hx-include", "popovertarget", "aria-describedby", "aria-labelledby", "for", "form"] {
            // “closest form” is where it stands in itself.
            for value in page.attributes(&format!("[{name}]"), name).into_iter().filter(|value| !value.starts_with("closest ")) {
                for place in value.split_whitespace().map(|place| place.trim_start_matches('#')) {
                    if !ids.contains(place) {
                        self.wrong(at, format!("{name}=“{value}” names nothing on the page"));
                    }
                }
            }
        }
        self.look_at_forms(at, page);
        for button in page.select("button") {
            self.look_at_button(at, page, &button);
        }
    }

    fn look_at_forms(&mut self, at: &str, page: &Page) {
        for (index, form) in page.select("form").into_iter().enumerate() {
            let read = Form::read(&form, page);
            let method = if read.post { "post" } else { "get" };
            if read.post {
                self.noted(at, &read.action, method);
            }
            let id = form.attr("id").map(|id| format!(", button[form='{id}']")).unwrap_or_default();
            let marked = format!("form:nth-of-type(n) button{id}, form input[type=submit]");
            let inside = form.descendants().filter_map(ElementRef::wrap).any(|element| element.value().name() == "button");
            if !inside && !page.select(&marked).iter().any(|button| button.attr("form") == form.attr("id") && form.attr("id").is_some()) {
                self.wrong(at, format!("form {index}, to {}, has no button", read.action));
            }
            if !read.post {
                let query = serde_html_form::to_string(&read.fields).unwrap();
                self.noted(at, &format!("{}?{query}", read.action), "get");
                // Some of its buttons lead elsewhere.
                for button in form.descendants().filter_map(ElementRef::wrap) {
                    if let Some(elsewhere) = button.attr("formaction") {
                        self.noted(at, &format!("{elsewhere}?{query}"), "get");
                    }
                }
                continue;
            }
            if read.value("csrf").is_empty() {
                self.wrong(at, format!("the form to {} has no token", read.action));
            }
            if let Some(found) = route("post", read.action.split('?').next().unwrap()) {
                self.posts.entry(found).or_insert((at.to_owned(), read));
            }
        }
    }

    /// A button sends a form, or is one of those that the script brings to life (and hides without it).
    fn look_at_button(&mut self, at: &str, page: &Page, button: &ElementRef) {
        let alive = ["popovertarget", "data-reveal", "data-copy", "data-close", "data-fold", "hx-get", "hx-post"];
        let sends = button.attr("type").is_none_or(|kind| kind == "submit");
        let in_form = button.ancestors().filter_map(ElementRef::wrap).any(|element| element.value().name() == "form");
        let names_form = button.attr("form").is_some_and(|id| page.has(&format!("form[id='{id}']")));
        let led = alive.iter().any(|name| button.attr(name).is_some());
        if !(led || (sends && (in_form || names_form))) {
            self.wrong(at, format!("this button does nothing: {}", button.html()));
        }
    }

    /// Goes everywhere, then sends one form of each kind as it came.
    async fn go(&mut self) {
        while let Some(address) = self.waiting.pop_front() {
            let page = self.person.visit(&address).await;
            if page.status != 200 {
                self.wrong(&address, format!("{} {}", page.status, page.text()));
                continue;
            }
            self.look(&address, &page);
        }
        for file in std::mem::take(&mut self.files) {
            let status = self.person.get(&file).await.status;
            if status != 200 {
                self.wrong(&file, format!("{status}"));
            }
        }
        // What takes something away, or ends the visit, comes last.
        let mut posts: Vec<_> = std::mem::take(&mut self.posts).into_iter().collect();
        posts.sort_by_key(|(route, _)| match *route {
            "/signout" => 4,
            "/me/sessions/end" => 3,
            route if route.ends_with("/delete") => 2,
            route if route.ends_with("/remove") => 1,
            _ => 0,
        });
        // Whoever was removed or deleted is not there for the next form.
        let mut gone = false;
        for (route, (at, form)) in posts {
            let action = form.action.clone();
            let page = self.person.submit(form).await;
            let missed = gone && page.status == 404 && route.contains("{account}");
            gone |= page.status == 303 && (route.ends_with("/remove") || route.ends_with("/delete"));
            if missed {
                continue;
            }
            if ![200, 303, 409, 422].contains(&page.status) {
                self.wrong(&at, format!("the form to {action} meets {} {}", page.status, page.text()));
            }
            // Wherever it leads there is a page.
            let page = self.person.follow(page).await;
            if ![200, 409, 422].contains(&page.status) {
                self.wrong(&at, format!("after the form to {action}: {} {}", page.status, page.text()));
            }
        }
    }
}

#[actix_web::test]
async fn no_link_and_no_form_is_a_dead_end() {
    // The same pages on either database.
    for house in House::each().await.into_iter().take(1) {
        house.import(json!({ "bailiwick": 1,
            "administrator_roles": [{ "name": "Store reader", "kind": "root", "permissions": ["identity_store.view", "event.view"] },
                { "name": "Nobody's", "kind": "other", "permissions": ["user.view"] }],
            "scopes": [{ "name": "Nobody's", "store": "Customers", "organization": ["Globex"], "reach": "this" }],
            "root": { "accounts": [{ "email": "ida@brand.example", "name": "Ida Identity", "password": PASSWORD }] },
            "grants": [{ "role": "Store reader", "account": "ida@brand.example" }] }));
        let mut routes_seen: BTreeSet<&str> = BTreeSet::new();
        let mut wrong = Vec::new();
        for (identifier, least) in [
            ("paul@acme.example", 1),
            ("aud@acme.example", 1),
            ("oda@acme.example", 20),
            ("vera@acme.example", 30),
            ("ina@acme.example", 30),
            ("ida@brand.example", 5),
            ("otto@brand.example", 10),
            ("rita@brand.example", 60),
            ("su@brand.example", 100),
        ] {
            let person = house.person(identifier).await;
            let start = if person.get("/admin").await.status == 200 { vec!["/", "/admin", "/me"] } else { vec!["/", "/me"] };
            let mut walk = Walk {
                person: &person,
                who: identifier,
                seen: BTreeSet::new(),
                visits: HashMap::new(),
                waiting: VecDeque::new(),
                posts: BTreeMap::new(),
                files: BTreeSet::new(),
                wrong: Vec::new(),
            };
            for address in start {
                walk.noted("the start", address, "get");
            }
            if identifier == "oda@acme.example" {
                let paul = format!("/portal/o/{}/accounts/{}", house.org("Acme"), house.acc("paul@acme.example"));
                person.post(&format!("{paul}/verify"), &[("reason", "A passport")]).await.is(303);
                walk.noted("a list", &paul, "get");
            }
            if identifier == "su@brand.example" {
                // The walk sees a few of each kind; these are not like the others.
                walk.noted("a list", &format!("/admin/stores/customers/organizations/{}", house.org("Initech")), "get");
                // Lena is verified by now; her membership may end.
                let lena = format!("/admin/stores/customers/accounts/{}", house.acc("p19@acme.example"));
                person.post(&format!("{lena}/verify"), &[("reason", "A passport")]).await.is(303);
                walk.noted("a list", &lena, "get");
                walk.noted("a list", &format!("{lena}?tab=memberships"), "get");
                walk.noted("a list", &format!("/admin/administrator-roles/{}", house.administrator_role("Nobody's")), "get");
                let unused = house.texts("SELECT id AS t FROM scopes WHERE name LIKE 'Nobody%'").remove(0);
                walk.noted("a list", &format!("/admin/scopes/{unused}"), "get");
            }
            walk.go().await;
            assert!(walk.seen.len() >= least, "{identifier} came to {} pages only: {:?}", walk.seen.len(), walk.seen);
            routes_seen.extend(walk.seen.iter().filter_map(|address| route("get", address.split('?').next().unwrap())));
            wrong.append(&mut walk.wrong);
        }
        wrong.sort();
        wrong.dedup();
        assert!(wrong.is_empty(), "{} dead ends:\n{}", wrong.len(), wrong.join("\n"));
        // Every page can be come to.
        let unseen: Vec<&str> = routes::TABLE
            .iter()
            .filter(|(method, _)| *method == "get")
            .map(|(_, route)| *route)
            .filter(|route| !routes_seen.contains(route))
            // For machines, for who has not signed in, and behind a post.
            .filter(|route| !["/healthz", "/readyz", "/static/{hash}/{name:.*}", "/setup"].contains(route))
            // Behind a link in a mail, or where somebody has a second factor.
            .filter(|route| !["/signin", "/invite/", "/confirm/", "/cancel/", "/join/"].iter().any(|start| route.starts_with(start)))
            .filter(|route| !route.contains("{authenticator}"))
            .filter(|route| !route.ends_with("/role-assignments/confirm") && !route.contains("/import/{list}"))
            // Behind the choice of accounts over pages, which is a post.
            .filter(|route| !["disable", "enable", "end-sessions", "assign"].iter().any(|act| route.ends_with(&format!("/accounts/{act}"))))
            .collect();
        assert_eq!(unseen, Vec::<&str>::new(), "no link leads to these");
    }
}
