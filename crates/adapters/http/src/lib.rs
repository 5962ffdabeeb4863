//! [`HttpFetch`]: the ports [`onhook_fetch::port::Fetch`] and [`onhook_fetch::port::Upload`] over HTTP/1.1, plain and
//! over TLS.
//!
//! One transfer is one chain of requests: redirects, answers to Basic
//! and Digest challenges, and every address of a name belong to it. Each request has its
//! own connection, perhaps
//! through a proxy, driven inside the caller's future, so that dropping the
//! future closes it. Header blocks, bodies and every wait are bounded.
//!
//! [`Tls`] holds trust anchors, the custom CA among them (the port
//! [`onhook_fetch::port::CustomTrust`]), client certificate and name check, which may
//! change while transfers run. The features `ring` and `aws-lc-rs` choose who
//! computes ([`crypto_provider`]); without either there is no TLS, and an `https`
//! URL is refused.
//!
//! With the feature `parts` a request may ask for the rest of a file (RFC 9110, 14); without it such a request gets the whole.
//!
//! With the feature `srv` a request may ask for the servers that SRV records name;
//! without it such a request is refused.
//!
//! Deliberately unknown here: where certificates come from and are kept, the
//! clock, who chooses the proxy, packets of DNS, what the body means, and when to
//! try again.
//!
//! Requirement families: R-HTTP, R-TLS, R-PROXY, R-DNS, R-URL-8, R-RPT-2,
//! R-OUT-3.

mod chain;
mod challenge;
mod chance;
mod client;
mod connect;
mod directory;
mod errand;
mod exchange;
mod failure;
pub mod fuzz;
mod limits;
#[cfg_attr(
    all(test, feature = "proxy"),
    expect(dead_code, reason = "only its refusal is tested there")
)]
#[cfg(any(test, not(feature = "proxy")))]
mod no_proxy;
#[cfg(feature = "parts")]
mod parts;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(not(feature = "proxy"))]
use no_proxy as proxy;
mod sent;
mod services;
mod target;
#[cfg(feature = "_tls")]
mod tls;
mod watch;

pub use client::HttpFetch;
pub use directory::Directory;
pub use limits::Limits;
#[cfg(feature = "_tls")]
pub use tls::{
    Acceptor, Identity, NameCheck, Tls, TlsError, TrustAnchors, TrustTime, TrustedTime,
    crypto_provider, subject_of,
};
