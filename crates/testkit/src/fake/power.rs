//! The power supply of stores in memory.

use std::sync::{Arc, Mutex};

use onhook_params::port::StoreError;

use super::lock;

/// On which side of a durable write the power fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// The write never happens.
    Before,
    /// The write is durable, but nobody is told.
    After,
}

/// The power of one device: counts durable writes of all its stores and fails at a chosen one.
///
/// Handles are cheap and share one supply.
#[derive(Clone, Default, Debug)]
pub struct Power(Arc<Mutex<Supply>>);

#[derive(Default, Debug)]
struct Supply {
    off: bool,
    refusing: bool,
    writes: u64,
    cut: Option<(u64, Cut)>,
}

impl Power {
    /// A supply that does not fail by itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the power fail at the n-th durable write from now, counted from 1.
    pub fn cut_at_write(&self, n: u64, cut: Cut) {
        let mut supply = lock(&self.0);
        supply.cut = Some((supply.writes.saturating_add(n), cut));
    }

    /// Whether the device has power.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !lock(&self.0).off
    }

    /// Switches the power on again, without a further cut.
    pub fn restore(&self) {
        let mut supply = lock(&self.0);
        (supply.off, supply.cut) = (false, None);
    }

    /// Makes every write fail until [`Power::accept_writes`], as a medium without space does.
    pub fn refuse_writes(&self) {
        lock(&self.0).refusing = true;
    }

    /// Ends [`Power::refuse_writes`].
    pub fn accept_writes(&self) {
        lock(&self.0).refusing = false;
    }

    /// How many durable writes there were.
    #[must_use]
    pub fn writes(&self) -> u64 {
        lock(&self.0).writes
    }

    /// Reads something, which needs power.
    pub(super) fn read<T>(&self, read: impl FnOnce() -> T) -> Result<T, StoreError> {
        if lock(&self.0).off {
            return Err(off());
        }
        Ok(read())
    }

    /// Makes one durable write, or not, as the supply has it.
    pub(super) fn write(&self, write: impl FnOnce()) -> Result<(), StoreError> {
        let mut supply = lock(&self.0);
        if supply.off {
            return Err(off());
        }
        if supply.refusing {
            return Err(StoreError::Medium {
                message: "the store in memory refuses writes; let it accept them again".into(),
                source: None,
            });
        }
        let due = supply.writes.saturating_add(1);
        let cut = supply.cut.filter(|(at, _)| *at <= due).map(|(_, cut)| cut);
        supply.off = cut.is_some();
        if cut == Some(Cut::Before) {
            return Err(off());
        }
        supply.writes = due;
        write();
        match cut {
            None => Ok(()),
            Some(_) => Err(off()),
        }
    }
}

fn off() -> StoreError {
    StoreError::Medium {
        message: "the power is off; restore it".into(),
        source: None,
    }
}
