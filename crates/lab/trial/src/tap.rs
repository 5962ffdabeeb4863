//! Looks at what a server sends, on its way to the phone.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use onhook_fetch::port::Fetch;
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Head, Refused, Request};
use zeroize::Zeroizing;

/// What a server sent; it may hold secrets, so it is wiped.
#[derive(Default)]
pub struct Transfer {
    /// The bytes, at most as many as a phone takes.
    pub body: Zeroizing<Vec<u8>>,
    /// Whether they came with `Content-Encoding: aes128gcm`.
    pub aes128gcm: bool,
    /// Why there was no file; `None` if there was.
    pub failure: Option<ErrorKind>,
}

/// The last transfer of a phone.
#[derive(Clone, Default)]
pub(crate) struct Last(Arc<Mutex<Option<Transfer>>>);

impl Last {
    pub(crate) fn take(&self) -> Option<Transfer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, transfer: Transfer) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(transfer);
    }
}

/// A transport that is looked at.
pub(crate) struct Tap {
    pub(crate) inner: Arc<dyn Fetch>,
    pub(crate) last: Last,
}

#[async_trait]
impl Fetch for Tap {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        let mut tapped = Tapped {
            sink,
            transfer: Transfer::default(),
        };
        let result = self.inner.get(request, &mut tapped).await;
        let mut transfer = tapped.transfer;
        transfer.failure = result.as_ref().err().map(FetchError::kind);
        self.last.set(transfer);
        result
    }
}

struct Tapped<'s> {
    sink: &'s mut dyn BodySink,
    transfer: Transfer,
}

#[async_trait]
impl BodySink for Tapped<'_> {
    async fn started(&mut self, endpoint: Endpoint) {
        self.sink.started(endpoint).await;
    }

    fn head(&mut self, head: &Head) {
        self.transfer.aes128gcm = head.aes128gcm;
        self.sink.head(head);
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.transfer.body.extend_from_slice(bytes);
        self.sink.chunk(bytes)
    }

    fn is_full(&self) -> bool {
        self.sink.is_full()
    }

    async fn drain(&mut self) -> Result<(), Refused> {
        self.sink.drain().await
    }
}
