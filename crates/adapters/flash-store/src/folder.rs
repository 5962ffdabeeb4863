//! The directory of the store and its lock.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use onhook_params::port::StoreError;

use crate::disk::sync_dir;
use crate::fault;

/// Name of the file whose lock means that the store is in use.
const LOCK: &str = "lock";

/// Creates the directory and its parents where they are missing, for the owner alone.
pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| fault::medium("creating the state directory", path, error))?;
    for folder in missing {
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        sync_dir(parent).map_err(|error| fault::medium("flushing the directory", parent, error))?;
    }
    Ok(())
}

/// Refuses what exists but cannot be read as a directory.
pub(crate) fn check_readable(path: &Path) -> Result<(), StoreError> {
    match fs::read_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(fault::medium("reading the state directory", path, error))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Takes the lock, which lasts as long as the file is open.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let at = path.join(LOCK);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&at)
        .map_err(|error| fault::medium("opening the lock file", &at, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(fault::locked(path)),
        Err(TryLockError::Error(error)) => Err(fault::medium("locking", &at, error)),
    }
}
