//! The TFTP listener: one request, one task with a port of its own.

mod pieces;
mod taking;
mod wire;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use onhook_tftp::packet::{self, Direction, ErrorCode, Packet};
use onhook_tftp::{Options, Receiver, SendError, Sender, ServerOptions, Wire as _, linger, send};
use pieces::{Kind, Pieces};
use taking::{Place, take};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::connection::stopped;
use crate::event::{Access, FaultMark};
use crate::fault::{Asked, Change, Effect, FileFault, Hit, Protocol, Stage, TftpFault};
use crate::files::{Found, find};
use crate::head;
use crate::refusal::Note;
use crate::site::Site;
use crate::stand_in;
use crate::target::below;
use crate::text::visible;
use wire::FaultyWire;

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
    if site.heads {
        access.head = head::of_tftp(&request);
    }
    let hit = met(&request, client, &site, &access);
    if let Some(hit) = &hit {
        access.fault = Some(FaultMark::of(hit));
        sleep(hit.delay).await;
    }
    let wire = match connect(client, &local).await {
        Ok(socket) => Some(FaultyWire::new(socket, &local, hit.as_ref()).await),
        Err(error) => {
            tracing::warn!(%client, %error, "no port for a TFTP transfer");
            None
        }
    };
    let ended = match &wire {
        Some(wire) => transfer(&request, client, wire, &site, hit.as_ref()).await,
        None => Err(Note::Unreadable),
    };
    access.elapsed = began.elapsed();
    let taken = match ended {
        Ok(Moved { bytes, taken }) => {
            access.bytes = bytes;
            taken
        }
        Err(note) => {
            access.note = Some(note);
            None
        }
    };
    site.log.access(access);
    if let (Some(wire), Some(mut taken)) = (wire, taken) {
        linger(&wire, client, &mut taken).await;
    }
    drop(turn);
}

/// What a transfer has moved.
struct Moved {
    bytes: u64,
    /// Who answers repeats of the last block of a file that was taken.
    taken: Option<Receiver>,
}

impl Moved {
    const fn sent(bytes: u64) -> Self {
        Self { bytes, taken: None }
    }
}

/// A socket of its own for one reader, which is the TID of this end.
async fn connect(client: SocketAddr, local: &io::Result<SocketAddr>) -> io::Result<UdpSocket> {
    //= R-TFTP-4
    let local = local.as_ref().map_err(|error| error.kind())?;
    let socket = UdpSocket::bind(local).await?;
    socket.connect(client).await?;
    Ok(socket)
}

/// The fault that a read request meets, which is told at once.
fn met(request: &[u8], client: SocketAddr, site: &Site, access: &Access) -> Option<Hit> {
    let Ok(Packet::Request {
        direction: Direction::Read,
        file,
        ..
    }) = Packet::parse(request)
    else {
        return None;
    };
    // A name that leads nowhere is matched as it is.
    let path = below(file).map_or_else(
        |_| String::from_utf8_lossy(file).into_owned(),
        |below| below.to_string_lossy().into_owned(),
    );
    let hit = site.faults.judge(&Asked {
        stage: Stage::Request,
        protocol: Protocol::Tftp,
        client,
        path: &path,
        agent: None,
        subject: None,
    })?;
    site.injected(client, Protocol::Tftp, access.target.clone(), &hit);
    Some(hit)
}

/// Sends what was asked for, or takes what is offered, or says why not.
async fn transfer(
    request: &[u8],
    client: SocketAddr,
    wire: &FaultyWire,
    site: &Site,
    hit: Option<&Hit>,
) -> Result<Moved, Note> {
    let effect = hit.map(|hit| &hit.effect);
    match effect {
        Some(Effect::Tftp(TftpFault::Silent)) => return Ok(Moved::sent(0)),
        Some(Effect::Tftp(TftpFault::Error { code, text })) => {
            tell(wire, ErrorCode(*code), text).await;
            return Ok(Moved::sent(0));
        }
        Some(_) | None => {}
    }
    let asked = match Packet::parse(request) {
        Ok(Packet::Request {
            direction: Direction::Read,
            file,
            mode,
            options,
        }) if request.len() <= packet::REQUEST_LIMIT => {
            let content = match effect {
                Some(Effect::File(FileFault::Body(body))) => {
                    Ok(Pieces::in_memory(stand_in::bytes(*body)))
                }
                Some(_) | None => read(site, file, mode).await.map(Pieces::of),
            };
            content.map(|content| Errand::Give(content, options))
        }
        Ok(Packet::Request {
            direction: Direction::Write,
            file,
            mode,
            options,
        }) if request.len() <= packet::REQUEST_LIMIT => {
            let place = Place::find(site, file, mode).await;
            place.map(|place| Errand::Take(place, options))
        }
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
    let moved = match asked {
        Ok(Errand::Give(content, options)) => hand_over(content, options, wire, hit)
            .await
            .map(Moved::sent),
        Ok(Errand::Take(place, options)) => {
            let taken = take(place, options, wire, client).await;
            taken.map(|(bytes, taken)| Moved {
                bytes,
                taken: Some(taken),
            })
        }
        Err(note) => Err(note),
    };
    if let Err(note) = &moved
        && !was_told(*note)
    {
        tell(wire, code_of(*note), note.as_str()).await;
    }
    moved
}

/// What a request wants.
enum Errand<'r> {
    Give(Pieces, Options<'r>),
    Take(Place, Options<'r>),
}

/// Whether the end of a transfer has been told, as far as the client is there to hear it.
const fn was_told(note: Note) -> bool {
    matches!(
        note,
        Note::Shrunk | Note::NotTaken | Note::NotWhole | Note::HalfWritten | Note::TakenMeanwhile
    )
}

async fn tell(wire: &FaultyWire, code: ErrorCode, text: &str) {
    let mut told = Vec::new();
    packet::error(&mut told, code, text);
    // Lost, then: the client asks again.
    wire.send(&told).await;
}

/// Sends a file, as a fault has it, and gives the length of what was sent.
async fn hand_over(
    mut content: Pieces,
    options: Options<'_>,
    wire: &FaultyWire,
    hit: Option<&Hit>,
) -> Result<u64, Note> {
    let told = content.len();
    match hit.map(|hit| (&hit.effect, hit.seed)) {
        Some((Effect::File(FileFault::Truncate(bytes)), _)) => content.cut_to(*bytes),
        Some((Effect::File(FileFault::Corrupt(offset)), seed)) => {
            content.change(Kind::Fixed(Change::one(*offset, told, seed)));
        }
        Some((Effect::File(FileFault::WrongKey), seed)) => content.change(Kind::AllFrom(seed)),
        Some(_) | None => {}
    }
    let size = content.len();
    let mut option_ack = Vec::new();
    let agreed = ServerOptions::default().answer(options, Some(told), &mut option_ack);
    if let Some(Effect::Tftp(TftpFault::OptionAck { name, value })) = hit.map(|hit| &hit.effect) {
        wire::retell(&mut option_ack, name, value);
    }
    let start = Sender::start(agreed, size, !option_ack.is_empty());
    match send(wire, start, &option_ack, &mut content).await {
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
        Note::NoFile | Note::NoFolder | Note::Directory | Note::NotAFile | Note::OutsideRoot => {
            ErrorCode::NOT_FOUND
        }
        Note::Exists | Note::TakenMeanwhile => ErrorCode::EXISTS,
        Note::LongFile => ErrorCode::FULL,
        Note::Denied
        | Note::Write
        | Note::Unwritable
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
        | Note::NotTaken
        | Note::NotWhole
        | Note::HalfWritten => ErrorCode::UNDEFINED,
    }
}

/// The entry of the log for a request, before its end is known.
fn accessed(request: &[u8], client: SocketAddr) -> Access {
    let asked = match Packet::parse(request) {
        Ok(Packet::Request {
            direction, file, ..
        }) => Some((head::word(direction), visible(file))),
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
        head: Vec::new(),
        tls: None,
        note: None,
        fault: None,
    }
}
