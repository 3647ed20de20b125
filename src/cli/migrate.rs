//! `bailiwick migrate`.

use crate::{
    clock::{Chance, Clock},
    config::Options,
    store::Db,
};

/// Brings the database to this version and says what was done.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let db = Db::open(options.database(), 1, Clock::system(), Chance::system())?;
    let done = db.migrate()?;
    db.ensure_ground()?;
    match done.len() {
        0 => println!("The database is up to date."),
        _ => println!("Done: {}", done.join(", ")),
    }
    Ok(())
}
