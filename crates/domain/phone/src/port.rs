//! The ports of the phone itself: its small state record and its messages.

use async_trait::async_trait;
use onhook_device::WallTime;
use onhook_params::port::StoreError;

use crate::Asked;

/// Largest encoded state record, in bytes.
pub const STATE_RECORD_LIMIT: usize = 1024;

/// Keeps the versioned record of what a phone must remember over a power cut besides its parameters.
///
/// Obligations, each a test of the contract suite:
/// * `save` is all or nothing and durable before `Ok`;
/// * saving the record that is stored already writes nothing and returns `false`;
/// * a record above [`STATE_RECORD_LIMIT`] is refused and the former one stays;
/// * `load` returns exactly the bytes of the last successful `save`, or `None`.
#[async_trait]
pub trait StateStore: Send + Sync + 'static {
    /// Reads the record; `None` if none was saved yet.
    ///
    /// # Errors
    /// The store cannot be read, or holds damaged bytes.
    async fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces the record. Returns whether anything was written.
    ///
    /// # Errors
    /// The former record is kept.
    async fn save_state(&self, record: &[u8]) -> Result<bool, StoreError>;

    /// Removes the record (R-FLS-2).
    ///
    /// # Errors
    /// The former record is kept.
    async fn reset_state(&self) -> Result<(), StoreError>;
}

/// Largest encoded [`TrustRecord`](crate::TrustRecord), in bytes: a bundle of 1 MiB (R-HTTP-16) and what is told of it.
pub const TRUST_RECORD_LIMIT: usize = (1024 + 64) * 1024;

/// Keeps the record of the custom CA over a power cut.
///
/// Obligations, each a test of the contract suite:
/// * `save_trust` is all or nothing and durable before `Ok`;
/// * saving the record that is stored already writes nothing and returns `false`;
/// * a record above [`TRUST_RECORD_LIMIT`] is refused and the former one stays;
/// * `load_trust` returns exactly the bytes of the last successful `save_trust`, or `None`.
#[async_trait]
pub trait TrustStore: Send + Sync + 'static {
    /// Reads the record; `None` if none was saved yet.
    ///
    /// # Errors
    /// The store cannot be read, or holds damaged bytes.
    async fn load_trust(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces the record. Returns whether anything was written.
    ///
    /// # Errors
    /// The former record is kept.
    async fn save_trust(&self, record: &[u8]) -> Result<bool, StoreError>;

    /// Removes the record (R-FLS-2).
    ///
    /// # Errors
    /// The former record is kept.
    async fn reset_trust(&self) -> Result<(), StoreError>;
}

/// How urgent a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Severity {
    /// A request or a success.
    Info,
    /// Worth a look.
    Warning,
    /// A failure.
    Error,
}

/// One message of the phone, expanded and free of secrets and control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// How urgent.
    pub severity: Severity,
    /// Local time; `None` before the clock was set.
    pub at: Option<WallTime>,
    /// Text between time stamp and message (`Syslog_Identifier`), empty for none.
    pub identifier: String,
    /// The text.
    pub text: String,
    /// `host[:port]` of the log server; empty for none (`Syslog_Server`).
    pub server: String,
}

/// Sends the phone's own messages.
///
/// Obligations, each a test of the contract suite:
/// * `log` never blocks and never fails; what cannot be sent is dropped and counted;
/// * messages to one server leave in the order of the calls;
/// * one message is one datagram, or one frame, of at most 1,024 octets, cut at a character boundary (R-LOG-2).
pub trait EventLog: Send + Sync + 'static {
    /// Hands over one message.
    fn log(&self, message: Message);

    /// How many messages were dropped so far.
    fn dropped(&self) -> u64;
}

/// Brings requests from outside; the only way in for people and servers.
///
/// Obligations, each a test of the contract suite:
/// * requests come in the order in which each asker made them;
/// * every request that was read whole is handed over once, with a reply that reaches its asker;
/// * bytes that are no request are answered at the source and never handed over;
/// * waiting can be given up and taken up again without losing a request.
#[async_trait]
pub trait CommandSource: Send + 'static {
    /// Waits for the next request; `None` when there will be none.
    async fn next(&mut self) -> Option<Asked>;
}
