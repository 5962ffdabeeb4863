//! Where the bytes of a transfer go.

use async_trait::async_trait;

use crate::Endpoint;

/// What the header of an answer says about its body.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// Announced number of bytes, if any.
    pub length: Option<u64>,
    /// Where the body begins in the file, in bytes; 0 of a whole file.
    pub from: u64,
    /// What the server calls this very file, if it does: another file has another name.
    pub validator: Option<String>,
    /// Whether the body is announced as RFC 8188 (`Content-Encoding: aes128gcm`).
    pub aes128gcm: bool,
}

/// The sink takes no more; the transport stops and reports [`crate::ErrorKind::Cancelled`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused;

/// Receives one body: `started`, then `head`, then any number of `chunk`s.
///
/// A sink does not enforce size limits: the transport does.
#[async_trait]
pub trait BodySink: Send {
    /// The address is known and no packet has been sent to it; the transport waits for the return.
    ///
    /// Called exactly once per transfer, also when the name did not resolve.
    async fn started(&mut self, endpoint: Endpoint);

    /// The answer that carries the body begins. Called at most once, before any chunk.
    fn head(&mut self, head: &Head);

    /// The next bytes of the body, in order.
    ///
    /// # Errors
    /// [`Refused`] ends the transfer.
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused>;

    /// Whether [`Self::drain`] has to be awaited before the next chunk.
    fn is_full(&self) -> bool {
        false
    }

    /// Makes room; the transport reads nothing more until it returns.
    ///
    /// # Errors
    /// [`Refused`] ends the transfer.
    async fn drain(&mut self) -> Result<(), Refused> {
        Ok(())
    }
}

/// Takes a body whole.
#[async_trait]
impl BodySink for Vec<u8> {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, _head: &Head) {}

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}
