//! The note at the top of the page after an act: in a short-lived encrypted cookie, so that showing it writes nothing.

use super::House;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, CookieJar, SameSite, time::Duration},
    web::Data,
};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "note";

/// What was done.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Note {
    /// One sentence.
    pub text: String,
    /// A second one, smaller.
    pub more: String,
    /// A way on: address and words.
    pub link: Option<(String, String)>,
    /// The event that can be taken back (W-3).
    #[serde(default)]
    pub undo: Option<String>,
}

impl Note {
    /// A note of one sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// With a second sentence.
    pub fn more(mut self, more: impl Into<String>) -> Self {
        self.more = more.into();
        self
    }

    /// With a way on.
    pub fn link(mut self, href: impl Into<String>, words: impl Into<String>) -> Self {
        self.link = Some((href.into(), words.into()));
        self
    }

    /// With a button that takes the event back.
    pub fn undo(mut self, event: impl Into<String>) -> Self {
        self.undo = Some(event.into());
        self
    }

    /// The cookie that carries it to the next page.
    pub fn cookie(&self, house: &House) -> Cookie<'static> {
        let text = serde_json::to_string(self).unwrap_or_default();
        // A cookie has 4 KB at most; what is longer is cut to its sentence.
        let text = if text.len() > 2_000 { serde_json::to_string(&Self::new("Done.")).unwrap_or_default() } else { text };
        let mut jar = CookieJar::new();
        jar.private_mut(&house.outside.key_for("note")).add(
            Cookie::build(COOKIE, text)
                .path("/")
                .http_only(true)
                .secure(house.outside.secure)
                .same_site(SameSite::Lax)
                .max_age(Duration::minutes(2))
                .finish(),
        );
        jar.get(COOKIE).cloned().unwrap_or_else(|| Cookie::new(COOKIE, ""))
    }

    /// The note that the request carries.
    pub fn read(req: &HttpRequest) -> Option<Self> {
        let house = req.app_data::<Data<House>>()?;
        let mut jar = CookieJar::new();
        jar.add_original(req.cookie(COOKIE)?.into_owned());
        let cookie = jar.private(&house.outside.key_for("note")).get(COOKIE)?;
        serde_json::from_str(cookie.value()).ok()
    }

    /// The cookie that ends it, once it was shown.
    pub fn shown() -> Cookie<'static> {
        let mut cookie = Cookie::build(COOKIE, "").path("/").finish();
        cookie.make_removal();
        cookie
    }
}
