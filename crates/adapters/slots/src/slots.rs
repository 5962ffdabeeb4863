//! The slots as the phone sees them.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_upgrade::port::{FirmwareSlots, SlotError, SlotErrorKind, Turn};
use onhook_upgrade::sharing::{LoadId, LoadReader, SharedLoad};
use onhook_upgrade::{BootRecord, Held, Load, Slot};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::core::Core;
use crate::fault::{medium, rejected};
use crate::hook::{Hook, Tell};
use crate::medium::{Medium, Places, RealMedium};

/// Two slots in files or on block devices.
pub struct Slots {
    core: Arc<Mutex<Core>>,
    hook: Option<Box<dyn Tell>>,
}

impl Slots {
    /// Opens the slots of a phone; `running` is the slot that runs, if a boot loader says so that does not write the boot record.
    ///
    /// # Errors
    /// The folder cannot be made, or the boot record cannot be read or written.
    pub fn open(
        places: Places,
        running: Option<Slot>,
        hook: Option<PathBuf>,
    ) -> Result<Self, SlotError> {
        let medium = RealMedium::open(places)
            .map_err(|error| medium("making the folder of the boot record", None, error))?;
        let hook = hook.map(|program| Box::new(Hook(program)) as Box<dyn Tell>);
        Self::over(Box::new(medium), running, hook)
    }

    pub(crate) fn over(
        medium: Box<dyn Medium>,
        running: Option<Slot>,
        hook: Option<Box<dyn Tell>>,
    ) -> Result<Self, SlotError> {
        let core = Core::new(medium);
        if let Some(running) = running {
            let before = core.record()?;
            let mut record = before.clone();
            record.booted(running);
            if record != before {
                core.store(&record)?;
            }
        }
        Ok(Self {
            core: Arc::new(Mutex::new(core)),
            hook,
        })
    }

    /// Does something on a thread that may wait for the medium; it goes on if nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> Result<T, SlotError> + Send + 'static,
    ) -> Result<T, SlotError> {
        let core = Arc::clone(&self.core).lock_owned().await;
        let (_, done) = blocking(core, work).await?;
        Ok(done)
    }
}

/// Does something on such a thread, and gives the slots back.
async fn blocking<T: Send + 'static>(
    mut core: OwnedMutexGuard<Core>,
    work: impl FnOnce(&mut Core) -> Result<T, SlotError> + Send + 'static,
) -> Result<(OwnedMutexGuard<Core>, T), SlotError> {
    let done = tokio::task::spawn_blocking(move || {
        let done = work(&mut core)?;
        Ok((core, done))
    });
    done.await.unwrap_or_else(|error| {
        let what = "the program failed in the middle of it: please report this";
        Err(SlotError::new(SlotErrorKind::Medium, what).with_source(error))
    })
}

#[async_trait]
impl FirmwareSlots for Slots {
    async fn record(&self) -> Result<BootRecord, SlotError> {
        self.work(|core| core.record()).await
    }

    async fn begin(&self, load: &Arc<Load>) -> Result<Vec<u32>, SlotError> {
        let mut core = Arc::clone(&self.core).lock_owned().await;
        if let Some(hook) = &self.hook {
            core = told(core, &**hook, |record: &mut BootRecord| {
                // Whatever was told before, by this program or one before it: only a whole load may be about to come up, and none that is
                // being written.
                let may_come_up = matches!(record.held(record.inactive()), Held::Whole(_));
                Ok((may_come_up && !record.is_on_trial()).then(|| {
                    record.take_back();
                    (ACTIVATE, record.running)
                }))
            })
            .await?;
        }
        let load = Arc::clone(load);
        let (_, begun) = blocking(core, move |core| core.begin(&load)).await?;
        Ok(begun)
    }

    async fn write(&self, block: u32, bytes: Vec<u8>) -> Result<(), SlotError> {
        self.work(move |core| core.write(block, &bytes)).await
    }

    async fn finish(&self) -> Result<(), SlotError> {
        self.work(Core::finish).await
    }

    async fn turn(&self, turn: Turn) -> Result<(), SlotError> {
        let core = Arc::clone(&self.core).lock_owned().await;
        let step = move |record: &mut BootRecord| match turn {
            Turn::Activate => {
                record.activate().map_err(rejected)?;
                Ok(Some((ACTIVATE, record.inactive())))
            }
            //= R-FW-9
            Turn::Confirm => {
                let word = ("confirm", record.running);
                Ok(record.confirm().then_some(word))
            }
        };
        match &self.hook {
            Some(hook) => told(core, &**hook, step).await.map(drop),
            None => {
                let turned = blocking(core, move |core| {
                    let mut record = core.record()?;
                    match step(&mut record)? {
                        Some(_) => core.store(&record),
                        None => Ok(()),
                    }
                });
                turned.await.map(drop)
            }
        }
    }
}

/// The word for the slot that comes up next.
const ACTIVATE: &str = "activate";
/// What is told, and of which slot.
type Word = (&'static str, Slot);

/// Changes the record, and tells the boot loader of it; nothing happens if `step` has nothing to tell.
///
/// While it is told what to start, the record says that it is unsure of it. So whatever a power cut leaves, what comes up is what the record says,
/// or the record is in doubt, and believes what came up. A load is good for the boot loader first: until that is noted, each boot tells it again.
async fn told(
    core: OwnedMutexGuard<Core>,
    hook: &dyn Tell,
    step: impl FnOnce(&mut BootRecord) -> Result<Option<Word>, SlotError> + Send + 'static,
) -> Result<OwnedMutexGuard<Core>, SlotError> {
    let (core, noted) = blocking(core, move |core| {
        let before = core.record()?;
        let mut after = before.clone();
        let Some(word) = step(&mut after)? else {
            return Ok(None);
        };
        if word.0 == ACTIVATE {
            core.store(&BootRecord {
                unsure: true,
                ..before.clone()
            })?;
        }
        Ok(Some((word, before, after)))
    })
    .await?;
    let Some(((word, slot), before, after)) = noted else {
        return Ok(core);
    };
    let load = |slot| match before.held(slot) {
        Held::Whole(load) => load.name.clone(),
        Held::Unknown | Held::Part(_) => String::new(),
    };
    let Err(error) = hook.tell(word, slot, &load(slot)).await else {
        let stored = blocking(core, move |core| Ok(core.store(&after))).await?;
        let (core, stored) = stored;
        match stored {
            Err(error) if word == ACTIVATE => {
                // It was told, and what comes up is in doubt no longer than until then.
                tracing::warn!("the boot record goes on to be unsure of the boot loader: {error}");
            }
            stored => stored?,
        }
        return Ok(core);
    };
    if word == ACTIVATE {
        // Whatever it did before it failed is to be undone, as far as it lets us.
        let good = before.good;
        let is_undone = before.trial.is_none()
            && slot != good
            && hook.tell(ACTIVATE, good, &load(good)).await.is_ok();
        let left = BootRecord {
            unsure: !is_undone,
            ..before
        };
        // If this fails too, the record goes on to be unsure.
        let _stays_unsure = blocking(core, move |core| core.store(&left)).await;
    }
    Err(error)
}

#[async_trait]
impl LoadReader for Slots {
    async fn running(&self) -> Result<Option<SharedLoad>, SlotError> {
        self.work(Core::running).await
    }

    async fn block(&self, load: LoadId, number: u32) -> Result<Vec<u8>, SlotError> {
        self.work(move |core| core.block(load, number)).await
    }
}
