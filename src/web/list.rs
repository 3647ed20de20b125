//! Queries of lists: search, filters, order and pages, all of it in the address (screens.md 3.1).

use super::{page::encode, when};
use crate::{
    domain::{
        text::{length, thousands},
        time::Time,
    },
    store::paging::{Cursor, EXACT, Paging, Slice, Total},
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The words of an address, as they came; unknown ones do no harm.
#[derive(Clone, Debug, Default)]
pub struct Query {
    path: String,
    words: BTreeMap<String, String>,
    ignored: Vec<String>,
}

/// Most characters of a search.
const LONGEST: usize = 200;

impl Query {
    /// Reads the query of a request.
    pub fn read(req: &actix_web::HttpRequest) -> Self {
        Self::parse(req.path(), req.query_string())
    }

    /// Reads a query. Of a word that comes twice the last counts; control characters go.
    pub fn parse(path: &str, query: &str) -> Self {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
        let words = pairs
            .into_iter()
            .map(|(name, value)| (name, value.chars().filter(|c| !c.is_control()).collect::<String>()))
            .filter(|(name, value)| !value.is_empty() && length(value) <= 2_000 && name.len() <= 40)
            .collect();
        Self { path: path.to_owned(), words, ignored: Vec::new() }
    }

    /// A word, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.words.get(name).map_or("", String::as_str)
    }

    /// Whether a word has this value.
    pub fn is(&self, name: &str, value: impl AsRef<str>) -> bool {
        self.get(name) == value.as_ref()
    }

    /// The search, cut to what a search can be.
    pub fn search(&self) -> String {
        self.get("q").trim().chars().take(LONGEST).collect()
    }

    /// A word that has one of a few values; another value is ignored, and the page says so.
    pub fn choice<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.get(name).to_owned();
        if value.is_empty() {
            return None;
        }
        let found = read(&value);
        if found.is_none() {
            self.words.remove(name);
            self.ignored.push(format!("We ignored “{name}={value}”; it does not exist."));
        }
        found
    }

    /// As [`Query::choice`], one of these words.
    pub fn one_of(&mut self, name: &str, words: &[&str]) -> String {
        self.choice(name, |value| words.contains(&value).then(|| value.to_owned())).unwrap_or_default()
    }

    /// An instant: a date, or a date with time, in that zone; as an end, through that day.
    pub fn instant(&mut self, name: &str, zone: &TimeZone, end: bool) -> Option<Time> {
        self.choice(name, |word| when::from_field(word, zone, end))
    }

    /// What was ignored, for a note on the page.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Which page is asked for; `rows` is what the person likes.
    pub fn paging(&mut self, rows: i64) -> Paging {
        let per = self.choice("per", |value| value.parse().ok().filter(|per| [25, 50, 100].contains(per))).unwrap_or(rows);
        let number = self.choice("page", |value| value.parse().ok().filter(|page| (1..=1_000_000).contains(page))).unwrap_or(1);
        let after = self.choice("after", Cursor::decode);
        let before = if after.is_some() { None } else { self.choice("before", Cursor::decode) };
        let number = if after.is_none() && before.is_none() { number.min(EXACT / per) } else { number };
        Paging { per, number, after, before }
    }

    /// The address with one word changed (nothing: removed); whatever changes, the page starts anew.
    pub fn with(&self, name: &str, value: &str) -> String {
        self.anew(&[(name, value)])
    }

    /// As [`Query::with`], some words changed.
    pub fn anew(&self, changes: &[(&str, &str)]) -> String {
        self.with_all(&[changes, &[("page", ""), ("after", ""), ("before", "")]].concat())
    }

    /// The same under another path, from the first page on.
    pub fn under(&self, path: impl Into<String>) -> String {
        self.moved(path).anew(&[])
    }

    /// The same words under another path.
    pub fn moved(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// The address without a word.
    pub fn without(&self, name: &str) -> String {
        self.with(name, "")
    }

    /// The address with some words changed, in this order of precedence: the first mention counts.
    pub fn with_all(&self, changes: &[(&str, &str)]) -> String {
        let mut words = self.words.clone();
        for (name, value) in changes.iter().rev() {
            if value.is_empty() {
                words.remove(*name);
            } else {
                words.insert((*name).to_owned(), (*value).to_owned());
            }
        }
        let query: Vec<String> = words.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }

    /// The address as it is.
    pub fn address(&self) -> String {
        self.with_all(&[])
    }

    /// Its words alone, for a form that leads back here.
    pub fn words(&self) -> String {
        self.address().split_once('?').map_or_else(String::new, |(_, words)| words.to_owned())
    }

    /// The address under which the whole list is sent as a file.
    pub fn export(&self, path: &str) -> String {
        let query = Self { path: format!("{path}/export"), ..self.clone() };
        query.with_all(&[("page", ""), ("after", ""), ("before", ""), ("per", ""), ("d", "")])
    }

    /// The words but these, as hidden fields of a form that sends those itself.
    pub fn others(&self, but: &[&str]) -> Vec<(String, String)> {
        let always = ["page", "after", "before"];
        self.words
            .iter()
            .filter(|(name, _)| !but.contains(&name.as_str()) && !always.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The link that sorts by a column: a second click reverses.
    pub fn sort(&self, word: &str, current: &str) -> Sorter {
        let reversed = word.strip_prefix('-').map_or_else(|| format!("-{word}"), str::to_owned);
        let (href, aria) = if current == word {
            (self.with("sort", &reversed), if word.starts_with('-') { "descending" } else { "ascending" })
        } else if current == reversed {
            (self.with("sort", word), if reversed.starts_with('-') { "descending" } else { "ascending" })
        } else {
            (self.with("sort", word), "none")
        };
        Sorter { href, aria }
    }
}

/// The head of a column that sorts.
#[derive(Clone, Debug)]
pub struct Sorter {
    /// Where a click leads.
    pub href: String,
    /// `ascending`, `descending` or `none`.
    pub aria: &'static str,
}

/// What stands under a list.
#[derive(Clone, Debug)]
pub struct Pager {
    /// "1–25 of 1,204".
    pub range: String,
    /// The page before.
    pub previous: Option<String>,
    /// The next page.
    pub next: Option<String>,
    /// This page.
    pub number: i64,
    /// The last one, as far as it is known.
    pub pages: i64,
    /// Rows a page, and the address for each choice.
    pub per: Vec<(i64, bool, String)>,
}

/// "1,204", or "more than 10,000".
pub fn total(total: Total) -> String {
    if total.exact { thousands(total.count) } else { format!("more than {}", thousands(total.count)) }
}

impl Pager {
    /// Under this page of this query.
    pub fn new<T>(query: &Query, slice: &Slice<T>) -> Self {
        let start = (slice.number - 1) * slice.per;
        let range = if slice.rows.is_empty() {
            "0 of 0".to_owned()
        } else {
            format!("{}–{} of {}", thousands(start + 1), thousands(start + slice.rows.len() as i64), total(slice.total))
        };
        let step = |number: i64, name: &str, cursor: &Option<String>| {
            let cursor = cursor.as_ref()?;
            let number = if number == 1 { String::new() } else { number.to_string() };
            let cursor = if number.is_empty() { "" } else { cursor.as_str() };
            Some(query.with_all(&[(name, cursor), ("page", &number), ("after", ""), ("before", "")]))
        };
        Self {
            range,
            previous: step(slice.number - 1, "before", &slice.first),
            next: step(slice.number + 1, "after", &slice.last),
            number: slice.number,
            pages: slice.pages(),
            per: [25, 50, 100].into_iter().map(|per| (per, per == slice.per, query.with("per", &per.to_string()))).collect(),
        }
    }
}

/// The machine reading of a list: its rows, where it stands, and how to go on.
pub fn reading<T>(slice: &Slice<T>, pager: &Pager, row: impl FnMut(&T) -> serde_json::Value) -> serde_json::Value {
    serde_json::json!({
        "rows": slice.rows.iter().map(row).collect::<Vec<_>>(),
        "page": slice.number, "per": slice.per,
        "total": slice.total.count, "total_exact": slice.total.exact,
        "previous": pager.previous, "next": pager.next,
    })
}

/// Where a page past the end leads: the last one (screens.md 3.1).
pub fn past_end<T>(query: &Query, slice: &Slice<T>) -> Option<String> {
    (slice.rows.is_empty() && slice.number > 1).then(|| {
        let last = slice.pages();
        let last = if last <= 1 { String::new() } else { last.to_string() };
        query.with_all(&[("page", &last), ("after", ""), ("before", "")])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_canonical_and_keep_what_is_not_changed() {
        let mut query = Query::parse("/x", "q=ana+b&page=3&status=foo&nul=%00&status=active");
        assert_eq!(query.with("q", ""), "/x?status=active");
        assert_eq!(query.with("sort", "-last"), "/x?q=ana%20b&sort=-last&status=active");
        assert_eq!(query.one_of("status", &["inactive"]), "");
        assert_eq!(query.ignored(), ["We ignored “status=active”; it does not exist."]);
        assert_eq!(query.paging(25).number, 3);
        assert_eq!(Query::parse("/x", "page=0").paging(25).number, 1);
        assert_eq!(Query::parse("/x", "after=rubbish&per=7").paging(50).per, 50);
        assert_eq!(query.sort("name", "name").href, "/x?page=3&q=ana%20b&sort=-name".replace("page=3&", ""));
    }
}
