//! Sessions (I-5): in the database, their id only as a hash, listed and ended one by one or all.

use super::{
    conn::Conn,
    events,
    preferences::Preferences,
    schema::{accounts, sessions},
    settings,
    sql::Sql,
    transaction::{Note, Reader, Tx},
};
use crate::{
    access::{Ground, Myself, system::SigningIn},
    domain::{
        event::{Event, Subject},
        key::AccountKey,
        settings::{Section, SignIn},
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use sha2::{Digest, Sha256};

/// Limits of a session, in seconds (I-5).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a request.
    pub idle: i64,
    /// In all.
    pub absolute: i64,
}

impl Limits {
    /// As the settings say.
    pub fn of(settings: &SignIn) -> Self {
        Self { idle: settings.idle_minutes * 60, absolute: settings.absolute_hours * 3600 }
    }
}

/// What is known of a session when it begins.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Its secret, which only the cookie holds.
    pub secret: String,
    /// Its public id, for the list of sessions.
    pub id: String,
    /// Whose it is.
    pub account: AccountKey,
    /// What the session middleware keeps.
    pub state: String,
    /// Whence.
    pub address: Option<String>,
    /// With what.
    pub agent: Option<String>,
}

fn hash(secret: &str) -> String {
    events::hex(&Sha256::digest(secret))
}

/// Begins a session.
///
/// # Errors
/// What the database says.
pub fn begin(note: &mut Note, begin: Begin) -> Result<(), Problem> {
    let now = note.now();
    diesel::insert_into(sessions::table)
        .values((
            sessions::hash.eq(hash(&begin.secret)),
            sessions::id.eq(begin.id),
            sessions::account.eq(begin.account),
            sessions::state.eq(begin.state),
            sessions::address.eq(begin.address),
            sessions::agent.eq(begin.agent),
            sessions::created_at.eq(now),
            sessions::seen_at.eq(now),
        ))
        .execute(note.conn())?;
    Ok(())
}

/// A session with all that its requests begin with.
#[derive(Clone, Debug)]
pub struct Lasting {
    /// What it holds.
    pub state: String,
    /// When it was last used.
    pub seen_at: Time,
    /// What its person likes.
    pub preferences: Preferences,
    /// The mark under which what is kept in memory holds.
    pub mark: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    seen_at: Time,
    #[diesel(sql_type = BigInt)]
    created_at: Time,
    #[diesel(sql_type = BigInt)]
    mark: i64,
    #[diesel(sql_type = Nullable<Text>)]
    settings: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    appearance: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    density: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    per_page: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    shortcuts: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    separator: Option<String>,
}

impl Row {
    /// Whoever has set nothing likes what holds without.
    fn preferences(&self) -> Preferences {
        let without = Preferences::default();
        Preferences {
            appearance: self.appearance.clone().unwrap_or(without.appearance),
            density: self.density.clone().unwrap_or(without.density),
            time_zone: self.time_zone.clone(),
            per_page: self.per_page.unwrap_or(without.per_page),
            shortcuts: self.shortcuts.unwrap_or(without.shortcuts),
            separator: self.separator.clone().unwrap_or(without.separator),
        }
    }
}

/// A session, while it lasts. Reading writes nothing.
///
/// # Errors
/// What the database says.
pub fn state(reader: &mut impl Reader<SigningIn>, secret: &str) -> Result<Option<Lasting>, Problem> {
    let now = reader.now();
    // In one statement, as this is asked for every request; and without a bound limit, for which SQLite plans anew each time.
    let mut sql = Sql::new(
        "SELECT s.state, s.seen_at, s.created_at, (SELECT mark FROM freshness) AS mark, \
         p.appearance, p.density, p.time_zone, p.per_page, p.shortcuts, p.separator, (SELECT value FROM settings WHERE name = ",
    );
    sql.bind(SignIn::NAME).push(") AS settings FROM sessions s LEFT JOIN preferences p ON p.account = s.account WHERE s.hash = ");
    sql.bind(hash(secret));
    let Some(row) = sql.load::<Row>(reader.conn())?.pop() else { return Ok(None) };
    let preferences = row.preferences();
    let Row { state, seen_at, created_at, mark, settings, .. } = row;
    let limits = Limits::of(&settings::read(settings.as_deref()).is);
    let lasts = seen_at > now.plus_seconds(-limits.idle) && created_at > now.plus_seconds(-limits.absolute);
    Ok(lasts.then_some(Lasting { state, seen_at, preferences, mark }))
}

/// Changes what a session holds. An UPDATE, never more: a request in flight must not bring an ended one back.
///
/// # Errors
/// What the database says.
pub fn update(note: &mut Note, secret: &str, state: &str) -> Result<(), Problem> {
    let now = note.now();
    diesel::update(sessions::table.find(hash(secret))).set((sessions::state.eq(state), sessions::seen_at.eq(now))).execute(note.conn())?;
    Ok(())
}

/// Notes that a session was used, by its public id; at most once a minute.
///
/// # Errors
/// What the database says.
pub fn touch(note: &mut Note, id: &str) -> Result<(), Problem> {
    let now = note.now();
    diesel::update(sessions::table.filter(sessions::id.eq(id)).filter(sessions::seen_at.lt(now.plus_seconds(-60))))
        .set(sessions::seen_at.eq(now))
        .execute(note.conn())?;
    Ok(())
}

/// Ends a session by its secret.
///
/// # Errors
/// What the database says.
pub fn end(note: &mut Note, secret: &str) -> Result<(), Problem> {
    diesel::delete(sessions::table.find(hash(secret))).execute(note.conn())?;
    Ok(())
}

/// A session in its owner's list.
#[derive(Clone, Debug, Queryable)]
pub struct Session {
    /// Public id.
    pub id: String,
    /// Whence.
    pub address: Option<String>,
    /// With what.
    pub agent: Option<String>,
    /// Since when.
    pub created_at: Time,
    /// Last use.
    pub seen_at: Time,
}

/// One's own sessions, latest first, and how long they last.
///
/// # Errors
/// What the database says.
pub fn list(reader: &mut impl Reader<Myself>) -> Result<(Vec<Session>, Limits), Problem> {
    let now = reader.now();
    let me = reader.permit().person()?.account;
    let limits = settings::limits(reader.conn())?;
    Ok((lasting(reader.conn(), me, limits, now)?, limits))
}

/// The sessions of an account that was found, latest first, up to 100.
///
/// # Errors
/// What the database says.
pub fn of<G: Ground>(reader: &mut impl Reader<G>, account: &super::accounts::Account) -> Result<Vec<Session>, Problem> {
    let now = reader.now();
    let limits = settings::limits(reader.conn())?;
    lasting(reader.conn(), account.key, limits, now)
}

fn lasting(conn: &mut Conn, account: AccountKey, limits: Limits, now: Time) -> Result<Vec<Session>, Problem> {
    use sessions as s;
    Ok(s::table
        .filter(s::account.eq(account))
        .filter(s::seen_at.gt(now.plus_seconds(-limits.idle)))
        .filter(s::created_at.gt(now.plus_seconds(-limits.absolute)))
        .order((s::seen_at.desc(), s::id))
        .limit(100)
        .select((s::id, s::address, s::agent, s::created_at, s::seen_at))
        .load(conn)?)
}

/// Ends one of one's own sessions, or all but `keep`. How many were ended.
///
/// # Errors
/// [`Problem::NotFound`] when the named one is not one's own.
pub fn end_own(tx: &mut Tx<Myself>, id: Option<&str>, keep: &str) -> Result<usize, Problem> {
    use sessions as s;
    let me = tx.permit().person()?.clone();
    let ended = match id {
        Some(id) => diesel::delete(s::table.filter(s::account.eq(me.account)).filter(s::id.eq(id))).execute(tx.conn())?,
        None => diesel::delete(s::table.filter(s::account.eq(me.account)).filter(s::id.ne(keep))).execute(tx.conn())?,
    };
    if ended == 0 && id.is_some() {
        return Err(Problem::NotFound);
    }
    tx.record(Event::done("session.end").on(Subject::of("account", &me.id).in_store(me.store)).with("ended", ended))?;
    Ok(ended)
}

/// Ends every session of an account, all but `keep` (S-6).
pub(super) fn end_all(conn: &mut Conn, account: AccountKey, keep: Option<&str>) -> Result<usize, Problem> {
    use sessions as s;
    Ok(match keep {
        Some(keep) => diesel::delete(s::table.filter(s::account.eq(account)).filter(s::id.ne(keep))).execute(conn)?,
        None => diesel::delete(s::table.filter(s::account.eq(account))).execute(conn)?,
    })
}

/// Writes down that a person signed out.
///
/// # Errors
/// What the database says.
pub fn signed_out(tx: &mut Tx<SigningIn>, account: AccountKey) -> Result<(), Problem> {
    let (id, store): (String, crate::domain::key::StoreKey) =
        accounts::table.find(account).select((accounts::id, accounts::store)).first(tx.conn())?;
    record_as(tx, account, Event::done("session.end").on(Subject::of("account", id).in_store(store)))
}

/// Records an event in the name of an account, from work that runs before there is an actor.
pub(super) fn record_as<G: Ground>(tx: &mut Tx<G>, account: AccountKey, event: Event) -> Result<(), Problem> {
    let actor: (String, String) = accounts::table.find(account).select((accounts::id, accounts::name)).first(tx.conn())?;
    tx.record_as(event, actor).map(|_| ())
}

/// Deletes sessions over a limit; for the job that cleans up.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use sessions as s;
    let limits = settings::limits(conn)?;
    let (idle, old) = (s::seen_at.le(now.plus_seconds(-limits.idle)), s::created_at.le(now.plus_seconds(-limits.absolute)));
    Ok(diesel::delete(s::table.filter(idle.or(old))).execute(conn)?)
}
