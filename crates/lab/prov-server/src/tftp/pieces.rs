//! The bytes that a transfer sends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_tftp::Content;
use tokio::task::spawn_blocking;

use crate::fault::Change;
use crate::files::{Found, PIECE};

/// A file, read in pieces beside the transfers of others, as a fault has it.
pub(super) struct Pieces {
    /// `None` for bytes that are in memory as a whole.
    file: Option<Arc<File>>,
    len: u64,
    change: Kind,
    piece: Vec<u8>,
    offset: u64,
}

/// How bytes are changed.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Not at all.
    Not,
    /// As this says.
    Fixed(Change),
    /// All of them from a seed, once it is known how the file begins.
    AllFrom(u64),
}

impl Pieces {
    pub(super) fn of(found: Found) -> Self {
        Self {
            file: Some(Arc::new(found.file)),
            len: found.len,
            change: Kind::Not,
            piece: Vec::new(),
            offset: 0,
        }
    }

    pub(super) fn in_memory(bytes: &[u8]) -> Self {
        Self {
            file: None,
            len: bytes.len() as u64,
            change: Kind::Not,
            piece: bytes.to_vec(),
            offset: 0,
        }
    }

    /// Bytes that are sent.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Ends after some bytes.
    pub(super) fn cut_to(&mut self, len: u64) {
        self.len = self.len.min(len);
    }

    pub(super) const fn change(&mut self, change: Kind) {
        self.change = change;
    }

    /// The wanted bytes, if the piece in memory has them all.
    fn held(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.piece.get(from..from.checked_add(length)?)
    }

    /// Takes a piece that was read.
    fn keep(&mut self, mut piece: Vec<u8>, offset: u64) {
        if let (Kind::AllFrom(seed), 0) = (self.change, offset) {
            // A transfer begins at the beginning.
            self.change = Kind::Fixed(Change::all(&piece, seed));
        }
        if let Kind::Fixed(change) = self.change {
            change.apply(offset, &mut piece);
        }
        self.piece = piece;
        self.offset = offset;
    }
}

#[async_trait]
impl Content for Pieces {
    async fn read(&mut self, offset: u64, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
        if self.held(offset, length).is_none()
            && let Some(file) = &self.file
        {
            let rest = self.len.saturating_sub(offset);
            let wanted = usize::try_from(rest)
                .unwrap_or(PIECE)
                .min(PIECE.max(length));
            let file = Arc::clone(file);
            let read = spawn_blocking(move || {
                let mut piece = vec![0; wanted];
                file.read_exact_at(&mut piece, offset).map(|()| piece)
            });
            let piece = read.await.map_err(io::Error::other)??;
            self.keep(piece, offset);
        }
        let held = self
            .held(offset, length)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.extend_from_slice(held);
        Ok(())
    }
}
