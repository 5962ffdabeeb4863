//! A flash that keeps nothing.

use async_trait::async_trait;
use onhook_params::port::{ConfigStore, StoreError, StoredParam};
use onhook_phone::port::{EventLog, Message, StateStore};

/// Takes what a phone stores and forgets it, where a phone never comes back: in a trial, and in a fleet.
///
/// So it is no store for a phone that boots again, and keeps none of what the ports promise of that.
pub struct Forgetful;

#[async_trait]
impl ConfigStore for Forgetful {
    async fn load(&self) -> Result<Vec<StoredParam>, StoreError> {
        Ok(Vec::new())
    }

    async fn commit(&self, _changes: Vec<StoredParam>) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn reset(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl StateStore for Forgetful {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn save_state(&self, _record: &[u8]) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn reset_state(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The report of a resync has the messages; none is sent.
impl EventLog for Forgetful {
    fn log(&self, _message: Message) {}

    fn dropped(&self) -> u64 {
        0
    }
}
