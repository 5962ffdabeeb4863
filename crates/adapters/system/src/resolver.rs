//! Names to addresses, as the operating system sees them.

use std::io;
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

/// The [`Resolver`] of the operating system, which has no SRV records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(literal) = host.parse() {
            return Ok(vec![literal]);
        }
        let found = patiently(|| lookup_host((host, 0))).await?;
        let mut addresses = Vec::new();
        for address in found.map(|address| address.ip()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(ResolveError::NoAddress(None));
        }
        Ok(addresses)
    }
}

/// Asks again when there is no answer in time.
async fn patiently<Lookup, Found>(ask: impl Fn() -> Lookup) -> Result<Found, ResolveError>
where
    Lookup: Future<Output = io::Result<Found>>,
{
    //= R-HTTP-17
    for _ in 0..TRIES {
        if let Ok(found) = timeout(WAIT, ask()).await {
            return found.map_err(|error| ResolveError::NoAddress(Some(error.into())));
        }
    }
    Err(ResolveError::Silence)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use tokio::time::Instant;

    use super::*;

    //= R-HTTP-17 type=test
    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_stays_silent_is_asked_twice_for_five_seconds() {
        let (start, asked) = (Instant::now(), Cell::new(0));
        let result = patiently(|| {
            asked.set(asked.get() + 1);
            pending::<io::Result<()>>()
        });
        assert!(matches!(result.await, Err(ResolveError::Silence)));
        assert_eq!((start.elapsed().as_secs(), asked.get()), (10, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_does_not_exist_is_not_asked_for_again() {
        let asked = Cell::new(0);
        let result = patiently(|| {
            asked.set(asked.get() + 1);
            ready(match asked.get() {
                1 => Err(io::ErrorKind::NotFound.into()),
                _ => Ok(()),
            })
        });
        assert!(matches!(
            result.await,
            Err(ResolveError::NoAddress(Some(_)))
        ));
        assert_eq!(asked.get(), 1);
    }
}
