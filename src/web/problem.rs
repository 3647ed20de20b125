//! The one door at which problems are shown: as a page, a fragment, JSON or a sign-in form, whatever was asked for.

use super::{
    House, files,
    frame::Ask,
    guard::RequestId,
    page::{self, is_fragment, wants_json},
    public::sign_in,
    session,
};
use crate::{
    access::system,
    domain::{
        event::{Event, Subject},
        settings::General,
    },
    problem::Problem,
    store::events,
};
use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::Data,
};
use askama::Template;
use std::sync::Arc;

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unreadable(_) | Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[derive(Template)]
#[template(path = "public/problem.html", blocks = ["content"])]
struct ProblemPage {
    brand: Arc<General>,
    css: &'static str,
    appearance: String,
    heading: &'static str,
    message: String,
    reference: Option<String>,
    retry: Option<String>,
    home: &'static str,
}

/// Turns a problem into the answer that this request can use.
pub fn answer(req: &HttpRequest, problem: &Problem) -> HttpResponse {
    let status = problem.status_code();
    let reference = req.extensions().get::<RequestId>().map(|id| id.0.clone());
    if let Problem::Internal(error) = problem {
        tracing::error!(request = reference.as_deref().unwrap_or_default(), error = format!("{error:#}"), "something failed");
    }
    if wants_json(req) {
        let body = serde_json::json!({
            "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(),
            "detail": problem.to_string(), "instance": reference,
        });
        return HttpResponse::build(status).content_type("application/problem+json").body(body.to_string());
    }
    if matches!(problem, Problem::SignedOut) {
        if *req.method() == Method::GET && !is_fragment(req) {
            let next = req.uri().path_and_query().map_or("/", |path| path.as_str());
            return page::see_other(req, &format!("/signin?next={}", page::encode(next)));
        }
        return sign_in::interrupted(req);
    }
    let visitor = session::of(req);
    let heading = match problem {
        Problem::NotFound => "Nothing here",
        Problem::Forbidden(_) => "You may not do this",
        Problem::Conflict(_) => "This is not possible now",
        Problem::TooMany(_) => "Too many tries",
        Problem::Unreadable(_) | Problem::Refused(_) => "This request cannot be read",
        Problem::TooLarge => "This is too large",
        Problem::Unavailable => "Not available at the moment",
        Problem::SignedOut | Problem::Internal(_) => "Something failed on our side",
    };
    let view = ProblemPage {
        // Also where the database does not answer.
        brand: req.app_data::<Data<House>>().map(|house| house.db.general()).unwrap_or_default(),
        css: files::url("bailiwick.css"),
        appearance: visitor.preferences.appearance.clone(),
        heading,
        message: problem.to_string(),
        reference: matches!(problem, Problem::Internal(_) | Problem::Unavailable).then_some(reference).flatten(),
        retry: (*req.method() == Method::GET && status.is_server_error())
            .then(|| req.uri().path_and_query().map_or_else(String::new, ToString::to_string)),
        home: if visitor.actor.is_some() { "/" } else { "/signin" },
    };
    let html = if is_fragment(req) { view.as_content().render() } else { view.render() };
    let mut response = HttpResponse::build(status);
    if let Problem::TooMany(seconds) = problem {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    match html {
        Ok(html) => response.content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "the page for problems could not be drawn");
            response.content_type("text/plain; charset=utf-8").body(problem.to_string())
        }
    }
}

/// Middleware: `ResponseError` does not see the request, so what handlers return is turned into an answer here.
pub async fn show<B: MessageBody + 'static>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    // The request is not to be cloned here: the router below wants it for itself. Handlers' errors come back as
    // responses that carry them.
    let method = req.method().clone();
    let res = next.call(req).await?;
    let shown = res.response().error().map(|error| from_error(res.request(), error));
    match shown {
        Some(response) => {
            let (req, _) = res.into_parts();
            Ok(ServiceResponse::new(req, response).map_into_right_body())
        }
        None => {
            let empty_404 =
                res.status() == StatusCode::NOT_FOUND && method == Method::GET && !res.headers().contains_key(header::CONTENT_TYPE);
            if empty_404 {
                let (req, _) = res.into_parts();
                let response = answer(&req, &Problem::NotFound);
                return Ok(ServiceResponse::new(req, response).map_into_right_body());
            }
            Ok(res.map_into_left_body())
        }
    }
}

fn from_error(req: &HttpRequest, error: &Error) -> HttpResponse {
    if let Some(problem) = error.as_error::<Problem>() {
        note_refusal(req, problem);
        return answer(req, problem);
    }
    match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => answer(req, &Problem::NotFound),
        StatusCode::PAYLOAD_TOO_LARGE => answer(req, &Problem::TooLarge),
        status if status.is_client_error() => answer(req, &Problem::Unreadable("This request cannot be read.".into())),
        _ => answer(req, &Problem::Internal(anyhow::anyhow!("{error}"))),
    }
}

/// Writes down a refused act of a signed-in person (E-1), in the background.
fn note_refusal(req: &HttpRequest, problem: &Problem) {
    let visitor = session::of(req);
    let refused = matches!(problem, Problem::Forbidden(_) | Problem::NotFound) && *req.method() == Method::POST;
    let (true, Some(house), Some(actor)) = (refused, req.app_data::<Data<House>>().cloned(), visitor.actor.clone()) else { return };
    let (origin, reason, path) = (visitor.origin.clone(), problem.to_string(), req.path().to_owned());
    actix_web::rt::spawn(async move {
        let done = house
            .work(move |db| {
                let event = Event::refused("act.refuse")
                    .on(Subject::of("account", &actor.id).in_store(actor.store))
                    .with("path", path)
                    .with("reason", reason);
                db.write(&system::refusing(origin), |tx| events::record_refusal(tx, &actor, event))
            })
            .await;
        if let Err(problem) = done {
            tracing::warn!(%problem, "a refused act could not be written down");
        }
    });
}

/// The page for what no route answers.
pub async fn nothing(_: Ask) -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound)
}
