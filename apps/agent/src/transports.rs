//! What carries bytes to others and outlives restarts of the phone.

use std::sync::Arc;

use onhook_driver::Fetchers;
use onhook_http::HttpFetch;
use onhook_tftp::{LocalPorts, TftpFetch};

use crate::certificate::Presented;
use crate::config::{Config, TftpPorts};
use crate::log_server::LogServer;
use crate::names::Names;

/// Everything that fetches, and where messages go.
pub(crate) struct Transports {
    /// Who looks up names for all of them.
    pub(crate) names: Arc<Names>,
    pub(crate) fetchers: Fetchers,
    /// Changes the client certificate, and who is trusted.
    pub(crate) presented: Presented,
    pub(crate) log_server: LogServer,
}

impl Transports {
    /// Sets them up as the configuration wants.
    ///
    /// # Errors
    /// Certificates or keys cannot be used.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let presented = Presented::new(config)?;
        let names = Arc::new(Names::of(config));
        let web = Arc::new(presented.carried_by(HttpFetch::new(Arc::clone(&names) as _)));
        let ports = match config.tftp_ports {
            TftpPorts::Phone => LocalPorts::phone(),
            TftpPorts::Ephemeral => LocalPorts::ephemeral(),
        };
        let tftp = TftpFetch::new(Arc::clone(&names) as _, ports);
        let fetchers = Fetchers {
            http: Some(Arc::clone(&web) as _),
            https: Some(web),
            tftp: Some(Arc::new(tftp)),
        };
        Ok(Self {
            names,
            fetchers,
            presented,
            log_server: LogServer::of(config),
        })
    }
}
