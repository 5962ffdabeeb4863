//! Why a server does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use onhook_http::TlsError;
use thiserror::Error;

use crate::fault::SwitchError;

/// Why a server could not be started.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Nothing is wanted.
    #[error("there is nothing to serve: give an address for HTTP, HTTPS, TFTP or syslog")]
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
    /// A fault cannot be injected.
    #[error(transparent)]
    Fault(#[from] SwitchError),
    /// The access log cannot be opened.
    #[error("cannot write the access log {}", path.display())]
    AccessLog {
        /// The file as given.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file of TLS cannot be read.
    #[error("cannot read {}", path.display())]
    TlsFile {
        /// The file as given.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Certificate and key of the server cannot be used.
    #[error("cannot use the certificate {} with the key {}", certificate.display(), key.display())]
    Certificate {
        /// The file of the certificate as given.
        certificate: PathBuf,
        /// The file of the key as given.
        key: PathBuf,
        /// The cause.
        #[source]
        source: TlsError,
    },
    /// The authorities of client certificates cannot be used.
    #[error("cannot use the authorities of client certificates in {}", path.display())]
    ClientCa {
        /// The file as given.
        path: PathBuf,
        /// The cause.
        #[source]
        source: TlsError,
    },
    /// No certificate can be made.
    #[error(
        "cannot make a certificate for {}: check that each is a host name in ASCII or an IP address",
        names.join(", ")
    )]
    Made {
        /// The names as given.
        names: Vec<String>,
        /// The cause.
        #[source]
        source: rcgen::Error,
    },
    /// The provider of the build lacks what TLS needs.
    #[error("TLS cannot be set up; report this as a bug")]
    Tls(#[source] rustls::Error),
    /// A socket cannot be bound.
    #[error(
        "cannot listen on {address} for {purpose}: check that the address belongs to this host and no other program \
         uses the port"
    )]
    Bind {
        /// `HTTP`, `HTTPS`, `TFTP` or `syslog`.
        purpose: &'static str,
        /// The address as given.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}
