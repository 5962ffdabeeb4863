//! A double that forces an exact order of calls and failures.

use async_trait::async_trait;
use onhook_params::port::{ConfigStore, StoreError, StoredParam};

mockall::mock! {
    /// A store that answers as each test dictates, call by call.
    pub ConfigStore {}

    #[async_trait]
    impl ConfigStore for ConfigStore {
        async fn load(&self) -> Result<Vec<StoredParam>, StoreError>;
        async fn commit(&self, changes: Vec<StoredParam>) -> Result<bool, StoreError>;
        async fn reset(&self) -> Result<(), StoreError>;
    }
}
