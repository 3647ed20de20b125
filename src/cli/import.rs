//! `bailiwick import`.

use crate::{
    access::{Origin, system},
    config::Options,
    domain::world::World,
    store::world::{self, Imported},
    web::passwords,
};
use anyhow::{Context, bail};
use clap::Args;
use std::path::PathBuf;

/// Load a world file.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file
    file: PathBuf,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) fn run(self, options: &Options) -> anyhow::Result<()> {
        let name = self.file.display();
        let text = std::fs::read_to_string(&self.file).with_context(|| format!("{name} cannot be read"))?;
        let world: World = serde_json::from_str(&text).with_context(|| format!("{name} is no world file"))?;
        let accounts: usize = world.identity_stores.iter().map(|store| store.accounts.len()).sum();
        if accounts > 10_000 {
            eprintln!("{accounts} accounts in one transaction: stop the server first, it cannot write meanwhile.");
        }
        let db = super::open(options)?;
        let permit = system::world(Origin::default());
        let done = db.import(&permit, &world, self.dry_run, &passwords::hash, &mut |step| eprintln!("{step}"))?;
        match done {
            Imported::Done(summary) => {
                println!("{}", if self.dry_run { "This would be done:" } else { "Done:" });
                for (noun, count) in summary.counts() {
                    println!("  {noun}: {} added, {} changed", count.added, count.changed);
                }
            }
            Imported::Faulty(faults) => {
                for fault in &faults {
                    let line = world::line_of(&text, &fault.at).map_or_else(String::new, |line| format!(":{line}"));
                    eprintln!("{name}{line}: {}: {}", fault.at, fault.message);
                }
                bail!("Nothing was imported.");
            }
        }
        Ok(())
    }
}
