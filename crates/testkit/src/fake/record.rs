//! One record in memory, as small stores keep it.

use std::sync::Mutex;

use async_trait::async_trait;
use onhook_params::port::StoreError;
use onhook_phone::port::{STATE_RECORD_LIMIT, StateStore, TRUST_RECORD_LIMIT, TrustStore};

use super::{Power, lock};

/// A [`StateStore`] or a [`TrustStore`] in memory, whose power can be cut at any durable write.
#[derive(Default)]
pub struct MemoryRecord {
    power: Power,
    bytes: Mutex<Option<Vec<u8>>>,
}

impl MemoryRecord {
    /// An empty store that draws from a power supply, which other stores may share.
    #[must_use]
    pub fn with_power(power: Power) -> Self {
        Self {
            power,
            bytes: Mutex::default(),
        }
    }

    /// An empty store with its own power supply.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The power supply of the store.
    #[must_use]
    pub const fn power(&self) -> &Power {
        &self.power
    }

    /// The record, even while the power is off.
    #[must_use]
    pub fn record(&self) -> Option<Vec<u8>> {
        lock(&self.bytes).clone()
    }

    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.power.read(|| self.record())
    }

    fn save(&self, record: &[u8], limit: usize) -> Result<bool, StoreError> {
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

    fn reset(&self) -> Result<(), StoreError> {
        self.power.write(|| *lock(&self.bytes) = None)
    }
}

#[async_trait]
impl StateStore for MemoryRecord {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.load()
    }

    async fn save_state(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.save(record, STATE_RECORD_LIMIT)
    }

    async fn reset_state(&self) -> Result<(), StoreError> {
        self.reset()
    }
}

#[async_trait]
impl TrustStore for MemoryRecord {
    async fn load_trust(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.load()
    }

    async fn save_trust(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.save(record, TRUST_RECORD_LIMIT)
    }

    async fn reset_trust(&self) -> Result<(), StoreError> {
        self.reset()
    }
}
