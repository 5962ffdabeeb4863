//! What stands for the way through a proxy in a program that knows none.

use http::HeaderValue;
use onhook_fetch::{ErrorKind, FetchError, Proxy};

use crate::challenge::Offer;
use crate::connect::Peer;

/// No transfer has a proxy.
pub(crate) enum Via {}

impl Via {
    /// Refuses: what was to go through a proxy is not sent around it.
    pub(crate) fn of(proxy: &Proxy) -> Result<Self, FetchError> {
        Err(FetchError::new(
            ErrorKind::BadUrl,
            format!(
                "a request is to go through the proxy {}:{}, and this program goes through none, so nothing was sent: \
                 set Proxy_Mode to Off, or use a program that was built with the feature `proxy`",
                proxy.host, proxy.port
            ),
        ))
    }

    pub(crate) const fn peer(&self) -> Peer<'_> {
        match *self {}
    }

    pub(crate) fn challenged(&mut self, _offer: Offer) -> Result<(), &'static str> {
        match *self {}
    }

    pub(crate) fn authorization(
        &mut self,
        _request: (&str, &str),
        _cnonce: impl FnOnce() -> String,
    ) -> Option<HeaderValue> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_go_through_a_proxy_is_refused_with_words() {
        let proxy = Proxy {
            host: "proxy.example".to_owned(),
            port: 3128,
            user: Some("prov".into()),
            password: Some("canary".into()),
        };
        let Err(error) = Via::of(&proxy);
        assert_eq!(error.kind(), ErrorKind::BadUrl);
        let text = error.to_string();
        for part in [
            "proxy.example:3128",
            "nothing was sent",
            "Proxy_Mode",
            "feature `proxy`",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("canary") && !text.contains("prov"), "{text}");
    }
}
