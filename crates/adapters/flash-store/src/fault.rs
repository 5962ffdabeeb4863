//! Errors with path and remedy.

use std::io;
use std::path::Path;

use onhook_params::port::StoreError;

use crate::codec::Damage;

/// The medium refused something.
pub(crate) fn medium(doing: &str, path: &Path, error: io::Error) -> StoreError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the kinds of the standard library grow"
    )]
    let remedy = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "there is no space left: free some on this file system"
        }
        io::ErrorKind::PermissionDenied => {
            "the right is missing: run as the owner of the directory, or change its owner or mode"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only: mount it writable, or choose another state directory"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file stands where a directory is needed: remove it, or choose another state directory"
        }
        io::ErrorKind::NotFound => {
            "it does not exist: create it, or choose another state directory"
        }
        io::ErrorKind::FileTooLarge => {
            "it is larger than a store can be: move the file away, or choose another state directory"
        }
        _ => "check the medium and the file system",
    };
    StoreError::Medium {
        message: format!("{doing} {}: {remedy}", path.display()),
        source: Some(Box::new(error)),
    }
}

/// A file does not hold what the store wrote.
pub(crate) fn damaged(path: &Path, damage: &Damage) -> StoreError {
    StoreError::Damaged {
        message: format!(
            "{} is damaged at byte {}: {}; restore the file from a copy, or start from the factory state with \
             `onhook-agent params reset`, which keeps the damaged file beside the new one",
            path.display(),
            damage.offset,
            damage.what
        ),
    }
}

/// Another process writes to the store.
pub(crate) fn locked(path: &Path) -> StoreError {
    StoreError::Locked {
        message: format!(
            "the state directory {} is in use by another process: stop it, send the command to the running agent, \
             or choose another state directory",
            path.display()
        ),
    }
}

/// The store was opened for reading.
pub(crate) fn read_only(path: &Path) -> StoreError {
    StoreError::Medium {
        message: format!(
            "the state directory {} was opened for reading only: send the change to the running agent",
            path.display()
        ),
        source: None,
    }
}

/// Something passes a limit of the store.
pub(crate) fn too_large(path: &Path, what: &str, limit: u64) -> StoreError {
    StoreError::Medium {
        message: format!(
            "writing {}: {what} would pass the limit of {limit} bytes; make it smaller",
            path.display()
        ),
        source: None,
    }
}
