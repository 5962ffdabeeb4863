//! The port [`Fetch`] over TFTP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use onhook_fetch::port::{Fetch, ResolveError, Resolver};
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Head, Request, is_one_host};
use tokio::time::{Instant, timeout_at};

use crate::failure::Failure;
use crate::local_ports::LocalPorts;
use crate::options::Offer;
use crate::receiver::Receiver;
use crate::target::Target;
use crate::transfer::{self, End, Report};

/// Fetches `tftp` URLs. Holds no state between transfers but the turn of the local ports.
pub struct TftpFetch {
    resolver: Arc<dyn Resolver>,
    ports: LocalPorts,
    offer: Offer,
}

impl TftpFetch {
    /// A transport that asks for what a phone asks for when it fetches a profile.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>, ports: LocalPorts) -> Self {
        Self::with_offer(resolver, ports, Offer::default())
    }

    /// A transport that asks for other options.
    #[must_use]
    pub fn with_offer(resolver: Arc<dyn Resolver>, ports: LocalPorts, offer: Offer) -> Self {
        Self {
            resolver,
            ports,
            offer,
        }
    }
}

#[async_trait]
impl Fetch for TftpFetch {
    /// A URL that cannot be used, and a server that is no single host, is refused before `started`: nothing was asked for.
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        let target = Target::of(request)?;
        let deadline = Instant::now() + request.timeout;
        let overall = |_| {
            FetchError::new(
                ErrorKind::Timeout,
                format!(
                    "fetching {target} took longer than {} s in all; check the speed of the server and the network",
                    request.timeout.as_secs_f64()
                ),
            )
        };
        let addresses = timeout_at(deadline, self.resolver.resolve(target.host))
            .await
            .map_err(overall)
            .and_then(|found| found.map_err(|error| unresolved(&target, error)));
        if let Ok(addresses) = &addresses
            && !addresses.iter().copied().any(is_one_host)
        {
            return Err(not_one_host(&target));
        }
        //= R-HTTP-20
        let ip = addresses.as_ref().ok().and_then(|ips| {
            let mut hosts = ips.iter().copied().filter(|ip| is_one_host(*ip));
            hosts.next()
        });
        let endpoint = Endpoint { ip };
        timeout_at(deadline, sink.started(endpoint))
            .await
            .map_err(overall)?;
        let addresses = addresses?;
        timeout_at(deadline, self.try_all(&target, &addresses, request, sink))
            .await
            .map_err(overall)??;
        Ok(endpoint)
    }
}

/// How the attempt at one address ended.
enum Attempt {
    Done,
    /// The server does not like options.
    AskPlainly,
    /// There is nobody at this address; another may be tried.
    Nobody(FetchError),
}

impl TftpFetch {
    /// Tries one address after the other until a server answers.
    async fn try_all(
        &self,
        target: &Target<'_>,
        addresses: &[IpAddr],
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<(), FetchError> {
        let mut nobody = None;
        //= R-DNS-1
        for ip in addresses.iter().copied().filter(|ip| is_one_host(*ip)) {
            let server = SocketAddr::new(ip, target.port);
            let mut offer = Some(self.offer);
            loop {
                match self.attempt(target, server, offer, request, sink).await? {
                    Attempt::Done => return Ok(()),
                    //= R-TFTP-9
                    Attempt::AskPlainly => offer = None,
                    Attempt::Nobody(error) => {
                        tracing::debug!(%server, %error, "address does not answer");
                        nobody = Some(error);
                        break;
                    }
                }
            }
        }
        Err(nobody.unwrap_or_else(|| not_one_host(target)))
    }

    /// Asks one server once.
    async fn attempt(
        &self,
        target: &Target<'_>,
        server: SocketAddr,
        offer: Option<Offer>,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Attempt, FetchError> {
        let what = target.to_string();
        let limit = request.limit;
        let Some(receiver) = Receiver::new(server, &target.file, offer, limit) else {
            return Err(FetchError::new(
                ErrorKind::BadUrl,
                format!(
                    "the file name of {what} is too long for a TFTP request of 512 bytes; shorten it"
                ),
            ));
        };
        let block_size = offer.map_or(0, |offer| offer.block_size);
        let started = transfer::start(&self.ports, server, receiver, block_size);
        let mut transfer = match started {
            Ok(running) => running,
            Err(error) => {
                return Err(FetchError::new(
                    ErrorKind::Cancelled,
                    format!("asking for {what}: the system has no socket or thread to give"),
                )
                .with_source(error));
            }
        };
        while let Some(report) = transfer.next().await {
            match report {
                Report::Began(length) => sink.head(&Head {
                    length,
                    aes128gcm: false,
                }),
                Report::Bytes(bytes) => {
                    sink.chunk(&bytes).map_err(|_refused| {
                        FetchError::new(
                            ErrorKind::Cancelled,
                            format!("reading {what}: the receiver wants no more bytes"),
                        )
                    })?;
                    transfer.give_back(bytes);
                }
                Report::Ended(End::Done) => return Ok(Attempt::Done),
                Report::Ended(End::AskPlainly) => return Ok(Attempt::AskPlainly),
                Report::Ended(End::Unreachable(error)) => {
                    return Ok(Attempt::Nobody(unreachable(&what, server, error)));
                }
                Report::Ended(End::Failed(failure)) => {
                    let silent = failure == Failure::NoAnswer;
                    let error = failure.into_error(&what, limit);
                    return if silent {
                        Ok(Attempt::Nobody(error))
                    } else {
                        Err(error)
                    };
                }
            }
        }
        Err(FetchError::new(
            ErrorKind::Cancelled,
            format!("reading {what}: the transfer ended without a result"),
        ))
    }
}

fn unresolved(target: &Target<'_>, error: ResolveError) -> FetchError {
    let message = format!(
        "looking up the name of {target}: {error}; check the name and the name server of the phone"
    );
    FetchError::new(ErrorKind::Dns, message).with_source(error)
}

fn not_one_host(target: &Target<'_>) -> FetchError {
    //= R-TFTP-22
    FetchError::new(
        ErrorKind::NotAllowed,
        format!(
            "{target} is not the address of one host, so nothing was sent; correct the rule or the name server"
        ),
    )
}

fn unreachable(what: &str, server: SocketAddr, error: io::Error) -> FetchError {
    // What the kernel says of a broadcast address that it knows and we do not.
    let kind = if error.kind() == io::ErrorKind::PermissionDenied {
        ErrorKind::NotAllowed
    } else {
        ErrorKind::Connect
    };
    FetchError::new(
        kind,
        format!(
            "asking for {what}: {server} cannot be reached; check that a TFTP server runs there and that no \
             firewall stands between"
        ),
    )
    .with_source(error)
}
