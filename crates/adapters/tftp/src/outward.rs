//! One upload with its socket and its timer.
//!
//! Reports are short and rare, so this waits in the event loop of the runtime and needs no thread, unlike a fetch (ADR 0012).

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::icmp::Icmp;
use crate::local_ports::LocalPorts;
use crate::packet::{self, ErrorCode};
use crate::transfer::End;
use crate::writer::{Then, Writer};

/// Longest datagram of a server that is looked at, in bytes.
const DATAGRAM: usize = 1024;

/// An upload under way; dropping it tells the server that it has ended.
struct Outward {
    socket: UdpSocket,
    writer: Writer,
}

/// Writes a body to a server.
///
/// # Errors
/// The system has no socket to give.
pub(crate) async fn write(
    ports: &LocalPorts,
    server: SocketAddr,
    writer: Writer,
    body: &[u8],
) -> io::Result<End> {
    let socket = ports.bind(server.ip())?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
    let mut icmp = Icmp::listen(&socket, server.ip());
    let mut outward = Outward { socket, writer };
    if let Err(error) = outward.tell(server).await {
        return Ok(End::Unreachable(error));
    }
    let start = Instant::now();
    let mut buffer = [0; DATAGRAM];
    let mut block = Vec::new();
    while let Some(deadline) = outward.writer.deadline() {
        let heard = timeout_at(start + deadline, outward.socket.recv_from(&mut buffer)).await;
        let now = start.elapsed();
        let stroke = match heard {
            Ok(Ok((length, from))) => {
                let datagram = buffer.get(..length).unwrap_or_default();
                outward.writer.receive(datagram, from, now)
            }
            //= R-TFTP-20
            Ok(Err(error)) if outward.writer.is_requesting() => {
                return Ok(End::Unreachable(error));
            }
            Ok(Err(_)) => continue,
            Err(_elapsed) => outward.writer.timeout(now),
        };
        if let Some(to) = stroke.send {
            let sent = outward.tell(to).await;
            if let (Err(error), true) = (sent, outward.writer.is_requesting()) {
                return Ok(End::Unreachable(error));
            }
        }
        match stroke.then {
            Then::Nothing => {}
            Then::Blocks(peer, blocks) => {
                icmp.ignore(&outward.socket);
                for number in blocks {
                    outward.block(number, body, &mut block);
                    // A packet that could not leave is a lost packet: the timer repeats it.
                    let _ = outward.socket.send_to(&block, peer).await;
                }
            }
            Then::Done => return Ok(End::Done),
            Then::AskPlainly => return Ok(End::AskPlainly),
            Then::Failed(failure) => return Ok(End::Failed(failure)),
        }
    }
    Err(io::Error::other("the transfer ended without a result"))
}

impl Outward {
    async fn tell(&self, to: SocketAddr) -> io::Result<()> {
        let sent = self.socket.send_to(self.writer.packet(), to).await;
        sent.map(|_| ())
    }

    /// Fills a packet with a block of the body.
    fn block(&self, number: u64, body: &[u8], out: &mut Vec<u8>) {
        let (offset, length, number) = self.writer.block(number);
        packet::data_header(out, number);
        let rest = usize::try_from(offset).ok().and_then(|at| body.get(at..));
        let bytes = rest.and_then(|rest| rest.get(..length));
        out.extend_from_slice(bytes.unwrap_or_default());
    }
}

impl Drop for Outward {
    /// Tells a server that still waits; after a regular end nobody does.
    fn drop(&mut self) {
        //= R-TFTP-18
        let peer = self
            .writer
            .abort(ErrorCode::UNDEFINED, "transfer cancelled");
        if let Some(peer) = peer {
            // The server notices by itself if this is lost.
            let _ = self.socket.try_send_to(self.writer.packet(), peer);
        }
    }
}
