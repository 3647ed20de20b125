//! An organization moved to another parent (screens.md 4.5, O-2): where to, then who gains and who loses what.

use super::base;
use crate::{
    access::Permit,
    domain::{
        identity_store::IdentityStore,
        organization::{Organization, path_text},
        permissions::{OrganizationEdit, OrganizationView},
        text,
    },
    problem::Problem,
    store::{
        identity_stores,
        organizations::{self, MoveEffect, Moved, Shift},
        paging::Paging,
    },
    web::{
        form::{Faults, Form, faults},
        frame::Frame,
        frame::{Acted, Ask, crumb, here},
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The word for the top level, where a parent is chosen.
const TOP: &str = "top";

/// How many organizations are offered at a time.
const OFFERED: i64 = 25;

/// The fields of moving.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    parent: String,
    /// The mark of the effect that was shown (Z-11).
    confirmed: Option<String>,
}

impl Fields {
    fn parent(&self) -> &str {
        if self.parent == TOP { "" } else { &self.parent }
    }
}

#[derive(Template)]
#[template(path = "console/organizations/move.html", blocks = ["content"])]
struct Move {
    f: Frame,
    base: String,
    organization: Organization,
    q: String,
    parent: String,
    /// Where it could go: id and path.
    choices: Vec<(String, String)>,
    more: bool,
    may_top: bool,
    effect: Option<MoveEffect>,
    changed: bool,
    faults: Faults,
}
view!(Move, as_content);

impl Move {
    fn gains(effect: &MoveEffect) -> String {
        format!(
            "{}, {}",
            text::count(effect.gainers(), "account gains access", "accounts gain access"),
            match effect.losers() {
                0 => "nobody loses it".to_owned(),
                losers => text::count(losers, "loses it", "lose it"),
            }
        )
    }

    fn shown(shifts: &[Shift]) -> &[Shift] {
        &shifts[..shifts.len().min(50)]
    }

    fn place(path: &str) -> &str {
        if path.is_empty() { "the top level" } else { path }
    }
}

/// What is asked of the page.
struct Asked {
    q: String,
    fields: Fields,
    faults: Faults,
    changed: bool,
    status: StatusCode,
}

async fn show(ask: &Ask, permit: Permit<OrganizationEdit>, (slug, id): (String, String), asked: Asked) -> Result<HttpResponse, Problem> {
    let Asked { q, fields, faults: mut found, changed, mut status } = asked;
    let (sent, search) = (fields.clone(), q.clone());
    let (store, organization, choices, more, may_top, effect) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let organization = organizations::find(view, store.key, &id)?;
                if organization.depth == 0 {
                    return Err(Problem::Conflict("The root organization cannot be moved (O-3).".into()));
                }
                let filter = organizations::Filter { q: search, ..organizations::Filter::default() };
                let listed =
                    view.also::<OrganizationView, _>(|view| organizations::list(view, store.key, &filter, &Paging::first(OFFERED)))?;
                let more = listed.total.count > OFFERED || !listed.total.exact;
                let choices: Vec<(String, String)> = listed
                    .rows
                    .into_iter()
                    .filter(|one| one.path.iter().all(|step| step.key != organization.key))
                    .map(|one| (one.organization.id, path_text(&one.path)))
                    .collect();
                let may_top = organizations::may_reach_top(view)?;
                let effect = match sent.parent.as_str() {
                    "" => None,
                    _ => Some(faults(organizations::move_effect(view, &store, &id, sent.parent()))?.map(|(_, effect)| effect)),
                };
                Ok((store, organization, choices, more, may_top, effect))
            })
        })
        .await?;
    let effect = match effect {
        Some(Err(faults)) => {
            (found, status) = (faults, StatusCode::UNPROCESSABLE_ENTITY);
            None
        }
        Some(Ok(effect)) => Some(effect),
        None => None,
    };
    let f = frame(ask, &store, &organization);
    let view =
        Move { f, base: base(&store), organization, q, parent: fields.parent, choices, more, may_top, effect, changed, faults: found };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

fn frame(ask: &Ask, store: &IdentityStore, organization: &Organization) -> Frame {
    let base = base(store);
    let crumbs = vec![
        crumb(format!("{base}/organizations"), "Organizations"),
        crumb(format!("{base}/organizations/{}", organization.id), organization.name.clone()),
        here("Move"),
    ];
    ask.frame("organizations", Some(store), crumbs)
}

/// `GET /admin/stores/{store}/organizations/{organization}/move?q=&parent=`
pub async fn confirm_move(permit: Permit<OrganizationEdit>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    let fields = Fields { parent: query.get("parent").to_owned(), confirmed: None };
    let asked = Asked { q: query.search(), fields, faults: Faults::default(), changed: false, status: StatusCode::OK };
    show(&ask, permit, path.into_inner(), asked).await
}

/// `POST /admin/stores/{store}/organizations/{organization}/move`
pub async fn relocate(
    permit: Permit<OrganizationEdit>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), fields) = (path.into_inner(), form.fields);
    let (slug_too, id_too, sent) = (slug.clone(), id.clone(), fields.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug_too)?;
            let moved = organizations::relocate(tx, &store, &id_too, sent.parent(), sent.confirmed.as_deref())?;
            let to = format!("{}/organizations/{id_too}", base(&store));
            Ok(((moved, to.clone()), to))
        })
        .await;
    let again = |faults: Faults, changed: bool, status: StatusCode| {
        let asked = Asked { q: String::new(), fields: fields.clone(), faults, changed, status };
        let (ask, path) = (&ask, (slug.clone(), id.clone()));
        async move { show(ask, ask.permit()?, path, asked).await }
    };
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Moved::Done(organization), to))) => {
            ask.led_to(&to, Note::new(format!("{} is moved, with all below it.", organization.name)))
        }
        Ok(Acted::Now((Moved::Already(organization), to))) => {
            ask.led_to(&to, Note::new(format!("Nothing to do: {} stands there already.", organization.name)))
        }
        // Without a mark it has not been asked yet; with an old one the effect changed since it was shown.
        Ok(Acted::Now((Moved::Confirm(..), _))) => {
            let changed = fields.confirmed.is_some();
            again(Faults::default(), changed, if changed { StatusCode::CONFLICT } else { StatusCode::OK }).await
        }
        Err(faults) => again(faults, false, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
