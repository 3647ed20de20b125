//! One view, two sizes: the whole page, or the block that htmx asked for. Handlers do not know which.

use super::{note::Note, problem};
use crate::problem::Problem;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, body::BoxBody, http::StatusCode, http::header};
use askama::Template;

/// A page that can also answer with one of its blocks.
pub trait View: Template {
    /// The block for htmx.
    fn fragment(&self) -> askama::Result<String>;

    /// What the page says, for programs (http.md): where there is an obvious machine reading.
    fn reading(&self) -> Option<serde_json::Value> {
        None
    }
}

/// Says which block of a view is its fragment, and which method its machine reading.
macro_rules! view {
    ($view:ty, $block:ident $(, $json:ident)?) => {
        impl $crate::web::page::View for $view {
            fn fragment(&self) -> askama::Result<String> {
                self.$block().render()
            }
            $(fn reading(&self) -> Option<serde_json::Value> {
                Some(self.$json())
            })?
        }
    };
}
pub(crate) use view;

/// A view with its status.
pub struct Page<V> {
    status: StatusCode,
    view: V,
    address: Option<(&'static str, String)>,
    whole: bool,
}

/// A page that went well.
pub fn page<V: View>(view: V) -> Page<V> {
    Page { status: StatusCode::OK, view, address: None, whole: false }
}

impl<V> Page<V> {
    /// The same with another status.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The address that the browser shows for the fragment: typing replaces it.
    pub fn replaces(mut self, address: impl Into<String>) -> Self {
        self.address = Some(("HX-Replace-Url", address.into()));
        self
    }

    /// The same, as a step of its own in the history: paging.
    pub fn pushes(mut self, address: impl Into<String>) -> Self {
        self.address = Some(("HX-Push-Url", address.into()));
        self
    }

    /// Never as a fragment.
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }
}

impl<V: View> Responder for Page<V> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        if wants_json(req)
            && let Some(reading) = self.view.reading()
        {
            return HttpResponse::build(self.status).json(reading);
        }
        let fragment = is_fragment(req) && !self.whole;
        let html = if fragment { self.view.fragment() } else { self.view.render() };
        let mut response = HttpResponse::build(self.status);
        if fragment && let Some((name, address)) = self.address {
            response.insert_header((name, address));
        }
        if !fragment && Note::read(req).is_some() {
            response.cookie(Note::shown());
        }
        match html {
            Ok(html) => response.content_type("text/html; charset=utf-8").body(html),
            Err(error) => problem::answer(req, &Problem::internal(error)),
        }
    }
}

/// Whether htmx asks for a block. When it restores history it wants the whole page.
pub fn is_fragment(req: &HttpRequest) -> bool {
    let yes = |name: &str| req.headers().get(name).is_some_and(|value| value == "true");
    yes("HX-Request") && !yes("HX-History-Restore-Request")
}

/// Whether a program asks: it accepts JSON and no page.
pub fn wants_json(req: &HttpRequest) -> bool {
    let accept = req.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// Leads on after a successful post: 303, or what htmx follows. Every redirect of ours goes through here, and only
/// to paths of our own.
pub fn see_other(req: &HttpRequest, to: &str) -> HttpResponse {
    let to = own_path(to).unwrap_or("/");
    let mut response: HttpResponseBuilder = if is_fragment(req) { HttpResponse::NoContent() } else { HttpResponse::SeeOther() };
    let name = if is_fragment(req) { "HX-Redirect" } else { header::LOCATION.as_str() };
    response.insert_header((name, to)).finish()
}

/// The path, if it is one of our own: no other host, however it is written.
pub fn own_path(path: &str) -> Option<&str> {
    let plain = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')
        && path.len() <= 2_000;
    plain.then_some(path)
}

/// Percent-encodes a value for the query of an address.
pub fn encode(value: &str) -> String {
    use std::fmt::Write;
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_led_to() {
        for good in ["/", "/admin?x=1&y=%20", "/me#x"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x",
            "/a b",
            "\t//x",
            "/a\\b",
        ] {
            assert_eq!(own_path(bad), None, "{bad}");
        }
    }
}
