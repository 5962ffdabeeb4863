//! Starting and stopping.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::{Certificate, Config, Https};
use crate::error::ServeError;
use crate::event::Events;
use crate::fault::FaultSwitch;
use crate::files::Files;
use crate::listener::{Desk, listen};
use crate::log::Log;
use crate::site::Site;
use crate::syslog::{receive, stream};
use crate::{tftp, tls};

/// How many free ports are tried when one is wanted for datagrams and connections.
const PORTS: u8 = 16;

/// A provisioning server.
#[derive(Clone, Copy, Debug)]
pub struct Server;

impl Server {
    /// Binds the sockets and serves in tasks of the current tokio runtime.
    ///
    /// # Errors
    /// The root is no directory, a fault cannot be injected, or the access log or a socket is not to be had.
    pub async fn start(config: Config) -> Result<Running, ServeError> {
        let listens = config.http.is_some() || config.https.is_some() || config.tftp.is_some();
        if !listens && config.syslog.is_none() {
            return Err(ServeError::Nothing);
        }
        let root = canonical(&config.root)?;
        let made = |https: &Https| matches!(https.certificate, Certificate::Made { .. });
        let makes_certificates = config.https.as_ref().is_none_or(made);
        let faults = FaultSwitch::new(config.seed, makes_certificates);
        for fault in config.faults {
            faults.add(fault)?;
        }
        let file = config.access_log.map(open_log).transpose()?;
        let setup = config.https.as_ref().map(tls::set_up).transpose()?;
        let http = listener("HTTP", config.http).await?;
        let https = listener("HTTPS", config.https.map(|https| https.address)).await?;
        let tftp_socket = datagrams("TFTP", config.tftp).await?;
        let syslog = both("syslog", config.syslog).await?;
        let (log, events) = Log::new(file);
        let log = Arc::new(log);
        let (stop, stopping) = watch::channel(false);
        let mut running = Running {
            http: http.as_ref().map(|(_, address)| *address),
            https: https.as_ref().map(|(_, address)| *address),
            authority: setup.as_ref().and_then(|setup| setup.authority.clone()),
            tftp: tftp_socket.as_ref().map(|(_, address)| *address),
            syslog: syslog.as_ref().map(|(.., address)| *address),
            log: Arc::clone(&log),
            faults: faults.clone(),
            files: Files::new(root.clone()),
            first: Some(events),
            stop,
            tasks: JoinSet::new(),
        };
        if let Some((socket, listener, _)) = syslog {
            let tasks = &mut running.tasks;
            tasks.spawn(receive(socket, Arc::clone(&log), stopping.clone()));
            tasks.spawn(stream::listen(listener, Arc::clone(&log), stopping.clone()));
        }
        let site = Arc::new(Site {
            root,
            limits: config.limits,
            tftp_uploads: config.tftp_uploads,
            heads: config.heads,
            log,
            faults,
        });
        if let Some((socket, _)) = tftp_socket {
            let site = Arc::clone(&site);
            running
                .tasks
                .spawn(tftp::listen(socket, site, stopping.clone()));
        }
        let slots = Arc::new(Semaphore::new(config.limits.connections));
        let acceptors = setup.map(|setup| Arc::new(setup.acceptors));
        for (listener, tls) in [(http, None), (https, acceptors)] {
            let Some((listener, _)) = listener else {
                continue;
            };
            let desk = Desk {
                site: Arc::clone(&site),
                slots: Arc::clone(&slots),
                tls,
            };
            running
                .tasks
                .spawn(listen(listener, desk, stopping.clone()));
        }
        Ok(running)
    }
}

/// A server that runs; dropping it ends it at once.
pub struct Running {
    http: Option<SocketAddr>,
    https: Option<SocketAddr>,
    authority: Option<String>,
    tftp: Option<SocketAddr>,
    syslog: Option<SocketAddr>,
    log: Arc<Log>,
    faults: FaultSwitch,
    files: Files,
    first: Option<Events>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Where HTTP listens, with the real port; `None` without HTTP.
    #[must_use]
    pub const fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Where HTTPS listens, with the real port; `None` without HTTPS.
    #[must_use]
    pub const fn https_addr(&self) -> Option<SocketAddr> {
        self.https
    }

    /// The certificate in PEM of the authority that was made at the start, which phones must trust.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Where TFTP listens, with the real port; `None` without TFTP.
    #[must_use]
    pub const fn tftp_addr(&self) -> Option<SocketAddr> {
        self.tftp
    }

    /// Where the syslog sink listens over UDP and TCP, with the real port; `None` without one.
    #[must_use]
    pub const fn syslog_addr(&self) -> Option<SocketAddr> {
        self.syslog
    }

    /// Switches faults while the server runs.
    #[must_use]
    pub fn faults(&self) -> FaultSwitch {
        self.faults.clone()
    }

    /// Changes files while the server runs.
    #[must_use]
    pub fn files(&self) -> Files {
        self.files.clone()
    }

    /// Subscribes to events: at the first call to all since the start, later to those from now on.
    ///
    /// The last 4,096 are kept for a slow reader.
    pub fn events(&mut self) -> Events {
        self.first.take().unwrap_or_else(|| self.log.subscribe())
    }

    /// Stops: no new connections; answers under way have the grace period, then they are cut.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Binds a socket for datagrams, if there is an address for it.
async fn datagrams(
    purpose: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<(UdpSocket, SocketAddr)>, ServeError> {
    let Some(address) = address else {
        return Ok(None);
    };
    UdpSocket::bind(address)
        .await
        .and_then(with_addr)
        .map(Some)
        .map_err(bind(purpose, address))
}

/// Binds a socket for datagrams and one for connections with the same port, if there is an address for them.
async fn both(
    purpose: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<(UdpSocket, TcpListener, SocketAddr)>, ServeError> {
    let mut tries = if address.is_some_and(|address| address.port() == 0) {
        PORTS
    } else {
        1
    };
    loop {
        tries -= 1;
        let Some((socket, bound)) = datagrams(purpose, address).await? else {
            return Ok(None);
        };
        match listener(purpose, Some(bound)).await {
            Ok(Some((listener, _))) => return Ok(Some((socket, listener, bound))),
            Ok(None) => return Ok(None),
            // A port that is free for datagrams may be taken for connections.
            Err(_) if tries > 0 => {}
            Err(error) => return Err(error),
        }
    }
}

async fn listener(
    purpose: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<(TcpListener, SocketAddr)>, ServeError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let bound = TcpListener::bind(address).await.and_then(with_addr);
    bound.map(Some).map_err(bind(purpose, address))
}

fn canonical(path: &Path) -> Result<PathBuf, ServeError> {
    let failed = |source| ServeError::Root {
        path: path.to_path_buf(),
        source,
    };
    let root = path.canonicalize().map_err(failed)?;
    if !root.metadata().map_err(failed)?.is_dir() {
        return Err(ServeError::NotADirectory {
            path: path.to_path_buf(),
        });
    }
    Ok(root)
}

fn open_log(path: PathBuf) -> Result<File, ServeError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .map_err(|source| ServeError::AccessLog { path, source })
}

fn bind(purpose: &'static str, address: SocketAddr) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::Bind {
        purpose,
        address,
        source,
    }
}

/// A socket whose real address can be asked for.
trait Bound {
    fn real_addr(&self) -> io::Result<SocketAddr>;
}

impl Bound for TcpListener {
    fn real_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

impl Bound for UdpSocket {
    fn real_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

fn with_addr<S: Bound>(socket: S) -> io::Result<(S, SocketAddr)> {
    let address = socket.real_addr()?;
    Ok((socket, address))
}
