//! What is done to several accounts of the list at once: disabled, signed out, given a role (screens.md 4.6, 3.5).

use super::base;
use crate::{
    access::{InConsole, Permit},
    domain::{
        identity_store::IdentityStore,
        permissions::{RoleAssignmentEdit, UserBlock, UserView},
        role_assignment::MOST_AT_ONCE,
        text,
    },
    problem::Problem,
    store::{
        Tx,
        accounts::{self, Account, Changed, Together},
        identity_stores, organizations, roles,
    },
    web::{
        console::role_assignments::Pairing,
        form::Form,
        frame::{Acted, Ask, Frame, crumb, here},
        list::Query,
        note::Note,
        page::{page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Disable,
    EndSessions,
}

/// The accounts that were chosen, and the words of the list they were chosen on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    account: Vec<String>,
    list: String,
    /// The mark of the effect that was shown (Z-11).
    confirmed: Option<String>,
}

impl Chosen {
    fn read(ask: &Ask) -> Result<Self, Problem> {
        let chosen: Self = serde_html_form::from_str(ask.req.query_string()).unwrap_or_default();
        chosen.bounded()
    }

    fn bounded(self) -> Result<Self, Problem> {
        if self.account.len() > MOST_AT_ONCE { Err(Problem::TooLarge) } else { Ok(self) }
    }

    /// The list that it came from; whatever the words are, it is that list.
    fn back(&self, base: &str) -> String {
        Query::parse(&format!("{base}/accounts"), &self.list).address()
    }

    /// Back to the list, when nobody was chosen.
    fn nobody(&self, ask: &Ask, slug: &str) -> Result<HttpResponse, Problem> {
        ask.led_to(&self.back(&format!("/admin/stores/{slug}")), Note::new("Select at least one account first."))
    }
}

#[derive(Template)]
#[template(path = "console/accounts/together.html", blocks = ["dialog"])]
struct Confirm {
    f: Frame,
    base: String,
    act: Act,
    chosen: Chosen,
    found: Together,
    /// Whether the effect changed since it was shown.
    changed: bool,
}
view!(Confirm, as_dialog);

impl Confirm {
    fn word(&self) -> &'static str {
        match self.act {
            Act::Disable => "disable",
            Act::EndSessions => "end-sessions",
        }
    }

    fn disables(&self) -> bool {
        self.act == Act::Disable
    }

    /// How many the act changes.
    fn count(&self) -> usize {
        if self.disables() { self.found.enabled() } else { self.found.accounts.len() }
    }

    fn title(&self) -> String {
        let people = text::count(self.count() as i64, "account", "accounts");
        match self.act {
            Act::Disable => format!("Disable {people}?"),
            Act::EndSessions => format!("End all sessions of {people}?"),
        }
    }

    fn button(&self) -> String {
        let people = text::count(self.count() as i64, "account", "accounts");
        match self.act {
            Act::Disable => format!("Disable {people}"),
            Act::EndSessions => format!("End sessions of {people}"),
        }
    }

    fn back(&self) -> String {
        self.chosen.back(&self.base)
    }
}

fn draw(ask: &Ask, store: &IdentityStore, act: Act, chosen: Chosen, found: Together, status: StatusCode) -> Result<HttpResponse, Problem> {
    let base = base(store);
    let last = if act == Act::Disable { "Disable" } else { "End sessions" };
    let f = ask.frame("accounts", Some(store), vec![crumb(format!("{base}/accounts"), "Accounts"), here(last)]);
    let view = Confirm { f, base, act, chosen, found, changed: status == StatusCode::CONFLICT };
    Ok(page(view).status(status).respond_to(&ask.req))
}

async fn confirm(permit: Permit<UserBlock>, ask: Ask, slug: String, act: Act) -> Result<HttpResponse, Problem> {
    let chosen = Chosen::read(&ask)?;
    if chosen.account.is_empty() {
        return chosen.nobody(&ask, &slug);
    }
    let ids = chosen.account.clone();
    let (store, found) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find(view, &slug)?;
                let found = accounts::together(view, &store, &ids)?;
                Ok((store, found))
            })
        })
        .await?;
    draw(&ask, &store, act, chosen, found, StatusCode::OK)
}

/// `GET /admin/stores/{store}/accounts/disable?account=`
pub async fn confirm_disable(permit: Permit<UserBlock>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    confirm(permit, ask, slug.into_inner(), Act::Disable).await
}

/// `GET /admin/stores/{store}/accounts/end-sessions?account=`
pub async fn confirm_end_sessions(permit: Permit<UserBlock>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    confirm(permit, ask, slug.into_inner(), Act::EndSessions).await
}

/// What came of it: the note that says so; or what to confirm (anew) first.
type Answer = Result<Note, Together>;

/// Acts on all of them or on none: only what was shown is done (Z-11).
fn act_on(tx: &mut Tx<'_, UserBlock>, store: &IdentityStore, act: Act, chosen: &Chosen) -> Result<Answer, Problem> {
    let found = accounts::together(tx, store, &chosen.account)?;
    if !found.is_whole() || chosen.confirmed.as_deref() != Some(&found.mark()) {
        return Ok(Err(found));
    }
    if act == Act::EndSessions {
        let ended = accounts::end_sessions_of(tx, store, &chosen.account)?;
        let people = text::count(found.accounts.len() as i64, "account", "accounts");
        return Ok(Ok(Note::new(format!("{} of {people} ended.", text::count(ended as i64, "session", "sessions")))));
    }
    match accounts::set_enabled::<InConsole>(tx, store, &chosen.account, false, &[])? {
        Changed::Done { changed, event, .. } => {
            let words = text::count(changed.len() as i64, "account is disabled, and signed out", "accounts are disabled, and signed out");
            let note = Note::new(format!("{words} everywhere."));
            Ok(Ok(if changed.is_empty() { note } else { note.undo(event) }))
        }
        Changed::Not { .. } => Ok(Err(found)),
    }
}

async fn post(permit: Permit<UserBlock>, ask: Ask, slug: String, form: Form<Chosen>, act: Act) -> Result<HttpResponse, Problem> {
    let chosen = form.fields.bounded()?;
    if chosen.account.is_empty() {
        return chosen.nobody(&ask, &slug);
    }
    let chosen_too = chosen.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = identity_stores::find(tx, &slug)?;
            let answer = act_on(tx, &store, act, &chosen_too)?;
            let to = chosen_too.back(&base(&store));
            Ok(((store, answer, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((_, Ok(note), to)) => ask.led_to(&to, note),
        Acted::Now((store, Err(found), _)) => {
            // Without a mark it is a plain button; with one the effect changed since it was shown.
            let status = if chosen.confirmed.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
            draw(&ask, &store, act, chosen, found, status)
        }
    }
}

/// `POST /admin/stores/{store}/accounts/disable`
pub async fn disable_all(permit: Permit<UserBlock>, ask: Ask, slug: Path<String>, form: Form<Chosen>) -> Result<HttpResponse, Problem> {
    post(permit, ask, slug.into_inner(), form, Act::Disable).await
}

/// `POST /admin/stores/{store}/accounts/end-sessions`
pub async fn end_all_sessions(
    permit: Permit<UserBlock>,
    ask: Ask,
    slug: Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    post(permit, ask, slug.into_inner(), form, Act::EndSessions).await
}

#[derive(Template)]
#[template(path = "console/accounts/assign.html", blocks = ["dialog"])]
struct Assign {
    f: Frame,
    base: String,
    back: String,
    accounts: Vec<Account>,
    gone: usize,
    pairing: Pairing,
}
view!(Assign, as_dialog);

impl Assign {
    fn may_go_on(&self) -> bool {
        !self.accounts.is_empty() && !self.pairing.organizations.is_empty() && !self.pairing.roles.is_empty()
    }
}

/// `GET /admin/stores/{store}/accounts/assign?account=`: asks for the pair, then leads to the picker with these selected.
pub async fn assign(permit: Permit<RoleAssignmentEdit>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let chosen = Chosen::read(&ask)?;
    if chosen.account.is_empty() {
        return chosen.nobody(&ask, &slug);
    }
    let ids = chosen.account.clone();
    let (store, accounts, pairing) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = identity_stores::find_with_roles(view, &slug)?;
                let accounts = view.also::<UserView, _>(|view| accounts::these(view, store.key, &ids))?;
                let (organizations, more) = organizations::choices(view, store.key)?;
                let pairing = Pairing { organizations, more, roles: roles::choices(view, store.key)? };
                Ok((store, accounts, pairing))
            })
        })
        .await?;
    let base = base(&store);
    let mut wanted = chosen.account.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let (back, gone) = (chosen.back(&base), wanted.len() - accounts.len());
    let f = ask.frame("accounts", Some(&store), vec![crumb(format!("{base}/accounts"), "Accounts"), here("Assign a role")]);
    Ok(page(Assign { f, base, back, accounts, gone, pairing }).respond_to(&ask.req))
}
