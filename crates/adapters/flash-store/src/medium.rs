//! Files that are replaced whole, and survive a power cut at any moment.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use onhook_params::port::StoreError;
use zeroize::Zeroizing;

use crate::codec::Damage;
use crate::disk::Disk;
use crate::fault;
use crate::hook::{CommitHook, CommitStep, StoredFile};

/// The bytes of a file; may hold secrets.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

/// Under which name stands what is in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// There is nothing.
    Nobody,
    /// The name of the file.
    File,
    /// That of the former file; the name of the file is free.
    Former,
    /// That of the former file, because the file is damaged.
    FormerOfDamaged,
    /// The name of the file, which is to leave no trace.
    Unwanted,
}

impl Whose {
    /// The name that the file gets when a new one takes its place; `None` if there is no file.
    const fn kept_as(self, file: StoredFile) -> Option<&'static str> {
        match self {
            Self::Nobody | Self::Former | Self::Unwanted => None,
            Self::File => Some(file.former()),
            Self::FormerOfDamaged => Some(file.set_aside()),
        }
    }
}

/// What is in force.
pub(crate) struct Found<T> {
    pub(crate) value: Option<T>,
    pub(crate) whose: Whose,
}

impl<T> Found<T> {
    const fn new(value: T, whose: Whose) -> Self {
        Self {
            value: Some(value),
            whose,
        }
    }
}

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
        self.sync_dir()?;
        for file in StoredFile::ALL {
            // A commit ended between its two renames: what was in force gets its name back.
            let (name, former) = (file.name(), file.former());
            if self.read(name)?.is_none() && self.read(former)?.is_some() {
                self.disk
                    .rename(former, name)
                    .and_then(|()| self.disk.sync_dir())
                    .map_err(|error| fault::medium("restoring", &self.at(name), error))?;
            }
            // A failure here only costs space.
            if let Err(error) = self.disk.remove(file.draft()) {
                tracing::warn!(file = file.draft(), %error, "a temporary file cannot be removed");
            }
        }
        Ok(())
    }

    /// All bytes under a name; `None` if there is no such file.
    fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        self.disk
            .read(name)
            .map_err(|error| fault::medium("reading", &self.at(name), error))
    }

    /// Finds what is in force: the file, or the former one where the file is damaged or between two names.
    ///
    /// # Errors
    /// The medium refuses, or neither of the two can be read.
    pub(crate) fn find<T>(
        &self,
        file: StoredFile,
        parse: impl Fn(&[u8]) -> Result<T, Damage>,
    ) -> Result<Found<T>, StoreError> {
        let damage = match self.read(file.name())?.map(|bytes| parse(&bytes)) {
            Some(Ok(value)) => return Ok(Found::new(value, Whose::File)),
            Some(Err(damage)) => Some(damage),
            None => None,
        };
        let former = self.read(file.former())?.map(|bytes| parse(&bytes));
        match (damage, former) {
            (None, None) => Ok(Found {
                value: None,
                whose: Whose::Nobody,
            }),
            // A rename was cut off before the next one.
            (None, Some(Ok(value))) => Ok(Found::new(value, Whose::Former)),
            (None, Some(Err(damage))) => Err(fault::damaged(&self.at(file.former()), &damage)),
            (Some(damage), Some(Ok(value))) => {
                let (offset, what) = (damage.offset, damage.what);
                tracing::error!(
                    file = %self.at(file.name()).display(), offset, what,
                    "a damaged file is not used; the one before it is in force, so the last change may be lost"
                );
                Ok(Found::new(value, Whose::FormerOfDamaged))
            }
            (Some(damage), Some(Err(_)) | None) => {
                Err(fault::damaged(&self.at(file.name()), &damage))
            }
        }
    }

    /// Puts new bytes in the place of a file, which becomes the former one: what was in force or the new bytes are in
    /// force at any moment.
    pub(crate) fn replace(
        &self,
        file: StoredFile,
        new: &[u8],
        whose: Whose,
    ) -> Result<(), StoreError> {
        let unwanted = match whose {
            Whose::Unwanted => self.read(file.name())?,
            Whose::Nobody | Whose::File | Whose::Former | Whose::FormerOfDamaged => None,
        };
        self.step(file, CommitStep::Begin);
        //= R-FLS-1
        if let Err(error) = self.put(file, new, whose) {
            let _ = self.disk.remove(file.draft());
            return Err(error);
        }
        self.step(file, CommitStep::Renamed);
        self.sync_dir().inspect_err(|_| {
            let restored = match (whose.kept_as(file), unwanted) {
                (Some(kept), _) => self.disk.rename(kept, file.name()),
                (None, Some(bytes)) => self.put_back(file.name(), &bytes),
                (None, None) => self.disk.remove(file.name()),
            };
            if restored.is_err() || self.disk.sync_dir().is_err() {
                tracing::error!(
                    file = file.name(),
                    "what was in force could not be restored"
                );
            }
        })?;
        self.count_write();
        self.step(file, CommitStep::Done);
        Ok(())
    }

    /// Writes a draft, flushes it, and gives it its final name.
    fn put(&self, file: StoredFile, bytes: &[u8], whose: Whose) -> Result<(), StoreError> {
        let draft = self.at(file.draft());
        let refused = |error| fault::medium("writing", &draft, error);
        let mut writer = self.disk.create(file.draft()).map_err(refused)?;
        writer.write(bytes).map_err(refused)?;
        self.step(file, CommitStep::Written);
        writer.sync().map_err(refused)?;
        drop(writer);
        self.step(file, CommitStep::Synced);
        let kept = whose.kept_as(file);
        let refused = |error| fault::medium("replacing", &self.at(file.name()), error);
        if let Some(kept) = kept {
            self.disk.rename(file.name(), kept).map_err(refused)?;
        }
        self.step(file, CommitStep::Kept);
        self.disk
            .rename(file.draft(), file.name())
            .map_err(|error| {
                if let Some(kept) = kept {
                    let _ = self.disk.rename(kept, file.name());
                }
                refused(error)
            })
    }

    /// Forgets the former file for good, so that it never comes back.
    pub(crate) fn forget_former(&self, file: StoredFile) -> Result<(), StoreError> {
        self.remove_name(file.former())
    }

    /// Forgets the damaged file that was set aside.
    pub(crate) fn forget_damaged(&self, file: StoredFile) -> Result<(), StoreError> {
        self.remove_name(file.set_aside())
    }

    /// Removes what is in force; the former file was forgotten before.
    pub(crate) fn remove(&self, file: StoredFile) -> Result<(), StoreError> {
        self.step(file, CommitStep::Begin);
        self.remove_name(file.name())?;
        self.count_write();
        self.step(file, CommitStep::Done);
        Ok(())
    }

    fn remove_name(&self, name: &str) -> Result<(), StoreError> {
        let Some(bytes) = self.read(name)? else {
            return Ok(());
        };
        self.disk
            .remove(name)
            .map_err(|error| fault::medium("removing", &self.at(name), error))?;
        self.sync_dir().inspect_err(|_| {
            // The name may be gone for good or not.
            if self.put_back(name, &bytes).is_err() || self.disk.sync_dir().is_err() {
                tracing::error!(file = name, "what was in force could not be restored");
            }
        })
    }

    /// Gives a name the bytes that it had.
    fn put_back(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let draft = StoredFile::Params.draft();
        let mut file = self.disk.create(draft)?;
        file.write(bytes)?;
        file.sync()?;
        self.disk.rename(draft, name)
    }

    /// Gives a damaged file another name, so that its place is free.
    pub(crate) fn set_aside(&self, file: StoredFile) -> Result<(), StoreError> {
        if self.read(file.name())?.is_none() {
            return Ok(());
        }
        self.disk
            .rename(file.name(), file.set_aside())
            .and_then(|()| self.disk.sync_dir())
            .map_err(|error| fault::medium("setting aside", &self.at(file.name()), error))?;
        self.count_write();
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), StoreError> {
        self.disk
            .sync_dir()
            .map_err(|error| fault::medium("flushing the directory", &self.path, error))
    }

    fn count_write(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
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
