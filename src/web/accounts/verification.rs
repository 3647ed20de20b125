//! Verification of an account by hand, with a reason, and revoking it (P-7).

use super::{Screens, act::frame_of};
use crate::{
    access::Permit,
    problem::Problem,
    store::{
        accounts::{self, Account},
        verifications,
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

/// The reason.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    reason: String,
}

#[derive(Template)]
#[template(path = "accounts/verification.html", blocks = ["dialog"])]
struct Verify {
    f: Frame,
    base: String,
    back: String,
    account: Account,
    verifies: bool,
    fields: Fields,
    faults: Faults,
}
view!(Verify, as_dialog);

impl Verify {
    /// The last part of its address.
    fn act(&self) -> &'static str {
        if self.verifies { "verify" } else { "unverify" }
    }
}

async fn show<S: Screens>(
    ask: &Ask,
    place: String,
    id: String,
    verifies: bool,
    fields: Fields,
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<S::See>()?;
    let (spot, account) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let spot = S::spot(view, &place, Some(&id))?;
                let account = accounts::detail::<S>(view, spot.store.key, &id)?.account;
                Ok((spot, account))
            })
        })
        .await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of::<S>(ask, &spot, &account, if verifies { "Verify" } else { "Revoke verification" });
    let back = format!("{}/accounts/{}{}", spot.base, account.id, S::part("verification"));
    Ok(page(Verify { f, base: spot.base, back, account, verifies, fields, faults }).status(status).respond_to(&ask.req))
}

/// `GET …/accounts/{account}/verify`
pub async fn verify_form<S: Screens>(_: Permit<S::Verify>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    show::<S>(&ask, place, id, true, Fields::default(), Faults::default()).await
}

/// `GET …/accounts/{account}/unverify`
pub async fn unverify_form<S: Screens>(_: Permit<S::Verify>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    show::<S>(&ask, place, id, false, Fields::default(), Faults::default()).await
}

/// `POST …/accounts/{account}/verify`
pub async fn verify<S: Screens>(
    permit: Permit<S::Verify>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    set::<S>(permit, ask, path.into_inner(), form, true).await
}

/// `POST …/accounts/{account}/unverify`
pub async fn unverify<S: Screens>(
    permit: Permit<S::Verify>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    set::<S>(permit, ask, path.into_inner(), form, false).await
}

async fn set<S: Screens>(
    permit: Permit<S::Verify>,
    ask: Ask,
    (place, id): (String, String),
    form: Form<Fields>,
    verifies: bool,
) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    let typed = fields.reason.clone();
    let (place_too, id_too) = (place.clone(), id.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place_too, Some(&id_too))?;
            let account = verifications::set::<S>(tx, &spot.store, &id_too, verifies, &typed)?;
            let to = format!("{}/accounts/{id_too}{}", spot.base, S::part("verification"));
            Ok(((account, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((account, to))) => {
            let words = if verifies { "is verified" } else { "is no longer verified" };
            ask.led_to(&to, Note::new(format!("{} {words}.", account.title())))
        }
        Err(faults) => show::<S>(&ask, place, id, verifies, fields, faults).await,
    }
}
