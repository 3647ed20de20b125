//! Import. Everything is judged first, against the file and what is there, on keys that are given out in memory;
//! only a file without fault is written, in batches. No statement per account.

mod accounts;
mod administrators;
mod assignments;
mod attributes;
mod grants;
mod invitations;
mod organizations;
mod stores;

use super::{At, Count, Fault, Faults, Imported, NO_ROOM, ROOM, Summary};
use crate::{
    access::system::World,
    domain::{
        Refusal,
        event::{Event, Subject},
        key::StoreKey,
        time::Time,
        world,
    },
    problem::Problem,
    store::{conn::Conn, set_up::lasting_super_administrators, sql::Sql, transaction::Tx},
};
use diesel::connection::SimpleConnection;
use serde_json::{Map, Value, json};

/// As many values as one statement may bind.
const BINDS: usize = 30_000;

/// Inserts rows in batches.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $width:literal, $rows:expr) => {
        for rows in $rows.chunks(BINDS / $width) {
            on_each!($conn, |conn| diesel::insert_into($table).values(rows).execute(conn))?;
        }
    };
}

/// Inserts rows in batches; where the key is there, sets the named columns instead.
macro_rules! upsert_all {
    ($conn:expr, $table:expr, $width:literal, $rows:expr, $key:expr, [$($column:path),+ $(,)?]) => {
        for rows in $rows.chunks(BINDS / $width) {
            on_each!($conn, |conn| diesel::insert_into($table)
                .values(rows)
                .on_conflict($key)
                .do_update()
                .set(($($column.eq(diesel::upsert::excluded($column))),+))
                .execute(conn))?;
        }
    };
}
use {insert_all, upsert_all};

/// What the file does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Same,
    Changed,
    Added,
}

impl Count {
    fn note(&mut self, state: State) {
        match state {
            State::Same => {}
            State::Changed => self.changed += 1,
            State::Added => self.added += 1,
        }
    }
}

/// A row as it will be, and what the file does to it.
#[derive(Clone, Debug)]
struct Entry<R> {
    row: R,
    state: State,
}

impl<R: Clone> Entry<R> {
    const fn there(row: R) -> Self {
        Self { row, state: State::Same }
    }

    const fn added(row: R) -> Self {
        Self { row, state: State::Added }
    }

    /// The rows in this state.
    fn rows(entries: &[Self], state: State) -> Vec<R> {
        entries.iter().filter(|entry| entry.state == state).map(|entry| entry.row.clone()).collect()
    }
}

/// Gives out the keys of a table. Only the holder of the writer's lock may use it.
struct Keys {
    table: &'static str,
    first: i64,
    next: i64,
}

impl Keys {
    /// Never a key that was used before (S-8), so the last one given out counts, not the highest that is there.
    fn of(conn: &mut Conn, table: &'static str) -> Result<Self, Problem> {
        let sql = match conn {
            Conn::Sqlite(_) => format!("SELECT coalesce(max(seq), 0) AS n FROM sqlite_sequence WHERE name = '{table}'"),
            Conn::Postgres(_) => format!("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS n FROM {table}_key_seq"),
        };
        let next = Sql::new(&sql).number(conn)? + 1;
        Ok(Self { table, first: next, next })
    }

    fn give(&mut self) -> i64 {
        let key = self.next;
        self.next += 1;
        key
    }

    /// Tells the database; SQLite sees by itself.
    fn close(&self, conn: &mut Conn) -> Result<(), Problem> {
        if self.next > self.first
            && let Conn::Postgres(conn) = conn
        {
            conn.batch_execute(&format!("SELECT setval('{}_key_seq', {})", self.table, self.next - 1))?;
        }
        Ok(())
    }
}

/// What all sections share.
struct Work<'t, 'c> {
    tx: &'t mut Tx<'c, World>,
    now: Time,
    faults: Faults,
    summary: Summary,
}

/// Takes the file in. Without an event, as after a fault and a `dry_run`, the caller rolls back.
pub(super) fn import(
    tx: &mut Tx<World>,
    file: &world::World,
    dry_run: bool,
    hash: &dyn Fn(&str) -> Result<String, Problem>,
    progress: &mut dyn FnMut(&str),
) -> Result<Imported, Problem> {
    match tx.conn() {
        // Hashing passwords and large batches take their time.
        Conn::Postgres(conn) => conn.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")?,
        Conn::Sqlite(conn) => conn.batch_execute(ROOM)?,
    }
    let imported = take_in(tx, file, dry_run, hash, progress);
    if let Conn::Sqlite(conn) = tx.conn() {
        conn.batch_execute(NO_ROOM)?;
    }
    imported
}

fn take_in(
    tx: &mut Tx<World>,
    file: &world::World,
    dry_run: bool,
    hash: &dyn Fn(&str) -> Result<String, Problem>,
    progress: &mut dyn FnMut(&str),
) -> Result<Imported, Problem> {
    let now = tx.now();
    let lasting = lasting_super_administrators(tx.conn())?;
    let mut work = Work { tx, now, faults: Faults::default(), summary: Summary::default() };
    head(&mut work.faults, file);

    let stores = stores::judge(&mut work, file)?;
    let mut tree = organizations::judge(&mut work, file, &stores)?;
    let people = accounts::judge(&mut work, file, &stores, &tree, progress)?;
    let assignments = assignments::judge(&mut work, file, &stores, &tree, &people)?;
    let administrators = administrators::judge(&mut work, file, &stores, &tree)?;
    let grants = grants::judge(&mut work, file, &stores, &tree, &people, &administrators)?;
    let invitations = invitations::judge(&mut work, file, &stores, &tree, &people)?;
    if !work.faults.none() {
        return Ok(Imported::Faulty(work.faults.found));
    }

    stores::write(&mut work, &stores)?;
    organizations::write(&mut work, &mut tree)?;
    accounts::write(&mut work, file, &stores, people, dry_run, hash, progress)?;
    assignments::write(&mut work, &assignments)?;
    administrators::write(&mut work, &administrators)?;
    grants::write(&mut work, &grants)?;
    invitations::write(&mut work, &invitations)?;

    // D-5.
    if lasting > 0 && lasting_super_administrators(work.tx.conn())? == 0 {
        let message = "After this import no super administrator could be relied on: one must be active, with a password, \
             an active member of root, and hold the role without start and end.";
        return Ok(Imported::Faulty(vec![Fault { at: "/root".into(), message: message.into() }]));
    }
    let Work { tx, summary, .. } = work;
    if !dry_run {
        record(tx, &summary, stores.touched())?;
    }
    Ok(Imported::Done(summary))
}

/// The version, and the sections whose feature does not exist yet.
fn head(faults: &mut Faults, file: &world::World) {
    if file.bailiwick != 1 {
        faults.add(At::TOP.key("bailiwick"), format!("This version reads world files of format 1; this one says {}.", file.bailiwick));
    }
    for (name, section, words) in [
        ("applications", &file.applications, "applications"),
        ("access_roles", &file.access_roles, "access roles"),
        ("organization_access_roles", &file.organization_access_roles, "access roles of organizations"),
        ("access_role_assignments", &file.access_role_assignments, "access role assignments"),
    ] {
        if !section.is_empty() {
            faults.add(At::TOP.key(name), format!("The section “{name}” must be empty: {words} do not exist in this version."));
        }
    }
}

/// The one event of an import.
fn record(tx: &mut Tx<World>, summary: &Summary, stores: impl Iterator<Item = (StoreKey, String)>) -> Result<(), Problem> {
    let counts: Map<String, Value> = summary
        .counts()
        .into_iter()
        .map(|(noun, count)| (noun.replace(' ', "_"), json!({ "added": count.added, "changed": count.changed })))
        .collect();
    let event = stores.fold(Event::done("world.import").with("summary", counts), |event, (key, slug)| {
        event.on(Subject::of("identity_store", slug).in_store(key))
    });
    tx.record(event).map(|_| ())
}

/// Dates of an assignment or grant: read, and the start before the end (Z-1).
fn period(faults: &mut Faults, at: At, starts: Option<&str>, ends: Option<&str>) -> Option<crate::domain::time::Period> {
    let starts = instant(faults, at.key("starts"), starts);
    let ends = instant(faults, at.key("ends"), ends);
    let (starts, ends) = (starts?, ends?);
    if let (Some(from), Some(to)) = (starts, ends)
        && from >= to
    {
        faults.add(at.key("ends"), "The end must come after the start.");
        return None;
    }
    Some(crate::domain::time::Period { starts, ends })
}

/// An instant that may be missing; none when it cannot be read.
fn instant(faults: &mut Faults, at: At, typed: Option<&str>) -> Option<Option<Time>> {
    match typed {
        None => Some(None),
        Some(typed) => match Time::parse(typed) {
            Some(time) => Some(Some(time)),
            None => {
                faults.add(at, format!("“{typed}” is no date in RFC 3339, e.g. 2026-03-31T22:00:00Z."));
                None
            }
        },
    }
}

/// A path as a sentence names it.
fn path_words(path: &[String]) -> String {
    if path.is_empty() { "the root organization".into() } else { format!("“{}”", path.join(" › ")) }
}

fn refused<T>(field: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::at(field, message))
}
