//! Reading, writing and noting: what may be done with a connection, by type.

use super::{
    actors,
    conn::{Conn, Db},
    events,
    kept::{self, Fresh, Shelf},
    once,
    seal::Seal,
};
use crate::{
    access::{Ground, Permit},
    clock::Chance,
    domain::{event::Event, key::AccountKey, time::Time},
    problem::Problem,
};
use diesel::{
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    prelude::*,
};
use std::sync::Arc;

/// What only this layer can do with a view or a transaction.
pub(super) mod inside {
    use super::{Conn, Fresh, Permit, Problem, Time};
    pub trait Reads<G> {
        fn conn(&mut self) -> &mut Conn;
        fn parts(&mut self) -> (&mut Conn, &Permit<G>);
        fn now(&self) -> Time;
        /// What is kept in memory and still holds, by one statement that asks; nothing in a transaction that writes.
        fn fresh(&mut self) -> Result<Fresh, Problem>;
    }
}

/// Anything that can be read through: a [`View`] or a [`Tx`] under permit `G`.
pub trait Reader<G>: inside::Reads<G> {
    /// The permit it stands on.
    fn permit(&self) -> &Permit<G>;
}

/// A read under permit `G`.
pub struct View<'c, G> {
    conn: &'c mut Conn,
    permit: &'c Permit<G>,
    now: Time,
    /// None where it reads inside a transaction that writes.
    shelf: Option<&'c Arc<Shelf>>,
    /// The mark that stood there when something that is kept was first asked for.
    mark: Option<i64>,
}

/// A write transaction under permit `G`. It also writes the event log, and cannot commit without.
pub struct Tx<'c, G> {
    conn: &'c mut Conn,
    permit: Permit<G>,
    now: Time,
    chance: Chance,
    seal: Seal,
    posted: bool,
    recorded: usize,
    undoes: Option<String>,
}

/// What came of a form that may arrive twice.
#[derive(Clone, Debug)]
pub enum Once<T> {
    /// It came for the first time.
    Now(T),
    /// It came before, and led there.
    Before(String),
}

/// A write to what no right depends on: sessions, drafts, throttles, once keys, preferences.
pub struct Note<'c> {
    conn: &'c mut Conn,
    now: Time,
}

impl<G> inside::Reads<G> for View<'_, G> {
    fn conn(&mut self) -> &mut Conn {
        self.conn
    }
    fn parts(&mut self) -> (&mut Conn, &Permit<G>) {
        (self.conn, self.permit)
    }
    fn now(&self) -> Time {
        self.now
    }
    fn fresh(&mut self) -> Result<Fresh, Problem> {
        let Some(shelf) = self.shelf else { return Ok(Fresh::default()) };
        let mark = match self.mark {
            Some(mark) => mark,
            None => *self.mark.insert(kept::mark(self.conn)?),
        };
        Ok(Fresh::at(shelf, mark))
    }
}
impl<G> Reader<G> for View<'_, G> {
    fn permit(&self) -> &Permit<G> {
        self.permit
    }
}
impl<G> inside::Reads<G> for Tx<'_, G> {
    fn conn(&mut self) -> &mut Conn {
        self.conn
    }
    fn parts(&mut self) -> (&mut Conn, &Permit<G>) {
        (self.conn, &self.permit)
    }
    fn now(&self) -> Time {
        self.now
    }
    fn fresh(&mut self) -> Result<Fresh, Problem> {
        Ok(Fresh::default())
    }
}
impl<G> Reader<G> for Tx<'_, G> {
    fn permit(&self) -> &Permit<G> {
        &self.permit
    }
}

impl<G: Ground> View<'_, G> {
    /// The one `now` of this read (Z-1).
    pub fn now(&self) -> Time {
        self.now
    }

    /// Reads a part of the page under another permission of the same person.
    ///
    /// # Errors
    /// As [`crate::access::Actor::permit`]; and whatever the work says.
    pub fn also<H: Ground, T>(&mut self, work: impl FnOnce(&mut View<'_, H>) -> Result<T, Problem>) -> Result<T, Problem> {
        let permit = self.permit.person()?.permit::<H>(self.permit.origin().clone())?;
        work(&mut View { conn: self.conn, permit: &permit, now: self.now, shelf: self.shelf, mark: self.mark })
    }
}

impl<G: Ground> Tx<'_, G> {
    /// The one `now` of this transaction (Z-1).
    pub fn now(&self) -> Time {
        self.now
    }

    pub(super) fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    pub(super) fn chance(&self) -> &Chance {
        &self.chance
    }

    pub(super) fn seal(&self) -> &Seal {
        &self.seal
    }

    /// There will be something to send once this transaction has committed.
    pub(super) fn has_posted(&mut self) {
        self.posted = true;
    }

    /// Reads under another permission of the same person, inside this transaction.
    ///
    /// # Errors
    /// As [`View::also`].
    pub fn also<H: Ground, T>(&mut self, work: impl FnOnce(&mut View<'_, H>) -> Result<T, Problem>) -> Result<T, Problem> {
        let permit = self.permit.person()?.permit::<H>(self.permit.origin().clone())?;
        work(&mut View { conn: self.conn, permit: &permit, now: self.now, shelf: None, mark: None })
    }

    /// Writes down what this transaction does (E-1). Its public id is returned.
    ///
    /// # Errors
    /// What the database says.
    pub fn record(&mut self, mut event: Event) -> Result<String, Problem> {
        if let Some(undone) = &self.undoes {
            event = event.with("undoes", undone.as_str());
        }
        let id = events::append(self.conn, &self.permit, &self.chance, self.now, event)?;
        self.recorded += 1;
        Ok(id)
    }
}

impl<G: Ground> Tx<'_, G> {
    /// From now on what is recorded takes that event back (W-3).
    pub(super) fn undoing(&mut self, event: &str) {
        self.undoes = Some(event.to_owned());
    }

    /// As [`Tx::record`], in the name of somebody who is not signed in yet (or no longer).
    pub(super) fn record_as(&mut self, event: Event, actor: (String, String)) -> Result<String, Problem> {
        let id = events::append_as(self.conn, &self.chance, self.now, event, Some(actor), None, self.permit.origin())?;
        self.recorded += 1;
        Ok(id)
    }
}

impl Note<'_> {
    pub(super) fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }
}

impl Db {
    /// Reads under a permit. Blocks; `web` calls it off the event loop.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] without a database, and whatever the work says.
    pub fn read<G: Ground, T>(&self, permit: &Permit<G>, work: impl FnOnce(&mut View<'_, G>) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut conn = self.conn()?;
        work(&mut View { conn: &mut conn, permit, now: self.clock.now(), shelf: Some(&self.shelf), mark: None })
    }

    /// Writes under a permit, in one transaction that holds the only writer's lock. The actor is read again and
    /// the permit made anew inside, so that nothing is decided on rights that are gone (C-3).
    ///
    /// # Errors
    /// Whatever the work says, and then nothing is changed; [`Problem::Internal`] when it recorded no event.
    pub fn write<G: Ground, T>(&self, permit: &Permit<G>, work: impl FnOnce(&mut Tx<'_, G>) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut conn = self.conn()?;
        let mut posted = false;
        let done = transaction(&mut conn, true, |conn| {
            let now = self.clock.now();
            let permit = match permit.actor() {
                Some(actor) => {
                    let actor = actors::load(conn, actor.account, now)?.ok_or(Problem::SignedOut)?;
                    Arc::new(actor).permit::<G>(permit.origin().clone())?
                }
                None => permit.again(),
            };
            let (chance, seal) = (self.chance.clone(), self.seal.clone());
            let mut tx = Tx { conn, permit, now, chance, seal, posted: false, recorded: 0, undoes: None };
            let done = work(&mut tx)?;
            posted = tx.posted;
            if tx.recorded == 0 {
                return Err(Problem::Internal(anyhow::anyhow!("a write under {} left no trace in the event log", G::NAME)));
            }
            Ok(done)
        })?;
        if posted {
            self.posted.send_replace(());
        }
        Ok(done)
    }

    /// As [`Db::write`], for work that may find that it has to ask first: what ends without an event is rolled back,
    /// and its answer returned all the same.
    ///
    /// # Errors
    /// Whatever the work says, and then nothing is changed.
    pub fn write_or_stop<G: Ground, T>(
        &self,
        permit: &Permit<G>,
        work: impl FnOnce(&mut Tx<'_, G>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut stopped = None;
        let done = self.write(permit, |tx| {
            let answer = work(tx)?;
            if tx.recorded == 0 {
                stopped = Some(answer);
                return Err(Problem::Conflict("Nothing was done.".into()));
            }
            Ok(answer)
        });
        match stopped {
            Some(answer) => Ok(answer),
            None => done,
        }
    }

    /// Where a form of this account led, if it arrived before.
    ///
    /// # Errors
    /// What the database says.
    pub fn led_before(&self, account: AccountKey, sent: &str) -> Result<Option<String>, Problem> {
        once::find(&mut *self.conn()?, account, sent, self.clock.now())
    }

    /// As [`Db::write_or_stop`], for a form that may arrive twice and may have to ask first. `sent` is the form's id: the
    /// second post gets the address to which the first one led, which `work` names beside its answer.
    ///
    /// # Errors
    /// Whatever the work says, and then nothing is changed.
    pub fn write_once<G: Ground, T>(
        &self,
        permit: &Permit<G>,
        sent: Option<&str>,
        work: impl FnOnce(&mut Tx<'_, G>) -> Result<(T, String), Problem>,
    ) -> Result<Once<T>, Problem> {
        let mut before = None;
        let done = self.write_or_stop(permit, |tx| {
            let account = tx.permit.person()?.account;
            if let Some(sent) = sent
                && let Some(to) = once::find(tx.conn, account, sent, tx.now)?
            {
                before = Some(to);
                return Ok(None);
            }
            let (answer, to) = work(tx)?;
            if let Some(sent) = sent
                && tx.recorded > 0
            {
                once::keep(tx.conn, account, sent, &to, tx.now)?;
            }
            Ok(Some(answer))
        })?;
        match (before, done) {
            (Some(to), _) => Ok(Once::Before(to)),
            (None, Some(answer)) => Ok(Once::Now(answer)),
            (None, None) => Err(Problem::Internal(anyhow::anyhow!("a form neither came before nor was done"))),
        }
    }

    /// Writes what no right depends on: no lock, no event.
    ///
    /// # Errors
    /// What the database says.
    pub fn note<T>(&self, work: impl FnOnce(&mut Note<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut conn = self.conn()?;
        let now = self.clock.now();
        transaction(&mut conn, false, |conn| work(&mut Note { conn, now }))
    }
}

/// One transaction around some work. How it begins and ends is written once, not for each kind of work.
fn transaction<T>(conn: &mut Conn, exclusive: bool, work: impl FnOnce(&mut Conn) -> Result<T, Problem>) -> Result<T, Problem> {
    begin(conn, exclusive)?;
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(conn))) {
        Ok(Ok(done)) => {
            commit(conn)?;
            Ok(done)
        }
        Ok(Err(problem)) => Err(rolled_back(conn, problem)),
        Err(panic) => {
            abandon(conn);
            std::panic::resume_unwind(panic)
        }
    }
}

/// BEGIN IMMEDIATE on SQLite, so that a read never has to be upgraded and waiting works; on PostgreSQL one
/// advisory lock for writers that decide about rights.
#[inline(never)]
fn begin(conn: &mut Conn, exclusive: bool) -> Result<(), Problem> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
        Conn::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction(conn)?;
            if exclusive && let Err(error) = conn.batch_execute("SELECT pg_advisory_xact_lock(7272742)") {
                AnsiTransactionManager::rollback_transaction(conn)?;
                return Err(error.into());
            }
        }
    }
    Ok(())
}

#[inline(never)]
fn commit(conn: &mut Conn) -> Result<(), Problem> {
    Ok(<Conn as Connection>::TransactionManager::commit_transaction(conn)?)
}

/// Why it was rolled back, or why that failed.
#[inline(never)]
fn rolled_back(conn: &mut Conn, problem: Problem) -> Problem {
    match <Conn as Connection>::TransactionManager::rollback_transaction(conn) {
        Ok(()) | Err(diesel::result::Error::BrokenTransactionManager) => problem,
        Err(error) => error.into(),
    }
}

/// After a panic: the connection must not go back to the pool with the transaction open.
#[inline(never)]
fn abandon(conn: &mut Conn) {
    if let Err(error) = <Conn as Connection>::TransactionManager::rollback_transaction(conn) {
        tracing::error!(%error, "a transaction could not be rolled back after a panic");
    }
}
