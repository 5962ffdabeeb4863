//! Transports and stores that do what fakes do not.
//! All tests run in paused time (`start_paused`), so that a sleep here takes none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::Fetch;
use onhook_fetch::{BodySink, Endpoint, FetchError, Request};
use onhook_params::port::{ConfigStore, StoreError, StoredParam};
use onhook_phone::port::StateStore;
use onhook_testkit::fake::{FakeEventLog, FakeFetch, MemoryConfigStore, MemoryRecord};

/// Notes what had been logged when a transfer was about to send its first packet.
pub(crate) struct Watching {
    pub(crate) log: Arc<FakeEventLog>,
    pub(crate) inner: Arc<FakeFetch>,
    pub(crate) logged: Mutex<Vec<Vec<String>>>,
}

#[async_trait]
impl Fetch for Watching {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        struct Sink<'w>(&'w Watching, &'w mut dyn BodySink);

        #[async_trait]
        impl BodySink for Sink<'_> {
            async fn started(&mut self, endpoint: Endpoint) {
                self.1.started(endpoint).await;
                let logged = self.0.log.texts();
                self.0.logged.lock().unwrap().push(logged);
            }

            fn head(&mut self, head: &onhook_fetch::Head) {
                self.1.head(head);
            }

            fn chunk(&mut self, bytes: &[u8]) -> Result<(), onhook_fetch::Refused> {
                self.1.chunk(bytes)
            }
        }

        self.inner.get(request, &mut Sink(self, sink)).await
    }
}

/// Never ends, whatever the request allows, and counts transfers that are under way.
#[derive(Default)]
pub(crate) struct Endless {
    pub(crate) begun: AtomicUsize,
    pub(crate) ended: AtomicUsize,
}

#[async_trait]
impl Fetch for Endless {
    async fn get(
        &self,
        _request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        struct Open<'e>(&'e Endless);

        impl Drop for Open<'_> {
            fn drop(&mut self) {
                self.0.ended.fetch_add(1, Ordering::SeqCst);
            }
        }

        self.begun.fetch_add(1, Ordering::SeqCst);
        let _open = Open(self);
        sink.started(Endpoint { ip: None }).await;
        std::future::pending().await
    }
}

/// Panics in the middle of every transfer.
pub(crate) struct Panicking;

#[async_trait]
impl Fetch for Panicking {
    async fn get(
        &self,
        _request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        sink.started(Endpoint { ip: None }).await;
        panic!("a bug of this transport");
    }
}

/// Takes its time for every write of parameters.
pub(crate) struct SlowConfig {
    pub(crate) inner: Arc<MemoryConfigStore>,
    pub(crate) takes: Duration,
}

#[async_trait]
impl ConfigStore for SlowConfig {
    async fn load(&self) -> Result<Vec<StoredParam>, StoreError> {
        self.inner.load().await
    }

    async fn commit(&self, changes: Vec<StoredParam>) -> Result<bool, StoreError> {
        tokio::time::sleep(self.takes).await;
        self.inner.commit(changes).await
    }

    async fn reset(&self) -> Result<(), StoreError> {
        tokio::time::sleep(self.takes).await;
        self.inner.reset().await
    }
}

/// Takes its time for every write of the record.
pub(crate) struct SlowState {
    pub(crate) inner: Arc<MemoryRecord>,
    pub(crate) takes: Duration,
}

#[async_trait]
impl StateStore for SlowState {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load_state().await
    }

    async fn save_state(&self, record: &[u8]) -> Result<bool, StoreError> {
        tokio::time::sleep(self.takes).await;
        self.inner.save_state(record).await
    }

    async fn reset_state(&self) -> Result<(), StoreError> {
        tokio::time::sleep(self.takes).await;
        self.inner.reset_state().await
    }
}

/// Panics at every write of the record.
pub(crate) struct PanickingState;

#[async_trait]
impl StateStore for PanickingState {
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn save_state(&self, _record: &[u8]) -> Result<bool, StoreError> {
        panic!("a bug of this store");
    }

    async fn reset_state(&self) -> Result<(), StoreError> {
        panic!("a bug of this store");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_takes_its_time_and_none_of_ours() {
    let slow = SlowState {
        inner: Arc::default(),
        takes: Duration::from_secs(3600),
    };
    let before = tokio::time::Instant::now();
    assert!(slow.save_state(b"x").await.is_ok());
    assert_eq!(before.elapsed(), slow.takes);
    assert!(
        slow.inner
            .load_state()
            .await
            .is_ok_and(|held| held.is_some())
    );
}
