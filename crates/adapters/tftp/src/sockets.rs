//! The sockets of one transfer: one that hears everybody, and for a long file one that hears the peer alone.
//!
//! A socket with a fixed peer spares the kernel a look at the routes and at the sender for each packet, and hides strangers,
//! who have to be told so (R-TFTP-4). So the first one stays on the same port: the kernel gives a packet to the socket that
//! fits it best, and the strangers to the other, which is looked at now and then.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::AsRawFd;

use nix::cmsg_space;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, MultiHeaders, SockFlag, SockType,
    SockaddrStorage, bind, recvmmsg, setsockopt, socket, sockopt,
};
use tokio::time::Duration;

use crate::icmp::Icmp;

/// Longest wait in one receiving call, after which a transfer notices that nobody wants it any more.
pub(crate) const SLICE: Duration = Duration::from_millis(100);
/// How often strangers are looked for.
const LOOK: Duration = Duration::from_millis(20);
/// Longest run of datagrams that the kernel joins, in bytes.
const JOINED: usize = 65_535;
/// Most pieces of one receiving call.
const MANY: u16 = 16;

/// The sockets of one transfer.
pub(crate) struct Sockets {
    open: UdpSocket,
    icmp: Icmp,
    tied: Option<Tied>,
}

struct Tied {
    socket: UdpSocket,
    peer: SocketAddr,
    /// When strangers are looked for again.
    look_at: Duration,
}

impl Sockets {
    /// Takes a bound socket over.
    ///
    /// # Errors
    /// Its waits cannot be bounded.
    pub(crate) fn new(open: UdpSocket, server: SocketAddr) -> io::Result<Self> {
        open.set_read_timeout(Some(SLICE))?;
        Ok(Self {
            icmp: Icmp::listen(&open, server.ip()),
            open,
            tied: None,
        })
    }

    /// Adds a socket that hears this peer alone; without it a transfer works as well, only slower.
    pub(crate) fn tie(&mut self, peer: SocketAddr) {
        match tied(&self.open, peer) {
            Ok(socket) => {
                self.tied = Some(Tied {
                    socket,
                    peer,
                    look_at: Duration::ZERO,
                });
            }
            Err(error) => tracing::debug!(%error, "no socket for the peer alone"),
        }
    }

    /// The socket that is waited at, and the peer if it hears nobody else.
    pub(crate) fn ear(&self) -> (&UdpSocket, Option<SocketAddr>) {
        match &self.tied {
            Some(tied) => (&tied.socket, Some(tied.peer)),
            None => (&self.open, None),
        }
    }

    pub(crate) fn send(&self, packet: &[u8], to: SocketAddr) -> io::Result<()> {
        let sent = match &self.tied {
            Some(tied) if tied.peer == to => tied.socket.send(packet),
            Some(_) | None => self.open.send_to(packet, to),
        };
        sent.map(|_| ())
    }

    /// ICMP errors mean nothing any more.
    pub(crate) fn ignore_icmp(&mut self) {
        self.icmp.ignore(&self.open);
    }

    /// A packet of somebody else, looked for now and then.
    pub(crate) fn stranger(
        &mut self,
        ears: &mut Ears,
        now: Duration,
    ) -> Option<(Range<usize>, SocketAddr)> {
        let tied = self.tied.as_mut().filter(|tied| tied.look_at <= now)?;
        let heard = ears.hear_anybody(&self.open).ok();
        if heard.is_none() {
            tied.look_at = now + LOOK;
        }
        heard
    }
}

/// A second socket on the port of an open one, which from then on is looked at without waiting.
fn tied(open: &UdpSocket, peer: SocketAddr) -> io::Result<UdpSocket> {
    let local = open.local_addr()?;
    let family = match peer {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let second = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&second, sockopt::ReuseAddr, &true)?;
    // Only now, and only for a moment: nobody else gets the port.
    setsockopt(open, sockopt::ReuseAddr, &true)?;
    let bound = bind(second.as_raw_fd(), &SockaddrStorage::from(local));
    setsockopt(open, sockopt::ReuseAddr, &false)?;
    bound?;
    let second = UdpSocket::from(second);
    second.connect(peer)?;
    // What came before the peer was fixed may be of anybody; what it lost comes again.
    second.set_nonblocking(true)?;
    while second.recv(&mut [0]).is_ok() {}
    second.set_nonblocking(false)?;
    second.set_read_timeout(Some(SLICE))?;
    open.set_nonblocking(true)?;
    Ok(second)
}

/// Takes datagrams out of a socket, several in one call where a window promises several.
pub(crate) struct Ears {
    buffer: Vec<u8>,
    /// Longest datagram.
    size: usize,
    /// Where in the buffer the datagrams are that are here, and the next of them.
    here: Vec<Range<usize>>,
    next: usize,
    /// Most pieces that one call takes; each is a datagram, or several that the kernel has joined.
    pieces: usize,
}

impl Ears {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            buffer: vec![0; size],
            size,
            here: Vec::new(),
            next: 0,
            pieces: 1,
        }
    }

    /// Gets ready for the datagrams of a window of this many blocks, at a socket that hears one peer alone.
    pub(crate) fn widen(&mut self, window: u16, socket: &UdpSocket) {
        if window < 2 {
            return;
        }
        // What one sender sent in one go may then come in one piece.
        if let Err(error) = setsockopt(socket, sockopt::UdpGroSegment, &true) {
            tracing::debug!(%error, "the kernel joins no datagrams");
        }
        self.pieces = usize::from(window.min(MANY));
        // Pages that nothing is written to are none.
        self.buffer = vec![0; self.pieces * JOINED];
    }

    /// The bytes of a datagram.
    pub(crate) fn datagram(&self, at: Range<usize>) -> &[u8] {
        self.buffer.get(at).unwrap_or_default()
    }

    /// The next datagram that is here already.
    pub(crate) fn held(&mut self) -> Option<Range<usize>> {
        let at = self.here.get(self.next)?.clone();
        self.next += 1;
        Some(at)
    }

    /// Waits at a socket that hears one peer alone; [`Ears::held`] then has what came.
    pub(crate) fn hear(&mut self, socket: &UdpSocket) -> io::Result<()> {
        self.here.clear();
        self.next = 0;
        if self.pieces == 1 {
            let length = socket.recv(&mut self.buffer)?;
            self.here.push(0..length);
            return Ok(());
        }
        let mut pieces: Vec<_> = self
            .buffer
            .chunks_exact_mut(JOINED)
            .map(|piece| [IoSliceMut::new(piece)])
            .collect();
        // Made anew each time: a call leaves no room for what the next one has to tell.
        let mut headers = MultiHeaders::<()>::preallocate(pieces.len(), Some(cmsg_space!(i32)));
        let (fd, flags) = (socket.as_raw_fd(), MsgFlags::MSG_WAITFORONE);
        let heard = recvmmsg(fd, &mut headers, pieces.iter_mut(), flags, None)?;
        for (piece, message) in heard.enumerate() {
            let each = message.cmsgs()?.find_map(|told| {
                if let ControlMessageOwned::UdpGroSegments(each) = told {
                    usize::try_from(each).ok()
                } else {
                    None
                }
            });
            let each = each.unwrap_or(message.bytes).max(1);
            let (mut at, end) = (piece * JOINED, piece * JOINED + message.bytes);
            loop {
                self.here.push(at..end.min(at + each));
                at += each;
                // An empty datagram is one too.
                if at >= end {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Waits at a socket that hears everybody; nothing may be held.
    pub(crate) fn hear_anybody(
        &mut self,
        socket: &UdpSocket,
    ) -> io::Result<(Range<usize>, SocketAddr)> {
        let room = self.buffer.get_mut(..self.size).unwrap_or_default();
        let (length, from) = socket.recv_from(room)?;
        Ok((0..length, from))
    }
}

#[cfg(test)]
mod tests;
