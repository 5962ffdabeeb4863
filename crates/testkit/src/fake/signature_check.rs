//! Signatures without cryptography.

use onhook_crypto::port::{NotSigned, SignatureCheck};
use onhook_crypto::{KeyId, PublicKey, sha256};

/// A [`SignatureCheck`] whose keys are numbers: whoever knows a number can sign.
#[derive(Clone, Debug)]
pub struct FakeSignatures {
    trusted: Vec<u8>,
}

impl FakeSignatures {
    /// Trusts the keys of these numbers.
    #[must_use]
    pub const fn trusting(trusted: Vec<u8>) -> Self {
        Self { trusted }
    }

    /// The name of a key.
    #[must_use]
    pub fn id(key: u8) -> KeyId {
        PublicKey([key; 32]).id()
    }

    /// What a key signs.
    #[must_use]
    pub fn sign(key: u8, message: &[u8]) -> [u8; 64] {
        let first = sha256(&[&[key], message].concat());
        let second = sha256(&first);
        let mut signature = [0; 64];
        for (to, from) in signature.iter_mut().zip(first.into_iter().chain(second)) {
            *to = from;
        }
        signature
    }
}

impl SignatureCheck for FakeSignatures {
    fn check(&self, key: KeyId, message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned> {
        let known = self.trusted.iter().find(|number| Self::id(**number) == key);
        let number = known.ok_or(NotSigned::UnknownKey(key))?;
        match Self::sign(*number, message) == *signature {
            true => Ok(()),
            false => Err(NotSigned::Mismatch(key)),
        }
    }
}
