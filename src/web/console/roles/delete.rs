//! Roles deleted: at once when nobody holds them, else re-mapped to another role first.

use super::{May, base, crumbs, editor::load};
use crate::{
    access::Permit,
    domain::{
        permissions::{OrganizationRoleDelete, Permission, RoleAssignmentEdit},
        role::Role,
        text,
    },
    problem::Problem,
    store::{
        identity_stores,
        roles::{self, Remap, Remapped, Use},
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

#[derive(Template)]
#[template(path = "console/roles/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    base: String,
    role: Role,
    held: i64,
    may: May,
    used: Vec<Use>,
    used_in: i64,
    /// Roles that its holders could hold instead, where the person gives and takes roles.
    others: Vec<(String, String)>,
    /// The one that was chosen, with the effect.
    remap: Option<Remap>,
    /// Whether the effect changed since it was shown.
    changed: bool,
    faults: Faults,
}
view!(Delete, as_dialog);

impl Delete {
    fn is_chosen(&self, id: &str) -> bool {
        self.remap.as_ref().is_some_and(|remap| remap.to.id == id)
    }
}

async fn show(ask: &Ask, slug: String, id: String, to: String, found: Faults, status: StatusCode) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<OrganizationRoleDelete>()?;
    let may_remap = ask.actor()?.may(&RoleAssignmentEdit::LEAF);
    let (editing, mut others, remap) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let editing = load(view, &slug, Some(&id))?;
                let held = editing.listed.as_ref().is_some_and(|listed| listed.held > 0);
                let others = if held && may_remap { roles::choices(view, editing.store.key)? } else { Vec::new() };
                let remap =
                    if held && !to.is_empty() { faults(roles::remap_effect(view, &editing.store, &id, &to).map(Some))? } else { Ok(None) };
                Ok((editing, others, remap))
            })
        })
        .await?;
    let listed = editing.listed.ok_or(Problem::NotFound)?;
    others.retain(|(other, _)| *other != listed.role.id);
    let (remap, faults) = match remap {
        Ok(remap) => (remap, found),
        Err(faults) => (None, faults),
    };
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { status };
    let f = ask.frame("roles", Some(&editing.store), crumbs(&editing.store, "Delete"));
    let (base, may, (used, used_in)) = (base(&editing.store), May::of(ask)?, editing.used);
    let changed = status == StatusCode::CONFLICT;
    let view = Delete { f, base, role: listed.role, held: listed.held, may, used, used_in, others, remap, changed, faults };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/roles/{role}/delete?to=`: with another role chosen, what re-mapping to it does.
pub async fn confirm_delete(_: Permit<OrganizationRoleDelete>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let to = ask.query().get("to").to_owned();
    show(&ask, slug, id, to, Faults::default(), StatusCode::OK).await
}

/// The fields of deleting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deletion {
    to: String,
    confirmed: Option<String>,
}

/// `POST /admin/stores/{store}/roles/{role}/delete`
pub async fn delete(
    permit: Permit<OrganizationRoleDelete>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Deletion>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), Deletion { to, confirmed }) = (path.into_inner(), form.fields);
    let (slug_too, id_too, to_too, came) = (slug.clone(), id.clone(), to.clone(), confirmed.is_some());
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find_with_roles(tx, &slug_too)?;
            let words = if to_too.is_empty() {
                Some(format!("{} is deleted.", roles::delete(tx, &store, &id_too)?.terms.name))
            } else {
                match roles::remap(tx, &store, &id_too, &to_too, confirmed.as_deref())? {
                    Remapped::Done(remap) => Some(format!(
                        "{} is deleted. {} {} in its place.",
                        remap.role.terms.name,
                        text::count(remap.accounts as i64, "account holds", "accounts hold"),
                        remap.to.terms.name
                    )),
                    Remapped::Confirm(_) => None,
                }
            };
            let to = format!("{}/roles", base(&store));
            Ok(((words, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Some(words), to))) => ask.led_to(&to, Note::new(words)),
        // Without a mark it is a plain button; with an old one the effect changed since it was shown.
        Ok(Acted::Now((None, _))) => {
            show(&ask, slug, id, to, Faults::default(), if came { StatusCode::CONFLICT } else { StatusCode::OK }).await
        }
        Err(faults) => show(&ask, slug, id, String::new(), faults, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
