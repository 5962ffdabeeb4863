//! The other end: what a boot loader does that keeps the boot record itself.

use std::io;

use onhook_upgrade::port::{SlotError, SlotErrorKind};
use onhook_upgrade::{Held, HeldLoad, Slot};

use crate::core::Core;
use crate::fault::medium;
use crate::medium::{Places, RealMedium};

/// A boot loader for slots that need no other, such as those of tests and of phones in containers.
pub struct BootLoader(Core);

/// What comes up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// The slot.
    pub slot: Slot,
    /// Its load; `None` for what was there when the phone was made.
    pub load: Option<HeldLoad>,
}

impl BootLoader {
    /// Opens the slots; no phone runs on them.
    ///
    /// # Errors
    /// The folder of the boot record cannot be made.
    pub fn open(places: Places) -> Result<Self, SlotError> {
        let medium = RealMedium::open(places)
            .map_err(|error| medium("making the folder of the boot record", None, error))?;
        Ok(Self(Core::new(Box::new(medium))))
    }

    /// Says what comes up now, and counts it durably.
    ///
    /// # Errors
    /// The record cannot be read or written.
    pub fn next(&self) -> Result<Start, SlotError> {
        let before = self.0.record()?;
        let mut record = before.clone();
        //= R-FW-9
        let slot = record.boot();
        if record != before {
            self.0.store(&record)?;
        }
        let load = match record.held(slot) {
            Held::Whole(load) => Some(load.clone()),
            Held::Unknown | Held::Part(_) => None,
        };
        Ok(Start { slot, load })
    }

    /// Lends a component of what comes up, piece by piece.
    ///
    /// # Errors
    /// There is none of this name, `lend` fails, or it is not what was signed: then nothing that was lent counts.
    pub fn lend(
        &self,
        start: &Start,
        component: &str,
        lend: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), SlotError> {
        let missing = || {
            let what = format!(
                "slot {} has no {component}: build the load with one",
                start.slot
            );
            SlotError::new(SlotErrorKind::Rejected, what)
        };
        let held = start.load.as_ref().ok_or_else(missing)?;
        let manifest = self.0.manifest(start.slot, held)?;
        let found = manifest
            .components()
            .iter()
            .find(|found| found.name == component);
        let found = found.ok_or_else(missing)?;
        let from = manifest.place(found.first_block);
        self.0.lend(start.slot, (from, found), lend)
    }
}
