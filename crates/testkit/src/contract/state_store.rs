//! The obligations of [`StateStore`].

use std::sync::Arc;

use async_trait::async_trait;
use onhook_phone::port::{STATE_RECORD_LIMIT, StateStore};

use super::success;

/// A store of one record whose medium can be cut off and looked at.
#[async_trait]
pub trait StateStoreFixture: Send {
    /// Opens the store as after a restart; every store opened before has been dropped.
    async fn open(&mut self) -> Arc<dyn StateStore>;

    /// How often the medium was written durably so far.
    fn writes(&self) -> u64;

    /// Saves with the power failing at every moment in turn, and gives what `load_state` finds after each.
    ///
    /// At last it saves without a cut. Every store opened before has been dropped.
    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>>;
}

/// Checks an empty store against every obligation of the port.
pub async fn state_store(fixture: &mut dyn StateStoreFixture) {
    records(fixture, STATE_RECORD_LIMIT).await;
}

/// Checks an empty store of records up to a limit.
pub(super) async fn records(fixture: &mut dyn StateStoreFixture, limit: usize) {
    a_new_store_has_no_record(fixture).await;
    load_gives_exactly_the_saved_bytes(fixture, limit).await;
    saving_the_same_record_writes_nothing(fixture).await;
    a_record_above_the_limit_is_refused(fixture, limit).await;
    a_power_cut_leaves_the_old_or_the_new_record(fixture, limit).await;
    reset_removes_the_record(fixture).await;
}

async fn load(fixture: &mut dyn StateStoreFixture) -> Option<Vec<u8>> {
    let store = fixture.open().await;
    success("a load", store.load_state().await)
}

async fn save(fixture: &mut dyn StateStoreFixture, record: &[u8]) -> bool {
    let store = fixture.open().await;
    success("a save", store.save_state(record).await)
}

async fn a_new_store_has_no_record(fixture: &mut dyn StateStoreFixture) {
    assert_eq!(
        load(fixture).await,
        None,
        "the suite starts with an empty store"
    );
}

async fn load_gives_exactly_the_saved_bytes(fixture: &mut dyn StateStoreFixture, limit: usize) {
    let full: Vec<u8> = (0..limit).map(|n| (n % 256) as u8).collect();
    for record in [b"first".as_slice(), &[], &[0, 255, 10], &full] {
        assert!(save(fixture, record).await, "a change is written");
        assert_eq!(load(fixture).await.as_deref(), Some(record));
    }
}

async fn saving_the_same_record_writes_nothing(fixture: &mut dyn StateStoreFixture) {
    save(fixture, b"same").await;
    let writes = fixture.writes();
    assert!(!save(fixture, b"same").await, "nothing was to be written");
    assert_eq!(fixture.writes(), writes);
    assert!(save(fixture, b"other").await);
    assert!(fixture.writes() > writes, "a change is counted");
}

async fn a_record_above_the_limit_is_refused(fixture: &mut dyn StateStoreFixture, limit: usize) {
    let before = load(fixture).await;
    let store = fixture.open().await;
    if store.save_state(&vec![1; limit + 1]).await.is_ok() {
        panic!("a record above the limit was saved");
    }
    drop(store);
    assert_eq!(load(fixture).await, before);
}

async fn a_power_cut_leaves_the_old_or_the_new_record(
    fixture: &mut dyn StateStoreFixture,
    limit: usize,
) {
    for new in [b"after one".as_slice(), b"after two", &vec![3; limit]] {
        let old = load(fixture).await;
        let found = fixture.loads_after_cuts(new).await;
        assert_eq!(
            load(fixture).await.as_deref(),
            Some(new),
            "the save without a cut is in force"
        );
        assert!(!found.is_empty(), "the fixture cuts at no moment");
        for record in found {
            assert!(
                record == old || record.as_deref() == Some(new),
                "a cut left {record:?}"
            );
        }
    }
}

async fn reset_removes_the_record(fixture: &mut dyn StateStoreFixture) {
    let store = fixture.open().await;
    success("a reset", store.reset_state().await);
    drop(store);
    assert_eq!(load(fixture).await, None);
}
