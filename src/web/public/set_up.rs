//! `/setup?code=`: the first super administrator, by the one-time link that the server printed (D-5).

use super::{Public, answer};
use crate::{
    access::system,
    domain::{Refusal, account, organization, password, settings::General},
    problem::Problem,
    store::set_up::{self, Founder},
    web::{
        form::{Faults, Form},
        frame::Ask,
        note::Note,
        page::{page, see_other, view},
        session,
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "public/set_up.html", blocks = ["content"])]
struct SetUpPage {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    code: String,
    fields: Fields,
    faults: Faults,
}
view!(SetUpPage, as_content);

/// The fields of the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    code: String,
    root: String,
    name: String,
    email: String,
    password: String,
}

fn show(ask: &Ask, fields: Fields, faults: Faults) -> HttpResponse {
    let public = Public::new(ask);
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = SetUpPage {
        brand: public.brand,
        appearance: public.appearance,
        css: public.css,
        js: public.js,
        icons: public.icons,
        csrf: public.csrf,
        code: fields.code.clone(),
        fields,
        faults,
    };
    answer(ask, &public.secret, status, page(view))
}

async fn check_due(ask: &Ask, code: &str) -> Result<Result<(), Faults>, Problem> {
    let (permit, code) = (system::set_up(ask.visitor.origin.clone()), code.to_owned());
    let (due, counts) =
        ask.house.work(move |db| db.read(&permit, |view| Ok((set_up::is_due(view)?, set_up::code_counts(view, &code)?)))).await?;
    match (due, counts) {
        (false, _) => Err(Problem::NotFound),
        (true, true) => Ok(Ok(())),
        (true, false) => Ok(Err(Faults::one(Refusal::at(
            "",
            "This code does not match. It changes at every start; the newest start printed the one that counts.",
        )))),
    }
}

/// `GET /setup`
pub async fn get(ask: Ask) -> Result<HttpResponse, Problem> {
    let code = ask.query().get("code").to_owned();
    let faults = check_due(&ask, &code).await?.err().unwrap_or_default();
    Ok(show(&ask, Fields { code, ..Fields::default() }, faults))
}

/// `POST /setup`
pub async fn post(ask: Ask, session: Session, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let fields = form.fields;
    if let Err(faults) = check_due(&ask, &fields.code).await? {
        return Ok(show(&ask, Fields { password: String::new(), ..fields }, faults));
    }
    let root = organization::name(&fields.root).map_err(|refusal| Refusal { field: "root", ..refusal });
    let name = account::person_name(&fields.name);
    let email = account::email(&fields.email);
    let secret = password::check(&fields.password, &[&fields.name, &fields.email, &fields.root]);
    let (root, name, email) = match (root, name, email, secret) {
        (Ok(root), Ok(name), Ok(email), Ok(())) => (root, name, email),
        (root, name, email, secret) => {
            let faults = [root.err(), name.err(), email.err(), secret.err()].into_iter().flatten().collect();
            return Ok(show(&ask, Fields { password: String::new(), ..fields }, Faults(faults)));
        }
    };
    let password_hash = ask.house.passwords.hash(fields.password.clone()).await?;
    let (permit, code) = (system::set_up(ask.visitor.origin.clone()), fields.code.clone());
    let founder = Founder { email, name, password_hash };
    let account = ask
        .house
        .work(move |db| {
            db.write(&permit, |tx| {
                // Asked again under the lock: the link works once.
                if !set_up::is_due(tx)? || !set_up::code_counts(tx, &code)? {
                    return Err(Problem::NotFound);
                }
                set_up::found(tx, &founder, Some(&root))
            })
        })
        .await?;
    session::begin(&session, &ask.house, account, &ask.visitor.origin)?;
    let mut response = see_other(&ask.req, "/admin");
    let note = Note::new("Bailiwick is set up, and you are signed in.")
        .more("Next: load your identity stores, organizations and accounts with the import command.");
    response.add_cookie(&note.cookie(&ask.house)).map_err(Problem::internal)?;
    Ok(response)
}
