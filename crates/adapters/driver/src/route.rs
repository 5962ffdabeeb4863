//! The way of a request: through the proxy that a file names.

use std::sync::Arc;
use std::time::Duration;

use onhook_fetch::port::Fetch;
use onhook_fetch::{ConstantScript, Proxy, ProxyScript, Request, Way, is_allowed};
use onhook_phone::{Phone, ProxySetting, Shared};

use crate::fetch::{Failed, describe};
use crate::ports::Fetchers;

/// Largest file of proxy configuration, in bytes.
const FILE_LIMIT: u64 = 256 * 1024;
/// Longest wait for it.
const FILE_TIMEOUT: Duration = Duration::from_secs(30);

/// What understands the files.
pub(crate) struct Script(Arc<dyn ProxyScript>);

impl Script {
    pub(crate) fn of(script: Arc<dyn ProxyScript>) -> Self {
        Self(script)
    }
}

impl Default for Script {
    fn default() -> Self {
        Self(Arc::new(ConstantScript))
    }
}

/// A file that says which way leads to a server.
pub(crate) struct ProxyFile {
    transport: Arc<dyn Fetch>,
    request: Request,
    script: Arc<dyn ProxyScript>,
}

impl ProxyFile {
    /// The file for a request, if the phone is told to look into one.
    pub(crate) fn of(
        phone: &Phone,
        shared: &Shared,
        wired: &Request,
        fetchers: &Fetchers,
        script: &Script,
    ) -> Option<Self> {
        let ProxySetting::Auto(url) = phone.proxy(wired.scheme, shared) else {
            return None;
        };
        let url = url?;
        let request = Request {
            scheme: url.scheme,
            host: url.server?.to_owned(),
            port: url.port,
            path: url.path.to_owned(),
            service: None,
            proxy: None,
            allowed_domains: wired.allowed_domains.clone(),
            user_agent: wired.user_agent.clone(),
            user: None,
            password: None,
            account: None,
            post: None,
            part: None,
            limit: FILE_LIMIT,
            timeout: FILE_TIMEOUT,
        };
        Some(Self {
            transport: fetchers.get(url.scheme)?,
            request,
            script: Arc::clone(&script.0),
        })
    }

    /// The proxy for a request; without an answer none is used, and nothing fails but in a build that knows no proxies.
    pub(crate) async fn proxy_for(&self, wired: &Request) -> Result<Option<Proxy>, Failed> {
        Ok(self.found(wired).await)
    }

    async fn found(&self, wired: &Request) -> Option<Proxy> {
        let Request {
            scheme, host, port, ..
        } = &self.request;
        let place = format!("{scheme}://{host}:{port}");
        //= R-DOM-1
        if !is_allowed(host, &wired.allowed_domains) {
            tracing::warn!(
                "the proxy file at {place} is not fetched: its server is not in Restricted_Access_Domains"
            );
            return None;
        }
        let mut file = Vec::new();
        if let Err(error) = self.transport.get(&self.request, &mut file).await {
            //= R-PROXY-3
            tracing::warn!("no proxy is used: {}", describe(&error));
            return None;
        }
        // The path is the business of phone and server alone.
        let url = format!("{}://{}/", wired.scheme, wired.host);
        let text = String::from_utf8_lossy(&file);
        //= R-PROXY-4
        match self.script.way(&text, &url, &wired.host) {
            Some(Way::Proxy(host, port)) => Some(Proxy {
                host,
                port,
                user: None,
                password: None,
            }),
            Some(Way::Direct) => None,
            None => {
                tracing::warn!(
                    "no proxy is used: the file at {place} names none that can be understood; it has to return one \
                     constant, such as \"PROXY proxy.example.net:3128\""
                );
                None
            }
        }
    }
}
