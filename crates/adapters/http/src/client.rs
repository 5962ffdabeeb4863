//! One transfer as a chain of requests.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_fetch::port::{Fetch, Resolver};
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Request, Scheme, is_allowed};
use tokio::time::{sleep, timeout_at};

use crate::Limits;
use crate::chain::Chain;
use crate::chance::Chance;
use crate::connect::Place;
use crate::errand::{Errand, Told};
use crate::exchange::Duplex;
use crate::failure;
use crate::proxy::Via;
use crate::services::{named, places};
use crate::target::Target;
#[cfg(feature = "_tls")]
use crate::tls::{self, Tls};

/// Why an `https` URL cannot be used.
pub(crate) const NO_TLS: &str = if cfg!(feature = "_tls") {
    "TLS is not set up"
} else {
    "this build has no TLS"
};

/// Fetches from `http` and `https` URLs and uploads to them, one connection for each request.
///
/// Holds no state between transfers: neither redirects nor addresses nor credentials are remembered
/// (R-DNS-7).
//= R-HTTP-6
pub struct HttpFetch {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) chance: Chance,
    pub(crate) limits: Limits,
    #[cfg(feature = "_tls")]
    tls: Option<Arc<Tls>>,
    /// Where connections come from; `None` for what the system chooses.
    #[cfg(feature = "origin")]
    origin: Option<IpAddr>,
}

impl HttpFetch {
    /// A transport with the documented limits.
    ///
    /// The seed makes the nonces with which Digest challenges are answered.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>, seed: u64) -> Self {
        Self::with_limits(resolver, seed, Limits::default())
    }

    /// A transport with other limits.
    #[must_use]
    pub fn with_limits(resolver: Arc<dyn Resolver>, seed: u64, limits: Limits) -> Self {
        Self {
            resolver,
            chance: Chance::new(seed),
            limits,
            #[cfg(feature = "_tls")]
            tls: None,
            #[cfg(feature = "origin")]
            origin: None,
        }
    }

    /// Lets the transport fetch `https` URLs; whoever keeps a copy of the handle can change its parts.
    #[cfg(feature = "_tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Lets connections come from an address of this host; servers whose addresses are of the other kind cannot be reached then.
    #[cfg(feature = "origin")]
    #[must_use]
    pub const fn from_address(mut self, origin: IpAddr) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Where connections come from; `None` for what the system chooses.
    pub(crate) const fn origin(&self) -> Option<IpAddr> {
        #[cfg(feature = "origin")]
        return self.origin;
        #[cfg(not(feature = "origin"))]
        None
    }

    pub(crate) const fn speaks(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Http => true,
            #[cfg(feature = "_tls")]
            Scheme::Https => self.tls.is_some(),
            #[cfg(not(feature = "_tls"))]
            Scheme::Https => false,
            Scheme::Tftp => false,
        }
    }

    /// Lets TLS make sure, if the URL wants it, that the server is who it should be.
    #[cfg_attr(
        not(feature = "_tls"),
        expect(clippy::unused_async, reason = "only TLS has to wait")
    )]
    pub(crate) async fn believe(
        &self,
        (stream, peer): (Box<dyn Duplex>, IpAddr),
        target: &Target,
    ) -> Result<Box<dyn Duplex>, FetchError> {
        #[cfg(feature = "_tls")]
        if target.scheme == Scheme::Https
            && let Some(tls) = &self.tls
        {
            //= R-TLS-3
            // The host of the URL is expected, wherever SRV records have led to.
            let stream =
                tls::connect(tls, (stream, peer), target, &*self.resolver, &self.limits).await?;
            return Ok(Box::new(stream));
        }
        #[cfg(not(feature = "_tls"))]
        let _ = (peer, target);
        Ok(stream)
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    /// A URL that this transport cannot use is refused before `started`: nothing was asked for.
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        self.carry_out(&Errand::fetch(request), Told::Sink(sink))
            .await
    }
}

impl HttpFetch {
    /// One transfer, in or out.
    pub(crate) async fn carry_out(
        &self,
        request: &Errand<'_>,
        mut told: Told<'_>,
    ) -> Result<Endpoint, FetchError> {
        let target = Target::of(request.scheme, request.host, request.port, request.path)?;
        if !self.speaks(target.scheme) {
            return Err(FetchError::new(
                ErrorKind::BadUrl,
                format!(
                    "{} https://{} cannot be done: {NO_TLS}; use an http URL",
                    request.doing.verb(),
                    target.endpoint()
                ),
            ));
        }
        let deadline = sleep(request.timeout).deadline();
        let overall = |_| failure::overall(request.doing, &target, request.timeout);
        let via = request.proxy.map(Via::of).transpose()?;
        //= R-DOM-1
        if let Some(via) = &via
            && !is_allowed(via.peer().host, request.allowed_domains)
        {
            return Err(FetchError::new(
                ErrorKind::NotAllowed,
                format!(
                    "{} is not in Restricted_Access_Domains; add it there, or use no proxy",
                    via.peer()
                ),
            ));
        }
        let resolver = &*self.resolver;
        let lookup = async {
            let named = named(&target, request, resolver).await?;
            Ok(match &via {
                //= R-PROXY-1
                Some(via) => (
                    vec![Place::of(via.peer(), resolver).await?],
                    named.into_iter().next(),
                ),
                None => (places(&target, &named, resolver).await?, None),
            })
        };
        let way = timeout_at(deadline, lookup)
            .await
            .unwrap_or_else(|elapsed| Err(overall(elapsed)));
        //= R-HTTP-20
        let endpoint = Endpoint {
            ip: way
                .as_ref()
                .ok()
                .and_then(|(places, _)| places.first()?.ip()),
        };
        timeout_at(deadline, told.started(endpoint))
            .await
            .map_err(overall)?;
        let chain = Chain::new(self, request, target.clone(), via, way?);
        timeout_at(deadline, chain.run(told))
            .await
            .map_err(overall)??;
        Ok(endpoint)
    }
}
