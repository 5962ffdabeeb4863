//! HTTPS: the certificate that the phone shows.

use std::sync::Arc;

use onhook_device::Secret;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// Why HTTPS cannot be had.
#[derive(Debug, Error)]
pub enum TlsFault {
    /// The certificate cannot be read.
    #[error("the certificate is no PEM file of certificates")]
    Certificate,
    /// The key cannot be read.
    #[error("the key is no PEM file of a private key")]
    Key,
    /// They do not belong together, or cannot be used.
    #[error("certificate and key cannot be used together: {0}")]
    Pair(#[source] rustls::Error),
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Make(#[source] rcgen::Error),
}

/// TLS with a certificate and its key, as PEM files hold them.
///
/// # Errors
/// One of them is something else, or they do not fit.
pub fn server_config(
    provider: Arc<CryptoProvider>,
    certificate: &[u8],
    key: &Secret,
) -> Result<Arc<ServerConfig>, TlsFault> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsFault::Certificate)?;
    if chain.is_empty() {
        return Err(TlsFault::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| TlsFault::Key)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsFault::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsFault::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A new key and a certificate for it that the phone signs itself, for these names and addresses: both PEM.
///
/// # Errors
/// A name cannot stand in a certificate.
pub fn self_signed(names: Vec<String>) -> Result<(String, Secret), TlsFault> {
    let made = rcgen::generate_simple_self_signed(names).map_err(TlsFault::Make)?;
    let key = zeroize::Zeroizing::new(made.signing_key.serialize_pem());
    Ok((made.cert.pem(), Secret::from(key.as_str())))
}
