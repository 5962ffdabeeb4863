//! Words for outcomes, each its own.

use onhook_device::{Outcome, TlsFailure};

/// The word of an outcome, with its number if it has one.
pub(crate) fn word(outcome: Outcome) -> String {
    let word = match outcome {
        Outcome::Applied => "applied",
        Outcome::FnfOk => "fnf-ok",
        Outcome::Skipped => "skipped",
        Outcome::Fnf => "fnf",
        Outcome::ParseFailed => "parse-failed",
        Outcome::EmptyFile => "empty-file",
        Outcome::DecryptFailed => "decrypt-failed",
        Outcome::DecompressFailed => "decompress-failed",
        Outcome::InflatedTooLarge => "inflated-too-large",
        Outcome::Dns => "dns",
        Outcome::Connect => "connect",
        Outcome::Timeout => "timeout",
        Outcome::Tls(TlsFailure::Chain) => "tls-chain",
        Outcome::Tls(TlsFailure::Name) => "tls-name",
        Outcome::Tls(TlsFailure::Handshake) => "tls-handshake",
        Outcome::Auth => "auth",
        Outcome::ProxyAuth => "proxy-auth",
        Outcome::HttpStatus(status) => return format!("http {status}"),
        Outcome::Redirects => "redirects",
        Outcome::HttpProtocol => "http-protocol",
        Outcome::Tftp(code) => return format!("tftp {code}"),
        Outcome::TftpTimeout => "tftp-timeout",
        Outcome::Truncated => "truncated",
        Outcome::TooLarge => "too-large",
        Outcome::ServerNotAllowed => "server-not-allowed",
        Outcome::BadRule => "bad-rule",
        Outcome::BadUrl => "bad-url",
        Outcome::SrvOverTftp => "srv-over-tftp",
        Outcome::NoServer => "no-server",
        Outcome::Internal => "internal",
        Outcome::Upgraded => "upgraded",
        Outcome::HttpGet => "http-get",
        Outcome::Signature => "signature",
        Outcome::BelowLimit => "below-limit",
        Outcome::WrongModel => "wrong-model",
        Outcome::BootFailed => "boot-failed",
        Outcome::Flash => "flash",
    };
    word.to_owned()
}

/// Those without a number.
const PLAIN: [Outcome; 35] = [
    Outcome::Applied,
    Outcome::FnfOk,
    Outcome::Skipped,
    Outcome::Fnf,
    Outcome::ParseFailed,
    Outcome::EmptyFile,
    Outcome::DecryptFailed,
    Outcome::DecompressFailed,
    Outcome::InflatedTooLarge,
    Outcome::Dns,
    Outcome::Connect,
    Outcome::Timeout,
    Outcome::Tls(TlsFailure::Chain),
    Outcome::Tls(TlsFailure::Name),
    Outcome::Tls(TlsFailure::Handshake),
    Outcome::Auth,
    Outcome::ProxyAuth,
    Outcome::Redirects,
    Outcome::HttpProtocol,
    Outcome::TftpTimeout,
    Outcome::Truncated,
    Outcome::TooLarge,
    Outcome::ServerNotAllowed,
    Outcome::BadRule,
    Outcome::BadUrl,
    Outcome::SrvOverTftp,
    Outcome::NoServer,
    Outcome::Internal,
    Outcome::Upgraded,
    Outcome::HttpGet,
    Outcome::Signature,
    Outcome::BelowLimit,
    Outcome::WrongModel,
    Outcome::BootFailed,
    Outcome::Flash,
];

/// The outcome of a word.
pub(crate) fn parse(text: &str) -> Option<Outcome> {
    match text.split_once(' ') {
        Some(("http", status)) => status.parse().ok().map(Outcome::HttpStatus),
        Some(("tftp", code)) => code.parse().ok().map(Outcome::Tftp),
        Some(_) => None,
        None => PLAIN.into_iter().find(|outcome| word(*outcome) == text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_one_outcome() {
        let numbered = [Outcome::HttpStatus(404), Outcome::Tftp(2)];
        for outcome in PLAIN.into_iter().chain(numbered) {
            assert_eq!(parse(&word(outcome)), Some(outcome));
        }
        assert_eq!(parse("http x"), None);
        assert_eq!(parse("dns 1"), None);
        assert_eq!(parse(""), None);
    }
}
