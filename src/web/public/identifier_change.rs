//! `/confirm/{token}` and `/cancel/{token}`: the owner of an account answers a change of how it signs in (P-6).

use super::{Public, answer};
use crate::{
    access::{Origin, system},
    domain::{Refusal, settings::General},
    problem::Problem,
    store::{
        identifiers::{self, Change},
        links::Purpose,
        throttles,
    },
    web::{
        form::{Faults, Form},
        frame::Ask,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "public/identifier_change.html", blocks = ["content"])]
struct Answer {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    icons: &'static str,
    csrf: String,
    action: String,
    confirms: bool,
    /// None: the link does not work.
    change: Option<Change>,
    done: bool,
    faults: Faults,
}
view!(Answer, as_content);

fn show(ask: &Ask, purpose: Purpose, token: &str, change: Option<Change>, done: bool, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = match &change {
        None => StatusCode::NOT_FOUND,
        Some(_) if faults.any() => StatusCode::UNPROCESSABLE_ENTITY,
        Some(_) => StatusCode::OK,
    };
    let Public { brand, css, icons, appearance, csrf, .. } = public;
    let (confirms, action) = (purpose == Purpose::Confirm, format!("/{}/{token}", purpose.word()));
    answer(ask, &public.secret, status, page(Answer { brand, appearance, css, icons, csrf, action, confirms, change, done, faults }))
}

async fn opened(ask: &Ask, purpose: Purpose, token: &str) -> Result<Option<Change>, Problem> {
    let token = token.to_owned();
    match ask.house.work(move |db| db.read(&system::recovering(Origin::default()), |view| identifiers::open(view, purpose, &token))).await {
        Ok(change) => Ok(Some(change)),
        Err(Problem::NotFound) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// `GET /confirm/{token}`
pub async fn get_confirm(ask: Ask, token: Path<String>) -> Result<HttpResponse, Problem> {
    let change = opened(&ask, Purpose::Confirm, &token).await?;
    Ok(show(&ask, Purpose::Confirm, &token, change, false, Faults::default()))
}

/// `GET /cancel/{token}`
pub async fn get_cancel(ask: Ask, token: Path<String>) -> Result<HttpResponse, Problem> {
    let change = opened(&ask, Purpose::Cancel, &token).await?;
    Ok(show(&ask, Purpose::Cancel, &token, change, false, Faults::default()))
}

/// The proof that it is the owner who confirms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proof {
    password: String,
}

/// `POST /confirm/{token}`: the link shows the mailbox, the password shows the owner; who has only the first does not take
/// the account over.
pub async fn confirm(ask: Ask, token: Path<String>, form: Form<Proof>) -> Result<HttpResponse, Problem> {
    let token = token.into_inner();
    let Some(change) = opened(&ask, Purpose::Confirm, &token).await? else {
        return Ok(show(&ask, Purpose::Confirm, &token, None, false, Faults::default()));
    };
    let names = [format!("proof:{}", change.account_id)];
    let waiting = ask
        .house
        .work(move |db| {
            db.note(|note| {
                let waiting = throttles::remaining(note, &names)?;
                if waiting == 0 {
                    throttles::fail(note, &names)?;
                }
                Ok(waiting)
            })
        })
        .await?;
    if waiting > 0 {
        return Err(Problem::TooMany(waiting));
    }
    let typed = form.fields.password.chars().take(1_000).collect();
    if !ask.house.passwords.matches(typed, change.password_hash.clone()).await? {
        let refusal = Refusal::at("password", "This is not the password of this account.");
        return Ok(show(&ask, Purpose::Confirm, &token, Some(change), false, Faults::one(refusal)));
    }
    let (permit, token_too, name) = (system::recovering(ask.visitor.origin.clone()), token.clone(), format!("proof:{}", change.account_id));
    let done = ask
        .house
        .work(move |db| {
            let done = db.write(&permit, |tx| identifiers::confirm(tx, &token_too))?;
            db.note(|note| throttles::succeed(note, &name, None))?;
            Ok(done)
        })
        .await;
    answered(&ask, Purpose::Confirm, &token, done)
}

/// The form that cancels has no field.
#[derive(Debug, Default, Deserialize)]
pub struct Nothing {}

/// `POST /cancel/{token}`
pub async fn cancel(ask: Ask, token: Path<String>, _: Form<Nothing>) -> Result<HttpResponse, Problem> {
    let (token, permit) = (token.into_inner(), system::recovering(ask.visitor.origin.clone()));
    let token_too = token.clone();
    let done = ask.house.work(move |db| db.write(&permit, |tx| identifiers::cancel(tx, &token_too))).await;
    answered(&ask, Purpose::Cancel, &token, done)
}

fn answered(ask: &Ask, purpose: Purpose, token: &str, done: Result<Change, Problem>) -> Result<HttpResponse, Problem> {
    match done {
        Ok(change) => Ok(show(ask, purpose, token, Some(change), true, Faults::default())),
        Err(Problem::NotFound) => Ok(show(ask, purpose, token, None, false, Faults::default())),
        Err(problem) => Err(problem),
    }
}
