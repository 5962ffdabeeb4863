//! What a server shows, and whom it lets in.

#[path = "made.rs"]
mod made;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use onhook_device::Secret;
use onhook_http::{Identity, TrustAnchors, crypto_provider};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::config::{Certificate, Https};
use crate::error::ServeError;
use crate::fault::TlsFault;

/// What it takes to accept TLS.
pub(crate) struct Setup {
    pub(crate) acceptors: Acceptors,
    /// Certificate of the authority that was made, in PEM.
    pub(crate) authority: Option<String>,
}

/// Those who do handshakes, each with a certificate of its own.
pub(crate) struct Acceptors {
    usual: TlsAcceptor,
    bad: Vec<(TlsFault, TlsAcceptor)>,
}

impl Acceptors {
    /// The one for a fault, and the usual one for a fault that needs no certificate.
    pub(crate) fn get(&self, fault: Option<TlsFault>) -> &TlsAcceptor {
        let bad = self.bad.iter().find(|(of, _)| Some(*of) == fault);
        bad.map_or(&self.usual, |(_, acceptor)| acceptor)
    }
}

/// The certificates of a server.
struct Shown {
    usual: Identity,
    bad: Vec<(TlsFault, Identity)>,
    /// Certificate of the authority that was made, in PEM.
    authority: Option<String>,
}

/// Reads or makes certificates.
pub(crate) fn set_up(https: &Https) -> Result<Setup, ServeError> {
    let shown = match &https.certificate {
        Certificate::Made { names } => made::shown(names, https.address.ip())?,
        Certificate::Files { certificate, key } => Shown {
            usual: from_files(certificate, key)?,
            bad: vec![(TlsFault::SelfSigned, made::self_signed(&[], "localhost")?)],
            authority: None,
        },
    };
    let provider = crypto_provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(ServeError::Tls)?;
    let builder = match &https.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let anchors =
                TrustAnchors::from_pem(&read(path)?).map_err(|source| ServeError::ClientCa {
                    path: path.clone(),
                    source,
                })?;
            let roots = Arc::clone(anchors.store());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(no_verifier)?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let Shown {
        usual,
        bad,
        authority,
    } = shown;
    let acceptor = |identity: Identity| {
        let shown = SingleCertAndKey::from(identity.certified_key());
        let mut config = builder.clone().with_cert_resolver(Arc::new(shown));
        // A phone comes again hours later; a ticket would only be one more thing on the wire.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        TlsAcceptor::from(Arc::new(config))
    };
    Ok(Setup {
        acceptors: Acceptors {
            usual: acceptor(usual),
            bad: bad
                .into_iter()
                .map(|(fault, identity)| (fault, acceptor(identity)))
                .collect(),
        },
        authority,
    })
}

fn no_verifier(error: VerifierBuilderError) -> ServeError {
    ServeError::Tls(Error::General(error.to_string()))
}

fn from_files(certificate: &Path, key: &Path) -> Result<Identity, ServeError> {
    let secret = Secret::new(read(key)?);
    Identity::from_pem(&read(certificate)?, &secret).map_err(|source| ServeError::Certificate {
        certificate: certificate.to_path_buf(),
        key: key.to_path_buf(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    fs::read(path).map_err(|source| ServeError::TlsFile {
        path: path.to_path_buf(),
        source,
    })
}
