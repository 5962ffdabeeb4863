//! One transfer with its socket, on a thread of its own.
//!
//! In lock-step every block costs a wait. A thread that waits in the receiving call itself spends two system calls on a
//! block; the event loop of a runtime spends four, which is a fifth of the speed of the whole transfer (ADR 0012).

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc as blocking;
use std::thread;

use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use crate::failure::Failure;
use crate::icmp::Icmp;
use crate::incoming::LINGER;
use crate::local_ports::LocalPorts;
use crate::options::DEFAULT_BLOCK;
use crate::packet::{DATA_HEADER, ErrorCode};
use crate::receiver::{News, Receiver};

/// Longest wait in one receiving call, after which a transfer notices that nobody wants it any more.
const SLICE: Duration = Duration::from_millis(100);
/// Bytes handed over at one time.
const BATCH: usize = 128 << 10;
/// Batches that wait to be taken.
const BATCHES: usize = 2;
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
    let socket = ports.bind(server.ip())?;
    socket.set_read_timeout(Some(SLICE))?;
    let (reports, taken) = mpsc::channel(BATCHES);
    let (emptied, spare) = blocking::channel();
    let transfer = Transfer {
        icmp: Icmp::listen(&socket, server.ip()),
        socket,
        receiver,
        start: Instant::now(),
        reports,
        spare,
        batch: Vec::new(),
        began: false,
    };
    let longest = usize::from(block_size.max(DEFAULT_BLOCK));
    // One byte more, so that a longer block is seen to be longer.
    let mut buffer = vec![0; DATA_HEADER + longest + 1];
    thread::Builder::new()
        .name("tftp".to_owned())
        .stack_size(STACK)
        .spawn(move || transfer.run(server, &mut buffer))?;
    Ok(Running {
        reports: taken,
        emptied,
    })
}

struct Transfer {
    socket: UdpSocket,
    icmp: Icmp,
    receiver: Receiver,
    start: Instant,
    reports: mpsc::Sender<Report>,
    spare: blocking::Receiver<Vec<u8>>,
    batch: Vec<u8>,
    began: bool,
}

/// Nobody takes the reports any more.
struct Unwanted;

impl Transfer {
    fn run(mut self, server: SocketAddr, buffer: &mut [u8]) {
        let end = match self.send(server) {
            Ok(()) => self.receive(buffer),
            Err(error) => Ok(End::Unreachable(error)),
        };
        match end {
            Ok(end) => {
                let done = matches!(end, End::Done);
                // Whoever asked may have left meanwhile.
                let _ = self.reports.blocking_send(Report::Ended(end));
                if done {
                    self.linger(buffer);
                }
            }
            //= R-TFTP-18
            Err(Unwanted) => {
                let peer = self
                    .receiver
                    .abort(ErrorCode::UNDEFINED, "transfer cancelled");
                if let Some(peer) = peer {
                    // The server notices by itself if this is lost.
                    let _ = self.socket.send_to(self.receiver.packet(), peer);
                }
            }
        }
    }

    /// Receives until the transfer ends.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<End, Unwanted> {
        loop {
            if self.reports.is_closed() {
                return Err(Unwanted);
            }
            let heard = self.wait(buffer);
            let now = self.start.elapsed();
            let step = match heard {
                Ok(Some((length, from))) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    self.receiver.receive(datagram, from, now)
                }
                Ok(None) => self.receiver.timeout(now),
                //= R-TFTP-20
                Err(error) if self.receiver.is_requesting() => {
                    return Ok(End::Unreachable(error));
                }
                Err(_) => continue,
            };
            if let Some(to) = step.send
                && let Err(error) = self.send(to)
            {
                return Ok(End::Unreachable(error));
            }
            match step.news {
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
        }
    }

    /// Waits for a datagram; `None` if none came for a while.
    fn wait(&self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        match self.socket.recv_from(buffer) {
            Ok(heard) => return Ok(Some(heard)),
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
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
        self.socket.set_read_timeout(Some(rest))?;
        let heard = self.socket.recv_from(buffer);
        self.socket.set_read_timeout(Some(SLICE))?;
        match heard {
            Ok(heard) => Ok(Some(heard)),
            Err(error) if is_timeout(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn send(&mut self, to: SocketAddr) -> io::Result<()> {
        let sent = self.socket.send_to(self.receiver.packet(), to);
        if self.receiver.is_requesting() {
            return sent.map(|_| ());
        }
        self.icmp.ignore(&self.socket);
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
    fn linger(mut self, buffer: &mut [u8]) {
        //= R-TFTP-16
        let until = self.start.elapsed() + LINGER;
        loop {
            let heard = self.wait(buffer);
            let now = self.start.elapsed();
            if now >= until {
                return;
            }
            if let Ok(Some((length, from))) = heard {
                let datagram = buffer.get(..length).unwrap_or_default();
                let step = self.receiver.receive(datagram, from, now);
                if let Some(to) = step.send {
                    // Lost, then: the server asks again.
                    let _ = self.socket.send_to(self.receiver.packet(), to);
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
