//! The body of a request, and how much of it has left.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use zeroize::Zeroizing;

/// Largest piece that is handed to the connection at once, which keeps a copy of it, in bytes.
const PIECE: usize = 16 * 1024;

/// How much of a body has not left yet, in bytes.
#[derive(Default)]
pub(crate) struct Unsent {
    /// What no piece was made of yet.
    rest: AtomicUsize,
    /// What the connection has not written, that included.
    unwritten: AtomicUsize,
}

impl Unsent {
    /// The connection has written what it was handed.
    pub(crate) fn flushed(&self) {
        let rest = self.rest.load(Ordering::Relaxed);
        self.unwritten.store(rest, Ordering::Relaxed);
    }

    /// Whether nothing is left.
    pub(crate) fn is_nothing(&self) -> bool {
        self.unwritten.load(Ordering::Relaxed) == 0
    }
}

/// A body in memory, handed out in pieces.
pub(crate) struct Pieces {
    rest: Bytes,
    unsent: Arc<Unsent>,
}

impl Pieces {
    pub(crate) fn of(body: Bytes) -> Self {
        let unsent = Unsent {
            rest: AtomicUsize::new(body.len()),
            unwritten: AtomicUsize::new(body.len()),
        };
        Self {
            rest: body,
            unsent: Arc::new(unsent),
        }
    }

    pub(crate) fn unsent(&self) -> Arc<Unsent> {
        Arc::clone(&self.unsent)
    }
}

/// A copy of a body that is wiped with its last piece.
pub(crate) fn wiped(body: &[u8]) -> Bytes {
    Bytes::from_owner(Zeroizing::new(body.to_vec()))
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.unsent.rest.store(self.rest.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_has_left_once_its_last_piece_is_written() {
        let body = vec![7; 2 * PIECE + 1];
        let mut pieces = Pieces::of(wiped(&body));
        let unsent = pieces.unsent();
        let mut got = Vec::new();
        for length in [PIECE, PIECE, 1] {
            assert!(!unsent.is_nothing());
            let piece = pieces.frame().await.unwrap().unwrap();
            let piece = piece.into_data().unwrap();
            assert_eq!(piece.len(), length);
            got.extend_from_slice(&piece);
            assert!(!unsent.is_nothing());
            unsent.flushed();
        }
        assert!(unsent.is_nothing() && pieces.is_end_stream());
        assert!(pieces.frame().await.is_none());
        assert!(got == body);
        assert!(Pieces::of(Bytes::new()).unsent().is_nothing());
    }
}
