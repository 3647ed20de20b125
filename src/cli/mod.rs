//! The command line: one file per command.

mod backup;
mod check;
/// `bailiwick demo`, and its brand for tests.
pub mod demo;
mod export;
mod import;
mod migrate;
mod restore;
mod serve;
mod super_admin;

use crate::{
    clock::{Chance, Clock},
    config::Options,
    store::Db,
};
use clap::{Parser, Subcommand};
use std::path::Path;

/// The console with which a brand hands out administration of its customers' organizations, safely.
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version, about)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the console (the default)
    Serve,
    /// Start the console over a fresh database with a demo brand
    Demo(demo::Demo),
    /// Make or reset a super administrator
    SuperAdmin(super_admin::SuperAdmin),
    /// Load a world file: all of it or nothing
    Import(import::Import),
    /// Write the world file
    Export(export::Export),
    /// Verify the whole database against the rules and the event chain
    Check,
    /// Write a copy of the database (SQLite) to a file, also while the server runs
    Backup(backup::Backup),
    /// Put a backup in the place of the database (SQLite)
    Restore(restore::Restore),
    /// Bring the database to this version
    Migrate,
}

/// Runs the command; its error is a sentence for the terminal.
///
/// # Errors
/// What went wrong.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let options = cli.options.with_file(Path::new("bailiwick.toml"))?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&options),
        Command::Demo(demo) => demo.run(options),
        Command::SuperAdmin(command) => command.run(&options),
        Command::Import(command) => command.run(&options),
        Command::Export(command) => command.run(&options),
        Command::Check => check::run(&options),
        Command::Backup(command) => command.run(&options),
        Command::Restore(command) => command.run(&options),
        Command::Migrate => migrate::run(&options),
    }
}

/// The database, migrated, with what every installation has.
fn open(options: &Options) -> anyhow::Result<Db> {
    let db = Db::open(options.database(), 16, Clock::system(), Chance::system())?;
    db.migrate()?;
    db.ensure_ground()?;
    Ok(db)
}
