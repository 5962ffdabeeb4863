//! One transfer as a chain of requests.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use onhook_device::Secret;
use onhook_fetch::port::{Fetch, Resolver};
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Request, Scheme, is_allowed};
use tokio::time::{sleep, timeout_at};

use crate::Limits;
use crate::challenge::{Credentials, Offer};
use crate::connect::{Place, connect, places_of};
use crate::exchange::{Answer, Duplex, Question, exchange};
use crate::failure;
use crate::target::{BadLocation, Target};
#[cfg(feature = "_tls")]
use crate::tls::{self, Tls};

/// Why an `https` URL cannot be used.
const NO_TLS: &str = if cfg!(feature = "_tls") {
    "TLS is not set up"
} else {
    "this build has no TLS"
};

/// Requests of one chain that may carry credentials.
const AUTHENTICATED_TRIES: u32 = 2;

/// Fetches `http` and `https` URLs, one connection for each request.
///
/// Holds no state between transfers: neither redirects nor addresses nor credentials are remembered
/// (R-DNS-7).
//= R-HTTP-6
pub struct HttpFetch {
    resolver: Arc<dyn Resolver>,
    limits: Limits,
    #[cfg(feature = "_tls")]
    tls: Option<Arc<Tls>>,
}

impl HttpFetch {
    /// A transport with the documented limits.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self::with_limits(resolver, Limits::default())
    }

    /// A transport with other limits.
    #[must_use]
    pub fn with_limits(resolver: Arc<dyn Resolver>, limits: Limits) -> Self {
        Self {
            resolver,
            limits,
            #[cfg(feature = "_tls")]
            tls: None,
        }
    }

    /// Lets the transport fetch `https` URLs; whoever keeps a copy of the handle can change its parts.
    #[cfg(feature = "_tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    const fn speaks(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Http => true,
            #[cfg(feature = "_tls")]
            Scheme::Https => self.tls.is_some(),
            #[cfg(not(feature = "_tls"))]
            Scheme::Https => false,
            Scheme::Tftp => false,
        }
    }

    /// A connection to the first server that accepts one, and that is who it should be.
    async fn connect(
        &self,
        target: &Target,
        places: &[Place],
    ) -> Result<Box<dyn Duplex>, FetchError> {
        let mut failed = None;
        for place in places {
            match self.connect_to(target, place).await {
                Err(error) if matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout) => {
                    tracing::debug!(%error, "server does not answer");
                    failed = Some(error);
                }
                other => return other,
            }
        }
        Err(failed.unwrap_or_else(|| {
            let message = format!("connecting to {}: it has no address", target.endpoint());
            FetchError::new(ErrorKind::Dns, message)
        }))
    }

    async fn connect_to(
        &self,
        target: &Target,
        place: &Place,
    ) -> Result<Box<dyn Duplex>, FetchError> {
        let stream = connect(place, &self.limits).await?;
        #[cfg(not(feature = "_tls"))]
        let _ = target;
        #[cfg(feature = "_tls")]
        if target.scheme == Scheme::Https
            && let Some(tls) = &self.tls
        {
            //= R-TLS-3
            // The host of the URL is expected, wherever SRV records have led to.
            let stream = tls::connect(tls, stream, target, &*self.resolver, &self.limits).await?;
            return Ok(Box::new(stream));
        }
        Ok(Box::new(stream))
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
        let target = Target::of(request)?;
        if !self.speaks(target.scheme) {
            return Err(FetchError::new(
                ErrorKind::BadUrl,
                format!(
                    "https://{} cannot be fetched: {NO_TLS}; use an http URL",
                    target.endpoint()
                ),
            ));
        }
        let deadline = sleep(request.timeout).deadline();
        let overall = |_| failure::overall(&target, request.timeout);
        let domains = &request.allowed_domains;
        let lookup = places_of(&target, request.service, domains, &*self.resolver);
        let places = timeout_at(deadline, lookup)
            .await
            .unwrap_or_else(|elapsed| Err(overall(elapsed)));
        //= R-HTTP-20
        let endpoint = Endpoint {
            ip: places.as_ref().ok().and_then(|places| places.first()?.ip()),
        };
        timeout_at(deadline, sink.started(endpoint))
            .await
            .map_err(overall)?;
        let chain = Chain {
            client: self,
            request,
            origin: target.clone(),
            target: target.clone(),
            places: places?,
            visited: Vec::new(),
            redirects: 0,
            account: Credentials::of(request),
            written: None,
            authorization: None,
            authenticated: 0,
        };
        timeout_at(deadline, chain.run(sink))
            .await
            .map_err(overall)??;
        Ok(endpoint)
    }
}

struct Chain<'c> {
    client: &'c HttpFetch,
    request: &'c Request,
    /// The server that the credentials of the rule are meant for.
    origin: Target,
    target: Target,
    /// The servers of this hop.
    places: Vec<Place>,
    visited: Vec<Target>,
    redirects: u32,
    /// Credentials of the rule.
    account: Option<Credentials>,
    /// Credentials written into the URL of this hop.
    written: Option<Credentials>,
    authorization: Option<HeaderValue>,
    authenticated: u32,
}

impl Chain<'_> {
    async fn run(mut self, sink: &mut dyn BodySink) -> Result<(), FetchError> {
        let limits = &self.client.limits;
        loop {
            let stream = self.client.connect(&self.target, &self.places).await?;
            let question = Question {
                target: &self.target,
                user_agent: &self.request.user_agent,
                authorization: self.authorization.as_ref(),
                post: self.request.post.as_ref().map(Secret::expose),
                limit: self.request.limit,
                limits,
            };
            match exchange(stream, &question, sink).await? {
                Answer::Body => return Ok(()),
                Answer::Moved(location) => self.redirect(location).await?,
                Answer::Challenge(offer) => self.authenticate(offer)?,
            }
        }
    }

    /// Goes to the next URL.
    async fn redirect(&mut self, location: Option<String>) -> Result<(), FetchError> {
        let from = &self.target;
        let protocol = |what: &str| {
            FetchError::new(
                ErrorKind::Protocol,
                format!("{from} redirects, but {what}; correct the server"),
            )
        };
        //= R-HTTP-5
        let Some(location) = location else {
            return Err(protocol("without a readable Location header"));
        };
        let (next, written) = from.follow(&location).map_err(|bad| match bad {
            BadLocation::Unreadable => protocol("its Location is no URL"),
            BadLocation::Scheme => FetchError::new(
                ErrorKind::Redirects,
                format!("{from} redirects to neither http nor https; correct the server"),
            ),
            BadLocation::Downgrade => FetchError::new(
                ErrorKind::NotAllowed,
                format!("{from} redirects from https to http, which is never followed; correct the server"),
            ),
        })?;
        if !self.client.speaks(next.scheme) {
            return Err(FetchError::new(
                ErrorKind::BadUrl,
                format!("{from} redirects to https: {NO_TLS}; serve the file over http"),
            ));
        }
        let endless = |what: &str| {
            FetchError::new(
                ErrorKind::Redirects,
                format!("{from} redirects to {next}, which {what}; correct the server"),
            )
        };
        self.visited.push(from.clone());
        if self.visited.iter().any(|url| url.same_url(&next)) {
            return Err(endless("was asked before"));
        }
        //= R-RAD-2
        if !is_allowed(&next.host, &self.request.allowed_domains) {
            return Err(FetchError::new(
                ErrorKind::NotAllowed,
                format!(
                    "{from} redirects to {next}, whose server is not in Restricted_Access_Domains; \
                     correct the server or add it there"
                ),
            ));
        }
        if self.redirects == self.client.limits.redirects {
            return Err(endless("is one redirect too many"));
        }
        self.redirects += 1;
        if !next.same_origin(from) {
            let home = next.same_origin(&self.origin);
            let service = self.request.service.filter(|_| home);
            let domains = &self.request.allowed_domains;
            self.places = places_of(&next, service, domains, &*self.client.resolver).await?;
        }
        tracing::debug!(server = %next.endpoint(), "redirected");
        //= R-HTTP-10
        self.authorization = None;
        self.written = written;
        self.target = next;
        Ok(())
    }

    /// Prepares the answer to a challenge.
    fn authenticate(&mut self, offer: Offer) -> Result<(), FetchError> {
        let refused = |what: &str| {
            FetchError::new(
                ErrorKind::Auth,
                format!("{} wants credentials: {what}", self.target),
            )
        };
        //= R-HTTP-5
        let account = self
            .account
            .as_ref()
            .filter(|_| self.target.same_origin(&self.origin));
        let withheld = self.account.is_some() && account.is_none();
        let Some(credentials) = account.or(self.written.as_ref()) else {
            //= R-HTTP-8
            return Err(refused(if withheld {
                "those of the rule are not given to another server; correct the redirect"
            } else {
                "give --uid and --pwd in the rule"
            }));
        };
        //= R-HTTP-7
        if self.authenticated == AUTHENTICATED_TRIES {
            return Err(refused(
                "those given were refused; check user name and password",
            ));
        }
        if !offer.basic {
            return Err(refused(if offer.digest {
                "it offers only Digest, which is not supported yet; offer Basic"
            } else {
                "it offers no scheme that the phone knows; offer Basic"
            }));
        }
        self.authorization = credentials.basic();
        self.authenticated += 1;
        Ok(())
    }
}
