//! From a host name to a connection.

use std::io;
use std::net::IpAddr;

use onhook_fetch::{ErrorKind, FetchError};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::target::Target;
use crate::{Limits, Resolve};

/// The addresses of the server, at least one.
pub(crate) async fn addresses_of(
    target: &Target,
    resolver: &dyn Resolve,
    limits: &Limits,
) -> Result<Vec<IpAddr>, FetchError> {
    look_up(&target.host, &target.endpoint(), resolver, limits).await
}

async fn look_up(
    host: &str,
    server: &str,
    resolver: &dyn Resolve,
    limits: &Limits,
) -> Result<Vec<IpAddr>, FetchError> {
    if let Ok(literal) = host.parse() {
        return Ok(vec![literal]);
    }
    let failed = |what: &str| {
        FetchError::new(
            ErrorKind::Dns,
            format!(
                "looking up the name of {server}: {what}; check the name and the name server of the phone"
            ),
        )
    };
    for _ in 0..limits.dns_tries.max(1) {
        //= R-HTTP-17
        match timeout(limits.dns, resolver.resolve(host)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => return Err(failed("it has no address")),
            Ok(Ok(addresses)) => return Ok(addresses),
            Ok(Err(error)) => return Err(failed("it does not resolve").with_source(error)),
            Err(_elapsed) => {}
        }
    }
    Err(failed("no answer in time"))
}

/// The addresses of a name that stands elsewhere than in a URL, at least one.
#[cfg(feature = "_tls")]
pub(crate) async fn addresses_of_name(
    name: &str,
    resolver: &dyn Resolve,
    limits: &Limits,
) -> Result<Vec<IpAddr>, FetchError> {
    look_up(name, name, resolver, limits).await
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use onhook_fetch::{Request, Scheme};
    use tokio::time::Instant;

    use super::*;

    #[derive(Default)]
    struct Mute {
        asked: AtomicU32,
    }

    #[async_trait]
    impl Resolve for Mute {
        async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            std::future::pending().await
        }
    }

    fn target(host: &str) -> Target {
        Target::of(&Request {
            scheme: Scheme::Http,
            host: host.into(),
            port: 80,
            path: "/".into(),
            allowed_domains: String::new(),
            user_agent: String::new(),
            user: None,
            password: None,
            limit: 1,
            timeout: Duration::from_secs(1),
        })
        .unwrap()
    }

    //= R-HTTP-17 type=test
    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_stays_silent_is_asked_twice_for_five_seconds() {
        let resolver = Mute::default();
        let start = Instant::now();
        let error = addresses_of(&target("h"), &resolver, &Limits::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dns);
        assert_eq!(start.elapsed().as_secs(), 10);
        assert_eq!(resolver.asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn address_literals_need_no_name_server() {
        for (host, ip) in [("192.0.2.1", "192.0.2.1"), ("[2001:db8::1]", "2001:db8::1")] {
            let resolver = Mute::default();
            let addresses = addresses_of(&target(host), &resolver, &Limits::default()).await;
            assert_eq!(addresses.unwrap(), [ip.parse::<IpAddr>().unwrap()]);
            assert_eq!(resolver.asked.load(Ordering::Relaxed), 0);
        }
    }
}
