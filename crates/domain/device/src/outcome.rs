//! How a rule or a resync ended, and the `$ERR` text that says so.

use std::fmt;

/// The vendor's three result classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Class {
    /// Success.
    A,
    /// File not found, or a file that cannot be used.
    B,
    /// Everything else.
    C,
}

/// What went wrong with TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TlsFailure {
    /// The chain does not lead to a trusted root, or is expired or malformed.
    Chain,
    /// The certificate is for another name.
    Name,
    /// Any other failure of the handshake.
    Handshake,
}

/// How one rule, or a whole resync, ended.
///
/// The first failing rule decides a resync; if none failed it is of class A (R-OUT-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Outcome {
    /// `A.applied`: received, parsed, applied.
    Applied,
    /// `A.fnf_ok`: not found, which `Resync_Fails_On_FNF = No` accepts.
    FnfOk,
    /// `A.skipped`: rule empty, or no alternative matched.
    Skipped,
    /// `B.fnf`: the server says there is no such file.
    Fnf,
    /// `B.corrupt`: cannot be parsed as a profile.
    ParseFailed,
    /// `B.corrupt`: an empty file.
    EmptyFile,
    /// `B.corrupt`: cannot be decrypted.
    DecryptFailed,
    /// `B.corrupt`: cannot be inflated.
    DecompressFailed,
    /// `B.corrupt`: inflates past a limit.
    InflatedTooLarge,
    /// `C.dns`
    Dns,
    /// `C.connect`
    Connect,
    /// `C.timeout`
    Timeout,
    /// `C.tls`
    Tls(TlsFailure),
    /// `C.auth`: the server wants credentials that the phone does not have.
    Auth,
    /// `C.auth`: the proxy does.
    ProxyAuth,
    /// `C.http`: a status that is neither success nor file-not-found.
    HttpStatus(u16),
    /// `C.http`: redirects without end.
    Redirects,
    /// `C.http`: an answer that breaks HTTP.
    HttpProtocol,
    /// `C.tftp`: error packet with this code.
    Tftp(u16),
    /// `C.tftp`: no answer to repeated packets.
    TftpTimeout,
    /// `C.truncated`: shorter than announced.
    Truncated,
    /// `C.policy`: larger than the limit for received bytes.
    TooLarge,
    /// `C.policy`: the server is not in the restricted domains.
    ServerNotAllowed,
    /// `C.url`: the rule has a syntax, type or format error.
    BadRule,
    /// `C.url`: the URL cannot be used.
    BadUrl,
    /// `C.url`: SRV lookups know no TFTP.
    SrvOverTftp,
    /// `C.url`: neither the rule nor DHCP names a server.
    NoServer,
    /// `A.upgraded`: a load was taken; `$ERR` says its version.
    Upgraded,
    /// `C.http`: a firmware load could not be fetched over HTTP, and no status says why.
    HttpGet,
    /// `C.firmware`: the signature of a load does not match.
    Signature,
    /// `C.firmware`: a load is older than Downgrade_Rev_Limit.
    BelowLimit,
    /// `C.firmware`: a load is for another family.
    WrongModel,
    /// `C.firmware`: a load did not come up.
    BootFailed,
    /// `C.firmware`: a slot cannot be written, or the boot loader not be told.
    Flash,
    /// `C.internal`: flash, memory or another fault of the phone itself.
    Internal,
}

impl Outcome {
    /// The result class.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Applied | Self::FnfOk | Self::Skipped | Self::Upgraded => Class::A,
            Self::Fnf
            | Self::ParseFailed
            | Self::EmptyFile
            | Self::DecryptFailed
            | Self::DecompressFailed
            | Self::InflatedTooLarge => Class::B,
            Self::Dns
            | Self::Connect
            | Self::Timeout
            | Self::Tls(_)
            | Self::Auth
            | Self::ProxyAuth
            | Self::HttpStatus(_)
            | Self::Redirects
            | Self::HttpProtocol
            | Self::Tftp(_)
            | Self::TftpTimeout
            | Self::Truncated
            | Self::TooLarge
            | Self::ServerNotAllowed
            | Self::BadRule
            | Self::BadUrl
            | Self::SrvOverTftp
            | Self::NoServer
            | Self::HttpGet
            | Self::Signature
            | Self::BelowLimit
            | Self::WrongModel
            | Self::BootFailed
            | Self::Flash
            | Self::Internal => Class::C,
        }
    }

    /// Whether the result is of class A.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self.class(), Class::A)
    }

    /// The class and sub-class used in JSON and events, for example `B.corrupt`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Applied => "A.applied",
            Self::FnfOk => "A.fnf_ok",
            Self::Skipped => "A.skipped",
            Self::Fnf => "B.fnf",
            Self::ParseFailed
            | Self::EmptyFile
            | Self::DecryptFailed
            | Self::DecompressFailed
            | Self::InflatedTooLarge => "B.corrupt",
            Self::Dns => "C.dns",
            Self::Connect => "C.connect",
            Self::Timeout => "C.timeout",
            Self::Tls(_) => "C.tls",
            Self::Auth | Self::ProxyAuth => "C.auth",
            Self::HttpStatus(_) | Self::Redirects | Self::HttpProtocol | Self::HttpGet => "C.http",
            Self::Tftp(_) | Self::TftpTimeout => "C.tftp",
            Self::Truncated => "C.truncated",
            Self::TooLarge | Self::ServerNotAllowed => "C.policy",
            Self::BadRule | Self::BadUrl | Self::SrvOverTftp | Self::NoServer => "C.url",
            Self::Internal => "C.internal",
            Self::Upgraded => "A.upgraded",
            Self::Signature
            | Self::BelowLimit
            | Self::WrongModel
            | Self::BootFailed
            | Self::Flash => "C.firmware",
        }
    }

    /// Appends the `$ERR` text of the outcome (transports.md 12.4).
    pub fn push_err_text(self, out: &mut String) {
        out.push_str(self.fixed_err_text());
        if let Self::HttpStatus(n) | Self::Tftp(n) = self {
            push_decimal(out, n);
        }
    }

    const fn fixed_err_text(self) -> &'static str {
        match self {
            //= R-SM-31
            Self::Applied | Self::Skipped => "OK",
            //= R-LOG-10
            Self::FnfOk => "file not found (accepted)",
            Self::Fnf => "file not found",
            Self::ParseFailed => "parse failed",
            Self::EmptyFile => "empty file",
            Self::DecryptFailed => "decrypt failed",
            Self::DecompressFailed => "decompress failed",
            Self::InflatedTooLarge | Self::TooLarge => "file too large",
            Self::Dns => "dns lookup failed",
            Self::Connect => "connect failed",
            Self::Timeout => "timeout",
            Self::Tls(TlsFailure::Chain) => "certificate verify failed",
            Self::Tls(TlsFailure::Name) => "certificate name mismatch",
            Self::Tls(TlsFailure::Handshake) => "tls handshake failed",
            Self::Auth => "authentication failed",
            Self::ProxyAuth => "proxy authentication failed",
            Self::HttpStatus(_) => "http status ",
            Self::Redirects => "too many redirects",
            Self::HttpProtocol => "http protocol error",
            Self::Tftp(_) => "tftp error ",
            Self::TftpTimeout => "tftp timeout",
            Self::Truncated => "transfer incomplete",
            Self::ServerNotAllowed => "server not allowed",
            Self::BadRule => "bad rule",
            Self::BadUrl => "bad url",
            Self::SrvOverTftp => "Error - TFTP Scheme not supported in SRV lookups",
            Self::NoServer => "no server",
            Self::Internal => "internal error",
            //= R-SM-31
            // The version of the load says it.
            Self::Upgraded => "",
            Self::HttpGet => "http_get failed",
            Self::Signature => "signature invalid",
            Self::BelowLimit => "version below limit",
            Self::WrongModel => "wrong model",
            Self::BootFailed => "boot failed",
            Self::Flash => "flash error",
        }
    }
}

/// Appends a number without going through the formatting machinery, which may allocate.
fn push_decimal(out: &mut String, n: u16) {
    let mut divisor = 10_000;
    while divisor > 1 && n / divisor == 0 {
        divisor /= 10;
    }
    while divisor > 0 {
        // A decimal digit fits a u8.
        out.push(char::from(b'0' + (n / divisor % 10) as u8));
        divisor /= 10;
    }
}

impl fmt::Display for Outcome {
    /// Writes the `$ERR` text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_err_text(&mut text);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-OUT-1 type=test
    //= R-SM-31 type=test
    //= R-LOG-10 type=test
    #[test]
    fn classes_and_codes_agree() {
        for (outcome, code, text) in [
            (Outcome::Applied, "A.applied", "OK"),
            (Outcome::FnfOk, "A.fnf_ok", "file not found (accepted)"),
            (Outcome::Skipped, "A.skipped", "OK"),
            (Outcome::Fnf, "B.fnf", "file not found"),
            (Outcome::ParseFailed, "B.corrupt", "parse failed"),
            (Outcome::EmptyFile, "B.corrupt", "empty file"),
            (Outcome::DecryptFailed, "B.corrupt", "decrypt failed"),
            (Outcome::DecompressFailed, "B.corrupt", "decompress failed"),
            (Outcome::InflatedTooLarge, "B.corrupt", "file too large"),
            (Outcome::Dns, "C.dns", "dns lookup failed"),
            (Outcome::Connect, "C.connect", "connect failed"),
            (Outcome::Timeout, "C.timeout", "timeout"),
            (
                Outcome::Tls(TlsFailure::Chain),
                "C.tls",
                "certificate verify failed",
            ),
            (
                Outcome::Tls(TlsFailure::Name),
                "C.tls",
                "certificate name mismatch",
            ),
            (
                Outcome::Tls(TlsFailure::Handshake),
                "C.tls",
                "tls handshake failed",
            ),
            (Outcome::Auth, "C.auth", "authentication failed"),
            (Outcome::ProxyAuth, "C.auth", "proxy authentication failed"),
            (Outcome::HttpStatus(503), "C.http", "http status 503"),
            (Outcome::Redirects, "C.http", "too many redirects"),
            (Outcome::Tftp(2), "C.tftp", "tftp error 2"),
            (Outcome::Tftp(65_535), "C.tftp", "tftp error 65535"),
            (Outcome::Tftp(0), "C.tftp", "tftp error 0"),
            (Outcome::TftpTimeout, "C.tftp", "tftp timeout"),
            (Outcome::Truncated, "C.truncated", "transfer incomplete"),
            (Outcome::TooLarge, "C.policy", "file too large"),
            (Outcome::ServerNotAllowed, "C.policy", "server not allowed"),
            (Outcome::BadRule, "C.url", "bad rule"),
            (Outcome::BadUrl, "C.url", "bad url"),
            (Outcome::NoServer, "C.url", "no server"),
            (
                Outcome::SrvOverTftp,
                "C.url",
                "Error - TFTP Scheme not supported in SRV lookups",
            ),
            (Outcome::Internal, "C.internal", "internal error"),
            (Outcome::Upgraded, "A.upgraded", ""),
            (Outcome::HttpGet, "C.http", "http_get failed"),
            (Outcome::Signature, "C.firmware", "signature invalid"),
            (Outcome::BelowLimit, "C.firmware", "version below limit"),
            (Outcome::WrongModel, "C.firmware", "wrong model"),
            (Outcome::BootFailed, "C.firmware", "boot failed"),
            (Outcome::Flash, "C.firmware", "flash error"),
        ] {
            assert_eq!(outcome.code(), code);
            assert_eq!(outcome.to_string(), text);
            let class = match outcome.class() {
                Class::A => 'A',
                Class::B => 'B',
                Class::C => 'C',
            };
            assert!(code.starts_with(class), "{code}");
        }
    }
}
