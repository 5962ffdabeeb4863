//! What to fetch and from where.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use onhook_device::{Secret, SrvWeightMode};

/// The scheme of a provisioning URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Scheme {
    /// `tftp`, port 69.
    Tftp,
    /// `http`, port 80.
    Http,
    /// `https`, port 443.
    Https,
}

impl Scheme {
    /// The name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tftp => "tftp",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that stands for a missing one.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        //= R-URL-1
        match self {
            //= R-TFTP-1
            Self::Tftp => 69,
            //= R-HTTP-1
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl FromStr for Scheme {
    type Err = ();

    /// Reads a scheme name in any letter case.
    fn from_str(text: &str) -> Result<Self, ()> {
        //= R-URL-5
        [Self::Tftp, Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One transfer, ready for a transport.
#[derive(Debug)]
pub struct Request {
    /// Scheme; a transport refuses one that it does not speak.
    pub scheme: Scheme,
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// Whether SRV records say where that is (R-DNS-2). The host stays the one that is asked for and that TLS expects
    /// (R-TLS-3); without such records it is itself the server (R-DNS-5).
    pub service: Option<Service>,
    /// Port, 1..=65535.
    pub port: u16,
    /// Absolute path with query, as in the rule.
    pub path: String,
    /// The proxy on the way; TFTP uses none (R-HTTP-19).
    pub proxy: Option<Proxy>,
    /// Restricted_Access_Domains: a redirect to another server is refused; empty allows all (R-DOM-2).
    pub allowed_domains: String,
    /// Value of the User-Agent header.
    pub user_agent: String,
    /// User name for challenges.
    pub user: Option<Secret>,
    /// Password for challenges.
    pub password: Option<Secret>,
    /// The account of the phone, for challenges that rule and URL give no credentials for (R-HTTP-7).
    pub account: Option<Account>,
    /// Body of a POST over HTTP or HTTPS; `None` asks with GET (R-POST-1).
    pub post: Option<Secret>,
    /// The part that is wanted of a large file, over HTTP and HTTPS; a transport that knows no parts gives the whole.
    pub part: Option<Part>,
    /// Largest body in bytes, from the first byte of the file; more ends with [`crate::ErrorKind::TooLarge`].
    pub limit: u64,
    /// Longest duration of the whole transfer.
    pub timeout: Duration,
}

/// A file from a byte on, if it is still the one that it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The first byte that is wanted, 1 or more.
    pub from: u64,
    /// What the server called the file when its first bytes came ([`crate::Head::validator`]).
    pub same: Option<String>,
}

/// A user name and a password that somebody has entered.
#[derive(Debug)]
pub struct Account {
    /// User name.
    pub user: Secret,
    /// Password.
    pub password: Secret,
}

/// A proxy of HTTP.
#[derive(Debug)]
pub struct Proxy {
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// Port, 1..=65535.
    pub port: u16,
    /// User name for its challenges.
    pub user: Option<Secret>,
    /// Password for its challenges.
    pub password: Option<Secret>,
}

/// How the servers that SRV records name are put into order (R-DNS-4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Service {
    /// What weights mean.
    pub mode: SrvWeightMode,
    /// Decides what chance decides.
    pub seed: u64,
}

/// The address that was contacted first; that of the proxy if there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Endpoint {
    /// The address after name resolution; `None` if that failed.
    pub ip: Option<IpAddr>,
}
