//! What stands before and behind every handler: headers on every answer, and the refusal of other sites' posts.

use super::{House, problem};
use crate::problem::Problem;
use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header, header::HeaderValue},
    middleware::Next,
    web::Data,
};

/// The id of a request, also shown where something failed.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Headers on every answer, errors and static files too (quality.md).
pub async fn headers(req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let house = req.app_data::<Data<House>>().cloned();
    if let Some(house) = &house {
        let id = house.db.chance.id("req");
        req.extensions_mut().insert(RequestId(id));
    }
    let is_static = req.path().starts_with("/static/");
    let mut res = next.call(req).await?;
    let headers = res.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(header::HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set(
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
    if house.is_some_and(|house| house.outside.secure) {
        set("strict-transport-security", "max-age=63072000");
    }
    if !is_static {
        set("cache-control", "no-store");
        set("vary", "HX-Request, HX-History-Restore-Request");
    }
    Ok(res)
}

/// Refuses requests that change something and come from another site (the way of Go's CrossOriginProtection).
pub async fn same_origin<B: MessageBody + 'static>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if is_own(&req) {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    }
    let problem = Problem::Forbidden("This request came from another site, so nothing was done.".into());
    let (req, _) = req.into_parts();
    let response = problem::answer(&req, &problem);
    Ok(ServiceResponse::new(req, response).map_into_right_body())
}

fn is_own(req: &ServiceRequest) -> bool {
    if matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let get = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = get("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    // Not a browser of these days. What it says of its origin must be ours; if it says nothing, the token decides.
    let Some(origin) = get("origin") else { return true };
    let Some(house) = req.app_data::<Data<House>>() else { return false };
    let public = house.outside.public_url.as_str();
    // On this machine a browser may say 127.0.0.1 where we say localhost.
    let loopback = ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|own| public.starts_with(own));
    origin == public || (loopback && origin.split_once("://").map(|(_, host)| host) == get("host"))
}
