//! The one place that chooses who computes.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The provider of ciphers for every use of TLS in the workspace: aws-lc-rs if it is built in, else ring.
///
/// It is handed over explicitly and never installed as the default of the process.
#[must_use]
pub fn crypto_provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring::default_provider;
    Arc::new(default_provider())
}
