//! Organizations switched off and on, and deleted (screens.md 4.5, S-5, O-3).

use super::base;
use crate::{
    access::Permit,
    domain::{
        organization::Organization,
        permissions::{OrganizationActivate, OrganizationDelete, ScopeView},
        text,
    },
    problem::Problem,
    store::{
        identity_stores,
        organizations::{self, Bound, Effect, Switched},
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        note::Note,
        page::{page, see_other, view},
        proof,
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The fields of the confirmation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Confirmed {
    /// The mark of the effect that was shown (Z-11).
    confirmed: Option<String>,
}

#[derive(Template)]
#[template(path = "console/organizations/switch.html", blocks = ["dialog"])]
struct Switch {
    f: Frame,
    base: String,
    organization: Organization,
    on: bool,
    effect: Effect,
    changed: bool,
}
view!(Switch, as_dialog);

impl Switch {
    fn word(&self) -> &'static str {
        if self.on { "activate" } else { "deactivate" }
    }

    fn title(&self) -> String {
        format!("{} {}?", if self.on { "Activate" } else { "Deactivate" }, self.organization.name)
    }
}

async fn confirm(permit: Permit<OrganizationActivate>, ask: Ask, path: (String, String), on: bool) -> Result<HttpResponse, Problem> {
    let (slug, id) = path;
    let (store, organization, effect) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let organization = organizations::find(view, store.key, &id)?;
                let effect = organizations::effect(view, &organization)?;
                Ok((store, organization, effect))
            })
        })
        .await?;
    let base = base(&store);
    if organization.active == on {
        return Ok(see_other(&ask.req, &format!("{base}/organizations/{}", organization.id)));
    }
    let f = frame(&ask, &store, &organization, if on { "Activate" } else { "Deactivate" });
    Ok(page(Switch { f, base, organization, on, effect, changed: false }).respond_to(&ask.req))
}

fn frame(ask: &Ask, store: &crate::domain::identity_store::IdentityStore, organization: &Organization, last: &str) -> Frame {
    let base = base(store);
    let crumbs = vec![
        crumb(format!("{base}/organizations"), "Organizations"),
        crumb(format!("{base}/organizations/{}", organization.id), organization.name.clone()),
        here(last),
    ];
    ask.frame("organizations", Some(store), crumbs)
}

async fn switch(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    path: (String, String),
    form: Form<Confirmed>,
    on: bool,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), confirmed) = (path, form.fields.confirmed);
    let came = confirmed.is_some();
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let switched = organizations::switch(tx, &store, &id, on, confirmed.as_deref())?;
            let to = format!("{}/organizations/{id}", base(&store));
            Ok(((store, switched, to.clone()), to))
        })
        .await?;
    let (store, switched, to) = match done {
        Acted::Before(answer) => return Ok(answer),
        Acted::Now(done) => done,
    };
    match switched {
        Switched::Done(organization, event) => {
            let words = if on { "active" } else { "inactive, with all below it" };
            ask.led_to(&to, Note::new(format!("{} is {words}.", organization.name)).undo(event))
        }
        Switched::Already(organization) => {
            let words = if on { "active" } else { "inactive" };
            ask.led_to(&to, Note::new(format!("Nothing to do: {} is {words} already.", organization.name)))
        }
        Switched::Confirm(organization, effect) => {
            let f = frame(&ask, &store, &organization, if on { "Activate" } else { "Deactivate" });
            // Without a mark it is a plain button; with an old one the effect changed since it was shown.
            let status = if came { StatusCode::CONFLICT } else { StatusCode::OK };
            Ok(page(Switch { f, base: base(&store), organization, on, effect, changed: came }).status(status).respond_to(&ask.req))
        }
    }
}

/// `GET /admin/stores/{store}/organizations/{organization}/activate`
pub async fn confirm_activate(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    confirm(permit, ask, path.into_inner(), true).await
}

/// `GET /admin/stores/{store}/organizations/{organization}/deactivate`
pub async fn confirm_deactivate(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    confirm(permit, ask, path.into_inner(), false).await
}

/// `POST /admin/stores/{store}/organizations/{organization}/activate`
pub async fn activate(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Confirmed>,
) -> Result<HttpResponse, Problem> {
    switch(permit, ask, path.into_inner(), form, true).await
}

/// `POST /admin/stores/{store}/organizations/{organization}/deactivate`
pub async fn deactivate(
    permit: Permit<OrganizationActivate>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Confirmed>,
) -> Result<HttpResponse, Problem> {
    switch(permit, ask, path.into_inner(), form, false).await
}

/// The fields of deleting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deletion {
    confirm: String,
    password: String,
}

#[derive(Template)]
#[template(path = "console/organizations/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    base: String,
    organization: Organization,
    bound: Bound,
    may_deactivate: bool,
    may_see_scopes: bool,
    typed: String,
    proof_due: bool,
    faults: Faults,
}
view!(Delete, as_dialog);

impl Delete {
    /// What keeps it: words, and where to see it.
    fn reasons(&self) -> Vec<(String, String)> {
        let (base, id, bound) = (&self.base, &self.organization.id, &self.bound);
        let scopes = if self.may_see_scopes { format!("/admin/scopes?org={id}") } else { String::new() };
        [
            (bound.children, "organization below it", "organizations below it", format!("{base}/organizations/{id}")),
            (bound.members, "member", "members", format!("{base}/organizations/{id}?tab=accounts")),
            (bound.assignments, "role assignment", "role assignments", format!("{base}/role-assignments?org={id}")),
            (bound.scopes, "scope that it owns", "scopes that it owns", scopes),
            (bound.invitations, "invitation that waits", "invitations that wait", format!("{base}/invitations")),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many, href)| (text::count(count, one, many), href))
        .collect()
    }
}

async fn show_delete(ask: &Ask, slug: String, id: String, typed: String, faults: Faults) -> Result<HttpResponse, Problem> {
    use crate::domain::permissions::Permission;
    let permit = ask.permit::<OrganizationDelete>()?;
    let (store, organization, bound) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let organization = organizations::find(view, store.key, &id)?;
                if organization.depth == 0 {
                    return Err(Problem::Conflict("The root organization cannot be deleted (O-3).".into()));
                }
                let bound = organizations::bound(view, &organization)?;
                Ok((store, organization, bound))
            })
        })
        .await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame(ask, &store, &organization, "Delete");
    let may_deactivate = organization.active && ask.actor()?.may(&OrganizationActivate::LEAF);
    let may_see_scopes = ask.actor()?.may(&ScopeView::LEAF);
    let view =
        Delete { f, base: base(&store), organization, bound, may_deactivate, may_see_scopes, typed, proof_due: proof::is_due(ask), faults };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/organizations/{organization}/delete`
pub async fn confirm_delete(_: Permit<OrganizationDelete>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    show_delete(&ask, slug, id, String::new(), Faults::default()).await
}

/// `POST /admin/stores/{store}/organizations/{organization}/delete`
pub async fn delete(
    permit: Permit<OrganizationDelete>,
    ask: Ask,
    session: Session,
    path: Path<(String, String)>,
    form: Form<Deletion>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), Deletion { confirm, password }) = (path.into_inner(), form.fields);
    if let Err(faults) = proof::check(&ask, &session, &password).await? {
        return show_delete(&ask, slug, id, confirm, faults).await;
    }
    let (slug_too, id_too, typed) = (slug.clone(), id.clone(), confirm.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug_too)?;
            let deleted = organizations::delete(tx, &store, &id_too, &typed)?;
            let to = format!("{}/organizations", base(&store));
            Ok(((deleted, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((deleted, to))) => ask.led_to(&to, Note::new(format!("{} is deleted.", deleted.name))),
        Err(faults) => show_delete(&ask, slug, id, confirm, faults).await,
    }
}
