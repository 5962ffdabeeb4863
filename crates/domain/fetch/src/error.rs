//! How a transfer fails.

use onhook_device::{Outcome, TlsFailure};
use thiserror::Error;

/// The class of a failure; the phone decides by this alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorKind {
    /// The server says that there is no such file.
    NotFound,
    /// The name did not resolve.
    Dns,
    /// No address accepted a connection.
    Connect,
    /// A time limit passed.
    Timeout,
    /// TLS failed.
    Tls(TlsFailure),
    /// Credentials are wanted or were refused.
    Auth,
    /// The proxy wants credentials or refused them.
    ProxyAuth,
    /// Any other HTTP status.
    HttpStatus(u16),
    /// An ERROR packet of TFTP with this code.
    Tftp(u16),
    /// No answer to repeated packets of TFTP.
    TftpTimeout,
    /// An answer that breaks the protocol.
    Protocol,
    /// Redirects without end or to a forbidden place.
    Redirects,
    /// The body ended before its announced end.
    Truncated,
    /// The body is larger than the limit.
    TooLarge,
    /// A redirect leads to a server, or the way through a proxy, that the phone may not talk to.
    NotAllowed,
    /// The scheme, host or path cannot be used by this transport.
    BadUrl,
    /// The sink or the caller ended the transfer.
    Cancelled,
}

/// A failed transfer.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct FetchError {
    kind: ErrorKind,
    message: String,
    said: Option<String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl FetchError {
    /// A failure of a kind; the message says what was being done, with whom, and what to try.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            said: None,
            source: None,
        }
    }

    /// Adds the words of the server that `$ERR` repeats; they are bounded and printable. Empty ones are none.
    #[must_use]
    pub fn with_said(mut self, said: impl Into<String>) -> Self {
        self.said = Some(said.into()).filter(|said| !said.is_empty());
        self
    }

    /// The words of the server that `$ERR` repeats (transports.md 12.4).
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The class of the failure.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl From<ErrorKind> for Outcome {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound => Self::Fnf,
            ErrorKind::Dns => Self::Dns,
            ErrorKind::Connect => Self::Connect,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Tls(failure) => Self::Tls(failure),
            ErrorKind::Auth => Self::Auth,
            ErrorKind::ProxyAuth => Self::ProxyAuth,
            ErrorKind::HttpStatus(status) => Self::HttpStatus(status),
            ErrorKind::Tftp(code) => Self::Tftp(code),
            ErrorKind::TftpTimeout => Self::TftpTimeout,
            ErrorKind::Protocol => Self::HttpProtocol,
            ErrorKind::Redirects => Self::Redirects,
            ErrorKind::Truncated => Self::Truncated,
            ErrorKind::TooLarge => Self::TooLarge,
            ErrorKind::NotAllowed => Self::ServerNotAllowed,
            ErrorKind::BadUrl => Self::BadUrl,
            ErrorKind::Cancelled => Self::Internal,
        }
    }
}
