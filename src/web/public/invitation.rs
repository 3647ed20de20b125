//! `/invite/{token}`: whoever is invited accepts or declines (screens.md R3).

use super::{Public, answer};
use crate::{
    access::{Myself, Origin, system},
    domain::{account, password, settings::General, time::Time},
    problem::Problem,
    store::invitations::{self, Opened},
    web::{
        form::{Faults, Form, faults},
        frame::Ask,
        note::Note,
        page::{page, see_other, view},
        session,
        when::{self, When},
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "public/invitation.html", blocks = ["content"])]
struct Invited {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    token: String,
    /// None: the link was replaced, or never was.
    found: Option<Opened>,
    /// Whether whoever it is for is signed in.
    mine: bool,
    /// Somebody else is.
    other: bool,
    name: String,
    faults: Faults,
    now: Time,
    zone: jiff::tz::TimeZone,
}
view!(Invited, as_content);

impl Invited {
    fn when(&self, time: &Time) -> When {
        when::when(*time, &self.zone)
    }

    fn waits(&self, found: &Opened) -> bool {
        found.waits(self.now)
    }
}

fn show(ask: &Ask, token: String, found: Option<Opened>, name: String, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = match &found {
        None => StatusCode::NOT_FOUND,
        Some(_) if faults.any() => StatusCode::UNPROCESSABLE_ENTITY,
        Some(_) => StatusCode::OK,
    };
    let me = ask.visitor.actor.as_ref().map(|actor| actor.account);
    let mine = me.is_some_and(|me| found.as_ref().is_some_and(|found| found.is_for(me)));
    let other = me.is_some() && !mine;
    let Public { brand, css, js, icons, appearance, csrf, .. } = public;
    let (now, zone) = (ask.house.db.clock.now(), ask.visitor.zone.clone());
    let view = Invited { brand, appearance, css, js, icons, csrf, token, found, mine, other, name, faults, now, zone };
    answer(ask, &public.secret, status, page(view))
}

async fn opened(ask: &Ask, token: &str) -> Result<Option<Opened>, Problem> {
    let token = token.to_owned();
    match ask.house.work(move |db| db.read(&system::inviting(Origin::default()), |view| invitations::open(view, &token))).await {
        Ok(found) => Ok(Some(found)),
        Err(Problem::NotFound) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// `GET /invite/{token}`: opening it uses nothing up (I-2).
pub async fn get(ask: Ask, token: Path<String>) -> Result<HttpResponse, Problem> {
    let token = token.into_inner();
    let found = opened(&ask, &token).await?;
    Ok(show(&ask, token, found, String::new(), Faults::default()))
}

/// The answer: accept, with name and password where there is no account yet, or decline.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    answer: String,
    name: String,
    password: String,
}

/// `POST /invite/{token}`
pub async fn post(ask: Ask, session: Session, token: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (token, fields) = (token.into_inner(), form.fields);
    let Some(found) = opened(&ask, &token).await? else {
        return Ok(show(&ask, token, None, String::new(), Faults::default()));
    };
    let now = ask.house.db.clock.now();
    if !found.waits(now) || (found.hindered.is_some() && fields.answer != "decline") {
        return Ok(show(&ask, token, Some(found), String::new(), Faults::default()));
    }
    let origin = ask.visitor.origin.clone();
    if fields.answer == "decline" {
        let (permit, token_too) = (system::inviting(origin), token.clone());
        ask.house.work(move |db| db.write(&permit, |tx| invitations::decline(tx, &token_too))).await?;
        let found = opened(&ask, &token).await?;
        return Ok(show(&ask, token, found, String::new(), Faults::default()));
    }
    let me = ask.visitor.actor.as_ref().map(|actor| actor.account);
    if found.asks_to_sign_in() {
        if !me.is_some_and(|me| found.is_for(me)) {
            return Ok(see_other(&ask.req, &format!("/signin/{}?next=/invite/{token}", found.store.1)));
        }
        let permit = ask.permit::<Myself>()?;
        let place = ask.house.work(move |db| db.write(&permit, |tx| invitations::accept_mine(tx, &token))).await?;
        return ask.led_to("/me", Note::new(format!("You belong to {place} now.")));
    }
    let context = [fields.name.as_str(), found.email.as_str(), found.organization.as_str()];
    let (name, weak) = (account::person_name(&fields.name), password::check(&fields.password, &context).err());
    let name = match (name, weak) {
        (Ok(name), None) => name,
        (name, weak) => {
            let faults = Faults(name.err().into_iter().chain(weak).collect());
            return Ok(show(&ask, token, Some(found), fields.name, faults));
        }
    };
    let hash = ask.house.passwords.hash(fields.password).await?;
    let (permit, token_too) = (system::inviting(origin.clone()), token.clone());
    let done = ask.house.work(move |db| db.write(&permit, |tx| invitations::accept_new(tx, &token_too, &name, &hash))).await;
    match faults(done)? {
        Ok(account) => {
            session::begin(&session, &ask.house, account, &origin)?;
            ask.led_to("/me", Note::new(format!("Welcome. You belong to {} now, and are signed in.", found.organization)))
        }
        Err(faults) => Ok(show(&ask, token, Some(found), fields.name, faults)),
    }
}
