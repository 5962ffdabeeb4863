//! The port [`Fetch`] over TFTP, and what an upload shares with it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::{Fetch, ResolveError, Resolver};
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Head, Request, is_one_host};
use tokio::time::{Instant, timeout_at};

use crate::failure::{Doing, Failure};
use crate::local_ports::LocalPorts;
use crate::options::Offer;
use crate::outward;
use crate::receiver::Receiver;
use crate::target::{LeadingSlash, Target};
use crate::transfer::{self, End, Report};
use crate::writer::Writer;

/// Fetches `tftp` URLs and uploads to them. Holds no state between transfers but the turn of the local ports.
pub struct TftpFetch {
    resolver: Arc<dyn Resolver>,
    ports: LocalPorts,
    offer: Offer,
    slash: LeadingSlash,
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
            slash: LeadingSlash::default(),
        }
    }

    /// The same transport with another use of the slash with which a path begins.
    #[must_use]
    pub const fn with_leading_slash(mut self, slash: LeadingSlash) -> Self {
        self.slash = slash;
        self
    }

    /// What becomes of that slash.
    pub(crate) const fn slash(&self) -> LeadingSlash {
        self.slash
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
        let url = (
            request.scheme,
            request.host.as_str(),
            request.port,
            request.path.as_str(),
        );
        let target = Target::of(url, self.slash)?;
        let clock = Clock::start(request.timeout, Doing::Reading);
        let found = self.find(&target, &clock).await?;
        clock.within(&target, sink.started(found.endpoint)).await?;
        let job = Job::Fetch {
            limit: request.limit,
            sink,
        };
        self.carry_out(&target, found, &clock, job).await
    }
}

/// How long a transfer may still take.
pub(crate) struct Clock {
    timeout: Duration,
    deadline: Instant,
    doing: Doing,
}

impl Clock {
    pub(crate) fn start(timeout: Duration, doing: Doing) -> Self {
        Self {
            timeout,
            deadline: Instant::now() + timeout,
            doing,
        }
    }

    pub(crate) async fn within<F: Future>(
        &self,
        target: &Target<'_>,
        work: F,
    ) -> Result<F::Output, FetchError> {
        timeout_at(self.deadline, work).await.map_err(|_| {
            FetchError::new(
                ErrorKind::Timeout,
                format!(
                    "{} {target} took longer than {} s in all; check the speed of the server and the network",
                    self.doing.word(),
                    self.timeout.as_secs_f64()
                ),
            )
        })
    }
}

/// What a name resolved to.
pub(crate) struct Found {
    pub(crate) endpoint: Endpoint,
    addresses: Result<Vec<IpAddr>, FetchError>,
}

/// What is to be done at a server.
pub(crate) enum Job<'j> {
    Fetch {
        limit: u64,
        sink: &'j mut dyn BodySink,
    },
    Upload {
        body: &'j [u8],
    },
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
    /// Looks the server up.
    ///
    /// # Errors
    /// It is no single host, and `started` is not called.
    pub(crate) async fn find(
        &self,
        target: &Target<'_>,
        clock: &Clock,
    ) -> Result<Found, FetchError> {
        let addresses = clock
            .within(target, self.resolver.resolve(target.host))
            .await
            .and_then(|found| found.map_err(|error| unresolved(target, error)));
        let one_host = |ips: &Vec<IpAddr>| ips.iter().copied().find(|ip| is_one_host(*ip));
        let ip = addresses.as_ref().ok().and_then(one_host);
        if addresses.is_ok() && ip.is_none() {
            return Err(not_one_host(target));
        }
        //= R-HTTP-20
        let endpoint = Endpoint { ip };
        Ok(Found {
            endpoint,
            addresses,
        })
    }

    /// Does the job at the first server that answers, in time.
    pub(crate) async fn carry_out(
        &self,
        target: &Target<'_>,
        found: Found,
        clock: &Clock,
        mut job: Job<'_>,
    ) -> Result<Endpoint, FetchError> {
        let addresses = found.addresses?;
        let work = self.try_all(target, &addresses, &mut job);
        clock.within(target, work).await??;
        Ok(found.endpoint)
    }

    /// Tries one address after the other until a server answers.
    async fn try_all(
        &self,
        target: &Target<'_>,
        addresses: &[IpAddr],
        job: &mut Job<'_>,
    ) -> Result<(), FetchError> {
        let mut nobody = None;
        //= R-DNS-1
        for ip in addresses.iter().copied().filter(|ip| is_one_host(*ip)) {
            let server = SocketAddr::new(ip, target.port);
            let mut offer = Some(self.offer);
            loop {
                let attempt = match job {
                    Job::Fetch { limit, sink } => {
                        self.read(target, server, offer, *limit, *sink).await?
                    }
                    Job::Upload { body } => self.write(target, server, offer, body).await?,
                };
                match attempt {
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

    /// Asks one server for a file once.
    async fn read(
        &self,
        target: &Target<'_>,
        server: SocketAddr,
        offer: Option<Offer>,
        limit: u64,
        sink: &mut dyn BodySink,
    ) -> Result<Attempt, FetchError> {
        let what = target.to_string();
        let receiver = Receiver::new(server, &target.file, offer, limit);
        let receiver = receiver.ok_or_else(|| too_long(&what))?;
        let block_size = offer.map_or(0, |offer| offer.block_size);
        let started = transfer::start(&self.ports, server, receiver, block_size);
        let mut transfer = started.map_err(|error| {
            nothing_to_give(&what, "the system has no socket or thread to give", error)
        })?;
        while let Some(report) = transfer.next().await {
            match report {
                Report::Began(length) => sink.head(&Head {
                    length,
                    ..Head::default()
                }),
                Report::Bytes(bytes) => {
                    let mut taken = sink.chunk(&bytes);
                    if taken.is_ok() && sink.is_full() {
                        taken = sink.drain().await;
                    }
                    taken.map_err(|_refused| {
                        FetchError::new(
                            ErrorKind::Cancelled,
                            format!("reading {what}: the receiver wants no more bytes"),
                        )
                    })?;
                    transfer.give_back(bytes);
                }
                Report::Ended(end) => return ended(end, Doing::Reading, &what, server, limit),
            }
        }
        Err(FetchError::new(
            ErrorKind::Cancelled,
            format!("reading {what}: the transfer ended without a result"),
        ))
    }

    /// Writes a body to one server once.
    async fn write(
        &self,
        target: &Target<'_>,
        server: SocketAddr,
        offer: Option<Offer>,
        body: &[u8],
    ) -> Result<Attempt, FetchError> {
        let what = target.to_string();
        let size = body.len() as u64;
        let writer = Writer::new(server, &target.file, offer, size);
        let writer = writer.ok_or_else(|| too_long(&what))?;
        let end = outward::write(&self.ports, server, writer, body).await;
        let end =
            end.map_err(|error| nothing_to_give(&what, "the system has no socket to give", error))?;
        ended(end, Doing::Writing, &what, server, size)
    }
}

/// What the end of a transfer means.
fn ended(
    end: End,
    doing: Doing,
    what: &str,
    server: SocketAddr,
    limit: u64,
) -> Result<Attempt, FetchError> {
    match end {
        End::Done => Ok(Attempt::Done),
        End::AskPlainly => Ok(Attempt::AskPlainly),
        End::Unreachable(error) => Ok(Attempt::Nobody(unreachable(what, server, error))),
        End::Failed(failure) => {
            let silent = failure == Failure::NoAnswer;
            let error = failure.into_error(doing, what, limit);
            if silent {
                Ok(Attempt::Nobody(error))
            } else {
                Err(error)
            }
        }
    }
}

fn too_long(what: &str) -> FetchError {
    //= R-TFTP-6
    FetchError::new(
        ErrorKind::BadUrl,
        format!("the file name of {what} is too long for a TFTP request of 512 bytes; shorten it"),
    )
}

fn nothing_to_give(what: &str, why: &str, error: io::Error) -> FetchError {
    FetchError::new(ErrorKind::Cancelled, format!("asking for {what}: {why}")).with_source(error)
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
