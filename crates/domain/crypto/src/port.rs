//! The port that turns a secret handle into its bytes.

use onhook_device::SecretRef;
use thiserror::Error;

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
