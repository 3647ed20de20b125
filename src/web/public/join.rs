//! `/join`: people who register by themselves (I-3, screens.md R1, R2, R4). Known and unknown addresses meet the same words,
//! status and time.

mod confirm;
mod sent;

pub use confirm::{get as get_confirm, post as confirm};
pub use sent::{get as get_sent, post as again};

use super::{Public, answer};
use crate::{
    access::{Origin, system},
    domain::{Refusal, account, attribute::Attribute, organization, password, settings::General, text},
    problem::Problem,
    store::{
        registrations::{self, Door, Lobby, Newcomer},
        throttles,
    },
    web::{
        accounts::{Field, Fields},
        form::{Faults, Form},
        frame::Ask,
        page::{encode, page, see_other, view},
    },
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use serde_json::Map;
use std::{sync::Arc, time::Duration};

/// Every answer to a registration takes this long at least, so that it does not tell whether the address is known.
const FLOOR: Duration = Duration::from_millis(400);
/// How much of it is free in an hour: for an address in the network, for a store, and for an e-mail address in a store.
const FREE: (i32, i32, i32) = (20, 500, 5);

#[derive(Template)]
#[template(path = "public/join/lobby.html", blocks = ["content"])]
struct LobbyPage {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    icons: &'static str,
    csrf: String,
    lobby: Lobby,
    email: String,
    code: String,
    faults: Faults,
}
view!(LobbyPage, as_content);

fn show_lobby(ask: &Ask, lobby: Lobby, email: String, code: String, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let Public { brand, css, icons, appearance, csrf, .. } = public;
    answer(ask, &public.secret, status, page(LobbyPage { brand, appearance, css, icons, csrf, lobby, email, code, faults }))
}

async fn lobby(ask: &Ask, store: String) -> Result<Lobby, Problem> {
    ask.house.work(move |db| db.read(&system::joining(Origin::default()), |view| registrations::lobby(view, &store))).await
}

/// `GET /join/{store}`
pub async fn get(ask: Ask, store: Path<String>) -> Result<HttpResponse, Problem> {
    let lobby = lobby(&ask, store.into_inner()).await?;
    Ok(show_lobby(&ask, lobby, String::new(), String::new(), Faults::default()))
}

/// The fields that find an organization.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Found {
    email: String,
    code: String,
}

/// `POST /join/{store}`: by a code, or by the domain of the e-mail address.
pub async fn post(ask: Ask, store: Path<String>, form: Form<Found>) -> Result<HttpResponse, Problem> {
    let (store, Found { email, code }) = (store.into_inner(), form.fields);
    let lobby = lobby(&ask, store.clone()).await?;
    let email = match account::email(&email) {
        Ok(email) => email,
        Err(refusal) => return Ok(show_lobby(&ask, lobby, email, code, Faults::one(refusal))),
    };
    let by_address: Vec<String> = ask.visitor.origin.address.iter().map(|address| format!("join@{address}")).collect();
    let (store_too, email_too, code_too, by_address_too) = (store.clone(), email.clone(), code.clone(), by_address.clone());
    let (waiting, found) = ask
        .house
        .work(move |db| {
            let waiting = db.note(|note| throttles::remaining(note, &by_address_too))?;
            let permit = system::joining(Origin::default());
            let found =
                if waiting > 0 { None } else { db.read(&permit, |view| registrations::way(view, &store_too, &email_too, &code_too))? };
            if waiting == 0 && found.is_none() {
                // Codes are not to be guessed.
                db.note(|note| throttles::count(note, &by_address_too, FREE.0))?;
            }
            Ok((waiting, found))
        })
        .await?;
    if waiting > 0 {
        return Err(Problem::TooMany(waiting));
    }
    if let Some(word) = found {
        return Ok(see_other(&ask.req, &format!("/join/{store}/{word}?email={}", encode(&email))));
    }
    let refusal = if code.trim().is_empty() {
        Refusal::at("code", "No organization has this domain. Enter the code that somebody there gave you.")
    } else {
        Refusal::at("code", "No organization can be joined with this code. Ask for a new one.")
    };
    Ok(show_lobby(&ask, lobby, email, code, Faults::one(refusal)))
}

#[derive(Template)]
#[template(path = "public/join/form.html", blocks = ["content"])]
struct FormPage {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    /// This page, to which the form goes.
    action: String,
    door: Door,
    fields: Fields,
    attributes: Vec<Field>,
    faults: Faults,
}
view!(FormPage, as_content);

impl FormPage {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    fn title(&self) -> String {
        self.door.organization().map_or_else(|| "Register an organization".into(), |name| format!("Join {name}"))
    }
}

fn show(ask: &Ask, door: Door, fields: Fields, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let Public { brand, css, js, icons, appearance, csrf, .. } = public;
    let attributes = Field::all(&door.schema, &fields);
    let action = ask.req.path().to_owned();
    answer(
        ask,
        &public.secret,
        status,
        page(FormPage { brand, appearance, css, js, icons, csrf, action, door, fields, attributes, faults }),
    )
}

async fn door(ask: &Ask, store: String, organization: Option<String>) -> Result<Door, Problem> {
    let permit = system::joining(Origin::default());
    ask.house.work(move |db| db.read(&permit, |view| registrations::door(view, &store, organization.as_deref()))).await
}

async fn form_page(ask: Ask, store: String, organization: Option<String>) -> Result<HttpResponse, Problem> {
    let door = door(&ask, store, organization).await?;
    let mut fields = Fields::default();
    fields.set("email", ask.query().get("email").chars().take(254).collect::<String>());
    Ok(show(&ask, door, fields, Faults::default()))
}

/// `GET /join/{store}/{organization}`
pub async fn get_form(ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (store, organization) = path.into_inner();
    form_page(ask, store, Some(organization)).await
}

/// `GET /join/{store}/organization`
pub async fn get_new(ask: Ask, store: Path<String>) -> Result<HttpResponse, Problem> {
    form_page(ask, store.into_inner(), None).await
}

/// What was typed, checked: whoever registers, but for the hash, and the password.
fn checked(door: &Door, fields: &Fields) -> Result<(Newcomer, String), Faults> {
    let mut refusals = Vec::new();
    let mut keep = |refusal: Refusal| refusals.push(refusal);
    let new_organization = match door.organization() {
        Some(_) => String::new(),
        None => organization::name(fields.get("organization"))
            .map_err(|refusal| keep(Refusal { field: "organization", ..refusal }))
            .unwrap_or_default(),
    };
    let name = account::person_name(fields.get("name")).map_err(&mut keep).unwrap_or_default();
    let email = account::email(fields.get("email")).map_err(&mut keep).unwrap_or_default();
    let typed = fields.get("password").to_owned();
    let context = [name.as_str(), email.as_str(), door.organization().unwrap_or(&new_organization)];
    if let Err(refusal) = password::check(&typed, &context) {
        keep(refusal);
    }
    if !door.consent.is_empty() && fields.get("consent") != "on" {
        keep(Refusal::at("consent", "Tick this to go on."));
    }
    let attributes = match attributes(&door.schema, fields) {
        Ok(attributes) => attributes,
        Err(faults) => {
            refusals.extend(faults.0);
            Map::new()
        }
    };
    if !refusals.is_empty() {
        return Err(Faults(refusals));
    }
    Ok((Newcomer { email, name, hash: String::new(), attributes, new_organization }, typed))
}

/// Only what is asked is read, whatever else a form holds.
fn attributes(schema: &[Attribute], fields: &Fields) -> Result<Map<String, serde_json::Value>, Faults> {
    fields.attributes(schema, &Map::new(), true)
}

async fn register(ask: Ask, store: String, organization: Option<String>, fields: Fields) -> Result<HttpResponse, Problem> {
    let door = door(&ask, store.clone(), organization.clone()).await?;
    let (newcomer, typed) = match checked(&door, &fields) {
        Ok(checked) => checked,
        Err(faults) => return Ok(show(&ask, door, fields, faults)),
    };
    let floor = actix_web::rt::time::sleep(FLOOR);
    let (email, now) = (newcomer.email.clone(), ask.house.db.clock.now());
    let by_address: Vec<String> = ask.visitor.origin.address.iter().map(|address| format!("join@{address}")).collect();
    // Of a busy store no hour is quiet, so each hour counts by itself.
    let by_store = vec![format!("join:{store}:{}", now.micros() / 3_600_000_000)];
    let by_email = vec![format!("join:{store}:{}", text::fold(&email))];
    let (waiting, quiet) = ask
        .house
        .work(move |db| {
            db.note(|note| {
                let waiting = throttles::remaining(note, &[by_address.clone(), by_store.clone()].concat())?;
                let quiet = throttles::remaining(note, &by_email)? > 0;
                if waiting == 0 {
                    throttles::count(note, &by_address, FREE.0)?;
                    throttles::count(note, &by_store, FREE.1)?;
                    throttles::count(note, &by_email, FREE.2)?;
                }
                Ok((waiting, quiet))
            })
        })
        .await?;
    if waiting > 0 {
        return Err(Problem::TooMany(waiting));
    }
    let hash = ask.house.passwords.hash(typed).await?;
    let (permit, store_too) = (system::joining(ask.visitor.origin.clone()), store.clone());
    // Too many for one address: the same answer, and nothing more.
    if !quiet {
        let newcomer = Newcomer { hash, ..newcomer };
        let work = move |tx: &mut crate::store::Tx<_>| registrations::begin(tx, &store_too, organization.as_deref(), &newcomer);
        ask.house.work(move |db| db.write(&permit, work)).await?;
    }
    floor.await;
    Ok(see_other(&ask.req, &format!("/join/{store}/sent?email={}", encode(&email))))
}

/// `POST /join/{store}/{organization}`
pub async fn post_form(ask: Ask, path: Path<(String, String)>, form: Form<Vec<(String, String)>>) -> Result<HttpResponse, Problem> {
    let (store, organization) = path.into_inner();
    register(ask, store, Some(organization), Fields(form.fields)).await
}

/// `POST /join/{store}/organization`
pub async fn post_new(ask: Ask, store: Path<String>, form: Form<Vec<(String, String)>>) -> Result<HttpResponse, Problem> {
    register(ask, store.into_inner(), None, Fields(form.fields)).await
}
