//! What a visitor gets to see, and the forms on it.

use crate::house::Answer;
use actix_web::http::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use std::cell::OnceCell;

/// An answer as a visitor reads it.
pub struct Page {
    /// What was asked for, for the words of a failing test.
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    html: OnceCell<Html>,
}

impl Page {
    pub fn new(asked: String, answer: Answer) -> Self {
        let Answer { status, headers, body } = answer;
        Self { asked, status, headers, body: String::from_utf8_lossy(&body).into_owned(), html: OnceCell::new() }
    }

    fn html(&self) -> &Html {
        self.html.get_or_init(|| Html::parse_document(&self.body))
    }

    /// Fails unless the answer has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\nleads to {:?} and says: {}", self.asked, self.leads_to(), self.text());
        self
    }

    /// Fails unless these words are on the page.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.text().contains(words), "{}: “{words}” is missing in: {}", self.asked, self.text());
        self
    }

    /// Fails if these words are on the page.
    #[track_caller]
    pub fn never_says(self, words: &str) -> Self {
        assert!(!self.text().contains(words), "{}: “{words}” should not be in: {}", self.asked, self.text());
        self
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where the answer leads, with script or without.
    pub fn leads_to(&self) -> Option<&str> {
        self.header("location").or_else(|| self.header("hx-redirect"))
    }

    /// Every element that a selector finds.
    #[track_caller]
    pub fn select(&self, css: &str) -> Vec<ElementRef<'_>> {
        let selector = Selector::parse(css).unwrap_or_else(|error| panic!("{css}: {error}"));
        self.html().select(&selector).collect()
    }

    /// Whether a selector finds anything.
    #[track_caller]
    pub fn has(&self, css: &str) -> bool {
        !self.select(css).is_empty()
    }

    /// The texts of what a selector finds.
    #[track_caller]
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.select(css).into_iter().map(|element| plain(element.text())).collect()
    }

    /// An attribute of everything that a selector finds.
    #[track_caller]
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        self.select(css).into_iter().filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// An attribute of the first thing that a selector finds.
    #[track_caller]
    pub fn attribute(&self, css: &str, name: &str) -> String {
        self.attributes(css, name).into_iter().next().unwrap_or_else(|| panic!("{}: no {css} with {name}: {}", self.asked, self.text()))
    }

    /// All words of the page's body, white space made single.
    pub fn text(&self) -> String {
        match Selector::parse("body").ok().and_then(|body| self.html().select(&body).next()) {
            Some(body) => plain(body.text()),
            None => String::new(),
        }
    }

    /// What stands in the table of results, a line a row, by its first cell with words.
    pub fn rows(&self) -> Vec<String> {
        self.texts("#results tbody tr")
    }

    /// A form, filled in as it came.
    #[track_caller]
    pub fn form(&self, css: &str) -> Form {
        let found = self.select(css);
        let form = found.first().unwrap_or_else(|| panic!("{}: no form {css}: {}", self.asked, self.text()));
        Form::read(form, self)
    }

    /// Fails when anything that somebody typed has become markup.
    #[track_caller]
    pub fn stays_inert(self) -> Self {
        // A page that names the class nowhere as an attribute does has no such element, and need not be read as a whole.
        let named = ["class=\"evil", "class='evil", "class=evil"].iter().any(|attribute| self.body.contains(attribute));
        assert!(!(named && self.has(".evil")), "{}: what somebody typed became markup", self.asked);
        self
    }
}

fn plain<'a>(pieces: impl Iterator<Item = &'a str>) -> String {
    pieces.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// A form with its fields, as a browser without script would send it.
#[derive(Clone, Debug)]
pub struct Form {
    pub post: bool,
    /// Whether it sends files.
    pub files: bool,
    pub action: String,
    pub fields: Vec<(String, String)>,
    boxes: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
}

impl Form {
    /// Reads a form of a page.
    pub fn read(form: &ElementRef, page: &Page) -> Self {
        let mut read = Self {
            post: form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            files: form.attr("enctype") == Some("multipart/form-data"),
            action: form.attr("action").unwrap_or_default().to_owned(),
            fields: Vec::new(),
            boxes: Vec::new(),
            buttons: Vec::new(),
        };
        let controls = Selector::parse("input, select, textarea, button").unwrap();
        let options = Selector::parse("option").unwrap();
        // A control may also stand elsewhere and name its form.
        let elsewhere = form.attr("id").map(|id| page.select(&format!("[form='{id}']"))).unwrap_or_default();
        for control in form.select(&controls).chain(elsewhere) {
            let Some(name) = control.attr("name").map(str::to_owned) else { continue };
            if control.attr("disabled").is_some() {
                continue;
            }
            let value = control.attr("value").unwrap_or_default().to_owned();
            match (control.value().name(), control.attr("type").unwrap_or_default()) {
                ("button", _) => read.buttons.push((name, value)),
                ("input", "checkbox" | "radio") => {
                    read.boxes.push((name.clone(), value.clone()));
                    if control.attr("checked").is_some() {
                        read.fields.push((name, value));
                    }
                }
                ("input", _) => read.fields.push((name, value)),
                ("textarea", _) => read.fields.push((name, control.text().collect())),
                _ => {
                    let all: Vec<ElementRef> = control.select(&options).collect();
                    let chosen = all.iter().find(|option| option.attr("selected").is_some()).or(all.first());
                    if let Some(option) = chosen {
                        read.fields.push((name, option.attr("value").map_or_else(|| plain(option.text()), str::to_owned)));
                    }
                }
            }
        }
        read
    }

    /// The value of a field as the form has it.
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Types into a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a field out.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }

    /// Adds a field beside those of the same name: what no browser would do.
    pub fn smuggle(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Ticks a box, which must be there.
    #[track_caller]
    pub fn tick(mut self, name: &str, value: &str) -> Self {
        let pair = (name.to_owned(), value.to_owned());
        assert!(self.boxes.contains(&pair), "there is no box {name}={value} among {:?}", self.boxes);
        if !self.fields.contains(&pair) {
            self.fields.push(pair);
        }
        self
    }

    /// Takes a tick away.
    #[track_caller]
    pub fn untick(mut self, name: &str, value: &str) -> Self {
        let pair = (name.to_owned(), value.to_owned());
        assert!(self.fields.contains(&pair), "{name}={value} is not ticked");
        self.fields.retain(|field| *field != pair);
        self
    }

    /// Presses a button, which must be there.
    #[track_caller]
    pub fn press(mut self, name: &str, value: &str) -> Self {
        let pair = (name.to_owned(), value.to_owned());
        assert!(self.buttons.contains(&pair), "there is no button {name}={value} among {:?}", self.buttons);
        self.fields.push(pair);
        self
    }

    /// The values of the boxes of a name, ticked or not.
    pub fn boxes(&self, name: &str) -> Vec<&str> {
        self.boxes.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }
}
