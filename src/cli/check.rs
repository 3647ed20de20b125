//! `bailiwick check`.

use crate::{
    access::{Origin, system},
    config::Options,
    store::check,
};
use anyhow::bail;

/// Prints what is wrong; without anything says so.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let db = super::open(options)?;
    let wrong = db.read(&system::checking(Origin::default()), check::check)?;
    for sentence in &wrong {
        println!("{sentence}");
    }
    match wrong.len() {
        0 => println!("The database is sound."),
        many => bail!("{many} wrong."),
    }
    Ok(())
}
