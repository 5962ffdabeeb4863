//! The directory that tells a phone out of the box where its profile is.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_discovery::port::{Caller, NoAnswer, Redirector};
use onhook_discovery::read_redirect;
use onhook_fetch::port::Fetch;
use onhook_fetch::{Request, Scheme, is_allowed};

/// Longest answer, in bytes.
const LIMIT: u64 = 8 * 1024;
/// Longest duration of the whole request.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `https://HOST/?mac=000e08012345&model=CP-8841-3PCC`; the answer is a text with one URL, or empty.
pub struct Directory {
    fetch: Arc<dyn Fetch>,
    host: String,
    port: u16,
}

impl Directory {
    /// The directory on a host, asked through a transport that speaks HTTPS and shows the certificate of the phone.
    #[must_use]
    pub const fn new(fetch: Arc<dyn Fetch>, host: String, port: u16) -> Self {
        Self { fetch, host, port }
    }
}

#[async_trait]
impl Redirector for Directory {
    async fn redirect(&self, caller: &Caller) -> Result<Option<String>, NoAnswer> {
        let Self { fetch, host, port } = self;
        //= R-DOM-1
        if !is_allowed(host, &caller.allowed_domains) {
            return Err(NoAnswer(format!(
                "the directory {host} is not in Restricted_Access_Domains, so nothing was sent"
            )));
        }
        //= R-OOB-1
        let mut path = "/?mac=".to_owned();
        caller.mac.push_lower(&mut path);
        path.push_str("&model=");
        for byte in caller.model.bytes() {
            match byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
                true => path.push(char::from(byte)),
                // Writing to a String cannot fail.
                false => write!(path, "%{byte:02X}").unwrap_or_default(),
            }
        }
        let request = Request {
            scheme: Scheme::Https,
            host: host.clone(),
            port: *port,
            path,
            service: None,
            proxy: None,
            allowed_domains: caller.allowed_domains.clone(),
            user_agent: caller.user_agent.clone(),
            user: None,
            password: None,
            account: None,
            post: None,
            part: None,
            limit: LIMIT,
            timeout: PATIENCE,
        };
        let mut answer = Vec::new();
        let asked = fetch.get(&request, &mut answer).await;
        asked.map_err(|error| NoAnswer(format!("asking the directory: {error}")))?;
        let url = read_redirect(&answer).map_err(|error| {
            NoAnswer(format!(
                "the answer of the directory {host}:{port}: {error}"
            ))
        })?;
        Ok(url.map(str::to_owned))
    }
}
