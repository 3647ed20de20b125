//! A fresh proof of the password before dangerous acts (I-5): asked in the same form, when the last one is older than
//! ten minutes.

use super::{form::Faults, frame::Ask, session};
use crate::{
    access::{Myself, Permit},
    domain::Refusal,
    problem::Problem,
    store::{sign_in, throttles},
};
use actix_session::Session;

/// How long a proof lasts, in seconds.
const LASTS: i64 = 600;

/// Whether the form has to ask for the password.
pub fn is_due(ask: &Ask) -> bool {
    let now = ask.house.db.clock.now();
    ask.visitor.proven_at.is_none_or(|proven| proven.plus_seconds(LASTS) < now)
}

/// Checks the password that came with a dangerous form, if one is due; the session then has a new id. The faults of
/// the field `password`, where it is wrong.
///
/// # Errors
/// [`Problem::TooMany`] after too many tries.
pub async fn check(ask: &Ask, session: &Session, typed: &str) -> Result<Result<(), Faults>, Problem> {
    check_at(ask, session, typed, "password").await
}

/// As [`check`], of a form whose field for the proof has another name.
///
/// # Errors
/// As [`check`].
pub async fn check_at(ask: &Ask, session: &Session, typed: &str, field: &'static str) -> Result<Result<(), Faults>, Problem> {
    if !is_due(ask) {
        return Ok(Ok(()));
    }
    if typed.is_empty() {
        return Ok(Err(Faults::one(Refusal::at(field, "Enter your password to go on."))));
    }
    let permit: Permit<Myself> = ask.permit()?;
    let name = format!("proof:{}", ask.actor()?.id);
    let names = [name.clone()];
    let (waiting, own) = ask
        .house
        .work(move |db| {
            let waiting = db.note(|note| {
                let waiting = throttles::remaining(note, &names)?;
                if waiting == 0 {
                    throttles::fail(note, &names)?;
                }
                Ok(waiting)
            })?;
            Ok((waiting, db.read(&permit, |view| sign_in::own(view))?))
        })
        .await?;
    if waiting > 0 {
        return Err(Problem::TooMany(waiting));
    }
    if !ask.house.passwords.matches(typed.chars().take(1_000).collect(), own.password_hash).await? {
        return Ok(Err(Faults::one(Refusal::at(field, "This is not your password."))));
    }
    ask.house.work(move |db| db.note(|note| throttles::succeed(note, &name, None))).await?;
    session::renew(session, &ask.house)?;
    Ok(Ok(()))
}
