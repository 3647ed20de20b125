//! A visit: one Chromium with a fresh profile, and somebody who looks, clicks and types.
//!
//! What holds for every visit is checked when it ends: nothing went wrong in the browser's console, no page broke the
//! content security policy, and nothing is kept in the browser beside cookies.

use crate::house::{House, password};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io::{Read, Write},
    net::TcpStream,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};
use thirtyfour::{ChromiumLikeCapabilities, Key, LoggingPrefsLogLevel, error::WebDriverError, prelude::*};
use tokio::sync::Semaphore;

/// Browsers at a time: more of them only wait for each other on two cores.
static FREE: Semaphore = Semaphore::const_new(2);

/// How long one waits for what must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// With what somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// A desk: 1440 px, mouse and keyboard.
    Desk,
    /// The same with script off.
    DeskWithoutScript,
    /// A phone: 390 px, touch.
    Phone,
}

/// Somebody at a browser.
pub struct Visit<'h> {
    pub house: &'h House,
    driver: WebDriver,
    /// Whether pages may run script.
    pub script: bool,
    /// Whether it is a phone.
    pub phone: bool,
    /// Whether the network may fail in this visit.
    offline: Cell<bool>,
    features: RefCell<Vec<(&'static str, &'static str)>>,
}

impl House {
    /// Somebody comes, does this, and goes; what must hold for every visit is checked then.
    pub async fn visit(&self, with: With, what: impl AsyncFnOnce(&Visit<'_>)) {
        let _place = FREE.acquire().await.unwrap();
        let visit = Visit::begin(self, with).await;
        // The browser must go also when the test fails.
        let mut done = pin!(what(&visit));
        let done = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| done.as_mut().poll(context))) {
            Ok(done) => done.map(Ok),
            Err(failed) => Poll::Ready(Err(failed)),
        });
        if let Err(failed) = done.await {
            visit.picture("failed").await;
            visit.driver.clone().quit().await.unwrap();
            resume_unwind(failed);
        }
        visit.end().await;
    }
}

impl<'h> Visit<'h> {
    async fn begin(house: &'h House, with: With) -> Self {
        let Some(address) = std::env::var("BAILIWICK_TEST_WEBDRIVER").ok().filter(|address| !address.is_empty()) else {
            panic!("These tests drive a real Chromium. Run them with tests/run, which starts what they need: tests/run --test browser");
        };
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-default-apps",
            "--disable-sync",
            "--disable-search-engine-choice-screen",
            "--lang=en-GB",
            "--window-size=1440,900",
        ] {
            wanted.add_arg(argument).unwrap();
        }
        if let Some(browser) = std::env::var("BAILIWICK_TEST_BROWSER").ok().filter(|browser| !browser.is_empty()) {
            wanted.set_binary(&browser).unwrap();
        }
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let driver = WebDriver::new(address, wanted).await.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        let (phone, script) = (with == With::Phone, with != With::DeskWithoutScript);
        let visit = Self { house, driver, phone, script, offline: Cell::new(false), features: RefCell::default() };
        visit.width(if phone { 390 } else { 1440 }).await;
        if phone {
            visit.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 1 })).await;
        }
        if !script {
            visit.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
        }
        visit
    }

    async fn end(&self) {
        let log = self.driver.browser_log().await.unwrap();
        let wrong: Vec<&str> = log
            .iter()
            .filter(|entry| entry.level == "SEVERE" || entry.message.contains("Content Security Policy"))
            // A form that comes back with its errors, and a page that is not there, are answers; a file that is not is a fault.
            .filter(|entry| entry.source.as_deref() != Some("network") || entry.message.contains("/static/"))
            .map(|entry| entry.message.as_str())
            .filter(|message| !(self.offline.get() && (message.contains("net::ERR_") || message.contains("Failed to fetch"))))
            .collect();
        assert!(wrong.is_empty(), "the browser complained:\n{}", wrong.join("\n"));
        let kept = self.js("return [localStorage.length, sessionStorage.length]", vec![]).await;
        assert_eq!(kept, json!([0, 0]), "something is kept in the browser");
        self.driver.clone().quit().await.unwrap();
    }

    /// With what somebody came, for names of pictures.
    pub fn with(&self) -> &'static str {
        match (self.phone, self.script) {
            (true, _) => "phone",
            (false, true) => "desk",
            (false, false) => "desk without script",
        }
    }

    /// A command of the browser's own protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(command, parameters).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Makes the window so many pixels wide.
    pub async fn width(&self, width: u32) {
        let height = if self.phone { 844 } else { 900 };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": self.phone });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Sets a preference of the person's system, as `prefers-color-scheme: dark`, on top of those set before.
    pub async fn prefers(&self, name: &'static str, value: &'static str) {
        self.features.borrow_mut().retain(|(set, _)| *set != name);
        self.features.borrow_mut().push((name, value));
        self.media("").await;
    }

    /// Looks at the page as on paper (`print`), or on screen (an empty word).
    pub async fn media(&self, media: &str) {
        let features: Vec<Value> = self.features.borrow().iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": media, "features": features })).await;
    }

    /// Makes every answer take so long.
    pub async fn latency(&self, milliseconds: u32) {
        self.network(false, milliseconds).await;
    }

    /// Takes the network away, or gives it back.
    pub async fn offline(&self, offline: bool) {
        self.offline.set(true);
        self.network(offline, 0).await;
    }

    async fn network(&self, offline: bool, latency: u32) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({ "offline": offline, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", conditions).await;
    }

    /// Keeps a picture, where `BAILIWICK_TEST_SHOTS` names a folder for them.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var("BAILIWICK_TEST_SHOTS").ok().filter(|folder| !folder.is_empty()) {
            let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            std::fs::create_dir_all(&folder).unwrap();
            self.driver.screenshot(&Path::new(&folder).join(format!("{name}.png"))).await.unwrap();
        }
    }
}

/// Looking.
impl Visit<'_> {
    /// The path and query that the browser shows.
    pub async fn here(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    /// The title of the page.
    pub async fn title(&self) -> String {
        self.driver.title().await.unwrap()
    }

    /// What a script of the test returns; it runs with the page's own scripts off, too.
    pub async fn js(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.driver.execute(script, arguments).await {
            Ok(found) => found.json().clone(),
            Err(error) => panic!("{script}: {error}"),
        }
    }

    /// The same for a script that calls its last argument when it is done.
    pub async fn js_later(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.driver.execute_async(script, arguments).await {
            Ok(found) => found.json().clone(),
            Err(error) => panic!("{}: {error}", script.chars().take(200).collect::<String>()),
        }
    }

    /// The words of everything that a selector finds, as somebody reads them.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(el => el.innerText.replace(/\\s+/g, ' ').trim())";
        serde_json::from_value(self.js(script, vec![json!(css)]).await).unwrap()
    }

    /// The words of the first thing that a selector finds.
    pub async fn text(&self, css: &str) -> String {
        self.waits(css).await;
        self.texts(css).await.remove(0)
    }

    /// A file of the house as the browser would get it, gzipped: how many bytes it has.
    pub async fn gzipped(&self, path: &str) -> usize {
        let cookies = self.driver.get_all_cookies().await.unwrap();
        let cookies: Vec<String> = cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let host = self.house.address.trim_start_matches("http://");
        let mut server = TcpStream::connect(host).unwrap();
        let ask = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
            cookies.join("; ")
        );
        server.write_all(ask.as_bytes()).unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer[..40]));
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        answer.len() - head
    }

    /// A number of things that a selector finds.
    pub async fn count(&self, css: &str) -> usize {
        self.texts(css).await.len()
    }

    /// A property of the first thing that a selector finds.
    pub async fn property(&self, css: &str, name: &str) -> Value {
        self.waits(css).await;
        self.js("return document.querySelector(arguments[0])[arguments[1]]", vec![json!(css), json!(name)]).await
    }

    /// What is typed in a field.
    pub async fn value(&self, css: &str) -> String {
        self.property(css, "value").await.as_str().unwrap().to_owned()
    }

    /// The id of what has the focus, or its words where it has none.
    pub async fn focus(&self) -> String {
        let script =
            "const el = document.activeElement; return el.id || el.innerText?.replace(/\\s+/g, ' ').trim() || el.name || el.tagName";
        self.js(script, vec![]).await.as_str().unwrap().to_owned()
    }

    /// Waits until a script returns something true.
    pub async fn until(&self, what: &str, script: &str) {
        let began = Instant::now();
        loop {
            // A page on its way out runs no script.
            let found = self.driver.execute(script, vec![]).await;
            if found.as_ref().is_ok_and(|found| found.json().as_bool() == Some(true)) {
                return;
            }
            if began.elapsed() > PATIENCE {
                let words = self.texts("body").await.join(" ");
                panic!("{}: it never came to this: {what} (at {}, which says: {words})", self.house.name(), self.here().await);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits for what a selector finds.
    pub async fn waits(&self, css: &str) {
        self.until(&format!("{css} is there"), &format!("return document.querySelector({}) !== null", json!(css))).await;
    }

    /// Waits until nothing that a selector finds is left.
    pub async fn waits_without(&self, css: &str) {
        self.until(&format!("{css} is gone"), &format!("return document.querySelector({}) === null", json!(css))).await;
    }

    /// Waits until the page says something.
    pub async fn says(&self, words: &str) {
        let script = format!("return document.body.innerText.replace(/\\s+/g, ' ').includes({})", json!(words));
        self.until(&format!("the page says “{words}”"), &script).await;
    }

    /// Waits until the address has some words in it.
    pub async fn arrives(&self, words: &str) {
        let script =
            format!("return (location.pathname + location.search).includes({}) && document.readyState === 'complete'", json!(words));
        self.until(&format!("the address says {words}"), &script).await;
    }

    /// Waits until what was just changed is drawn.
    pub async fn paints(&self) {
        self.js_later("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))", vec![]).await;
    }

    /// Waits until nothing is asked of the server any more.
    pub async fn settles(&self) {
        self.until("nothing is under way", "return document.readyState === 'complete' && !document.querySelector('.htmx-request')").await;
    }
}

/// Whether what is wanted has the focus, what has it, and why one would not see that.
const FOCUS: &str = "const [wanted] = arguments, el = document.activeElement; \
    if (el === document.body) return [false, 'the page', '']; \
    const words = (el.getAttribute('aria-label') || el.innerText || el.name || el.id || el.tagName).replace(/\\s+/g, ' ').slice(0, 60); \
    const ringed = node => { const s = getComputedStyle(node); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }; \
    const ring = ringed(el) || el.closest('label') && ringed(el.closest('label')); \
    const r = el.getBoundingClientRect(), at = document.elementFromPoint(r.left + Math.min(r.width, 40) / 2, r.top + r.height / 2); \
    const free = at && (el.contains(at) || at.contains(el) || el.closest('label')?.contains(at)); \
    return [el.matches(wanted), words, !ring ? 'it has no ring' : !free ? 'it is hidden' : ''];";

/// Doing.
impl Visit<'_> {
    /// Opens an address of the house.
    pub async fn opens(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.house.address)).await.unwrap();
    }

    /// Signs in as somebody of the demo.
    pub async fn signs_in(&self, identifier: &str) {
        self.opens("/signin").await;
        self.types("#identifier", identifier).await;
        self.presses("Continue").await;
        self.types("#password", password(identifier)).await;
        self.presses("Sign in").await;
        self.waits(".me, .portal").await;
    }

    /// Signs out by the button.
    pub async fn signs_out(&self) {
        if self.phone {
            self.presses("Open menu").await;
        }
        self.presses("Sign out").await;
        self.says("You are signed out on this device.").await;
    }

    async fn element(&self, css: &str) -> WebElement {
        self.waits(css).await;
        self.driver.find(By::Css(css.to_owned())).await.unwrap()
    }

    /// Clicks what a selector finds.
    pub async fn clicks(&self, css: &str) {
        let began = Instant::now();
        loop {
            let done = match self.driver.find(By::Css(css.to_owned())).await {
                Ok(element) => self.click(&element).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => return,
                Err(error) if began.elapsed() > PATIENCE => panic!("{css} cannot be clicked at {}: {error}", self.here().await),
                Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
    }

    async fn click(&self, element: &WebElement) -> Result<(), WebDriverError> {
        self.driver.execute("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", vec![element.to_json()?]).await?;
        element.click().await
    }

    /// Presses a button, link, tab or menu by its words, as far as it can be reached: in a dialog, where one is open.
    pub async fn presses(&self, words: &str) {
        let script = "const within = document.querySelector('dialog[open]') || document; \
            const plain = el => (el.getAttribute('aria-label') || el.innerText).replace(/\\s+/g, ' ').trim(); \
            const shown = [...within.querySelectorAll('a, button, summary, label, [role=link]')].filter(el => el.checkVisibility() && el.tabIndex >= -1 && !el.matches('.vh')); \
            return shown.find(el => plain(el) === arguments[0]) || shown.find(el => plain(el).startsWith(arguments[0])) || null";
        let began = Instant::now();
        loop {
            let done = match self.driver.execute(script, vec![json!(words)]).await {
                Ok(found) if found.json().is_null() => Err("there is no such thing".to_owned()),
                Ok(found) => match found.element() {
                    Ok(element) => self.click(&element).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                },
                Err(error) => Err(error.to_string()),
            };
            match done {
                Ok(()) => return,
                Err(error) if began.elapsed() > PATIENCE => {
                    let said = self.texts("body").await.join(" ");
                    panic!("“{words}” cannot be pressed at {}: {error}. It says: {said}", self.here().await)
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
    }

    /// Types into a field in place of what is there.
    pub async fn types(&self, css: &str, words: &str) {
        let field = self.element(css).await;
        field.send_keys(Key::Control + "a").await.unwrap();
        field.send_keys(Key::Delete + "").await.unwrap();
        field.send_keys(words).await.unwrap();
    }

    /// Sets a field that a picker fills, like a date.
    pub async fn sets(&self, css: &str, value: &str) {
        self.waits(css).await;
        let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1]; \
            for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }))";
        self.js(script, vec![json!(css), json!(value)]).await;
    }

    /// Chooses from a list by the words of the choice.
    pub async fn chooses(&self, css: &str, words: &str) {
        let choice = self.element(css).await;
        let options = choice.find_all(By::Tag("option")).await.unwrap();
        for option in options {
            if option.text().await.unwrap().trim() == words {
                return option.click().await.unwrap();
            }
        }
        panic!("{css} has no choice “{words}”");
    }

    /// Chooses a file of this name and text; it is there as long as the folder that comes back, and read when the form is sent.
    #[must_use]
    pub async fn chooses_file(&self, css: &str, name: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        self.element(css).await.send_keys(file.to_str().unwrap()).await.unwrap();
        folder
    }

    /// Presses keys where the focus is.
    pub async fn keys(&self, keys: impl Into<thirtyfour::TypingData>) {
        let keys: thirtyfour::TypingData = keys.into();
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Presses Enter, once: what presses keys may do so again when the page goes meanwhile.
    pub async fn enter(&self) {
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { "\r" } else { "" };
            let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": text });
            self.devtools("Input.dispatchKeyEvent", key).await;
        }
    }

    /// Presses keys together with Shift.
    pub async fn shift(&self, key: Key) {
        self.driver.action_chain().key_down(Key::Shift).send_keys(key).key_up(Key::Shift).perform().await.unwrap();
    }

    /// Presses Tab until the focus is on what a selector finds. At each stop the focus must be seen.
    pub async fn tabs_to(&self, css: &str) {
        let mut stops = Vec::new();
        for _ in 0..150 {
            self.keys(Key::Tab + "").await;
            let found = self.js(FOCUS, vec![json!(css)]).await;
            let (there, stop, wrong) = (found[0].as_bool().unwrap(), found[1].as_str().unwrap(), found[2].as_str().unwrap());
            assert_eq!(wrong, "", "the focus cannot be seen on {stop} at {}", self.here().await);
            if there {
                return;
            }
            stops.push(stop.to_owned());
        }
        panic!("no key leads to {css} at {}, only to: {}", self.here().await, stops.join(" | "));
    }

    /// Presses a button twice, as quickly as a hand can.
    pub async fn double_clicks(&self, css: &str) {
        let element = self.element(css).await;
        self.driver.action_chain().double_click_element(&element).perform().await.unwrap();
    }

    /// Clicks with Shift held.
    pub async fn shift_clicks(&self, css: &str) {
        let element = self.element(css).await;
        self.driver.action_chain().key_down(Key::Shift).click_element(&element).key_up(Key::Shift).perform().await.unwrap();
    }

    /// Goes back, as the browser's button does.
    pub async fn back(&self) {
        self.driver.back().await.unwrap();
        self.settles().await;
    }

    /// Goes forward.
    pub async fn forward(&self) {
        self.driver.forward().await.unwrap();
        self.settles().await;
    }

    /// Loads the page again.
    pub async fn reloads(&self) {
        self.driver.refresh().await.unwrap();
        self.settles().await;
    }
}
