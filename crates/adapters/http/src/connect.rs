//! From a host name to a connection.

use std::net::IpAddr;
use std::{fmt, io};

use onhook_fetch::port::Resolver;
use onhook_fetch::{ErrorKind, FetchError};
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

/// The addresses of the peer, at least one.
pub(crate) async fn addresses_of(
    peer: Peer<'_>,
    resolver: &dyn Resolver,
) -> Result<Vec<IpAddr>, FetchError> {
    resolver.resolve(peer.host).await.map_err(|error| {
        FetchError::new(
            ErrorKind::Dns,
            format!(
                "looking up the name of {peer}: {error}; check the name and the name server of the phone"
            ),
        )
        .with_source(error)
    })
}

/// A connection to the first address that accepts one, and that address.
pub(crate) async fn connect(
    peer: Peer<'_>,
    addresses: &[IpAddr],
    limits: &Limits,
) -> Result<(Box<dyn Duplex>, IpAddr), FetchError> {
    let mut kind = ErrorKind::Timeout;
    let mut cause: Option<io::Error> = None;
    //= R-HTTP-18
    //= R-URL-8
    //= R-DNS-1
    for ip in addresses {
        match timeout(limits.connect, TcpStream::connect((*ip, peer.port))).await {
            Ok(Ok(stream)) => return Ok((Box::new(stream), *ip)),
            Ok(Err(error)) => {
                tracing::debug!(%ip, port = peer.port, %error, "address does not accept");
                kind = ErrorKind::Connect;
                cause = Some(error);
            }
            Err(_elapsed) => {
                tracing::debug!(%ip, port = peer.port, "address does not answer");
            }
        }
    }
    let tried: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let error = FetchError::new(
        kind,
        format!(
            "connecting to {peer} (tried {}): no address accepted a connection; check that the server runs \
             and that no firewall stands between",
            tried.join(", ")
        ),
    );
    Err(match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}
