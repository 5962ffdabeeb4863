//! The store: what is read, what is replaced, and in which order.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_params::port::{ConfigStore, StoreError, StoredParam};
use onhook_params::{ParamId, Scope};
use onhook_phone::port::{STATE_RECORD_LIMIT, StateStore, TRUST_RECORD_LIMIT, TrustStore};

use crate::codec::{self, Entries, Held};
use crate::disk::{Disk, LARGEST, RealDisk};
use crate::hook::{CommitHook, StoredFile};
use crate::medium::{Bytes, Found, Medium, Whose, guard};
use crate::{fault, folder};

/// Parameters, state record and custom CA of one phone in one directory.
///
/// Nothing is cached: every call reads the files, so that a change by the one writing process is seen by
/// processes that only read. A change that was begun is carried through even if its future is dropped.
pub struct FlashStore {
    inner: Arc<Inner>,
}

struct Inner {
    medium: Medium,
    scope: Scope,
    right: Right,
    /// Held by whoever uses the files.
    turn: Mutex<()>,
}

enum Right {
    Read,
    /// The lock of the directory; tests have none.
    Write {
        _lock: Option<File>,
    },
}

impl FlashStore {
    /// Opens a directory for reading and writing, creates it if need be, and locks out other writers.
    ///
    /// Remains of a commit that was cut off are removed. Names of parameters that the scope does not know are
    /// reported once, by tracing, and kept.
    ///
    /// # Errors
    /// The directory cannot be created or used, or another process has it open for writing. Damaged files are
    /// found only when they are loaded, so that a reset can set them aside.
    pub fn open(path: &Path, scope: Scope) -> Result<Self, StoreError> {
        folder::create(path)?;
        folder::check_readable(path)?;
        let lock = folder::lock(path)?;
        let inner = Inner::new(
            Box::new(RealDisk {
                path: path.to_owned(),
            }),
            path,
            scope,
            Right::Write { _lock: Some(lock) },
        );
        inner.medium.settle()?;
        inner.report_unknown();
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Opens a directory for reading, also while another process writes to it.
    ///
    /// A directory that does not exist is an empty store. Every change is refused.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn open_read(path: &Path, scope: Scope) -> Result<Self, StoreError> {
        folder::check_readable(path)?;
        let disk = Box::new(RealDisk {
            path: path.to_owned(),
        });
        Ok(Self {
            inner: Arc::new(Inner::new(disk, path, scope, Right::Read)),
        })
    }

    /// Has every further commit call a hook at each of its steps, on the thread that writes.
    pub fn on_commit(&self, hook: CommitHook) {
        self.inner.medium.set_hook(hook);
    }

    /// How many durable changes of either file this store has made since it was opened.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.inner.medium.writes()
    }

    async fn load_record(&self, file: StoredFile) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(move |inner| inner.load_record(file)).await
    }

    async fn save_record(
        &self,
        file: StoredFile,
        limit: usize,
        record: &[u8],
    ) -> Result<bool, StoreError> {
        let record = record.to_vec();
        self.run(move |inner| inner.save_record(file, limit, &record))
            .await
    }

    async fn reset_record(&self, file: StoredFile) -> Result<(), StoreError> {
        self.run(move |inner| inner.reset_record(file)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let _turn = guard(&inner.turn);
            work(&inner)
        })
        .await
        .unwrap_or_else(|error| {
            Err(StoreError::Medium {
                message: "the thread that uses the store ended before its time; try again".into(),
                source: Some(Box::new(error)),
            })
        })
    }
}

#[async_trait]
impl ConfigStore for FlashStore {
    async fn load(&self) -> Result<Vec<StoredParam>, StoreError> {
        self.run(Inner::load).await
    }

    async fn commit(&self, changes: Vec<StoredParam>) -> Result<bool, StoreError> {
        self.run(move |inner| inner.commit(changes)).await
    }

    /// A damaged file is set aside as `params.bin.damaged`.
    async fn reset(&self) -> Result<(), StoreError> {
        self.run(Inner::reset).await
    }
}

#[async_trait]
impl StateStore for FlashStore {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.load_record(StoredFile::State).await
    }

    /// A damaged file is set aside as `state.bin.damaged`.
    async fn save_state(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.save_record(StoredFile::State, STATE_RECORD_LIMIT, record)
            .await
    }

    /// A damaged file is set aside as `state.bin.damaged`.
    async fn reset_state(&self) -> Result<(), StoreError> {
        self.reset_record(StoredFile::State).await
    }
}

#[async_trait]
impl TrustStore for FlashStore {
    async fn load_trust(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.load_record(StoredFile::Trust).await
    }

    /// A damaged file is set aside as `trust.bin.damaged`.
    async fn save_trust(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.save_record(StoredFile::Trust, TRUST_RECORD_LIMIT, record)
            .await
    }

    /// A damaged file is set aside as `trust.bin.damaged`.
    async fn reset_trust(&self) -> Result<(), StoreError> {
        self.reset_record(StoredFile::Trust).await
    }
}

impl Inner {
    fn new(disk: Box<dyn Disk>, path: &Path, scope: Scope, right: Right) -> Self {
        Self {
            medium: Medium::new(disk, path),
            scope,
            right,
            turn: Mutex::default(),
        }
    }

    /// The entries in force, under the names that the registry uses today; names that it does not know stay.
    fn entries(&self) -> Result<(Entries, Whose), StoreError> {
        let found = self.medium.find(StoredFile::Params, codec::decode)?;
        let mut named = Entries::new();
        for (name, held) in found.value.unwrap_or_default() {
            let today = ParamId::lookup(&name, &self.scope).map(|id| id.name().to_string());
            match today {
                // A name of old gives way to the one of today.
                Some(today) if today != name => {
                    named.entry(today).or_insert(held);
                }
                Some(_) | None => {
                    named.insert(name, held);
                }
            }
        }
        Ok((named, found.whose))
    }

    fn record(&self, file: StoredFile) -> Result<Found<Vec<u8>>, StoreError> {
        self.medium
            .find(file, |bytes| codec::unwrap(file, bytes).map(<[u8]>::to_vec))
    }

    fn report_unknown(&self) {
        // A file that cannot be read is reported by whoever loads it.
        let Ok((entries, _)) = self.entries() else {
            return;
        };
        let unknown: Vec<&String> = entries
            .keys()
            .filter(|name| ParamId::lookup(name, &self.scope).is_none())
            .collect();
        if !unknown.is_empty() {
            tracing::warn!(names = ?unknown, "stored parameters that are unknown here are kept unused");
        }
    }

    fn load(&self) -> Result<Vec<StoredParam>, StoreError> {
        let (entries, _) = self.entries()?;
        let mut stored: Vec<StoredParam> = entries
            .into_iter()
            .filter_map(|(name, held)| {
                Some(StoredParam {
                    id: ParamId::lookup(&name, &self.scope)?,
                    value: held.value,
                    access: held.access,
                    user_set: held.user_set,
                })
            })
            .collect();
        stored.sort_by_key(|param| param.id);
        Ok(stored)
    }

    fn commit(&self, changes: Vec<StoredParam>) -> Result<bool, StoreError> {
        self.check_writable()?;
        let (old, whose) = self.entries()?;
        let mut new = old.clone();
        for change in changes {
            let name = change.id.name().to_string();
            let held = Held {
                value: change.value,
                access: change.access,
                user_set: change.user_set,
            };
            if held.value.is_none() && held.access.is_none() && !held.user_set {
                new.remove(&name);
            } else {
                new.insert(name, held);
            }
        }
        //= R-APP-7
        if new == old {
            return Ok(false);
        }
        self.medium
            .replace(StoredFile::Params, &self.encode(&new)?, whose)?;
        Ok(true)
    }

    fn reset(&self) -> Result<(), StoreError> {
        let file = StoredFile::Params;
        match self.forget(file, self.entries())? {
            Some(entries) if !entries.is_empty() => {
                // The former file was forgotten, so that nothing of before comes back, not even from a damaged file.
                self.medium
                    .replace(file, &self.encode(&Entries::new())?, Whose::Unwanted)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn load_record(&self, file: StoredFile) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.record(file)?.value)
    }

    /// Begins a reset: nothing but the file in force is left, and what it holds is returned, if it holds anything.
    ///
    /// Where nothing can be read, the damaged file is kept beside: a reset is the only way out then, and whoever
    /// takes it may still want to see what happened. The next reset removes that too.
    fn forget<T>(
        &self,
        file: StoredFile,
        found: Result<(T, Whose), StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.check_writable()?;
        let readable = found.is_ok();
        let held = match found {
            Ok((held, Whose::File)) => Some(held),
            Ok((_, Whose::Nobody | Whose::Former | Whose::Unwanted)) => None,
            Ok((_, Whose::FormerOfDamaged)) => {
                self.medium.set_aside(file)?;
                None
            }
            Err(StoreError::Damaged { .. }) => {
                self.medium.set_aside(file)?;
                None
            }
            Err(error) => return Err(error),
        };
        //= R-FLS-2
        self.medium.forget_former(file)?;
        if readable {
            self.medium.forget_damaged(file)?;
        }
        Ok(held)
    }

    fn save_record(
        &self,
        file: StoredFile,
        limit: usize,
        record: &[u8],
    ) -> Result<bool, StoreError> {
        self.check_writable()?;
        let at = self.medium.at(file.name());
        let refused = |limit| fault::too_large(&at, "the record", limit);
        if record.len() > limit {
            return Err(refused(limit as u64));
        }
        let whose = match self.record(file) {
            Ok(found) if found.value.as_deref() == Some(record) => return Ok(false),
            Ok(found) => found.whose,
            Err(StoreError::Damaged { message }) => {
                tracing::warn!(message, "the damaged record is set aside");
                self.medium.set_aside(file)?;
                Whose::Nobody
            }
            Err(error) => return Err(error),
        };
        let bytes = codec::wrap(file, record).ok_or_else(|| refused(LARGEST))?;
        self.medium.replace(file, &bytes, whose)?;
        Ok(true)
    }

    fn reset_record(&self, file: StoredFile) -> Result<(), StoreError> {
        let found = self.record(file).map(|found| (found.value, found.whose));
        match self.forget(file, found)? {
            //= R-FLS-2
            Some(_) => self.medium.remove(file),
            None => Ok(()),
        }
    }

    fn encode(&self, entries: &Entries) -> Result<Bytes, StoreError> {
        codec::encode(entries)
            .and_then(|content| codec::wrap(StoredFile::Params, &content))
            .filter(|bytes| bytes.len() as u64 <= LARGEST)
            .ok_or_else(|| {
                fault::too_large(
                    &self.medium.at(StoredFile::Params.name()),
                    "the parameters",
                    LARGEST,
                )
            })
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        match self.right {
            Right::Read => Err(fault::read_only(self.medium.path())),
            Right::Write { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod sim;
#[cfg(test)]
mod tests;
