//! SIP, if it is listened to.

use std::net::SocketAddr;

#[cfg(feature = "sip")]
mod listening {
    use std::sync::Arc;

    use async_trait::async_trait;
    use onhook_fetch::port::Resolver;
    use onhook_phone::Asked;
    use onhook_phone::port::CommandSource;
    use onhook_sip::{Around, Limits, Listen, Listener, Setup, UserAgent};
    use onhook_system::{RealClock, key};
    use tokio::sync::mpsc;

    use super::SocketAddr;
    use crate::config::Config;
    use crate::failure::World;

    /// Requests that wait for the phone; whoever comes then waits too.
    const WAITING: usize = 16;

    /// SIP, if it is listened to.
    pub(crate) struct Sip(Option<(Listener, mpsc::Receiver<Asked>)>);

    impl Sip {
        /// Listens where the configuration says.
        ///
        /// # Errors
        /// An address is not to be had, or a certificate cannot be used.
        pub(crate) async fn open(
            config: &Config,
            resolver: Arc<dyn Resolver>,
        ) -> anyhow::Result<Self> {
            let setting = config.sip;
            if setting.plain.is_none() && setting.secure.is_none() {
                return Ok(Self(None));
            }
            let setup = Setup {
                check_sync: setting.check_sync,
                reports: cfg!(feature = "reports"),
                problem_reports: cfg!(feature = "reports"),
                profile_needs_login: setting.profile_needs_login,
            };
            let key = key().map_err(|error| {
                let world = World(format!("SIP needs a key and gets none: {error}"));
                anyhow::Error::new(error).context(world)
            })?;
            let (asker, asked) = mpsc::channel(WAITING);
            let clock = RealClock::start(&config.time_zone)
                .map_err(|error| config.wrong("device.time_zone", error))?;
            let around = Around {
                asker,
                resolver,
                clock: Arc::new(clock),
            };
            let listen = Listen {
                plain: setting.plain,
                secure: secure(config)?,
            };
            let agent = UserAgent::new(setup, *key);
            let listener = Listener::bind(listen, agent, around, Limits::default()).await;
            let listener = listener.map_err(|error| {
                let world = World(error.to_string());
                anyhow::Error::new(error).context(world)
            })?;
            let sip = Self(Some((listener, asked)));
            for (what, address) in sip.addresses() {
                tracing::info!("listening for {what} at {address}");
            }
            Ok(sip)
        }

        /// Where is listened, by what is listened for.
        pub(crate) fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
            let listener = self.0.as_ref().map(|(listener, _)| listener);
            let plain = listener.and_then(Listener::plain);
            let secure = listener.and_then(Listener::secure);
            let plain = plain.map(|address| ("sip", address));
            let secure = secure.map(|address| ("sips", address));
            plain.into_iter().chain(secure).collect()
        }
    }

    #[async_trait]
    impl CommandSource for Sip {
        async fn next(&mut self) -> Option<Asked> {
            let (_, asked) = self.0.as_mut()?;
            asked.recv().await
        }
    }

    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    use with_tls::secure;

    /// Handshakes with the certificate of the phone.
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    mod with_tls {
        use std::io;
        use std::sync::Arc;

        use async_trait::async_trait;
        use onhook_http::Acceptor;
        use onhook_sip::{Secure, Stream};
        use tokio::net::TcpStream;

        use super::{Config, SocketAddr};
        use crate::tls::identity;

        struct Handshakes(Acceptor);

        #[async_trait]
        impl Secure for Handshakes {
            async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
                Ok(Box::new(self.0.accept(stream).await?))
            }
        }

        pub(super) fn secure(
            config: &Config,
        ) -> anyhow::Result<Option<(SocketAddr, Arc<dyn Secure>)>> {
            let Some((address, identity)) = config.sip.secure.zip(identity(config)?) else {
                return Ok(None);
            };
            let acceptor = Acceptor::new(&identity)?;
            Ok(Some((address, Arc::new(Handshakes(acceptor)))))
        }
    }

    /// A certificate is of no use without TLS, and the configuration says so.
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    #[expect(
        clippy::unnecessary_wraps,
        reason = "with TLS a certificate may be bad"
    )]
    fn secure(
        _config: &Config,
    ) -> anyhow::Result<Option<(SocketAddr, Arc<dyn onhook_sip::Secure>)>> {
        Ok(None)
    }
}

#[cfg(not(feature = "sip"))]
mod deaf {
    use std::sync::Arc;

    use async_trait::async_trait;
    use onhook_fetch::port::Resolver;
    use onhook_phone::Asked;
    use onhook_phone::port::CommandSource;

    use super::SocketAddr;
    use crate::config::Config;

    /// SIP, which this program does not know.
    pub(crate) struct Sip;

    impl Sip {
        #[expect(clippy::unused_async, reason = "with SIP it waits for sockets")]
        pub(crate) async fn open(
            _config: &Config,
            _resolver: Arc<dyn Resolver>,
        ) -> anyhow::Result<Self> {
            Ok(Self)
        }

        pub(crate) const fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
            Vec::new()
        }
    }

    #[async_trait]
    impl CommandSource for Sip {
        async fn next(&mut self) -> Option<Asked> {
            None
        }
    }
}

#[cfg(not(feature = "sip"))]
pub(crate) use deaf::Sip;
#[cfg(feature = "sip")]
pub(crate) use listening::Sip;
