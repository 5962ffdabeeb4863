//! Why a server does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// Why a server could not be started.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Neither HTTP nor syslog is wanted.
    #[error("there is nothing to serve: give an address for HTTP or for syslog")]
    Nothing,
    /// The root cannot be looked at.
    #[error("cannot serve {}: check that the directory exists and can be read", path.display())]
    Root {
        /// The root as given.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The root is something else.
    #[error("cannot serve {}: it is not a directory", path.display())]
    NotADirectory {
        /// The root as given.
        path: PathBuf,
    },
    /// The access log cannot be opened.
    #[error("cannot write the access log {}", path.display())]
    AccessLog {
        /// The file as given.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A socket cannot be bound.
    #[error(
        "cannot listen on {address} for {purpose}: check that the address belongs to this host and no other program \
         uses the port"
    )]
    Bind {
        /// `HTTP` or `syslog`.
        purpose: &'static str,
        /// The address as given.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}
