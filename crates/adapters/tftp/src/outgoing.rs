//! A sender with its socket and its timer.

use std::future::Future;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd as _;

use async_trait::async_trait;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use thiserror::Error;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::packet::{self, DATA_HEADER, ErrorCode};
use crate::sender::{Sender, Sending};

/// Most packets and bytes that the kernel cuts apart (UDP_MAX_SEGMENTS, and an IP packet).
const RUN: usize = 64;
const RUN_BYTES: usize = 65_000;
/// Longest datagram of a reader that is looked at, in bytes.
const DATAGRAM: usize = 512;

/// Where the bytes of a file come from.
#[async_trait]
pub trait Content: Send {
    /// Appends `length` bytes from `offset` on.
    ///
    /// # Errors
    /// They cannot be read, or the file has become shorter.
    async fn read(&mut self, offset: u64, length: usize, out: &mut Vec<u8>) -> io::Result<()>;
}

/// What carries packets to one reader and back: a connected socket, or something around it.
pub trait Wire: Sync {
    /// Sends a packet. What cannot be sent is lost, and repeated in time.
    fn send(&self, packet: &[u8]) -> impl Future<Output = ()> + Send;

    /// Sends packets that stand behind each other, each as long as this but the last, which may be shorter.
    fn send_run(&self, packets: &[u8], length: usize) -> impl Future<Output = ()> + Send {
        async move {
            for packet in packets.chunks(length.max(1)) {
                self.send(packet).await;
            }
        }
    }

    /// Waits for a packet of the reader and gives its length; what does not fit is cut off.
    fn receive(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

impl Wire for UdpSocket {
    async fn send(&self, packet: &[u8]) {
        // What cannot be sent is lost: the timer repeats it.
        let _ = Self::send(self, packet).await;
    }

    async fn send_run(&self, packets: &[u8], length: usize) {
        let sent = self.async_io(Interest::WRITABLE, || segments(self, packets, length));
        if sent.await.is_ok() {
            return;
        }
        // A network whose packets are shorter, or a kernel that cannot cut.
        for packet in packets.chunks(length.max(1)) {
            let _ = Self::send(self, packet).await;
        }
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer).await
    }
}

/// Lets the kernel cut packets apart, which costs one way through it instead of one for each.
fn segments(socket: &UdpSocket, packets: &[u8], length: usize) -> io::Result<()> {
    let length = u16::try_from(length).map_err(io::Error::other)?;
    let cut = [ControlMessage::UdpGsoSegments(&length)];
    sendmsg::<()>(
        socket.as_raw_fd(),
        &[IoSlice::new(packets)],
        &cut,
        MsgFlags::empty(),
        None,
    )?;
    Ok(())
}

/// Why a file did not reach its reader.
#[derive(Debug, Error)]
pub enum SendError {
    /// The file cannot be read any more.
    #[error("the file cannot be read any more")]
    Content(#[source] io::Error),
    /// The reader ended the transfer.
    #[error("the reader answers TFTP error {} `{text}`", code.0)]
    Refused {
        /// The code of its ERROR.
        code: ErrorCode,
        /// Its text, fit to be shown.
        text: String,
    },
    /// The reader sent a packet that does not exist.
    #[error("the reader sent a packet that does not exist")]
    Illegal,
    /// The reader is silent, or cannot be reached any more.
    #[error("the reader does not answer any more")]
    Silence,
}

/// Sends a file to a reader; `option_ack` is empty if none is sent.
///
/// # Errors
/// The reader did not get the file; it has been told why, where that helps.
pub async fn send(
    wire: &impl Wire,
    (mut sender, first): (Sender, Sending),
    option_ack: &[u8],
    content: &mut dyn Content,
) -> Result<(), SendError> {
    let start = Instant::now();
    let mut buffer = [0; DATAGRAM];
    let mut packet = Vec::new();
    let mut todo = first;
    loop {
        match todo {
            Sending::Nothing => {}
            Sending::OptionAck => wire.send(option_ack).await,
            Sending::Blocks(blocks) => {
                let full = DATA_HEADER + sender.block_size();
                let run = RUN.min(RUN_BYTES / full).max(1) * full;
                packet.clear();
                for block in blocks {
                    let (offset, length, number) = sender.block(block);
                    packet::push_data_header(&mut packet, number);
                    if let Err(error) = content.read(offset, length, &mut packet).await {
                        packet::error(&mut packet, ErrorCode::UNDEFINED, "file unreadable");
                        wire.send(&packet).await;
                        return Err(SendError::Content(error));
                    }
                    if packet.len() >= run {
                        wire.send_run(&packet, full).await;
                        packet.clear();
                    }
                }
                match packet.len() {
                    0 => {}
                    short if short <= full => wire.send(&packet).await,
                    _ => wire.send_run(&packet, full).await,
                }
            }
            Sending::Done => return Ok(()),
            Sending::Refused { code, text } => return Err(SendError::Refused { code, text }),
            Sending::Illegal => {
                packet::error(&mut packet, ErrorCode::ILLEGAL, "illegal TFTP operation");
                wire.send(&packet).await;
                return Err(SendError::Illegal);
            }
            Sending::Silence => return Err(SendError::Silence),
        }
        let due = start + sender.deadline();
        let heard = timeout_at(due, wire.receive(&mut buffer)).await;
        let now = start.elapsed();
        todo = match heard {
            Ok(Ok(length)) => sender.receive(buffer.get(..length).unwrap_or_default(), now),
            // ICMP says that nobody listens there any more.
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Sending::Silence,
            Ok(Err(_)) => Sending::Nothing,
            Err(_elapsed) => sender.timeout(now),
        };
    }
}
