//! What an account signs in by, changed by somebody else (P-6).

use super::{
    Fields, Screens,
    act::frame_of,
    profile::{Around, around},
};
use crate::{
    access::Permit,
    domain::{Refusal, account},
    problem::Problem,
    store::{
        accounts::{self, Edited, Saved},
        identifiers as names,
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Acted, Ask, Frame},
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;

#[derive(Template)]
#[template(path = "accounts/identifiers.html", blocks = ["dialog"])]
struct Identifiers {
    f: Frame,
    base: String,
    back: String,
    edited: Edited,
    fields: Fields,
    faults: Faults,
    stale: bool,
}
view!(Identifiers, as_dialog);

impl Identifiers {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }
}

fn show<S: Screens>(
    ask: &Ask,
    around: Around,
    fields: Fields,
    faults: Faults,
    stale: bool,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let edited = around.edited.ok_or(Problem::NotFound)?;
    let f = frame_of::<S>(ask, &around.spot, &edited.account, "Sign-in names");
    let back = format!("{}/accounts/{}{}", around.spot.base, edited.account.id, S::part("sign-in"));
    Ok(page(Identifiers { f, base: around.spot.base, back, edited, fields, faults, stale }).status(status).respond_to(&ask.req))
}

/// `GET …/accounts/{account}/identifiers`
pub async fn identifiers_form<S: Screens>(
    permit: Permit<S::EditIdentifiers>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let (around, seen) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let around = around::<S, _>(view, &place, Some(&id))?;
                let seen = match &around.edited {
                    Some(edited) => accounts::sees_identifiers::<S, _>(view, &edited.account)?,
                    None => false,
                };
                Ok((around, seen))
            })
        })
        .await?;
    let mut fields = around.edited.as_ref().map_or_else(Fields::default, |edited| Fields::of(edited, &[]));
    // Whoever may change them without seeing them writes over what they do not see.
    if !seen {
        fields.set("email", "");
        fields.set("username", "");
    }
    show::<S>(&ask, around, fields, Faults::default(), false, StatusCode::OK)
}

/// `POST …/accounts/{account}/identifiers`
pub async fn identifiers<S: Screens>(
    permit: Permit<S::EditIdentifiers>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), mut fields, once) = (path.into_inner(), Fields(form.fields), form.once);
    let checked = match (account::identifiers(fields.get("email"), fields.get("username")), fields.rev()) {
        (Ok(identifiers), Some(rev)) => Ok((identifiers, rev)),
        (Ok(_), None) => Err(Faults::one(Refusal::at("", "The page was incomplete. Load it again."))),
        (Err(refusals), _) => Err(Faults(refusals)),
    };
    let done = match checked {
        Err(faults) => Err(faults),
        Ok(((email, username), rev)) => {
            let (place, id) = (place.clone(), id.clone());
            let done = ask
                .act(permit, once, move |tx| {
                    let spot = S::spot(tx, &place, Some(&id))?;
                    let old = accounts::edited(tx, spot.store.key, &id)?.account;
                    let seen = accounts::sees_identifiers::<S, _>(tx, &old)?;
                    let (email, username) = if seen { (email, username) } else { (email.or(old.email), username.or(old.username)) };
                    let saved = names::set::<S>(tx, &spot.store, &id, rev, email.as_deref(), username.as_deref())?;
                    let to = format!("{}/accounts/{id}{}", spot.base, S::part("sign-in"));
                    Ok(((saved, to.clone()), to))
                })
                .await;
            faults(done)?
        }
    };
    let again = async |fields: Fields, faults: Faults, stale: bool, status: StatusCode| {
        let permit = ask.permit::<S::EditIdentifiers>()?;
        let around = ask.house.work(move |db| db.read(&permit, |view| around::<S, _>(view, &place, Some(&id)))).await?;
        show::<S>(&ask, around, fields, faults, stale, status)
    };
    match done {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((Saved::Done(account), to))) => {
            let note = Note::new(format!("The sign-in names of {} are changed.", account.title()))
                .more("A new one counts once its owner has confirmed it.");
            ask.led_to(&to, note)
        }
        Ok(Acted::Now((Saved::Stale(theirs), _))) => {
            fields.set("rev", theirs.rev.to_string());
            again(fields, Faults::default(), true, StatusCode::CONFLICT).await
        }
        Err(faults) => again(fields, faults, false, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
