//! The messages of all phones, over one socket.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use onhook_fetch::port::Resolver;
use onhook_phone::port::{EventLog, Message};
use onhook_syslog::{Destination, Format, render};

/// Servers that are remembered.
const SERVERS: usize = 1024;
/// Messages that wait for the name of one server.
const WAITING: usize = 4096;

/// Sends messages at once, without a task; what the socket does not take is dropped and counted.
pub(crate) struct Messages {
    resolver: Arc<dyn Resolver>,
    sockets: [Option<UdpSocket>; 2],
    servers: Mutex<HashMap<String, Server>>,
    dropped: AtomicU64,
}

enum Server {
    Known(SocketAddr),
    /// Its name is being looked up.
    Sought(Vec<String>),
    /// There is no such server.
    Nowhere,
}

impl Messages {
    /// A log with sockets of its own; whoever looks names up is asked once for each server.
    pub(crate) fn new(resolver: Arc<dyn Resolver>) -> Arc<Self> {
        let socket = |any: IpAddr| {
            let socket = UdpSocket::bind((any, 0)).ok()?;
            socket.set_nonblocking(true).ok()?;
            Some(socket)
        };
        Arc::new(Self {
            resolver,
            sockets: [
                socket(Ipv4Addr::UNSPECIFIED.into()),
                socket(Ipv6Addr::UNSPECIFIED.into()),
            ],
            servers: Mutex::default(),
            dropped: AtomicU64::new(0),
        })
    }

    /// Messages that could not be sent.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn drop_some(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn send(&self, to: SocketAddr, line: &str) {
        let [v4, v6] = &self.sockets;
        let socket = if to.is_ipv4() { v4 } else { v6 };
        let sent = socket
            .as_ref()
            .is_some_and(|socket| socket.send_to(line.as_bytes(), to).is_ok());
        if !sent {
            self.drop_some(1);
        }
    }

    fn servers(&self) -> std::sync::MutexGuard<'_, HashMap<String, Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where a server is, and sends what has waited for that.
    fn found(&self, name: &str, address: Option<SocketAddr>) {
        let before = match address {
            Some(to) => self.servers().insert(name.to_owned(), Server::Known(to)),
            // It is sought again for the next message: the name server may only have been busy.
            None => self.servers().remove(name),
        };
        if let Some(Server::Sought(lines)) = before {
            match address {
                Some(to) => lines.iter().for_each(|line| self.send(to, line)),
                None => self.drop_some(lines.len()),
            }
        }
    }
}

/// The log of one phone.
pub(crate) struct Log(pub(crate) Arc<Messages>);

impl EventLog for Log {
    fn log(&self, message: Message) {
        let all = &self.0;
        if message.server.is_empty() {
            return;
        }
        let line = render(&message, Format::Rfc3164);
        let mut servers = all.servers();
        let full = servers.len() >= SERVERS;
        match servers.get_mut(&message.server) {
            Some(Server::Known(to)) => {
                let to = *to;
                drop(servers);
                all.send(to, &line);
            }
            Some(Server::Sought(lines)) if lines.len() < WAITING => lines.push(line),
            Some(Server::Sought(_) | Server::Nowhere) => all.drop_some(1),
            None if full => all.drop_some(1),
            None => {
                let Some(Destination { host, port }) = Destination::read(&message.server) else {
                    servers.insert(message.server, Server::Nowhere);
                    all.drop_some(1);
                    return;
                };
                if let Ok(ip) = host.parse::<IpAddr>() {
                    let to = SocketAddr::new(ip, port);
                    servers.insert(message.server, Server::Known(to));
                    drop(servers);
                    all.send(to, &line);
                    return;
                }
                servers.insert(message.server.clone(), Server::Sought(vec![line]));
                drop(servers);
                let all = Arc::clone(all);
                tokio::spawn(async move {
                    let found = all.resolver.resolve(&host).await;
                    let first = found.ok().and_then(|found| found.first().copied());
                    all.found(&message.server, first.map(|ip| SocketAddr::new(ip, port)));
                });
            }
        }
    }

    fn dropped(&self) -> u64 {
        self.0.dropped()
    }
}
