//! `/admin/search`: one search over everything that the viewer may see (screens.md 4.17).

use crate::{
    access::{Console, Permit},
    domain::permissions::{AdministratorRoleView, OrganizationRoleView, OrganizationView, UserView},
    problem::Problem,
    store::search::{self, Found, Group},
    web::{
        frame::{Ask, Frame, here},
        list::Query,
        me::first_store,
        optional,
        page::{encode, page, view},
    },
};
use actix_web::{HttpResponse, Responder};
use askama::Template;
use serde_json::json;

/// What was found of one kind.
struct Kind {
    word: &'static str,
    heading: &'static str,
    icon: &'static str,
    group: Group,
}

#[derive(Template)]
#[template(path = "console/search.html", blocks = ["results"])]
struct Results {
    f: Frame,
    query: Query,
    kinds: Vec<Kind>,
}
view!(Results, as_results, json);

impl Results {
    fn json(&self) -> serde_json::Value {
        let found = |found: &Found| json!({ "store": found.store, "id": found.id, "title": found.title, "more": found.more });
        let kinds = self.kinds.iter().map(|kind| (kind.word.to_owned(), json!(kind.group.found.iter().map(found).collect::<Vec<_>>())));
        serde_json::Value::Object(kinds.collect())
    }

    fn list(kind: &Kind, store: &str) -> String {
        if store.is_empty() { format!("/admin/{}", kind.word) } else { format!("/admin/stores/{store}/{}", kind.word) }
    }

    fn href(&self, kind: &Kind, found: &Found) -> String {
        format!("{}/{}", Self::list(kind, &found.store), found.id)
    }

    /// The whole list of a kind, in the store of its first hit.
    fn all(&self, kind: &Kind) -> String {
        let store = kind.group.found.first().map_or("", |found| &found.store);
        let list = if kind.word == "organizations" { "view=list&" } else { "" };
        format!("{}?{list}q={}", Self::list(kind, store), encode(&self.query.search()))
    }

    fn is_empty(&self) -> bool {
        self.kinds.iter().all(|kind| kind.group.found.is_empty())
    }
}

/// `GET /admin/search?q=`
pub async fn search(permit: Permit<Console>, ask: Ask) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let q = query.search();
    let (first, kinds) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let first = first_store(view)?;
                if q.is_empty() {
                    return Ok((first, Vec::new()));
                }
                let kind = |word, heading, icon, group: Option<Group>| group.map(|group| Kind { word, heading, icon, group });
                let organizations = optional(view.also::<OrganizationView, _>(|view| search::organizations(view, &q)))?;
                let accounts = optional(view.also::<UserView, _>(|view| search::accounts(view, &q)))?;
                let roles = optional(view.also::<OrganizationRoleView, _>(|view| search::roles(view, &q)))?;
                let administrator_roles = optional(view.also::<AdministratorRoleView, _>(|view| search::administrator_roles(view, &q)))?;
                let kinds = [
                    kind("organizations", "Organizations", "organization", organizations),
                    kind("accounts", "Accounts", "accounts", accounts),
                    kind("roles", "Roles", "role", roles),
                    kind("administrator-roles", "Administrator roles", "key", administrator_roles),
                ];
                Ok((first, kinds.into_iter().flatten().collect()))
            })
        })
        .await?;
    let f = ask.frame("search", first.as_ref(), vec![here("Search")]);
    let address = query.address();
    Ok(page(Results { f, query, kinds }).replaces(address).respond_to(&ask.req))
}
