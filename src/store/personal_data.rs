//! Everything that is held about an account, for its download (P-9): each section needs its own right to look.

use super::{
    accounts::{self, Detail},
    event_log::{self, Recorded},
    paging::Paging,
    schema::authenticators,
    sessions::{self, Session},
    targets,
    transaction::{Reader, Tx},
    verifications::{self, Verification},
};
use crate::{
    access::{Ground, Side},
    domain::{event::Event, identity_store::IdentityStore, time::Time},
    problem::Problem,
};
use diesel::prelude::*;

/// Events in a download, the latest.
const EVENTS: i64 = 1_000;

/// What a download holds. A section that the person may not look at is none.
#[derive(Clone, Debug)]
pub struct PersonalData {
    /// Profile, groups and memberships; identifiers only for who may see them, attributes as their switches say (S-2).
    pub detail: Detail,
    /// Whether the identifiers are in it.
    pub identifiers: bool,
    /// E-mail and phone authenticators: type, value, when its owner confirmed it.
    pub authenticators: Option<Vec<(String, String, Option<Time>)>>,
    /// Sessions that last.
    pub sessions: Vec<Session>,
    /// Verification by hand.
    pub verification: Option<Verification>,
    /// What happened to it in the organizations that the person reaches (E-3).
    pub events: Option<Vec<Recorded>>,
    /// When it was gathered.
    pub at: Time,
}

/// Gathers it and writes down that it was downloaded, and why.
///
/// # Errors
/// [`Problem::NotFound`] and [`Problem::Forbidden`] as every act on an account (P-3, P-4).
pub fn download<S: Side>(
    tx: &mut Tx<S::Download>,
    store: &IdentityStore,
    id: &str,
    format: &str,
    why: &str,
) -> Result<PersonalData, Problem> {
    let found = targets::acted_on::<S, _>(tx, store.key, id)?;
    let at = tx.now();
    let account = &found.account;
    let acts = accounts::acts(tx, account)?;
    let detail = tx.also::<S::See, _>(|view| accounts::detail::<S>(view, store.key, id))?;
    let authenticators = match acts.sees::<S::SeeAuthenticators>() {
        true => {
            use authenticators as a;
            let of = a::table.filter(a::account.eq(account.key)).order(a::key);
            Some(of.select((a::kind, a::value, a::confirmed_at)).load(tx.conn())?)
        }
        false => None,
    };
    let sessions = sessions::of(tx, account)?;
    let verification = verifications::find(tx, account)?;
    let actor = tx.permit().person()?.clone();
    let events = match S::SeeEvents::reach(&actor) {
        Some(_) if acts.sees::<S::SeeEvents>() => {
            let paging = Paging::first(EVENTS);
            Some(tx.also::<S::SeeEvents, _>(|view| event_log::of_account(view, account, &paging))?.rows)
        }
        _ => None,
    };
    tx.record(found.subjects(Event::done("account.data"), store.key).with("format", format).with("reason", why))?;
    Ok(PersonalData { identifiers: acts.sees::<S::SeeIdentifiers>(), detail, authenticators, sessions, verification, events, at })
}
