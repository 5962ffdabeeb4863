//! Trust without cryptography.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;

use onhook_fetch::port::CustomTrust;
use onhook_fetch::{Certificates, Fingerprint, NoCertificates};

use super::lock;

const DER: &str = "DER:";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
const END: &str = "\n-----END CERTIFICATE-----\n";

/// A [`CustomTrust`] whose certificates are names.
#[derive(Default)]
pub struct FakeTrust {
    believed: Mutex<Vec<Vec<u8>>>,
}

impl FakeTrust {
    /// The certificate of a name, in what stands for DER; names have neither line ends nor colons.
    #[must_use]
    pub fn der(name: &str) -> Vec<u8> {
        format!("{DER}{name}.").into_bytes()
    }

    /// The same in what stands for PEM.
    #[must_use]
    pub fn pem(name: &str) -> String {
        format!("{BEGIN}{DER}{name}.{END}")
    }

    /// The certificates that are believed now.
    #[must_use]
    pub fn believed(&self) -> Vec<Vec<u8>> {
        lock(&self.believed).clone()
    }
}

/// The name of a certificate.
fn name(der: &[u8]) -> Result<&str, NoCertificates> {
    let text = std::str::from_utf8(der).ok();
    text.and_then(|text| text.strip_prefix(DER)?.strip_suffix('.'))
        .filter(|name| !name.contains([':', '.', '\n']))
        .ok_or_else(|| NoCertificates("this is no certificate: give another file".to_owned()))
}

impl CustomTrust for FakeTrust {
    fn read(&self, file: &[u8]) -> Result<Certificates, NoCertificates> {
        let text = std::str::from_utf8(file).unwrap_or_default();
        let der: Vec<Vec<u8>> = match text.contains(BEGIN) {
            true => {
                let blocks = text.split(BEGIN).skip(1);
                let inside = blocks.map(|block| block.split(END).next().unwrap_or_default());
                inside.map(|der| der.as_bytes().to_vec()).collect()
            }
            false => vec![file.to_vec()],
        };
        for certificate in &der {
            name(certificate)?;
        }
        let first = der.first().map(Vec::as_slice).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        first.hash(&mut hasher);
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&hasher.finish().to_be_bytes());
        Ok(Certificates {
            name: name(first)?.to_owned(),
            fingerprint: Fingerprint(fingerprint),
            der,
        })
    }

    fn believe(&self, certificates: &[Vec<u8>]) -> Result<(), NoCertificates> {
        for certificate in certificates {
            name(certificate)?;
        }
        *lock(&self.believed) = certificates.to_vec();
        Ok(())
    }
}
