//! Who is believed.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};

use super::TlsError;

/// A set of root certificates; the empty set trusts nobody.
///
/// A copy shares the certificates.
#[derive(Clone)]
pub struct TrustAnchors(Arc<RootCertStore>);

impl TrustAnchors {
    /// Trusts nobody.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }

    /// Reads one or more certificates in PEM; blocks of other kinds and text between blocks are left out.
    ///
    /// # Errors
    /// There is no certificate, or one of them is damaged: then none is taken.
    pub fn from_pem(text: &[u8]) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        for (index, certificate) in certificates(text)?.into_iter().enumerate() {
            store
                .add(certificate)
                .map_err(|error| bad(index + 1, &error))?;
        }
        Ok(Self::of(store))
    }

    /// The set of a store.
    pub(super) fn of(store: RootCertStore) -> Self {
        Self(Arc::new(store))
    }

    /// The anchors of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        //= R-TLS-1
        let mut roots = self.0.roots.clone();
        for anchor in &other.0.roots {
            if !roots.contains(anchor) {
                roots.push(anchor.clone());
            }
        }
        Self(Arc::new(RootCertStore { roots }))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same for rustls.
    #[must_use]
    pub const fn store(&self) -> &Arc<RootCertStore> {
        &self.0
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustAnchors({})", self.len())
    }
}

/// All certificates of a text in PEM, at least one.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text) {
        let number = found.len() + 1;
        found.push(certificate.map_err(|error| TlsError::BadPem {
            number,
            what: damage(&error),
        })?);
    }
    if found.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    Ok(found)
}

/// What is wrong with a block of PEM, without a byte of it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum may grow, and the rest needs no words of its own"
)]
pub(super) const fn damage(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "its END line is missing",
        pem::Error::IllegalSectionStart { .. } => "its BEGIN line is malformed",
        pem::Error::Base64Decode(_) => "its text is no base64",
        _ => "its block cannot be read",
    }
}

/// A certificate that was in PEM but cannot be read.
pub(super) fn bad(number: usize, error: &rustls::Error) -> TlsError {
    let what = error.to_string();
    if is_old(&what) {
        return TlsError::OldCertificate { number };
    }
    TlsError::BadCertificate { number, what }
}

/// Whether an error says that a certificate is not of version 3; webpki, whose error it is, is hidden behind rustls.
pub(super) fn is_old(what: &str) -> bool {
    what.contains("UnsupportedCertVersion")
}
