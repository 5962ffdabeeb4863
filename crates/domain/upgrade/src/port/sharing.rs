//! The port to the other phones of the subnet.

use std::sync::Arc;

use async_trait::async_trait;

use crate::sharing::{BlockStore, LoadServer, SharedLoad, SharingError, Tally, Wanted};

/// Gets a load together with the other phones of the subnet, and gives it to them.
///
/// Obligations, each a test of the contract suite:
/// * `obtain` writes each block that is missing exactly once, and only [`crate::sharing::Checked`] ones, whatever peers give
///   (R-PFS-2);
/// * it ends with every block written, or with an error; what goes wrong among peers is none as long as the server has the load,
///   and neither is that there are no peers, or that nobody can be listened to;
/// * the server is asked for nothing that is there already, and one phone asks it for all that want the same load at the same time;
/// * phones with the same load give it to each other, while they still fetch it and after that; phones with another one do not;
/// * what the server says when it refuses is the error, and so is what the store says; a wrong block of the server is
///   [`onhook_device::Outcome::Signature`];
/// * nobody listens but during `obtain`, and between `hold` and `rest` (R-PFS-4); each of the three ends what was before it;
/// * dropping the future of `obtain` ends everything that it has begun.
#[async_trait]
pub trait PeerSharing: Send + Sync + 'static {
    /// Gets the blocks of a load that are missing.
    ///
    /// # Errors
    /// Neither peers nor the server give it, or it cannot be written. What is written stays.
    async fn obtain(&self, wanted: Wanted, server: &dyn LoadServer) -> Result<Tally, SharingError>;

    /// Offers a load that is there as a whole, until [`PeerSharing::rest`]. That nobody can be listened to is no error: nobody depends on it.
    async fn hold(&self, load: SharedLoad, store: Arc<dyn BlockStore>);

    /// Ends offering.
    async fn rest(&self);
}
