//! The settings of an identity store (S-1).

use super::frame_of;
use crate::{
    access::Permit,
    domain::{
        Refusal,
        permissions::{IdentityStoreDelete, IdentityStoreEdit, IdentityStoreView, Permission},
    },
    problem::Problem,
    store::{
        identity_stores::{self, Detail, Saved, Terms},
        roles,
    },
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

/// The fields of the settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    name: String,
    self_registration: Option<String>,
    organization_registration: Option<String>,
    rev: Option<i32>,
}

#[derive(Template)]
#[template(path = "console/identity_stores/settings.html", blocks = ["content"])]
struct SettingsPage {
    f: Frame,
    detail: Detail,
    /// The roles that people who register get by themselves.
    automatic: Vec<roles::Automatic>,
    /// Where registration begins.
    joins_at: String,
    fields: Settings,
    may_delete: bool,
    faults: Faults,
    stale: bool,
}
view!(SettingsPage, as_content);

async fn show_settings(
    ask: &Ask,
    slug: String,
    fields: Option<Settings>,
    faults: Faults,
    stale: bool,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreView>()?;
    let (detail, automatic) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let detail = identity_stores::detail(view, &slug)?;
                let automatic = roles::automatic(view, &detail.listed.store)?;
                Ok((detail, automatic))
            })
        })
        .await?;
    let store = &detail.listed.store;
    let on = |switch: bool| switch.then(|| "on".to_owned());
    let fields = fields.unwrap_or_else(|| Settings {
        name: store.name.clone(),
        self_registration: on(store.self_registration),
        organization_registration: on(store.organization_registration),
        rev: Some(detail.rev),
    });
    let f = frame_of(ask, store, Some("Settings"));
    let may_delete = ask.actor()?.may(&IdentityStoreDelete::LEAF);
    let joins_at = format!("{}/join/{}", ask.house.outside.public_url, store.slug);
    let view = SettingsPage { f, detail, automatic, joins_at, fields, may_delete, faults, stale };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/settings`
pub async fn settings_form(_: Permit<IdentityStoreEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_settings(&ask, slug.into_inner(), None, Faults::default(), false, StatusCode::OK).await
}

/// `POST /admin/stores/{store}/settings`
pub async fn settings(
    permit: Permit<IdentityStoreEdit>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Settings>,
) -> Result<HttpResponse, Problem> {
    let (slug, fields) = (slug.into_inner(), form.fields);
    let Some(rev) = fields.rev else {
        let faults = Faults::one(Refusal::at("", "The page was incomplete. Load it again."));
        return show_settings(&ask, slug, Some(fields), faults, false, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let on = |switch: &Option<String>| switch.as_deref() == Some("on");
    let terms = Terms {
        name: fields.name.clone(),
        self_registration: on(&fields.self_registration),
        organization_registration: on(&fields.organization_registration),
    };
    let slug_too = slug.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let saved = identity_stores::edit(tx, &slug_too, rev, &terms)?;
            Ok((saved, format!("/admin/stores/{slug_too}/settings")))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(Saved::Done(store))) => {
            ask.led_to(&format!("/admin/stores/{}/settings", store.slug), Note::new(format!("The settings of {} are saved.", store.name)))
        }
        Ok(Acted::Now(Saved::Stale(rev))) => {
            let fields = Settings { rev: Some(rev), ..fields };
            show_settings(&ask, slug, Some(fields), Faults::default(), true, StatusCode::CONFLICT).await
        }
        Err(faults) => show_settings(&ask, slug, Some(fields), faults, false, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
