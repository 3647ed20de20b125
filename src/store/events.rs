//! The event log: append-only, in the same transaction as the change, chained by hashes (E-1, E-2).

use super::{
    conn::{Conn, on_each},
    schema::{event_briefs, event_details, event_subjects, events, grants},
    sql::Sql,
};
use crate::{
    access::{Ground, Permit},
    clock::Chance,
    domain::{
        event::{Event, brief},
        key::*,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

#[derive(Insertable)]
#[diesel(table_name = event_subjects)]
#[diesel(treat_none_as_default_value = false)]
struct SubjectRow {
    event: i64,
    position: i32,
    noun: &'static str,
    id: String,
    organization: Option<OrganizationKey>,
    store: Option<StoreKey>,
}

/// What is hashed of one event, in a fixed order and form.
#[derive(serde::Serialize)]
pub(super) struct Sealed<'a> {
    pub id: &'a str,
    pub at: i64,
    pub actor: Option<&'a str>,
    pub actor_name: &'a str,
    pub through: Option<&'a str>,
    pub action: &'a str,
    pub outcome: &'a str,
    pub address: Option<&'a str>,
    pub agent: Option<&'a str>,
    pub request: Option<&'a str>,
    pub subjects: Vec<(String, String, Option<i64>, Option<i64>)>,
    pub detail_hash: &'a str,
    pub previous: &'a str,
}

impl Sealed<'_> {
    /// The hash that the next event names as its previous one.
    pub(super) fn hash(&self) -> Result<String, Problem> {
        serde_json::to_vec(self).map(|bytes| hex(&Sha256::digest(bytes))).map_err(Problem::internal)
    }
}

/// The hash of a detail, salted so that an erased one cannot be guessed.
pub(super) fn detail_hash(salt: &str, body: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(body).finalize())
}

/// Hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Appends an event to the chain. Only the holder of the writer's lock may call it.
pub(super) fn append<G: Ground>(conn: &mut Conn, permit: &Permit<G>, chance: &Chance, now: Time, event: Event) -> Result<String, Problem> {
    let through = match permit.grant() {
        Some(grant) => grants::table.find(grant).select(grants::id).first::<String>(conn).optional()?,
        None => None,
    };
    let actor = permit.actor().map(|actor| (actor.id.clone(), actor.name.clone()));
    append_as(conn, chance, now, event, actor, through, permit.origin())
}

/// Appends an event in the name of an account, by id and name; none: the system.
pub(super) fn append_as(
    conn: &mut Conn,
    chance: &Chance,
    now: Time,
    event: Event,
    actor: Option<(String, String)>,
    through: Option<String>,
    origin: &crate::access::Origin,
) -> Result<String, Problem> {
    let previous: String = events::table.order(events::key.desc()).select(events::hash).first(conn).optional()?.unwrap_or_default();
    let id = chance.id("event");
    let salt = hex(&chance.bytes::<16>());
    let body = serde_json::to_string(&event.detail).map_err(Problem::internal)?;
    let brief = brief(&body, &event.detail).map(|brief| serde_json::to_string(&brief)).transpose().map_err(Problem::internal)?;
    let detail_hash = detail_hash(&salt, &body);
    let (actor_id, actor_name) = match &actor {
        Some((id, name)) => (Some(id.as_str()), name.as_str()),
        None => (None, "System"),
    };
    let sealed = Sealed {
        id: &id,
        at: now.micros(),
        actor: actor_id,
        actor_name,
        through: through.as_deref(),
        action: event.action,
        outcome: event.outcome.word(),
        address: origin.address.as_deref(),
        agent: origin.agent.as_deref(),
        request: origin.request.as_deref(),
        subjects: event
            .subjects
            .iter()
            .map(|s| (s.noun.to_owned(), s.id.clone(), s.organization.map(|k| k.0), s.store.map(|k| k.0)))
            .collect(),
        detail_hash: &detail_hash,
        previous: &previous,
    };
    let hash = sealed.hash()?;
    let key: i64 = diesel::insert_into(events::table)
        .values((
            events::id.eq(&id),
            events::at.eq(now),
            events::actor.eq(actor_id),
            events::actor_name.eq(actor_name),
            events::through.eq(through.as_deref()),
            events::action.eq(event.action),
            events::outcome.eq(event.outcome),
            events::address.eq(origin.address.as_deref()),
            events::agent.eq(origin.agent.as_deref()),
            events::request.eq(origin.request.as_deref()),
            events::detail_hash.eq(&detail_hash),
            events::previous.eq(&previous),
            events::hash.eq(&hash),
        ))
        .returning(events::key)
        .get_result(conn)?;
    let rows: Vec<SubjectRow> = event
        .subjects
        .into_iter()
        .zip(0..)
        .map(|(subject, position)| SubjectRow {
            event: key,
            position,
            noun: subject.noun,
            id: subject.id,
            organization: subject.organization,
            store: subject.store,
        })
        .collect();
    for rows in rows.chunks(5_000) {
        on_each!(conn, |conn| diesel::insert_into(event_subjects::table).values(rows).execute(conn))?;
    }
    diesel::insert_into(event_details::table)
        .values((event_details::event.eq(key), event_details::salt.eq(salt), event_details::body.eq(body)))
        .execute(conn)?;
    if let Some(brief) = brief {
        diesel::insert_into(event_briefs::table).values((event_briefs::event.eq(key), event_briefs::body.eq(brief))).execute(conn)?;
    }
    Ok(id)
}

/// Writes down a refused act of a person, at most 20 a minute (E-1); more are only counted by the process's log.
///
/// # Errors
/// What the database says.
pub fn record_refusal(
    tx: &mut super::Tx<crate::access::system::Refusing>,
    actor: &crate::access::Actor,
    event: Event,
) -> Result<(), Problem> {
    let since = tx.now().plus_seconds(-60);
    if refused_since(tx.conn(), &actor.id, since)? >= 20 {
        tracing::warn!(account = actor.id, "more than 20 refused acts in a minute");
        return Err(Problem::TooMany(60));
    }
    tx.record_as(event, (actor.id.clone(), actor.name.clone())).map(|_| ())
}

/// How many refused acts of an account were written since an instant (E-1: at most 20 a minute).
pub(super) fn refused_since(conn: &mut Conn, actor: &str, since: Time) -> Result<i64, Problem> {
    // The word stands in the text, and the order is the one of the index of refused acts, or that would not serve.
    let mut sql = Sql::new("SELECT count(*) AS n FROM (SELECT 1 FROM events WHERE outcome = 'refused' AND actor = ");
    sql.bind(actor).push(" AND at > ").bind(since).push(" ORDER BY at DESC LIMIT 21) recent");
    sql.number(conn)
}
