//! From a host name to a connection.

use std::net::{IpAddr, SocketAddr};
use std::{fmt, io};

use onhook_fetch::port::Resolver;
use onhook_fetch::{ErrorKind, FetchError, is_one_host};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Limits;
use crate::exchange::Duplex;

/// Whom a connection goes to.
#[derive(Clone, Copy)]
pub(crate) struct Peer<'p> {
    /// What comes before it in messages: nothing, or that it is a proxy.
    pub(crate) role: &'static str,
    /// Name or address, without brackets.
    pub(crate) host: &'p str,
    pub(crate) port: u16,
}

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        write!(f, "{}{open}{}{close}:{}", self.role, self.host, self.port)
    }
}

/// One server, with its addresses in the order in which they are tried, at least one.
pub(crate) struct Place {
    /// What it is called in messages.
    name: String,
    addresses: Vec<SocketAddr>,
}

impl Place {
    /// Looks up the addresses of a peer; those of many hosts and of none are left out.
    pub(crate) async fn of(peer: Peer<'_>, resolver: &dyn Resolver) -> Result<Self, FetchError> {
        let name = peer.to_string();
        let found = resolver.resolve(peer.host).await.map_err(|error| {
            FetchError::new(
                ErrorKind::Dns,
                format!(
                    "looking up the name of {name}: {error}; check the name and the name server of the phone"
                ),
            )
            .with_source(error)
        })?;
        let addresses: Vec<_> = found
            .into_iter()
            .filter(|ip| is_one_host(*ip))
            .map(|ip| SocketAddr::new(ip, peer.port))
            .collect();
        if addresses.is_empty() {
            return Err(FetchError::new(
                ErrorKind::NotAllowed,
                format!(
                    "{name} is not the address of one host, so nothing was sent; correct its name or the name server"
                ),
            ));
        }
        Ok(Self { name, addresses })
    }

    /// The address that is tried first.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.addresses.first().map(SocketAddr::ip)
    }
}

/// A connection to the first address of a server that accepts one, and that address.
pub(crate) async fn connect(
    place: &Place,
    origin: Option<IpAddr>,
    limits: &Limits,
) -> Result<(Box<dyn Duplex>, IpAddr), FetchError> {
    let mut kind = ErrorKind::Timeout;
    let mut cause: Option<io::Error> = None;
    //= R-HTTP-18
    //= R-URL-8
    //= R-DNS-1
    for address in &place.addresses {
        match timeout(limits.connect, open(*address, origin)).await {
            Ok(Ok(stream)) => return Ok((Box::new(stream), address.ip())),
            Ok(Err(error)) => {
                tracing::debug!(%address, %error, "address does not accept");
                kind = ErrorKind::Connect;
                cause = Some(error);
            }
            Err(_elapsed) => {
                tracing::debug!(%address, "address does not answer");
            }
        }
    }
    let ips = place
        .addresses
        .iter()
        .map(|address| address.ip().to_string());
    let tried: Vec<String> = ips.collect();
    let error = FetchError::new(
        kind,
        format!(
            "connecting to {} (tried {}): no address accepted a connection; check that the server runs \
             and that no firewall stands between",
            place.name,
            tried.join(", ")
        ),
    );
    Err(match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}

async fn open(address: SocketAddr, origin: Option<IpAddr>) -> io::Result<TcpStream> {
    #[cfg(feature = "origin")]
    if let Some(origin) = origin {
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        // Only with this may a port be used for several servers, and before TIME_WAIT is over.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(origin, 0))?;
        return socket.connect(address).await;
    }
    #[cfg(not(feature = "origin"))]
    let _ = origin;
    TcpStream::connect(address).await
}
