//! `/signin/factor`: the second step of signing in (I-4). No session is born before it; a sealed cookie holds what the
//! first step has shown.

use super::{
    Public, answer,
    sign_in::{self, Show},
};
use crate::{
    access::{Origin, system},
    domain::{Refusal, account::Status, authenticator, key::AccountKey, settings::General},
    problem::Problem,
    store::{
        authenticators::{self, Needs, Redeemed, Target},
        sign_in::Candidate,
        throttles,
    },
    web::{
        House,
        form::{Faults, Form},
        frame::Ask,
        page::{page, see_other, view},
        when,
    },
};
use actix_session::Session;
use actix_web::{
    HttpResponse,
    cookie::{Cookie, CookieJar, SameSite, time::Duration},
    http::StatusCode,
};
use askama::Template;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const COOKIE: &str = "factor";

/// Minutes for which the first step counts.
const LASTS: i64 = 15;

/// What the first step has shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shown {
    account: i64,
    /// A mark of the password: a new one ends this.
    password: String,
    /// To where the last code went.
    target: String,
    /// Where it leads.
    next: String,
    at: i64,
}

impl Shown {
    fn cookie(&self, house: &House) -> Cookie<'static> {
        let text = serde_json::to_string(self).unwrap_or_default();
        let mut jar = CookieJar::new();
        jar.private_mut(&house.outside.key_for(COOKIE)).add(
            Cookie::build(COOKIE, text)
                .path("/signin")
                .http_only(true)
                .secure(house.outside.secure)
                .same_site(SameSite::Lax)
                .max_age(Duration::minutes(LASTS))
                .finish(),
        );
        jar.get(COOKIE).cloned().unwrap_or_else(|| Cookie::new(COOKIE, ""))
    }

    fn read(ask: &Ask) -> Option<Self> {
        let mut jar = CookieJar::new();
        jar.add_original(ask.req.cookie(COOKIE)?.into_owned());
        let cookie = jar.private(&ask.house.outside.key_for(COOKIE)).get(COOKIE)?;
        let shown: Self = serde_json::from_str(cookie.value()).ok()?;
        let age = ask.house.db.clock.now().micros() - shown.at;
        (0..LASTS * 60_000_000).contains(&age).then_some(shown)
    }
}

fn over() -> Cookie<'static> {
    let mut cookie = Cookie::build(COOKIE, "").path("/signin").finish();
    cookie.make_removal();
    cookie
}

fn with(mut response: HttpResponse, cookie: Cookie<'static>) -> Result<HttpResponse, Problem> {
    response.add_cookie(&cookie).map_err(Problem::internal)?;
    Ok(response)
}

/// A mark by which a password is known to be the same still; it only stands in a sealed cookie.
fn password_mark(candidate: &Candidate) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    use sha2::{Digest, Sha256};
    STANDARD_NO_PAD.encode(Sha256::digest(candidate.password_hash.as_deref().unwrap_or_default()))
}

/// What the second step stands on: everything is read again.
struct Step {
    shown: Shown,
    candidate: Candidate,
    targets: Vec<Target>,
}

impl Step {
    async fn find(ask: &Ask) -> Result<Option<Self>, Problem> {
        let Some(shown) = Shown::read(ask) else { return Ok(None) };
        let account = AccountKey(shown.account);
        let found = ask
            .house
            .work(move |db| {
                db.read(&system::signing_in(Origin::default()), |view| match crate::store::sign_in::candidate_of(view, account)? {
                    Some(candidate) => Ok(Some((candidate, authenticators::needed(view, account)?))),
                    None => Ok(None),
                })
            })
            .await?;
        let Some((candidate, Needs::Code(targets))) = found else { return Ok(None) };
        let now = ask.house.db.clock.now();
        let open = candidate.status == Status::Active && candidate.locked_until.is_none_or(|until| until <= now);
        Ok((open && password_mark(&candidate) == shown.password).then_some(Self { shown, candidate, targets }))
    }
}

#[derive(Template)]
#[template(path = "public/second_factor.html", blocks = ["content"])]
struct FactorPage {
    brand: Arc<General>,
    appearance: String,
    css: &'static str,
    js: &'static str,
    icons: &'static str,
    csrf: String,
    carried: String,
    targets: Vec<Target>,
    current: String,
    faults: Faults,
    notice: Option<String>,
}
view!(FactorPage, as_content);

impl FactorPage {
    fn sent_to(&self) -> Option<&Target> {
        self.targets.iter().find(|target| target.id == self.current)
    }

    fn others(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.id != self.current)
    }
}

#[derive(Default)]
struct Says {
    faults: Faults,
    notice: Option<String>,
    status: StatusCode,
}

fn show(ask: &Ask, targets: Vec<Target>, current: String, carried: String, says: Says) -> HttpResponse {
    let public = Public::new(ask);
    let view = FactorPage {
        brand: public.brand,
        appearance: public.appearance,
        css: public.css,
        js: public.js,
        icons: public.icons,
        csrf: public.csrf,
        carried,
        targets,
        current,
        faults: says.faults,
        notice: says.notice,
    };
    answer(ask, &public.secret, says.status, page(view))
}

fn wrong(message: impl Into<String>, status: StatusCode) -> Says {
    Says { faults: Faults::one(Refusal::at("code", message)), status, ..Says::default() }
}

/// After the right password: a code is sent, unless one was a moment ago, and the second step begins.
///
/// # Errors
/// What the database says.
pub(super) async fn begin(
    ask: &Ask,
    candidate: &Candidate,
    targets: Vec<Target>,
    next: &str,
    carried: String,
) -> Result<HttpResponse, Problem> {
    let Some(target) = targets.first().map(|target| target.id.clone()) else { return Err(Problem::NotFound) };
    let shown = Shown {
        account: candidate.account.0,
        password: password_mark(candidate),
        target: target.clone(),
        next: next.to_owned(),
        at: ask.house.db.clock.now().micros(),
    };
    match send(ask, candidate.account, target.clone()).await {
        Ok(()) | Err(Problem::TooMany(_)) => {}
        Err(problem) => return Err(problem),
    }
    let cookie = shown.cookie(&ask.house);
    // What was typed before a session ended does not fit into a cookie.
    let response =
        if carried.is_empty() { see_other(&ask.req, "/signin/factor") } else { show(ask, targets, target, carried, Says::default()) };
    with(response, cookie)
}

async fn send(ask: &Ask, account: AccountKey, target: String) -> Result<(), Problem> {
    let permit = system::signing_in(ask.visitor.origin.clone());
    ask.house.work(move |db| db.write(&permit, |tx| authenticators::send_code(tx, account, &target))).await
}

/// `GET /signin/factor`
pub async fn get(ask: Ask) -> Result<HttpResponse, Problem> {
    if ask.visitor.actor.is_some() {
        return Ok(see_other(&ask.req, "/"));
    }
    match Step::find(&ask).await? {
        Some(step) => Ok(show(&ask, step.targets, step.shown.target, String::new(), Says::default())),
        None => with(see_other(&ask.req, "/signin"), over()),
    }
}

/// The fields: a code, or where another one is to be sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    code: String,
    authenticator: Option<String>,
    carried: String,
}

/// `POST /signin/factor`
pub async fn post(ask: Ask, session: Session, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let Fields { code, authenticator, carried } = form.fields;
    let Some(Step { shown, candidate, targets }) = Step::find(&ask).await? else {
        return with(start_over(&ask, &carried, "That took too long, or something changed meanwhile. Sign in again."), over());
    };
    if let Some(target) = authenticator {
        return another(&ask, shown, candidate.account, targets, target, carried).await;
    }
    let again = |says: Says| show(&ask, targets.clone(), shown.target.clone(), carried.clone(), says);
    let Some(code) = authenticator::code(&code) else {
        return Ok(again(wrong("A code has six digits.", StatusCode::UNPROCESSABLE_ENTITY)));
    };
    let by_account = format!("factor:{}", candidate.id);
    let by_address = ask.visitor.origin.address.as_ref().map(|address| format!("sign-in@{address}"));
    let waiting = sign_in::count_try(&ask, by_account.clone(), by_address.clone()).await?;
    if waiting > 0 {
        let until = when::when(ask.house.db.clock.now().plus_seconds(waiting), &ask.visitor.zone).text;
        return Ok(again(wrong(format!("Too many tries. Try again at {until}."), StatusCode::TOO_MANY_REQUESTS)));
    }
    let (permit, target, candidate_too) = (system::signing_in(ask.visitor.origin.clone()), shown.target.clone(), candidate.clone());
    let redeemed =
        ask.house.work(move |db| db.write(&permit, |tx| authenticators::redeem_code(tx, &candidate_too, &target, &code))).await?;
    match redeemed {
        Redeemed::Right => {
            ask.house.work(move |db| db.note(|note| throttles::succeed(note, &by_account, by_address.as_deref()))).await?;
            with(sign_in::enter(&ask, &session, candidate.account, &shown.next, &carried)?, over())
        }
        Redeemed::Wrong => {
            let says = wrong("The code is wrong, or works no more. Check it, or have another one sent.", StatusCode::UNPROCESSABLE_ENTITY);
            Ok(again(says))
        }
        Redeemed::UsedUp => with(start_over(&ask, &carried, "Too many wrong codes. Sign in again."), over()),
    }
}

/// Sends another code, to the same place or to another one.
async fn another(
    ask: &Ask,
    shown: Shown,
    account: AccountKey,
    targets: Vec<Target>,
    target: String,
    carried: String,
) -> Result<HttpResponse, Problem> {
    let Some(wanted) = targets.iter().find(|one| one.id == target).cloned() else { return Err(Problem::NotFound) };
    match send(ask, account, target.clone()).await {
        Ok(()) => {
            let cookie = Shown { target: target.clone(), ..shown }.cookie(&ask.house);
            let notice = Some(format!("Another code is on its way to {}.", wanted.kind.hint(&wanted.value)));
            with(show(ask, targets, target, carried, Says { notice, ..Says::default() }), cookie)
        }
        Err(Problem::TooMany(wait)) => {
            let message = format!("A code was sent a moment ago. Wait {wait} seconds, then ask for another one.");
            Ok(show(ask, targets, shown.target, carried, wrong(message, StatusCode::TOO_MANY_REQUESTS)))
        }
        Err(problem) => Err(problem),
    }
}

fn start_over(ask: &Ask, carried: &str, notice: &'static str) -> HttpResponse {
    let mut start = Show::start(None, "");
    start.carried = carried.to_owned();
    start.notice = Some(notice.to_owned());
    start.status = StatusCode::UNPROCESSABLE_ENTITY;
    sign_in::show(ask, None, start)
}
