//! Choosing several accounts of a list, kept over searches, filters and pages (screens.md 3.6, 4.6, P2).

use super::{
    Screens,
    list::{Chips, Listing},
    together::{self, Chosen},
};
use crate::{
    access::Permit,
    domain::{key::AccountKey, role_assignment::MOST_AT_ONCE, text},
    problem::Problem,
    store::{
        accounts::{self, Filter, Listed, Sort},
        paging::Slice,
        selections::{self, Change, Draft, Purpose, Selected},
    },
    web::{
        console::accounts::listed_json,
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading, total},
        note::Note,
        page::{View, is_fragment, page, see_other},
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "accounts/choose.html", blocks = ["results", "selbar"])]
struct Choose {
    f: Frame,
    base: String,
    query: Query,
    sort: Sort,
    chips: Chips,
    accounts: Slice<Listed>,
    pager: Pager,
    draft: Option<Draft>,
    selected: Selected,
    /// The person: nobody acts on themselves (P-4).
    me: AccountKey,
    only: bool,
    narrowed: bool,
    switches: bool,
    assigns: bool,
    /// Whether only a tick changed, so that the rows stay as they are on the page and no quick second tick is lost.
    ticks: bool,
}

impl View for Choose {
    fn fragment(&self) -> askama::Result<String> {
        if self.ticks { self.as_selbar().render() } else { self.as_results().render() }
    }

    fn reading(&self) -> Option<serde_json::Value> {
        Some(reading(&self.accounts, &self.pager, |listed| {
            let mut row = listed_json(listed);
            row["selected"] = self.ticked(listed).into();
            row
        }))
    }
}

impl Choose {
    fn ticked(&self, listed: &Listed) -> bool {
        self.selected.ticked.contains(&listed.account.key)
    }

    fn is_me(&self, listed: &Listed) -> bool {
        listed.account.key == self.me
    }

    /// The list without boxes.
    fn back(&self) -> String {
        list_address(&self.base, &self.query.words())
    }

    fn selected_text(&self) -> String {
        if self.selected.exact {
            text::thousands(self.selected.count)
        } else {
            format!("more than {}", text::thousands(self.selected.count))
        }
    }

    fn total(&self) -> String {
        total(self.accounts.total)
    }

    fn all_matching(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| draft.matching.is_some())
    }

    /// The words of this address, but for the draft, which a tick makes.
    fn words(&self) -> String {
        self.query.with_all(&[("d", "")]).split_once('?').map_or_else(String::new, |(_, words)| words.to_owned())
    }

    /// Without search and filters, those who were chosen kept.
    fn bare(&self) -> String {
        let nothing = NARROWING.map(|word| (word, ""));
        self.query.anew(&nothing)
    }
}

/// The words that narrow a list.
const NARROWING: [&str; 10] = ["q", "authn", "authz", "org", "below", "role", "verified", "factor", "from", "to"];

/// The list that somebody chose on, without what belongs to choosing.
pub(super) fn list_address(base: &str, words: &str) -> String {
    Query::parse(&format!("{base}/accounts"), words).anew(&[("d", ""), ("show", "")])
}

/// What a change of the choice does to the page and its address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Other rows, a step of its own in the history.
    Push,
    /// Other rows in the place of these.
    Replace,
    /// The same rows.
    Tick,
}

/// Nobody chooses whom they can do nothing to.
fn choosable(listing: Listing) -> Result<Listing, Problem> {
    if listing.switches || listing.assigns {
        return Ok(listing);
    }
    Err(Problem::Forbidden("You may not act on several accounts here.".into()))
}

/// `GET …/accounts/choose`
pub async fn choose<S: Screens>(permit: Permit<S::See>, ask: Ask, place: Path<String>) -> Result<HttpResponse, Problem> {
    show::<S>(permit, &ask, place.into_inner(), ask.query(), Turn::Replace).await
}

async fn show<S: Screens>(permit: Permit<S::See>, ask: &Ask, place: String, mut query: Query, turn: Turn) -> Result<HttpResponse, Problem> {
    let mut wanted = S::wanted(ask, &mut query)?;
    let only = query.one_of("show", &["selected"]) == "selected";
    let (paging, draft, sort) = (query.paging(ask.rows()), query.get("d").to_owned(), wanted.sort);
    let (listing, filter, accounts, draft, selected) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let listing = choosable(S::listing(view, &place, &mut wanted)?)?;
                let store = listing.spot.store.key;
                let draft = if draft.is_empty() { None } else { selections::find(view, store, &draft)? };
                let accounts = match &draft {
                    Some(draft) if only => selections::list::<S>(view, draft, listing.spot.within(), &wanted.filter, sort, &paging)?,
                    _ => accounts::list::<S>(view, store, &wanted.filter, listing.at(), sort, &paging)?,
                };
                let keys: Vec<AccountKey> = accounts.rows.iter().map(|listed| listed.account.key).collect();
                let selected = match &draft {
                    Some(draft) => selections::count::<S>(view, draft, listing.spot.within(), &keys)?,
                    None => Selected { exact: true, ..Selected::default() },
                };
                Ok((listing, wanted.filter, accounts, draft, selected))
            })
        })
        .await?;
    query.choice("role", |id| (filter.role == id).then_some(()));
    if let Some(last) = past_end(&query, &accounts) {
        return Ok(see_other(&ask.req, &last));
    }
    let spot = listing.spot;
    let f = S::frame(ask, &spot, vec![crumb(format!("{}/accounts", spot.base), "Accounts"), here("Choose several")]);
    let (pager, address) = (Pager::new(&query, &accounts), query.address());
    let narrowed = NARROWING.iter().any(|word| !query.get(word).is_empty());
    let view = Choose {
        f,
        base: spot.base,
        query,
        sort,
        chips: listing.chips,
        accounts,
        pager,
        draft,
        selected,
        me: ask.actor()?.account,
        only,
        narrowed,
        switches: listing.switches,
        assigns: listing.assigns,
        ticks: turn == Turn::Tick,
    };
    let page = page(view);
    let page = if turn == Turn::Push { page.pushes(address) } else { page.replaces(address) };
    Ok(page.respond_to(&ask.req))
}

/// The fields of the choice: where it stands, what was seen and ticked, and the button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pick {
    d: String,
    /// The words of the address that the form was drawn for.
    list: String,
    q: String,
    from: String,
    to: String,
    first: String,
    last: String,
    go: String,
    seen: Vec<String>,
    sel: Vec<String>,
}

impl Pick {
    /// The address that the form was drawn for, with what was typed since, and whether that is something else.
    fn query(&self, base: &str) -> (Query, bool) {
        let was = Query::parse(&format!("{base}/accounts/choose"), &self.list);
        let typed = [("q", self.q.trim()), ("from", self.from.trim()), ("to", self.to.trim())];
        let moved = typed.iter().any(|(name, value)| !was.is(name, value));
        let address = if moved { was.anew(&typed) } else { was.address() };
        let (path, words) = address.split_once('?').unwrap_or((&address, ""));
        (Query::parse(path, words), moved)
    }

    /// The canonical address that this post leads to.
    fn address(&self, base: &str, draft: &str) -> String {
        // Another search starts at its first page, whatever button led there.
        let (query, moved) = self.query(base);
        let current: i64 = query.get("page").parse().unwrap_or(1);
        match self.go.split_once(':') {
            Some(("page", number)) if !moved => {
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

    fn turn(&self, moved: bool) -> Turn {
        match self.go.as_str() {
            "" if !moved => Turn::Tick,
            go if ["page:", "sort:", "show:"].iter().any(|start| go.starts_with(start)) => Turn::Push,
            _ => Turn::Replace,
        }
    }
}

/// What is done with those who were chosen.
const ACTS: &[&str] = &["disable", "enable", "end-sessions", "assign"];

/// `POST …/accounts/selection`: of what was seen, this is ticked; and what is to be done with all of them.
pub async fn select<S: Screens>(permit: Permit<S::See>, ask: Ask, place: Path<String>, form: Form<Pick>) -> Result<HttpResponse, Problem> {
    let (place, pick) = (place.into_inner(), form.fields);
    let owner = ask.actor()?.account;
    let (mut query, moved) = pick.query("");
    let mut wanted = S::wanted(&ask, &mut query)?;
    let (place_too, pick_too) = (place.clone(), pick.clone());
    let (permit, base, draft, settled) = ask
        .house
        .work(move |db| {
            let (listing, keys) = db.read(&permit, |view| {
                let listing = choosable(S::listing(view, &place_too, &mut wanted)?)?;
                let ids: Vec<String> = pick_too.seen.iter().chain(&pick_too.sel).cloned().collect();
                if ids.len() > 2 * MOST_AT_ONCE {
                    return Err(Problem::TooLarge);
                }
                let keys = selections::keys(view, listing.spot.store.key, &ids)?;
                Ok((listing, keys))
            })?;
            let known = |ids: &[String]| ids.iter().filter_map(|id| keys.get(id).copied()).collect::<Vec<_>>();
            let within = listing.at.as_ref().map(|(at, below)| (at.key.0, *below));
            let replace = match pick_too.go.as_str() {
                "select:matching" => Some(Some(Filter { within, ..wanted.filter })),
                "select:none" => Some(None),
                _ => None,
            };
            // A tick without its row's hidden field counts as seen.
            let mut seen = known(&pick_too.seen);
            seen.extend(known(&pick_too.sel));
            let change = Change { seen, ticked: known(&pick_too.sel), replace };
            let given = (!pick_too.d.is_empty()).then_some(pick_too.d.as_str());
            let purpose = Purpose { store: listing.spot.store.key, pair: None };
            let id = db.note(|note| selections::change(note, &db.chance, owner, given, purpose, &change))?;
            if !ACTS.contains(&pick_too.go.as_str()) {
                return Ok((permit, listing.spot.base, id, 0));
            }
            // Frozen: what matches later is not added.
            let keys = db.read(&permit, |view| {
                let draft = selections::find(view, listing.spot.store.key, &id)?.ok_or(Problem::NotFound)?;
                selections::settle::<S>(view, &draft, listing.spot.within())
            })?;
            if keys.len() <= MOST_AT_ONCE && !keys.is_empty() {
                db.note(|note| selections::freeze(note, &id, &keys))?;
            }
            Ok((permit, listing.spot.base, id, keys.len()))
        })
        .await?;
    let address = pick.address(&base, &draft);
    let (path, words) = address.split_once('?').unwrap_or((&address, ""));
    if ACTS.contains(&pick.go.as_str()) {
        if settled == 0 {
            return ask.led_to(&address, Note::new("Select at least one account first."));
        }
        if settled > MOST_AT_ONCE {
            let most = text::thousands(MOST_AT_ONCE as i64);
            return ask.led_to(&address, Note::new(format!("Select fewer: at most {most} at once. Nothing was done.")));
        }
        let chosen = Chosen::new(&draft, words);
        return match (is_fragment(&ask.req), pick.go.as_str()) {
            (false, act) => Ok(see_other(&ask.req, &format!("{base}/accounts/{act}?{}", chosen.words()))),
            (true, "assign") => S::assign(&ask, &place, chosen).await,
            (true, act) => together::dialog::<S>(&ask, &place, act, chosen).await,
        };
    }
    if is_fragment(&ask.req) {
        return show::<S>(permit, &ask, place, Query::parse(path, words), pick.turn(moved)).await;
    }
    Ok(see_other(&ask.req, &address))
}
