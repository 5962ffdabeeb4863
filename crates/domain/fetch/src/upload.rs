//! What to upload, and where to.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::Secret;

use crate::{Account, Endpoint, Proxy, Scheme};

/// Largest body of an upload in bytes: that of the largest profile.
pub const UPLOAD_LIMIT: usize = 5 << 20;

/// How HTTP hands a body over (HTTP_Report_Method, PRT_Upload_Method); TFTP has one way, WRQ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Method {
    /// `POST`.
    //= R-RPT-2
    #[default]
    Post,
    /// `PUT`.
    Put,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One upload, ready for a transport.
#[derive(Debug)]
pub struct Submission {
    /// Scheme; a transport refuses one that it does not speak.
    pub scheme: Scheme,
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
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
    /// How HTTP hands the body over.
    pub method: Method,
    /// One more header of HTTP, name and value, for the server of the rule and no other (PRT_HTTP_Header); the value may be what
    /// lets the body in.
    pub header: Option<(String, Secret)>,
    /// Media type of the body, for example `application/xml`; TFTP has no use for it.
    pub content_type: String,
    /// Whether the body is one of RFC 8188, which HTTP tells (`Content-Encoding: aes128gcm`).
    pub aes128gcm: bool,
    /// The body, at most [`UPLOAD_LIMIT`] bytes; what it says of a phone is nobody else's business.
    pub body: Secret,
    /// Longest duration of the whole transfer.
    pub timeout: Duration,
}

/// Is told how far an upload has come.
#[async_trait]
pub trait UploadWatch: Send {
    /// The address is known and no packet has been sent to it; the transport waits for the return.
    ///
    /// Called exactly once per upload, also when the name did not resolve.
    async fn started(&mut self, endpoint: Endpoint);
}
