//! Identity stores made (S-1).

use crate::{
    access::Permit,
    domain::permissions::{IdentityStoreAdd, IdentityStoreView},
    problem::Problem,
    store::identity_stores,
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        me::first_store,
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode};
use askama::Template;
use serde::Deserialize;

/// The fields of a new store.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    name: String,
    slug: String,
}

#[derive(Template)]
#[template(path = "console/identity_stores/new.html", blocks = ["content"])]
struct NewPage {
    f: Frame,
    fields: New,
    faults: Faults,
}
view!(NewPage, as_content);

async fn show_new(ask: &Ask, fields: New, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreAdd>()?;
    let first = ask.house.work(move |db| db.read(&permit, first_store)).await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = ask.frame("stores", first.as_ref(), vec![crumb("/admin/stores", "Identity stores"), here("New identity store")]);
    Ok(page(NewPage { f, fields, faults }).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/new`
pub async fn new(_: Permit<IdentityStoreAdd>, ask: Ask) -> Result<HttpResponse, Problem> {
    show_new(&ask, New::default(), Faults::default()).await
}

/// `POST /admin/stores`
pub async fn add(permit: Permit<IdentityStoreAdd>, ask: Ask, form: Form<New>) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    let typed = fields.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::add(tx, &typed.name, &typed.slug)?;
            let to = format!("/admin/stores/{}", store.slug);
            Ok(((store, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((store, to))) => {
            let note = Note::new(format!("{} is set up.", store.name)).more("Next: an organization, and the roles of its org admins.");
            let to = if ask.permit::<IdentityStoreView>().is_ok() { to } else { "/admin/stores".into() };
            ask.led_to(&to, note)
        }
        Err(faults) => show_new(&ask, fields, faults).await,
    }
}
