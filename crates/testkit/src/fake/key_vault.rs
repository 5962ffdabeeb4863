//! Secrets in memory.

use std::fmt;
use std::sync::Mutex;

use onhook_crypto::port::{KeyVault, UnknownSecret};
use onhook_device::{Secret, SecretRef};

use super::lock;

/// A [`KeyVault`] in memory that tests put secrets into.
#[derive(Default)]
pub struct MemoryVault {
    secrets: Mutex<Vec<Secret>>,
}

impl MemoryVault {
    /// An empty vault.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a secret into the vault and gives its handle, counted from 1.
    pub fn put(&self, bytes: &[u8]) -> SecretRef {
        let mut secrets = lock(&self.secrets);
        secrets.push(Secret::new(bytes.to_vec()));
        SecretRef(u32::try_from(secrets.len()).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for MemoryVault {
    /// Says how many secrets there are, and no more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryVault({} secrets)", lock(&self.secrets).len())
    }
}

impl KeyVault for MemoryVault {
    fn with_secret(
        &self,
        secret: SecretRef,
        use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret> {
        let secrets = lock(&self.secrets);
        let found = usize::try_from(secret.0)
            .ok()
            .and_then(|number| secrets.get(number.checked_sub(1)?));
        use_it(found.ok_or(UnknownSecret(secret))?.expose());
        Ok(())
    }
}
