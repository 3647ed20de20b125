//! `/signin/reset`: a forgotten password, and the link that sets a new one (I-6). Known and unknown addresses meet the same
//! words, status and time.

use super::{Public, answer, sign_in};
use crate::{
    access::{Origin, system},
    domain::{Refusal, authenticator, password, settings::General, text},
    problem::Problem,
    store::{
        authenticators::Target,
        passwords::{self, Reset, Resetting},
        throttles,
    },
    web::{
        form::{Faults, Form},
        frame::Ask,
        note::Note,
        page::{page, see_other, view},
    },
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Every answer to a request for a link takes this long at least, so that it does not tell whether one was sent.
const FLOOR: Duration = Duration::from_millis(400);

#[derive(Template)]
#[template(path = "public/forgot.html", blocks = ["content"])]
struct Forgot {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    icons: &'static str,
    csrf: String,
    fields: Fields,
    sent: bool,
    faults: Faults,
}
view!(Forgot, as_content);

/// The fields of the form that asks for a link.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    identifier: String,
    store: String,
}

fn show(ask: &Ask, fields: Fields, sent: bool, faults: Faults, status: StatusCode) -> HttpResponse {
    let public = Public::new(ask);
    let Public { brand, css, icons, appearance, csrf, .. } = public;
    answer(ask, &public.secret, status, page(Forgot { brand, appearance, css, icons, csrf, fields, sent, faults }))
}

/// `GET /signin/reset`
pub async fn get(ask: Ask) -> HttpResponse {
    let query = ask.query();
    let fields = Fields { identifier: query.get("login_hint").chars().take(254).collect(), store: query.get("store").to_owned() };
    show(&ask, fields, query.is("sent", "1"), Faults::default(), StatusCode::OK)
}

/// `POST /signin/reset`
pub async fn post(ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    let identifier: String = fields.identifier.trim().chars().take(254).collect();
    if identifier.is_empty() {
        let refusal = Refusal::at("identifier", "Enter your e-mail or user name.");
        return Ok(show(&ask, fields, false, Faults::one(refusal), StatusCode::UNPROCESSABLE_ENTITY));
    }
    let floor = actix_web::rt::time::sleep(FLOOR);
    let by_account = format!("reset:{}:{}", fields.store, text::fold(&identifier));
    let by_address = ask.visitor.origin.address.as_ref().map(|address| format!("reset@{address}"));
    let (permit, store) = (system::recovering(ask.visitor.origin.clone()), fields.store.clone());
    let waiting = ask
        .house
        .work(move |db| {
            let address: Vec<String> = by_address.into_iter().collect();
            let (waiting, quiet) = db.note(|note| {
                let waiting = throttles::remaining(note, &address)?;
                let quiet = throttles::remaining(note, std::slice::from_ref(&by_account))? > 0;
                if waiting == 0 {
                    throttles::fail(note, &[address, vec![by_account]].concat())?;
                }
                Ok((waiting, quiet))
            })?;
            // Too many for one account: the same answer, and no further letter.
            if waiting == 0 && !quiet {
                let store = (!store.is_empty()).then_some(store.as_str());
                match db.write(&permit, |tx| passwords::forgot(tx, store, &identifier)) {
                    Ok(()) | Err(Problem::NotFound) => {}
                    Err(problem) => return Err(problem),
                }
            }
            Ok(waiting)
        })
        .await?;
    floor.await;
    if waiting > 0 {
        return Err(Problem::TooMany(waiting));
    }
    Ok(see_other(&ask.req, "/signin/reset?sent=1"))
}

#[derive(Template)]
#[template(path = "public/reset.html", blocks = ["content"])]
struct ResetPage {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    token: String,
    /// None: the link does not work.
    found: Option<Resetting>,
    /// To which second factor a code was sent, and what was typed of it.
    sent: Option<(Target, String)>,
    faults: Faults,
}
view!(ResetPage, as_content);

fn show_reset(ask: &Ask, token: String, found: Option<Resetting>, sent: Option<(Target, String)>, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = match &found {
        None => StatusCode::NOT_FOUND,
        Some(_) if faults.any() => StatusCode::UNPROCESSABLE_ENTITY,
        Some(_) => StatusCode::OK,
    };
    let Public { brand, css, js, icons, appearance, csrf, .. } = public;
    answer(ask, &public.secret, status, page(ResetPage { brand, appearance, css, js, icons, csrf, token, found, sent, faults }))
}

async fn opened(ask: &Ask, token: &str) -> Result<Option<Resetting>, Problem> {
    let token = token.to_owned();
    match ask.house.work(move |db| db.read(&system::recovering(Origin::default()), |view| passwords::open(view, &token))).await {
        Ok(found) => Ok(Some(found)),
        Err(Problem::NotFound) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// `GET /signin/reset/{token}`: opening it uses nothing up (I-2).
pub async fn get_link(ask: Ask, token: Path<String>) -> Result<HttpResponse, Problem> {
    let token = token.into_inner();
    let found = opened(&ask, &token).await?;
    Ok(show_reset(&ask, token, found, None, Faults::default()))
}

/// The new password, and the code of a second factor where one is enrolled; or where a code is to be sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    password: String,
    code: String,
    /// The factor that the code was sent to.
    factor: String,
    /// The one to send a code to now.
    send: Option<String>,
}

/// `POST /signin/reset/{token}`
pub async fn post_link(ask: Ask, token: Path<String>, form: Form<New>) -> Result<HttpResponse, Problem> {
    let (token, New { password: new, code, factor, send }) = (token.into_inner(), form.fields);
    let Some(found) = opened(&ask, &token).await? else { return Ok(show_reset(&ask, token, None, None, Faults::default())) };
    if let Some(factor) = send {
        return send_code(&ask, token, found, factor).await;
    }
    let sent = found.factors.iter().find(|one| one.id == factor).map(|one| (one.clone(), code.clone()));
    let context: Vec<&str> = [Some(found.name.as_str()), found.email.as_deref(), found.username.as_deref()].into_iter().flatten().collect();
    let weak = password::check(&new, &context).err();
    let code = authenticator::code(&code);
    let missing = match (&sent, &code) {
        _ if found.factors.is_empty() => None,
        (None, _) => Some("Have a code sent first, and enter it here."),
        (Some(_), None) => Some("A code has six digits."),
        (Some(_), Some(_)) => None,
    };
    let missing = missing.map(|words| Refusal::at("code", words));
    if weak.is_some() || missing.is_some() {
        return Ok(show_reset(&ask, token, Some(found), sent, Faults(missing.into_iter().chain(weak).collect())));
    }
    if !found.factors.is_empty() {
        let by_address = ask.visitor.origin.address.as_ref().map(|address| format!("sign-in@{address}"));
        let waiting = sign_in::count_try(&ask, format!("factor:{}", found.id), by_address).await?;
        if waiting > 0 {
            return Err(Problem::TooMany(waiting));
        }
    }
    let hash = ask.house.passwords.hash(new).await?;
    let permit = system::recovering(ask.visitor.origin.clone());
    let (token_too, code) = (token.clone(), code.unwrap_or_default());
    match ask.house.work(move |db| db.write(&permit, |tx| passwords::reset(tx, &token_too, &hash, (&factor, &code)))).await {
        Ok(Reset::Done(done)) => {
            let by_account = format!("factor:{}", done.id);
            ask.house.work(move |db| db.note(|note| throttles::succeed(note, &by_account, None))).await?;
            let words = if done.first { "Your password is set. Sign in with it." } else { "Your password is changed. Sign in with it." };
            let mut response = see_other(&ask.req, &format!("/signin/{}", done.store));
            response.add_cookie(&Note::new(words).cookie(&ask.house)).map_err(Problem::internal)?;
            Ok(response)
        }
        Ok(Reset::Wrong) => {
            let refusal = Refusal::at("code", "The code is wrong, or works no more. Check it, or have another one sent.");
            Ok(show_reset(&ask, token, Some(found), sent, Faults::one(refusal)))
        }
        Ok(Reset::UsedUp) => {
            let refusal = Refusal::at("code", "Too many wrong codes. Have another one sent.");
            Ok(show_reset(&ask, token, Some(found), None, Faults::one(refusal)))
        }
        // Used up meanwhile.
        Err(Problem::NotFound) => Ok(show_reset(&ask, token, None, None, Faults::default())),
        Err(problem) => Err(problem),
    }
}

/// Sends a code to a second factor; the password is typed after it.
async fn send_code(ask: &Ask, token: String, found: Resetting, factor: String) -> Result<HttpResponse, Problem> {
    let permit = system::recovering(ask.visitor.origin.clone());
    let (token_too, factor_too) = (token.clone(), factor.clone());
    match ask.house.work(move |db| db.write(&permit, |tx| passwords::send_code(tx, &token_too, &factor_too))).await {
        Ok(target) => Ok(show_reset(ask, token, Some(found), Some((target, String::new())), Faults::default())),
        Err(Problem::TooMany(wait)) => {
            let sent = found.factors.iter().find(|one| one.id == factor).map(|one| (one.clone(), String::new()));
            let refusal = Refusal::at("code", format!("A code was sent a moment ago. Wait {wait} seconds, then ask for another one."));
            Ok(show_reset(ask, token, Some(found), sent, Faults::one(refusal)))
        }
        Err(problem) => Err(problem),
    }
}
