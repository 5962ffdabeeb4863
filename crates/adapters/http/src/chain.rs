//! Redirects, challenges and the way to each server of one transfer.

use std::sync::Arc;

use http::HeaderValue;
use onhook_fetch::{ErrorKind, FetchError, Scheme, is_allowed};

use crate::HttpFetch;
use crate::challenge::{Asker, Credentials, Offer};
use crate::client::NO_TLS;
use crate::connect::{Place, connect};
use crate::errand::{Errand, Told};
use crate::exchange::{Answer, Duplex, Form, Question, exchange};
use crate::proxy::Via;
#[cfg(feature = "proxy")]
use crate::proxy::{Tunnel, Wanted, tunnel};
use crate::services::{Named, named, places};
use crate::target::{BadLocation, Target};

/// The requests of one transfer.
pub(crate) struct Chain<'c> {
    client: &'c HttpFetch,
    request: &'c Errand<'c>,
    /// The server that the credentials of the rule are meant for.
    origin: Target,
    target: Target,
    /// The proxy on the way to every server.
    via: Option<Via>,
    /// The proxy if there is one, else the servers of this hop.
    places: Arc<[Place]>,
    /// The server that SRV records name, if a proxy is to be asked for it.
    behind_proxy: Option<Named>,
    visited: Vec<Target>,
    redirects: u32,
    /// Credentials of the rule.
    account: Option<Credentials>,
    /// The account of the phone, which counts while the rule has no credentials.
    stored: Option<Credentials>,
    /// Credentials written into the URL of this hop.
    written: Option<Credentials>,
    /// The server, while it wants to know who asks.
    server: Asker,
}

impl<'c> Chain<'c> {
    pub(crate) fn new(
        client: &'c HttpFetch,
        request: &'c Errand<'c>,
        target: Target,
        via: Option<Via>,
        (places, behind_proxy): (Vec<Place>, Option<Named>),
    ) -> Self {
        Self {
            client,
            request,
            origin: target.clone(),
            target,
            via,
            places: places.into(),
            behind_proxy,
            visited: Vec::new(),
            redirects: 0,
            account: Credentials::of(request.user, request.password),
            stored: request
                .account
                .and_then(|stored| Credentials::of(Some(&stored.user), Some(&stored.password))),
            written: None,
            server: Asker::default(),
        }
    }

    pub(crate) async fn run(mut self, mut told: Told<'_>) -> Result<(), FetchError> {
        let limits = &self.client.limits;
        loop {
            let Some(stream) = self.open().await? else {
                continue;
            };
            let authorization = self.authorization();
            let proxy_authorization = self.proxy_authorization();
            let behind_proxy = self.behind_proxy.as_ref();
            let forwarded = behind_proxy.filter(|_| self.is_forwarded());
            let target = self.target.on(forwarded);
            let question = Question {
                target: &target,
                form: if self.is_forwarded() {
                    Form::Absolute
                } else {
                    Form::Origin
                },
                errand: self.request,
                authorization: authorization.as_ref(),
                proxy_authorization: proxy_authorization.as_ref(),
                header: self
                    .request
                    .header
                    .as_ref()
                    .filter(|_| self.target.same_origin(&self.origin)),
                limits,
            };
            match exchange(stream, &question, &mut told).await? {
                Answer::Done => return Ok(()),
                Answer::Moved(location) => self.redirect(location).await?,
                Answer::Challenge(offer) => self.authenticate(offer)?,
                Answer::ProxyChallenge(offer) => self.authenticate_to_proxy(offer)?,
            }
        }
    }

    /// A connection to the server, perhaps through the proxy; `None` once the proxy has asked who wants it.
    async fn open(&mut self) -> Result<Option<Box<dyn Duplex>>, FetchError> {
        let places = Arc::clone(&self.places);
        let mut failed = None;
        for place in &*places {
            match self.open_at(place).await {
                Err(error) if matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout) => {
                    tracing::debug!(%error, "server does not answer");
                    failed = Some(error);
                }
                other => return other,
            }
        }
        Err(failed.unwrap_or_else(|| FetchError::new(ErrorKind::Dns, "there is no server")))
    }

    async fn open_at(&mut self, place: &Place) -> Result<Option<Box<dyn Duplex>>, FetchError> {
        let limits = &self.client.limits;
        #[cfg_attr(
            not(feature = "proxy"),
            expect(unused_mut, reason = "only a tunnel replaces it")
        )]
        let (mut stream, address) = connect(place, self.client.origin(), limits).await?;
        //= R-PROXY-1
        #[cfg(feature = "proxy")]
        if let Some(via) = &mut self.via
            && self.target.scheme == Scheme::Https
        {
            let server = self.target.on(self.behind_proxy.as_ref());
            let authorization = via.authorization(("CONNECT", &server.endpoint()), || {
                self.client.chance.nonce()
            });
            let user_agent = self.request.user_agent;
            let wanted = Wanted {
                target: &server,
                proxy: via.peer(),
                user_agent,
                authorization,
                limits,
            };
            stream = match tunnel(stream, wanted).await? {
                Tunnel::Open(stream) => stream,
                Tunnel::Challenge(offer) => {
                    self.authenticate_to_proxy(offer)?;
                    return Ok(None);
                }
            };
        }
        let believed = self.client.believe((stream, address), &self.target);
        believed.await.map(Some)
    }

    /// Whether the proxy reads the request and asks the server itself.
    const fn is_forwarded(&self) -> bool {
        self.via.is_some() && matches!(self.target.scheme, Scheme::Http)
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
        if !is_allowed(&next.host, self.request.allowed_domains) {
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
        let resolver = &*self.client.resolver;
        if !next.same_origin(from) {
            let named = match next.same_origin(&self.origin) {
                true => named(&next, self.request, resolver).await?,
                false => Vec::new(),
            };
            // A proxy looks up addresses itself.
            match self.via {
                Some(_) => self.behind_proxy = named.into_iter().next(),
                None => self.places = places(&next, &named, resolver).await?.into(),
            }
        }
        tracing::debug!(server = %next.endpoint(), "redirected");
        //= R-HTTP-10
        self.server.forget();
        self.written = written;
        self.target = next;
        Ok(())
    }

    /// The credentials for the server of this hop; only the first server gets those of the rule and of the phone.
    fn credentials(&self) -> Option<&Credentials> {
        //= R-HTTP-5
        let at_home = self.target.same_origin(&self.origin);
        let account = self.account.as_ref().filter(|_| at_home);
        //= R-HTTP-8
        let stored = self.stored.as_ref();
        let stored = stored.filter(|_| at_home && self.account.is_none());
        //= R-HTTP-7
        account.or(self.written.as_ref()).or(stored)
    }

    /// The answer to the last challenge of the server.
    fn authorization(&mut self) -> Option<HeaderValue> {
        let mut server = std::mem::take(&mut self.server);
        let request = (self.request.method.as_str(), self.target.path.as_str());
        let header = self.credentials().and_then(|credentials| {
            server.answer(credentials, request, || self.client.chance.nonce())
        });
        self.server = server;
        header
    }

    /// The answer to the last challenge of a proxy that reads the request.
    fn proxy_authorization(&mut self) -> Option<HeaderValue> {
        if !self.is_forwarded() {
            return None;
        }
        let request = (self.request.method.as_str(), self.target.path.as_str());
        let via = self.via.as_mut()?;
        via.authorization(request, || self.client.chance.nonce())
    }

    /// Prepares the answer to a challenge.
    fn authenticate(&mut self, offer: Offer) -> Result<(), FetchError> {
        let withheld = self.account.is_some() || self.stored.is_some();
        let answerable = match self.credentials() {
            Some(_) => self.server.challenged(offer),
            //= R-HTTP-8
            None if withheld => {
                Err("those of the phone are not given to another server; correct the redirect")
            }
            None => Err("give --uid and --pwd in the rule"),
        };
        answerable.map_err(|why| {
            FetchError::new(
                ErrorKind::Auth,
                format!("{} wants credentials: {why}", self.target),
            )
        })
    }

    /// Prepares the answer to a challenge of the proxy.
    fn authenticate_to_proxy(&mut self, offer: Offer) -> Result<(), FetchError> {
        let Some(via) = &mut self.via else {
            return Ok(());
        };
        //= R-PROXY-2
        via.challenged(offer).map_err(|why| {
            FetchError::new(
                ErrorKind::ProxyAuth,
                format!("{} wants credentials: {why}", via.peer()),
            )
        })
    }
}
