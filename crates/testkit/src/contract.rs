//! The contract suites of the ports.
//!
//! A suite panics with the broken obligation. It must run on the tokio runtime.

mod clock;
mod command_source;
mod config_store;
mod custom_trust;
mod entropy;
mod event_log;
mod fetch;
mod firmware_slots;
mod key_vault;
mod option_source;
mod peer_sharing;
mod redirector;
mod resolver;
mod signature_check;
mod state_store;
mod trust_store;
mod upload;

pub use clock::{ClockFixture, Wall, clock};
pub use command_source::{Asker, CommandSourceFixture, command_source};
pub use config_store::{Changes, ConfigStoreFixture, Plain, config_store, plain};
pub use custom_trust::{CustomTrustFixture, custom_trust};
pub use entropy::{EntropyFixture, entropy};
pub use event_log::{EventLogFixture, event_log};
pub use fetch::{FetchFixture, Peer, fetch};
pub use firmware_slots::{FirmwareSlotsFixture, firmware_slots, sample_load};
pub use key_vault::{KeyVaultFixture, key_vault};
pub use option_source::{OptionSourceFixture, SourceKind, option_source};
pub use peer_sharing::{PeerSharingFixture, peer_sharing};
pub use redirector::{RedirectorFixture, Says, redirector};
pub use resolver::{ResolverFixture, resolver};
pub use signature_check::{SignatureCheckFixture, signature_check};
pub use state_store::{StateStoreFixture, state_store};
pub use trust_store::{TrustStoreFixture, trust_store};
pub use upload::{Taker, UploadFixture, upload};

use std::time::Duration;

/// Awaits something that must happen; panics when it does not within 10 s.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    let Ok(output) = tokio::time::timeout(Duration::from_secs(10), future).await else {
        panic!("{what} did not happen within 10 s");
    };
    output
}

/// The value of a result that must be a success.
#[track_caller]
pub(crate) fn success<T, E: std::fmt::Debug>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error:?}"),
    }
}
