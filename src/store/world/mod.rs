//! The world file (http.md): [`Db::import`] takes one in, all or nothing; [`export`] writes one; [`line_of`] finds
//! the line that a fault stands on. The form of the file is `domain::world`.

pub(super) mod chain;
mod export;
mod import;
mod lines;
mod rows;
#[cfg(test)]
pub(super) mod tests;

use super::conn::{Conn, Db};
use crate::{
    access::{Permit, system},
    domain::{Refusal, key::StoreKey, text, world},
    problem::Problem,
};
use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use std::{collections::HashSet, fmt};

pub use export::export;
pub use lines::line_of;

/// One thing that is wrong with a world file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the file, as a JSON pointer: `/identity_stores/0/accounts/12/email`.
    pub at: String,
    /// Which rule it breaks, as a sentence.
    pub message: String,
}

/// What an import made and changed of one kind of thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Made.
    pub added: usize,
    /// There before, and other than in the file.
    pub changed: usize,
}

/// What an import did, or with `dry_run` would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Identity stores, with their attributes and groups.
    pub stores: Count,
    /// Organization roles.
    pub roles: Count,
    /// Organizations; the root organization counts as changed when its name is.
    pub organizations: Count,
    /// Accounts, with their groups.
    pub accounts: Count,
    /// Memberships.
    pub memberships: Count,
    /// Role assignments.
    pub role_assignments: Count,
    /// Administrator roles.
    pub administrator_roles: Count,
    /// Scopes.
    pub scopes: Count,
    /// Grants.
    pub grants: Count,
    /// Invitations.
    pub invitations: Count,
}

impl Summary {
    /// Every count with the name of its kind, in the order of the file.
    pub const fn counts(&self) -> [(&'static str, Count); 10] {
        [
            ("identity stores", self.stores),
            ("roles", self.roles),
            ("organizations", self.organizations),
            ("accounts", self.accounts),
            ("memberships", self.memberships),
            ("role assignments", self.role_assignments),
            ("administrator roles", self.administrator_roles),
            ("scopes", self.scopes),
            ("grants", self.grants),
            ("invitations", self.invitations),
        ]
    }
}

/// How an import went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// Done, or with `dry_run` found good.
    Done(Summary),
    /// Nothing was changed; the first hundred things that are wrong, in the order they were found.
    Faulty(Vec<Fault>),
}

impl Db {
    /// Takes a world file in: adds and updates by key, never deletes, in one transaction (I-7). A `dry_run` does
    /// everything but keep it. `hash` makes the Argon2id hash of a password; `progress` is told what goes on.
    ///
    /// # Errors
    /// What the database says, and what `hash` says. Faults of the file are an answer, not an error.
    pub fn import(
        &self,
        permit: &Permit<system::World>,
        file: &world::World,
        dry_run: bool,
        hash: &dyn Fn(&str) -> Result<String, Problem>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Imported, Problem> {
        let imported = self.write_or_stop(permit, |tx| import::import(tx, file, dry_run, hash, progress))?;
        let accounts: usize = file.identity_stores.iter().map(|store| store.accounts.len()).sum();
        if accounts > MANY && !dry_run && matches!(imported, Imported::Done(_)) {
            self.count_anew();
        }
        Ok(imported)
    }

    /// PostgreSQL plans by counts that it takes by itself some time after much was written. Until then the first page of a
    /// million accounts takes a fifth of a second.
    fn count_anew(&self) {
        let counted = self.conn().and_then(|mut conn| match &mut **conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(conn) => Ok(conn.batch_execute("SET statement_timeout = 0; ANALYZE; SET statement_timeout = '60s'")?),
        });
        // What was taken in is in already, and PostgreSQL gets round to it.
        if let Err(problem) = counted {
            tracing::warn!(%problem, "the database could not be analyzed after an import");
        }
    }
}

/// Accounts of a file from which on the database has to count anew at once.
const MANY: usize = 10_000;

/// Work on everything goes all over the indexes; with the small cache of `conn`, SQLite would read pages again and
/// again.
const ROOM: &str = "PRAGMA cache_size = -262144";
/// As `conn` has it.
const NO_ROOM: &str = "PRAGMA cache_size = -8000";

/// Stands for the whole tenant where a store is asked for.
const TENANT: StoreKey = StoreKey(0);

/// Reads everything as it is at one moment, however long that takes, while others write.
pub(super) fn snapshot<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, Problem>) -> Result<T, Problem> {
    match conn {
        Conn::Sqlite(conn) => {
            conn.batch_execute(ROOM)?;
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")?;
        }
        Conn::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
            conn.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")?;
        }
    }
    let read = work(conn);
    // Nothing was written; there is nothing to keep.
    <Conn as Connection>::TransactionManager::rollback_transaction(conn)?;
    if let Conn::Sqlite(conn) = conn {
        conn.batch_execute(NO_ROOM)?;
    }
    read
}

/// A place in the file: a chain of parts on the stack, written out only for a fault.
#[derive(Clone, Copy)]
struct At<'a> {
    above: Option<&'a At<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Top,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The whole file.
    const TOP: Self = Self { above: None, part: Part::Top };

    fn key(&'a self, key: &'a str) -> Self {
        Self { above: Some(self), part: Part::Key(key) }
    }

    fn index(&'a self, index: usize) -> Self {
        Self { above: Some(self), part: Part::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match self.part {
            Part::Top => Ok(()),
            Part::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1")),
            Part::Index(index) => write!(f, "/{index}"),
        }
    }
}

/// What was found wrong so far.
#[derive(Default)]
struct Faults {
    found: Vec<Fault>,
    /// What has a fault of its own, by noun, store and folded name: that others name it is no second fault.
    spoiled: HashSet<(&'static str, i64, String)>,
}

impl Faults {
    /// More than these nobody reads.
    const MOST: usize = 100;

    fn add(&mut self, at: At, message: impl Into<String>) {
        if !self.full() {
            self.found.push(Fault { at: at.to_string(), message: message.into() });
        }
    }

    /// The good value, or a fault.
    fn sift<T>(&mut self, at: At, checked: Result<T, Refusal>) -> Option<T> {
        checked.map_err(|refusal| self.add(at, refusal.message)).ok()
    }

    /// Remembers that this thing of the file has a fault.
    fn spoil(&mut self, noun: &'static str, store: StoreKey, name: &str) {
        self.spoiled.insert((noun, store.0, text::fold(name)));
    }

    /// Says that there is no such thing, unless the file has it with a fault of its own.
    fn missing(&mut self, at: At, noun: &'static str, store: StoreKey, name: &str, message: impl Into<String>) {
        if !self.is_spoiled(noun, store, name) {
            self.add(at, message);
        }
    }

    fn is_spoiled(&self, noun: &'static str, store: StoreKey, name: &str) -> bool {
        !self.spoiled.is_empty() && self.spoiled.contains(&(noun, store.0, text::fold(name)))
    }

    /// As [`Faults::missing`], for an organization: one above it may be what has the fault.
    fn no_organization(&mut self, at: At, store: StoreKey, path: &[String], message: impl Into<String>) {
        if !(1..=path.len()).any(|length| self.is_spoiled("organization", store, &path[..length].join("\n"))) {
            self.add(at, message);
        }
    }

    fn full(&self) -> bool {
        self.found.len() >= Self::MOST
    }

    fn none(&self) -> bool {
        self.found.is_empty()
    }
}
