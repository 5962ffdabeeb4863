//! [`HttpFetch`]: the port [`onhook_fetch::port::Fetch`] over plain HTTP/1.1.
//!
//! One transfer is one chain of requests: redirects, the answer to a Basic
//! challenge, and every address of a name belong to it. Each request has its
//! own connection, driven inside the caller's future, so that dropping the
//! future closes it. Header blocks, bodies and every wait are bounded.
//!
//! Deliberately unknown here: TLS (an `https` URL is refused), proxies, SRV,
//! Digest challenges, what the body means, and when to try again.
//!
//! Requirement families: R-HTTP, R-DNS-1, R-URL-8, R-OUT-3.

mod challenge;
mod client;
mod connect;
mod exchange;
mod failure;
mod limits;
mod resolve;
mod target;
mod watch;

pub use client::HttpFetch;
pub use limits::Limits;
pub use resolve::{Resolve, SystemResolver};
