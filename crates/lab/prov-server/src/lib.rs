//! A provisioning server for the lab: one directory over HTTP, and a sink for syslog.
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
//! Deliberately unknown here: profiles, phones, command lines, terminals. There
//! is no TLS, no TFTP and no fault injection yet.
//!
//! Requirement families: the server's end of R-HTTP and R-LOG-2.

mod body;
mod config;
mod connection;
mod error;
mod event;
mod files;
mod guard;
mod listener;
mod log;
mod refusal;
mod server;
mod site;
mod syslog;
mod target;
mod text;

pub use config::{Config, Limits};
pub use error::ServeError;
pub use event::{Access, Events, ServerEvent, SyslogMessage};
pub use refusal::Note;
pub use server::{Running, Server};
pub use syslog::Priority;
