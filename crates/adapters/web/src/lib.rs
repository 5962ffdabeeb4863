//! [`Web`]: the pages of the phone and its action URLs, a port
//! [`CommandSource`](onhook_phone::port::CommandSource) over HTTP/1.1, plain or over TLS.
//!
//! A request passes the door first: its host must be one of the phone's, its way must be the phone's own, and whoever
//! sends it must be who it says (Digest). Then it is an action URL ([`action`]), a page, or a form. What it asks for
//! goes to the phone over the port, and what pages show comes back over it ([`onhook_phone::Look`]): no page holds a
//! secret, because the phone hands none out. [`Feed`] takes what the phone tells of itself and keeps the last of it for
//! pages that are open and for those who come later.
//!
//! Headers, bodies, connections and every wait are bounded, and whoever is slow is cut.
//!
//! Deliberately unknown here: the phone, parameters beyond their registry, the clock, where certificates are kept,
//! who restarts the phone.
//!
//! Requirement families: R-WEB, R-UA-1, R-SEC.

pub mod action;
mod answers;
mod app;
mod door;
mod encoding;
mod export;
mod feed;
mod form;
pub mod fuzz;
mod layout;
mod login;
mod nonce;
mod pages;
mod patience;
mod server;
mod setup;
#[cfg(feature = "_tls")]
mod tls;

pub use app::{Asking, Peer, router};
pub use feed::{Brought, Download, Feed};
#[cfg(feature = "_tls")]
pub use rustls::ServerConfig;
pub use server::{Web, WebError};
pub use setup::Setup;
#[cfg(feature = "_tls")]
pub use tls::{TlsFault, self_signed, server_config};
