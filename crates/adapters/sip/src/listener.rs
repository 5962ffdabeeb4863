//! The sockets: UDP and TCP on one port, and TLS on another.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use crate::agent::UserAgent;
use crate::office::{Around, Office};
use crate::streams;

/// How often a free port is sought that is free over both UDP and TCP.
const ATTEMPTS: u32 = 16;
/// How long nothing is received after an attempt failed.
const PAUSE: Duration = Duration::from_millis(100);
/// Largest datagram.
const DATAGRAM: usize = 65_535;

/// Bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Adds TLS to a stream.
#[async_trait]
pub trait Secure: Send + Sync + 'static {
    /// Does the handshake of a server.
    ///
    /// # Errors
    /// The other end does not want what is offered, or is none of TLS.
    async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>>;
}

/// Where to listen.
#[derive(Default)]
pub struct Listen {
    /// For UDP and TCP; port 0 is any that is free.
    pub plain: Option<SocketAddr>,
    /// For TLS over TCP.
    pub secure: Option<(SocketAddr, Arc<dyn Secure>)>,
}

/// How long others may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A stream on which nothing has begun.
    pub idle: Duration,
    /// A message that has begun.
    pub message: Duration,
    /// A handshake.
    pub handshake: Duration,
    /// An answer on a stream.
    pub answer: Duration,
    /// The address of a proxy.
    pub lookup: Duration,
    /// Streams at once.
    pub streams: usize,
    /// Streams of one source at once.
    pub streams_of_one: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            message: Duration::from_secs(10),
            handshake: Duration::from_secs(5),
            answer: Duration::from_secs(5),
            lookup: Duration::from_secs(2),
            streams: 32,
            streams_of_one: 8,
        }
    }
}

/// Nobody can be listened to.
#[derive(Debug, Error)]
#[error(
    "SIP cannot listen at {address} over {transport}: choose another address, or end who uses it"
)]
pub struct ListenError {
    address: SocketAddr,
    transport: &'static str,
    #[source]
    source: io::Error,
}

#[cfg(feature = "many")]
impl ListenError {
    pub(crate) const fn new(
        address: SocketAddr,
        transport: &'static str,
        source: io::Error,
    ) -> Self {
        Self {
            address,
            transport,
            source,
        }
    }
}

/// Listens until it is dropped.
pub struct Listener {
    plain: Option<SocketAddr>,
    secure: Option<SocketAddr>,
    _tasks: JoinSet<()>,
}

impl Listener {
    /// Opens the sockets.
    ///
    /// # Errors
    /// An address is not to be had.
    pub async fn bind(
        listen: Listen,
        agent: UserAgent,
        around: Around,
        limits: Limits,
    ) -> Result<Self, ListenError> {
        let office = Arc::new(Office::new(agent, around, limits.lookup));
        let mut tasks = JoinSet::new();
        let mut listener = Self {
            plain: None,
            secure: None,
            _tasks: JoinSet::new(),
        };
        if let Some(address) = listen.plain {
            let (tcp, udp, at) = both(address).await?;
            listener.plain = Some(at);
            tasks.spawn(datagrams(udp, Arc::clone(&office)));
            tasks.spawn(streams::listen(tcp, None, Arc::clone(&office), limits));
        }
        if let Some((address, secure)) = listen.secure {
            let failed = |source| ListenError {
                address,
                transport: "TLS",
                source,
            };
            let tcp = TcpListener::bind(address).await.map_err(failed)?;
            listener.secure = Some(tcp.local_addr().map_err(failed)?);
            let office = Arc::clone(&office);
            tasks.spawn(streams::listen(tcp, Some(secure), office, limits));
        }
        tasks.spawn(async move { office.keep_apart().await });
        listener._tasks = tasks;
        Ok(listener)
    }

    /// Where UDP and TCP are listened to.
    #[must_use]
    pub const fn plain(&self) -> Option<SocketAddr> {
        self.plain
    }

    /// Where TLS is listened to.
    #[must_use]
    pub const fn secure(&self) -> Option<SocketAddr> {
        self.secure
    }
}

/// Sockets of TCP and UDP on the same port.
async fn both(address: SocketAddr) -> Result<(TcpListener, UdpSocket, SocketAddr), ListenError> {
    let failed = |transport| {
        move |source| ListenError {
            address,
            transport,
            source,
        }
    };
    let mut attempt = 0;
    loop {
        attempt += 1;
        let tcp = TcpListener::bind(address).await.map_err(failed("TCP"))?;
        let at = tcp.local_addr().map_err(failed("TCP"))?;
        match UdpSocket::bind(at).await {
            Ok(udp) => return Ok((tcp, udp, at)),
            // Somebody else has the port that TCP got.
            Err(_) if address.port() == 0 && attempt < ATTEMPTS => {}
            Err(error) => return Err(failed("UDP")(error)),
        }
    }
}

async fn datagrams(socket: UdpSocket, office: Arc<Office>) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let bytes = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
        let step = office.take(&bytes, from).await;
        if let Some((to, answer)) = step.answer
            && let Err(error) = socket.send_to(&answer, to).await
        {
            // Whoever does not get it asks again.
            tracing::debug!(%to, %error, "an answer of SIP could not be sent");
        }
        office.carry_out(step.acts).await;
    }
}
