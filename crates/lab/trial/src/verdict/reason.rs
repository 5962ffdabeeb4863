//! Why a phone is not provisioned, and what to do about it.

use onhook_device::{Outcome, TlsFailure};

/// One reason.
#[derive(Clone, Copy)]
pub(super) struct Reason {
    /// A stable word.
    pub(super) code: &'static str,
    /// One sentence.
    pub(super) summary: &'static str,
    /// What to do, the most likely first.
    pub(super) advice: &'static [&'static str],
}

impl Reason {
    /// The reason behind an outcome; `None` for success. `trusts` says whether the phone trusts anybody.
    pub(super) const fn of(outcome: Outcome, trusts: bool) -> Option<Self> {
        Some(match outcome {
            Outcome::Applied | Outcome::Upgraded => return None,
            Outcome::Fnf => NOT_FOUND,
            Outcome::ParseFailed => NOT_A_PROFILE,
            Outcome::EmptyFile => EMPTY_FILE,
            Outcome::DecryptFailed => WRONG_KEY,
            Outcome::DecompressFailed => BAD_GZIP,
            Outcome::InflatedTooLarge | Outcome::TooLarge => TOO_LARGE,
            Outcome::Dns => DNS,
            Outcome::Connect => CONNECTION_REFUSED,
            Outcome::Timeout => TIMEOUT,
            Outcome::TftpTimeout => TFTP_TIMEOUT,
            Outcome::Auth => AUTHENTICATION,
            Outcome::ProxyAuth => PROXY_AUTHENTICATION,
            Outcome::HttpStatus(_) => HTTP_STATUS,
            Outcome::Redirects => REDIRECTS,
            Outcome::HttpProtocol => NOT_HTTP,
            Outcome::Tftp(_) => TFTP_ERROR,
            Outcome::Truncated => CUT_OFF,
            Outcome::ServerNotAllowed => NOT_ALLOWED,
            Outcome::BadRule => BAD_RULE,
            Outcome::BadUrl | Outcome::SrvOverTftp => BAD_URL,
            Outcome::NoServer => NO_SERVER,
            Outcome::Internal
            // Of firmware, which a trial does not touch.
            | Outcome::HttpGet
            | Outcome::Signature
            | Outcome::BelowLimit
            | Outcome::WrongModel
            | Outcome::BootFailed
            | Outcome::Flash => INTERNAL,
            Outcome::FnfOk => NOT_FOUND_ACCEPTED,
            Outcome::Skipped => NOTHING_TO_FETCH,
            Outcome::Tls(TlsFailure::Chain) if !trusts => TRUSTS_NOBODY,
            Outcome::Tls(TlsFailure::Chain) => NOT_TRUSTED,
            Outcome::Tls(TlsFailure::Name) => WRONG_NAME,
            Outcome::Tls(TlsFailure::Handshake) => HANDSHAKE,
        })
    }
}

const NOT_FOUND: Reason = Reason {
    code: "not-found",
    summary: "the server has no such file",
    advice: &[],
};
const NOT_A_PROFILE: Reason = Reason {
    code: "not-a-profile",
    summary: "what the server sends is not a profile that a phone can read",
    advice: &[
        "look at the line and column below; `onhook-harness lint FILE` checks the file at its source",
    ],
};
const EMPTY_FILE: Reason = Reason {
    code: "empty-file",
    summary: "the server sends an empty file",
    advice: &["look at what generates the file, and at the log of the server"],
};
const WRONG_KEY: Reason = Reason {
    code: "wrong-key",
    summary: "the file does not open with the key of the rule",
    advice: &[
        "compare both keys byte by byte: blanks and line ends count, and hexadecimal digits are taken as text",
        "the file has to come from `openssl enc -aes-256-cbc -md md5` or `-md sha256`, without -pbkdf2, -nosalt and -K; \
             `onhook-harness decrypt --key-file KEY FILE` tries a file without a server",
    ],
};
const BAD_GZIP: Reason = Reason {
    code: "bad-gzip",
    summary: "the compressed file cannot be inflated",
    advice: &[
        "compress it again, and check that it arrives whole: proxies and editors change binary files",
    ],
};
const TOO_LARGE: Reason = Reason {
    code: "too-large",
    summary: "the file is larger than a phone takes",
    advice: &["check that the URL gives a profile and not a firmware image or a backup"],
};
const DNS: Reason = Reason {
    code: "dns",
    summary: "the name of the server does not resolve",
    advice: &["check the name in the rule, and ask the name server that the phones use"],
};
const CONNECTION_REFUSED: Reason = Reason {
    code: "connection-refused",
    summary: "nobody accepts connections at this address and port",
    advice: &[
        "check that the server runs, listens on this address and not only on 127.0.0.1, and on this port (http 80, https 443)",
        "check that no firewall refuses the port",
    ],
};
const TIMEOUT: Reason = Reason {
    code: "timeout",
    summary: "the server does not answer in time",
    advice: &["check that no firewall drops the packets, and that the server is not overloaded"],
};
const TFTP_TIMEOUT: Reason = Reason {
    code: "tftp-timeout",
    summary: "the TFTP server does not answer, or stops answering",
    advice: &[
        "TFTP answers from another UDP port than 69: a firewall has to let that through (conntrack helper, ip_conntrack_tftp)",
        "check that the server runs and listens on this address: `ss -lun`",
    ],
};
const AUTHENTICATION: Reason = Reason {
    code: "authentication",
    summary: "the server wants credentials that the phone does not have, or refuses them",
    advice: &[
        "put them into the rule: [--uid NAME --pwd PASSWORD] URL, or let the server send profiles without",
    ],
};
const PROXY_AUTHENTICATION: Reason = Reason {
    code: "proxy-authentication",
    summary: "a proxy wants credentials",
    advice: &["let the phones reach the server without the proxy"],
};
const HTTP_STATUS: Reason = Reason {
    code: "http-status",
    summary: "the server answers with a status that gives no file",
    advice: &[
        "look into the log of the server at this time; 403 is mostly a question of file permissions, 5xx of the program behind",
    ],
};
const REDIRECTS: Reason = Reason {
    code: "redirects",
    summary: "the server sends the phone from place to place, or to one that it may not go to",
    advice: &[
        "a phone follows 301 and 302 up to five times, and never from https to http: name the last URL in the rule",
    ],
};
const NOT_HTTP: Reason = Reason {
    code: "not-http",
    summary: "what answers there does not speak HTTP as it should",
    advice: &[
        "check the port: http in the rule and an HTTPS port, or the other way round, look like this",
    ],
};
const TFTP_ERROR: Reason = Reason {
    code: "tftp-error",
    summary: "the TFTP server refuses the file",
    advice: &[
        "look into its log; error 2 is mostly a question of file permissions (readable by others) or of its root folder",
    ],
};
const CUT_OFF: Reason = Reason {
    code: "cut-off",
    summary: "the file ends before its end",
    advice: &[
        "check Content-Length or tsize, proxies in between, and whether the file changes while it is served",
    ],
};
const NOT_ALLOWED: Reason = Reason {
    code: "not-allowed",
    summary: "Restricted_Access_Domains keeps the phone from this server",
    advice: &["add the domain of the server to Restricted_Access_Domains, or leave it empty"],
};
const BAD_RULE: Reason = Reason {
    code: "bad-rule",
    summary: "a phone cannot read the rule",
    advice: &[
        "look at the place marked above; `onhook-harness explain --kind profile` shows it without a server",
    ],
};
const BAD_URL: Reason = Reason {
    code: "bad-url",
    summary: "a phone cannot use the URL",
    advice: &["write scheme://host:port/path with http, https or tftp"],
};
const NO_SERVER: Reason = Reason {
    code: "no-server",
    summary: "neither the rule nor DHCP names a server",
    advice: &["write a whole URL, or say what DHCP gives: --server HOST, or --dhcp 66=HOST"],
};
const INTERNAL: Reason = Reason {
    code: "internal",
    summary: "the phone itself failed",
    advice: &["report this as a bug"],
};
const TRUSTS_NOBODY: Reason = Reason {
    code: "not-trusted",
    summary: "the phone trusts nobody yet, so it cannot believe the certificate of the server",
    advice: &[
        "give the root certificate that signed it: --ca ca.pem; real phones trust the roots of their vendor and what Custom_CA_Rule fetches",
    ],
};
const NOT_TRUSTED: Reason = Reason {
    code: "not-trusted",
    summary: "the phone does not believe the certificate of the server",
    advice: &[
        "check that --ca holds the root that signed it, that the server sends the certificates in between, and its dates",
    ],
};
const WRONG_NAME: Reason = Reason {
    code: "wrong-name",
    summary: "the certificate is for another name than the URL has",
    advice: &[
        "use a name of the certificate in the rule, or issue one with this name as a subject alternative name; an IP address counts only \
             if it stands there too",
    ],
};
const HANDSHAKE: Reason = Reason {
    code: "handshake",
    summary: "the TLS handshake fails",
    advice: &[
        "check that this port speaks TLS 1.2 or 1.3",
        "a server that wants a client certificate refuses phones without one that it trusts: --client-cert gives the phone one",
    ],
};
const NOT_FOUND_ACCEPTED: Reason = Reason {
    code: "not-found-accepted",
    summary: "the file is not there, and Resync_Fails_On_FNF lets the phone be content with that",
    advice: &[],
};
const NOTHING_TO_FETCH: Reason = Reason {
    code: "nothing-to-fetch",
    summary: "the rule fetches nothing with these values: no alternative is selected, or it is empty",
    advice: &[
        "read above which condition is false, and why; --cause changes $PRVST, --set registers",
    ],
};
