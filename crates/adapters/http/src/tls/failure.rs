//! What went wrong in TLS, in words.

use std::io;
use std::net::IpAddr;

use onhook_device::TlsFailure;
use onhook_fetch::{ErrorKind, FetchError};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::dates::date;
use super::handshake::ClientAuth;
use super::trust::is_old;
use crate::target::Target;

const CHECK_CERTIFICATE: &str = "install a proper certificate on the server";
/// Names of a certificate that a message shows.
const MOST_NAMES: usize = 5;
const SERVER_LOG: &str = "look into the log of the server";

/// A failure of one kind in the usual words.
fn failure(kind: TlsFailure, target: &Target, what: &str, remedy: &str) -> FetchError {
    FetchError::new(
        ErrorKind::Tls(kind),
        format!("TLS with {}: {what}; {remedy}", target.endpoint()),
    )
}

/// The certificate belongs to another server.
pub(super) fn name(target: &Target, what: &str, remedy: &str) -> FetchError {
    failure(TlsFailure::Name, target, what, remedy)
}

/// The phone has no anchors at all.
pub(super) fn trusts_nobody(target: &Target) -> FetchError {
    failure(
        TlsFailure::Chain,
        target,
        "the phone trusts no certificate authority",
        "give it the root certificate of the server",
    )
}

/// The handshake failed.
pub(super) fn handshake(target: &Target, auth: ClientAuth, error: &io::Error) -> FetchError {
    match tls_error(error) {
        Some(Error::InvalidCertificate(error)) => certificate(target, error),
        Some(error) => {
            let (what, remedy) = protocol(error, auth);
            failure(TlsFailure::Handshake, target, &what, remedy)
        }
        None => failure(
            TlsFailure::Handshake,
            target,
            "the server closed the connection during the handshake",
            "check that it speaks TLS 1.2 or 1.3 on this port, and look into its log",
        ),
    }
}

/// The error of TLS inside an error of input or output.
pub(super) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the chain leads to no anchor.
pub(super) fn is_unknown_issuer(error: &io::Error) -> bool {
    matches!(
        tls_error(error),
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum of rustls grows, and what it adds has a text of its own"
)]
fn certificate(target: &Target, error: &CertificateError) -> FetchError {
    let chain = |what: &str, remedy| failure(TlsFailure::Chain, target, what, remedy);
    match error {
        CertificateError::NotValidForNameContext { presented, .. } => {
            let remedy = if target.host.parse::<IpAddr>().is_ok() {
                "use the name of the server in the URL, or install a certificate with a subject alternative name for \
                 this address"
            } else {
                "correct the URL, or install a certificate that names this host"
            };
            let names = listed(presented);
            let what = format!("its certificate is for {names}, not for {}", target.host);
            name(target, &what, remedy)
        }
        CertificateError::NotValidForName => {
            let what = format!("its certificate is not for {}", target.host);
            name(target, &what, "correct the URL or the certificate")
        }
        CertificateError::ExpiredContext { time, not_after } => chain(
            &format!(
                "its certificate, or one above it, expired at {}; for the phone it is {}",
                date(not_after.as_secs()),
                date(time.as_secs())
            ),
            "renew the certificate, or check the clock of the phone",
        ),
        CertificateError::NotValidYetContext { time, not_before } => chain(
            &format!(
                "its certificate, or one above it, is valid from {} on; for the phone it is {}",
                date(not_before.as_secs()),
                date(time.as_secs())
            ),
            "check the clocks of the phone and of the server",
        ),
        // What rustls says without times.
        CertificateError::Expired => chain(
            "its certificate, or one above it, ends before it begins",
            "renew the certificate",
        ),
        CertificateError::UnknownIssuer => chain(
            "its certificate was issued by nobody whom the phone trusts",
            "let the server send the certificates in between, and give the phone the root certificate",
        ),
        CertificateError::BadSignature => chain(
            "its certificate has the issuer's name but not the signature of one whom the phone trusts",
            "give the phone the present root certificate",
        ),
        CertificateError::Revoked => chain("its certificate is revoked", CHECK_CERTIFICATE),
        CertificateError::Other(other) if is_old(&other.to_string()) => chain(
            "its certificate, or one above it, is of X.509 version 1",
            "issue it as version 3, for example with `openssl x509 -extfile`",
        ),
        other => chain(
            &format!("its certificate cannot be accepted ({other})"),
            CHECK_CERTIFICATE,
        ),
    }
}

/// The names in a certificate, which may be many.
fn listed(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no name".to_owned();
    }
    let mut names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let names = names.join(", ");
    if more == 0 {
        names
    } else {
        format!("{names} and {more} more")
    }
}

/// The text inside `DnsName("…")` and `IpAddress(…)`, as rustls writes the names of a certificate.
fn bare(name: &str) -> &str {
    let inner = |start: &str, end: &str| name.strip_prefix(start)?.strip_suffix(end);
    inner("DnsName(\"", "\")")
        .or_else(|| inner("IpAddress(", ")"))
        .unwrap_or(name)
}

/// What a failure that is not about the certificate of the server means, and what to try.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum of rustls grows, and what it adds has a text of its own"
)]
pub(super) fn protocol(error: &Error, auth: ClientAuth) -> (String, &'static str) {
    match error {
        Error::AlertReceived(alert) => {
            let (meaning, remedy) = alert_meaning(*alert, auth);
            (format!("{meaning} (alert {alert:?})"), remedy)
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => (
            "what came back is not TLS; a plain HTTP server may listen there".to_owned(),
            "use an http URL, or the port on which the server speaks TLS",
        ),
        Error::PeerIncompatible(why) => (
            format!("the server shares no version or cipher with the phone ({why:?})"),
            "enable TLS 1.2 or 1.3 with a modern cipher on the server",
        ),
        other => (other.to_string(), SERVER_LOG),
    }
}

fn alert_meaning(alert: AlertDescription, auth: ClientAuth) -> (&'static str, &'static str) {
    use AlertDescription as Alert;
    match (alert, auth) {
        (Alert::CertificateRequired, _) | (Alert::HandshakeFailure, ClientAuth::Empty) => (
            "the server wants a certificate of the phone, and none is installed",
            "install a client certificate",
        ),
        (
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError
            | Alert::HandshakeFailure,
            ClientAuth::Shown,
        ) => (
            "the server refuses the certificate of the phone",
            "install one that the server trusts, or let the server trust its issuer",
        ),
        (Alert::UnrecognisedName, _) => (
            "the server does not know the name that it was asked for",
            "correct the host in the URL or the name of the server",
        ),
        (Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity, _) => (
            "the server shares no version or cipher with the phone",
            "enable TLS 1.2 or 1.3 with a modern cipher on the server",
        ),
        _ => ("the server ended the handshake", SERVER_LOG),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn names_are_shown_bare_and_not_without_end() {
        let names = |count: usize| -> Vec<String> {
            let name = |n| format!("DnsName(\"{n}.test\")");
            (0..count).map(name).collect()
        };
        assert_eq!(listed(&[]), "no name");
        assert_eq!(listed(&["IpAddress(192.0.2.1)".to_owned()]), "192.0.2.1");
        assert_eq!(listed(&names(2)), "0.test, 1.test");
        let many = "0.test, 1.test, 2.test, 3.test, 4.test and 2 more";
        assert_eq!(listed(&names(7)), many);
    }
}
