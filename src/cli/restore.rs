//! `bailiwick restore`.

use crate::{
    clock::{Chance, Clock},
    config::Options,
    store::backup,
};
use clap::Args;
use std::path::PathBuf;

/// Put a backup in the place of the database.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
}

impl Restore {
    pub(super) fn run(self, options: &Options) -> anyhow::Result<()> {
        let kept = backup::restore(options.database(), &self.file, Clock::system(), Chance::system())?;
        println!("The database is {} again. Everybody has to sign in.", self.file.display());
        if let Some(kept) = kept {
            println!("The one before it is {}.", kept.display());
        }
        Ok(())
    }
}
