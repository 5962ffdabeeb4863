//! Connections over TLS 1.2 and 1.3, and who is believed on them.
//!
//! rustls and its webpki build and check the chain; what a phone does otherwise than a browser stands here: its
//! anchors, the trusted time, the name check of the older family, and words for what went wrong.

mod accept;
mod certificate;
mod clock;
mod custom;
mod dates;
mod failure;
mod handshake;
mod identity;
mod names;
mod provider;
mod stream;
mod trust;
mod verify;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

pub use accept::Acceptor;
pub use certificate::subject_of;
pub use clock::{TrustTime, TrustedTime};
pub(crate) use handshake::connect;
pub use identity::Identity;
pub use names::NameCheck;
pub use provider::crypto_provider;
use rustls::client::Resumption;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
pub use trust::TrustAnchors;
use verify::Verifier;

/// How a phone speaks TLS; its parts may change while transfers run.
///
/// A connection takes the parts as they are when its handshake begins.
pub struct Tls {
    base: ClientConfig,
    time: Arc<dyn TrustedTime>,
    parts: RwLock<Parts>,
}

/// What can change at run time; a copy is a few pointers.
#[derive(Clone)]
struct Parts {
    /// The built-in roots.
    built_in: TrustAnchors,
    /// What was brought besides them.
    custom: TrustAnchors,
    /// Both.
    trust: TrustAnchors,
    identity: Option<Identity>,
    names: NameCheck,
}

impl Tls {
    /// TLS without a client certificate.
    ///
    /// # Errors
    /// [`TlsError::Provider`] is a fault of the build.
    pub fn new(
        trust: TrustAnchors,
        names: NameCheck,
        time: Arc<dyn TrustedTime>,
    ) -> Result<Self, TlsError> {
        let provider = crypto_provider();
        let nobody = Verifier::new(
            Arc::clone(&provider),
            Arc::new(RootCertStore::empty()),
            names,
            time.now(),
        );
        //= R-TLS-6
        let mut base = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|_error| TlsError::Provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(nobody))
            .with_no_client_auth();
        // Transfers are rare: what a session saves is less than what it would keep.
        base.resumption = Resumption::disabled();
        Ok(Self {
            base,
            time,
            parts: RwLock::new(Parts {
                built_in: trust.clone(),
                custom: TrustAnchors::none(),
                trust,
                identity: None,
                names,
            }),
        })
    }

    /// Replaces the built-in anchors for connections that begin from now on.
    pub fn set_trust(&self, trust: TrustAnchors) {
        self.change(|parts| {
            parts.built_in = trust;
            parts.unite();
        });
    }

    /// Replaces the anchors besides the built-in ones for connections that begin from now on.
    fn set_custom(&self, custom: TrustAnchors) {
        self.change(|parts| {
            parts.custom = custom;
            parts.unite();
        });
    }

    /// Installs or removes the client certificate for connections that begin from now on.
    pub fn set_identity(&self, identity: Option<Identity>) {
        self.change(|parts| parts.identity = identity);
    }

    /// Replaces the name check for connections that begin from now on.
    pub fn set_names(&self, names: NameCheck) {
        self.change(|parts| parts.names = names);
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        change(&mut self.parts.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn parts(&self) -> Parts {
        self.parts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Parts {
    fn unite(&mut self) {
        //= R-TLS-1
        self.trust = self.built_in.union(&self.custom);
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        f.debug_struct("Tls")
            .field("trust", &parts.trust)
            .field("identity", &parts.identity)
            .field("names", &parts.names)
            .finish_non_exhaustive()
    }
}

/// Why certificates or keys cannot be used. No text of a key is ever part of a message.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text holds no certificate.
    #[error(
        "there is no certificate in the text: it must hold at least one block \
         `-----BEGIN CERTIFICATE-----`; convert a DER file with `openssl x509 -inform der`"
    )]
    NoCertificate,
    /// The bytes are neither PEM nor a certificate.
    #[error(
        "this is no certificate ({what}): give PEM with one or more certificates, or one certificate in DER"
    )]
    NotDer {
        /// What is wrong with it as a certificate.
        what: String,
    },
    /// A block of the text is damaged.
    #[error("certificate {number} is damaged: {what}; export it again as PEM")]
    BadPem {
        /// Which certificate of the text, from 1.
        number: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What a block holds is not a certificate.
    #[error("certificate {number} cannot be read: {what}; export it again as PEM")]
    BadCertificate {
        /// Which certificate of the text, from 1.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
    /// It has no extensions, which TLS needs.
    #[error(
        "certificate {number} is of X.509 version 1: issue it as version 3, for example with `openssl x509 -extfile`"
    )]
    OldCertificate {
        /// Which certificate of the text, from 1.
        number: usize,
    },
    /// The text of the key holds none that can be used.
    #[error("the private key cannot be read: {0}")]
    BadKey(&'static str),
    /// The key belongs to another certificate.
    //= R-TLS-5
    #[error(
        "the private key does not fit the certificate ({subject}): the first certificate must be the one made for this \
         key; check that both files belong together"
    )]
    KeyMismatch {
        /// Subject of the first certificate.
        subject: String,
    },
    /// The provider of the build lacks what TLS 1.2 or 1.3 need.
    #[error("the TLS provider of this build lacks TLS 1.2 or 1.3; report this as a bug")]
    Provider,
}
