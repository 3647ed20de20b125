//! A copy of an SQLite database while it is in use, and putting one back.

use super::{
    conn::{Backend, Conn, Db, target},
    mails,
    schema::sessions,
};
use crate::{
    access::{Origin, system},
    clock::{Chance, Clock},
    domain::event::Event,
};
use diesel::{connection::SimpleConnection, prelude::*, sql_types::Text};
use std::path::{Path, PathBuf};

/// What keeps a backup from being made or put back; a sentence for the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BackupError(String);

fn say(what: &str) -> impl FnOnce(&dyn std::fmt::Display) -> BackupError + '_ {
    move |error| BackupError(format!("{what}: {error}"))
}

const USE_PG_DUMP: &str = "On PostgreSQL its own tools do this: pg_dump and pg_restore. See docs/operating.md.";

/// Writes the database as it is at one moment to a new file; others may read and write meanwhile.
///
/// # Errors
/// On PostgreSQL, when the file is there already, or when it cannot be written.
pub fn backup(db: &Db, file: &Path) -> Result<(), BackupError> {
    if db.backend() != Backend::Sqlite {
        return Err(BackupError(USE_PG_DUMP.into()));
    }
    if file.exists() {
        return Err(BackupError(format!("{} is there already; a backup overwrites nothing.", file.display())));
    }
    // Under another name until it is whole.
    let part = beside(file, "part");
    let failed = "The backup cannot be written";
    std::fs::remove_file(&part).or_else(missing).map_err(|error| say(failed)(&error))?;
    let mut conn = db.conn().map_err(|error| say(failed)(&error))?;
    let Conn::Sqlite(conn) = &mut **conn else { return Err(BackupError(USE_PG_DUMP.into())) };
    let done = diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(part.to_string_lossy()).execute(conn);
    done.map_err(|error| say(failed)(&error))?;
    private(&part).and_then(|()| std::fs::File::open(&part)?.sync_all()).map_err(|error| say(failed)(&error))?;
    std::fs::rename(&part, file).map_err(|error| say(failed)(&error))
}

/// Puts a backup in the place of the database at `url`, which no process may have open. The one that was there is kept
/// beside it, and where is returned. Nobody stays signed in: a session that was ended since the backup must not live again.
///
/// # Errors
/// On PostgreSQL, when the backup is no sound database of Bailiwick, or when a process has the database open; nothing is
/// changed then.
pub fn restore(url: &str, file: &Path, clock: Clock, chance: Chance) -> Result<Option<PathBuf>, BackupError> {
    let failed = "The backup cannot be put back";
    let (backend, database) = target(url).map_err(|error| say(failed)(&error))?;
    if backend != Backend::Sqlite {
        return Err(BackupError(USE_PG_DUMP.into()));
    }
    let database = PathBuf::from(database);
    if !file.is_file() {
        return Err(BackupError(format!("There is no file {}.", file.display())));
    }
    if database.exists() {
        alone(&database)?;
    }
    // A copy beside the database is made ready first, so that the change itself is a renaming.
    let part = beside(&database, "part");
    for old in [part.clone(), beside(&part, "wal"), beside(&part, "shm")] {
        std::fs::remove_file(old).or_else(missing).map_err(|error| say(failed)(&error))?;
    }
    std::fs::copy(file, &part).and_then(|_| private(&part)).map_err(|error| say(failed)(&error))?;
    let ready = make_ready(&part, clock, chance);
    if let Err(error) = ready {
        std::fs::remove_file(&part).or_else(missing).map_err(|error| say(failed)(&error))?;
        return Err(error);
    }
    let mut kept = None;
    if database.exists() {
        let aside = (1..).map(|number| beside(&database, &format!("before-restore-{number}"))).find(|name| !name.exists());
        if let Some(aside) = aside {
            std::fs::rename(&database, &aside).map_err(|error| say(failed)(&error))?;
            kept = Some(aside);
        }
    }
    // What a database that is gone left of its log must not be taken for this one's.
    for old in [beside(&database, "wal"), beside(&database, "shm")] {
        std::fs::remove_file(old).or_else(missing).map_err(|error| say(failed)(&error))?;
    }
    std::fs::rename(&part, &database).map_err(|error| say(failed)(&error))?;
    Ok(kept)
}

/// Brings a copy to this version, ends its sessions and writes down that it was put back.
fn make_ready(copy: &Path, clock: Clock, chance: Chance) -> Result<(), BackupError> {
    let failed = "This is no sound database of Bailiwick";
    {
        let mut conn = SqliteConnection::establish(&copy.to_string_lossy()).map_err(|error| say(failed)(&error))?;
        let sound: Vec<Integrity> = diesel::sql_query("PRAGMA integrity_check").load(&mut conn).map_err(|error| say(failed)(&error))?;
        if sound.iter().any(|row| row.integrity_check != "ok") {
            return Err(BackupError(format!("{failed}: the file is damaged.")));
        }
        conn.batch_execute("SELECT 1 FROM event_details LIMIT 1").map_err(|error| say(failed)(&error))?;
    }
    let db = Db::open(&format!("sqlite:{}", copy.display()), 1, clock, chance).map_err(|error| say(failed)(&error))?;
    db.migrate().map_err(|error| say(failed)(&error))?;
    let restored = db.write(&system::world(Origin::default()), |tx| {
        diesel::delete(sessions::table).execute(tx.conn())?;
        let now = tx.now();
        mails::withhold(tx.conn(), now)?;
        tx.record(Event::done("installation.restore"))
    });
    restored.map_err(|error| say(failed)(&error))?;
    // One file again: what is renamed must not leave its last changes behind.
    let mut conn = db.conn().map_err(|error| say(failed)(&error))?;
    conn.batch_execute("PRAGMA journal_mode = DELETE").map_err(|error| say(failed)(&error))
}

#[derive(diesel::QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// Whether nobody else has the file open: leaving WAL mode needs it alone, and takes in what the log still holds.
fn alone(database: &Path) -> Result<(), BackupError> {
    let failed =
        |error: &dyn std::fmt::Display| BackupError(format!("{} is in use ({error}). Stop the server, and try again.", database.display()));
    let mut conn = SqliteConnection::establish(&database.to_string_lossy()).map_err(|error| failed(&error))?;
    conn.batch_execute("PRAGMA busy_timeout = 500; PRAGMA journal_mode = DELETE").map_err(|error| failed(&error))
}

fn beside(file: &Path, what: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(if matches!(what, "wal" | "shm") { "-" } else { "." });
    name.push(what);
    PathBuf::from(name)
}

fn missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// It holds password hashes: its owner alone may read it.
#[cfg(unix)]
fn private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(_: &Path) -> std::io::Result<()> {
    Ok(())
}
