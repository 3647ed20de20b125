//! Somebody with a browser: keeps cookies, sends the token of the last page, fills in forms.

use crate::{
    house::House,
    page::{Form, Page},
};
use actix_web::{http::Method, test::TestRequest};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

/// A visitor of a house.
pub struct Person<'h> {
    house: &'h House,
    address: IpAddr,
    cookies: RefCell<BTreeMap<String, String>>,
    csrf: RefCell<Option<String>>,
}

impl<'h> Person<'h> {
    pub fn new(house: &'h House, address: IpAddr) -> Self {
        Self { house, address, cookies: RefCell::default(), csrf: RefCell::default() }
    }

    /// Signs in, as a form of both fields does.
    pub async fn sign_in(&self, identifier: &str, password: &str) -> Page {
        self.sign_in_at("/signin", identifier, password).await
    }

    /// Signs in at a store's own page.
    pub async fn sign_in_at(&self, path: &str, identifier: &str, password: &str) -> Page {
        self.get("/signin").await;
        self.post(path, &[("identifier", identifier), ("password", password)]).await
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, &[], None).await
    }

    /// Asks for a fragment, as htmx does.
    pub async fn fragment(&self, path: &str) -> Page {
        self.send(Method::GET, path, &[("HX-Request", "true")], None).await
    }

    /// Opens a page and goes where it leads.
    pub async fn visit(&self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    /// Goes where an answer leads, if it leads anywhere.
    pub async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..5 {
            let Some(to) = page.leads_to().map(str::to_owned) else { return page };
            page = self.get(&to).await;
        }
        panic!("{}: this leads on and on", page.asked)
    }

    /// Sends fields with the token of the last page, or of the first one that has one.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, &[], fields).await
    }

    /// The same with further headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Page {
        let token = self.token().await;
        let mut all = vec![("csrf", token.as_str())];
        all.extend(fields.iter().filter(|(name, _)| *name != "csrf"));
        self.post_raw(path, headers, &all).await
    }

    /// Sends exactly these fields.
    pub async fn post_raw(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).unwrap();
        self.send(Method::POST, path, headers, Some(body)).await
    }

    /// Sends a text file with the token of the last page, as a form with a file does.
    pub async fn upload(&self, path: &str, name: &str, text: &str) -> Page {
        let token = self.token().await;
        let part = |name: &str, text: &str| format!("--edge\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n");
        let body = format!("{}{}--edge--\r\n", part("\"csrf\"", &token), part(&format!("\"file\"; filename=\"{name}\""), text));
        self.send(Method::POST, path, &[("Content-Type", "multipart/form-data; boundary=edge")], Some(body)).await
    }

    /// Sends a form as it is.
    pub async fn submit(&self, form: Form) -> Page {
        self.submit_with(&[], form).await
    }

    /// Sends a form as it is, with further headers.
    pub async fn submit_with(&self, headers: &[(&str, &str)], form: Form) -> Page {
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if form.files {
            // Nothing was chosen.
            return self.upload(&form.action, "", "").await;
        }
        if form.post {
            return self.post_raw(&form.action, headers, &fields).await;
        }
        let query = serde_html_form::to_string(&fields).unwrap();
        self.send(Method::GET, &format!("{}?{query}", form.action), headers, None).await
    }

    /// The token of the last page; a page of one's own is opened for it where there was none.
    pub async fn token(&self) -> String {
        if self.csrf.borrow().is_none() {
            let page = self.get("/me").await;
            self.follow(page).await;
        }
        self.csrf.borrow().clone().unwrap_or_default()
    }

    /// Sends a request of any kind.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Page {
        let asked = format!("{method} {path} {}", body.as_deref().unwrap_or_default().chars().take(400).collect::<String>());
        let mut request = TestRequest::default().method(method).uri(path).peer_addr(SocketAddr::new(self.address, 50_000));
        request = request.insert_header(("Host", "localhost:8080")).insert_header(("User-Agent", "A browser of the tests"));
        let cookies: Vec<String> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.insert_header(("Cookie", cookies.join("; ")));
        }
        if let Some(body) = body {
            request = request.insert_header(("Content-Type", "application/x-www-form-urlencoded")).set_payload(body);
        }
        for header in headers {
            request = request.insert_header(*header);
        }
        let page = Page::new(asked, self.house.answer(request).await);
        self.keep(&page);
        page
    }

    fn keep(&self, page: &Page) {
        for cookie in page.headers.get_all("set-cookie").filter_map(|value| value.to_str().ok()) {
            let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() || rest.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                let former = self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
                if name.ends_with("bailiwick") && former.as_deref() != Some(value) {
                    // Another session, another token.
                    self.csrf.borrow_mut().take();
                }
            }
        }
        // Reading every page as a whole, for the token alone, would be most of what the tests take.
        if let Some((_, rest)) = page.body.split_once("name=\"csrf\" value=\"")
            && let Some((token, _)) = rest.split_once('"')
        {
            *self.csrf.borrow_mut() = Some(token.to_owned());
        }
    }

    /// The session's cookie.
    pub fn session(&self) -> Option<String> {
        self.cookie("bailiwick").or_else(|| self.cookie("__Host-bailiwick"))
    }

    /// A cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie into the browser.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }
}
