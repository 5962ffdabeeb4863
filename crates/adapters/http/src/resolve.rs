//! Names to addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Turns a host name into its addresses.
///
/// Address literals never get here. An empty list means that the name has no address.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The addresses in the order in which they are tried.
    ///
    /// # Errors
    /// The name does not exist, or no name server answered.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut addresses = Vec::new();
        for address in tokio::net::lookup_host((host, 0)).await? {
            if !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        Ok(addresses)
    }
}
