//! `bailiwick export`.

use crate::{
    access::{Origin, system},
    config::Options,
    store::world,
};
use clap::Args;
use std::io::Write;

/// Write the world file to standard output.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// With password hashes
    #[arg(long)]
    with_secrets: bool,
}

impl Export {
    pub(super) fn run(self, options: &Options) -> anyhow::Result<()> {
        let db = super::open(options)?;
        let world = db.read(&system::world(Origin::default()), |view| world::export(view, self.with_secrets))?;
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &world)?;
        out.write_all(b"\n")?;
        Ok(())
    }
}
