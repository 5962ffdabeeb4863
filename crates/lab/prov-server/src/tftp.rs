//! The TFTP listener: one request, one task with a port of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use onhook_tftp::packet::{self, Direction, ErrorCode, Packet};
use onhook_tftp::{Content, SendError, Sender, ServerOptions, send};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::connection::stopped;
use crate::event::Access;
use crate::files::{Found, PIECE, find};
use crate::refusal::Note;
use crate::site::Site;
use crate::target::below;
use crate::text::visible;

/// Pause after an error of the socket, so that one that stays does not keep a core busy.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes requests until told to stop, then waits for the transfers under way within the grace period.
pub(crate) async fn listen(socket: UdpSocket, site: Arc<Site>, mut stop: watch::Receiver<bool>) {
    let readers = Readers::default();
    let mut transfers = JoinSet::new();
    // One byte more than a request may have, so that a longer one is seen to be longer.
    let mut datagram = [0; packet::REQUEST_LIMIT + 1];
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = transfers.join_next() => {}
            received = socket.recv_from(&mut datagram) => match received {
                Ok((length, client)) => {
                    let request = datagram.get(..length).unwrap_or_default();
                    // A reader that hears nothing asks again; a busy server lets it wait.
                    let busy = transfers.len() >= site.limits.connections;
                    if let Some(turn) = readers.enter(client).filter(|_| !busy) {
                        let local = socket.local_addr().map(|local| SocketAddr::new(local.ip(), 0));
                        transfers.spawn(serve(request.to_vec(), client, local, Arc::clone(&site), turn));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a TFTP request could not be received; trying again");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(socket);
    let ended = async { while transfers.join_next().await.is_some() {} };
    if timeout(site.limits.grace, ended).await.is_err() {
        transfers.shutdown().await;
    }
}

/// The clients that are being served: a repeated request of one of them starts nothing.
#[derive(Clone, Default)]
struct Readers(Arc<Mutex<BTreeSet<SocketAddr>>>);

impl Readers {
    fn enter(&self, client: SocketAddr) -> Option<Turn> {
        self.lock().insert(client).then(|| Turn {
            readers: self.clone(),
            client,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<SocketAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client that is being served, until it is dropped.
struct Turn {
    readers: Readers,
    client: SocketAddr,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.readers.lock().remove(&self.client);
    }
}

/// Answers one request and logs it.
async fn serve(
    request: Vec<u8>,
    client: SocketAddr,
    local: io::Result<SocketAddr>,
    site: Arc<Site>,
    turn: Turn,
) {
    let began = Instant::now();
    let mut access = accessed(&request, client);
    let ended = match connect(client, local).await {
        Ok(socket) => transfer(&request, &socket, &site).await,
        Err(error) => {
            tracing::warn!(%client, %error, "no port for a TFTP transfer");
            Err(Note::Unreadable)
        }
    };
    match ended {
        Ok(bytes) => access.bytes = bytes,
        Err(note) => access.note = Some(note),
    }
    access.elapsed = began.elapsed();
    site.log.access(access);
    drop(turn);
}

/// A socket of its own for one reader, which is the TID of this end.
async fn connect(client: SocketAddr, local: io::Result<SocketAddr>) -> io::Result<UdpSocket> {
    //= R-TFTP-4
    let socket = UdpSocket::bind(local?).await?;
    socket.connect(client).await?;
    Ok(socket)
}

/// Sends what was asked for and gives its length, or says why not.
async fn transfer(request: &[u8], socket: &UdpSocket, site: &Site) -> Result<u64, Note> {
    let asked = match Packet::parse(request) {
        Ok(Packet::Request {
            direction: Direction::Read,
            file,
            mode,
            options,
        }) if request.len() <= packet::REQUEST_LIMIT => {
            read(site, file, mode).await.map(|found| (found, options))
        }
        Ok(Packet::Request {
            direction: Direction::Write,
            ..
        }) => Err(Note::Write),
        // Strays of ended transfers, and what is no TFTP at all.
        //= R-TFTP-17
        Ok(Packet::Error { .. }) => return Err(Note::NotTftp),
        Ok(
            Packet::Request { .. }
            | Packet::Data { .. }
            | Packet::Ack { .. }
            | Packet::OptionAck(_),
        )
        | Err(_) => Err(Note::NotTftp),
    };
    let (found, options) = match asked {
        Ok(asked) => asked,
        Err(note) => {
            let mut told = Vec::new();
            packet::error(&mut told, code_of(note), note.as_str());
            // Lost, then: the client asks again.
            let _ = socket.send(&told).await;
            return Err(note);
        }
    };
    let mut option_ack = Vec::new();
    let size = found.len;
    let agreed = ServerOptions::default().answer(options, size, &mut option_ack);
    let start = Sender::start(agreed, size, !option_ack.is_empty());
    let mut content = Pieces::of(found);
    match send(socket, start, &option_ack, &mut content).await {
        Ok(()) => Ok(size),
        Err(SendError::Content(error)) => {
            tracing::warn!(%error, "a file became shorter, or unreadable, while it was sent");
            Err(Note::Shrunk)
        }
        Err(error @ (SendError::Refused { .. } | SendError::Illegal | SendError::Silence)) => {
            tracing::debug!(%error, "a TFTP transfer did not reach its end");
            Err(Note::NotTaken)
        }
    }
}

/// Opens the file of a read request.
async fn read(site: &Site, file: &[u8], mode: &[u8]) -> Result<Found, Note> {
    //= R-TFTP-2
    if !mode.eq_ignore_ascii_case(b"octet") {
        return Err(Note::Mode);
    }
    let below = below(file)?;
    let root = site.root.clone();
    spawn_blocking(move || find(&root, &below))
        .await
        .unwrap_or(Err(Note::Unreadable))
}

/// The code of the ERROR that tells a client why it gets nothing.
const fn code_of(note: Note) -> ErrorCode {
    match note {
        Note::NoFile | Note::Directory | Note::NotAFile | Note::OutsideRoot => ErrorCode::NOT_FOUND,
        Note::Denied
        | Note::Write
        | Note::ParentInPath
        | Note::NulInPath
        | Note::BackslashInPath
        | Note::BadEscape => ErrorCode::ACCESS,
        Note::NotTftp | Note::Mode => ErrorCode::ILLEGAL,
        Note::NoHost
        | Note::NotHttp
        | Note::LongTarget
        | Note::LongHead
        | Note::Method
        | Note::Unreadable
        | Note::SlowHead
        | Note::LeftInHead
        | Note::Shrunk
        | Note::LongBody
        | Note::CutBody
        | Note::NotTaken => ErrorCode::UNDEFINED,
    }
}

/// The entry of the log for a request, before its end is known.
fn accessed(request: &[u8], client: SocketAddr) -> Access {
    let asked = match Packet::parse(request) {
        Ok(Packet::Request {
            direction, file, ..
        }) => Some((
            match direction {
                Direction::Read => "RRQ",
                Direction::Write => "WRQ",
            },
            visible(file),
        )),
        Ok(_) | Err(_) => None,
    };
    Access {
        at: SystemTime::now(),
        client,
        version: asked.as_ref().map(|_| "TFTP"),
        method: asked.as_ref().map(|(method, _)| (*method).to_owned()),
        target: asked.map(|(_, file)| file),
        status: None,
        bytes: 0,
        elapsed: Duration::ZERO,
        user_agent: None,
        tls: None,
        note: None,
    }
}

/// A file, read in pieces beside the transfers of others.
struct Pieces {
    file: Arc<File>,
    len: u64,
    piece: Vec<u8>,
    offset: u64,
}

impl Pieces {
    fn of(found: Found) -> Self {
        Self {
            file: Arc::new(found.file),
            len: found.len,
            piece: Vec::new(),
            offset: 0,
        }
    }

    /// The wanted bytes, if the piece in memory has them all.
    fn held(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.piece.get(from..from.checked_add(length)?)
    }
}

#[async_trait]
impl Content for Pieces {
    async fn read(&mut self, offset: u64, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
        if self.held(offset, length).is_none() {
            let rest = self.len.saturating_sub(offset);
            let wanted = usize::try_from(rest)
                .unwrap_or(PIECE)
                .min(PIECE.max(length));
            let file = Arc::clone(&self.file);
            let read = spawn_blocking(move || {
                let mut piece = vec![0; wanted];
                file.read_exact_at(&mut piece, offset).map(|()| piece)
            });
            self.piece = read.await.map_err(io::Error::other)??;
            self.offset = offset;
        }
        let held = self
            .held(offset, length)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.extend_from_slice(held);
        Ok(())
    }
}
