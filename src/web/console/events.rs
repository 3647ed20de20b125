//! The event log (screens.md 4.15): list with filters, one event with before and after, and taking it back (W-3).

mod sentence;

use crate::{
    access::{Console, InConsole, Permit},
    domain::{
        event::Outcome,
        identity_store::IdentityStore,
        key::StoreKey,
        organization::Organization,
        permissions::{AdministratorRoleEdit, EventView, OrganizationActivate, OrganizationRoleEdit, RoleAssignmentEdit, UserBlock},
        text,
        time::Time,
    },
    problem::Problem,
    store::{
        View,
        event_log::{self, Filter, Recorded},
        identity_stores, organizations,
        paging::{Paging, Slice},
        undo::{self, Kind},
    },
    web::{
        export,
        form::{Form, Nothing},
        frame::{Acted, Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        me::first_store,
        note::Note,
        page::{is_fragment, page, see_other, view},
        when,
    },
};
use actix_web::{HttpResponse, Responder, web::Path};
use askama::Template;
use sentence::{ACTS, differences, facts, sentence};
use serde_json::json;

/// The machine reading of an event.
pub(super) fn event_json(event: &Recorded) -> serde_json::Value {
    json!({
        "id": event.id, "at": event.at.rfc3339(), "actor": event.actor, "actor_name": event.actor_name, "through": event.through,
        "action": event.action, "sentence": sentence(event), "outcome": event.outcome.word(), "address": event.address,
        "agent": event.agent, "request": event.request, "detail": event.detail,
        "subjects": event.subjects.iter().map(|subject| json!({ "noun": subject.noun, "id": subject.id })).collect::<Vec<_>>(),
    })
}

/// What an event says, for templates of other screens.
pub(in crate::web) fn says(event: &Recorded) -> String {
    sentence(event)
}

#[derive(Template)]
#[template(path = "console/events/list.html", blocks = ["results"])]
struct List {
    f: Frame,
    query: Query,
    events: Slice<Recorded>,
    pager: Pager,
    /// The organization that narrows the list.
    at: Option<String>,
}
view!(List, as_results, json);

impl List {
    fn json(&self) -> serde_json::Value {
        reading(&self.events, &self.pager, event_json)
    }

    fn sentence(&self, event: &Recorded) -> String {
        sentence(event)
    }

    fn acts() -> Vec<(&'static str, &'static str)> {
        ACTS.to_vec()
    }

    fn spans() -> [(&'static str, &'static str); 3] {
        SPANS
    }

    fn narrowed(&self) -> bool {
        ["type", "actor", "target", "org", "store", "since", "from", "to", "result"].iter().any(|word| !self.query.get(word).is_empty())
    }

    fn is_refused(&self, event: &Recorded) -> bool {
        event.outcome == Outcome::Refused
    }

    /// Where to ask for newer ones, while the newest are on the page.
    fn newer(&self) -> Option<String> {
        let newest = self.events.rows.first().filter(|_| self.events.number == 1)?;
        Some(self.query.moved(NEWER).with("than", &newest.id))
    }
}

/// The spans that are offered: words of the address, and what people call them.
const SPANS: [(&str, &str); 3] = [("hour", "Last hour"), ("today", "Today"), ("week", "Last 7 days")];

/// Since when a span of the address goes, at this moment.
fn since(ask: &Ask, query: &mut Query) -> Option<Time> {
    let now = ask.house.db.clock.now();
    match query.one_of("since", &SPANS.map(|(word, _)| word)).as_str() {
        "hour" => Some(now.plus_seconds(-3_600)),
        "today" => when::day(now, &ask.visitor.zone),
        "week" => Some(now.plus_seconds(-7 * 24 * 3_600)),
        _ => None,
    }
}

/// Reads the filters of the log, but for store and organization.
fn filter(ask: &Ask, query: &mut Query) -> Filter {
    let since = since(ask, query);
    Filter {
        action: query.choice("type", plain).unwrap_or_default(),
        actor: query.choice("actor", plain).unwrap_or_default(),
        target: query.choice("target", plain).unwrap_or_default(),
        at: None,
        store: None,
        from: query.instant("from", &ask.visitor.zone, false).max(since),
        to: query.instant("to", &ask.visitor.zone, true),
        outcome: query.choice("result", Outcome::from_word),
    }
}

/// The store and the organization that the address names, in the reader's reach.
fn narrowed(view: &mut View<'_, EventView>, store: &str, org: &str) -> Result<(Option<IdentityStore>, Option<Organization>), Problem> {
    let chosen = if store.is_empty() { None } else { Some(identity_stores::find(view, store)?) };
    let at = match (&chosen, org.is_empty()) {
        (_, true) => None,
        (Some(store), false) => Some(organizations::find(view, store.key, org)?),
        (None, false) => return Err(Problem::NotFound),
    };
    Ok((chosen, at))
}

/// `POST /admin/events/export`: what the list shows, all of it, as CSV or JSON.
pub async fn export(permit: Permit<EventView>, ask: Ask, form: Form<export::Fields>) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut filter = filter(&ask, &mut query);
    let (org, store, below) = (query.get("org").to_owned(), query.get("store").to_owned(), query.is("below", "1"));
    let permit_too = ask.permit::<EventView>()?;
    let (chosen, at) = ask.house.work(move |db| db.read(&permit_too, |view| narrowed(view, &store, &org))).await?;
    filter.store = chosen.map(|store| store.key);
    filter.at = at.map(|at| (at.key, below));
    let columns =
        ["Id", "Time", "Actor id", "Actor", "Through", "Act", "What", "Result", "Address", "Device", "Request", "Subjects", "Detail"];
    let sheet = export::Sheet { name: "events", columns: columns.map(str::to_owned).to_vec() };
    export::send(
        &ask,
        permit,
        sheet,
        export::Format::from_word(&form.fields.format),
        // A file says everything, so few are read at once.
        move |view, paging| event_log::list_whole(view, &filter, &Paging { per: 50, ..paging.clone() }),
        |event: &Recorded| {
            let subjects: Vec<String> = event.subjects.iter().map(|subject| format!("{} {}", subject.noun, subject.id)).collect();
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            vec![
                event.id.clone(),
                event.at.rfc3339(),
                text(&event.actor),
                event.actor_name.clone(),
                text(&event.through),
                event.action.clone(),
                sentence(event),
                event.outcome.word().to_owned(),
                text(&event.address),
                text(&event.agent),
                text(&event.request),
                subjects.join("; "),
                serde_json::to_string(&event.detail).unwrap_or_default(),
            ]
        },
    )
    .await
}

/// `GET /admin/events`
pub async fn list(permit: Permit<EventView>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut filter = filter(&ask, &mut query);
    let (org, store) = (query.get("org").to_owned(), query.get("store").to_owned());
    let below = query.one_of("below", &["1"]) == "1";
    let paging = query.paging(ask.rows());
    let (first, at, events) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let first = first_store(view)?;
                let (chosen, at) = narrowed(view, &store, &org)?;
                filter.store = chosen.as_ref().map(|store| store.key);
                filter.at = at.as_ref().map(|at| (at.key, below));
                let events = event_log::list(view, &filter, &paging)?;
                Ok((chosen.or(first), at.map(|at| at.name), events))
            })
        })
        .await?;
    if let Some(last) = past_end(&query, &events) {
        return Ok(see_other(&ask.req, &last));
    }
    let f = ask.frame("events", first.as_ref(), vec![here("Event log")]);
    let (pager, address) = (Pager::new(&query, &events), query.address());
    Ok(page(List { f, query, events, pager, at }).replaces(address).respond_to(&ask.req))
}

/// Where a page of the log asks whether there is more by now. It does so by itself, so that keeps no session alive.
pub(in crate::web) const NEWER: &str = "/admin/events/newer";

#[derive(Template)]
#[template(path = "console/events/newer.html")]
struct Newer {
    count: i64,
    href: String,
}

/// `GET /admin/events/newer`: how many events came since `than`, under the filters of the page that asks.
pub async fn newer(permit: Permit<EventView>, ask: Ask) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let mut filter = filter(&ask, &mut query);
    let (org, store, below) = (query.get("org").to_owned(), query.get("store").to_owned(), query.is("below", "1"));
    let than = query.get("than").to_owned();
    let count = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let (chosen, at) = narrowed(view, &store, &org)?;
                filter.store = chosen.map(|store| store.key);
                filter.at = at.map(|at| (at.key, below));
                event_log::newer(view, &filter, &than)
            })
        })
        .await?;
    let href = query.moved("/admin/events").without("than");
    if !is_fragment(&ask.req) {
        return Ok(see_other(&ask.req, &href));
    }
    let html = Newer { count, href }.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}

/// Codes and ids: short, of letters, digits, underscore and dot.
fn plain(word: &str) -> Option<String> {
    let good = word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
    good.then(|| word.to_owned())
}

#[derive(Template)]
#[template(path = "console/events/detail.html", blocks = ["content"])]
struct Show {
    f: Frame,
    event: Recorded,
    /// Nouns and ids that it touched, with the address where the viewer may open them.
    touched: Vec<(String, String, Option<String>)>,
}
view!(Show, as_content, json);

impl Show {
    fn json(&self) -> serde_json::Value {
        event_json(&self.event)
    }

    fn sentence(&self) -> String {
        sentence(&self.event)
    }

    fn differences(&self) -> Vec<(String, String, String)> {
        differences(&self.event)
    }

    fn facts(&self) -> Vec<(String, String)> {
        facts(&self.event)
    }

    fn is_refused(&self) -> bool {
        self.event.outcome == Outcome::Refused
    }

    fn undoes(&self) -> Option<&str> {
        self.event.detail.get("undoes").and_then(serde_json::Value::as_str)
    }
}

/// `GET /admin/events/{event}`
pub async fn detail(permit: Permit<EventView>, ask: Ask, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (first, event, stores, openable) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let event = event_log::find(view, &id)?;
                let openable = event_log::openable(view, &event)?;
                Ok((first_store(view)?, event, identity_stores::slugs(view)?, openable))
            })
        })
        .await?;
    let kind = |noun: &str| match noun {
        "organization" => Some("organizations"),
        "account" => Some("accounts"),
        "role" => Some("roles"),
        _ => None,
    };
    let mut touched: Vec<(String, String, Option<String>)> = Vec::new();
    for subject in &event.subjects {
        if touched.iter().any(|(_, id, _)| *id == subject.id) {
            continue;
        }
        let slug = subject.store.and_then(|key: StoreKey| stores.iter().find(|(store, _)| *store == key)).map(|(_, slug)| slug);
        let href = match (slug, kind(&subject.noun)) {
            _ if !openable.contains(&subject.id) => None,
            _ if subject.noun == "scope" => Some(format!("/admin/scopes/{}", subject.id)),
            _ if subject.noun == "grant" => Some(format!("/admin/grants/{}", subject.id)),
            _ if subject.noun == "administrator_role" => Some(format!("/admin/administrator-roles/{}", subject.id)),
            (Some(slug), Some(kind)) => Some(format!("/admin/stores/{slug}/{kind}/{}", subject.id)),
            _ => None,
        };
        touched.push((text::heading(&subject.noun), subject.id.clone(), href));
    }
    let f = ask.frame("events", first.as_ref(), vec![crumb("/admin/events", "Event log"), here("Event")]);
    Ok(page(Show { f, event, touched }).whole().respond_to(&ask.req))
}

/// `POST /admin/events/{event}/undo`: a new act by whoever does it, under the permission of the reverse act.
pub async fn undo(permit: Permit<Console>, ask: Ask, id: Path<String>, form: Form<Nothing>) -> Result<HttpResponse, Problem> {
    let event = ask.house.work(move |db| db.read(&permit, |view| event_log::to_undo(view, &id))).await?;
    let Some(kind) = event.undoable() else {
        return Err(Problem::Conflict("This cannot be undone.".into()));
    };
    let once = form.once;
    let done = match kind {
        Kind::Assignment => {
            ask.act(ask.permit::<RoleAssignmentEdit>()?, once, move |tx| {
                undo::assignment(tx, &event).map(|(to, words)| ((to.clone(), words), to))
            })
            .await?
        }
        Kind::Role => {
            ask.act(ask.permit::<OrganizationRoleEdit>()?, once, move |tx| {
                undo::role(tx, &event).map(|(to, words)| ((to.clone(), words), to))
            })
            .await?
        }
        Kind::AdministratorRole => {
            ask.act(ask.permit::<AdministratorRoleEdit>()?, once, move |tx| {
                undo::administrator_role(tx, &event).map(|(to, words)| ((to.clone(), words), to))
            })
            .await?
        }
        Kind::Membership => {
            ask.act(ask.permit::<UserBlock>()?, once, move |tx| {
                undo::membership::<InConsole>(tx, &event).map(|(to, words)| ((to.clone(), words), to))
            })
            .await?
        }
        Kind::Status => {
            ask.act(ask.permit::<UserBlock>()?, once, move |tx| {
                undo::status::<InConsole>(tx, &event).map(|(to, words)| ((to.clone(), words), to))
            })
            .await?
        }
        Kind::Organization => {
            ask.act(ask.permit::<OrganizationActivate>()?, once, move |tx| {
                undo::organization(tx, &event).map(|(to, words)| ((to.clone(), words), to))
            })
            .await?
        }
    };
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((to, words)) => ask.led_to(&to, Note::new(words)),
    }
}
