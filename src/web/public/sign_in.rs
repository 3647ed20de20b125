//! `/signin` and `/signout` (I-4). The same messages, status and time for unknown and known accounts.

use super::{Public, answer, second_factor};
use crate::{
    access::{Origin, system},
    domain::{Refusal, account::Status, key::AccountKey, settings::General, text},
    problem::Problem,
    store::{
        authenticators::{self, Needs},
        sessions, sign_in, throttles,
    },
    web::{
        csrf::Secret,
        form::{Carried, Faults, Form, Nothing},
        frame::Ask,
        note::Note,
        page::{own_path, page, see_other, view},
        session, when,
    },
};
use actix_session::Session;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder,
    dev::Payload,
    http::{Method, StatusCode},
    web::Path,
};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "public/sign_in.html", blocks = ["content"])]
struct SignInPage {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    action: String,
    store: Option<String>,
    identifier: String,
    ask_password: bool,
    next: String,
    carried: String,
    faults: Faults,
    notice: Option<String>,
}
view!(SignInPage, as_content);

impl SignInPage {
    /// Where a link for a new password is asked for.
    fn forgot(&self) -> String {
        match self.action.strip_prefix("/signin/") {
            Some(store) => format!("/signin/reset?store={store}"),
            None => "/signin/reset".into(),
        }
    }
}

pub(super) struct Show {
    slug: Option<String>,
    identifier: String,
    ask_password: bool,
    next: String,
    pub(super) carried: String,
    faults: Faults,
    pub(super) notice: Option<String>,
    pub(super) status: StatusCode,
}

impl Show {
    pub(super) fn start(slug: Option<String>, next: &str) -> Self {
        let next = own_path(next).unwrap_or_default().to_owned();
        Self {
            slug,
            identifier: String::new(),
            ask_password: false,
            next,
            carried: String::new(),
            faults: Faults::default(),
            notice: None,
            status: StatusCode::OK,
        }
    }
}

pub(super) fn show(ask: &Ask, store: Option<String>, show: Show) -> HttpResponse {
    let public = Public::new(ask);
    let view = SignInPage {
        brand: public.brand,
        appearance: public.appearance,
        css: public.css,
        js: public.js,
        icons: public.icons,
        csrf: public.csrf,
        action: show.slug.map_or_else(|| "/signin".into(), |slug| format!("/signin/{slug}")),
        store,
        identifier: show.identifier,
        ask_password: show.ask_password,
        next: show.next,
        carried: show.carried,
        faults: show.faults,
        notice: show.notice,
    };
    answer(ask, &public.secret, show.status, page(view))
}

async fn store_name(ask: &Ask, slug: Option<&String>) -> Result<Option<String>, Problem> {
    let Some(slug) = slug.cloned() else { return Ok(None) };
    let name = ask.house.work(move |db| db.read(&system::signing_in(Origin::default()), |view| sign_in::store_name(view, &slug))).await?;
    name.map(Some).ok_or(Problem::NotFound)
}

/// Where somebody lands after signing in (I-4).
fn landing(ask: &Ask) -> &'static str {
    match &ask.visitor.actor {
        Some(actor) if actor.is_administrator() => "/admin",
        Some(actor) if actor.is_org_admin() => "/portal",
        Some(_) => "/me",
        None => "/signin",
    }
}

/// `GET /`
pub async fn start(ask: Ask) -> HttpResponse {
    see_other(&ask.req, landing(&ask))
}

/// `GET /signin`
pub async fn get(ask: Ask) -> Result<HttpResponse, Problem> {
    page_for(&ask, None).await
}

/// `GET /signin/{store}`
pub async fn get_in(ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    page_for(&ask, Some(slug.into_inner())).await
}

async fn page_for(ask: &Ask, slug: Option<String>) -> Result<HttpResponse, Problem> {
    let query = ask.query();
    if ask.visitor.actor.is_some() {
        return Ok(see_other(&ask.req, own_path(query.get("next")).unwrap_or_else(|| landing(ask))));
    }
    let store = store_name(ask, slug.as_ref()).await?;
    let mut start = Show::start(slug, query.get("next"));
    start.identifier = query.get("login_hint").chars().take(254).collect();
    start.notice = match Note::read(&ask.req) {
        Some(note) => Some(note.text),
        None => (query.get("out") == "1").then(|| "You are signed out on this device.".to_owned()),
    };
    Ok(show(ask, store, start))
}

/// The answer to a post or a fragment when nobody is signed in (any more): the sign-in page.
pub fn interrupted(req: &HttpRequest) -> HttpResponse {
    let ask = Ask::from_request(req, &mut Payload::None).into_inner();
    let Ok(ask) = ask else { return HttpResponse::Unauthorized().finish() };
    // Back to what was asked for, or to the page that the form stood on, as far as the browser tells.
    let asked = req.uri().path_and_query().map(|path| path.as_str()).filter(|_| *req.method() == Method::GET);
    let referer = || req.headers().get("referer")?.to_str().ok()?.strip_prefix(&ask.house.outside.public_url);
    let back = asked.or_else(referer).unwrap_or_default();
    let notice = Some("You were signed out. Nothing was changed. Sign in to go on.");
    let carried = req.extensions().get::<Carried>().map(Carried::encode).unwrap_or_default();
    show(&ask, None, Show { notice: notice.map(str::to_owned), carried, status: StatusCode::UNAUTHORIZED, ..Show::start(None, back) })
}

/// The fields of the form. One page or two: with both fields it always works.
#[derive(Deserialize)]
pub struct Fields {
    #[serde(default)]
    identifier: String,
    password: Option<String>,
    #[serde(default)]
    next: String,
    #[serde(default)]
    carried: String,
}

/// `POST /signin`
pub async fn post(ask: Ask, session: Session, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    try_in(&ask, &session, None, form.fields).await
}

/// `POST /signin/{store}`
pub async fn post_in(ask: Ask, session: Session, slug: Path<String>, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    try_in(&ask, &session, Some(slug.into_inner()), form.fields).await
}

async fn try_in(ask: &Ask, session: &Session, slug: Option<String>, fields: Fields) -> Result<HttpResponse, Problem> {
    let store = store_name(ask, slug.as_ref()).await?;
    let identifier: String = fields.identifier.trim().chars().take(254).collect();
    let again = |faults: Vec<Refusal>, status| {
        let start = Show::start(slug.clone(), &fields.next);
        Show {
            carried: fields.carried.clone(),
            identifier: identifier.clone(),
            ask_password: !identifier.is_empty(),
            faults: Faults(faults),
            status,
            ..start
        }
    };
    if identifier.is_empty() {
        let refusal = Refusal::at("identifier", "Enter your e-mail or user name.");
        return Ok(show(ask, store, again(vec![refusal], StatusCode::UNPROCESSABLE_ENTITY)));
    }
    let Some(password) = fields.password else {
        return Ok(show(ask, store, again(Vec::new(), StatusCode::OK)));
    };
    if password.is_empty() {
        let refusal = Refusal::at("password", "Enter your password.");
        return Ok(show(ask, store, again(vec![refusal], StatusCode::UNPROCESSABLE_ENTITY)));
    }

    let by_account = format!("sign-in:{}:{}", slug.as_deref().unwrap_or_default(), text::fold(&identifier));
    let by_address = ask.visitor.origin.address.as_ref().map(|address| format!("sign-in@{address}"));
    let waiting = count_try(ask, by_account.clone(), by_address.clone()).await?;
    if waiting > 0 {
        let until = when::when(ask.house.db.clock.now().plus_seconds(waiting), &ask.visitor.zone).text;
        let refusal = Refusal::at("password", format!("Too many tries. Try again at {until}."));
        return Ok(show(ask, store, again(vec![refusal], StatusCode::TOO_MANY_REQUESTS)));
    }

    let (slug_too, identifier_too) = (slug.clone(), identifier.clone());
    let candidate = ask
        .house
        .work(move |db| {
            db.read(&system::signing_in(Origin::default()), |view| sign_in::candidate(view, slug_too.as_deref(), &identifier_too))
        })
        .await?;
    let hash = candidate.as_ref().and_then(|candidate| candidate.password_hash.clone());
    let right = ask.house.passwords.matches(password.chars().take(1_000).collect(), hash).await?;
    let now = ask.house.db.clock.now();
    let refusal = match &candidate {
        Some(candidate) if right => match (candidate.status, candidate.locked_until.filter(|until| *until > now)) {
            (Status::Active, None) => None,
            (Status::Active, Some(until)) => {
                let until = when::when(until, &ask.visitor.zone).text;
                Some(format!("This account is locked. Try again at {until}."))
            }
            _ => Some("This account is disabled. Ask the person who looks after it.".into()),
        },
        _ => Some("E-mail or password is wrong.".into()),
    };
    let origin = ask.visitor.origin.clone();
    let permit = system::signing_in(origin.clone());
    match (refusal, candidate) {
        (None, Some(candidate)) => {
            let account = candidate.account;
            let needs = ask.house.work(move |db| db.read(&permit, |view| authenticators::needed(view, account))).await?;
            let permit = system::signing_in(origin);
            match needs {
                Needs::Nothing => {
                    ask.house
                        .work(move |db| {
                            db.write(&permit, |tx| sign_in::succeed(tx, account))?;
                            db.note(|note| throttles::succeed(note, &by_account, by_address.as_deref()))
                        })
                        .await?;
                    enter(ask, session, account, &fields.next, &fields.carried)
                }
                Needs::Code(targets) => {
                    ask.house.work(move |db| db.note(|note| throttles::succeed(note, &by_account, by_address.as_deref()))).await?;
                    second_factor::begin(ask, &candidate, targets, own_path(&fields.next).unwrap_or_default(), fields.carried).await
                }
                Needs::Unreachable => {
                    ask.house.work(move |db| db.write(&permit, |tx| sign_in::fail(tx, Some(&candidate)))).await?;
                    let words =
                        "A code is demanded for signing in, and there is nowhere to send it. Ask the person who looks after this account.";
                    Ok(show(ask, store, again(vec![Refusal::at("password", words)], StatusCode::UNPROCESSABLE_ENTITY)))
                }
            }
        }
        (refusal, candidate) => {
            ask.house.work(move |db| db.write(&permit, |tx| sign_in::fail(tx, candidate.as_ref()))).await?;
            let refusal = Refusal::at("password", refusal.unwrap_or_default());
            Ok(show(ask, store, again(vec![refusal], StatusCode::UNPROCESSABLE_ENTITY)))
        }
    }
}

/// Counts a try before it is made, so that many at once are not free; a success takes it back. How many seconds there are
/// still to wait; then nothing was counted.
pub(super) async fn count_try(ask: &Ask, by_account: String, by_address: Option<String>) -> Result<i64, Problem> {
    let names: Vec<String> = std::iter::once(by_account).chain(by_address).collect();
    ask.house
        .work(move |db| {
            db.note(|note| {
                let waiting = throttles::remaining(note, &names)?;
                if waiting == 0 {
                    throttles::fail(note, &names)?;
                }
                Ok(waiting)
            })
        })
        .await
}

/// Begins the session of somebody who has shown everything that is asked for, and leads on.
pub(super) fn enter(ask: &Ask, session: &Session, account: AccountKey, next: &str, carried: &str) -> Result<HttpResponse, Problem> {
    let secret = session::begin(session, &ask.house, account, &ask.visitor.origin)?;
    Ok(match Carried::decode(carried) {
        Some(carried) => resume(ask, &secret, carried),
        None => see_other(&ask.req, own_path(next).unwrap_or("/")),
    })
}

/// Lets in whoever has just shown otherwise than here that an account is theirs, by a link and a password of their own: the
/// session begins, unless a second factor is enrolled or demanded; then what comes back leads to it (I-4).
///
/// # Errors
/// What the database says.
pub(super) async fn admit(ask: &Ask, session: &Session, account: AccountKey, next: &str) -> Result<Option<HttpResponse>, Problem> {
    let permit = system::signing_in(Origin::default());
    let (candidate, needs) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let candidate = sign_in::candidate_of(view, account)?.ok_or(Problem::SignedOut)?;
                Ok((candidate, authenticators::needed(view, account)?))
            })
        })
        .await?;
    match needs {
        Needs::Nothing => {
            let permit = system::signing_in(ask.visitor.origin.clone());
            ask.house.work(move |db| db.write(&permit, |tx| sign_in::succeed(tx, account))).await?;
            session::begin(session, &ask.house, account, &ask.visitor.origin)?;
            Ok(None)
        }
        Needs::Code(targets) => second_factor::begin(ask, &candidate, targets, next, String::new()).await.map(Some),
        // Signing in says what is missing.
        Needs::Unreachable => Ok(Some(see_other(&ask.req, "/signin"))),
    }
}

#[derive(Template)]
#[template(path = "public/resume.html", blocks = ["content"])]
struct Resume {
    brand: Arc<General>,
    css: &'static str,
    appearance: String,
    csrf: String,
    carried: Carried,
}
view!(Resume, as_content);

/// After a session has ended amid a form: what was typed is still here, and is never sent for anybody.
fn resume(ask: &Ask, secret: &Secret, carried: Carried) -> HttpResponse {
    let public = Public::new(ask);
    let csrf = secret.token(&ask.house.db.chance);
    page(Resume { brand: public.brand, css: public.css, appearance: public.appearance, csrf, carried }).whole().respond_to(&ask.req)
}

/// `POST /signout`
pub async fn out(ask: Ask, session: Session, _: Form<Nothing>) -> Result<HttpResponse, Problem> {
    if let Some(actor) = &ask.visitor.actor {
        let account = actor.account;
        let permit = system::signing_in(ask.visitor.origin.clone());
        ask.house.work(move |db| db.write(&permit, |tx| sessions::signed_out(tx, account))).await?;
    }
    session.purge();
    Ok(see_other(&ask.req, "/signin?out=1"))
}
