//! Identity stores deleted.

use super::frame_of;
use crate::{
    access::Permit,
    domain::permissions::{IdentityStoreDelete, IdentityStoreView},
    problem::Problem,
    store::identity_stores::{self, Detail},
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame},
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The field of deleting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deletion {
    confirm: String,
}

#[derive(Template)]
#[template(path = "console/identity_stores/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    detail: Detail,
    typed: String,
    faults: Faults,
}
view!(Delete, as_dialog);

impl Delete {
    fn is_empty(&self) -> bool {
        self.detail.listed.accounts == 0 && self.detail.listed.organizations == 0
    }
}

async fn show_delete(ask: &Ask, slug: String, typed: String, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreView>()?;
    let detail = ask.house.work(move |db| db.read(&permit, |view| identity_stores::detail(view, &slug))).await?;
    if detail.listed.store.built_in {
        return Err(Problem::Conflict("The store Administrators is built in and stays.".into()));
    }
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of(ask, &detail.listed.store, Some("Delete"));
    Ok(page(Delete { f, detail, typed, faults }).status(status).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/delete`
pub async fn confirm_delete(_: Permit<IdentityStoreDelete>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_delete(&ask, slug.into_inner(), String::new(), Faults::default()).await
}

/// `POST /admin/stores/{store}/delete`
pub async fn delete(
    permit: Permit<IdentityStoreDelete>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Deletion>,
) -> Result<HttpResponse, Problem> {
    let (slug, typed) = (slug.into_inner(), form.fields.confirm);
    let (slug_too, typed_too) = (slug.clone(), typed.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::delete(tx, &slug_too, &typed_too)?;
            Ok((store, "/admin/stores".to_owned()))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(store)) => ask.led_to("/admin/stores", Note::new(format!("{} is deleted.", store.name))),
        Err(faults) => show_delete(&ask, slug, typed, faults).await,
    }
}
