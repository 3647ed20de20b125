//! `/join/{store}/sent`: check your mail (screens.md R4). The same page whether or not the address is known.

use super::{FLOOR, FREE, lobby};
use crate::{
    access::system,
    domain::settings::General,
    problem::Problem,
    store::{
        registrations::{self, Lobby},
        throttles,
    },
    web::{
        form::Form,
        frame::Ask,
        page::{encode, page, see_other, view},
        public::{Public, answer},
    },
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "public/join/sent.html", blocks = ["content"])]
struct Sent {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    icons: &'static str,
    csrf: String,
    lobby: Lobby,
    email: String,
    again: bool,
    /// Seconds until a letter may be asked for again.
    waiting: i64,
}
view!(Sent, as_content);

fn show(ask: &Ask, lobby: Lobby, email: String, again: bool, waiting: i64) -> HttpResponse {
    let public = Public::new(ask);
    let status = if waiting > 0 { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let Public { brand, css, icons, appearance, csrf, .. } = public;
    answer(ask, &public.secret, status, page(Sent { brand, appearance, css, icons, csrf, lobby, email, again, waiting }))
}

/// `GET /join/{store}/sent`
pub async fn get(ask: Ask, store: Path<String>) -> Result<HttpResponse, Problem> {
    let lobby = lobby(&ask, store.into_inner()).await?;
    let query = ask.query();
    let email = query.get("email").chars().take(254).collect();
    Ok(show(&ask, lobby, email, query.is("again", "1"), 0))
}

/// The address to which a letter goes again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    email: String,
}

/// `POST /join/{store}/sent`: the letter once more.
pub async fn post(ask: Ask, store: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let store = store.into_inner();
    let lobby = lobby(&ask, store.clone()).await?;
    let email: String = form.fields.email.trim().chars().take(254).collect();
    let floor = actix_web::rt::time::sleep(FLOOR);
    let by_address: Vec<String> = ask.visitor.origin.address.iter().map(|address| format!("join@{address}")).collect();
    let (permit, store_too, email_too) = (system::joining(ask.visitor.origin.clone()), store.clone(), email.clone());
    let (blocked, waiting) = ask
        .house
        .work(move |db| {
            let blocked = db.note(|note| {
                let blocked = throttles::remaining(note, &by_address)?;
                if blocked == 0 {
                    throttles::count(note, &by_address, FREE.0)?;
                }
                Ok(blocked)
            })?;
            if blocked > 0 {
                return Ok((blocked, 0));
            }
            Ok((0, db.write_or_stop(&permit, |tx| registrations::again(tx, &store_too, &email_too))?))
        })
        .await?;
    floor.await;
    if blocked > 0 {
        return Err(Problem::TooMany(blocked));
    }
    if waiting > 0 {
        return Ok(show(&ask, lobby, email, false, waiting));
    }
    Ok(see_other(&ask.req, &format!("/join/{store}/sent?email={}&again=1", encode(&email))))
}
