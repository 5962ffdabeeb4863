//! The ports through which a phone gets its firmware: the slots that it goes to, and the phones that have it.

mod sharing;

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::{BootRecord, Load};

pub use sharing::PeerSharing;

/// What a failure of the slots means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum SlotErrorKind {
    /// The load is larger than the slot, or the medium is full.
    NoRoom,
    /// The medium refuses, or does not hold what was written.
    Medium,
    /// It may not be done now: the load that runs is not confirmed, no load is being written, or nothing whole is there.
    Rejected,
    /// The command that tells the boot loader failed.
    Hook,
}

/// Something could not be done with the slots.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct SlotError {
    kind: SlotErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SlotError {
    /// A failure of a kind; the message says what was being done, where, and what to do.
    pub fn new(kind: SlotErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What it means.
    #[must_use]
    pub const fn kind(&self) -> SlotErrorKind {
        self.kind
    }
}

/// Where the phone turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Turn {
    /// The load in the slot that does not run comes up with the next boot, on trial.
    Activate,
    /// The load that runs is good (R-FW-9).
    Confirm,
}

/// Two slots for loads, of which one runs.
///
/// Obligations, each a test of the contract suite:
/// * nothing here changes a byte of the slot that runs;
/// * `begin` makes the other slot hold nothing whole, durably, before its first byte changes; it gives the numbers of the blocks of
///   this load that the slot holds already, each checked by its digest, so that a load that was cut off goes on;
/// * `write` takes verified blocks of the load begun, in any order; it may return before they are durable;
/// * `finish` reads back every component, checks its SHA-256, and makes the load whole, all of it durably and in this order; if a
///   block is missing or wrong the slot holds nothing whole;
/// * `turn` is durable when it returns; [`Turn::Activate`] needs a whole load, [`Turn::Confirm`] raises the floor of counters;
/// * a power cut at any moment leaves the slot that runs as it was, and the other one either whole or not whole: the boot loader starts
///   none that is not;
/// * a slot that is too small for a load, or a load that runs and is not confirmed, is refused by `begin`, with nothing changed;
/// * calls come one after another.
#[async_trait]
pub trait FirmwareSlots: Send + Sync + 'static {
    /// What the slots hold.
    ///
    /// # Errors
    /// It cannot be read.
    async fn record(&self) -> Result<BootRecord, SlotError>;

    /// Begins to write a load into the slot that does not run, or goes on; gives the numbers of the blocks that are there.
    ///
    /// # Errors
    /// It must not be written, is too small, or the medium refuses.
    async fn begin(&self, load: &Arc<Load>) -> Result<Vec<u32>, SlotError>;

    /// Writes one block of the load begun.
    ///
    /// # Errors
    /// There is no such block, no load was begun, or the medium refuses.
    async fn write(&self, block: u32, bytes: Vec<u8>) -> Result<(), SlotError>;

    /// Ends the load begun: it is whole from now on.
    ///
    /// # Errors
    /// It is not, or the medium refuses.
    async fn finish(&self) -> Result<(), SlotError>;

    /// Says what comes up next, or that what came up is good.
    ///
    /// # Errors
    /// There is nothing to come up, the medium refuses, or the boot loader could not be told.
    async fn turn(&self, turn: Turn) -> Result<(), SlotError>;
}
