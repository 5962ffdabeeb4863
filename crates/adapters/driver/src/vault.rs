//! The secrets that one task needs, copied out of the table of the reactor.

use std::fmt;

use onhook_crypto::port::{KeyVault, UnknownSecret};
use onhook_device::{Secret, SecretRef};

/// Holds the few secrets of one transfer for as long as its task lives.
#[derive(Default)]
pub struct TaskVault {
    secrets: Vec<(SecretRef, Secret)>,
}

impl TaskVault {
    /// Adds a secret under its handle.
    pub fn insert(&mut self, handle: SecretRef, secret: Secret) {
        self.secrets.push((handle, secret));
    }

    /// A copy of a secret.
    #[cfg(feature = "fleet")]
    pub(crate) fn copy(&self, handle: Option<SecretRef>) -> Option<Secret> {
        let mut copied = None;
        // One that is not there is as good as none.
        let _ = self.with_secret(handle?, &mut |bytes| {
            copied = Some(Secret::new(bytes.to_vec()))
        });
        copied
    }
}

impl fmt::Debug for TaskVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskVault({} secrets)", self.secrets.len())
    }
}

impl KeyVault for TaskVault {
    fn with_secret(
        &self,
        secret: SecretRef,
        use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret> {
        let held = self
            .secrets
            .iter()
            .rev()
            .find(|(handle, _)| *handle == secret);
        let (_, bytes) = held.ok_or(UnknownSecret(secret))?;
        use_it(bytes.expose());
        Ok(())
    }
}
