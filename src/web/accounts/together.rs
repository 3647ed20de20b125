//! What is done to several accounts of a list at once, once they are chosen: disabled, enabled, signed out (screens.md 4.6, P2,
//! 3.5).

use super::{Screens, Spot, choose::list_address};
use crate::{
    access::{Ground, Permit},
    domain::text,
    problem::Problem,
    store::{
        Reader, Tx,
        accounts::{self, Changed, Together},
        selections,
    },
    web::{
        form::Form,
        frame::{Acted, Ask, Frame, crumb, here},
        list::Query,
        note::Note,
        page::{encode, page, view},
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Disable,
    Enable,
    EndSessions,
}

impl Act {
    fn from_word(word: &str) -> Option<Self> {
        [Self::Disable, Self::Enable, Self::EndSessions].into_iter().find(|act| act.word() == word)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::EndSessions => "end-sessions",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::EndSessions => "End sessions",
        }
    }
}

/// The draft that holds those who were chosen, and the words of the list they were chosen on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    d: String,
    list: String,
    /// The mark of the effect that was shown (Z-11).
    confirmed: Option<String>,
}

impl Chosen {
    /// Of a draft that is settled.
    pub fn new(draft: &str, list: &str) -> Self {
        Self { d: draft.to_owned(), list: list.to_owned(), confirmed: None }
    }

    /// As the address names it.
    pub fn read(ask: &Ask) -> Self {
        serde_html_form::from_str(ask.req.query_string()).unwrap_or_default()
    }

    /// As an address names it.
    pub fn words(&self) -> String {
        format!("d={}&list={}", encode(&self.d), encode(&self.list))
    }

    /// The id of the draft.
    pub fn draft(&self) -> &str {
        &self.d
    }

    /// The words of the list.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Where they were chosen; whatever the words are, it is that list.
    pub fn back(&self, base: &str) -> String {
        Query::parse(&format!("{base}/accounts/choose"), &self.list).with_all(&[("d", &self.d)])
    }

    /// Back to there, when nobody was chosen, or somebody went on choosing.
    ///
    /// # Errors
    /// Only when the note cannot be carried.
    pub fn nobody(&self, ask: &Ask, base: &str) -> Result<HttpResponse, Problem> {
        ask.led_to(&self.back(base), Note::new("Select at least one account, and then what to do."))
    }
}

/// Where that is, and the ids of those who were chosen; nobody, where the choice goes on or is over.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn settled<S: Screens, G: Ground>(reader: &mut impl Reader<G>, place: &str, chosen: &Chosen) -> Result<(Spot, Vec<String>), Problem> {
    // Who sees no accounts acts on none, whatever they may.
    if S::See::reach(reader.permit().person()?).is_none() {
        return Err(Problem::NotFound);
    }
    let spot = S::spot(reader, place, None)?;
    let ids = match selections::find(reader, spot.store.key, &chosen.d)? {
        Some(draft) if draft.frozen.is_some() => selections::frozen(reader, &draft)?,
        _ => Vec::new(),
    };
    Ok((spot, ids))
}

#[derive(Template)]
#[template(path = "accounts/together.html", blocks = ["dialog"])]
struct Confirm {
    f: Frame,
    base: String,
    act: Act,
    chosen: Chosen,
    found: Together,
    /// Whether the effect changed since it was shown.
    changed: bool,
}
view!(Confirm, as_dialog);

impl Confirm {
    fn word(&self) -> &'static str {
        self.act.word()
    }

    fn disables(&self) -> bool {
        self.act == Act::Disable
    }

    fn enables(&self) -> bool {
        self.act == Act::Enable
    }

    /// How many the act changes.
    fn count(&self) -> usize {
        if self.act == Act::EndSessions { self.found.accounts.len() } else { self.found.affected() }
    }

    fn people(&self) -> String {
        text::count(self.count() as i64, "account", "accounts")
    }

    fn title(&self) -> String {
        match self.act {
            _ if self.count() == 0 => format!("{}: nobody is left to do it to", self.act.label()),
            Act::EndSessions => format!("End all sessions of {}?", self.people()),
            act => format!("{} {}?", act.label(), self.people()),
        }
    }

    fn button(&self) -> String {
        match self.act {
            Act::EndSessions => format!("End sessions of {}", self.people()),
            act => format!("{} {}", act.label(), self.people()),
        }
    }

    fn back(&self) -> String {
        self.chosen.back(&self.base)
    }
}

fn draw<S: Screens>(
    ask: &Ask,
    spot: &Spot,
    act: Act,
    chosen: Chosen,
    found: Together,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let f = S::frame(ask, spot, vec![crumb(format!("{}/accounts", spot.base), "Accounts"), here(act.label())]);
    let view = Confirm { f, base: spot.base.clone(), act, chosen, found, changed: status == StatusCode::CONFLICT };
    Ok(page(view).status(status).respond_to(&ask.req))
}

/// The confirmation of an act on those who were chosen.
///
/// # Errors
/// [`Problem::Forbidden`] for who may not; [`Problem::NotFound`] for another word.
pub(super) async fn dialog<S: Screens>(ask: &Ask, place: &str, word: &str, chosen: Chosen) -> Result<HttpResponse, Problem> {
    let act = Act::from_word(word).ok_or(Problem::NotFound)?;
    confirm::<S>(ask.permit::<S::Switch>()?, ask, place.to_owned(), act, chosen).await
}

async fn confirm<S: Screens>(
    permit: Permit<S::Switch>,
    ask: &Ask,
    place: String,
    act: Act,
    chosen: Chosen,
) -> Result<HttpResponse, Problem> {
    let chosen_too = chosen.clone();
    let (spot, found) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let (spot, ids) = settled::<S, _>(view, &place, &chosen_too)?;
                let found = if ids.is_empty() { None } else { Some(accounts::together::<S>(view, &spot.store, &ids, act == Act::Enable)?) };
                Ok((spot, found))
            })
        })
        .await?;
    match found {
        Some(found) => draw::<S>(ask, &spot, act, chosen, found, StatusCode::OK),
        None => chosen.nobody(ask, &spot.base),
    }
}

/// `GET …/accounts/disable?d=`
pub async fn confirm_disable_all<S: Screens>(permit: Permit<S::Switch>, ask: Ask, place: Path<String>) -> Result<HttpResponse, Problem> {
    confirm::<S>(permit, &ask, place.into_inner(), Act::Disable, Chosen::read(&ask)).await
}

/// `GET …/accounts/enable?d=`
pub async fn confirm_enable_all<S: Screens>(permit: Permit<S::Switch>, ask: Ask, place: Path<String>) -> Result<HttpResponse, Problem> {
    confirm::<S>(permit, &ask, place.into_inner(), Act::Enable, Chosen::read(&ask)).await
}

/// `GET …/accounts/end-sessions?d=`
pub async fn confirm_end_all_sessions<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    place: Path<String>,
) -> Result<HttpResponse, Problem> {
    confirm::<S>(permit, &ask, place.into_inner(), Act::EndSessions, Chosen::read(&ask)).await
}

/// What came of it: the note that says so; or what to confirm (anew) first.
type Answer = Result<Note, Together>;

/// Acts on all of them or on none: only what was shown is done (Z-11).
fn act_on<S: Screens>(tx: &mut Tx<'_, S::Switch>, spot: &Spot, act: Act, chosen: &Chosen, ids: &[String]) -> Result<Answer, Problem> {
    let on = act == Act::Enable;
    let found = accounts::together::<S>(tx, &spot.store, ids, on)?;
    if found.accounts.is_empty() || chosen.confirmed.as_deref() != Some(&found.mark()) {
        return Ok(Err(found));
    }
    let ids: Vec<String> = found.accounts.iter().map(|account| account.id.clone()).collect();
    if act == Act::EndSessions {
        let ended = accounts::end_sessions_of::<S>(tx, &spot.store, &ids)?;
        let people = text::count(ids.len() as i64, "account", "accounts");
        return Ok(Ok(Note::new(format!("{} of {people} ended.", text::count(ended as i64, "session", "sessions")))));
    }
    match accounts::set_enabled::<S>(tx, &spot.store, &ids, on, &[])? {
        Changed::Done { changed, event, .. } => {
            let many = changed.len() as i64;
            let words = match on {
                true => format!("{}.", text::count(many, "account is enabled again", "accounts are enabled again")),
                false => format!(
                    "{} everywhere.",
                    text::count(many, "account is disabled, and signed out", "accounts are disabled, and signed out")
                ),
            };
            Ok(Ok(if changed.is_empty() { Note::new(words) } else { Note::new(words).undo(event) }))
        }
        Changed::Not { .. } => Ok(Err(found)),
    }
}

async fn post<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    place: String,
    form: Form<Chosen>,
    act: Act,
) -> Result<HttpResponse, Problem> {
    let chosen = form.fields;
    let chosen_too = chosen.clone();
    let done = ask
        .act(permit, form.once, move |tx| {
            let (spot, ids) = settled::<S, _>(tx, &place, &chosen_too)?;
            let answer = if ids.is_empty() { None } else { Some(act_on::<S>(tx, &spot, act, &chosen_too, &ids)?) };
            let to = list_address(&spot.base, &chosen_too.list);
            Ok(((spot, answer, to.clone()), to))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((_, Some(Ok(note)), to)) => ask.led_to(&to, note),
        Acted::Now((spot, Some(Err(found)), _)) => {
            // Without a mark it is a plain button; with one the effect changed since it was shown.
            let status = if chosen.confirmed.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
            draw::<S>(&ask, &spot, act, chosen, found, status)
        }
        Acted::Now((spot, None, _)) => chosen.nobody(&ask, &spot.base),
    }
}

/// `POST …/accounts/disable`
pub async fn disable_all<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    place: Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    post::<S>(permit, ask, place.into_inner(), form, Act::Disable).await
}

/// `POST …/accounts/enable`
pub async fn enable_all<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    place: Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    post::<S>(permit, ask, place.into_inner(), form, Act::Enable).await
}

/// `POST …/accounts/end-sessions`
pub async fn end_all_sessions<S: Screens>(
    permit: Permit<S::Switch>,
    ask: Ask,
    place: Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    post::<S>(permit, ask, place.into_inner(), form, Act::EndSessions).await
}
