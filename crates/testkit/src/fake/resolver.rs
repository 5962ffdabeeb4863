//! Names without a network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use onhook_fetch::SrvRecord;
use onhook_fetch::port::{ResolveError, Resolver};

use super::lock;

/// A [`Resolver`] that knows the names a test gives it, and what it was asked.
#[derive(Default)]
pub struct FakeResolver {
    names: Mutex<BTreeMap<String, Vec<IpAddr>>>,
    services: BTreeMap<String, Vec<SrvRecord>>,
    silent: bool,
    asked: Mutex<Vec<String>>,
}

impl FakeResolver {
    /// A resolver that knows no name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a name its addresses.
    #[must_use]
    pub fn with(self, name: &str, addresses: &[IpAddr]) -> Self {
        self.tell(name, addresses);
        self
    }

    /// Gives a name other addresses; without any it does not exist.
    pub fn tell(&self, name: &str, addresses: &[IpAddr]) {
        lock(&self.names).insert(name.to_owned(), addresses.to_vec());
    }

    /// Gives a name an SRV record more: priority, weight, port, target.
    #[must_use]
    pub fn with_service(mut self, name: &str, record: (u16, u16, u16, &str)) -> Self {
        let (priority, weight, port, target) = record;
        let target = target.to_owned();
        self.services
            .entry(name.to_owned())
            .or_default()
            .push(SrvRecord {
                priority,
                weight,
                port,
                target,
            });
        self
    }

    /// A resolver whose name server never answers.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            silent: true,
            ..Self::default()
        }
    }

    /// The names that were asked for, in order; literals are not asked for.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl Resolver for FakeResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(literal) = host.parse() {
            return Ok(vec![literal]);
        }
        lock(&self.asked).push(host.to_owned());
        if self.silent {
            return Err(ResolveError::Silence);
        }
        match lock(&self.names).get(host) {
            Some(addresses) if !addresses.is_empty() => Ok(addresses.clone()),
            Some(_) | None => Err(ResolveError::NoAddress(None)),
        }
    }

    async fn services(&self, name: &str) -> Result<Vec<SrvRecord>, ResolveError> {
        lock(&self.asked).push(name.to_owned());
        if self.silent {
            return Err(ResolveError::Silence);
        }
        match self.services.get(name) {
            Some(records) => Ok(records.clone()),
            None => Err(ResolveError::NoAddress(None)),
        }
    }
}
