//! Names to addresses and to records.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use hickory_resolver::proto::rr::{RData, RecordType};
use onhook_fetch::SrvRecord;
use onhook_fetch::port::{ResolveError, Resolver};

use crate::ask::ask;

/// Asks name servers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DnsResolver {
    servers: Vec<SocketAddr>,
}

impl DnsResolver {
    /// A resolver that asks these name servers in this order; without any those of `/etc/resolv.conf`, as it is at the
    /// time of each lookup.
    #[must_use]
    pub const fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers }
    }
}

#[async_trait]
impl Resolver for DnsResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(literal) = host.parse() {
            return Ok(vec![literal]);
        }
        //= R-DNS-1
        //= R-HTTP-18
        let (v4, v6) = tokio::join!(
            ask(&self.servers, host, RecordType::A, address),
            ask(&self.servers, host, RecordType::AAAA, address)
        );
        match (v4, v6) {
            (Ok(mut addresses), other) => {
                addresses.extend(other.unwrap_or_default());
                Ok(addresses)
            }
            (Err(_), Ok(addresses)) => Ok(addresses),
            // That there is none of one kind says nothing while the other is not known.
            (Err(ResolveError::NoAddress(_)), Err(error)) | (Err(error), Err(_)) => Err(error),
        }
    }

    async fn services(&self, name: &str) -> Result<Vec<SrvRecord>, ResolveError> {
        ask(&self.servers, name, RecordType::SRV, service).await
    }
}

pub(crate) fn address(data: &RData) -> Option<IpAddr> {
    data.ip_addr()
}

pub(crate) fn service(data: &RData) -> Option<SrvRecord> {
    let RData::SRV(record) = data else {
        return None;
    };
    let target = record.target.to_ascii();
    Some(SrvRecord {
        priority: record.priority,
        weight: record.weight,
        port: record.port,
        target: match target.strip_suffix('.') {
            Some(host) if !host.is_empty() => host.to_owned(),
            Some(_) | None => target,
        },
    })
}
