//! The ports that turn a secret handle into its bytes, and that check signatures.

use onhook_device::SecretRef;
use thiserror::Error;

use crate::KeyId;

/// The handle names nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("secret {0:?} is not in the vault")]
pub struct UnknownSecret(pub SecretRef);

/// A vault without secrets, for files that are not encrypted.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl KeyVault for NoSecrets {
    fn with_secret(
        &self,
        secret: SecretRef,
        _use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret> {
        Err(UnknownSecret(secret))
    }
}

/// Resolves secret handles.
///
/// Obligations, each a test of the contract suite:
/// * the bytes given to `use_it` are exactly those stored under the handle, and it is called once;
/// * an unknown handle is an error and `use_it` is not called;
/// * nothing that the vault prints holds a secret.
pub trait KeyVault: Send + Sync {
    /// Lends the bytes of a secret for the duration of a call.
    ///
    /// # Errors
    /// The handle names nothing.
    fn with_secret(
        &self,
        secret: SecretRef,
        use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret>;
}

/// Why a signature does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum NotSigned {
    /// Nobody trusts a key of that name.
    #[error("the key {0} is not trusted")]
    UnknownKey(KeyId),
    /// It is not the signature of that key over these bytes.
    #[error("it is not what the key {0} signed")]
    Mismatch(KeyId),
}

/// Checks signatures of Ed25519 (RFC 8032) by trusted keys.
///
/// Obligations, each a test of the contract suite:
/// * a signature over exactly these bytes by the trusted key of that name is good;
/// * any other byte in the message or the signature is [`NotSigned::Mismatch`], and so is the name of another trusted key;
/// * a key that is not trusted is [`NotSigned::UnknownKey`], however good its signature.
pub trait SignatureCheck: Send + Sync + 'static {
    /// Checks one signature.
    ///
    /// # Errors
    /// It does not count.
    fn check(&self, key: KeyId, message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned>;
}
