//! From a connection to one that is believed.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use onhook_fetch::port::Resolver;
use onhook_fetch::{ErrorKind, FetchError};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::names::check_dns_of_cn;
use super::stream::TlsStream;
use super::verify::Verifier;
use super::{NameCheck, Parts, Tls, TrustTime, failure};
use crate::Limits;
use crate::exchange::Duplex;
use crate::target::Target;

/// Does the handshake and every check; nothing of the request is sent before.
pub(crate) async fn connect(
    tls: &Tls,
    (stream, peer): (Box<dyn Duplex>, IpAddr),
    target: &Target,
    resolver: &dyn Resolver,
    limits: &Limits,
) -> Result<TlsStream, FetchError> {
    let name = server_name(target)?;
    let parts = tls.parts();
    let time = tls.time.now();
    let asked = Arc::new(Asked::new(&parts));
    let config = config(tls, &parts, time, Arc::clone(&asked));
    let connector = TlsConnector::from(Arc::new(config));
    //= R-HTTP-17
    let stream = match timeout(limits.handshake, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(refused(target, &parts, &asked, error)),
        Err(_elapsed) => {
            return Err(FetchError::new(
                ErrorKind::Timeout,
                format!(
                    "TLS handshake with {}: it was not complete after {} s; check that the server speaks TLS on this \
                     port and is not overloaded",
                    target.endpoint(),
                    limits.handshake.as_secs_f64()
                ),
            ));
        }
    };
    let (_, session) = stream.get_ref();
    match parts.names {
        NameCheck::UrlHost => {}
        NameCheck::DnsOfCn => {
            let shown = session.peer_certificates().and_then(|chain| chain.first());
            let certificate = shown.map_or_else(|| (&[] as &[u8]).into(), Clone::clone);
            check_dns_of_cn(&certificate, target, peer, resolver).await?;
        }
    }
    tracing::debug!(
        server = %target.endpoint(),
        version = ?session.protocol_version(),
        client = ?asked.state(),
        "server is who it should be"
    );
    if matches!(time, TrustTime::Floor(_)) {
        //= R-TLS-7
        tracing::info!("a certificate was accepted while the clock is unset");
        tls.time.accepted_with_unset_clock(&target.endpoint());
    }
    Ok(TlsStream::new(stream, target.endpoint(), asked))
}

/// The name that the server is asked for; rustls sends it as SNI unless it is an address.
fn server_name(target: &Target) -> Result<ServerName<'static>, FetchError> {
    //= R-TLS-4
    let host = target.host.strip_suffix('.').unwrap_or(&target.host);
    ServerName::try_from(host.to_owned()).map_err(|error| {
        FetchError::new(
            ErrorKind::BadUrl,
            format!("the server name {host:?} cannot stand in a certificate; correct the URL"),
        )
        .with_source(error)
    })
}

fn config(tls: &Tls, parts: &Parts, time: TrustTime, asked: Arc<Asked>) -> ClientConfig {
    let mut config = tls.base.clone();
    let verifier = Verifier::new(
        Arc::clone(config.crypto_provider()),
        Arc::clone(parts.trust.store()),
        parts.names,
        time,
    );
    config
        .dangerous()
        .set_certificate_verifier(Arc::new(verifier));
    config.client_auth_cert_resolver = asked;
    config
}

fn refused(target: &Target, parts: &Parts, asked: &Asked, error: io::Error) -> FetchError {
    if parts.trust.is_empty() && failure::is_unknown_issuer(&error) {
        return failure::trusts_nobody(target);
    }
    failure::handshake(target, asked.state(), &error).with_source(error)
}

/// Whether the server wanted to know who the phone is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ClientAuth {
    /// It did not ask.
    Unasked,
    /// It asked, and there is no certificate.
    Empty,
    /// It asked and was shown a certificate.
    Shown,
}

/// Answers a server that asks, and remembers that it did.
pub(super) struct Asked {
    key: Option<Arc<CertifiedKey>>,
    state: AtomicU8,
}

impl Asked {
    fn new(parts: &Parts) -> Self {
        Self {
            key: parts.identity.as_ref().map(super::Identity::certified_key),
            state: AtomicU8::new(0),
        }
    }

    pub(super) fn state(&self) -> ClientAuth {
        match self.state.load(Ordering::Relaxed) {
            0 => ClientAuth::Unasked,
            1 => ClientAuth::Empty,
            _ => ClientAuth::Shown,
        }
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        //= R-TLS-5
        let state = if self.key.is_some() { 2 } else { 1 };
        self.state.store(state, Ordering::Relaxed);
        self.key.clone()
    }

    // Always, so that being asked is noticed without a certificate too.
    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.state()).finish()
    }
}
