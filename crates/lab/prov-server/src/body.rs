//! The body of an answer, read piece by piece, and its entry in the log.

mod bend;

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use bend::Next;
pub(crate) use bend::{Bend, End};

use crate::event::Access;
use crate::files::next_piece;
use crate::log::Log;
use crate::refusal::Note;

/// The body of an answer; when it is dropped, complete or not, the request is logged.
pub(crate) struct AnswerBody {
    /// Read and not yet sent.
    piece: Option<Bytes>,
    source: Source,
    /// Bytes not yet sent.
    left: u64,
    /// What a fault does to it.
    bend: Option<Box<Bend>>,
    record: Record,
}

/// Where the rest comes from.
enum Source {
    /// There is no more.
    Ended,
    /// A file, at the place of the next piece.
    File(File),
    /// A piece that is being read.
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
}

/// A request that is logged once its answer has ended.
pub(crate) struct Record {
    log: Arc<Log>,
    began: Instant,
    /// Taken when it is logged.
    access: Option<Access>,
}

impl Record {
    pub(crate) fn new(log: Arc<Log>, began: Instant, access: Access) -> Self {
        Self {
            log,
            began,
            access: Some(access),
        }
    }
}

impl AnswerBody {
    /// A body that is in memory.
    pub(crate) const fn whole(bytes: Bytes, record: Record) -> Self {
        Self {
            left: bytes.len() as u64,
            piece: Some(bytes),
            source: Source::Ended,
            bend: None,
            record,
        }
    }

    /// The first piece of a file of `len` bytes; the rest is read when the client takes it.
    pub(crate) const fn file(first: Bytes, rest: File, len: u64, record: Record) -> Self {
        Self {
            piece: Some(first),
            source: Source::File(rest),
            left: len,
            bend: None,
            record,
        }
    }

    /// The same, as a fault has it.
    pub(crate) fn bent(mut self, bend: Bend) -> Self {
        self.bend = Some(Box::new(bend));
        self
    }

    /// The next bytes to send, and how many of the file they stand for.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(bend) = &mut self.bend
            && ready!(bend.poll_next(cx)) == Next::Cut
        {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        let piece = ready!(self.poll_piece(cx));
        Poll::Ready(match (piece, &mut self.bend) {
            (Some(Ok(mut piece)), Some(bend)) => {
                let now = bend.take(&mut piece);
                self.piece = Some(piece);
                Some(Ok(now))
            }
            (piece, _) => piece,
        })
    }

    fn note(&mut self, note: Note) {
        if let Some(access) = &mut self.record.access {
            access.note.get_or_insert(note);
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if let Some(piece) = self.piece.take().filter(|piece| !piece.is_empty()) {
                return Poll::Ready(Some(Ok(piece)));
            }
            self.source = match std::mem::replace(&mut self.source, Source::Ended) {
                Source::Ended => return Poll::Ready(None),
                Source::File(_) if self.left == 0 => return Poll::Ready(None),
                Source::File(file) => {
                    let left = self.left;
                    Source::Reading(spawn_blocking(move || {
                        let piece = next_piece(&file, left)?;
                        Ok((file, piece))
                    }))
                }
                Source::Reading(mut reading) => match Pin::new(&mut reading).poll(cx) {
                    Poll::Pending => {
                        self.source = Source::Reading(reading);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(Ok((file, piece)))) => {
                        self.piece = Some(piece);
                        Source::File(file)
                    }
                    Poll::Ready(Ok(Err(error))) => return Poll::Ready(Some(Err(error))),
                    Poll::Ready(Err(ended)) => {
                        return Poll::Ready(Some(Err(io::Error::other(ended))));
                    }
                },
            };
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let body = self.get_mut();
        match ready!(body.poll_bytes(cx)) {
            None => Poll::Ready(None),
            Some(Ok(piece)) => {
                let len = piece.len() as u64;
                body.left = body.left.saturating_sub(len);
                if let Some(access) = &mut body.record.access {
                    access.bytes += len;
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            // The length was promised: the connection is cut, so that the client notices.
            Some(Err(error)) => {
                let shrunk = error.kind() == io::ErrorKind::UnexpectedEof;
                // A cut by a fault is marked as such.
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    body.note(if shrunk {
                        Note::Shrunk
                    } else {
                        Note::Unreadable
                    });
                }
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.bend.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bend {
            Some(bend) if bend.lies => SizeHint::default(),
            Some(_) | None => SizeHint::with_exact(self.left),
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // What a fault keeps back, no client could take.
        let kept_back = self.bend.as_ref().is_some_and(|bend| bend.end.is_some());
        if self.left > 0 && !kept_back {
            self.note(Note::NotTaken);
        }
        if let Some(mut access) = self.record.access.take() {
            access.elapsed = self.record.began.elapsed();
            self.record.log.access(access);
        }
    }
}
