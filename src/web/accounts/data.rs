//! Personal data of an account as a file (P-9): a readable page that stands alone, or JSON.

use super::{Screens, act::frame_of};
use crate::{
    access::Permit,
    domain::{text, time::Time},
    problem::Problem,
    store::{
        accounts::{self, Account},
        event_log::Recorded,
        personal_data::{self, PersonalData},
    },
    web::{
        console::{accounts::detail_json, events::says},
        form::{Faults, Form},
        frame::{Acted, Ask, Frame},
        page::{page, view},
        proof,
        when::{When, moment},
    },
};
use actix_session::Session;
use actix_web::{
    HttpResponse, Responder,
    http::{StatusCode, header},
    web::Path,
};
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Template)]
#[template(path = "accounts/data.html", blocks = ["dialog"])]
struct Ready {
    f: Frame,
    base: String,
    account: Account,
    fields: Fields,
    proof_due: bool,
    faults: Faults,
}
view!(Ready, as_dialog);

/// The fields of the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    format: String,
    reason: String,
    password: String,
}

async fn show<S: Screens>(ask: &Ask, place: String, id: String, fields: Fields, faults: Faults) -> Result<HttpResponse, Problem> {
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
    let f = frame_of::<S>(ask, &spot, &account, "Personal data");
    let view = Ready { f, base: spot.base, account, fields, proof_due: proof::is_due(ask), faults };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `GET …/accounts/{account}/data`: says what is inside.
pub async fn data_form<S: Screens>(_: Permit<S::Download>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    show::<S>(&ask, place, id, Fields::default(), Faults::default()).await
}

/// `POST …/accounts/{account}/data`: the file, after a fresh proof of the password (I-5).
pub async fn data<S: Screens>(
    permit: Permit<S::Download>,
    ask: Ask,
    session: Session,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), fields) = (path.into_inner(), form.fields);
    if let Err(faults) = proof::check(&ask, &session, &fields.password).await? {
        return show::<S>(&ask, place, id, Fields { password: String::new(), ..fields }, faults).await;
    }
    let html = fields.format != "json";
    let format = if html { "html" } else { "json" };
    let why: String = text::paragraph(&fields.reason).chars().take(512).collect();
    // Without a once: a second post is a second download, and a second event.
    let done = ask
        .act(permit, None, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let data = personal_data::download::<S>(tx, &spot.store, &id, format, &why)?;
            Ok((data, String::new()))
        })
        .await?;
    let data = match done {
        Acted::Before(answer) => return Ok(answer),
        Acted::Now(data) => data,
    };
    let name: String = text::search(data.detail.account.title())
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .take(60)
        .collect();
    let day: String = data.at.rfc3339().chars().take(10).collect();
    let (kind, body) = if html {
        let zone = ask.visitor.zone.clone();
        ("text/html; charset=utf-8", Alone { data, zone }.render().map_err(Problem::internal)?)
    } else {
        ("application/json", serde_json::to_string_pretty(&read(&data)).map_err(Problem::internal)?)
    };
    let file = format!("attachment; filename=\"data-{}-{day}.{format}\"", name.trim_matches('-'));
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, file))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}

fn read(data: &PersonalData) -> Value {
    let mut found = detail_json(&data.detail);
    if !data.identifiers {
        for hidden in ["email", "username"] {
            found.as_object_mut().map(|found| found.remove(hidden));
        }
    }
    found["created"] = json!(data.detail.created_at.rfc3339());
    if let Some(authenticators) = &data.authenticators {
        let one = |(kind, value, confirmed): &(String, String, Option<Time>)| json!({ "type": kind, "value": value, "confirmed": confirmed.map(Time::rfc3339) });
        found["authenticators"] = json!(authenticators.iter().map(one).collect::<Vec<_>>());
    }
    let session = |session: &crate::store::sessions::Session| json!({ "since": session.created_at.rfc3339(), "last_use": session.seen_at.rfc3339(), "address": session.address, "device": session.agent });
    found["sessions"] = json!(data.sessions.iter().map(session).collect::<Vec<_>>());
    if let Some(verification) = &data.verification {
        found["verification"] = json!({ "verified": verification.verified, "by": verification.by, "at": verification.at.rfc3339(), "reason": verification.reason });
    }
    if let Some(events) = &data.events {
        let event = |event: &Recorded| json!({ "at": event.at.rfc3339(), "actor": event.actor_name, "what": says(event), "address": event.address });
        found["events"] = json!(events.iter().map(event).collect::<Vec<_>>());
    }
    found["gathered"] = json!(data.at.rfc3339());
    found
}

/// The page that stands alone: no script, nothing loaded.
#[derive(Template)]
#[template(path = "accounts/data_alone.html")]
struct Alone {
    data: PersonalData,
    zone: jiff::tz::TimeZone,
}

impl Alone {
    fn when(&self, time: &Time) -> When {
        moment(*time, &self.zone)
    }

    fn says(&self, event: &Recorded) -> String {
        says(event)
    }
}
