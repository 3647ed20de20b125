//! Administrators > Scopes (screens.md 4.12, D-6): list, what one reaches, deletion.

mod edit;

pub use edit::{add, detail, edit, new};

use crate::{
    access::{Actor, Console, Ground, Permit},
    domain::{
        administrator_role::ScopeReach,
        organization::path_text,
        permissions::{AdministratorView, Permission, ScopeAdd, ScopeDelete, ScopeEdit, ScopeView},
        text,
    },
    problem::Problem,
    store::{
        View,
        paging::Slice,
        scopes::{self, Listed, Owner, Reached},
    },
    web::{
        export,
        form::{Form, Nothing},
        frame::{Acted, Ask, Crumb, Frame, crumb, here},
        list::{Pager, Query, past_end, reading, total},
        me::first_store,
        note::Note,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde_json::json;

const BASE: &str = "/admin/scopes";

/// What the viewer may do whatever the scope; what they may not is absent (D-12).
#[derive(Clone, Copy, Debug)]
struct May {
    add: bool,
    view: bool,
    administrators: bool,
}

impl May {
    fn of(actor: &Actor) -> Self {
        Self { add: actor.may(&ScopeAdd::LEAF), view: actor.may(&ScopeView::LEAF), administrators: actor.may(&AdministratorView::LEAF) }
    }
}

/// "15 organizations", or "more than 10,000 organizations".
fn many(count: crate::store::paging::Total, one: &str, more: &str) -> String {
    if count.exact { text::count(count.count, one, more) } else { format!("{} {more}", total(count)) }
}

fn organizations_of(reached: &Reached) -> String {
    many(reached.organizations, "organization", "organizations")
}

fn accounts_of(reached: &Reached) -> String {
    many(reached.accounts, "account", "accounts")
}

fn reached_json(reached: &Reached) -> serde_json::Value {
    json!({
        "organizations": reached.organizations.count, "organizations_exact": reached.organizations.exact,
        "accounts": reached.accounts.count, "accounts_exact": reached.accounts.exact,
    })
}

fn listed_json(listed: &Listed) -> serde_json::Value {
    let (scope, terms, owner) = (&listed.scope, &listed.scope.terms, &listed.owner);
    json!({
        "id": scope.id, "name": terms.name, "description": terms.description,
        "organization": owner.id, "path": owner.path.iter().map(|step| &step.name).collect::<Vec<_>>(), "store": owner.slug,
        "reach": terms.reach.word(), "access_roles": "all", "reached": reached_json(&listed.reached),
        "administrators": listed.administrators, "rev": scope.rev, "changed": scope.changed_at.rfc3339(), "changed_by": scope.changed_by,
    })
}

#[derive(Template)]
#[template(path = "console/scopes/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    query: Query,
    scopes: Slice<Listed>,
    pager: Pager,
    at: Option<Owner>,
    may: May,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.scopes, &self.pager, listed_json)
    }

    fn sort(&self) -> &str {
        match self.query.get("sort") {
            "" => "name",
            sort => sort,
        }
    }

    fn narrowed(&self) -> bool {
        ["q", "org", "unused"].iter().any(|word| !self.query.get(word).is_empty())
    }
}

/// Reads the filters of the list.
fn filter(query: &mut Query) -> scopes::Filter {
    let sort = query.one_of("sort", &["name", "-name", "changed", "-changed"]);
    scopes::Filter {
        q: query.search(),
        owner: None,
        unused: query.one_of("unused", &["1"]) == "1",
        by_change: sort.ends_with("changed"),
        descending: sort.starts_with('-'),
    }
}

/// The organization that the address names.
fn narrowed(view: &mut View<'_, ScopeView>, org: &str) -> Result<Option<Owner>, Problem> {
    if org.is_empty() { Ok(None) } else { scopes::owner(view, org).map(Some) }
}

/// `GET /admin/scopes`
pub async fn list(permit: Permit<ScopeView>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut filter = filter(&mut query);
    let org = query.get("org").to_owned();
    let paging = query.paging(ask.rows());
    let (first, at, scopes) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let at = narrowed(view, &org)?;
                filter.owner = at.as_ref().map(|at| at.key);
                Ok((first_store(view)?, at, scopes::list(view, &filter, &paging)?))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &scopes) {
        return Ok(see_other(&ask.req, &last));
    }
    let f = ask.frame("scopes", first.as_ref(), vec![here("Administrators"), here("Scopes")]);
    let (pager, address, may) = (Pager::new(&query, &scopes), query.address(), May::of(ask.actor()?));
    Ok(page(List { f, query, scopes, pager, at, may }).replaces(address).respond_to(&ask.req))
}

/// `POST /admin/scopes/export`: what the list shows, all of it.
pub async fn export(permit: Permit<ScopeView>, ask: Ask, form: Form<export::Fields>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut filter = filter(&mut query);
    let org = query.get("org").to_owned();
    let permit_too = ask.permit::<ScopeView>()?;
    let at = ask.house.work(move |db| db.read(&permit_too, |view| narrowed(view, &org))).await?;
    filter.owner = at.map(|at| at.key);
    let columns = [
        "Id",
        "Name",
        "Description",
        "Organization id",
        "Organization",
        "Identity store",
        "Reach",
        "Access roles",
        "Organizations reached",
        "Accounts reached",
        "Administrators",
        "Changed",
        "Changed by",
    ];
    let sheet = export::Sheet { name: "scopes", columns: columns.map(str::to_owned).to_vec() };
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        move |view, paging| scopes::list(view, &filter, paging),
        |listed: &Listed| {
            let (scope, terms, owner) = (&listed.scope, &listed.scope.terms, &listed.owner);
            vec![
                scope.id.clone(),
                terms.name.clone(),
                terms.description.clone(),
                owner.id.clone(),
                path_text(&owner.path),
                owner.store_name.clone(),
                terms.reach.word().to_owned(),
                "all".to_owned(),
                total(listed.reached.organizations),
                total(listed.reached.accounts),
                listed.administrators.to_string(),
                scope.changed_at.rfc3339(),
                scope.changed_by.clone().unwrap_or_default(),
            ]
        },
    )
    .await
}

fn crumbs(ask: &Ask, last: &str) -> Result<Vec<Crumb>, Problem> {
    let list = if May::of(ask.actor()?).view { crumb(BASE, "Scopes") } else { here("Scopes") };
    Ok(vec![here("Administrators"), list, here(last)])
}

/// What a choice of organization and reach would cover.
#[derive(Template)]
#[template(path = "console/scopes/preview.html", blocks = ["preview"])]
struct Preview {
    f: Frame,
    chosen: Option<(Owner, ScopeReach, Reached)>,
}
view!(Preview, as_preview, json);

impl Preview {
    fn json(&self) -> serde_json::Value {
        self.chosen.as_ref().map_or(serde_json::Value::Null, |(_, _, reached)| reached_json(reached))
    }
}

/// What the organization of this id would reach, where the person may keep scopes under `G`.
fn choice<G: Ground>(view: &mut View<'_, G>, org: &str, reach: &str) -> Result<Option<(Owner, ScopeReach, Reached)>, Problem> {
    let Some(reach) = ScopeReach::from_word(reach).filter(|_| !org.is_empty()) else { return Ok(None) };
    let owner = scopes::owner(view, org)?;
    let reached = scopes::reached(view, &owner, reach)?;
    Ok(Some((owner, reach, reached)))
}

/// `GET /admin/scopes/preview?org=&reach=`: for whoever may add a scope there, or edit one.
pub async fn preview(permit: Permit<Console>, ask: Ask) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let (org, reach) = (query.get("org").to_owned(), query.get("reach").to_owned());
    let actor = ask.actor()?;
    let (adds, edits) = (actor.may(&ScopeAdd::LEAF), actor.may(&ScopeEdit::LEAF));
    if !adds && !edits {
        return Err(Problem::NotFound);
    }
    let (first, chosen) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let added = if adds { view.also::<ScopeAdd, _>(|view| choice(view, &org, &reach)) } else { Err(Problem::NotFound) };
                let chosen = match added {
                    Err(Problem::NotFound) if edits => view.also::<ScopeEdit, _>(|view| choice(view, &org, &reach)),
                    added => added,
                }?;
                Ok((first_store(view)?, chosen))
            })
        })
        .await?;
    let f = ask.frame("scopes", first.as_ref(), crumbs(&ask, "What a scope reaches")?);
    Ok(page(Preview { f, chosen }).respond_to(&ask.req))
}

#[derive(Template)]
#[template(path = "console/scopes/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    listed: Listed,
    may: May,
}
view!(Delete, as_dialog);

/// `GET /admin/scopes/{scope}/delete`
pub async fn confirm_delete(permit: Permit<ScopeDelete>, ask: Ask, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (first, listed) = ask.house.work(move |db| db.read(&permit, |view| Ok((first_store(view)?, scopes::find(view, &id)?)))).await?;
    let f = ask.frame("scopes", first.as_ref(), crumbs(&ask, "Delete")?);
    let may = May::of(ask.actor()?);
    Ok(page(Delete { f, listed, may }).respond_to(&ask.req))
}

/// `POST /admin/scopes/{scope}/delete`
pub async fn delete(permit: Permit<ScopeDelete>, ask: Ask, id: Path<String>, form: Form<Nothing>) -> Result<HttpResponse, Problem> {
    let to = if May::of(ask.actor()?).view { BASE } else { "/admin" };
    let done = ask.act(permit, form.once, move |tx| scopes::delete(tx, &id).map(|scope| (scope, to.to_owned()))).await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now(scope) => ask.led_to(to, Note::new(format!("{} is deleted.", scope.terms.name))),
    }
}
