//! Names, as the configuration and IP_Mode have them.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use onhook_discovery::Learned;
use onhook_fetch::port::{ResolveError, Resolver};
use onhook_fetch::{IpMode, SrvRecord};

use crate::config::Config;

/// The port of a name server.
#[cfg(feature = "dns")]
const PORT: u16 = 53;

/// The resolver of everything that looks up names; what it does may change while the phone runs.
pub(crate) struct Names {
    now: RwLock<(Arc<dyn Resolver>, IpMode)>,
}

impl Names {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            now: RwLock::new((resolver(config, &Learned::default()), IpMode::default())),
        }
    }

    /// Asks the name servers of the configuration or, without any there, of the network from now on.
    pub(crate) fn ask(&self, config: &Config, learned: &Learned) {
        let resolver = resolver(config, learned);
        self.now.write().unwrap_or_else(PoisonError::into_inner).0 = resolver;
    }

    /// Gives addresses of these kinds alone from now on.
    pub(crate) fn restrict(&self, mode: IpMode) {
        self.now.write().unwrap_or_else(PoisonError::into_inner).1 = mode;
    }

    fn now(&self) -> (Arc<dyn Resolver>, IpMode) {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&now.0), now.1)
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let (resolver, mode) = self.now();
        let mut addresses = resolver.resolve(host).await?;
        //= R-HTTP-18
        // Who writes an address means it.
        if host.parse::<IpAddr>().is_err() {
            addresses.retain(|ip| mode.takes(*ip));
        }
        match addresses.is_empty() {
            true => Err(ResolveError::NoAddress(None)),
            false => Ok(addresses),
        }
    }

    async fn services(&self, name: &str) -> Result<Vec<SrvRecord>, ResolveError> {
        self.now().0.services(name).await
    }
}

#[cfg(feature = "dns")]
fn resolver(config: &Config, learned: &Learned) -> Arc<dyn Resolver> {
    let mut servers = config.dns.servers.clone();
    if servers.is_empty() {
        let told = learned.name_servers().into_iter();
        servers = told.map(|ip| (ip, PORT).into()).collect();
    }
    Arc::new(onhook_dns::DnsResolver::new(servers))
}

/// The configuration names no servers of its own in this build.
#[cfg(not(feature = "dns"))]
fn resolver(_config: &Config, _learned: &Learned) -> Arc<dyn Resolver> {
    Arc::new(onhook_system::SystemResolver)
}

/// The domain of the configuration or, without one there, of the network.
pub(crate) fn domain_of(config: &Config, learned: &Learned) -> Option<String> {
    match config.dns.domain.as_str() {
        "" => learned.domain(),
        domain => Some(domain.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives every name an address of either kind.
    struct Both;

    #[async_trait]
    impl Resolver for Both {
        async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
            Ok(match host.parse() {
                Ok(literal) => vec![literal],
                Err(_) => vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            })
        }
    }

    //= R-HTTP-18 type=test
    #[tokio::test]
    async fn ip_mode_says_which_addresses_of_a_name_count() {
        let names = Names {
            now: RwLock::new((Arc::new(Both), IpMode::Dual)),
        };
        for (mode, addresses) in [
            (IpMode::Dual, &["192.0.2.1", "2001:db8::1"][..]),
            (IpMode::V4, &["192.0.2.1"]),
            (IpMode::V6, &["2001:db8::1"]),
        ] {
            names.restrict(mode);
            let found = names.resolve("h").await.unwrap();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, addresses, "{mode:?}");
            // An address in a rule is not the business of names.
            let literal = names.resolve("192.0.2.9").await.unwrap();
            assert_eq!(literal, ["192.0.2.9".parse::<IpAddr>().unwrap()]);
        }
    }
}
