//! What is done to an account from its page: status, sessions, groups, memberships, deletion (screens.md 4.6).

use super::{Screens, Spot};
use crate::{
    access::Permit,
    domain::{account::MembershipStatus, organization::Organization, text},
    problem::Problem,
    store::{
        accounts::{self, Account, Changed, EndsToo, GoesToo},
        grants::HandedOnThen,
        organizations,
    },
    web::{
        form::{Faults, Form, Nothing, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        note::Note,
        page::{page, view},
        proof,
    },
};
use actix_session::Session;
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// `POST …/accounts/{account}/disable`
pub async fn disable<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    set_enabled::<S>(permit, ask, path.into_inner(), form.once, false).await
}

/// `POST …/accounts/{account}/enable`
pub async fn enable<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    set_enabled::<S>(permit, ask, path.into_inner(), form.once, true).await
}

async fn set_enabled<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    (place, id): (String, String),
    once: Option<String>,
    on: bool,
) -> Result<HttpResponse, Problem> {
    let done = ask
        .act(permit, once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let changed = accounts::set_enabled::<S>(tx, &spot.store, std::slice::from_ref(&id), on, &[])?;
            let to = format!("{}/accounts/{id}", spot.base);
            Ok(((changed, to.clone()), to))
        })
        .await?;
    let (changed, to) = match done {
        Acted::Before(answer) => return Ok(answer),
        Acted::Now(done) => done,
    };
    match changed {
        Changed::Done { changed, already, event } => {
            let name = changed.iter().chain(&already).map(Account::title).next().unwrap_or_default().to_owned();
            let words = match (on, already.is_empty()) {
                (true, true) => format!("{name} can sign in again."),
                (false, true) => format!("{name} is disabled, and signed out everywhere."),
                (true, false) => format!("{name} was enabled already."),
                (false, false) => format!("{name} was disabled already."),
            };
            let note = Note::new(words);
            ask.led_to(&to, if changed.is_empty() { note } else { note.undo(event) })
        }
        Changed::Not { off, .. } => match off.into_iter().next() {
            Some((name, off)) => Err(Problem::Forbidden(format!("{name}: {}", off.reason()))),
            None => Err(Problem::NotFound),
        },
    }
}

/// The fields of ending sessions: one, or without a name all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct End {
    session: String,
}

/// `POST …/accounts/{account}/sessions/end`
pub async fn end_sessions<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<End>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), session) = (path.into_inner(), form.fields.session);
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let one = (!session.is_empty()).then_some(session.as_str());
            let (account, ended) = accounts::end_sessions::<S>(tx, &spot.store, &id, one)?;
            let to = format!("{}/accounts/{id}{}", spot.base, S::part("sign-in"));
            Ok(((account, ended, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((account, ended, to)) => {
            let ended = text::count(ended as i64, "session of", "sessions of");
            ask.led_to(&to, Note::new(format!("{ended} {} ended.", account.title())))
        }
    }
}

/// The fields of the groups.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Groups {
    group: Vec<String>,
}

/// `POST …/accounts/{account}/groups`
pub async fn groups<S: Screens>(
    permit: Permit<S::EditGroups>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Groups>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), names) = (path.into_inner(), form.fields.group);
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let account = accounts::set_groups::<S>(tx, &spot.store, &id, &names)?;
            let to = format!("{}/accounts/{id}", spot.base);
            Ok(((account, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((account, to)) => ask.led_to(&to, Note::new(format!("The groups of {} are saved.", account.title()))),
    }
}

/// The fields of a membership.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Member {
    org: String,
    keep: Option<String>,
}

/// `POST …/accounts/{account}/memberships`
pub async fn join<S: Screens>(
    permit: Permit<S::Join>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Member>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), org) = (path.into_inner(), form.fields.org);
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let (account, organization) = accounts::join::<S>(tx, &spot.store, &id, &org)?;
            let to = format!("{}/accounts/{id}{}", spot.base, S::part("memberships"));
            Ok(((account, organization, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((account, organization, to)) => {
            ask.led_to(&to, Note::new(format!("{} is a member of {} now.", account.title(), organization.name)))
        }
    }
}

/// `POST …/accounts/{account}/memberships/block`
pub async fn block<S: Screens>(
    permit: Permit<S::Block>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Member>,
) -> Result<HttpResponse, Problem> {
    set_blocked::<S>(permit, ask, path.into_inner(), form, true).await
}

/// `POST …/accounts/{account}/memberships/unblock`
pub async fn unblock<S: Screens>(
    permit: Permit<S::Block>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Member>,
) -> Result<HttpResponse, Problem> {
    set_blocked::<S>(permit, ask, path.into_inner(), form, false).await
}

async fn set_blocked<S: Screens>(
    permit: Permit<S::Block>,
    ask: Ask,
    (place, id): (String, String),
    form: Form<Member>,
    on: bool,
) -> Result<HttpResponse, Problem> {
    let org = form.fields.org;
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let switched = accounts::block::<S>(tx, &spot.store, &id, &org, on)?;
            let to = format!("{}/accounts/{id}{}", spot.base, S::part("memberships"));
            Ok(((switched, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((switched, to)) => {
            let words = if on { "blocked" } else { "active" };
            let already = if switched.changed { "" } else { " already" };
            let note = Note::new(format!("{} is {words} in {}{already}.", switched.account.title(), switched.organization.name));
            ask.led_to(&to, if switched.changed { note.undo(switched.event) } else { note })
        }
    }
}

#[derive(Template)]
#[template(path = "accounts/leave.html", blocks = ["dialog"])]
struct Leave {
    f: Frame,
    base: String,
    /// What leads to the memberships on the account's page.
    members: String,
    account: Account,
    organization: Organization,
    held: Vec<EndsToo>,
    blocked: bool,
}
view!(Leave, as_dialog);

impl Leave {
    /// A blocked member who holds roles there stays, until these are taken away (P-10).
    fn is_bound(&self) -> bool {
        self.blocked && self.held.iter().any(|held| held.organization == self.organization.name)
    }
}

pub(super) fn frame_of<S: Screens>(ask: &Ask, spot: &Spot, account: &Account, last: &str) -> Frame {
    let base = &spot.base;
    let crumbs =
        vec![crumb(format!("{base}/accounts"), "Accounts"), crumb(format!("{base}/accounts/{}", account.id), account.title()), here(last)];
    S::frame(ask, spot, crumbs)
}

/// `GET …/accounts/{account}/memberships/remove?org=`: lists what ends with it (P-10).
pub async fn confirm_leave<S: Screens>(permit: Permit<S::Remove>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    let org = ask.query().get("org").to_owned();
    let (spot, account, organization, held, blocked) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let spot = S::spot(view, &place, Some(&id))?;
                let account = view.also::<S::See, _>(|view| accounts::find(view, spot.store.key, &id))?;
                let organization = organizations::find(view, spot.store.key, &org)?;
                let held = accounts::held_below(view, &account, &organization)?;
                let status = accounts::membership_status(view, &account, &organization)?.ok_or(Problem::NotFound)?;
                Ok((spot, account, organization, held, status == MembershipStatus::Blocked))
            })
        })
        .await?;
    let f = frame_of::<S>(&ask, &spot, &account, "Remove membership");
    Ok(page(Leave { f, base: spot.base, members: S::part("memberships"), account, organization, held, blocked }).respond_to(&ask.req))
}

/// `POST …/accounts/{account}/memberships/remove`
pub async fn leave<S: Screens>(
    permit: Permit<S::Remove>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Member>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), Member { org, keep }) = (path.into_inner(), form.fields);
    let place_too = place.clone();
    let keep = keep.as_deref() == Some("on");
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place, Some(&id))?;
            let (account, organization) = accounts::leave::<S>(tx, &spot.store, &id, &org, keep)?;
            let to = format!("{}/accounts/{id}{}", spot.base, S::part("memberships"));
            Ok(((spot, account, organization, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((spot, account, organization, to)) => {
            let note = Note::new(format!("{} is no longer a member of {}.", account.title(), organization.name));
            // The account may have left the person's sight with it.
            let permit = ask.permit::<S::See>()?;
            let id = account.id;
            let seen = ask
                .house
                .work(move |db| {
                    db.read(&permit, |view| {
                        Ok(S::spot(view, &place_too, Some(&id)).is_ok_and(|spot| accounts::find(view, spot.store.key, &id).is_ok()))
                    })
                })
                .await?;
            ask.led_to(&if seen { to } else { format!("{}/accounts", spot.base) }, note)
        }
    }
}

/// The fields of deleting.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deletion {
    password: String,
    handed_on: String,
}

#[derive(Template)]
#[template(path = "accounts/delete.html", blocks = ["dialog"])]
struct Delete {
    f: Frame,
    base: String,
    account: Account,
    goes_too: GoesToo,
    keeps: bool,
    proof_due: bool,
    faults: Faults,
}
view!(Delete, as_dialog);

async fn show_delete<S: Screens>(ask: &Ask, place: String, id: String, keeps: bool, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<S::Delete>()?;
    let (spot, account, goes_too) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let spot = S::spot(view, &place, Some(&id))?;
                let account = view.also::<S::See, _>(|view| accounts::find(view, spot.store.key, &id))?;
                accounts::may_delete::<S>(view, &account)?;
                let goes_too = accounts::goes_too::<S>(view, &account)?;
                Ok((spot, account, goes_too))
            })
        })
        .await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of::<S>(ask, &spot, &account, "Delete");
    let view = Delete { f, base: spot.base, account, goes_too, keeps, proof_due: proof::is_due(ask), faults };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `GET …/accounts/{account}/delete`
pub async fn confirm_delete<S: Screens>(_: Permit<S::Delete>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (place, id) = path.into_inner();
    show_delete::<S>(&ask, place, id, false, Faults::default()).await
}

/// `POST …/accounts/{account}/delete`
pub async fn delete<S: Screens>(
    permit: Permit<S::Delete>,
    ask: Ask,
    session: Session,
    path: Path<(String, String)>,
    form: Form<Deletion>,
) -> Result<HttpResponse, Problem> {
    let ((place, id), Deletion { password, handed_on }) = (path.into_inner(), form.fields);
    let keeps = handed_on == "keep";
    if let Err(faults) = proof::check(&ask, &session, &password).await? {
        return show_delete::<S>(&ask, place, id, keeps, faults).await;
    }
    let (place_too, id_too) = (place.clone(), id.clone());
    let then = if keeps { HandedOnThen::Keep } else { HandedOnThen::Revoke };
    let done = ask
        .act(permit, form.once, move |tx| {
            let spot = S::spot(tx, &place_too, Some(&id_too))?;
            let deleted = accounts::delete::<S>(tx, &spot.store, &id_too, then)?;
            let to = format!("{}/accounts", spot.base);
            Ok(((deleted, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((deleted, to))) => ask.led_to(&to, Note::new(format!("{} is deleted.", deleted.title()))),
        Err(faults) => show_delete::<S>(&ask, place, id, keeps, faults).await,
    }
}
