//! Certificates that a phone is to believe.

use std::fmt;

use thiserror::Error;

/// SHA-256 of a certificate; shown as people compare them: pairs of digits with colons between.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

/// The certificates of a file, at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificates {
    /// The certificates in DER, in the order of the file.
    pub der: Vec<Vec<u8>>,
    /// The common name of the first, printable and at most 128 characters; empty if it has none.
    pub name: String,
    /// The fingerprint of the first.
    pub fingerprint: Fingerprint,
}

/// A file does not hold what it should; says what is wrong and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct NoCertificates(pub String);
