//! Files that are replaced whole, and survive a power cut at any moment.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use onhook_params::port::StoreError;
use zeroize::Zeroizing;

use crate::disk::Disk;
use crate::fault;
use crate::hook::{CommitHook, CommitStep, StoredFile};

/// The bytes of a file; may hold secrets.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

/// The files of one store.
pub(crate) struct Medium {
    disk: Box<dyn Disk>,
    path: PathBuf,
    hook: Mutex<Option<CommitHook>>,
    writes: AtomicU64,
}

impl Medium {
    /// The files in a directory; the path is only for messages.
    pub(crate) fn new(disk: Box<dyn Disk>, path: &Path) -> Self {
        Self {
            disk,
            path: path.to_owned(),
            hook: Mutex::default(),
            writes: AtomicU64::new(0),
        }
    }

    /// The directory, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file, for messages.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn set_hook(&self, hook: CommitHook) {
        *guard(&self.hook) = Some(hook);
    }

    /// The number of durable changes.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Cleans up after a process that was killed.
    ///
    /// # Errors
    /// What is found cannot be made durable.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        // The last rename may be visible and not durable yet; who loads what it left must not lose it again.
        self.disk
            .sync_dir()
            .map_err(|error| fault::medium("flushing the directory", &self.path, error))?;
        // A failure here only costs space.
        for file in [StoredFile::Params, StoredFile::State] {
            if let Err(error) = self.disk.remove(file.draft()) {
                tracing::warn!(file = file.draft(), %error, "a temporary file cannot be removed");
            }
        }
        Ok(())
    }

    /// All bytes of a file; `None` if there is no such file.
    pub(crate) fn read(&self, file: StoredFile) -> Result<Option<Bytes>, StoreError> {
        self.disk
            .read(file.name())
            .map_err(|error| fault::medium("reading", &self.at(file.name()), error))
    }

    /// Puts new bytes in the place of a file: the old ones or the new ones are there at any moment.
    pub(crate) fn replace(
        &self,
        file: StoredFile,
        new: &[u8],
        old: Option<Bytes>,
    ) -> Result<(), StoreError> {
        self.step(file, CommitStep::Begin);
        //= R-FLS-1
        if let Err(error) = self.put(file, new) {
            let _ = self.disk.remove(file.draft());
            return Err(error);
        }
        self.step(file, CommitStep::Renamed);
        self.make_durable(file, old)
    }

    /// Removes a file whose bytes are given.
    pub(crate) fn remove(&self, file: StoredFile, old: Option<Bytes>) -> Result<(), StoreError> {
        self.step(file, CommitStep::Begin);
        self.disk
            .remove(file.name())
            .map_err(|error| fault::medium("removing", &self.at(file.name()), error))?;
        self.make_durable(file, old)
    }

    /// Writes a draft, flushes it, and gives it its final name.
    fn put(&self, file: StoredFile, bytes: &[u8]) -> Result<(), StoreError> {
        let draft = self.at(file.draft());
        let refused = |error| fault::medium("writing", &draft, error);
        let mut writer = self.disk.create(file.draft()).map_err(refused)?;
        writer.write(bytes).map_err(refused)?;
        self.step(file, CommitStep::Written);
        writer.sync().map_err(refused)?;
        drop(writer);
        self.step(file, CommitStep::Synced);
        self.disk
            .rename(file.draft(), file.name())
            .map_err(|error| fault::medium("replacing", &self.at(file.name()), error))
    }

    /// Flushes the directory. If that fails the file gets its old bytes back, as far as possible.
    fn make_durable(&self, file: StoredFile, old: Option<Bytes>) -> Result<(), StoreError> {
        if let Err(error) = self.disk.sync_dir() {
            let restored = match old {
                Some(old) => self.put(file, &old).is_ok(),
                None => self.disk.remove(file.name()).is_ok(),
            };
            if !restored || self.disk.sync_dir().is_err() {
                tracing::error!(file = file.name(), "the former state could not be restored");
            }
            return Err(fault::medium("flushing the directory", &self.path, error));
        }
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.step(file, CommitStep::Done);
        Ok(())
    }

    /// Gives a damaged file another name, so that its place is free.
    pub(crate) fn set_aside(&self, file: StoredFile) -> Result<(), StoreError> {
        self.disk
            .rename(file.name(), file.set_aside())
            .and_then(|()| self.disk.sync_dir())
            .map_err(|error| fault::medium("setting aside", &self.at(file.name()), error))?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn step(&self, file: StoredFile, step: CommitStep) {
        // Cloned, so that the hook may set another one.
        let hook = guard(&self.hook).clone();
        if let Some(hook) = hook {
            hook(file, step);
        }
    }
}

/// Locks, also after a hook has panicked: no lock guards anything that could be half done.
pub(crate) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
