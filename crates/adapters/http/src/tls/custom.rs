//! The custom CA: reading its file, and believing it.

use onhook_fetch::port::CustomTrust;
use onhook_fetch::{Certificates, Fingerprint, NoCertificates};
use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::HashAlgorithm;
use rustls::{RootCertStore, SupportedCipherSuite};

use super::certificate::Parts;
use super::trust::{bad, certificates};
use super::{Tls, TlsError, TrustAnchors};

/// What a file in PEM has in it.
const PEM: &[u8] = b"-----BEGIN ";
/// Longest name that is told, in characters.
const NAME_LIMIT: usize = 128;

impl CustomTrust for Tls {
    fn read(&self, file: &[u8]) -> Result<Certificates, NoCertificates> {
        let provider = self.base.crypto_provider();
        read(file, provider).map_err(|error| NoCertificates(error.to_string()))
    }

    fn believe(&self, certificates: &[Vec<u8>]) -> Result<(), NoCertificates> {
        let anchors = anchors(certificates).map_err(|error| NoCertificates(error.to_string()))?;
        self.set_custom(anchors);
        Ok(())
    }
}

fn read(file: &[u8], provider: &CryptoProvider) -> Result<Certificates, TlsError> {
    //= R-TLS-8
    let der = if file.windows(PEM.len()).any(|part| part == PEM) {
        let found = certificates(file)?;
        let found: Vec<Vec<u8>> = found.into_iter().map(|one| one.to_vec()).collect();
        anchors(&found)?;
        found
    } else {
        RootCertStore::empty()
            .add(file.into())
            .map_err(|error| TlsError::NotDer {
                what: error.to_string(),
            })?;
        vec![file.to_vec()]
    };
    let first = der.first().ok_or(TlsError::NoCertificate)?;
    let parts = Parts::read(first);
    let name = parts.as_ref().and_then(Parts::common_name);
    Ok(Certificates {
        name: name.map(shown).unwrap_or_default(),
        fingerprint: sha256(first, provider).ok_or(TlsError::Provider)?,
        der,
    })
}

/// Those who are believed because of these certificates.
fn anchors(certificates: &[Vec<u8>]) -> Result<TrustAnchors, TlsError> {
    let mut store = RootCertStore::empty();
    for (index, certificate) in certificates.iter().enumerate() {
        store
            .add(certificate.as_slice().into())
            .map_err(|error| bad(index + 1, &error))?;
    }
    Ok(TrustAnchors::of(store))
}

/// A name that can be shown anywhere.
fn shown(name: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    name.chars().take(NAME_LIMIT).map(printable).collect()
}

/// The hash of the provider, which every suite of TLS 1.3 brings along.
fn sha256(bytes: &[u8], provider: &CryptoProvider) -> Option<Fingerprint> {
    let mut hashes = provider
        .cipher_suites
        .iter()
        .filter_map(SupportedCipherSuite::tls13)
        .map(|suite| suite.common.hash_provider);
    let hash = hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256)?;
    let digest = hash.hash(bytes);
    digest.as_ref().try_into().ok().map(Fingerprint)
}
