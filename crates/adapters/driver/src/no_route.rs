//! What stands for the file that names a proxy in a program that goes through none.

use onhook_device::Outcome;
use onhook_fetch::{Proxy, Request};
use onhook_phone::{Phone, ProxySetting, Shared};

use crate::fetch::Failed;
use crate::ports::Fetchers;

/// Nothing understands the files.
#[derive(Default)]
pub(crate) struct Script(());

/// A file that says which way leads to a server.
pub(crate) struct ProxyFile;

impl ProxyFile {
    /// The file for a request, if the phone is told to look into one.
    pub(crate) fn of(
        phone: &Phone,
        shared: &Shared,
        wired: &Request,
        _fetchers: &Fetchers,
        _script: &Script,
    ) -> Option<Self> {
        match phone.proxy(wired.scheme, shared) {
            ProxySetting::Auto(url) => url.map(|_| Self),
            ProxySetting::Off | ProxySetting::Nameless | ProxySetting::Manual { .. } => None,
        }
    }

    /// Refuses: what may have to go through a proxy is not sent around it.
    #[expect(clippy::unused_async, reason = "whoever reads such a file has to wait")]
    pub(crate) async fn proxy_for(&self, wired: &Request) -> Result<Option<Proxy>, Failed> {
        let message = format!(
            "a file is to name the proxy to {}, and this program goes through none, so nothing was sent: \
             set Proxy_Mode to Off, or use a program that was built with the feature `proxy`",
            wired.host
        );
        Err(Failed::new(Outcome::BadUrl, message))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use onhook_fetch::Scheme;

    use super::*;

    //= R-HTTP-19 type=test
    #[tokio::test]
    async fn a_request_whose_way_stands_in_a_file_is_refused_with_words() {
        let wired = Request {
            scheme: Scheme::Http,
            host: "prov.example".to_owned(),
            port: 80,
            path: "/canary".to_owned(),
            service: None,
            proxy: None,
            allowed_domains: String::new(),
            user_agent: String::new(),
            user: None,
            password: None,
            account: None,
            post: None,
            part: None,
            limit: 0,
            timeout: Duration::ZERO,
        };
        let Err(failed) = ProxyFile.proxy_for(&wired).await else {
            panic!("a way")
        };
        assert_eq!(failed.outcome, Outcome::BadUrl);
        for part in [
            "prov.example",
            "nothing was sent",
            "Proxy_Mode",
            "feature `proxy`",
        ] {
            assert!(failed.message.contains(part), "{}", failed.message);
        }
        assert!(!failed.message.contains("canary"), "{}", failed.message);
    }
}
