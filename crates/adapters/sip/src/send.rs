//! Sends a NOTIFY and waits for the answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout, timeout_at};

use crate::frames::{Frame, Frames};
use crate::notice::{Heard, Next, Notice, Transport, Wish};

/// When a datagram is sent again first, and how long that takes at most (RFC 3261, T1 and T2).
const AGAIN: Duration = Duration::from_millis(500);
const SLOWEST: Duration = Duration::from_secs(4);

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// The network refuses.
    #[error("{to} cannot be notified over {}", transport.name())]
    Network {
        /// Who.
        to: SocketAddr,
        /// How.
        transport: Transport,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Nobody answers.
    #[error("{to} does not answer over {} within {} s: a phone that hears only its proxies is silent, too", transport.name(), within.as_secs())]
    Silence {
        /// Who.
        to: SocketAddr,
        /// How.
        transport: Transport,
        /// How long was waited.
        within: Duration,
    },
}

/// Notifies a phone and waits for its answer at most so long.
///
/// # Errors
/// There is none.
pub async fn notify(
    wish: Wish,
    transport: Transport,
    to: SocketAddr,
    within: Duration,
    seed: u64,
) -> Result<Heard, NotifyError> {
    let answer = async {
        match transport {
            Transport::Udp => by_datagrams(wish, to, seed).await,
            Transport::Tcp => by_stream(wish, to, seed).await,
        }
    };
    match timeout(within, answer).await {
        Ok(Ok(heard)) => Ok(heard),
        Ok(Err(source)) => Err(NotifyError::Network {
            to,
            transport,
            source,
        }),
        Err(_) => Err(NotifyError::Silence {
            to,
            transport,
            within,
        }),
    }
}

async fn by_datagrams(wish: Wish, to: SocketAddr, seed: u64) -> io::Result<Heard> {
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => ([0; 4], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(to).await?;
    let mut notice = Notice::new(wish, Transport::Udp, socket.local_addr()?, seed);
    let mut message = notice.first();
    let mut buffer = vec![0; 65_535];
    let mut pause = AGAIN;
    loop {
        socket.send(&message).await?;
        let again = Instant::now() + pause;
        pause = (pause * 2).min(SLOWEST);
        while let Ok(received) = timeout_at(again, socket.recv(&mut buffer)).await {
            let bytes = Bytes::copy_from_slice(buffer.get(..received?).unwrap_or_default());
            match notice.take(&bytes) {
                Next::Wait => {}
                Next::Done(heard) => return Ok(heard),
                Next::Send(next) => {
                    message = next;
                    pause = AGAIN;
                    break;
                }
            }
        }
    }
}

async fn by_stream(wish: Wish, to: SocketAddr, seed: u64) -> io::Result<Heard> {
    let mut stream = TcpStream::connect(to).await?;
    let mut notice = Notice::new(wish, Transport::Tcp, stream.local_addr()?, seed);
    stream.write_all(&notice.first()).await?;
    let (mut frames, mut piece) = (Frames::default(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        frames.push(piece.get(..length).unwrap_or_default());
        while let Some(frame) = frames.next() {
            let Frame::Message(bytes) = frame else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            match notice.take(&bytes) {
                Next::Wait => {}
                Next::Done(heard) => return Ok(heard),
                Next::Send(next) => stream.write_all(&next).await?,
            }
        }
    }
}
