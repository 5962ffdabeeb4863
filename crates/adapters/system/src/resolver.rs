//! Names to addresses, as the operating system sees them.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::{ResolveError, Resolver};
use tokio::net::lookup_host;
use tokio::time::timeout;

/// Longest wait for one try.
const WAIT: Duration = Duration::from_secs(5);
/// Tries of a lookup that is not answered in time.
const TRIES: u32 = 2;

/// The [`Resolver`] of the operating system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(literal) = host.parse() {
            return Ok(vec![literal]);
        }
        //= R-HTTP-17
        for _ in 0..TRIES {
            let Ok(found) = timeout(WAIT, lookup_host((host, 0))).await else {
                continue;
            };
            let found = found.map_err(|error| ResolveError::NoAddress(Some(error.into())))?;
            let mut addresses = Vec::new();
            for address in found.map(|address| address.ip()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            if addresses.is_empty() {
                return Err(ResolveError::NoAddress(None));
            }
            return Ok(addresses);
        }
        Err(ResolveError::Silence)
    }
}
