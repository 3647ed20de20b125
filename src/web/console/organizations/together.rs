//! Several organizations of the list switched off or on at once (screens.md 4.5, 3.5; S-5, W-2).

use super::base;
use crate::{
    access::Permit,
    domain::{identity_store::IdentityStore, permissions::OrganizationActivate, text},
    problem::Problem,
    store::{
        identity_stores,
        organizations::{self, SwitchedTogether, Together},
    },
    web::{
        form::Form,
        frame::{Acted, Ask, Frame, crumb, here},
        list::Query,
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// No page of the list shows more.
const MOST: usize = 100;

/// The organizations that were chosen, and the words of the list they were chosen on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    organization: Vec<String>,
    list: String,
    /// The mark of the effect that was shown (Z-11).
    confirmed: Option<String>,
}

impl Chosen {
    fn read(ask: &Ask) -> Result<Self, Problem> {
        let chosen: Self = serde_html_form::from_str(ask.req.query_string()).unwrap_or_default();
        chosen.bounded()
    }

    fn bounded(self) -> Result<Self, Problem> {
        if self.organization.len() > MOST { Err(Problem::TooLarge) } else { Ok(self) }
    }

    /// The list that it came from; whatever the words are, it is that list.
    fn back(&self, base: &str) -> String {
        Query::parse(&format!("{base}/organizations"), &self.list).address()
    }

    /// Back to the list, when none was chosen.
    fn none(&self, ask: &Ask, slug: &str) -> Result<HttpResponse, Problem> {
        ask.led_to(&self.back(&format!("/admin/stores/{slug}")), Note::new("Select at least one organization first."))
    }
}

#[derive(Template)]
#[template(path = "console/organizations/together.html", blocks = ["dialog"])]
struct Confirm {
    f: Frame,
    base: String,
    on: bool,
    chosen: Chosen,
    found: Together,
    /// Whether the effect changed since it was shown.
    changed: bool,
}
view!(Confirm, as_dialog);

impl Confirm {
    fn word(&self) -> &'static str {
        if self.on { "activate" } else { "deactivate" }
    }

    fn button(&self) -> String {
        let organizations = text::count(self.found.organizations.len() as i64, "organization", "organizations");
        format!("{} {organizations}", if self.on { "Activate" } else { "Deactivate" })
    }

    fn title(&self) -> String {
        format!("{}?", self.button())
    }

    fn back(&self) -> String {
        self.chosen.back(&self.base)
    }
}

fn draw(ask: &Ask, store: &IdentityStore, on: bool, chosen: Chosen, found: Together, status: StatusCode) -> Result<HttpResponse, Problem> {
    let base = base(store);
    let last = if on { "Activate" } else { "Deactivate" };
    let f = ask.frame("organizations", Some(store), vec![crumb(format!("{base}/organizations"), "Organizations"), here(last)]);
    Ok(page(Confirm { f, base, on, chosen, found, changed: status == StatusCode::CONFLICT }).status(status).respond_to(&ask.req))
}

async fn confirm(permit: Permit<OrganizationActivate>, ask: Ask, slug: String, on: bool) -> Result<HttpResponse, Problem> {
    let chosen = Chosen::read(&ask)?;
    if chosen.organization.is_empty() {
        return chosen.none(&ask, &slug);
    }
    let ids = chosen.organization.clone();
    let (store, found) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let found = organizations::together(view, &store, &ids, on)?;
                Ok((store, found))
            })
        })
        .await?;
    draw(&ask, &store, on, chosen, found, StatusCode::OK)
}

async fn switch(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    slug: String,
    form: Form<Chosen>,
    on: bool,
) -> Result<HttpResponse, Problem> {
    let chosen = form.fields.bounded()?;
    if chosen.organization.is_empty() {
        return chosen.none(&ask, &slug);
    }
    let chosen_too = chosen.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let switched = organizations::switch_together(tx, &store, &chosen_too.organization, on, chosen_too.confirmed.as_deref())?;
            let to = chosen_too.back(&base(&store));
            Ok(((store, switched, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((_, SwitchedTogether::Done(count, event), to)) => {
            let count = text::count(count as i64, "organization is", "organizations are");
            let words = if on { "active" } else { "inactive, with all below" };
            ask.led_to(&to, Note::new(format!("{count} {words}.")).undo(event))
        }
        Acted::Now((store, SwitchedTogether::Confirm(found), _)) => {
            // Without a mark it is a plain button; with one the effect changed since it was shown.
            let status = if chosen.confirmed.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
            draw(&ask, &store, on, chosen, *found, status)
        }
    }
}

/// `GET /admin/stores/{store}/organizations/activate?organization=`
pub async fn confirm_activate_all(permit: Permit<OrganizationActivate>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    confirm(permit, ask, slug.into_inner(), true).await
}

/// `GET /admin/stores/{store}/organizations/deactivate?organization=`
pub async fn confirm_deactivate_all(permit: Permit<OrganizationActivate>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    confirm(permit, ask, slug.into_inner(), false).await
}

/// `POST /admin/stores/{store}/organizations/activate`
pub async fn activate_all(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    switch(permit, ask, slug.into_inner(), form, true).await
}

/// `POST /admin/stores/{store}/organizations/deactivate`
pub async fn deactivate_all(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    switch(permit, ask, slug.into_inner(), form, false).await
}
