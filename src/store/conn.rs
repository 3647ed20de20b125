//! One pool over SQLite or PostgreSQL, chosen by the scheme of the URL.

use super::{
    kept::Shelf,
    schema::{administrator_roles, scopes},
    seal::Seal,
    tls,
};
use crate::{
    clock::{Chance, Clock},
    domain::{key::*, settings::General, text},
    problem::Problem,
};
use diesel::{
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection},
    prelude::*,
    r2d2::R2D2Connection,
    result::{DatabaseErrorKind, Error},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A connection to either database; queries are written once for both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// Runs the same diesel expression on the concrete connection: for what only the concrete ones can do.
macro_rules! on_each {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::conn::Conn::Sqlite($c) => $body,
            $crate::store::conn::Conn::Postgres($c) => $body,
        }
    };
}
pub(super) use on_each;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of our own.
    Sqlite,
    /// A server.
    Postgres,
}

/// What keeps a database from being opened; a sentence for the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub(super) String);

/// Opens connections. diesel's own manager would try every database in turn, so that a PostgreSQL that is
/// down became an SQLite file of that name.
pub(super) struct Manager {
    backend: Backend,
    target: String,
    /// Over which connections to a server go on.
    _bridge: Option<Arc<tls::Bridge>>,
    queries: Arc<AtomicU64>,
}

/// Counts statements, so that tests can assert how many a page takes, and traces them (`BAILIWICK_LOG=bailiwick::store=trace`)
/// without their values, which may be secret.
struct Counter(Arc<AtomicU64>);
impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            self.0.fetch_add(1, Ordering::Relaxed);
            if tracing::enabled!(tracing::Level::TRACE) {
                let text = query.to_string();
                let statement = text.split_once(" -- binds: ").map_or(text.as_str(), |(statement, _)| statement);
                tracing::trace!(statement);
            }
        }
    }
}

/// A connection in the pool.
pub(super) struct Pooled {
    conn: Conn,
    /// When it was last given back.
    rests_since: Instant,
}

impl Deref for Pooled {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// What has rested for less is not asked whether it still lives before it is used again: that would be one more way to
/// the server for every read.
const RESTS: Duration = Duration::from_secs(1);

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        use diesel::r2d2::Error::{ConnectionError, QueryError};
        let mut conn = match self.backend {
            Backend::Postgres => {
                let mut conn = PgConnection::establish(&self.target).map_err(ConnectionError)?;
                conn.batch_execute(
                    "SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET statement_timeout = '60s'; \
                     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'",
                )
                .map_err(QueryError)?;
                Conn::Postgres(conn)
            }
            Backend::Sqlite => {
                let mut conn = SqliteConnection::establish(&self.target).map_err(ConnectionError)?;
                // busy_timeout comes first: switching to WAL can itself meet a lock.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; \
                     PRAGMA mmap_size = 0; PRAGMA cache_size = -2000",
                )
                .map_err(QueryError)?;
                Conn::Sqlite(conn)
            }
        };
        conn.set_instrumentation(Counter(Arc::clone(&self.queries)));
        Ok(Pooled { conn, rests_since: Instant::now() })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        if pooled.rests_since.elapsed() < RESTS {
            return Ok(());
        }
        let lives = pooled.conn.ping().map_err(diesel::r2d2::Error::QueryError);
        // Whether it is asked hangs on the time and not on the page, so it does not count as a statement of one.
        self.queries.fetch_sub(1, Ordering::Relaxed);
        lives
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.rests_since = Instant::now();
        std::thread::panicking() || pooled.conn.is_broken()
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(super) pool: r2d2::Pool<Manager>,
    /// Tells every transaction its `now`.
    pub clock: Clock,
    /// Makes ids, tokens and salts.
    pub chance: Chance,
    pub(super) seal: Seal,
    pub(super) posted: Arc<watch::Sender<()>>,
    pub(super) general: Arc<RwLock<Arc<General>>>,
    pub(super) shelf: Arc<Shelf>,
    backend: Backend,
    queries: Arc<AtomicU64>,
}

/// Tells when there is something to send.
pub struct Postings(watch::Receiver<()>);

impl Postings {
    /// Waits until letters have been posted since it was last asked.
    pub async fn next(&mut self) {
        // Without a database there is nothing to wait for.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

impl Db {
    /// Opens `sqlite:FILE` or `postgres://…`, without migrating it.
    ///
    /// # Errors
    /// A sentence for the terminal.
    pub fn open(url: &str, connections: u32, clock: Clock, chance: Chance) -> Result<Self, OpenError> {
        let (backend, target) = target(url)?;
        let (target, bridge) = match backend {
            Backend::Sqlite => (target, None),
            Backend::Postgres => tls::reach(target)?,
        };
        let queries = Arc::new(AtomicU64::new(0));
        let pool = r2d2::Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .test_on_check_out(backend == Backend::Postgres)
            .connection_timeout(Duration::from_secs(5))
            .error_handler(Box::new(QuietErrors))
            .build(Manager { backend, target, _bridge: bridge, queries: Arc::clone(&queries) })
            .map_err(|error| OpenError(format!("The database cannot be opened: {error}")))?;
        let seal = Seal::of_chance(&chance);
        let (posted, general, shelf) = (Arc::new(watch::Sender::new(())), Arc::default(), Arc::default());
        Ok(Self { pool, clock, chance, seal, posted, general, shelf, backend, queries })
    }

    /// The same with the seal of the installation, which every process that serves needs. Without it, what is sealed
    /// cannot be opened by anybody else.
    pub fn sealing_with(self, seal: Seal) -> Self {
        Self { seal, ..self }
    }

    /// Tells from now on when this process has posted a letter.
    pub fn postings(&self) -> Postings {
        Postings(self.posted.subscribe())
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Statements sent since the start, over all connections.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Brings the database to this version. Several processes may start at once.
    ///
    /// # Errors
    /// A sentence for the terminal; an unfinished migration is rolled back.
    pub fn migrate(&self) -> Result<Vec<String>, OpenError> {
        let failed = |error: &dyn std::fmt::Display| OpenError(format!("The database cannot be migrated: {error}"));
        let mut conn = self.pool.get().map_err(|error| failed(&error))?;
        let done = match &mut **conn {
            Conn::Sqlite(conn) => migrate_file(conn),
            Conn::Postgres(conn) => {
                conn.batch_execute("SELECT pg_advisory_lock(7272741)").map_err(|error| failed(&error))?;
                let done = conn.run_pending_migrations(POSTGRES).map(|list| list.iter().map(ToString::to_string).collect());
                conn.batch_execute("SELECT pg_advisory_unlock(7272741)").map_err(|error| failed(&error))?;
                done
            }
        };
        let done = done.map_err(|error| failed(&error))?;
        fill_names(&mut conn).map_err(|error| failed(&error))?;
        Ok(done)
    }

    /// Whether the database answers and has every migration of this version (`/readyz`).
    pub fn ready(&self) -> bool {
        let Ok(mut conn) = self.pool.get() else { return false };
        let pending = match &mut **conn {
            Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
            Conn::Postgres(conn) => conn.has_pending_migration(POSTGRES),
        };
        matches!(pending, Ok(false))
    }

    pub(super) fn conn(&self) -> Result<r2d2::PooledConnection<Manager>, Problem> {
        self.pool.get().map_err(|error| {
            tracing::error!(%error, "no connection to the database");
            Problem::Unavailable
        })
    }
}

/// There is no lock to take around all of it as on a server: of two who begin at once, the second meets the tables
/// that the first has made meanwhile, and looks again at what is left to do.
fn migrate_file(conn: &mut SqliteConnection) -> diesel::migration::Result<Vec<String>> {
    let mut left = conn.pending_migrations(SQLITE)?.len();
    loop {
        match conn.run_pending_migrations(SQLITE) {
            Ok(list) => return Ok(list.iter().map(ToString::to_string).collect()),
            Err(error) => match conn.pending_migrations(SQLITE)?.len() {
                now if now < left => left = now,
                _ => return Err(error),
            },
        }
    }
}

/// Folds the names of what was there before they were kept without accents (S-3: folding is made in the program).
fn fill_names(conn: &mut Conn) -> QueryResult<()> {
    use {administrator_roles as r, scopes as s};
    let roles: Vec<(AdministratorRoleKey, String)> = r::table.filter(r::name_sort.eq("")).select((r::key, r::name)).load(conn)?;
    for (key, name) in roles {
        diesel::update(r::table.find(key)).set(r::name_sort.eq(text::search(&name))).execute(conn)?;
    }
    let scopes: Vec<(ScopeKey, String)> = s::table.filter(s::name_sort.eq("")).select((s::key, s::name)).load(conn)?;
    for (key, name) in scopes {
        diesel::update(s::table.find(key)).set(s::name_sort.eq(text::search(&name))).execute(conn)?;
    }
    Ok(())
}

/// r2d2 prints its own errors to standard error otherwise.
#[derive(Debug)]
struct QuietErrors;
impl r2d2::HandleError<diesel::r2d2::Error> for QuietErrors {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        tracing::warn!(%error, "a connection to the database failed");
    }
}

/// Which database a URL names, and where.
pub(super) fn target(url: &str) -> Result<(Backend, String), OpenError> {
    if let Some(file) = url.strip_prefix("sqlite:") {
        let file = file.strip_prefix("//").unwrap_or(file);
        return if file.is_empty() {
            Err(OpenError("sqlite: needs a file, e.g. sqlite:bailiwick.db".into()))
        } else {
            Ok((Backend::Sqlite, file.to_owned()))
        };
    }
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(OpenError(format!("“{url}” is neither sqlite:FILE nor postgres://….")));
    }
    Ok((Backend::Postgres, url.to_owned()))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation, ref info) => {
                tracing::warn!(message = info.message(), "a constraint of the database refused a change");
                Self::Conflict("Somebody changed this at the same moment. Load the page again.".into())
            }
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::SerializationFailure, _)
            | Error::BrokenTransactionManager => Self::Unavailable,
            Error::DatabaseError(_, ref info)
                if ["database is locked", "disk", "lock timeout", "connection", "readonly"]
                    .iter()
                    .any(|word| info.message().contains(word)) =>
            {
                tracing::error!(message = info.message(), "the database cannot work");
                Self::Unavailable
            }
            other => Self::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_database_it_is() {
        assert_eq!(target("postgres://u:p@localhost:5432/b").unwrap().0, Backend::Postgres);
        assert_eq!(target("sqlite:b.db").unwrap(), (Backend::Sqlite, "b.db".into()));
        assert!(target("mysql://x").is_err() && target("sqlite:").is_err());
    }
}
