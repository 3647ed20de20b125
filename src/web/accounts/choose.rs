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
        selections::{self, Purpose, Selected},
    },
    web::{
        choosing::{Choice, Pick, Turn},
        console::accounts::listed_json,
        form::Form,
        frame::{Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading, total},
        note::Note,
        page::{View, is_fragment, see_other},
    },
};
use actix_web::{HttpResponse, web::Path};
use askama::Template;

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
    choice: Choice,
    /// The person: nobody acts on themselves (P-4).
    me: AccountKey,
    narrowed: bool,
    switches: bool,
    assigns: bool,
}

impl View for Choose {
    fn fragment(&self) -> askama::Result<String> {
        if self.choice.ticks { self.as_selbar().render() } else { self.as_results().render() }
    }

    fn reading(&self) -> Option<serde_json::Value> {
        Some(reading(&self.accounts, &self.pager, |listed| {
            let mut row = listed_json(listed);
            row["selected"] = self.choice.has(&listed.account.key).into();
            row
        }))
    }
}

impl Choose {
    fn is_me(&self, listed: &Listed) -> bool {
        listed.account.key == self.me
    }

    /// The list without boxes.
    fn back(&self) -> String {
        list_address(&self.base, &self.query.words())
    }

    /// Where the form posts to.
    fn action(&self) -> String {
        format!("{}/accounts/selection", self.base)
    }

    fn total(&self) -> String {
        total(self.accounts.total)
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
        choice: Choice { draft, selected, only, ticks: turn == Turn::Tick },
        me: ask.actor()?.account,
        narrowed,
        switches: listing.switches,
        assigns: listing.assigns,
    };
    Ok(turn.show(view, address, &ask.req))
}

/// What is done with those who were chosen.
const ACTS: &[&str] = &["disable", "enable", "end-sessions", "assign"];

/// `POST …/accounts/selection`: of what was seen, this is ticked; and what is to be done with all of them.
pub async fn select<S: Screens>(permit: Permit<S::See>, ask: Ask, place: Path<String>, form: Form<Pick>) -> Result<HttpResponse, Problem> {
    let (place, pick) = (place.into_inner(), form.fields);
    let owner = ask.actor()?.account;
    let mut wanted = S::wanted(&ask, &mut pick.query(""))?;
    let (place_too, pick_too) = (place.clone(), pick.clone());
    let (permit, base, draft, settled) = ask
        .house
        .work(move |db| {
            let (listing, keys) = db.read(&permit, |view| {
                let listing = choosable(S::listing(view, &place_too, &mut wanted)?)?;
                let keys = selections::keys(view, listing.spot.store.key, &pick_too.ids()?)?;
                Ok((listing, keys))
            })?;
            let within = listing.at.as_ref().map(|(at, below)| (at.key.0, *below));
            let change = pick_too.change(&keys, Filter { within, ..wanted.filter });
            let purpose = Purpose { store: listing.spot.store.key, pair: None };
            let id = db.note(|note| selections::change(note, &db.chance, owner, pick_too.draft(), purpose, &change))?;
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
    let address = pick.address(&format!("{base}/accounts/choose"), &draft);
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
        return show::<S>(permit, &ask, place, Query::parse(path, words), pick.turn()).await;
    }
    Ok(see_other(&ask.req, &address))
}
