//! Whether a certificate belongs to the server that showed it.

use std::net::IpAddr;

use onhook_fetch::FetchError;
use onhook_fetch::port::Resolver;
use rustls::CertificateError;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::certificate::Parts;
use super::failure;
use crate::target::Target;

/// How the name in a certificate is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum NameCheck {
    /// The host of the URL must be among the names of the certificate (RFC 9525).
    #[default]
    UrlHost,
    /// The common name of the certificate must resolve to the address of the server, as the SPA family does it.
    ///
    /// It proves nothing about the host of the URL; anyone with a certificate for a name of his own passes.
    DnsOfCn,
}

/// Checks the names of a certificate against the host of the URL.
pub(super) fn check_url_host(
    certificate: &CertificateDer<'_>,
    host: &ServerName<'_>,
) -> Result<(), rustls::Error> {
    let refused = match verify_server_name(&ParsedCertificate::try_from(certificate)?, host) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    //= R-TLS-2
    let Some(parts) = Parts::read(certificate).filter(|parts| !parts.has_alt_name) else {
        return Err(refused);
    };
    let presented = parts.common_name();
    let ServerName::DnsName(name) = host else {
        return Err(wrong_name(host, presented));
    };
    if presented.is_some_and(|pattern| covers(pattern, name.as_ref())) {
        return Ok(());
    }
    Err(wrong_name(host, presented))
}

fn wrong_name(host: &ServerName<'_>, presented: Option<&str>) -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
        expected: host.to_owned(),
        presented: presented
            .map(|name| format!("the common name {name:?}"))
            .into_iter()
            .collect(),
    })
}

/// Whether a name of a certificate, perhaps with one wildcard as its first label, covers a host name.
fn covers(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(parent) = pattern.strip_prefix("*.") else {
        return !pattern.contains('*') && pattern.eq_ignore_ascii_case(host);
    };
    let Some((label, rest)) = host.split_once('.') else {
        return false;
    };
    // A wildcard directly under a top-level domain would cover far too much.
    !label.is_empty() && parent.contains('.') && parent.eq_ignore_ascii_case(rest)
}

/// Checks that the common name of a certificate leads to the address of the server.
pub(super) async fn check_dns_of_cn(
    certificate: &CertificateDer<'_>,
    target: &Target,
    peer: IpAddr,
    resolver: &dyn Resolver,
) -> Result<(), FetchError> {
    let parts = Parts::read(certificate);
    let Some(common_name) = parts.as_ref().and_then(Parts::common_name) else {
        return Err(failure::name(
            target,
            "its certificate has no common name",
            "give the certificate the name of the server as its CN",
        ));
    };
    //= R-TLS-2
    let name = common_name.split('/').next().unwrap_or_default().trim();
    let literal = target.host.parse::<IpAddr>().ok();
    if literal.is_some() && literal == name.parse().ok() {
        return Ok(());
    }
    let clean = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
    if name.is_empty() || !name.bytes().all(clean) {
        return Err(failure::name(
            target,
            &format!("the common name {common_name:?} of its certificate is no host name"),
            "give the certificate the name of the server as its CN",
        ));
    }
    let addresses = match resolver.resolve(name).await {
        Ok(addresses) => addresses,
        Err(error) => {
            let what = format!("the common name {name} of its certificate does not resolve");
            let remedy = "check the certificate and the name server of the phone";
            return Err(failure::name(target, &what, remedy).with_source(error));
        }
    };
    if addresses
        .iter()
        .any(|address| address.to_canonical() == peer.to_canonical())
    {
        return Ok(());
    }
    let leads_to: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Err(failure::name(
        target,
        &format!(
            "the common name {name} of its certificate leads to {}, but the server is {peer}",
            leads_to.join(", ")
        ),
        "check the certificate and the name server of the phone",
    ))
}

#[cfg(test)]
mod tests {
    use super::covers;

    //= R-TLS-2 type=test
    #[test]
    fn a_wildcard_stands_for_exactly_one_label_at_the_left() {
        for (pattern, host, expected) in [
            ("prov.example.net", "prov.example.net", true),
            ("PROV.example.net", "prov.EXAMPLE.net", true),
            ("prov.example.net", "prov.example.net.", true),
            ("*.example.net", "a.example.net", true),
            ("*.example.net", "example.net", false),
            ("*.example.net", "a.b.example.net", false),
            ("*.example.net", ".example.net", false),
            ("*.net", "example.net", false),
            ("a.*.net", "a.b.net", false),
            ("pr*.example.net", "prov.example.net", false),
            ("*", "prov", false),
            ("", "prov", false),
            ("prov.example.net\0.evil.net", "prov.example.net", false),
        ] {
            assert_eq!(covers(pattern, host), expected, "{pattern} {host}");
        }
    }
}
