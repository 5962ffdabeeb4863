//! The way through a proxy.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use onhook_fetch::{ErrorKind, FetchError, Proxy};

use crate::Limits;
use crate::challenge::{Asker, Credentials, Offer};
use crate::connect::Peer;
use crate::exchange::{Duplex, Line, header_text, offer};
use crate::failure;
use crate::sent::Pieces;
use crate::target::Target;

/// The proxy of one transfer, and what it has asked for so far.
pub(crate) struct Via {
    host: String,
    port: u16,
    account: Option<Credentials>,
    asker: Asker,
}

impl Via {
    /// A build with another `Via` has no way through this one.
    pub(crate) fn of(proxy: &Proxy) -> Result<Self, FetchError> {
        Ok(Self {
            host: proxy.host.clone(),
            port: proxy.port,
            account: Credentials::of(proxy.user.as_ref(), proxy.password.as_ref()),
            asker: Asker::default(),
        })
    }

    pub(crate) fn peer(&self) -> Peer<'_> {
        Peer {
            role: "the proxy ",
            host: &self.host,
            port: self.port,
        }
    }

    /// Takes a challenge; why not, if it cannot be answered.
    pub(crate) fn challenged(&mut self, offer: Offer) -> Result<(), &'static str> {
        if self.account.is_none() {
            return Err(
                "set Proxy_Server_Requires_Authentication, Proxy_Username and Proxy_Password",
            );
        }
        self.asker.challenged(offer)
    }

    /// The answer to its last challenge.
    pub(crate) fn authorization(
        &mut self,
        request: (&str, &str),
        cnonce: impl FnOnce() -> String,
    ) -> Option<HeaderValue> {
        self.asker.answer(self.account.as_ref()?, request, cnonce)
    }
}

/// What a tunnel is wanted for.
pub(crate) struct Wanted<'w> {
    pub(crate) target: &'w Target,
    pub(crate) proxy: Peer<'w>,
    pub(crate) user_agent: &'w str,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) limits: &'w Limits,
}

/// What a proxy says.
pub(crate) enum Tunnel {
    /// What is sent from now on reaches the server.
    Open(Box<dyn Duplex>),
    /// Ask with credentials.
    Challenge(Offer),
}

/// Asks a proxy for a tunnel to the server (RFC 9110, 9.3.6).
pub(crate) async fn tunnel(
    stream: Box<dyn Duplex>,
    wanted: Wanted<'_>,
) -> Result<Tunnel, FetchError> {
    let Wanted {
        target,
        proxy,
        user_agent,
        authorization,
        limits,
    } = wanted;
    let server = target.endpoint();
    let mut request = http::Request::new(Pieces::of(Bytes::new()));
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = server.parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.extend(header_text(&server).map(|v| (header::HOST, v)));
    headers.extend(header_text(user_agent).map(|v| (header::USER_AGENT, v)));
    headers.extend(authorization.map(|v| (header::PROXY_AUTHORIZATION, v)));
    let failed = |error| failure::in_tunnel(&proxy, &server, error);
    let (mut sender, mut line) = Line::new(stream, request.body(), limits)
        .await
        .map_err(failed)?;
    let response = line
        .drive(sender.send_request(request))
        .await
        .map_err(|error| failed(line.cause(error)))?;
    let status = response.status();
    tracing::debug!(%proxy, status = status.as_u16(), "answer to CONNECT");
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Ok(Tunnel::Challenge(offer(
            &response,
            header::PROXY_AUTHENTICATE,
        )));
    }
    if !status.is_success() {
        return Err(FetchError::new(
            ErrorKind::HttpStatus(status.as_u16()),
            format!(
                "asking {proxy} for a connection to {server}: it answered with status {status}; look into its log, \
                 and whether it lets the phone through"
            ),
        ));
    }
    let parts = line.connection.into_parts();
    if !parts.read_buf.is_empty() {
        return Err(FetchError::new(
            ErrorKind::Protocol,
            format!(
                "{proxy} sends bytes of {server} before it was asked; check what listens there"
            ),
        ));
    }
    Ok(Tunnel::Open(parts.io.into_inner().into_inner()))
}
