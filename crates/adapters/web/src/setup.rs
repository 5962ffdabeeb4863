//! What pages are made from.

use std::net::SocketAddr;
use std::sync::Arc;

use onhook_device::{Identity, Secret};
use onhook_schedule::port::Clock;

/// What the pages of one phone need.
pub struct Setup {
    /// Where requests come in; port 0 for any.
    pub listen: SocketAddr,
    /// Names besides the address of the listener by which the phone may be called (R-WEB-13).
    pub host_names: Vec<String>,
    /// Whether accounts without a password are open to others than the loopback interface (R-WEB-1).
    pub open: bool,
    /// Who the phone is.
    pub identity: Identity,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// At least 16 bytes of chance, new at every start: nonces and tokens of forms are made with them.
    pub key: Secret,
    /// TLS; `None` for plain HTTP.
    #[cfg(feature = "_tls")]
    pub tls: Option<Arc<rustls::ServerConfig>>,
}
