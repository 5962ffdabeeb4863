//! HTTPS against a scripted server with certificates made here.

mod certificates;
mod client_auth;
mod clock;
mod custom;
mod handshake;
mod names;
mod pki;
mod redirects;
mod server;

use std::sync::Arc;

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{ErrorKind, FetchError, Request, Scheme};
use onhook_http::{
    HttpFetch, Identity, Limits, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime,
};
use onhook_testkit::fake::RecordingSink;
pub(crate) use pki::{Authority, Leaf};
pub(crate) use server::Secure;

use crate::server::{Script, Server, WHOLE, answer, transport};

/// 2026-05-28, a moment at which the certificates made here are valid.
pub(crate) const NOW: u64 = 1_780_000_000;

/// A clock that stands still.
pub(crate) struct Clock(pub(crate) TrustTime);

impl TrustedTime for Clock {
    fn now(&self) -> TrustTime {
        self.0
    }
}

/// A phone that believes an authority and knows the time.
pub(crate) fn phone(authority: &Authority) -> Arc<Tls> {
    tls(authority.anchors(), NameCheck::UrlHost)
}

pub(crate) fn tls(trust: TrustAnchors, names: NameCheck) -> Arc<Tls> {
    Arc::new(Tls::new(trust, names, Arc::new(Clock(TrustTime::Known(NOW)))).unwrap())
}

/// The same request over TLS.
pub(crate) fn https(mut request: Request) -> Request {
    request.scheme = Scheme::Https;
    request
}

/// A request to a server by name.
pub(crate) fn ask(server: &Server, host: &str) -> Request {
    https(crate::server::request(host, server.address.port(), "/f"))
}

/// Fetches once; every name is 127.0.0.1.
pub(crate) async fn get(tls: &Arc<Tls>, request: &Request) -> Result<Vec<u8>, FetchError> {
    get_with(&transport(Limits::default()).with_tls(tls.clone()), request).await
}

pub(crate) async fn get_with(fetch: &HttpFetch, request: &Request) -> Result<Vec<u8>, FetchError> {
    let mut sink = RecordingSink::default();
    fetch.get(request, &mut sink).await.map(|_| sink.body)
}

/// Checks kind and words of a failure.
#[track_caller]
pub(crate) fn fails<T: std::fmt::Debug>(
    result: Result<T, FetchError>,
    kind: ErrorKind,
    words: &[&str],
) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} in {error}");
    }
}

pub(crate) fn hello() -> Vec<Script> {
    vec![answer("200 OK", "", b"hello")]
}

/// A server and a phone that believe each other.
pub(crate) struct Setup {
    authority: Authority,
    mutual: bool,
}

impl Setup {
    pub(crate) fn plain() -> Self {
        Self {
            authority: Authority::new("root"),
            mutual: false,
        }
    }

    /// The server wants a certificate of the phone.
    pub(crate) fn mutual() -> Self {
        Self {
            mutual: true,
            ..Self::plain()
        }
    }

    pub(crate) async fn serve(&self, scripts: Vec<Script>) -> Server {
        self.serve_after(WHOLE, scripts).await
    }

    /// Plays the scripts after so many bytes of a body.
    pub(crate) async fn serve_after(&self, enough: usize, scripts: Vec<Script>) -> Server {
        let mut secure = Secure::new(&self.authority, &Leaf::server(&["127.0.0.1"]));
        if self.mutual {
            secure = secure.wants(&self.authority);
        }
        secure.serve_after(enough, scripts).await
    }

    pub(crate) fn phone(&self) -> Arc<Tls> {
        let tls = phone(&self.authority);
        if self.mutual {
            let (chain, key) = self.authority.issue(&Leaf::client("phone")).pem();
            tls.set_identity(Some(
                Identity::from_pem(chain.as_bytes(), &key.as_str().into()).unwrap(),
            ));
        }
        tls
    }
}
