//! What is done to an account from its page: status, sessions, groups, memberships, deletion (screens.md 4.6).

use super::base;
use crate::{
    access::Permit,
    domain::{
        account::MembershipStatus,
        identity_store::IdentityStore,
        organization::Organization,
        permissions::{UserBlock, UserDelete, UserEdit, UserView},
        text,
    },
    problem::Problem,
    store::{
        accounts::{self, Account, Changed, EndsToo, GoesToo},
        grants::HandedOnThen,
        identity_stores, organizations,
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

/// `POST /admin/stores/{store}/accounts/{account}/disable`
pub async fn disable(
    permit: Permit<UserBlock>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    set_enabled(permit, ask, path.into_inner(), form.once, false).await
}

/// `POST /admin/stores/{store}/accounts/{account}/enable`
pub async fn enable(
    permit: Permit<UserBlock>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Nothing>,
) -> Result<HttpResponse, Problem> {
    set_enabled(permit, ask, path.into_inner(), form.once, true).await
}

async fn set_enabled(
    permit: Permit<UserBlock>,
    ask: Ask,
    (slug, id): (String, String),
    once: Option<String>,
    on: bool,
) -> Result<HttpResponse, Problem> {
    let done = ask
        .act(permit, once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let changed = accounts::set_enabled(tx, &store, std::slice::from_ref(&id), on, &[])?;
            let to = format!("{}/accounts/{id}", base(&store));
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

/// `POST /admin/stores/{store}/accounts/{account}/sessions/end`
pub async fn end_sessions(
    permit: Permit<UserBlock>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<End>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), session) = (path.into_inner(), form.fields.session);
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let one = (!session.is_empty()).then_some(session.as_str());
            let (account, ended) = accounts::end_sessions(tx, &store, &id, one)?;
            let to = format!("{}/accounts/{id}?tab=sign-in", base(&store));
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

/// `POST /admin/stores/{store}/accounts/{account}/groups`
pub async fn groups(permit: Permit<UserEdit>, ask: Ask, path: Path<(String, String)>, form: Form<Groups>) -> Result<HttpResponse, Problem> {
    let ((slug, id), names) = (path.into_inner(), form.fields.group);
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let account = accounts::set_groups(tx, &store, &id, &names)?;
            let to = format!("{}/accounts/{id}", base(&store));
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

/// `POST /admin/stores/{store}/accounts/{account}/memberships`
pub async fn join(permit: Permit<UserEdit>, ask: Ask, path: Path<(String, String)>, form: Form<Member>) -> Result<HttpResponse, Problem> {
    let ((slug, id), org) = (path.into_inner(), form.fields.org);
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let (account, organization) = accounts::join(tx, &store, &id, &org)?;
            let to = format!("{}/accounts/{id}?tab=memberships", base(&store));
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

/// `POST /admin/stores/{store}/accounts/{account}/memberships/block`
pub async fn block(permit: Permit<UserBlock>, ask: Ask, path: Path<(String, String)>, form: Form<Member>) -> Result<HttpResponse, Problem> {
    set_blocked(permit, ask, path.into_inner(), form, true).await
}

/// `POST /admin/stores/{store}/accounts/{account}/memberships/unblock`
pub async fn unblock(
    permit: Permit<UserBlock>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Member>,
) -> Result<HttpResponse, Problem> {
    set_blocked(permit, ask, path.into_inner(), form, false).await
}

async fn set_blocked(
    permit: Permit<UserBlock>,
    ask: Ask,
    (slug, id): (String, String),
    form: Form<Member>,
    on: bool,
) -> Result<HttpResponse, Problem> {
    let org = form.fields.org;
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let switched = accounts::block(tx, &store, &id, &org, on)?;
            let to = format!("{}/accounts/{id}?tab=memberships", base(&store));
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
#[template(path = "console/accounts/leave.html", blocks = ["dialog"])]
struct Leave {
    f: Frame,
    base: String,
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

fn frame_of(ask: &Ask, store: &IdentityStore, account: &Account, last: &str) -> Frame {
    let base = base(store);
    let crumbs =
        vec![crumb(format!("{base}/accounts"), "Accounts"), crumb(format!("{base}/accounts/{}", account.id), account.title()), here(last)];
    ask.frame("accounts", Some(store), crumbs)
}

/// `GET /admin/stores/{store}/accounts/{account}/memberships/remove?org=`: lists what ends with it (P-10).
pub async fn confirm_leave(permit: Permit<UserEdit>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let org = ask.query().get("org").to_owned();
    let (store, account, organization, held, blocked) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let account = view.also::<UserView, _>(|view| accounts::find(view, store.key, &id))?;
                let organization = organizations::find(view, store.key, &org)?;
                let held = accounts::held_below(view, &account, &organization)?;
                let status = accounts::membership_status(view, &account, &organization)?.ok_or(Problem::NotFound)?;
                Ok((store, account, organization, held, status == MembershipStatus::Blocked))
            })
        })
        .await?;
    let f = frame_of(&ask, &store, &account, "Remove membership");
    Ok(page(Leave { f, base: base(&store), account, organization, held, blocked }).respond_to(&ask.req))
}

/// `POST /admin/stores/{store}/accounts/{account}/memberships/remove`
pub async fn leave(permit: Permit<UserEdit>, ask: Ask, path: Path<(String, String)>, form: Form<Member>) -> Result<HttpResponse, Problem> {
    let ((slug, id), Member { org, keep }) = (path.into_inner(), form.fields);
    let keep = keep.as_deref() == Some("on");
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let (account, organization) = accounts::leave(tx, &store, &id, &org, keep)?;
            let to = format!("{}/accounts/{id}?tab=memberships", base(&store));
            Ok(((store, account, organization, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((store, account, organization, to)) => {
            let note = Note::new(format!("{} is no longer a member of {}.", account.title(), organization.name));
            // The account may have left the person's sight with it.
            let permit = ask.permit::<UserView>()?;
            let (key, id) = (store.key, account.id);
            let seen = ask.house.work(move |db| db.read(&permit, |view| Ok(accounts::find(view, key, &id).is_ok()))).await?;
            ask.led_to(&if seen { to } else { format!("{}/accounts", base(&store)) }, note)
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
#[template(path = "console/accounts/delete.html", blocks = ["dialog"])]
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

async fn show_delete(ask: &Ask, slug: String, id: String, keeps: bool, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<UserDelete>()?;
    let (store, account, goes_too) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let account = view.also::<UserView, _>(|view| accounts::find(view, store.key, &id))?;
                accounts::may_delete(view, &account)?;
                let goes_too = accounts::goes_too(view, &account)?;
                Ok((store, account, goes_too))
            })
        })
        .await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of(ask, &store, &account, "Delete");
    let view = Delete { f, base: base(&store), account, goes_too, keeps, proof_due: proof::is_due(ask), faults };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/accounts/{account}/delete`
pub async fn confirm_delete(_: Permit<UserDelete>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    show_delete(&ask, slug, id, false, Faults::default()).await
}

/// `POST /admin/stores/{store}/accounts/{account}/delete`
pub async fn delete(
    permit: Permit<UserDelete>,
    ask: Ask,
    session: Session,
    path: Path<(String, String)>,
    form: Form<Deletion>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), Deletion { password, handed_on }) = (path.into_inner(), form.fields);
    let keeps = handed_on == "keep";
    if let Err(faults) = proof::check(&ask, &session, &password).await? {
        return show_delete(&ask, slug, id, keeps, faults).await;
    }
    let (slug_too, id_too) = (slug.clone(), id.clone());
    let then = if keeps { HandedOnThen::Keep } else { HandedOnThen::Revoke };
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug_too)?;
            let deleted = accounts::delete(tx, &store, &id_too, then)?;
            let to = format!("{}/accounts", base(&store));
            Ok(((deleted, to.clone()), to))
        })
        .await;
    match faults(done)? {
        Ok(Acted::Before(answer)) => Ok(answer),
        Ok(Acted::Now((deleted, to))) => ask.led_to(&to, Note::new(format!("{} is deleted.", deleted.title()))),
        Err(faults) => show_delete(&ask, slug, id, keeps, faults).await,
    }
}
