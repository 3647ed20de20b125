//! `/me`: one's own name, password, sessions and settings. Nobody needs a permission for it.

mod authenticators;

pub use authenticators::{add_factor, confirm_delete_factor, confirm_factor, delete_factor, send_code};

use crate::{
    access::{Console, Myself, Permit},
    domain::{Refusal, account, identity_store::IdentityStore, password, text},
    problem::Problem,
    store::{
        authenticators::{self as factors, Authenticator},
        identifiers::{self, Pending},
        identity_stores,
        paging::Paging,
        preferences::{self, Preferences},
        sessions::{self, Session},
        sign_in,
    },
    web::{
        form::{Faults, Form, faults},
        frame::{Ask, Frame, here},
        note::Note,
        page::{Page, page, view},
        session, when,
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode};
use askama::Template;
use serde::Deserialize;
use std::cmp::Reverse;

#[derive(Template)]
#[template(path = "me.html", blocks = ["content"])]
struct Show {
    f: Frame,
    own: sign_in::Own,
    name: String,
    sessions: Vec<Session>,
    pending: Vec<Pending>,
    names: Names,
    current: String,
    factors: Vec<Authenticator>,
    /// What was typed of a new one: what it is, and the address or number.
    factor: (String, String),
    /// How long sessions last, in words.
    idle: String,
    absolute: String,
    preferences: Preferences,
    zone: String,
    faults: Faults,
}
view!(Show, as_content);

impl Show {
    fn is_current(&self, session: &Session) -> bool {
        session.id == self.current
    }
}

/// What was typed and is not saved.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    zone: Option<String>,
    preferences: Option<Preferences>,
    names: Option<Names>,
    factor: Option<(String, String)>,
    faults: Faults,
}

async fn draw(ask: &Ask, permit: Permit<Myself>, draft: Draft) -> Result<Page<Show>, Problem> {
    let (own, (sessions, limits), pending, factors, store) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let (own, pending) = (sign_in::own(view)?, identifiers::own_pending(view)?);
                Ok((own, sessions::list(view)?, pending, factors::own(view)?, first_store(view)?))
            })
        })
        .await?;
    let preferences = draft.preferences.unwrap_or_else(|| ask.visitor.preferences.clone());
    let status = if draft.faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = Show {
        f: ask.frame("me", store.as_ref(), vec![here("Your account")]),
        name: draft.name.unwrap_or_else(|| own.name.clone()),
        zone: draft.zone.or_else(|| preferences.time_zone.clone()).unwrap_or_default(),
        names: draft.names.unwrap_or_else(|| Names {
            email: own.email.clone().unwrap_or_default(),
            username: own.username.clone().unwrap_or_default(),
            rev: Some(own.rev),
            ..Names::default()
        }),
        own,
        sessions,
        pending,
        factors,
        factor: draft.factor.unwrap_or_else(|| ("email".into(), String::new())),
        idle: text::count(limits.idle / 60, "minute", "minutes"),
        absolute: text::count(limits.absolute / 3600, "hour", "hours"),
        current: ask.visitor.session.clone().unwrap_or_default(),
        preferences,
        faults: draft.faults,
    };
    Ok(page(view).status(status).whole())
}

/// The store whose entries the sidebar shows on pages that belong to none: the first one in reach.
///
/// # Errors
/// What the database says.
pub fn first_store<G: crate::access::Ground>(view: &mut crate::store::View<'_, G>) -> Result<Option<IdentityStore>, Problem> {
    let stores = match view.also::<Console, _>(|view| identity_stores::list(view, &identity_stores::Filter::default(), &Paging::first(25)))
    {
        Ok(stores) => stores.rows,
        Err(Problem::NotFound) => Vec::new(),
        Err(problem) => return Err(problem),
    };
    // The store of administrators has no roles to show, so another one comes first; and where most people are is most to do.
    Ok(stores.into_iter().min_by_key(|listed| (listed.store.built_in, Reverse(listed.accounts))).map(|listed| listed.store))
}

/// `GET /me`
pub async fn show(permit: Permit<Myself>, ask: Ask) -> Result<impl Responder, Problem> {
    draw(&ask, permit, Draft::default()).await
}

/// The fields of the name.
#[derive(Deserialize)]
pub struct Name {
    #[serde(default)]
    name: String,
    rev: Option<i32>,
}

/// `POST /me`
pub async fn rename(permit: Permit<Myself>, ask: Ask, form: Form<Name>) -> Result<HttpResponse, Problem> {
    let Name { name: typed, rev } = form.fields;
    if form.review {
        return Ok(draw(&ask, permit, Draft { name: Some(typed), ..Draft::default() }).await?.respond_to(&ask.req));
    }
    let checked = match rev {
        Some(rev) => account::person_name(&typed).map(|name| (name, rev)),
        None => Err(Refusal::at("name", "The page was incomplete. Load it again.")),
    };
    match checked {
        Ok((name, rev)) => {
            ask.house.work(move |db| db.write(&permit, |tx| sign_in::change_name(tx, &name, rev))).await?;
            done(&ask, "Your name is saved.")
        }
        Err(refusal) => {
            let page = draw(&ask, permit, Draft { name: Some(typed), faults: Faults::one(refusal), ..Draft::default() }).await?;
            Ok(page.respond_to(&ask.req))
        }
    }
}

fn done(ask: &Ask, words: &str) -> Result<HttpResponse, Problem> {
    ask.led_to("/me", Note::new(words))
}

fn done_with(ask: &Ask, words: &str, more: &str) -> Result<HttpResponse, Problem> {
    ask.led_to("/me", Note::new(words).more(more))
}

/// The fields of a new password.
#[derive(Deserialize)]
pub struct Password {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

/// `POST /me/password`
pub async fn password(
    permit: Permit<Myself>,
    ask: Ask,
    session: actix_session::Session,
    form: Form<Password>,
) -> Result<HttpResponse, Problem> {
    let Password { current, password: new } = form.fields;
    let (permit, own) = ask
        .house
        .work(move |db| {
            let own = db.read(&permit, |view| sign_in::own(view))?;
            Ok((permit, own))
        })
        .await?;
    let right = ask.house.passwords.matches(current.chars().take(1_000).collect(), own.password_hash.clone()).await?;
    let context = [Some(own.name.as_str()), own.email.as_deref(), own.username.as_deref()];
    let context: Vec<&str> = context.into_iter().flatten().collect();
    let wrong = (!right).then(|| Refusal::at("current", "This is not your password."));
    let weak = password::check(&new, &context).err();
    let same = (right && current == new).then(|| Refusal::at("password", "This is the password you have. Choose another."));
    let faults: Vec<Refusal> = [wrong, weak.or(same)].into_iter().flatten().collect();
    if !faults.is_empty() {
        let page = draw(&ask, permit, Draft { faults: Faults(faults), ..Draft::default() }).await?;
        return Ok(page.respond_to(&ask.req));
    }
    let hash = ask.house.passwords.hash(new).await?;
    let keep = ask.visitor.session.clone().unwrap_or_default();
    ask.house.work(move |db| db.write(&permit, |tx| sign_in::change_password(tx, &hash, &keep))).await?;
    session::renew(&session, &ask.house)?;
    done(&ask, "Your password is changed. Every other session of yours has ended.")
}

/// The fields of one's own sign-in names, with the proof that it is oneself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Names {
    email: String,
    username: String,
    proof: String,
    rev: Option<i32>,
}

/// `POST /me/identifiers`: the user name changes at once, the e-mail once it is confirmed from its mailbox (P-6).
pub async fn identifiers(permit: Permit<Myself>, ask: Ask, form: Form<Names>) -> Result<HttpResponse, Problem> {
    let typed = form.fields;
    let (permit, own) = ask.house.work(move |db| db.read(&permit, |view| sign_in::own(view)).map(|own| (permit, own))).await?;
    let right = ask.house.passwords.matches(typed.proof.chars().take(1_000).collect(), own.password_hash.clone()).await?;
    let checked = account::identifiers(&typed.email, &typed.username);
    let wrong = (!right).then(|| Refusal::at("proof", "This is not your password."));
    let done = match (checked, typed.rev, wrong) {
        (Ok((email, username)), Some(rev), None) => {
            let done = ask
                .house
                .work(move |db| db.write(&permit, |tx| identifiers::set_own(tx, rev, email.as_deref(), username.as_deref())))
                .await;
            faults(done)?
        }
        (checked, rev, wrong) => {
            let incomplete = rev.is_none().then(|| Refusal::at("", "The page was incomplete. Load it again."));
            Err(Faults(checked.err().unwrap_or_default().into_iter().chain(wrong).chain(incomplete).collect()))
        }
    };
    match done {
        Ok(()) => done_with(&ask, "Your sign-in names are saved.", "A new e-mail counts once you open the link that was sent to it."),
        Err(faults) => {
            let permit = ask.permit::<Myself>()?;
            let names = Names { proof: String::new(), ..typed };
            Ok(draw(&ask, permit, Draft { names: Some(names), faults, ..Draft::default() }).await?.respond_to(&ask.req))
        }
    }
}

/// The answer to a user name that somebody else wants.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    change: String,
    answer: String,
}

/// `POST /me/identifiers/answer`: lets it count, or refuses it (P-6).
pub async fn answer(permit: Permit<Myself>, ask: Ask, form: Form<Answer>) -> Result<HttpResponse, Problem> {
    let Answer { change, answer } = form.fields;
    let yes = answer == "yes";
    ask.house.work(move |db| db.write(&permit, |tx| identifiers::answer_own(tx, &change, yes))).await?;
    done(&ask, if yes { "You sign in with it from now on." } else { "It is refused, and will not count." })
}

/// The fields of ending sessions: one, or without a name all others.
#[derive(Deserialize)]
pub struct End {
    #[serde(default)]
    session: String,
}

/// `POST /me/sessions/end`
pub async fn end_sessions(permit: Permit<Myself>, ask: Ask, form: Form<End>) -> Result<HttpResponse, Problem> {
    let keep = ask.visitor.session.clone().unwrap_or_default();
    let one = (!form.fields.session.is_empty()).then_some(form.fields.session);
    let ended = ask.house.work(move |db| db.write(&permit, |tx| sessions::end_own(tx, one.as_deref(), &keep))).await?;
    done(&ask, &format!("{} ended.", text::count(ended as i64, "session has", "sessions have")))
}

/// The fields of the settings.
#[derive(Deserialize)]
#[serde(default)]
pub struct Settings {
    appearance: String,
    density: String,
    time_zone: String,
    per: i32,
    shortcuts: Option<String>,
    separator: String,
}

impl Default for Settings {
    fn default() -> Self {
        let Preferences { appearance, density, per_page, separator, .. } = Preferences::default();
        Self { appearance, density, time_zone: String::new(), per: per_page, shortcuts: None, separator }
    }
}

/// `POST /me/settings`
pub async fn settings(permit: Permit<Myself>, ask: Ask, form: Form<Settings>) -> Result<HttpResponse, Problem> {
    let typed = form.fields;
    let zone = typed.time_zone.trim().to_owned();
    let fault = |field, good: bool, words: &str| (!good).then(|| Refusal::at(field, words));
    let faults: Vec<Refusal> = [
        fault("appearance", ["device", "light", "dark"].contains(&typed.appearance.as_str()), "Choose one of the three."),
        fault("density", ["comfortable", "compact"].contains(&typed.density.as_str()), "Choose one of the two."),
        fault(
            "time_zone",
            zone.is_empty() || when::zone(&zone).is_some(),
            "Enter a zone like Europe/Lisbon, or leave it empty to follow your browser.",
        ),
        fault("per", [25, 50, 100].contains(&typed.per), "Choose 25, 50 or 100."),
        fault("separator", ["comma", "semicolon"].contains(&typed.separator.as_str()), "Choose comma or semicolon."),
    ]
    .into_iter()
    .flatten()
    .collect();
    let wanted = Preferences {
        appearance: typed.appearance,
        density: typed.density,
        time_zone: (!zone.is_empty()).then(|| zone.clone()),
        per_page: typed.per,
        shortcuts: typed.shortcuts.as_deref() == Some("on"),
        separator: typed.separator,
    };
    if form.review || !faults.is_empty() {
        let draft = Draft { zone: Some(zone), preferences: Some(wanted), faults: Faults(faults), ..Draft::default() };
        return Ok(draw(&ask, permit, draft).await?.respond_to(&ask.req));
    }
    let account = ask.actor()?.account;
    ask.house.work(move |db| db.note(|note| preferences::save(note, account, &wanted))).await?;
    done(&ask, "Your settings are saved.")
}
