//! The client certificate and who is trusted: with TLS, and in a build without.

use onhook_http::HttpFetch;
use onhook_phone::ClientCertificate;

use crate::config::Config;

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod with_tls {
    use std::sync::Arc;

    use onhook_fetch::port::CustomTrust;
    use onhook_http::{Identity, Tls};

    use super::{ClientCertificate, Config, HttpFetch};
    use crate::tls;

    /// What the phone presents and believes; it can change while transfers run.
    #[derive(Clone)]
    pub(crate) struct Presented {
        tls: Arc<Tls>,
        clock: Arc<tls::SystemTrust>,
    }

    impl Presented {
        pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
            let (tls, clock) = tls::set_up(config)?;
            Ok(Self { tls, clock })
        }

        /// A resync succeeded: no time before this one is believed any more.
        pub(crate) fn succeeded(&self) {
            self.clock.succeeded();
        }

        /// Servers that were believed while the clock was unset; each is given once.
        pub(crate) fn untold(&self) -> Vec<String> {
            self.clock.untold()
        }

        /// The transport with this TLS in it.
        pub(crate) fn carried_by(&self, transport: HttpFetch) -> HttpFetch {
            transport.with_tls(Arc::clone(&self.tls))
        }

        /// What believes a custom CA.
        #[expect(
            clippy::unnecessary_wraps,
            reason = "a build without TLS believes none"
        )]
        pub(crate) fn trust(&self) -> Option<Arc<dyn CustomTrust>> {
            Some(Arc::clone(&self.tls) as _)
        }

        /// Takes the files of a changed configuration; nothing changes if one of them is bad.
        pub(crate) fn reload(&self, config: &Config) -> anyhow::Result<()> {
            let (anchors, identity) = (tls::anchors(config)?, tls::identity(config)?);
            self.tls.set_trust(anchors);
            self.tls.set_identity(identity);
            Ok(())
        }

        /// Installs a certificate; why not, if it cannot be used.
        pub(crate) fn install(&self, pair: &ClientCertificate) -> Result<(), String> {
            let identity = Identity::from_pem(pair.certificate.as_bytes(), &pair.key)
                .map_err(|error| error.to_string())?;
            self.tls.set_identity(Some(identity));
            Ok(())
        }

        pub(crate) fn remove(&self) {
            self.tls.set_identity(None);
        }
    }
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
mod without_tls {
    use anyhow::bail;

    use super::{ClientCertificate, Config, HttpFetch};

    /// What the phone presents and believes: nothing, for it knows no TLS.
    #[derive(Clone)]
    pub(crate) struct Presented;

    impl Presented {
        pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
            Self.reload(config)?;
            Ok(Self)
        }

        pub(crate) const fn succeeded(&self) {}

        pub(crate) const fn untold(&self) -> Vec<String> {
            Vec::new()
        }

        pub(crate) fn carried_by(&self, transport: HttpFetch) -> HttpFetch {
            transport
        }

        pub(crate) fn trust(&self) -> Option<std::sync::Arc<dyn onhook_fetch::port::CustomTrust>> {
            None
        }

        pub(crate) fn reload(&self, config: &Config) -> anyhow::Result<()> {
            if config.tls.client.is_some() || !config.tls.anchors.is_empty() {
                bail!(
                    "[tls] is of no use: this program was built without TLS; leave the section out"
                );
            }
            Ok(())
        }

        pub(crate) fn install(&self, _pair: &ClientCertificate) -> Result<(), String> {
            Err("this program was built without TLS: a certificate is of no use".to_owned())
        }

        pub(crate) const fn remove(&self) {}
    }
}

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub(crate) use with_tls::Presented;
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
pub(crate) use without_tls::Presented;
