//! One record in memory, as small stores keep it.

use std::sync::Mutex;

use onhook_params::port::StoreError;

use super::{Power, lock};

/// A record of limited size that is replaced whole.
#[derive(Default)]
pub(super) struct MemoryRecord {
    pub(super) power: Power,
    bytes: Mutex<Option<Vec<u8>>>,
}

impl MemoryRecord {
    pub(super) fn with_power(power: Power) -> Self {
        Self {
            power,
            bytes: Mutex::default(),
        }
    }

    /// The record, even while the power is off.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        lock(&self.bytes).clone()
    }

    pub(super) fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.power.read(|| self.bytes())
    }

    pub(super) fn save(&self, record: &[u8], limit: usize) -> Result<bool, StoreError> {
        if record.len() > limit {
            return Err(StoreError::Medium {
                message: format!(
                    "a record of {} bytes is above the limit of {limit}; shorten it",
                    record.len()
                ),
                source: None,
            });
        }
        if self.load()?.as_deref() == Some(record) {
            return Ok(false);
        }
        self.power
            .write(|| *lock(&self.bytes) = Some(record.to_vec()))?;
        Ok(true)
    }

    pub(super) fn reset(&self) -> Result<(), StoreError> {
        self.power.write(|| *lock(&self.bytes) = None)
    }
}
