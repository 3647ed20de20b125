//! One's own second factors (P-6): what counts is what one has confirmed by a code.

use super::{Draft, done, draw};
use crate::{
    access::{Myself, Permit},
    domain::{
        Refusal,
        authenticator::{self, Kind},
    },
    problem::Problem,
    store::authenticators::{self, Authenticator},
    web::{
        form::{Faults, Form, Nothing, faults},
        frame::{Ask, Frame, crumb, here},
        page::{page, view},
        proof,
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// The fields of a new factor.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

async fn again(ask: &Ask, factor: Option<(String, String)>, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<Myself>()?;
    Ok(draw(ask, permit, Draft { factor, faults, ..Draft::default() }).await?.respond_to(&ask.req))
}

/// `POST /me/authenticators`
pub async fn add_factor(permit: Permit<Myself>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    let typed = Some((fields.kind.clone(), fields.value.clone()));
    let checked = match Kind::from_word(&fields.kind) {
        Some(kind) => kind.check(&fields.value).map(|value| (kind, value)),
        None => Err(Refusal::at("value", "Choose e-mail or phone.")),
    };
    let (kind, value) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return again(&ask, typed, Faults::one(refusal)).await,
    };
    let words = format!("{value} is added. Enter the code that was sent there; until then it does not count.");
    match faults(ask.house.work(move |db| db.write(&permit, |tx| authenticators::add_own(tx, kind, &value))).await)? {
        Ok(_) => done(&ask, &words),
        Err(faults) => again(&ask, typed, faults).await,
    }
}

/// `POST /me/authenticators/{authenticator}/code`: sends a code.
pub async fn send_code(permit: Permit<Myself>, ask: Ask, id: Path<String>, _: Form<Nothing>) -> Result<HttpResponse, Problem> {
    match ask.house.work(move |db| db.write(&permit, |tx| authenticators::send_own(tx, &id))).await {
        Ok(one) => done(&ask, &format!("A code is on its way to {}.", one.value)),
        Err(Problem::TooMany(wait)) => {
            let refusal = Refusal::at("", format!("A code was sent a moment ago. Wait {wait} seconds, then ask for another one."));
            again(&ask, None, Faults::one(refusal)).await
        }
        Err(problem) => Err(problem),
    }
}

/// The field of a code.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Code {
    code: String,
}

/// `POST /me/authenticators/{authenticator}/confirm`
pub async fn confirm_factor(permit: Permit<Myself>, ask: Ask, id: Path<String>, form: Form<Code>) -> Result<HttpResponse, Problem> {
    let Some(code) = authenticator::code(&form.fields.code) else {
        return again(&ask, None, Faults::one(Refusal::at("", "A code has six digits."))).await;
    };
    if ask.house.work(move |db| db.write(&permit, |tx| authenticators::confirm_own(tx, &id, &code))).await? {
        return done(&ask, "It is confirmed. From now on signing in asks for a code.");
    }
    let refusal = Refusal::at("", "The code is wrong, or works no more. Check it, or have another one sent.");
    again(&ask, None, Faults::one(refusal)).await
}

#[derive(Template)]
#[template(path = "me/authenticator_delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    authenticator: Authenticator,
    proof_due: bool,
    faults: Faults,
}
view!(Delete, as_dialog);

async fn show_delete(ask: &Ask, permit: Permit<Myself>, id: &str, faults: Faults) -> Result<HttpResponse, Problem> {
    let all = ask.house.work(move |db| db.read(&permit, |view| authenticators::own(view))).await?;
    let authenticator = all.into_iter().find(|one| one.id == id).ok_or(Problem::NotFound)?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = ask.frame("me", None, vec![crumb("/me", "Your account"), here("Remove a second factor")]);
    Ok(page(Delete { f, authenticator, proof_due: proof::is_due(ask), faults }).status(status).respond_to(&ask.req))
}

/// `GET /me/authenticators/{authenticator}/delete`
pub async fn confirm_delete_factor(permit: Permit<Myself>, ask: Ask, id: Path<String>) -> Result<HttpResponse, Problem> {
    show_delete(&ask, permit, &id, Faults::default()).await
}

/// The proof that goes with taking one away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proof {
    password: String,
}

/// `POST /me/authenticators/{authenticator}/delete`
pub async fn delete_factor(
    permit: Permit<Myself>,
    ask: Ask,
    session: Session,
    id: Path<String>,
    form: Form<Proof>,
) -> Result<HttpResponse, Problem> {
    if let Err(faults) = proof::check(&ask, &session, &form.fields.password).await? {
        return show_delete(&ask, permit, &id, faults).await;
    }
    let gone = ask.house.work(move |db| db.write(&permit, |tx| authenticators::delete_own(tx, &id))).await?;
    done(&ask, &format!("{} is removed.", gone.value))
}
