//! Who the phone, or a server of the lab, is.

use std::fmt;
use std::sync::Arc;

use onhook_device::Secret;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::trust::{bad, certificates, damage};
use super::{TlsError, crypto_provider, subject_of};

/// A certificate with its private key; a copy shares both.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads a certificate, with those between it and its root after it, and its key; all in PEM.
    ///
    /// The key may be PKCS#8, PKCS#1 (RSA) or SEC1 (EC). Both may come from the same text.
    ///
    /// # Errors
    /// Either cannot be read, or the key belongs to another certificate.
    pub fn from_pem(chain: &[u8], key: &Secret) -> Result<Self, TlsError> {
        Self::with_provider(chain, key, &crypto_provider())
    }

    fn with_provider(
        chain: &[u8],
        key: &Secret,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        for (index, certificate) in chain.iter().enumerate() {
            ParsedCertificate::try_from(certificate).map_err(|error| bad(index + 1, &error))?;
        }
        let subject = chain.first().and_then(|first| subject_of(first));
        let key = private_key(key.expose())?;
        match CertifiedKey::from_der(chain, key, provider) {
            Ok(identity) => Ok(Self(Arc::new(identity))),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(TlsError::KeyMismatch {
                    subject: subject.unwrap_or_default(),
                })
            }
            // What rustls says could quote the key.
            Err(_) => Err(TlsError::BadKey(
                "its kind cannot be used; RSA of 2048 bits or more, EC P-256 or P-384, or Ed25519 is needed",
            )),
        }
    }

    /// The subject of the certificate, for example `CN=phone`.
    #[must_use]
    pub fn subject(&self) -> String {
        let first = self.0.cert.first();
        first
            .and_then(|first| subject_of(first))
            .unwrap_or_default()
    }

    /// The same for rustls.
    #[must_use]
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.subject()).finish()
    }
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| {
        TlsError::BadKey(if !matches!(error, pem::Error::NoItemsFound) {
            damage(&error)
        } else if has(text, b"-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            "it is encrypted; decrypt it with `openssl pkey` first"
        } else {
            "there is no private key in the text; it must hold a block such as `-----BEGIN PRIVATE KEY-----`"
        })
    })
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
