//! Pages for people who are not signed in.

/// Identifiers that are changed, confirmed or cancelled by their owner.
pub mod identifier_change;
/// Answering an invitation.
pub mod invitation;
/// Registering oneself.
pub mod join;
/// A forgotten password.
pub mod password_reset;
/// The second step of signing in.
pub mod second_factor;
/// The first run.
pub mod set_up;
/// Signing in and out.
pub mod sign_in;

use super::{
    csrf::Secret,
    files, form,
    frame::Ask,
    page::{Page, View},
};
use crate::domain::settings::General;
use actix_web::{HttpResponse, Responder, http::StatusCode};
use std::sync::Arc;

/// What every public page needs.
pub struct Public {
    /// What the product is called here, and whom people may ask.
    pub brand: Arc<General>,
    /// The stylesheet.
    pub css: &'static str,
    /// The script.
    pub js: &'static str,
    /// The sprite of icons.
    pub icons: &'static str,
    /// `device`, `light` or `dark`.
    pub appearance: String,
    /// The token for forms.
    pub csrf: String,
    secret: Secret,
}

impl Public {
    /// For this request; a visitor without a secret gets one with the answer.
    pub fn new(ask: &Ask) -> Self {
        let chance = &ask.house.db.chance;
        let secret = ask.visitor.csrf.clone().or_else(|| form::before_sign_in(&ask.req)).unwrap_or_else(|| Secret::new(chance));
        Self {
            brand: ask.house.db.general(),
            css: files::url("bailiwick.css"),
            js: files::url("bailiwick.js"),
            icons: files::url("icons.svg"),
            appearance: ask.visitor.preferences.appearance.clone(),
            csrf: secret.token(chance),
            secret,
        }
    }
}

/// A public page's answer, with the cookie that its form needs.
fn answer<V: View>(ask: &Ask, public: &Secret, status: StatusCode, page: Page<V>) -> HttpResponse {
    let mut response = page.status(status).whole().respond_to(&ask.req);
    if ask.visitor.csrf.is_none() && form::before_sign_in(&ask.req).is_none() {
        // A cookie that cannot be set costs the form its token; the next try says so.
        if let Err(error) = response.add_cookie(&form::before_cookie(&ask.house, public)) {
            tracing::warn!(%error, "the cookie of a public form could not be set");
        }
    }
    response
}
