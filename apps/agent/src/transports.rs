//! What carries bytes to others and outlives restarts of the phone.

use std::sync::Arc;

use onhook_driver::{Fetchers, Uploaders};
use onhook_http::HttpFetch;
use onhook_schedule::port::Entropy as _;
use onhook_system::OsEntropy;
use onhook_tftp::{LeadingSlash, LocalPorts, TftpFetch};

use crate::certificate::Presented;
use crate::config::{Config, TftpPorts};
use crate::log_server::LogServer;
use crate::names::Names;

/// Everything that fetches, and where messages go.
pub(crate) struct Transports {
    /// Who looks up names for all of them.
    pub(crate) names: Arc<Names>,
    pub(crate) fetchers: Fetchers,
    pub(crate) uploaders: Uploaders,
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
        let seed = OsEntropy::default().seed();
        let web = HttpFetch::new(Arc::clone(&names) as _, seed);
        let web = Arc::new(presented.carried_by(web));
        let ports = match config.tftp_ports {
            TftpPorts::Phone => LocalPorts::phone(),
            TftpPorts::Ephemeral => LocalPorts::ephemeral(),
        };
        //= R-TFTP-3
        let slash = if config.strip_leading_slash {
            LeadingSlash::Strip
        } else {
            LeadingSlash::Keep
        };
        let tftp = TftpFetch::new(Arc::clone(&names) as _, ports).with_leading_slash(slash);
        let tftp = Arc::new(tftp);
        #[cfg(not(feature = "reports"))]
        let uploaders = Uploaders::default();
        #[cfg(feature = "reports")]
        let uploaders = Uploaders {
            http: Some(Arc::clone(&web) as _),
            https: Some(Arc::clone(&web) as _),
            tftp: Some(Arc::clone(&tftp) as _),
        };
        let fetchers = Fetchers {
            http: Some(Arc::clone(&web) as _),
            https: Some(web),
            tftp: Some(tftp),
        };
        Ok(Self {
            names,
            fetchers,
            uploaders,
            presented,
            log_server: LogServer::of(config),
        })
    }
}
