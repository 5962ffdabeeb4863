//! The slots as the phone sees them.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_upgrade::port::{FirmwareSlots, SlotError, SlotErrorKind, Turn};
use onhook_upgrade::sharing::{LoadId, LoadReader, SharedLoad};
use onhook_upgrade::{BootRecord, Held, Load, Slot};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::core::Core;
use crate::fault::{medium, rejected};
use crate::hook::Hook;
use crate::medium::{Medium, Places, RealMedium};

/// Two slots in files or on block devices.
pub struct Slots {
    core: Arc<Mutex<Core>>,
    hook: Option<Hook>,
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
        Self::over(Box::new(medium), running, hook)
    }

    pub(crate) fn over(
        medium: Box<dyn Medium>,
        running: Option<Slot>,
        hook: Option<PathBuf>,
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
            hook: hook.map(Hook),
        })
    }

    /// Does something on a thread that may wait for the medium; it goes on if nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> Result<T, SlotError> + Send + 'static,
    ) -> Result<T, SlotError> {
        let core = Arc::clone(&self.core).lock_owned().await;
        blocking(core, work).await.1
    }
}

async fn blocking<T: Send + 'static>(
    mut core: OwnedMutexGuard<Core>,
    work: impl FnOnce(&mut Core) -> Result<T, SlotError> + Send + 'static,
) -> (Option<OwnedMutexGuard<Core>>, Result<T, SlotError>) {
    let done = tokio::task::spawn_blocking(move || {
        let done = work(&mut core);
        (core, done)
    });
    match done.await {
        Ok((core, done)) => (Some(core), done),
        Err(error) => {
            let what = "the program failed in the middle of it: please report this";
            (
                None,
                Err(SlotError::new(SlotErrorKind::Medium, what).with_source(error)),
            )
        }
    }
}

#[async_trait]
impl FirmwareSlots for Slots {
    async fn record(&self) -> Result<BootRecord, SlotError> {
        self.work(|core| core.record()).await
    }

    async fn begin(&self, load: &Arc<Load>) -> Result<Vec<u32>, SlotError> {
        let load = Arc::clone(load);
        self.work(move |core| core.begin(&load)).await
    }

    async fn write(&self, block: u32, bytes: Vec<u8>) -> Result<(), SlotError> {
        self.work(move |core| core.write(block, &bytes)).await
    }

    async fn finish(&self) -> Result<(), SlotError> {
        self.work(Core::finish).await
    }

    async fn turn(&self, turn: Turn) -> Result<(), SlotError> {
        let core = Arc::clone(&self.core).lock_owned().await;
        let (core, changed) = blocking(core, move |core| {
            let before = core.record()?;
            let mut record = before.clone();
            let (word, slot) = match turn {
                Turn::Activate => {
                    record.activate().map_err(rejected)?;
                    ("activate", record.inactive())
                }
                Turn::Confirm => {
                    record.confirm();
                    ("confirm", record.running)
                }
            };
            Ok((word, slot, before != record, record))
        })
        .await;
        let (word, slot, is_new, record) = changed?;
        //= R-FW-9
        if !is_new && turn == Turn::Confirm {
            return Ok(());
        }
        if let Some(hook) = &self.hook {
            let load = match record.held(slot) {
                Held::Whole(load) => &*load.name,
                Held::Unknown | Held::Part(_) => "",
            };
            // Before the record: what a boot loader was told and nobody noted is seen when it comes up.
            hook.call(word, slot, load).await?;
        }
        match core {
            Some(core) => blocking(core, move |core| core.store(&record)).await.1,
            None => Ok(()),
        }
    }
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
