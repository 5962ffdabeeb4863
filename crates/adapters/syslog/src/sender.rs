//! The task that resolves and sends.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use onhook_fetch::port::Resolver;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

#[cfg(feature = "tcp")]
use crate::connection::Lines;
use crate::datagram::render;
use crate::destination::Destination;
use crate::form::{Format, Transport};
use crate::syslog::{Job, Tally};

/// Longest wait for a name resolution.
const LOOKUP: Duration = Duration::from_secs(5);

/// How long an address is used without asking again.
const FRESH: Duration = Duration::from_secs(300);

/// How many resolved servers are remembered, and connections kept.
pub(crate) const KNOWN: usize = 8;

/// Sends what comes out of the queue; lives in one task.
pub(crate) struct Sender {
    resolver: Arc<dyn Resolver>,
    tally: Arc<Tally>,
    transport: Transport,
    format: Format,
    /// Servers by the text that names them.
    servers: BTreeMap<String, Server>,
    lookups: JoinSet<(String, Option<SocketAddr>)>,
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
    #[cfg(feature = "tcp")]
    lines: Lines,
}

enum Server {
    /// Its name is being resolved; these messages wait for it, in order.
    Unknown(Vec<Job>),
    Known {
        address: SocketAddr,
        since: Instant,
    },
}

impl Sender {
    pub(crate) fn new(
        resolver: Arc<dyn Resolver>,
        tally: Arc<Tally>,
        transport: Transport,
        format: Format,
    ) -> Self {
        Self {
            resolver,
            tally,
            transport,
            format,
            #[cfg(feature = "tcp")]
            lines: Lines::default(),
            servers: BTreeMap::new(),
            lookups: JoinSet::new(),
            v4: None,
            v6: None,
        }
    }

    /// Runs until the queue is closed and empty.
    pub(crate) async fn run(mut self, mut jobs: UnboundedReceiver<Job>) {
        let mut open = true;
        while open || !self.lookups.is_empty() {
            tokio::select! {
                Some(found) = self.lookups.join_next() => {
                    if let Ok((server, address)) = found {
                        self.resolved(server, address).await;
                    }
                }
                job = jobs.recv(), if open => match job {
                    Some(job) => self.accept(job).await,
                    None => open = false,
                },
            }
        }
        #[cfg(feature = "tcp")]
        self.lines.finish().await;
    }

    async fn accept(&mut self, job: Job) {
        match self.servers.get_mut(&job.message.server) {
            Some(Server::Unknown(waiting)) => return waiting.push(job),
            Some(Server::Known { address, since }) if since.elapsed() < FRESH => {
                let address = *address;
                return self.send(job, address).await;
            }
            Some(Server::Known { .. }) | None => {}
        }
        let Some(Destination { host, port }) = Destination::read(&job.message.server) else {
            return self.tally.lost(job);
        };
        if let Ok(ip) = host.parse() {
            return self.send(job, SocketAddr::new(ip, port)).await;
        }
        let (resolver, server) = (self.resolver.clone(), job.message.server.clone());
        self.servers
            .insert(server.clone(), Server::Unknown(vec![job]));
        self.lookups.spawn(async move {
            let found = timeout(LOOKUP, resolver.resolve(&host)).await;
            let addresses = found.ok().and_then(Result::ok);
            let first = addresses.and_then(|found| found.first().copied());
            (server, first.map(|ip| SocketAddr::new(ip, port)))
        });
    }

    async fn resolved(&mut self, server: String, address: Option<SocketAddr>) {
        let Some(Server::Unknown(waiting)) = self.servers.remove(&server) else {
            return;
        };
        let Some(address) = address else {
            //= R-LOG-8
            waiting.into_iter().for_each(|job| self.tally.lost(job));
            return;
        };
        for job in waiting {
            self.send(job, address).await;
        }
        if self.servers.len() >= KNOWN {
            self.servers
                .retain(|_, server| matches!(server, Server::Unknown(_)));
        }
        let since = Instant::now();
        self.servers
            .insert(server, Server::Known { address, since });
    }

    async fn send(&mut self, job: Job, address: SocketAddr) {
        let text = render(&job.message, self.format);
        let sent = match self.transport {
            Transport::Udp => self.transmit(text.as_bytes(), address).await,
            #[cfg(feature = "tcp")]
            Transport::Tcp => {
                let lines = &mut self.lines;
                return lines.hand_over(job, text, address, &self.tally, self.format);
            }
        };
        match sent {
            Ok(()) => self.tally.sent(job),
            Err(error) => {
                tracing::debug!(%error, "a message could not be sent");
                self.tally.lost(job);
            }
        }
    }

    async fn transmit(&mut self, datagram: &[u8], address: SocketAddr) -> io::Result<()> {
        let (slot, any) = match address {
            SocketAddr::V4(_) => (&mut self.v4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            SocketAddr::V6(_) => (&mut self.v6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        };
        let socket = match slot {
            Some(socket) => socket,
            None => slot.insert(UdpSocket::bind((any, 0)).await?),
        };
        socket.send_to(datagram, address).await.map(|_| ())
    }
}
