//! What to serve, where, and how much a client may cost.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::fault::Fault;

/// What a server does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Directory that is served; nothing outside of it is.
    pub root: PathBuf,
    /// Where HTTP listens, port 0 for any; `None` for no HTTP.
    pub http: Option<SocketAddr>,
    /// HTTPS; `None` for none.
    pub https: Option<Https>,
    /// Where TFTP listens, port 0 for any; `None` for no TFTP.
    pub tftp: Option<SocketAddr>,
    /// What TFTP clients may write; `None` for nothing.
    pub tftp_uploads: Option<TftpUploads>,
    /// Where the syslog sink listens (UDP and TCP), port 0 for any; `None` for no sink.
    pub syslog: Option<SocketAddr>,
    /// File to which one line per request is appended.
    pub access_log: Option<PathBuf>,
    /// Whether [`Access::head`](crate::Access::head) is told.
    pub heads: bool,
    /// What the server does wrong; the first that meets a request decides.
    pub faults: Vec<Fault>,
    /// What faults draw depends on it, and on the order of the requests.
    pub seed: u64,
    /// Bounds.
    pub limits: Limits,
}

impl Config {
    /// A directory over HTTP on a free port of 127.0.0.1, without TFTP, syslog, access log and faults.
    #[must_use]
    pub fn local(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            http: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            https: None,
            tftp: None,
            tftp_uploads: None,
            syslog: None,
            access_log: None,
            heads: false,
            faults: Vec::new(),
            seed: 0,
            limits: Limits::default(),
        }
    }
}

/// What TFTP clients may write below the root.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct TftpUploads {
    /// What happens to a file that is there already.
    pub existing: Existing,
    /// Largest file in bytes.
    pub limit: u64,
}

/// What happens to a file that is there already when a client writes one of its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Existing {
    /// It stays, and the client gets an error.
    Stays,
    /// The new one takes its place in one step.
    IsReplaced,
}

/// How to serve over TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Https {
    /// Where it listens, port 0 for any.
    pub address: SocketAddr,
    /// What the server shows.
    pub certificate: Certificate,
    /// PEM file with the authorities of client certificates; clients without one of theirs are refused. `None` asks for none.
    pub client_ca: Option<PathBuf>,
}

/// Where the certificate of a server comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Certificate {
    /// An authority and a certificate are made at the start, for this host, the address of the listener, and these names.
    Made {
        /// Host names and addresses.
        names: Vec<String>,
    },
    /// PEM files.
    Files {
        /// The certificate, and after it those between it and its root.
        certificate: PathBuf,
        /// Its private key: PKCS#8, PKCS#1 or SEC1.
        key: PathBuf,
    },
}

/// Bounds on what clients may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Limits {
    /// Bytes of a request target; more is 414.
    pub target_bytes: usize,
    /// Bytes of a request head; more is 431.
    pub head_bytes: usize,
    /// Bytes of a request body; more is 413.
    pub body_bytes: usize,
    /// How long a request head or body may take, which is also how long an idle connection stays open.
    pub head_time: Duration,
    /// How long a TLS handshake may take.
    pub handshake_time: Duration,
    /// How long a client may take nothing of an answer.
    pub stall_time: Duration,
    /// Connections at one time, plain and over TLS together, and TFTP transfers; more connections wait in the queue of the
    /// operating system, and a TFTP client asks again.
    pub connections: usize,
    /// How long [`Running::stop`](crate::Running::stop) waits for answers under way.
    pub grace: Duration,
}

impl Default for Limits {
    /// 8 KiB, 16 KiB, 64 KiB, 10 s, 10 s, 30 s, 1,024 connections, 1 s.
    fn default() -> Self {
        Self {
            target_bytes: 8 << 10,
            head_bytes: 16 << 10,
            // That of the largest report.
            body_bytes: 5 << 20,
            head_time: Duration::from_secs(10),
            handshake_time: Duration::from_secs(10),
            stall_time: Duration::from_secs(30),
            connections: 1_024,
            grace: Duration::from_secs(1),
        }
    }
}
