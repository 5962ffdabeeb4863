//! What a fault does to the body of an answer on its way.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Sleep, sleep};

use crate::fault::Change;

/// How long what was sent may take to leave before the connection is cut.
const LAST_BYTES: Duration = Duration::from_millis(100);
/// How long a body that never goes on holds its connection; a resync gives up long before.
const STALLED: Duration = Duration::from_mins(15);

/// How a body is bent.
#[derive(Default)]
pub(crate) struct Bend {
    pub(crate) change: Option<Change>,
    /// The bytes after which something else happens than the rest.
    pub(crate) end: Option<(u64, End)>,
    pub(crate) pace: Option<(NonZeroU32, Duration)>,
    /// The length in the header is another than that of the body.
    pub(crate) lies: bool,
    offset: u64,
    waiting: Option<Pin<Box<Sleep>>>,
}

/// How a body ends before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The connection is cut.
    Cut,
    /// Nothing comes any more.
    Stall,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Bytes.
    Bytes,
    /// The end of the connection.
    Cut,
}

impl Bend {
    /// Waits until it is time for more.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let ending = self.end.filter(|(after, _)| self.offset >= *after);
        if let Some((_, end)) = ending {
            let time = match end {
                End::Cut => LAST_BYTES,
                End::Stall => STALLED,
            };
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(time)));
            return waiting.as_mut().poll(cx).map(|()| Next::Cut);
        }
        if let Some(waiting) = &mut self.waiting {
            std::task::ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        }
        Poll::Ready(Next::Bytes)
    }

    /// Takes from a piece what is sent now, changed, and leaves the rest in it.
    pub(super) fn take(&mut self, piece: &mut Bytes) -> Bytes {
        let mut now = piece.len() as u64;
        if let Some((after, _)) = self.end {
            now = now.min(after.saturating_sub(self.offset));
        }
        if let Some((bytes, every)) = self.pace {
            now = now.min(u64::from(bytes.get()));
            self.waiting = Some(Box::pin(sleep(every)));
        }
        let taken = piece.split_to(now as usize);
        let offset = self.offset;
        self.offset += now;
        if self.end.is_some_and(|(after, _)| self.offset >= after) {
            self.waiting = None;
        }
        match self.change {
            None => taken,
            Some(change) => {
                let mut bytes = taken.to_vec();
                change.apply(offset, &mut bytes);
                Bytes::from(bytes)
            }
        }
    }
}
