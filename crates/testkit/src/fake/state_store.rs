//! The state record in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use onhook_params::port::StoreError;
use onhook_phone::port::{STATE_RECORD_LIMIT, StateStore};

use super::{Power, lock};

/// A [`StateStore`] in memory whose power can be cut at any durable write.
#[derive(Default)]
pub struct MemoryStateStore {
    power: Power,
    record: Mutex<Option<Vec<u8>>>,
}

impl MemoryStateStore {
    /// An empty store that draws from a power supply, which other stores may share.
    #[must_use]
    pub fn with_power(power: Power) -> Self {
        Self {
            power,
            record: Mutex::default(),
        }
    }

    /// An empty store with its own power supply.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The power supply of the store.
    #[must_use]
    pub fn power(&self) -> &Power {
        &self.power
    }

    /// The record, even while the power is off.
    #[must_use]
    pub fn record(&self) -> Option<Vec<u8>> {
        lock(&self.record).clone()
    }
}

#[async_trait]
impl StateStore for MemoryStateStore {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.power.read(|| self.record())
    }

    async fn save_state(&self, record: &[u8]) -> Result<bool, StoreError> {
        if record.len() > STATE_RECORD_LIMIT {
            return Err(StoreError::Medium {
                message: format!(
                    "a state record of {} bytes is above the limit of {STATE_RECORD_LIMIT}; shorten it",
                    record.len()
                ),
                source: None,
            });
        }
        let old = self.power.read(|| self.record())?;
        if old.as_deref() == Some(record) {
            return Ok(false);
        }
        self.power
            .write(|| *lock(&self.record) = Some(record.to_vec()))?;
        Ok(true)
    }

    async fn reset_state(&self) -> Result<(), StoreError> {
        self.power.write(|| *lock(&self.record) = None)
    }
}
