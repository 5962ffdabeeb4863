//! From a host name to a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};

use onhook_fetch::port::{ResolveError, Resolver};
use onhook_fetch::{
    ErrorKind, FetchError, Service, SrvRecord, is_allowed, is_one_host, srv_name, srv_order,
};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Limits;
use crate::target::Target;

/// One server, with its addresses in the order in which they are tried, at least one.
pub(crate) struct Place {
    /// Its `host:port`, for messages.
    name: String,
    addresses: Vec<SocketAddr>,
}

impl Place {
    /// The address that is tried first.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.addresses.first().map(SocketAddr::ip)
    }
}

/// The servers of a URL in the order in which they are tried, at least one: those that SRV records name if they are to be
/// looked up, else the host itself.
pub(crate) async fn places_of(
    target: &Target,
    service: Option<Service>,
    allowed_domains: &str,
    resolver: &dyn Resolver,
) -> Result<Vec<Place>, FetchError> {
    let records = match service {
        Some(service) => services_of(target, service, resolver).await?,
        None => Vec::new(),
    };
    if records.is_empty() {
        return Ok(vec![
            place_of(target, &target.host, target.port, resolver).await?,
        ]);
    }
    let mut refused = FetchError::new(
        ErrorKind::NotAllowed,
        format!(
            "no server that the SRV records of {} name is in Restricted_Access_Domains, so nothing was sent; \
             correct the records or add the servers there",
            target.host
        ),
    );
    let mut places = Vec::new();
    //= R-RAD-2
    let allowed = |record: &SrvRecord| is_allowed(&record.target, allowed_domains);
    for record in records.into_iter().filter(allowed) {
        match place_of(target, &record.target, record.port, resolver).await {
            Ok(place) => places.push(place),
            Err(error) => {
                tracing::debug!(target = record.target, %error, "server has no address");
                refused = error;
            }
        }
    }
    match places.is_empty() {
        true => Err(refused),
        false => Ok(places),
    }
}

/// The records for a URL, in the order in which their servers are tried; none if there are none.
async fn services_of(
    target: &Target,
    service: Service,
    resolver: &dyn Resolver,
) -> Result<Vec<SrvRecord>, FetchError> {
    // An address is a server, and no domain.
    let literal = target.host.parse::<IpAddr>().is_ok();
    //= R-DNS-2
    let name = srv_name(target.scheme, &target.host).filter(|_| !literal);
    let Some(name) = name else {
        return Ok(Vec::new());
    };
    let (kind, error, remedy) = match resolver.services(&name).await {
        //= R-DNS-4
        Ok(records) => return Ok(srv_order(records, service.mode, service.seed)),
        //= R-DNS-5
        Err(ResolveError::NoAddress(_)) => return Ok(Vec::new()),
        Err(error @ ResolveError::NoServices) => {
            let remedy = "leave --srv out, or use a program that was built with the feature `dns`";
            (ErrorKind::BadUrl, error, remedy)
        }
        Err(error @ (ResolveError::Silence | ResolveError::Failed(_))) => {
            (ErrorKind::Dns, error, "check the name server of the phone")
        }
    };
    let message = format!("looking up the SRV records {name}: {error}; {remedy}");
    Err(FetchError::new(kind, message).with_source(error))
}

/// One server of a URL.
async fn place_of(
    target: &Target,
    host: &str,
    port: u16,
    resolver: &dyn Resolver,
) -> Result<Place, FetchError> {
    let name = match host == target.host {
        true => target.endpoint(),
        false => format!("{host}:{port}"),
    };
    let addresses = resolver.resolve(host).await.map_err(|error| {
        FetchError::new(
            ErrorKind::Dns,
            format!("looking up the name of {name}: {error}; check the name and the name server of the phone"),
        )
        .with_source(error)
    })?;
    let addresses: Vec<_> = addresses
        .into_iter()
        .filter(|ip| is_one_host(*ip))
        .map(|ip| SocketAddr::new(ip, port))
        .collect();
    if addresses.is_empty() {
        return Err(FetchError::new(
            ErrorKind::NotAllowed,
            format!(
                "{name} is not the address of one host, so nothing was sent; correct the rule or the name server"
            ),
        ));
    }
    Ok(Place { name, addresses })
}

/// A connection to the first address of a server that accepts one.
pub(crate) async fn connect(place: &Place, limits: &Limits) -> Result<TcpStream, FetchError> {
    let mut kind = ErrorKind::Timeout;
    let mut cause: Option<io::Error> = None;
    //= R-HTTP-18
    //= R-URL-8
    //= R-DNS-1
    for address in &place.addresses {
        match timeout(limits.connect, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                tracing::debug!(%address, %error, "address does not accept");
                kind = ErrorKind::Connect;
                cause = Some(error);
            }
            Err(_elapsed) => {
                tracing::debug!(%address, "address does not answer");
            }
        }
    }
    let tried: Vec<String> = place
        .addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    let error = FetchError::new(
        kind,
        format!(
            "connecting to {} (tried {}): no address accepted a connection; check that the server runs \
             and that no firewall stands between",
            place.name,
            tried.join(", ")
        ),
    );
    Err(match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}
