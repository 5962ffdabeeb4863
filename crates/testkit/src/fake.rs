//! Doubles of the ports: fakes that keep state, and one mock.

mod clock;
mod command_source;
mod config_store;
mod custom_trust;
mod entropy;
mod event_log;
mod fetch;
mod key_vault;
mod mock;
mod option_source;
mod peer_sharing;
mod power;
mod record;
mod redirector;
mod resolver;
mod signature_check;
mod slots;
mod upload;

pub use clock::FakeClock;
pub use command_source::{FakeAsker, FakeCommandSource, FakeReply};
pub use config_store::MemoryConfigStore;
pub use custom_trust::FakeTrust;
pub use entropy::FakeEntropy;
pub use event_log::FakeEventLog;
pub use fetch::{FakeFetch, FetchAnswer, FetchAsked, RecordingSink};
pub use key_vault::MemoryVault;
pub use mock::MockConfigStore;
pub use option_source::{FakeNetwork, FakeOptionSource};
pub use peer_sharing::{FakePeerSharing, FakeSubnet};
pub use power::{Cut, Power};
pub use record::MemoryRecord;
pub use redirector::FakeRedirector;
pub use resolver::FakeResolver;
pub use signature_check::FakeSignatures;
pub use slots::MemorySlots;
pub use upload::{FakeUpload, Handed, RecordingWatch, UploadAnswer};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a test thread that held the lock has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
