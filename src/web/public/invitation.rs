//! `/invite/{token}`: whoever is invited accepts or declines (screens.md R3).

use super::{Public, answer, sign_in};
use crate::{
    access::{Myself, Origin, system},
    domain::{account, password, settings::General, time::Time},
    problem::Problem,
    store::invitations::{self, Opened},
    web::{
        accounts::{Field, Fields},
        form::{Faults, Form, faults},
        frame::Ask,
        note::Note,
        page::{page, see_other, view},
        when::{self, When},
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde_json::Map;
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
    fields: Fields,
    /// What must be filled in and the inviter has left open.
    attributes: Vec<Field>,
    faults: Faults,
    now: Time,
    zone: jiff::tz::TimeZone,
}
view!(Invited, as_content);

impl Invited {
    fn when(&self, time: &Time) -> When {
        when::when(*time, &self.zone)
    }

    fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    fn waits(&self, found: &Opened) -> bool {
        found.waits(self.now)
    }
}

fn show(ask: &Ask, token: String, found: Option<Opened>, fields: Fields, faults: Faults) -> HttpResponse {
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
    let attributes = found.as_ref().map(|found| Field::all(&found.asks, &fields)).unwrap_or_default();
    let view = Invited { brand, appearance, css, js, icons, csrf, token, found, mine, other, fields, attributes, faults, now, zone };
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
    Ok(show(&ask, token, found, Fields::default(), Faults::default()))
}

/// `POST /invite/{token}`: accept, with name, password and what is asked where there is no account yet; or decline.
pub async fn post(ask: Ask, session: Session, token: Path<String>, form: Form<Vec<(String, String)>>) -> Result<HttpResponse, Problem> {
    let (token, fields) = (token.into_inner(), Fields(form.fields));
    let declines = fields.get("answer") == "decline";
    let Some(found) = opened(&ask, &token).await? else {
        return Ok(show(&ask, token, None, Fields::default(), Faults::default()));
    };
    let now = ask.house.db.clock.now();
    if !found.waits(now) || (found.hindered.is_some() && !declines) {
        return Ok(show(&ask, token, Some(found), Fields::default(), Faults::default()));
    }
    let origin = ask.visitor.origin.clone();
    if declines {
        let (permit, token_too) = (system::inviting(origin), token.clone());
        ask.house.work(move |db| db.write(&permit, |tx| invitations::decline(tx, &token_too))).await?;
        let found = opened(&ask, &token).await?;
        return Ok(show(&ask, token, found, Fields::default(), Faults::default()));
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
    let (name, typed) = (fields.get("name"), fields.get("password").to_owned());
    let context = [name, found.email.as_str(), found.organization.as_str()];
    let checked = (account::person_name(name), password::check(&typed, &context), fields.attributes(&found.asks, &Map::new(), true));
    let (name, filled) = match checked {
        (Ok(name), Ok(()), Ok(filled)) => (name, filled),
        (name, weak, filled) => {
            let asked = filled.err().map(|faults| faults.0).unwrap_or_default();
            let faults = Faults(name.err().into_iter().chain(asked).chain(weak.err()).collect());
            return Ok(show(&ask, token, Some(found), fields, faults));
        }
    };
    let hash = ask.house.passwords.hash(typed).await?;
    let (permit, token_too) = (system::inviting(origin), token.clone());
    let work = move |tx: &mut crate::store::Tx<_>| invitations::accept_new(tx, &token_too, &name, &hash, &filled);
    let done = ask.house.work(move |db| db.write(&permit, work)).await;
    let account = match faults(done)? {
        Ok(account) => account,
        Err(faults) => return Ok(show(&ask, token, Some(found), fields, faults)),
    };
    if let Some(more) = sign_in::admit(&ask, &session, account, "/me").await? {
        return Ok(more);
    }
    ask.led_to("/me", Note::new(format!("Welcome. You belong to {} now, and are signed in.", found.organization)))
}
