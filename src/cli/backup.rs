//! `bailiwick backup`.

use crate::{config::Options, store::backup};
use clap::Args;
use std::path::PathBuf;

/// Write a copy of the database to a file, also while the server runs.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The new file
    file: PathBuf,
}

impl Backup {
    pub(super) fn run(self, options: &Options) -> anyhow::Result<()> {
        backup::backup(&super::open(options)?, &self.file)?;
        println!("The database is in {}.", self.file.display());
        Ok(())
    }
}
