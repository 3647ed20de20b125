//! Choosing several accounts of a list, kept over searches, filters and pages (screens.md 3.6): what the form around the rows
//! posts, where that leads, and what it does to the page. Each page that has such a form keeps what it chooses in a draft.

use super::{
    list::{Query, total},
    page::{View, encode, page},
};
use crate::{
    domain::{key::AccountKey, role_assignment::MOST_AT_ONCE},
    problem::Problem,
    store::{
        accounts::Filter,
        paging::Total,
        selections::{Change, Draft, Selected},
    },
};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Deserialize;
use std::collections::HashMap;

/// What a change of the choice does to the page and its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Other rows, a step of its own in the history.
    Push,
    /// Other rows in the place of these.
    Replace,
    /// The same rows.
    Tick,
}

impl Turn {
    /// The page, under its address.
    pub fn show<V: View>(self, view: V, address: String, req: &HttpRequest) -> HttpResponse {
        let page = page(view);
        let page = if self == Self::Push { page.pushes(address) } else { page.replaces(address) };
        page.respond_to(req)
    }
}

/// What has been chosen, as the page shows it.
#[derive(Debug)]
pub struct Choice {
    /// The draft that keeps it, once there is one.
    pub draft: Option<Draft>,
    /// How many, and which of the rows.
    pub selected: Selected,
    /// Whether the rows are those that are chosen, and no others.
    pub only: bool,
    /// Whether only a tick changed, so that the rows stay as they are on the page and no quick second tick is lost.
    pub ticks: bool,
}

impl Choice {
    /// How many are chosen.
    pub fn many(&self) -> String {
        total(Total { count: self.selected.count, exact: self.selected.exact })
    }

    /// Whether a row is ticked.
    pub fn has(&self, account: &AccountKey) -> bool {
        self.selected.ticked.contains(account)
    }

    /// Whether all that match are chosen, less those that were unticked.
    pub fn all_matching(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| draft.matching.is_some())
    }
}

/// The words of the address that a form is drawn for, as it sends them again; but for the draft, which a tick makes.
pub fn words(query: &Query) -> String {
    let address = query.with_all(&[("d", ""), ("q", &query.search())]);
    address.split_once('?').map_or_else(String::new, |(_, words)| words.to_owned())
}

/// The fields of the form: where it stands, what was seen and ticked, and the button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pick {
    /// The draft.
    d: String,
    /// The organization of the pair that is chosen for, where it is for a pair.
    pub org: String,
    /// The role of that pair.
    pub role: String,
    /// The words of the address that the form was drawn for.
    list: String,
    q: String,
    from: String,
    to: String,
    first: String,
    last: String,
    /// The button.
    pub go: String,
    seen: Vec<String>,
    sel: Vec<String>,
}

impl Pick {
    /// The draft that it is about, if there is one yet.
    pub fn draft(&self) -> Option<&str> {
        (!self.d.is_empty()).then_some(self.d.as_str())
    }

    /// The accounts that it names; a form may name anything.
    ///
    /// # Errors
    /// [`Problem::TooLarge`] for more than anybody chooses at once.
    pub fn ids(&self) -> Result<Vec<String>, Problem> {
        let ids: Vec<String> = self.seen.iter().chain(&self.sel).cloned().collect();
        if ids.len() > 2 * MOST_AT_ONCE {
            return Err(Problem::TooLarge);
        }
        Ok(ids)
    }

    /// What it changes, by the keys of those it names that are there; `matching` is what the list shows.
    pub fn change(&self, keys: &HashMap<String, AccountKey>, matching: Filter) -> Change {
        let known = |ids: &[String]| ids.iter().filter_map(|id| keys.get(id).copied()).collect::<Vec<_>>();
        let replace = match self.go.as_str() {
            "select:matching" => Some(Some(matching)),
            "select:none" => Some(None),
            _ => None,
        };
        // A tick without its row's hidden field counts as seen.
        let mut seen = known(&self.seen);
        seen.extend(known(&self.sel));
        Change { seen, ticked: known(&self.sel), replace }
    }

    /// The address that the form was drawn for.
    fn was(&self, path: &str) -> Query {
        let mut words = self.list.clone();
        for (name, value) in [("org", &self.org), ("role", &self.role)] {
            if !value.is_empty() {
                words.push_str(&format!("&{name}={}", encode(value)));
            }
        }
        Query::parse(path, &words)
    }

    /// What can be typed into it.
    fn typed(&self) -> [(&str, &str); 3] {
        [("q", self.q.trim()), ("from", self.from.trim()), ("to", self.to.trim())]
    }

    /// Whether something else was typed since it was drawn.
    fn moved(&self) -> bool {
        let was = self.was("");
        self.typed().iter().any(|(name, value)| was.get(name).trim() != *value)
    }

    /// What the form asks for: the address that it was drawn for, with what was typed since.
    pub fn query(&self, path: &str) -> Query {
        let was = self.was(path);
        if !self.moved() {
            return was;
        }
        let address = was.anew(&self.typed());
        let (path, words) = address.split_once('?').unwrap_or((&address, ""));
        Query::parse(path, words)
    }

    /// The canonical address that this post leads to.
    pub fn address(&self, path: &str, draft: &str) -> String {
        let query = self.query(path);
        let current: i64 = query.get("page").parse().unwrap_or(1);
        match self.go.split_once(':') {
            // Another search starts at its first page, whatever button led there.
            Some(("page", number)) if !self.moved() => {
                let page = if number == "1" { "" } else { number };
                let after = if number.parse() == Ok(current + 1) { self.last.as_str() } else { "" };
                let before = if number.parse() == Ok(current - 1) && !page.is_empty() { self.first.as_str() } else { "" };
                query.with_all(&[("page", page), ("after", after), ("before", before), ("d", draft)])
            }
            Some(("sort", word)) => query.anew(&[("sort", if word == "name" { "" } else { word }), ("d", draft)]),
            Some(("show", word)) => query.anew(&[("show", if word == "selected" { word } else { "" }), ("d", draft)]),
            _ if self.go.is_empty() => query.with_all(&[("d", draft)]),
            _ => query.anew(&[("d", draft)]),
        }
    }

    /// What it does to the page.
    pub fn turn(&self) -> Turn {
        match self.go.as_str() {
            "" if !self.moved() => Turn::Tick,
            go if ["page:", "sort:", "show:"].iter().any(|start| go.starts_with(start)) => Turn::Push,
            _ => Turn::Replace,
        }
    }
}
