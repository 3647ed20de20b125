//! The second factors of an account, as administrators and org admins see and change them (P-6).

use super::{Screens, Spot, act::frame_of};
use crate::{
    access::{Ground, Permit},
    domain::{Refusal, account::Status, authenticator::Kind},
    problem::Problem,
    store::{
        Reader,
        accounts::{self, Account, Act, Acts},
        authenticators::{self, Authenticator},
    },
    web::{
        form::{Faults, Form, Nothing, faults},
        frame::{Acted, Ask, Frame},
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// What the card on the account's page shows.
pub struct Factors {
    /// The factors; none where the person may not see them.
    pub list: Vec<Authenticator>,
    /// Whether they may.
    pub sees: bool,
    /// Adding one.
    pub add: Act,
    /// Taking one away.
    pub delete: Act,
}

impl Factors {
    /// What the person may know and do of the factors of an account that was found.
    ///
    /// # Errors
    /// What the database says.
    pub fn of<S: Screens, G: Ground>(reader: &mut impl Reader<G>, acts: &Acts, account: &Account) -> Result<Self, Problem> {
        // An account without membership is for those who look after the whole store (P-3).
        let sees = acts.sees::<S::SeeAuthenticators>() || acts.of::<S::SeeAuthenticators>().is_on();
        let list = if sees { authenticators::of(reader, account)? } else { Vec::new() };
        let invited = account.status == Status::Invited;
        let act = |act: Act| match act {
            // I-1
            Act::On if invited => Act::Off("Nobody sets a second factor before the owner of an invited account has accepted.".into()),
            act => act,
        };
        Ok(Self { list, sees, add: act(acts.of::<S::AddAuthenticators>()), delete: act(acts.of::<S::DeleteAuthenticators>()) })
    }

    /// Whether there is anything to show.
    pub fn any(&self) -> bool {
        self.sees || self.add.is_on() || self.add.reason().is_some()
    }
}

/// The fields of a new factor.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Template)]
#[template(path = "accounts/authenticator_new.html", blocks = ["dialog"])]
struct New {
    f: Frame,
    base: String,
    back: String,
    account: Account,
    fields: Fields,
    faults: Faults,
}
view!(New, as_dialog);

/// The account, where the person may do what `G` is for.
fn acted_on<S: Screens, G: Ground>(view: &mut crate::store::View<'_, G>, place: &str, id: &str) -> Result<(Spot, Account), Problem> {
    let spot = S::spot(view, place, Some(id))?;
    let account = view.also::<S::See, _>(|view| accounts::find(view, spot.store.key, id))?;
    match accounts::acts(view, &account)?.of::<G>() {
        Act::On => Ok((spot, account)),
        Act::Off(reason) => Err(Problem::Forbidden(format!("{}: {reason}", account.title()))),
        Act::Absent => Err(Problem::NotFound),
    }
}

fn back<S: Screens>(base: &str, id: &str) -> String {
    format!("{base}/accounts/{id}{}", S::part("sign-in"))
}

async fn show_new<S: Screens>(ask: &Ask, place: String, id: String, fields: Fields, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<S::AddAuthenticators>()?;
    let (spot, account) = ask.house.work(move |db| db.read(&permit, |view| acted_on::<S, _>(view, &place, &id))).await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of::<S>(ask, &spot, &account, "Add a second factor");
    let back = back::<S>(&spot.base, &account.id);
    Ok(page(New { f, base: spot.base, back, account, fields, faults }).status(status).respond_to(&ask.req))
}

/// `GET …/accounts/{account}/authenticators/new`
pub async fn new_authenticator<S: Screens>(
    _: Permit<S::AddAuthenticators>,
    ask: Ask,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    show_new::<S>(&ask, place, id, Fields { kind: "email".into(), value: String::new() }, Faults::default()).await
}

/// `POST …/accounts/{account}/authenticators`
pub async fn add_authenticator<S: Screens>(
    permit: Permit<S::AddAuthenticators>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), fields) = (path.into_inner(), form.fields);
    let checked = match Kind::from_word(&fields.kind) {
        Some(kind) => kind.check(&fields.value).map(|value| (kind, value)),
        None => Err(Refusal::at("type", "Choose e-mail or phone.")),
    };
    let (kind, value) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return show_new::<S>(&ask, place, id, fields, Faults::one(refusal)).await,
    };
    let (place_too, id_too) = (place.clone(), id.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place_too, Some(&id_too))?;
            let account = authenticators::add::<S>(tx, &spot.store, &id_too, kind, &value)?;
            let to = back::<S>(&spot.base, &id_too);
            Ok(((account, value, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((account, value, to))) => {
            let note = Note::new(format!("{value} is added to {}.", account.title()));
            ask.led_to(&to, note.more("It counts once its owner has confirmed it on the page of their account."))
        }
        Err(faults) => show_new::<S>(&ask, place, id, fields, faults).await,
    }
}

#[derive(Template)]
#[template(path = "accounts/authenticator_delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    base: String,
    back: String,
    account: Account,
    authenticator: Authenticator,
    /// Whether it is the last one that counts.
    last: bool,
}
view!(Delete, as_dialog);

/// `GET …/accounts/{account}/authenticators/{authenticator}/delete`
pub async fn confirm_delete_authenticator<S: Screens>(
    permit: Permit<S::DeleteAuthenticators>,
    ask: Ask,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let (place, id, wanted) = path.into_inner();
    let (spot, account, authenticator, last) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let (spot, account) = acted_on::<S, _>(view, &place, &id)?;
                let all = authenticators::of(view, &account)?;
                let counting = all.iter().filter(|one| one.confirmed_at.is_some()).count();
                let found = all.into_iter().find(|one| one.id == wanted).ok_or(Problem::NotFound)?;
                let last = found.confirmed_at.is_some() && counting == 1;
                Ok((spot, account, found, last))
            })
        })
        .await?;
    let f = frame_of::<S>(&ask, &spot, &account, "Remove a second factor");
    let back = back::<S>(&spot.base, &account.id);
    Ok(page(Delete { f, base: spot.base, back, account, authenticator, last }).respond_to(&ask.req))
}

/// `POST …/accounts/{account}/authenticators/{authenticator}/delete`
pub async fn delete_authenticator<S: Screens>(
    permit: Permit<S::DeleteAuthenticators>,
    ask: Ask,
    path: Path<(String, String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (place, id, wanted) = path.into_inner();
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let (account, gone) = authenticators::delete::<S>(tx, &spot.store, &id, &wanted)?;
            let to = back::<S>(&spot.base, &id);
            Ok(((account, gone, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((account, gone, to)) => ask.led_to(&to, Note::new(format!("{} is removed from {}.", gone.value, account.title()))),
    }
}
