//! The event log: each event names the hash of the one before it, and its own is the hash of what it says (E-2).

use super::Wrong;
use crate::{
    domain::event::brief,
    problem::Problem,
    store::{
        conn::Conn,
        events::{Sealed, detail_hash},
        schema::{event_briefs, event_details, event_subjects, events},
    },
};
use diesel::prelude::*;
use std::collections::HashMap;

/// How many events are looked at together.
const PIECE: i64 = 5_000;

type Actor = (Option<String>, String, Option<String>);
type Act = (String, String);
type Origin = (Option<String>, Option<String>, Option<String>);
type Row = (i64, String, i64, Actor, Act, Origin, String, String, String);
type Subject = (String, String, Option<i64>, Option<i64>);

pub(super) fn check(conn: &mut Conn, wrong: &mut Wrong) -> Result<(), Problem> {
    use events as e;
    let mut previous = String::new();
    let mut after = i64::MIN;
    loop {
        let rows: Vec<Row> = e::table
            .filter(e::key.gt(after))
            .order(e::key)
            .limit(PIECE)
            .select((
                e::key,
                e::id,
                e::at,
                (e::actor, e::actor_name, e::through),
                (e::action, e::outcome),
                (e::address, e::agent, e::request),
                e::detail_hash,
                e::previous,
                e::hash,
            ))
            .load(conn)?;
        let Some(last) = rows.last().map(|row| row.0) else { return Ok(()) };
        piece(conn, wrong, &rows, after, last, &mut previous)?;
        after = last;
    }
}

fn piece(conn: &mut Conn, wrong: &mut Wrong, rows: &[Row], after: i64, last: i64, previous: &mut String) -> Result<(), Problem> {
    use event_subjects as s;
    let found: Vec<(i64, Subject)> = s::table
        .filter(s::event.gt(after))
        .filter(s::event.le(last))
        .order((s::event, s::position))
        .select((s::event, (s::noun, s::id, s::organization, s::store)))
        .load(conn)?;
    let mut subjects: HashMap<i64, Vec<Subject>> = HashMap::new();
    for (event, subject) in found {
        subjects.entry(event).or_default().push(subject);
    }
    use event_details as d;
    let found: Vec<(i64, String, String)> = d::table.filter(d::event.gt(after)).filter(d::event.le(last)).load(conn)?;
    let details: HashMap<i64, (String, String)> = found.into_iter().map(|(event, salt, body)| (event, (salt, body))).collect();
    use event_briefs as b;
    let found: Vec<(i64, String)> = b::table.filter(b::event.gt(after)).filter(b::event.le(last)).load(conn)?;
    let briefs: HashMap<i64, String> = found.into_iter().collect();
    for (key, id, at, (actor, actor_name, through), (action, outcome), (address, agent, request), detail, before, hash) in rows {
        if before != previous {
            wrong.say("the event log", || format!("An event is missing before {id}, or was changed: the chain is broken there (E-2)."));
        }
        let sealed = Sealed {
            id,
            at: *at,
            actor: actor.as_deref(),
            actor_name,
            through: through.as_deref(),
            action,
            outcome,
            address: address.as_deref(),
            agent: agent.as_deref(),
            request: request.as_deref(),
            subjects: subjects.remove(key).unwrap_or_default(),
            detail_hash: detail,
            previous: before,
        };
        if sealed.hash()? != *hash {
            wrong.say("the event log", || format!("The event {id} was changed after it was written (E-2)."));
        }
        // A detail that was erased leaves no row; its hash stays in the chain.
        if let Some((salt, body)) = details.get(key)
            && detail_hash(salt, body) != *detail
        {
            wrong.say("the event log", || format!("The detail of the event {id} was changed after it was written (E-2)."));
        }
        if let Some((_, body)) = details.get(key)
            && !is_brief(body, briefs.get(key))
        {
            wrong.say("the event log", || format!("What lists say of the event {id} is not what its detail says (E-2)."));
        }
        previous.clone_from(hash);
    }
    Ok(())
}

/// Whether the short form is what the detail makes of itself, however the database wrote it.
fn is_brief(body: &str, stored: Option<&String>) -> bool {
    let Ok(detail) = serde_json::from_str(body) else { return false };
    let stored = stored.map(|stored| serde_json::from_str(stored).unwrap_or_default());
    brief(body, &detail) == stored
}
