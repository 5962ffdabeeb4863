//! Names to addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Turns the name of a log server into its address.
///
/// Address literals never get here.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The address to send to.
    ///
    /// # Errors
    /// The name does not exist, or no name server answered.
    async fn resolve(&self, host: &str) -> io::Result<IpAddr>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<IpAddr> {
        let mut addresses = tokio::net::lookup_host((host, 0)).await?;
        let first = addresses.next().ok_or(io::ErrorKind::NotFound)?;
        Ok(first.ip())
    }
}
