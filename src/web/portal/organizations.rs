//! Organizations in the portal: this one and those below, and making children (screens.md P5, P-8).

use crate::{
    access::{InPortal, OrgAdmin, Permit, Portal, Side},
    domain::{
        organization::{self, Terms},
        rights::OrganizationWrite,
    },
    problem::Problem,
    store::{
        organizations::{self, Choice, Filter, Listed},
        paging::Slice,
        portal::{self, Here},
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        note::Note,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

#[derive(Template)]
#[template(path = "portal/organizations/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    here: Here,
    query: Query,
    organizations: Slice<Listed>,
    pager: Pager,
    /// Whether the person may set up children here; the reason where the switches forbid it.
    founds: bool,
    switched_off: bool,
}
view!(List, as_results, json);

impl List {
    fn base(&self) -> String {
        super::base(&self.here)
    }

    fn json(&self) -> serde_json::Value {
        reading(&self.organizations, &self.pager, |listed| {
            json!({
                "id": listed.organization.id, "path": listed.path.iter().map(|step| &step.name).collect::<Vec<_>>(),
                "active": listed.effectively_active, "accounts": listed.accounts, "below": listed.below,
            })
        })
    }
}

/// `GET /portal/o/{organization}/organizations`
pub async fn list(permit: Permit<OrgAdmin>, ask: Ask, organization: Path<String>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let (q, paging) = (query.search(), query.paging(ask.rows()));
    let (place, organizations, switched_on) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let place = portal::here(view, &organization, None)?;
                let filter = Filter { q, under: Some(place.organization.key), ..Filter::default() };
                let organizations = organizations::list(view, place.store.key, &filter, &paging)?;
                let switched_on = portal::founds(view, &place)?;
                Ok((place, organizations, switched_on))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &organizations) {
        return Ok(see_other(&ask.req, &last));
    }
    let right = place.rights.has(crate::domain::rights::Cell::OrganizationWrite);
    let f = super::frame(&ask, "organizations", Some(&place), vec![here("Organizations")]);
    let pager = Pager::new(&query, &organizations);
    let address = query.address();
    let view = List { f, founds: right && switched_on, switched_off: right && !switched_on, here: place, query, organizations, pager };
    Ok(page(view).replaces(address).respond_to(&ask.req))
}

/// The fields of a new organization.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    parent: String,
    name: String,
    description: String,
}

impl Fields {
    fn terms(&self) -> Result<Terms, Faults> {
        // The slug comes from the name, and both switches start as the rule says: on (O-1).
        Terms::check(&organization::Typed {
            name: &self.name,
            description: &self.description,
            external_id: "",
            metadata: "",
            self_registration: true,
            organization_registration: true,
            slug: "",
            domains: "",
        })
        .map_err(Faults)
    }
}

#[derive(Template)]
#[template(path = "portal/organizations/new.html", blocks = ["content"])]
struct New {
    f: Frame,
    base: String,
    parents: Vec<Choice>,
    more_parents: bool,
    fields: Fields,
    faults: Faults,
}
view!(New, as_content);

async fn show(ask: &Ask, organization: String, mut fields: Fields, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<Portal<OrganizationWrite>>()?;
    let (place, (parents, more_parents)) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let place = portal::here(view, &organization, None)?;
                let parents = portal::parents(view, &place)?;
                Ok((place, parents))
            })
        })
        .await?;
    if fields.parent.is_empty() {
        fields.parent.clone_from(&place.organization.id);
    }
    let base = super::base(&place);
    let crumbs = vec![crumb(format!("{base}/organizations"), "Organizations"), here("New organization")];
    let f = super::frame(ask, "organizations", Some(&place), crumbs);
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page(New { f, base, parents, more_parents, fields, faults }).status(status).whole().respond_to(&ask.req))
}

/// `GET /portal/o/{organization}/organizations/new`
pub async fn new(_: Permit<<InPortal as Side>::AddOrganization>, ask: Ask, organization: Path<String>) -> Result<HttpResponse, Problem> {
    show(&ask, organization.into_inner(), Fields::default(), Faults::default()).await
}

/// `POST /portal/o/{organization}/organizations`
pub async fn add(
    permit: Permit<<InPortal as Side>::AddOrganization>,
    ask: Ask,
    organization: Path<String>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let (fields, organization) = (form.fields, organization.into_inner());
    let done = match fields.terms() {
        Err(faults) => Err(faults),
        Ok(terms) => {
            let (id, parent) = (organization.clone(), fields.parent.clone());
            let done = ask
                .act(permit, form.once, move |tx| {
                    let place = portal::here(tx, &id, None)?;
                    let parent = if parent.is_empty() { place.organization.id.clone() } else { parent };
                    let made = organizations::add::<InPortal>(tx, &place.store, Some(&parent), &terms)?;
                    let to = format!("{}/organizations", super::base(&place));
                    Ok(((made, place.organization.name, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((made, through, to))) => {
            ask.led_to(&to, Note::new(format!("{} is set up.", made.name)).more(format!("You manage it through {through}.")))
        }
        Err(faults) => show(&ask, organization, fields, faults).await,
    }
}
