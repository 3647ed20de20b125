//! The list of roles, and the same as a file.

use super::{May, base, role_json};
use crate::{
    access::Permit,
    domain::{permissions::OrganizationRoleView, rights::Cell},
    problem::Problem,
    store::{
        identity_stores,
        paging::Slice,
        roles::{self, Listed},
    },
    web::{
        export,
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;

#[derive(Template)]
#[template(path = "console/roles/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    base: String,
    query: Query,
    roles: Slice<Listed>,
    pager: Pager,
    may: May,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.roles, &self.pager, |listed| role_json(&listed.role, listed.held))
    }
}

impl List {
    fn sort(&self) -> &str {
        match self.query.get("sort") {
            "" => "name",
            sort => sort,
        }
    }

    fn narrowed(&self) -> bool {
        ["q", "auto", "right", "unused", "minimum"].iter().any(|word| !self.query.get(word).is_empty())
    }

    fn right_options() -> Vec<(String, String)> {
        Cell::ALL.iter().map(|cell| (cell.code(), cell.label())).collect()
    }
}

/// `GET /admin/stores/{store}/roles`
pub async fn list(permit: Permit<OrganizationRoleView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query);
    let paging = query.paging(ask.rows());
    let (store, roles) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let roles = roles::list(view, store.key, &filter, &paging)?;
                Ok((store, roles))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &roles) {
        return Ok(see_other(&ask.req, &last));
    }
    let base = base(&store);
    let f = ask.frame("roles", Some(&store), vec![crumb(format!("{base}/organizations"), "Organizations"), here("Roles")]);
    let (pager, address, may) = (Pager::new(&query, &roles), query.address(), May::of(&ask)?);
    Ok(page(List { f, base, query, roles, pager, may }).replaces(address).respond_to(&ask.req))
}

/// Reads the filters of the list.
fn filter(query: &mut Query) -> roles::Filter {
    let sort = query.one_of("sort", &["name", "-name", "changed", "-changed"]);
    roles::Filter {
        q: query.search(),
        auto: query.one_of("auto", &["every", "first", "none"]),
        right: query.choice("right", Cell::from_code),
        unused: query.one_of("unused", &["1"]) == "1",
        without_minimum: query.one_of("minimum", &["missing"]) == "missing",
        by_change: sort.ends_with("changed"),
        descending: sort.starts_with('-'),
    }
}

/// `POST /admin/stores/{store}/roles/export`: what the list shows, all of it.
pub async fn export(
    permit: Permit<OrganizationRoleView>,
    ask: Ask,
    slug: Path<String>,
    form: Form<export::Fields>,
) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let filter = filter(&mut query);
    let permit_too = ask.permit::<OrganizationRoleView>()?;
    let store = ask.house.work(move |db| db.read(&permit_too, |view| identity_stores::find_with_roles(view, &slug))).await?;
    let columns =
        ["Id", "Name", "Description", "Rights", "To everyone who registers", "To the first person", "Held by", "Changed", "Changed by"];
    let sheet = export::Sheet { name: "roles", columns: columns.map(str::to_owned).to_vec() };
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        move |view, paging| roles::list(view, store.key, &filter, paging),
        move |listed: &Listed| {
            let (role, terms) = (&listed.role, &listed.role.terms);
            vec![
                role.id.clone(),
                terms.name.clone(),
                terms.description.clone(),
                terms.rights.codes(),
                yes(terms.auto_every),
                yes(terms.auto_first),
                listed.held.to_string(),
                role.changed_at.rfc3339(),
                role.changed_by.clone().unwrap_or_default(),
            ]
        },
    )
    .await
}
