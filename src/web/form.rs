//! Bodies of forms. The only way to read one also checks the token that it must carry (csrf), so that no handler
//! can forget it.

use super::{House, csrf::Secret, page::own_path, session};
use crate::{
    domain::{Refusal, Refusals},
    problem::Problem,
};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    cookie::{Cookie, CookieJar, SameSite, time::Duration},
    dev::{Payload, ServiceRequest},
    http::{Method, header::CONTENT_LENGTH},
    web::{Bytes, Data},
};
use serde::de::DeserializeOwned;
use std::pin::Pin;

/// Most bytes of a form: 10,000 ids of 20 letters with their names fit.
pub const LIMIT: usize = 1024 * 1024;

/// The fields of a form that came with the right token.
#[derive(Debug)]
pub struct Form<T> {
    /// The fields.
    pub fields: T,
    /// The id against double posting.
    pub once: Option<String>,
    /// Whether it comes back to its person after a session ended amid it: to be shown once more, and nothing else.
    pub review: bool,
}

/// Marks a request whose form comes back to its person; the frame says so.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed;

/// The fields of a form that has none.
#[derive(Debug, serde::Deserialize)]
pub struct Nothing {}

#[derive(serde::Deserialize)]
struct Envelope {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    once: Option<String>,
    #[serde(default)]
    op: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Bytes::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let body = body.await.map_err(|error| match error.as_response_error().status_code().as_u16() {
                413 => Problem::TooLarge,
                _ => Problem::Unreadable("This form cannot be read.".into()),
            })?;
            // No text of ours holds a NUL, and PostgreSQL cannot; what stands for it is refused where it was typed.
            let body = String::from_utf8_lossy(&body).replace("%00", "%EF%BF%BD").replace('\0', "\u{FFFD}").into_bytes();
            let unreadable = |_| Problem::Unreadable("This form cannot be read. Load the page again and send it once more.".into());
            let envelope: Envelope = serde_html_form::from_bytes(&body).map_err(unreadable)?;
            check(&req, &envelope.csrf)?;
            let fields = serde_html_form::from_bytes(&body).map_err(unreadable)?;
            let once = envelope.once.filter(|once| !once.is_empty() && once.len() <= 64);
            let review = envelope.op == "review";
            if review {
                req.extensions_mut().insert(Reviewed);
            }
            Ok(Self { fields, once, review })
        })
    }
}

/// What a form held that arrived after its session had ended: it comes back after signing in (screens.md 3.2).
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Carried {
    /// Where it was sent.
    pub to: String,
    /// Its fields, without secrets and tokens.
    pub fields: Vec<(String, String)>,
}

impl Carried {
    /// Most bytes that are carried; a longer form starts anew.
    const MOST: usize = 64 * 1024;
    const LEFT_OUT: [&str; 4] = ["csrf", "once", "password", "current"];

    /// Keeps what a request holds that nobody is signed in for. No handler could: its permit refuses the request before
    /// the form is read.
    pub async fn keep(req: &mut ServiceRequest) {
        let length = req.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if *req.method() != Method::POST || !Self::comes_back(req.path()) || length.is_none_or(|length| length > Self::MOST) {
            return;
        }
        if let Ok(body) = req.extract::<Bytes>().await {
            let mut fields: Vec<(String, String)> = serde_html_form::from_bytes(&body).unwrap_or_default();
            fields.retain(|(name, _)| !Self::LEFT_OUT.contains(&name.as_str()));
            req.extensions_mut().insert(Self { to: req.path().to_owned(), fields });
            req.set_payload(body.into());
        }
    }

    /// Whether what is sent there with `op=review` is shown once more, and nothing is done. What others hold starts
    /// anew: there was nothing to type, or a secret.
    fn comes_back(path: &str) -> bool {
        if matches!(path, "/me" | "/me/settings" | "/admin/scopes") {
            return true;
        }
        if let Some(scope) = path.strip_prefix("/admin/scopes/") {
            return scope != "export" && !scope.contains('/');
        }
        if let Some(rest) = path.strip_prefix("/admin/administrator-roles") {
            return !rest.trim_start_matches('/').contains('/') && rest != "/export";
        }
        let in_store = path.strip_prefix("/admin/stores/").and_then(|rest| rest.split_once('/'));
        in_store.is_some_and(|(_, rest)| match rest.split('/').collect::<Vec<_>>()[..] {
            ["roles"] | ["role-assignments"] | ["role-assignments", "selection"] => true,
            ["roles", role] => role != "templates",
            _ => false,
        })
    }

    /// As a hidden field carries it; nothing when there is nothing to carry.
    pub fn encode(&self) -> String {
        if self.fields.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// From a hidden field; only what leads to a page of ours.
    pub fn decode(text: &str) -> Option<Self> {
        let carried: Self = serde_json::from_str(text).ok()?;
        own_path(&carried.to)?;
        (Self::comes_back(&carried.to) && !carried.fields.is_empty()).then_some(carried)
    }
}

/// Whether the token is the one of this visitor.
///
/// # Errors
/// [`Problem::SignedOut`] without a session; [`Problem::Forbidden`] for another token.
pub(super) fn check(req: &HttpRequest, field: &str) -> Result<(), Problem> {
    let header = req.headers().get("x-csrf-token").and_then(|value| value.to_str().ok());
    let token = if field.is_empty() { header.unwrap_or_default() } else { field };
    let visitor = session::of(req);
    let secret = visitor.csrf.clone().or_else(|| before_sign_in(req));
    match secret {
        Some(secret) if secret.accepts(token) => Ok(()),
        _ if visitor.actor.is_none() && !is_public(req.path()) => Err(Problem::SignedOut),
        _ => Err(Problem::Forbidden("This form is out of date. Load the page again and send it once more.".into())),
    }
}

/// Whether a form there is for people who are not signed in.
fn is_public(path: &str) -> bool {
    ["/signin", "/setup", "/confirm/", "/cancel/", "/invite/", "/join/"].iter().any(|start| path.starts_with(start))
}

const COOKIE: &str = "before";

/// The secret of somebody who is not signed in: in a signed cookie, as no session is born before sign-in.
pub fn before_sign_in(req: &HttpRequest) -> Option<Secret> {
    let house = req.app_data::<Data<House>>()?;
    let mut jar = CookieJar::new();
    jar.add_original(req.cookie(COOKIE)?.into_owned());
    Secret::decode(jar.signed(&house.outside.key_for("before")).get(COOKIE)?.value())
}

/// The cookie that carries it.
pub fn before_cookie(house: &House, secret: &Secret) -> Cookie<'static> {
    let mut jar = CookieJar::new();
    jar.signed_mut(&house.outside.key_for("before")).add(
        Cookie::build(COOKIE, secret.encode())
            .path("/")
            .http_only(true)
            .secure(house.outside.secure)
            .same_site(SameSite::Lax)
            .max_age(Duration::hours(2))
            .finish(),
    );
    jar.get(COOKIE).cloned().unwrap_or_else(|| Cookie::new(COOKIE, ""))
}

/// What is wrong with a form, for its page.
#[derive(Clone, Debug, Default)]
pub struct Faults(pub Refusals);

impl Faults {
    /// One fault.
    pub fn one(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }

    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// What is wrong at a field.
    pub fn at(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|refusal| refusal.field == field).map(|refusal| refusal.message.as_str())
    }

    /// How many things are wrong, as a heading.
    pub fn heading(&self) -> String {
        match self.0.len() {
            1 => "One thing needs attention".into(),
            2 => "Two things need attention".into(),
            3 => "Three things need attention".into(),
            more => format!("{more} things need attention"),
        }
    }
}

/// A problem of the store as faults of the form, where it is one; other problems pass through.
pub fn faults<T>(done: Result<T, Problem>) -> Result<Result<T, Faults>, Problem> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Problem::Refused(refusal)) => Ok(Err(Faults::one(refusal))),
        Err(problem) => Err(problem),
    }
}
