//! A provisioning server for the lab: one directory over HTTP, HTTPS and TFTP, and a sink for syslog.
//!
//! [`Server::start`] binds the sockets and gives a [`Running`] server, whose
//! [`Events`] say what clients did; an access log takes the same lines. It is
//! meant to run inside programs and tests: port 0 works, nothing is global, and
//! [`Running::stop`] returns within the grace period.
//!
//! Files are read when they are asked for, in pieces, so a directory may change while
//! it is served and a large file costs no memory. What clients send is
//! shown with control characters escaped; credentials are never shown.
//!
//! For HTTPS an authority and a certificate can be made at the start; the
//! private key of that authority is gone once the server runs. Handshakes are
//! bounded like requests, and those that fail are events too.
//!
//! A server can do wrong on purpose: a [`Fault`] says to which requests what happens, and a
//! [`FaultSwitch`] switches faults while the server runs. What is drawn depends on the seed and on the order of the
//! requests alone. [`Files`] puts and removes files meanwhile.
//!
//! Deliberately unknown here: profiles, phones, command lines, terminals.
//!
//! Requirement families: the server's end of R-HTTP, R-TFTP, R-TLS and R-LOG-2.

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("the server speaks TLS: turn on the feature `ring` or `aws-lc-rs`");

mod body;
mod config;
mod connection;
mod error;
mod event;
mod fault;
mod files;
mod guard;
mod head;
mod listener;
mod log;
mod refusal;
mod server;
mod site;
mod stand_in;
mod syslog;
mod target;
mod text;
mod tftp;
mod tls;

pub use config::{Certificate, Config, Existing, Https, Limits, TftpUploads};
pub use error::ServeError;
pub use event::{
    Access, Events, FailedHandshake, FaultMark, Injected, ServerEvent, SyslogMessage, TlsSession,
};
pub use fault::{
    Chance, DropAt, Effect, Fault, FaultError, FaultSwitch, FileFault, Location, OtherBody,
    Protocol, SwitchError, TftpFault, TlsFault, ToldLength, WebFault,
};
pub use files::{FileError, Files};
pub use refusal::Note;
pub use server::{Running, Server};
pub use syslog::Priority;
