//! What whoever wants a load shared lends: where blocks are kept, and how the server is asked.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_device::Outcome;
use thiserror::Error;

use super::{Checked, Held, Line, LoadId, SharedLoad};
use crate::port::SlotError;

/// Takes what is to be told to the log server.
pub type Tell = Arc<dyn Fn(Line) + Send + Sync>;

/// A load that is wanted.
#[derive(Clone)]
pub struct Wanted {
    /// The load, out of a manifest whose signature was checked.
    pub load: SharedLoad,
    /// What of it is there already.
    pub held: Held,
    /// Where blocks are kept.
    pub store: Arc<dyn BlockStore>,
    /// Who is told how it goes.
    pub tell: Tell,
}

/// Keeps the blocks of one load.
#[async_trait]
pub trait BlockStore: Send + Sync + 'static {
    /// The octets of a block that is there.
    ///
    /// # Errors
    /// It cannot be read.
    async fn read(&self, number: u32) -> Result<Vec<u8>, Outcome>;

    /// Writes a block. Blocks come in any order, each once.
    ///
    /// # Errors
    /// It cannot be written.
    async fn write(&self, block: Checked<Vec<u8>>) -> Result<(), Outcome>;
}

/// Reads back what slots for firmware hold.
#[async_trait]
pub trait LoadReader: Send + Sync + 'static {
    /// The load in the slot that runs, if all of it is there and it is not on trial. Its signature was checked before it came there.
    ///
    /// # Errors
    /// It cannot be read, or cannot be shared.
    async fn running(&self) -> Result<Option<SharedLoad>, SlotError>;

    /// The octets of a block as they are: of the load that is being written, or of the one that [`LoadReader::running`] gave.
    ///
    /// # Errors
    /// It cannot be read, or is of another load.
    async fn block(&self, load: LoadId, number: u32) -> Result<Vec<u8>, SlotError>;
}

/// Asks the server of a load.
#[async_trait]
pub trait LoadServer: Send + Sync {
    /// Fetches the blocks that are not in `held` and gives them to `sink`, in order; others in between are ignored. Dropping the future ends it.
    ///
    /// # Errors
    /// How the transfer ended; what was given counts.
    async fn fetch(&self, held: Held, sink: &mut dyn BlockSink) -> Result<(), Outcome>;
}

/// Takes blocks of the server.
#[async_trait]
pub trait BlockSink: Send {
    /// Takes the octets of a block; it comes back when there is room for the next.
    async fn block(&mut self, number: u32, octets: Vec<u8>);
}

/// A load could not be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SharingError {
    /// The server does not give it either.
    #[error("neither peers nor the server give the load")]
    Server(Outcome),
    /// A block could not be written.
    #[error("a block of the load cannot be written")]
    Store(Outcome),
}

impl SharingError {
    /// How the attempt ended.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Server(outcome) | Self::Store(outcome) => outcome,
        }
    }
}
