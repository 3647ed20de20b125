//! The groups of the accounts of an identity store (S-2).

use super::frame_of;
use crate::{
    access::Permit,
    domain::permissions::{IdentityStoreEdit, IdentityStoreView},
    problem::Problem,
    store::identity_stores::{self, Detail, GroupChange},
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

/// The fields of a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Group {
    op: String,
    group: String,
    name: String,
}

#[derive(Template)]
#[template(path = "console/identity_stores/groups.html", blocks = ["content"])]
struct Groups {
    f: Frame,
    detail: Detail,
    fields: Group,
    faults: Faults,
    editable: bool,
}
view!(Groups, as_content);

async fn show_groups(ask: &Ask, slug: String, fields: Group, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<IdentityStoreView>()?;
    let detail = ask.house.work(move |db| db.read(&permit, |view| identity_stores::detail(view, &slug))).await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let editable = ask.permit::<IdentityStoreEdit>().is_ok() && !detail.listed.store.built_in;
    let f = frame_of(ask, &detail.listed.store, Some("Groups"));
    Ok(page(Groups { f, detail, fields, faults, editable }).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/groups`
pub async fn groups_form(_: Permit<IdentityStoreView>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_groups(&ask, slug.into_inner(), Group::default(), Faults::default()).await
}

/// `POST /admin/stores/{store}/groups`: `op=add`, `op=rename` or `op=delete`.
pub async fn groups(permit: Permit<IdentityStoreEdit>, ask: Ask, slug: Path<String>, form: Form<Group>) -> Result<HttpResponse, Problem> {
    let (slug, fields) = (slug.into_inner(), form.fields);
    let (change, words) = match fields.op.as_str() {
        "add" => (GroupChange::Add(fields.name.clone()), format!("The group {} is added.", fields.name.trim())),
        "rename" => {
            (GroupChange::Rename(fields.group.clone(), fields.name.clone()), format!("The group is called {} now.", fields.name.trim()))
        }
        "delete" => (GroupChange::Delete(fields.group.clone()), format!("The group {} is deleted.", fields.group)),
        _ => return Err(Problem::Unreadable("This form cannot be read. Load the page again.".into())),
    };
    let slug_too = slug.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            identity_stores::change_group(tx, &slug_too, &change)?;
            Ok(((), format!("/admin/stores/{slug_too}/groups")))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now(())) => ask.led_to(&format!("/admin/stores/{slug}/groups"), Note::new(words)),
        Err(faults) => show_groups(&ask, slug, fields, faults).await,
    }
}
