//! What a server shows, and whom it lets in.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use onhook_device::Secret;
use onhook_http::{Identity, TrustAnchors, crypto_provider};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::config::{Certificate, Https};
use crate::error::ServeError;

/// First and last year of what is made: before any clock that was never set, and before 32-bit clocks end.
const YEARS: (i32, i32) = (2000, 2037);

/// What it takes to accept TLS.
pub(crate) struct Setup {
    pub(crate) acceptor: TlsAcceptor,
    /// Certificate of the authority that was made, in PEM.
    pub(crate) authority: Option<String>,
}

/// Reads or makes certificates.
pub(crate) fn set_up(https: &Https) -> Result<Setup, ServeError> {
    let (identity, authority) = match &https.certificate {
        Certificate::Made { names } => {
            let (identity, authority) = make(names, https.address.ip())?;
            (identity, Some(authority))
        }
        Certificate::Files { certificate, key } => (from_files(certificate, key)?, None),
    };
    let provider = crypto_provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(ServeError::Tls)?;
    let builder = match &https.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let anchors =
                TrustAnchors::from_pem(&read(path)?).map_err(|source| ServeError::ClientCa {
                    path: path.clone(),
                    source,
                })?;
            let roots = Arc::clone(anchors.store());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(no_verifier)?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let shown = SingleCertAndKey::from(identity.certified_key());
    let mut config = builder.with_cert_resolver(Arc::new(shown));
    // A phone comes again hours later; a ticket would only be one more thing on the wire.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Setup {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        authority,
    })
}

fn no_verifier(error: VerifierBuilderError) -> ServeError {
    ServeError::Tls(Error::General(error.to_string()))
}

fn from_files(certificate: &Path, key: &Path) -> Result<Identity, ServeError> {
    let secret = Secret::new(read(key)?);
    Identity::from_pem(&read(certificate)?, &secret).map_err(|source| ServeError::Certificate {
        certificate: certificate.to_path_buf(),
        key: key.to_path_buf(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    fs::read(path).map_err(|source| ServeError::TlsFile {
        path: path.to_path_buf(),
        source,
    })
}

/// An authority and a certificate of it; the key of the authority is forgotten.
fn make(names: &[String], listen: IpAddr) -> Result<(Identity, String), ServeError> {
    let failed = |source| ServeError::Made {
        names: names.to_vec(),
        source,
    };
    let mut all: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let listen = (!listen.is_unspecified()).then(|| listen.to_string());
    for name in listen.iter().chain(names) {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    let mut params = made(CertificateParams::default(), "Onhook lab authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(failed)?;
    let authority = CertifiedIssuer::self_signed(params, key).map_err(failed)?;

    // The older family wants the name of the server in the common name.
    let common_name = names.first().map_or("localhost", String::as_str);
    let mut params = made(CertificateParams::new(all).map_err(failed)?, common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, &authority).map_err(failed)?;
    let secret = Secret::new(key.serialize_pem().into_bytes());
    let identity = Identity::from_pem(certificate.pem().as_bytes(), &secret)
        .map_err(|error| ServeError::Tls(Error::General(error.to_string())))?;
    Ok((identity, authority.pem()))
}

fn made(mut params: CertificateParams, common_name: &str) -> CertificateParams {
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(YEARS.0, 1, 1);
    params.not_after = date_time_ymd(YEARS.1, 12, 31);
    params
}
