//! The record of the custom CA in memory.

use async_trait::async_trait;
use onhook_params::port::StoreError;
use onhook_phone::port::{TRUST_RECORD_LIMIT, TrustStore};

use super::Power;
use super::record::MemoryRecord;

/// A [`TrustStore`] in memory whose power can be cut at any durable write.
#[derive(Default)]
pub struct MemoryTrustStore(MemoryRecord);

impl MemoryTrustStore {
    /// An empty store that draws from a power supply, which other stores may share.
    #[must_use]
    pub fn with_power(power: Power) -> Self {
        Self(MemoryRecord::with_power(power))
    }

    /// An empty store with its own power supply.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The power supply of the store.
    #[must_use]
    pub const fn power(&self) -> &Power {
        &self.0.power
    }

    /// The record, even while the power is off.
    #[must_use]
    pub fn record(&self) -> Option<Vec<u8>> {
        self.0.bytes()
    }
}

#[async_trait]
impl TrustStore for MemoryTrustStore {
    async fn load_trust(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load()
    }

    async fn save_trust(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.0.save(record, TRUST_RECORD_LIMIT)
    }

    async fn reset_trust(&self) -> Result<(), StoreError> {
        self.0.reset()
    }
}
