//! A file that a client writes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use onhook_tftp::{Options, ReceiveError, Receiver, ServerOptions, Store, receive};
use tokio::task::spawn_blocking;

use super::wire::FaultyWire;
use crate::config::{Existing, TftpUploads};
use crate::files::PIECE;
use crate::refusal::Note;
use crate::site::Site;
use crate::target::below;

/// Tells the unfinished files of one process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A file that may come: the name is good, and there is a place for it.
pub(super) struct Place {
    path: PathBuf,
    uploads: TftpUploads,
}

impl Place {
    /// Finds the place of a file that a client wants to write.
    ///
    /// # Errors
    /// Nobody may write, or not there.
    pub(super) async fn find(site: &Site, file: &[u8], mode: &[u8]) -> Result<Self, Note> {
        let uploads = site.tftp_uploads.ok_or(Note::Write)?;
        //= R-TFTP-2
        if !mode.eq_ignore_ascii_case(b"octet") {
            return Err(Note::Mode);
        }
        let below = below(file)?;
        let root = site.root.clone();
        let path = spawn_blocking(move || place(&root, &below, uploads.existing));
        let path = path.await.unwrap_or(Err(Note::Unreadable))?;
        Ok(Self { path, uploads })
    }
}

/// Where a file below a root, which must be canonical, may be written; symbolic links may not leave the root.
fn place(root: &Path, below: &Path, existing: Existing) -> Result<PathBuf, Note> {
    let path = root.join(below);
    let (folder, name) = path.parent().zip(path.file_name()).ok_or(Note::Directory)?;
    let folder = folder.canonicalize().map_err(|_| Note::NoFolder)?;
    if !folder.starts_with(root) {
        return Err(Note::OutsideRoot);
    }
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_dir() => Err(Note::Directory),
        Ok(_) if existing == Existing::Stays => Err(Note::Exists),
        Ok(_) | Err(_) => Ok(path),
    }
}

/// Receives a file, puts it in its place in one step, and gives its length and who answers repeats of its last block.
pub(super) async fn take(
    place: Place,
    options: Options<'_>,
    wire: &FaultyWire,
    client: SocketAddr,
) -> Result<(u64, Receiver), Note> {
    let limit = place.uploads.limit;
    let mut option_ack = Vec::new();
    let agreed = ServerOptions::default().answer(options, None, &mut option_ack);
    //= R-TFTP-11
    if agreed.size.is_some_and(|size| size > limit) {
        return Err(Note::LongFile);
    }
    let mut unfinished = Unfinished::new(&place).map_err(|error| {
        tracing::warn!(%error, "a file of the root cannot be written");
        Note::Unwritable
    })?;
    let mut receiver = Receiver::answering(client, agreed, &option_ack, limit);
    match receive(wire, client, &mut receiver, &mut unfinished).await {
        Ok(length) => Ok((length, receiver)),
        Err(ReceiveError::Store(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Note::TakenMeanwhile)
        }
        Err(ReceiveError::Store(error)) => {
            tracing::warn!(%error, "a file of the root cannot be written");
            Err(Note::HalfWritten)
        }
        Err(error @ (ReceiveError::Gone | ReceiveError::Failed(_))) => {
            tracing::debug!(%error, "a TFTP transfer did not reach its end");
            Err(Note::NotWhole)
        }
    }
}

/// A file beside its place until it is whole; removed if it never is.
struct Unfinished {
    file: Option<File>,
    beside: PathBuf,
    path: PathBuf,
    existing: Existing,
    piece: Vec<u8>,
}

impl Unfinished {
    fn new(place: &Place) -> io::Result<Self> {
        // The name is none that a rule would ask for.
        let mut beside = place.path.clone().into_os_string();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        beside.push(format!(".{}-{number}.part", std::process::id()));
        let beside = PathBuf::from(beside);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        Ok(Self {
            file: Some(file),
            beside,
            path: place.path.clone(),
            existing: place.uploads.existing,
            piece: Vec::new(),
        })
    }

    /// Writes what has gathered, beside the transfers of others.
    async fn flush(&mut self) -> io::Result<()> {
        let file = self.file.take();
        let mut file = file.ok_or_else(|| io::Error::other("the file is closed"))?;
        let piece = std::mem::take(&mut self.piece);
        let written = spawn_blocking(move || file.write_all(&piece).map(|()| file));
        self.file = Some(written.await.map_err(io::Error::other)??);
        Ok(())
    }
}

#[async_trait]
impl Store for Unfinished {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() < PIECE {
            return Ok(());
        }
        self.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.flush().await?;
        let (from, to, existing) = (self.beside.clone(), self.path.clone(), self.existing);
        let placed = spawn_blocking(move || match existing {
            // Unlike a rename, a link replaces nothing.
            Existing::Stays => fs::hard_link(&from, &to),
            Existing::IsReplaced => fs::rename(&from, &to),
        });
        placed.await.map_err(io::Error::other)?
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone already after a rename.
        let _ = fs::remove_file(&self.beside);
    }
}
