//! The password of an account: a link sent to its owner, or one set by somebody else (I-6).

use super::{Screens, act::frame_of};
use crate::{
    access::Permit,
    domain::password,
    problem::Problem,
    store::{
        accounts::{self, Account},
        passwords,
    },
    web::{
        form::{Faults, Form, Nothing, faults},
        frame::{Acted, Ask, Frame},
        note::Note,
        page::{page, view},
        proof,
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "accounts/password_reset.html", blocks = ["dialog"])]
struct SendReset {
    f: Frame,
    base: String,
    back: String,
    account: Account,
}
view!(SendReset, as_dialog);

/// `GET …/accounts/{account}/password-reset`: shows where the link goes.
pub async fn confirm_reset<S: Screens>(
    permit: Permit<S::ResetPassword>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let (spot, account) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let spot = S::spot(view, &place, Some(&id))?;
                let account = view.also::<S::See, _>(|view| accounts::detail::<S>(view, spot.store.key, &id))?.account;
                Ok((spot, account))
            })
        })
        .await?;
    let f = frame_of::<S>(&ask, &spot, &account, "Send a password reset");
    let back = format!("{}/accounts/{}{}", spot.base, account.id, S::part("sign-in"));
    Ok(page(SendReset { f, base: spot.base, back, account }).respond_to(&ask.req))
}

/// `POST …/accounts/{account}/password-reset`
pub async fn send_reset<S: Screens>(
    permit: Permit<S::ResetPassword>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let account = passwords::send_reset::<S>(tx, &spot.store, &id)?;
            let seen = accounts::sees_identifiers::<S, _>(tx, &account)?;
            let to = format!("{}/accounts/{id}{}", spot.base, S::part("sign-in"));
            Ok(((account, seen, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((account, seen, to)) => {
            let whom = account.email.as_deref().filter(|_| seen).unwrap_or(account.title()).to_owned();
            ask.led_to(&to, Note::new(format!("Password reset sent to {whom}.")).more("The password that it has goes on working."))
        }
    }
}

/// The fields of a new password. It always has to be changed at the next sign-in, whatever `change_next` says (I-6).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    password: String,
    proof: String,
}

#[derive(Template)]
#[template(path = "accounts/password.html", blocks = ["dialog"])]
struct SetPassword {
    f: Frame,
    base: String,
    back: String,
    account: Account,
    proof_due: bool,
    faults: Faults,
}
view!(SetPassword, as_dialog);

async fn show<S: Screens>(ask: &Ask, place: String, id: String, faults: Faults) -> Result<HttpResponse, Problem> {
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
    let f = frame_of::<S>(ask, &spot, &account, "Set a password");
    let back = format!("{}/accounts/{}{}", spot.base, account.id, S::part("sign-in"));
    let view = SetPassword { f, base: spot.base, back, account, proof_due: proof::is_due(ask), faults };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `GET …/accounts/{account}/password`
pub async fn password_form<S: Screens>(
    _: Permit<S::ResetPassword>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    show::<S>(&ask, place, id, Faults::default()).await
}

/// `POST …/accounts/{account}/password`
pub async fn password<S: Screens>(
    permit: Permit<S::ResetPassword>,
    ask: Ask,
    session: Session,
    path: Path<(String, String)>,
    form: Form<New>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), New { password: new, proof: typed }) = (path.into_inner(), form.fields);
    let (place_too, id_too) = (place.clone(), id.clone());
    // Whether they may is asked before what they typed, and again under the lock.
    let (permit, account) = ask
        .house
        .work(move |db| {
            let mut found = None;
            let asked = db.write_or_stop(&permit, |tx| {
                let spot = S::spot(tx, &place_too, Some(&id_too))?;
                found = Some(passwords::to_set::<S>(tx, &spot.store, &id_too)?);
                Ok(())
            });
            asked.map(|()| (permit, found))
        })
        .await?;
    let account = account.ok_or(Problem::NotFound)?;
    let context: Vec<&str> =
        [Some(account.name.as_str()), account.email.as_deref(), account.username.as_deref()].into_iter().flatten().collect();
    if let Err(refusal) = password::check(&new, &context) {
        return show::<S>(&ask, place, id, Faults::one(refusal)).await;
    }
    if let Err(faults) = proof::check_at(&ask, &session, &typed, "proof").await? {
        return show::<S>(&ask, place, id, faults).await;
    }
    let hash = ask.house.passwords.hash(new).await?;
    let (place_too, id_too) = (place.clone(), id.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place_too, Some(&id_too))?;
            let account = passwords::set::<S>(tx, &spot.store, &id_too, &hash)?;
            let to = format!("{}/accounts/{id_too}{}", spot.base, S::part("sign-in"));
            Ok(((account, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((account, to))) => ask.led_to(
            &to,
            Note::new(format!("{} has the new password.", account.title()))
                .more("They are signed out everywhere, choose another at the next sign-in, and are told by mail."),
        ),
        Err(faults) => show::<S>(&ask, place, id, faults).await,
    }
}
