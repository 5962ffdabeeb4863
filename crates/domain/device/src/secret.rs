//! Bytes that must never be shown, and the handles that stand in for them.

use std::fmt;

use zeroize::Zeroizing;

/// Secret bytes: wiped on drop, not `Clone`, printed as `***`.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of secret bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Shows the bytes to code that has to use them; never log or store what comes back.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether these are the bytes, in a time that depends on the length of `given` only.
    #[must_use]
    pub fn matches(&self, given: &[u8]) -> bool {
        let own = self.0.iter().copied().chain(std::iter::repeat(0));
        let differences = own
            .zip(given)
            .fold(0_u8, |all, (own, given)| all | (own ^ given));
        std::hint::black_box(differences) == 0 && self.0.len() == given.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How long it takes does not tell where the bytes differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

/// Names a secret without holding it; only the owner of the bytes can resolve it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SecretRef(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_match() {
        let secret = Secret::from("pass");
        assert!(secret.matches(b"pass"));
        for other in ["", "pas", "passe", "pass\0", "Pass", "past"] {
            assert!(!secret.matches(other.as_bytes()), "{other}");
        }
        assert!(Secret::from("").matches(b"") && !Secret::from("").matches(b"\0"));
    }

    #[test]
    fn debug_output_hides_the_bytes() {
        assert_eq!(format!("{:?}", Secret::from("canary")), "***");
    }

    #[test]
    fn secrets_are_equal_if_all_bytes_are() {
        let canary = Secret::from("canary");
        assert_eq!(canary, Secret::from("canary"));
        for other in ["", "canar", "canaryy", "danary", "canarz"] {
            assert_ne!(canary, Secret::from(other));
        }
    }
}
