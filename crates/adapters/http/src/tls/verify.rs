//! What happens inside the handshake: chain, dates and names.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::names::check_url_host;
use super::{NameCheck, TrustTime};

/// Judges the certificate of one connection.
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    names: NameCheck,
    time: TrustTime,
}

impl Verifier {
    pub(super) const fn new(
        provider: Arc<CryptoProvider>,
        roots: Arc<RootCertStore>,
        names: NameCheck,
        time: TrustTime,
    ) -> Self {
        Self {
            provider,
            roots,
            names,
            time,
        }
    }

    fn verify_chain(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let at = |seconds| {
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &self.roots,
                intermediates,
                UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                self.provider.signature_verification_algorithms.all,
            )
        };
        //= R-TLS-7
        let mut earliest = match self.time {
            TrustTime::Known(now) => return at(now),
            TrustTime::Floor(floor) => floor,
        };
        // The true time may be any moment after the floor, so a chain is good that was good at one of them. Each round
        // goes on to the next beginning; a path has no more certificates than there are.
        let mut result = at(earliest);
        for _ in 0..=intermediates.len() {
            let Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                not_before,
                ..
            })) = result
            else {
                break;
            };
            earliest = earliest.max(not_before.as_secs());
            result = at(earliest);
        }
        result
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        //= R-TLS-1
        self.verify_chain(end_entity, intermediates)?;
        match self.names {
            NameCheck::UrlHost => check_url_host(end_entity, server_name)?,
            // Needs a name server; done after the handshake, before the request.
            NameCheck::DnsOfCn => {}
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("roots", &self.roots.len())
            .field("names", &self.names)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
