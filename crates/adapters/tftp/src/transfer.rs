//! One transfer with its socket, on a thread of its own.
//!
//! In lock-step every block costs a wait. A thread that waits in the receiving call itself spends two system calls on a
//! block; the event loop of a runtime spends four, which is a fifth of the speed of the whole transfer (ADR 0012).

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::mpsc as blocking;
use std::thread;

use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use crate::failure::Failure;
use crate::incoming::LINGER;
use crate::local_ports::LocalPorts;
use crate::options::DEFAULT_BLOCK;
use crate::packet::{DATA_HEADER, ErrorCode};
use crate::receiver::{News, Receiver, Step};
use crate::sockets::{Ears, SLICE, Sockets};

/// Bytes handed over at one time.
const BATCH: usize = 128 << 10;
/// Batches that wait to be taken.
const BATCHES: usize = 2;
/// Files above this size get a socket for their peer alone, in bytes.
const LONG: u64 = 64 << 10;
/// The time after which somebody else is believed to have had the processor.
const LONG_TURN: Duration = Duration::from_micros(500);
/// How many times no room is made then.
const KEEP_ON: u32 = 100;
/// The stack of the thread; it calls little and keeps its buffers elsewhere.
const STACK: usize = 128 << 10;

/// A transfer under way; dropping it ends it.
pub(crate) struct Running {
    reports: mpsc::Receiver<Report>,
    emptied: blocking::Sender<Vec<u8>>,
}

impl Running {
    /// The next report; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Report> {
        self.reports.recv().await
    }

    /// Gives a buffer back to be filled again, which saves the system a lot of page faults.
    pub(crate) fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        // After the last report nobody needs it.
        let _ = self.emptied.send(buffer);
    }
}

/// What a transfer tells.
pub(crate) enum Report {
    /// The file begins; its size, if the server told it.
    Began(Option<u64>),
    /// The next bytes.
    Bytes(Vec<u8>),
    /// Nothing more comes.
    Ended(End),
}

/// How a transfer ended.
pub(crate) enum End {
    /// The file is there.
    Done,
    /// The server does not like options.
    AskPlainly,
    /// The request did not reach the server, says the network.
    Unreachable(io::Error),
    /// Anything else.
    Failed(Failure),
}

/// Starts a transfer.
///
/// # Errors
/// The system has no socket or no thread to give.
pub(crate) fn start(
    ports: &LocalPorts,
    server: SocketAddr,
    receiver: Receiver,
    block_size: u16,
) -> io::Result<Running> {
    let sockets = Sockets::new(ports.bind(server.ip())?, server)?;
    let (reports, taken) = mpsc::channel(BATCHES);
    let (emptied, spare) = blocking::channel();
    let transfer = Transfer {
        sockets,
        receiver,
        start: Instant::now(),
        reports,
        spare,
        batch: Vec::new(),
        began: false,
        now: Duration::ZERO,
        keep_on: 0,
        settled: false,
    };
    let longest = usize::from(block_size.max(DEFAULT_BLOCK));
    thread::Builder::new()
        .name("tftp".to_owned())
        .stack_size(STACK)
        // One byte more, so that a longer block is seen to be longer.
        .spawn(move || transfer.run(server, &mut Ears::new(DATA_HEADER + longest + 1)))?;
    Ok(Running {
        reports: taken,
        emptied,
    })
}

struct Transfer {
    sockets: Sockets,
    receiver: Receiver,
    start: Instant,
    reports: mpsc::Sender<Report>,
    spare: blocking::Receiver<Vec<u8>>,
    batch: Vec<u8>,
    began: bool,
    /// The time at the last packet.
    now: Duration,
    /// How many times no room is made.
    keep_on: u32,
    /// The peer is known and has been made the best of.
    settled: bool,
}

/// Nobody takes the reports any more.
struct Unwanted;

impl Transfer {
    fn run(mut self, server: SocketAddr, ears: &mut Ears) {
        let end = match self.send(server) {
            Ok(()) => self.receive(ears),
            Err(error) => Ok(End::Unreachable(error)),
        };
        match end {
            Ok(end) => {
                let done = matches!(end, End::Done);
                // Whoever asked may have left meanwhile.
                let _ = self.reports.blocking_send(Report::Ended(end));
                if done {
                    self.linger(ears);
                }
            }
            //= R-TFTP-18
            Err(Unwanted) => {
                let peer = self
                    .receiver
                    .abort(ErrorCode::UNDEFINED, "transfer cancelled");
                if let Some(peer) = peer {
                    // The server notices by itself if this is lost.
                    let _ = self.sockets.send(self.receiver.packet(), peer);
                }
            }
        }
    }

    /// Receives until the transfer ends.
    fn receive(&mut self, ears: &mut Ears) -> Result<End, Unwanted> {
        loop {
            if self.reports.is_closed() {
                return Err(Unwanted);
            }
            let heard = self.wait(ears);
            self.now = self.start.elapsed();
            let Step { send, news } = match heard {
                Ok(Some((at, from))) => self.receiver.receive(ears.datagram(at), from, self.now),
                Ok(None) => self.receiver.timeout(self.now),
                //= R-TFTP-20
                Err(error) if self.receiver.is_requesting() => {
                    return Ok(End::Unreachable(error));
                }
                Err(_) => continue,
            };
            // Before the answer: what the peer sends then must find the second socket, not the moment in which it is made.
            let wider = self.settle();
            if let Some(to) = send
                && let Err(error) = self.send(to)
            {
                return Ok(End::Unreachable(error));
            }
            match news {
                News::Nothing => {}
                News::Bytes(bytes) => self.take(bytes)?,
                News::Last(bytes) => {
                    self.take(bytes)?;
                    self.hand_over()?;
                    return Ok(End::Done);
                }
                News::AskPlainly => return Ok(End::AskPlainly),
                News::Failed(failure) => return Ok(End::Failed(failure)),
            }
            if let (Some(window), (socket, Some(_))) = (wider, self.sockets.ear()) {
                ears.widen(window, socket);
            }
        }
    }

    /// Once the peer is known, a long file gets what makes it quick; the window to make room for, in blocks, at that moment.
    fn settle(&mut self) -> Option<u16> {
        if self.settled {
            return None;
        }
        let peer = self.receiver.peer()?;
        self.settled = true;
        self.sockets.ignore_icmp();
        let agreed = self.receiver.agreed();
        if agreed.size.is_some_and(|size| size <= LONG) {
            return None;
        }
        self.sockets.tie(peer);
        Some(agreed.window)
    }

    /// Waits for a datagram; `None` if none came for a while.
    fn wait(&mut self, ears: &mut Ears) -> io::Result<Option<(Range<usize>, SocketAddr)>> {
        if let (Some(peer), Some(at)) = (self.sockets.ear().1, ears.held()) {
            return Ok(Some((at, peer)));
        }
        if let Some(heard) = self.sockets.stranger(ears, self.now) {
            return Ok(Some(heard));
        }
        self.make_room();
        match self.hear(ears) {
            Err(error) if is_timeout(&error) => {}
            heard => return heard,
        }
        // The deadline falls into the next slice: wait for it exactly.
        let rest = self
            .receiver
            .deadline()
            .map(|deadline| deadline.saturating_sub(self.start.elapsed()))
            .filter(|rest| !rest.is_zero() && *rest < SLICE);
        let Some(rest) = rest else {
            return Ok(None);
        };
        self.sockets.ear().0.set_read_timeout(Some(rest))?;
        let heard = self.hear(ears);
        self.sockets.ear().0.set_read_timeout(Some(SLICE))?;
        match heard {
            Err(error) if is_timeout(&error) => Ok(None),
            heard => heard,
        }
    }

    /// Lets the server send the rest of a window before it is waited for.
    ///
    /// Where both ends share a processor, each packet would otherwise wake this end and be taken alone. Where somebody else takes
    /// the processor meanwhile, that costs more than it gains, and is left alone for a while.
    fn make_room(&mut self) {
        if !self.receiver.is_within_window() {
            return;
        }
        if self.keep_on > 0 {
            self.keep_on -= 1;
            return;
        }
        let before = Instant::now();
        thread::yield_now();
        if before.elapsed() > LONG_TURN {
            self.keep_on = KEEP_ON;
        }
    }

    /// Waits once for a datagram.
    fn hear(&self, ears: &mut Ears) -> io::Result<Option<(Range<usize>, SocketAddr)>> {
        match self.sockets.ear() {
            (socket, None) => ears.hear_anybody(socket).map(Some),
            (socket, Some(peer)) => {
                ears.hear(socket)?;
                Ok(ears.held().map(|at| (at, peer)))
            }
        }
    }

    fn send(&self, to: SocketAddr) -> io::Result<()> {
        let sent = self.sockets.send(self.receiver.packet(), to);
        if self.receiver.is_requesting() {
            return sent;
        }
        // A packet that could not leave is a lost packet: the timer repeats it.
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Unwanted> {
        if !std::mem::replace(&mut self.began, true) {
            let size = self.receiver.agreed().size;
            self.report(Report::Began(size))?;
        }
        if self.batch.len() + bytes.len() > BATCH {
            self.hand_over()?;
        }
        if self.batch.capacity() == 0 {
            let size = self.receiver.agreed().size.unwrap_or(0);
            self.batch
                .reserve(usize::try_from(size).unwrap_or(BATCH).min(BATCH));
        }
        self.batch.extend_from_slice(bytes);
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Unwanted> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let next = self.spare.try_recv().unwrap_or_default();
        let batch = std::mem::replace(&mut self.batch, next);
        self.report(Report::Bytes(batch))
    }

    fn report(&self, report: Report) -> Result<(), Unwanted> {
        self.reports.blocking_send(report).map_err(|_| Unwanted)
    }

    /// Answers repeats of the last block.
    fn linger(mut self, ears: &mut Ears) {
        //= R-TFTP-16
        let until = self.start.elapsed() + LINGER;
        loop {
            let heard = self.wait(ears);
            self.now = self.start.elapsed();
            if self.now >= until {
                return;
            }
            if let Ok(Some((at, from))) = heard {
                let step = self.receiver.receive(ears.datagram(at), from, self.now);
                if let Some(to) = step.send {
                    // Lost, then: the server asks again.
                    let _ = self.sockets.send(self.receiver.packet(), to);
                }
            }
        }
    }
}

/// Whether a receiving call ended because nothing came.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
