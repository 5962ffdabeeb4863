//! From a host name to a connection.

use std::io;
use std::net::IpAddr;

use onhook_fetch::port::Resolver;
use onhook_fetch::{ErrorKind, FetchError};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Limits;
use crate::target::Target;

/// The addresses of the server, at least one.
pub(crate) async fn addresses_of(
    target: &Target,
    resolver: &dyn Resolver,
) -> Result<Vec<IpAddr>, FetchError> {
    resolver.resolve(&target.host).await.map_err(|error| {
        FetchError::new(
            ErrorKind::Dns,
            format!(
                "looking up the name of {}: {error}; check the name and the name server of the phone",
                target.endpoint()
            ),
        )
        .with_source(error)
    })
}

/// A connection to the first address that accepts one.
pub(crate) async fn connect(
    target: &Target,
    addresses: &[IpAddr],
    limits: &Limits,
) -> Result<TcpStream, FetchError> {
    let mut kind = ErrorKind::Timeout;
    let mut cause: Option<io::Error> = None;
    //= R-HTTP-18
    //= R-URL-8
    //= R-DNS-1
    for ip in addresses {
        match timeout(limits.connect, TcpStream::connect((*ip, target.port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                tracing::debug!(%ip, port = target.port, %error, "address does not accept");
                kind = ErrorKind::Connect;
                cause = Some(error);
            }
            Err(_elapsed) => {
                tracing::debug!(%ip, port = target.port, "address does not answer");
            }
        }
    }
    let tried: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let error = FetchError::new(
        kind,
        format!(
            "connecting to {} (tried {}): no address accepted a connection; check that the server runs \
             and that no firewall stands between",
            target.endpoint(),
            tried.join(", ")
        ),
    );
    Err(match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}
