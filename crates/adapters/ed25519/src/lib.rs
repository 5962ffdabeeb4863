//! [`TrustedKeys`]: the port [`SignatureCheck`] with Ed25519 (RFC 8032) of ring; [`SigningKey`]: the other end, for tools.
//!
//! Private keys are texts as `openssl genpkey -algorithm ed25519` writes them (RFC 8410), and never printed.
//!
//! Deliberately unknown here: what is signed, and where keys come from.
//!
//! Requirement families: R-FW-7.

mod signing;

use onhook_crypto::port::{NotSigned, SignatureCheck};
use onhook_crypto::{KeyId, PublicKey};
use ring::signature::{ED25519, UnparsedPublicKey};

pub use signing::{BadSigningKey, SigningKey};

/// The keys that somebody trusts.
#[derive(Clone, Debug)]
pub struct TrustedKeys(Vec<(KeyId, PublicKey)>);

impl TrustedKeys {
    /// Trusts these keys and no others.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.id(), key)).collect())
    }
}

impl SignatureCheck for TrustedKeys {
    fn check(&self, key: KeyId, message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned> {
        let (_, public) = self
            .0
            .iter()
            .find(|(id, _)| *id == key)
            .ok_or(NotSigned::UnknownKey(key))?;
        //= R-FW-7
        UnparsedPublicKey::new(&ED25519, public.0)
            .verify(message, signature)
            .map_err(|_unspecified| NotSigned::Mismatch(key))
    }
}
