//! The errors of a transfer: what was being done, with whom, and what to try.
//!
//! A message names the server and the path, never the query or credentials.

use std::error::Error;
use std::{fmt, io};

use onhook_device::TlsFailure;
use onhook_fetch::{ErrorKind, FetchError};

#[cfg(feature = "proxy")]
use crate::connect::Peer;
use crate::errand::Doing;
use crate::target::Target;

/// TLS failed on a connection that was already believed; the text is a whole message.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Broken {}

/// The whole transfer took too long.
pub(crate) fn overall(doing: Doing, target: &Target, limit: std::time::Duration) -> FetchError {
    FetchError::new(
        ErrorKind::Timeout,
        format!(
            "{} {target} took longer than {} s in all; check the speed of the server and the network",
            doing.verb(),
            limit.as_secs_f64()
        ),
    )
}

/// The status line and the headers did not arrive as they should.
pub(crate) fn in_head(doing: Doing, target: &Target, error: hyper::Error) -> FetchError {
    if let Some(failure) = broken(&error) {
        return failure;
    }
    let (kind, what, remedy) = if timed_out(&error) {
        (
            ErrorKind::Timeout,
            "no answer arrived in time",
            "check that the server is not overloaded",
        )
    } else if is_too_long(&error) {
        (
            //= R-HTTP-16
            ErrorKind::TooLarge,
            "the header of the answer is larger than allowed",
            "check that this is a provisioning server",
        )
    } else if error.is_parse() {
        (
            ErrorKind::Protocol,
            "the answer breaks HTTP",
            "check that an HTTP server listens on this port",
        )
    } else {
        (
            ErrorKind::Protocol,
            "the connection ended before an answer",
            "check that an HTTP server listens on this port, not one for HTTPS, and look into its log",
        )
    };
    FetchError::new(kind, format!("{} {target}: {what}; {remedy}", doing.verb())).with_source(error)
}

/// The server has answered that it took a body, and it does not have all of it.
pub(crate) fn in_tail(target: &Target, error: Option<hyper::Error>) -> FetchError {
    if let Some(failure) = error.as_ref().and_then(broken) {
        return failure;
    }
    let late = error.as_ref().is_some_and(timed_out);
    let (kind, what) = if late {
        (ErrorKind::Timeout, "the body could not be sent in time")
    } else {
        //= R-OUT-3
        (
            ErrorKind::Truncated,
            "the server answered and hung up before it had the whole body",
        )
    };
    let failure = FetchError::new(
        kind,
        format!("uploading to {target}: {what}; look into the log of the server"),
    );
    match error {
        Some(error) => failure.with_source(error),
        None => failure,
    }
}

/// A proxy gave no answer to the wish for a tunnel.
#[cfg(feature = "proxy")]
pub(crate) fn in_tunnel(proxy: &Peer<'_>, server: &str, error: hyper::Error) -> FetchError {
    let (kind, what) = if timed_out(&error) {
        (ErrorKind::Timeout, "no answer arrived in time")
    } else if is_too_long(&error) {
        (
            ErrorKind::TooLarge,
            "the header of the answer is larger than allowed",
        )
    } else if error.is_parse() {
        (ErrorKind::Protocol, "the answer breaks HTTP")
    } else {
        (ErrorKind::Protocol, "the connection ended before an answer")
    };
    FetchError::new(
        kind,
        format!(
            "asking {proxy} for a connection to {server}: {what}; check that an HTTP proxy listens there"
        ),
    )
    .with_source(error)
}

/// The body did not arrive as it should.
pub(crate) fn in_body(target: &Target, error: hyper::Error) -> FetchError {
    if let Some(failure) = broken(&error) {
        return failure;
    }
    // What hyper says of chunks that are none.
    let malformed = |kind| {
        matches!(
            kind,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    };
    let (kind, what) = if timed_out(&error) {
        (ErrorKind::Timeout, "the body stopped arriving")
    } else if error.is_parse() || has_io_kind(&error, malformed) {
        (ErrorKind::Protocol, "the body breaks HTTP")
    } else {
        //= R-OUT-3
        // The connection is gone, which hyper does not always tell with an I/O error.
        (
            ErrorKind::Truncated,
            "the body ended before its announced end",
        )
    };
    FetchError::new(
        kind,
        format!("reading {target}: {what}; look into the log of the server"),
    )
    .with_source(error)
}

/// Whether nothing came or went for too long.
fn timed_out(error: &hyper::Error) -> bool {
    has_io_kind(error, |kind| kind == io::ErrorKind::TimedOut)
}

/// Whether a header, or what comes before it, is longer than allowed.
fn is_too_long(error: &hyper::Error) -> bool {
    error.is_parse_too_large() || has_io_kind(error, |kind| kind == io::ErrorKind::FileTooLarge)
}

/// The failure of TLS among the causes, if there is one.
fn broken(error: &hyper::Error) -> Option<FetchError> {
    let tls = |io: &io::Error| {
        io.get_ref()?
            .downcast_ref()
            .map(|Broken(text)| text.clone())
    };
    let message = io_errors(error).find_map(tls)?;
    Some(FetchError::new(
        ErrorKind::Tls(TlsFailure::Handshake),
        message,
    ))
}

/// Whether an I/O error of a kind is among the causes.
fn has_io_kind(error: &hyper::Error, wanted: impl Fn(io::ErrorKind) -> bool) -> bool {
    io_errors(error).any(|error| wanted(error.kind()))
}

/// The I/O errors among the causes.
fn io_errors(error: &hyper::Error) -> impl Iterator<Item = &io::Error> {
    std::iter::successors(error.source(), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref())
}
