//! Accounts made by hand (screens.md 4.6, S-3).

use super::base;
use crate::{
    access::{InConsole, Permit},
    domain::{
        account::{self, Terms},
        attribute::Attribute,
        permissions::{UserAdd, UserView},
    },
    problem::Problem,
    store::{accounts, identity_stores},
    web::{
        accounts::{Fields, around},
        form::{Faults, Form, faults},
        frame::{Acted, Ask},
        note::Note,
    },
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use serde_json::Map;

/// `GET /admin/stores/{store}/accounts/new`
pub async fn new(permit: Permit<UserAdd>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let org = ask.query().get("org").to_owned();
    let around = ask.house.work(move |db| db.read(&permit, |view| around::<InConsole, _>(view, &slug, None))).await?;
    let mut fields = Fields::default();
    fields.set("org", org);
    around.show::<InConsole>(&ask, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST /admin/stores/{store}/accounts`
pub async fn add(
    permit: Permit<UserAdd>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let (fields, once, slug) = (Fields(form.fields), form.once, slug.into_inner());
    let (slug_too, permit) = (slug.clone(), permit);
    let (permit, around) = ask
        .house
        .work(move |db| db.read(&permit, |view| around::<InConsole, _>(view, &slug_too, None)).map(|around| (permit, around)))
        .await?;
    let terms = terms(&fields, &around.schema);
    let done = match terms {
        Err(faults) => Err(faults),
        Ok(terms) => {
            let organizations = fields.all("org");
            let done = ask
                .act(permit, once, move |tx| {
                    let store = identity_stores::find(tx, &slug)?;
                    let made = accounts::add(tx, &store, &terms, &organizations)?;
                    let to = format!("{}/accounts/{}", base(&store), made.id);
                    Ok(((made, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((made, to))) => {
            let note = Note::new(format!("{} is added.", made.title()))
                .more("It is invited: it has no password yet, and its sign-in names count once their owner has confirmed them.");
            let to = if ask.permit::<UserView>().is_ok() { to } else { "/admin".into() };
            ask.led_to(&to, note)
        }
        Err(faults) => around.show::<InConsole>(&ask, fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

fn terms(fields: &Fields, schema: &[Attribute]) -> Result<Terms, Faults> {
    let name = account::person_name(fields.get("name")).map_err(|refusal| vec![refusal]);
    let identifiers = account::identifiers(fields.get("email"), fields.get("username"));
    let attributes = fields.attributes(schema, &Map::new(), true).map_err(|faults| faults.0);
    match (name, identifiers, attributes) {
        (Ok(name), Ok((email, username)), Ok(attributes)) => Ok(Terms { name, email, username, attributes }),
        (name, identifiers, attributes) => {
            Err(Faults([name.err(), identifiers.err(), attributes.err()].into_iter().flatten().flatten().collect()))
        }
    }
}
