//! Reading the event log (E-2, E-3): lists, one event with before and after, and what can be taken back (W-3).

use super::{
    accounts::Account,
    conn::Conn,
    identity_stores,
    paging::{self, Cursor, Order, Paging, Placed, Slice, Sorted},
    sql::Sql,
    transaction::Reader,
};
use crate::{
    access::{Ground, Reach},
    domain::{
        event::Outcome,
        key::*,
        permissions::{AdministratorRoleView, EventView, OrganizationRoleView, OrganizationView, Permission, ScopeView, UserView},
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// A thing that an event touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The noun.
    pub noun: String,
    /// Its public id.
    pub id: String,
    /// The organization it belonged to, by key.
    pub organization: Option<OrganizationKey>,
    /// Its store, by key.
    pub store: Option<StoreKey>,
}

/// Most things of one event that are read: a list of accounts touches thousands.
pub const SUBJECTS: usize = 20;

/// An event as the log shows it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Place in the log.
    pub key: i64,
    /// Public id.
    pub id: String,
    /// When.
    pub at: Time,
    /// Id of the account that acted; none: the system.
    pub actor: Option<String>,
    /// Its name then.
    pub actor_name: String,
    /// Id of the grant through which they acted.
    pub through: Option<String>,
    /// The code of the act.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whence.
    pub address: Option<String>,
    /// With what.
    pub agent: Option<String>,
    /// The request.
    pub request: Option<String>,
    /// Names and before/after; empty once it was erased. In lists of events that say much: numbers in the place of
    /// lists of names.
    pub detail: Map<String, Value>,
    /// What it touched, the first 20.
    pub subjects: Vec<Touched>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    at: Time,
    #[diesel(sql_type = Nullable<Text>)]
    actor: Option<String>,
    #[diesel(sql_type = Text)]
    actor_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    through: Option<String>,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    outcome: Outcome,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    body: Option<String>,
}

impl Placed for Row {
    fn cursor(&self, _: &Order) -> Cursor {
        Cursor(Sorted::Int(self.key), self.key)
    }
}

/// A list reads the short form of a long detail: an act on thousands names them all, and the sentence needs none.
const BRIEF: &str = "SELECT e.key, e.id, e.at, e.actor, e.actor_name, e.through, e.action, e.outcome, e.address, e.agent, e.request, \
     coalesce((SELECT b.body FROM event_briefs b WHERE b.event = e.key), (SELECT d.body FROM event_details d WHERE d.event = e.key)) AS body";
const WHOLE: &str = "SELECT e.key, e.id, e.at, e.actor, e.actor_name, e.through, e.action, e.outcome, e.address, e.agent, e.request, \
     (SELECT d.body FROM event_details d WHERE d.event = e.key) AS body";

/// What narrows the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The code of an act, or the first part of several: `role`, `role.edit`.
    pub action: String,
    /// The id of the account that acted.
    pub actor: String,
    /// The id of something it touched.
    pub target: String,
    /// Touched in this organization, and with the flag below it.
    pub at: Option<(OrganizationKey, bool)>,
    /// Touched in this store.
    pub store: Option<StoreKey>,
    /// From this instant on.
    pub from: Option<Time>,
    /// Before this instant.
    pub to: Option<Time>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl Filter {
    fn add(&self, sql: &mut Sql) {
        if !self.action.is_empty() {
            let end = format!("{}.\u{10FFFF}", self.action);
            sql.push(" AND (e.action = ").bind(self.action.as_str()).push(" OR (e.action >= ").bind(format!("{}.", self.action));
            sql.push(" AND e.action < ").bind(end).push("))");
        }
        if !self.actor.is_empty() {
            sql.push(" AND e.actor = ").bind(self.actor.as_str());
        }
        if !self.target.is_empty() {
            sql.push(" AND EXISTS (SELECT 1 FROM event_subjects t WHERE t.event = e.key AND t.id = ").bind(self.target.as_str()).push(")");
        }
        match self.at {
            Some((organization, false)) => {
                sql.push(" AND EXISTS (SELECT 1 FROM event_subjects o WHERE o.event = e.key AND o.organization = ")
                    .bind(organization)
                    .push(")");
            }
            Some((organization, true)) => {
                sql.push(" AND EXISTS (SELECT 1 FROM event_subjects o JOIN organization_closure oc ON oc.descendant = o.organization WHERE o.event = e.key AND oc.ancestor = ");
                sql.bind(organization).push(")");
            }
            None => {}
        }
        if let Some(store) = self.store {
            sql.push(" AND EXISTS (SELECT 1 FROM event_subjects w WHERE w.event = e.key AND w.store = ").bind(store).push(")");
        }
        if let Some(from) = self.from {
            sql.push(" AND e.at >= ").bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND e.at < ").bind(to);
        }
        if let Some(outcome) = self.outcome {
            sql.push(" AND e.outcome = ").bind(outcome.word());
        }
    }
}

/// The condition that an event lies inside the reach of `event.view`: it touched something there; what touched nothing
/// of an organization is a thing of the tenant (D-7).
fn visible(sql: &mut Sql, reach: &Reach) {
    if *reach == Reach::Everywhere {
        sql.push("TRUE");
        return;
    }
    sql.push("(EXISTS (SELECT 1 FROM event_subjects v WHERE v.event = e.key AND ").in_reach(reach, "v.organization").push(")");
    if reach.tenant() {
        sql.push(" OR NOT EXISTS (SELECT 1 FROM event_subjects n WHERE n.event = e.key AND n.organization IS NOT NULL)");
    }
    sql.push(")");
}

const NEWEST: Order = Order { column: "e.key", key: "e.key", descending: true };

/// The events in reach, newest first; how many in the place of long lists of names.
///
/// # Errors
/// What the database says.
pub fn list(reader: &mut impl Reader<EventView>, filter: &Filter, paging: &Paging) -> Result<Slice<Recorded>, Problem> {
    let (conn, permit) = reader.parts();
    page(conn, BRIEF, &listed(permit.reach(), filter), paging)
}

/// As [`list`], each with everything that it says. Few at once: one of them may be megabytes long.
///
/// # Errors
/// As [`list`].
pub fn list_whole(reader: &mut impl Reader<EventView>, filter: &Filter, paging: &Paging) -> Result<Slice<Recorded>, Problem> {
    let (conn, permit) = reader.parts();
    page(conn, WHOLE, &listed(permit.reach(), filter), paging)
}

fn listed(reach: &Reach, filter: &Filter) -> Sql {
    let mut from = Sql::new("FROM events e WHERE ");
    visible(&mut from, reach);
    filter.add(&mut from);
    from
}

/// How many events in reach are newer than this one, up to a hundred.
///
/// # Errors
/// What the database says.
pub fn newer(reader: &mut impl Reader<EventView>, filter: &Filter, than: &str) -> Result<i64, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT count(*) AS n FROM (SELECT 1 ");
    sql.append(&listed(permit.reach(), filter));
    sql.push(" AND e.key > (SELECT s.key FROM events s WHERE s.id = ").bind(than).push(") ORDER BY e.key DESC LIMIT 100) newer");
    sql.number(conn)
}

/// The latest events in reach, but for signing in and out; short as in [`list`].
///
/// # Errors
/// What the database says.
pub fn latest(reader: &mut impl Reader<EventView>, most: i64) -> Result<Vec<Recorded>, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(BRIEF);
    sql.push(" FROM events e WHERE e.action NOT IN ('session.start', 'session.end') AND ");
    visible(&mut sql, permit.reach());
    sql.push(&format!(" ORDER BY e.key DESC LIMIT {most}"));
    let rows = sql.load::<Row>(conn)?;
    told(conn, rows)
}

/// The events of an account that was found: those that touched it in reach, and what it did itself; short as in
/// [`list`].
///
/// # Errors
/// What the database says.
pub fn of_account<G: Ground>(reader: &mut impl Reader<G>, account: &Account, paging: &Paging) -> Result<Slice<Recorded>, Problem> {
    let (conn, permit) = reader.parts();
    let mut from =
        Sql::new("FROM events e WHERE EXISTS (SELECT 1 FROM event_subjects s WHERE s.event = e.key AND s.noun = 'account' AND s.id = ");
    from.bind(account.id.as_str()).push(" AND (s.organization IS NULL OR ").in_reach(permit.reach(), "s.organization").push("))");
    page(conn, BRIEF, &from, paging)
}

fn page(conn: &mut Conn, columns: &str, from: &Sql, paging: &Paging) -> Result<Slice<Recorded>, Problem> {
    let slice = paging::slice::<Row>(conn, columns, from, NEWEST, paging)?;
    let Slice { rows, number, per, total, many, first, last } = slice;
    let rows = told(conn, rows)?;
    Ok(Slice { rows, number, per, total, many, first, last })
}

/// With their subjects: one query for all of them.
fn told(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Recorded>, Problem> {
    #[derive(QueryableByName)]
    struct Subject {
        #[diesel(sql_type = BigInt)]
        event: i64,
        #[diesel(sql_type = Text)]
        noun: String,
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Nullable<BigInt>)]
        organization: Option<OrganizationKey>,
        #[diesel(sql_type = Nullable<BigInt>)]
        store: Option<StoreKey>,
    }
    let mut sql = Sql::new("SELECT event, noun, id, organization, store FROM event_subjects WHERE position < ");
    sql.bind(SUBJECTS as i64).push(" AND event IN ").list(rows.iter().map(|row| row.key)).push(" ORDER BY event, position");
    let mut subjects: HashMap<i64, Vec<Touched>> = HashMap::new();
    for Subject { event, noun, id, organization, store } in sql.load::<Subject>(conn)? {
        subjects.entry(event).or_default().push(Touched { noun, id, organization, store });
    }
    Ok(rows
        .into_iter()
        .map(|row| Recorded {
            subjects: subjects.remove(&row.key).unwrap_or_default(),
            detail: row.body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default(),
            key: row.key,
            id: row.id,
            at: row.at,
            // Who fails to sign in is nobody that we know.
            actor_name: if row.actor.is_none() && row.action == "session.start" { "Somebody".into() } else { row.actor_name },
            actor: row.actor,
            through: row.through,
            action: row.action,
            outcome: row.outcome,
            address: row.address,
            agent: row.agent,
            request: row.request,
        })
        .collect())
}

/// One event in reach.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn find(reader: &mut impl Reader<EventView>, id: &str) -> Result<Recorded, Problem> {
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new(WHOLE);
    sql.push(" FROM events e WHERE e.id = ").bind(id).push(" AND ");
    visible(&mut sql, permit.reach());
    let rows = sql.load::<Row>(conn)?;
    told(conn, rows)?.pop().ok_or(Problem::NotFound)
}

/// Which of the things that an event touched are still there and may be opened by the reader, by public id.
///
/// # Errors
/// What the database says.
pub fn openable(reader: &mut impl Reader<EventView>, event: &Recorded) -> Result<HashSet<String>, Problem> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let (conn, permit) = reader.parts();
    let actor = permit.person()?;
    let mut sql = Sql::new("SELECT es.id FROM event_subjects es WHERE es.event = ");
    sql.bind(event.key).push(" AND es.position < ").bind(SUBJECTS as i64).push(" AND (FALSE");
    for (noun, table, leaf) in [
        ("account", "accounts", &UserView::LEAF),
        ("organization", "organizations", &OrganizationView::LEAF),
        ("role", "roles", &OrganizationRoleView::LEAF),
    ] {
        let Some(reach) = actor.reach_of(leaf) else { continue };
        sql.push(" OR es.noun = ").bind(noun).push(" AND EXISTS (SELECT 1 FROM ").push(table).push(" t WHERE t.id = es.id AND ");
        match noun {
            "account" => _ = sql.account_in_reach(&reach, "t.key"),
            "organization" => _ = sql.in_reach(&reach, "t.key"),
            _ => _ = sql.push("TRUE"),
        }
        sql.push(" AND t.store IN (SELECT s.key ").append(&identity_stores::visible(&reach)).push("))");
    }
    if let Some(reach) = actor.reach_of(&ScopeView::LEAF) {
        sql.push(" OR es.noun = 'scope' AND EXISTS (SELECT 1 FROM scopes t WHERE t.id = es.id AND ")
            .in_reach(&reach, "t.organization")
            .push(")");
    }
    if actor.may(&AdministratorRoleView::LEAF) {
        sql.push(" OR es.noun = 'administrator_role' AND EXISTS (SELECT 1 FROM administrator_roles t WHERE t.id = es.id)");
    }
    sql.push(" OR es.noun = 'grant' AND EXISTS (SELECT 1 FROM grants g LEFT JOIN scopes s ON s.key = g.scope WHERE g.id = es.id");
    super::grants::in_sight(&mut sql, actor);
    sql.push("))");
    Ok(sql.load::<Id>(conn)?.into_iter().map(|row| row.id).collect())
}

/// For how long the person who did something may take it back from its message, in seconds (W-3).
const OWN: i64 = 600;

/// An event that the person may try to take back: one of their own of the last ten minutes, or one that they see in
/// the log.
///
/// # Errors
/// [`Problem::NotFound`] otherwise.
pub fn to_undo<G: Ground>(reader: &mut impl Reader<G>, id: &str) -> Result<Recorded, Problem> {
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let actor = permit.person()?;
    let mut sql = Sql::new(WHOLE);
    sql.push(" FROM events e WHERE e.id = ").bind(id).push(" AND ((e.actor = ").bind(actor.id.as_str());
    sql.push(" AND e.at > ").bind(now.plus_seconds(-OWN)).push(")");
    if let Some(reach) = actor.reach_of(&EventView::LEAF) {
        sql.push(" OR ");
        visible(&mut sql, &reach);
    }
    sql.push(")");
    let rows = sql.load::<Row>(conn)?;
    told(conn, rows)?.pop().ok_or(Problem::NotFound)
}
