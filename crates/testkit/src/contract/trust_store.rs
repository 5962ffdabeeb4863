//! The obligations of [`TrustStore`], which are those of the state record with another limit.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_params::port::StoreError;
use onhook_phone::port::{StateStore, TRUST_RECORD_LIMIT, TrustStore};

use super::StateStoreFixture;
use super::state_store::records;

/// A store of one record whose medium can be cut off and looked at.
#[async_trait]
pub trait TrustStoreFixture: Send {
    /// Opens the store as after a restart; every store opened before has been dropped.
    async fn open(&mut self) -> Arc<dyn TrustStore>;

    /// How often the medium was written durably so far.
    fn writes(&self) -> u64;

    /// Saves with the power failing at every moment in turn, and gives what `load_trust` finds after each.
    ///
    /// At last it saves without a cut. Every store opened before has been dropped.
    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>>;
}

/// Checks an empty store against every obligation of the port.
pub async fn trust_store(fixture: &mut dyn TrustStoreFixture) {
    records(&mut AsState(fixture), TRUST_RECORD_LIMIT).await;
}

struct AsState<'f>(&'f mut dyn TrustStoreFixture);

#[async_trait]
impl StateStoreFixture for AsState<'_> {
    async fn open(&mut self) -> Arc<dyn StateStore> {
        Arc::new(Renamed(self.0.open().await))
    }

    fn writes(&self) -> u64 {
        self.0.writes()
    }

    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>> {
        self.0.loads_after_cuts(record).await
    }
}

struct Renamed(Arc<dyn TrustStore>);

#[async_trait]
impl StateStore for Renamed {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load_trust().await
    }

    async fn save_state(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.0.save_trust(record).await
    }

    async fn reset_state(&self) -> Result<(), StoreError> {
        self.0.reset_trust().await
    }
}
