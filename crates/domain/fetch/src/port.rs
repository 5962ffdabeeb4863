//! The port through which the phone fetches.

use async_trait::async_trait;

use crate::{BodySink, Endpoint, FetchError, Request};

/// Fetches one body.
///
/// Obligations, each a test of the contract suite:
/// * `sink.started` is called exactly once, after name resolution and before the first packet, and awaited;
/// * chunks arrive in order and hold exactly the body of the final answer, never that of an error answer;
/// * no more than `request.limit` bytes reach the sink; a longer body is [`crate::ErrorKind::TooLarge`];
/// * a body that ends early is [`crate::ErrorKind::Truncated`];
/// * the call ends within `request.timeout`;
/// * dropping the future ends the transfer and closes its connection.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// Performs the request and returns the address contacted first.
    ///
    /// # Errors
    /// The kind decides what the phone does next; bytes already given to the sink are void.
    async fn get(&self, request: &Request, sink: &mut dyn BodySink)
    -> Result<Endpoint, FetchError>;
}
