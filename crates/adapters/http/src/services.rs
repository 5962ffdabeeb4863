//! Servers that SRV records name.

use std::net::IpAddr;

#[cfg(feature = "srv")]
use onhook_fetch::port::ResolveError;
use onhook_fetch::port::Resolver;
use onhook_fetch::{ErrorKind, FetchError};
#[cfg(feature = "srv")]
use onhook_fetch::{Service, SrvRecord, is_allowed, srv_name, srv_order};

use crate::connect::{Peer, Place};
use crate::errand::Errand;
use crate::target::Target;

/// What helps when a program looks up no SRV records.
const NO_SRV: &str = "leave --srv out, or use a program that was built with the feature `dns`";

/// A server that a record names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// Its host name.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The servers that SRV records name for a URL, in the order in which they are tried; none if the host itself is the server.
/// Only the server of the rule is looked up so.
pub(crate) async fn named(
    target: &Target,
    request: &Errand<'_>,
    resolver: &dyn Resolver,
) -> Result<Vec<Named>, FetchError> {
    // An address is a server, and no domain.
    let literal = || target.host.parse::<IpAddr>().is_ok();
    let Some(service) = request.service.filter(|_| !literal()) else {
        return Ok(Vec::new());
    };
    #[cfg(not(feature = "srv"))]
    {
        let _ = (service, resolver);
        Err(FetchError::new(
            ErrorKind::BadUrl,
            format!(
                "looking up the SRV records of {}: this program looks up none; {NO_SRV}",
                target.host
            ),
        ))
    }
    #[cfg(feature = "srv")]
    {
        let records = records(target, service, resolver).await?;
        let some = !records.is_empty();
        //= R-RAD-2
        let allowed = |record: &SrvRecord| is_allowed(&record.target, request.allowed_domains);
        let allowed = records.into_iter().filter(allowed);
        let named: Vec<Named> = allowed
            .map(|record| Named {
                host: record.target,
                port: record.port,
            })
            .collect();
        if some && named.is_empty() {
            return Err(FetchError::new(
                ErrorKind::NotAllowed,
                format!(
                    "no server that the SRV records of {} name is in Restricted_Access_Domains, so nothing was \
                     sent; correct the records or add the servers there",
                    target.host
                ),
            ));
        }
        Ok(named)
    }
}

/// The records for a URL, in the order in which their servers are tried; none if there are none.
#[cfg(feature = "srv")]
async fn records(
    target: &Target,
    service: Service,
    resolver: &dyn Resolver,
) -> Result<Vec<SrvRecord>, FetchError> {
    //= R-DNS-2
    let Some(name) = srv_name(target.scheme, &target.host) else {
        return Ok(Vec::new());
    };
    let (kind, error, remedy) = match resolver.services(&name).await {
        //= R-DNS-4
        Ok(records) => return Ok(srv_order(records, service.mode, service.seed)),
        //= R-DNS-5
        Err(ResolveError::NoAddress(_)) => return Ok(Vec::new()),
        Err(error @ ResolveError::NoServices) => (ErrorKind::BadUrl, error, NO_SRV),
        Err(error @ (ResolveError::Silence | ResolveError::Failed(_))) => {
            (ErrorKind::Dns, error, "check the name server of the phone")
        }
    };
    let message = format!("looking up the SRV records {name}: {error}; {remedy}");
    Err(FetchError::new(kind, message).with_source(error))
}

/// The addresses of the servers of a URL, at least one: those that records name, else the host itself.
pub(crate) async fn places(
    target: &Target,
    named: &[Named],
    resolver: &dyn Resolver,
) -> Result<Vec<Place>, FetchError> {
    if named.is_empty() {
        return Ok(vec![Place::of(target.peer(), resolver).await?]);
    }
    let mut places = Vec::new();
    let mut failed = None;
    for Named { host, port } in named {
        let peer = Peer {
            role: "",
            host,
            port: *port,
        };
        match Place::of(peer, resolver).await {
            Ok(place) => places.push(place),
            Err(error) => {
                tracing::debug!(server = %peer, %error, "server has no address");
                failed = Some(error);
            }
        }
    }
    match failed.filter(|_| places.is_empty()) {
        Some(error) => Err(error),
        None => Ok(places),
    }
}
