//! `/join/confirm/{token}`: the mailbox is shown by the link, the person by the password; then it is final.

use super::FREE;
use crate::{
    access::{Myself, Origin, system},
    domain::{Refusal, rights::Cell, settings::General},
    problem::Problem,
    store::{
        registrations::{self, Joined, Opened},
        throttles,
    },
    web::{
        form::{Faults, Form, faults},
        frame::Ask,
        page::{page, see_other, view},
        public::{Public, answer, sign_in},
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "public/join/confirm.html", blocks = ["content"])]
struct Confirm {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    token: String,
    /// None: the link does not work.
    found: Option<Opened>,
    /// What the new organization shall be called.
    organization: String,
    /// Whether whoever it is for is signed in, where the address has an account.
    mine: bool,
    /// Somebody else is.
    other: bool,
    faults: Faults,
}
view!(Confirm, as_content);

fn show(ask: &Ask, token: String, found: Option<Opened>, organization: String, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = match &found {
        None => StatusCode::NOT_FOUND,
        Some(_) if faults.any() => StatusCode::UNPROCESSABLE_ENTITY,
        Some(_) => StatusCode::OK,
    };
    let Public { brand, css, js, icons, appearance, csrf, .. } = public;
    let me = ask.visitor.actor.as_ref().map(|actor| actor.account);
    let mine = me.is_some() && found.as_ref().is_some_and(|found| found.known == me);
    let other = me.is_some() && !mine;
    let view = Confirm { brand, appearance, css, js, icons, csrf, token, found, organization, mine, other, faults };
    answer(ask, &public.secret, status, page(view))
}

async fn opened(ask: &Ask, token: &str) -> Result<Option<Opened>, Problem> {
    let token = token.to_owned();
    match ask.house.work(move |db| db.read(&system::joining(Origin::default()), |view| registrations::open(view, &token))).await {
        Ok(found) => Ok(Some(found)),
        Err(Problem::NotFound) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// `GET /join/confirm/{token}`: opening it uses nothing up (I-2).
pub async fn get(ask: Ask, token: Path<String>) -> Result<HttpResponse, Problem> {
    let token = token.into_inner();
    let found = opened(&ask, &token).await?;
    let organization = found.as_ref().map(|found| found.organization.clone()).unwrap_or_default();
    Ok(show(&ask, token, found, organization, Faults::default()))
}

/// The fields that confirm.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    password: String,
    organization: String,
}

#[derive(Template)]
#[template(path = "public/join/done.html", blocks = ["content"])]
struct Done {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    icons: &'static str,
    joined: Joined,
    /// Whether the account has come about by it.
    new: bool,
}
view!(Done, as_content);

impl Done {
    fn can(&self) -> impl Iterator<Item = &'static str> {
        self.joined.rights.cells().map(Cell::holder_can)
    }
}

/// `POST /join/confirm/{token}`
pub async fn post(ask: Ask, session: Session, token: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (token, Fields { password, organization }) = (token.into_inner(), form.fields);
    let Some(found) = opened(&ask, &token).await? else { return Ok(show(&ask, token, None, organization, Faults::default())) };
    if found.known.is_some() {
        return with_account(ask, token, found, organization).await;
    }
    let by_address: Vec<String> = ask.visitor.origin.address.iter().map(|address| format!("join@{address}")).collect();
    let by_address_too = by_address.clone();
    let waiting = ask.house.work(move |db| db.note(|note| throttles::remaining(note, &by_address_too))).await?;
    if waiting > 0 {
        return Err(Problem::TooMany(waiting));
    }
    let mut chosen = None;
    for candidate in &found.candidates {
        if ask.house.passwords.matches(password.clone(), Some(candidate.hash.clone())).await? {
            chosen = Some(candidate.clone());
            break;
        }
    }
    let Some(chosen) = chosen else {
        ask.house.work(move |db| db.note(|note| throttles::count(note, &by_address, FREE.0))).await?;
        let refusal = Refusal::at("password", "This is not the password that you chose when you registered.");
        return Ok(show(&ask, token, Some(found), organization, Faults::one(refusal)));
    };
    let origin = ask.visitor.origin.clone();
    let (permit, token_too, name) = (system::joining(origin), token.clone(), organization.clone());
    let done = ask.house.work(move |db| db.write(&permit, |tx| registrations::confirm(tx, &token_too, &chosen, &name))).await;
    let joined = match faults(done) {
        Ok(Ok(joined)) => joined,
        Ok(Err(faults)) => return Ok(show(&ask, token, Some(found), organization, faults)),
        // Used up meanwhile.
        Err(Problem::NotFound) => return Ok(show(&ask, token, None, organization, Faults::default())),
        Err(problem) => return Err(problem),
    };
    if let Some(more) = sign_in::admit(&ask, &session, joined.account, "/").await? {
        return Ok(more);
    }
    Ok(done_page(&ask, joined, true))
}

fn done_page(ask: &Ask, joined: Joined, new: bool) -> HttpResponse {
    let public = Public::new(ask);
    let Public { brand, css, icons, appearance, .. } = public;
    answer(ask, &public.secret, StatusCode::OK, page(Done { brand, appearance, css, icons, joined, new }))
}

/// The address has an account: whoever it belongs to signs in, and joins with it.
async fn with_account(ask: Ask, token: String, found: Opened, organization: String) -> Result<HttpResponse, Problem> {
    let me = ask.visitor.actor.as_ref().map(|actor| actor.account);
    if me.is_none() || me != found.known {
        return Ok(see_other(&ask.req, &format!("/signin/{}?next=/join/confirm/{token}", found.store)));
    }
    let (permit, token_too, name) = (ask.permit::<Myself>()?, token.clone(), organization.clone());
    let done = ask.house.work(move |db| db.write(&permit, |tx| registrations::confirm_mine(tx, &token_too, &name))).await;
    match faults(done) {
        Ok(Ok(joined)) => Ok(done_page(&ask, joined, false)),
        Ok(Err(faults)) => Ok(show(&ask, token, Some(found), organization, faults)),
        // Used up meanwhile.
        Err(Problem::NotFound) => Ok(show(&ask, token, None, organization, Faults::default())),
        Err(problem) => Err(problem),
    }
}
