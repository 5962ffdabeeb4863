//! What to serve, where, and how much a client may cost.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What a server does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Directory that is served; nothing outside of it is.
    pub root: PathBuf,
    /// Where HTTP listens, port 0 for any; `None` for no HTTP.
    pub http: Option<SocketAddr>,
    /// Where TFTP listens, port 0 for any; `None` for no TFTP.
    pub tftp: Option<SocketAddr>,
    /// Where the syslog sink listens (UDP), port 0 for any; `None` for no sink.
    pub syslog: Option<SocketAddr>,
    /// File to which one line per request is appended.
    pub access_log: Option<PathBuf>,
    /// Bounds.
    pub limits: Limits,
}

impl Config {
    /// A directory over HTTP on a free port of 127.0.0.1, without TFTP, syslog and access log.
    #[must_use]
    pub fn local(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            http: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            tftp: None,
            syslog: None,
            access_log: None,
            limits: Limits::default(),
        }
    }
}

/// Bounds on what clients may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Limits {
    /// Bytes of a request target; more is 414.
    pub target_bytes: usize,
    /// Bytes of a request head; more is 431.
    pub head_bytes: usize,
    /// How long a request head may take, which is also how long an idle connection stays open.
    pub head_time: Duration,
    /// How long a client may take nothing of an answer.
    pub stall_time: Duration,
    /// Connections at one time, and TFTP transfers; more connections wait in the queue of the operating system, and a
    /// TFTP client asks again.
    pub connections: usize,
    /// How long [`Running::stop`](crate::Running::stop) waits for answers under way.
    pub grace: Duration,
}

impl Default for Limits {
    /// 8 KiB, 16 KiB, 10 s, 30 s, 1,024 connections, 1 s.
    fn default() -> Self {
        Self {
            target_bytes: 8 << 10,
            head_bytes: 16 << 10,
            head_time: Duration::from_secs(10),
            stall_time: Duration::from_secs(30),
            connections: 1_024,
            grace: Duration::from_secs(1),
        }
    }
}
