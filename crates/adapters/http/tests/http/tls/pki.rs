//! Certificates.

use onhook_http::{Identity, TrustAnchors};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who issues certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a certificate says.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) names: Vec<String>,
    pub(crate) common_name: String,
    /// First and last year.
    pub(crate) years: (i32, i32),
    pub(crate) usage: ExtendedKeyUsagePurpose,
}

/// A certificate with its key.
pub(crate) struct Issued {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: KeyPair,
}

impl Leaf {
    /// A server with these alternative names.
    pub(crate) fn server(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(ToString::to_string).collect(),
            common_name: "server".to_owned(),
            years: (2025, 2030),
            usage: ExtendedKeyUsagePurpose::ServerAuth,
        }
    }

    /// A server with a common name only.
    pub(crate) fn named(common_name: &str) -> Self {
        Self {
            common_name: common_name.to_owned(),
            ..Self::server(&[])
        }
    }

    /// A phone.
    pub(crate) fn client(common_name: &str) -> Self {
        Self {
            years: (2000, 2049),
            usage: ExtendedKeyUsagePurpose::ClientAuth,
            ..Self::named(common_name)
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, self.common_name.as_str());
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 1, 1);
        params.extended_key_usages = vec![self.usage.clone()];
        params
    }

    /// A certificate that vouches for itself.
    pub(crate) fn self_signed(&self) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = self.params().self_signed(&key).unwrap();
        Issued {
            chain: vec![certificate.der().clone()],
            key,
        }
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let params = Self::params(name, (2000, 2049));
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// An authority below this one.
    pub(crate) fn below(&self, name: &str, years: (i32, i32)) -> Self {
        let params = Self::params(name, years);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::signed_by(params, key, &self.0).unwrap())
    }

    fn params(name: &str, years: (i32, i32)) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        params
    }

    pub(crate) fn issue(&self, leaf: &Leaf) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.params().signed_by(&key, &self.0).unwrap();
        Issued {
            chain: vec![certificate.der().clone()],
            key,
        }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_pem(self.pem().as_bytes()).unwrap()
    }
}

impl Issued {
    /// The same with a certificate in between.
    pub(crate) fn with(mut self, above: &Authority) -> Self {
        self.chain.push(above.der());
        self
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    /// Certificate and key as text.
    pub(crate) fn pem(&self) -> (String, String) {
        let blocks = self.chain.iter().map(|der| block("CERTIFICATE", der));
        (blocks.collect(), self.key.serialize_pem())
    }

    pub(crate) fn identity(&self) -> Identity {
        let (chain, key) = self.pem();
        Identity::from_pem(chain.as_bytes(), &key.as_str().into()).unwrap()
    }
}

/// A block of PEM.
pub(crate) fn block(kind: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}
