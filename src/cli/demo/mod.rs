//! `bailiwick demo`: a brand worth looking at, over a fresh database.

mod brand;
mod story;

use super::serve;
use crate::{
    access::{Origin, system},
    clock::{Chance, Clock},
    config::Options,
    store::{Db, world::Imported},
    web::passwords,
};
use anyhow::bail;
use clap::Args;
use std::path::PathBuf;

/// Start the console over a fresh database with a demo brand.
#[derive(Debug, Args)]
pub struct Demo {
    /// How many accounts
    #[arg(long, default_value_t = brand::Size::default().accounts)]
    accounts: usize,
    /// How many organizations
    #[arg(long, default_value_t = brand::Size::default().organizations)]
    organizations: usize,
    /// Keep the database in this file
    #[arg(long)]
    keep: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(self, mut options: Options) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        // A database that is named is taken, so that the demo runs on PostgreSQL too; it must be empty.
        if options.database_url.is_none() {
            let file = self.keep.clone().unwrap_or_else(|| folder.path().join("demo.db"));
            if file.exists() {
                bail!("{} is there already; the demo wants a fresh database.", file.display());
            }
            options.database_url = Some(format!("sqlite:{}", file.display()));
        }
        if options.key_file.is_none() && !options.database().starts_with("sqlite:") {
            options.key_file = Some(folder.path().join("demo.key"));
        }
        let db = Db::open(options.database(), 16, Clock::system(), Chance::system())?;
        db.migrate()?;
        story::at(&db, story::BEGAN * 24 + 1).ensure_ground()?;
        fill(&db, brand::Size { accounts: self.accounts, organizations: self.organizations }.or_least())?;
        serve::serve(&options, db, |address| {
            println!();
            println!("Sign in at {address}/signin as");
            for person in brand::SIGN_INS {
                println!("  {:<40} {:<34} {}", person.identifier, person.password, person.who);
            }
            println!();
        })
    }
}

/// Loads the brand into a database that has none.
fn fill(db: &Db, size: brand::Size) -> anyhow::Result<()> {
    let permit = system::world(Origin::default());
    let world = brand::world(size, db.clock.now());
    let there = db.read(&permit, |view| crate::store::world::export(view, false))?;
    if !there.identity_stores.is_empty() {
        bail!("This database is not empty; the demo wants a fresh one.");
    }
    println!("Making a brand with {} accounts and {} organizations …", size.accounts, size.organizations);
    let mut say = |step: &str| {
        if size.accounts > 20_000 {
            println!("  {step}");
        }
    };
    match story::at(db, story::BEGAN * 24).import(&permit, &world, false, &passwords::hash, &mut say)? {
        Imported::Done(_) => Ok(story::tell(db)?),
        Imported::Faulty(faults) => bail!("The demo is broken: {} {}", faults[0].at, faults[0].message),
    }
}

/// A demo database of this size, for tests and benchmarks.
///
/// # Errors
/// As `bailiwick demo`.
pub fn fill_with(db: &Db, accounts: usize, organizations: usize) -> anyhow::Result<()> {
    fill(db, brand::Size { accounts, organizations }.or_least())
}

/// The people who can sign in to the demo: identifier and password.
pub fn sign_ins() -> impl Iterator<Item = (&'static str, &'static str)> {
    brand::SIGN_INS.iter().map(|person| (person.identifier, person.password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_fills_a_fresh_database_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("demo.db").display());
        let db = Db::open(&url, 2, Clock::system(), Chance::system()).unwrap();
        db.migrate().unwrap();
        db.ensure_ground().unwrap();
        fill_with(&db, 300, 40).unwrap();
        assert!(fill_with(&db, 300, 40).is_err());
        let wrong = db.read(&system::checking(Origin::default()), crate::store::check::check).unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }
}
