//! Letters as files, where there is no server for them.

use crate::store::mails::Ended;
use std::{io::Write, path::Path};

/// Writes a file, whole or not at all. Links in letters open accounts, so its owner alone may read it.
pub(in crate::web) fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Ended {
    let write = || -> std::io::Result<()> {
        private_folder(folder)?;
        let mut file = tempfile::Builder::new().prefix(".part-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(name)).map_err(|error| error.error)?;
        Ok(())
    };
    match write() {
        Ok(()) => Ended::Sent,
        Err(error) => Ended::Later(format!("{} cannot be written: {error}", folder.display())),
    }
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
