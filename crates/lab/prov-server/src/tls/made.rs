//! Certificates that are made at the start: a good one and bad ones.

use std::net::IpAddr;

use onhook_device::Secret;
use onhook_http::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::Error;

use super::Shown;
use crate::error::ServeError;
use crate::fault::TlsFault;

/// First and last year of what is made: before any clock that was never set, and before 32-bit clocks end.
const YEARS: (i32, i32) = (2000, 2037);
/// Years that have passed, also for a clock that stands at the age of the program.
const PAST: (i32, i32) = (2000, 2001);
/// Years to come.
const FUTURE: (i32, i32) = (2099, 2100);
/// A name that no server has (RFC 2606).
const ELSEWHERE: &str = "elsewhere.invalid";

/// An authority and certificates of it; the key of the authority is forgotten.
pub(super) fn shown(names: &[String], listen: IpAddr) -> Result<Shown, ServeError> {
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
    let mut params = made(CertificateParams::default(), "Onhook lab authority", YEARS);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(failed)?;
    let authority = CertifiedIssuer::self_signed(params, key).map_err(failed)?;

    // The older family wants the name of the server in the common name.
    let common_name = names.first().map_or("localhost", String::as_str);
    let signed = |names: &[String], common_name: &str, years| {
        let key = KeyPair::generate().map_err(failed)?;
        let params = of_server(names, common_name, years).map_err(failed)?;
        let certificate = params.signed_by(&key, &authority).map_err(failed)?;
        identity(&certificate.pem(), &key)
    };
    let elsewhere = [ELSEWHERE.to_owned()];
    Ok(Shown {
        usual: signed(&all, common_name, YEARS)?,
        bad: vec![
            (TlsFault::Expired, signed(&all, common_name, PAST)?),
            (TlsFault::NotYetValid, signed(&all, common_name, FUTURE)?),
            (TlsFault::WrongName, signed(&elsewhere, ELSEWHERE, YEARS)?),
            (TlsFault::SelfSigned, self_signed(&all, common_name)?),
        ],
        authority: Some(authority.pem()),
    })
}

/// A certificate that nobody else has signed.
pub(super) fn self_signed(names: &[String], common_name: &str) -> Result<Identity, ServeError> {
    let failed = |source| ServeError::Made {
        names: names.to_vec(),
        source,
    };
    let key = KeyPair::generate().map_err(failed)?;
    let params = of_server(names, common_name, YEARS).map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    identity(&certificate.pem(), &key)
}

fn identity(certificate: &str, key: &KeyPair) -> Result<Identity, ServeError> {
    let secret = Secret::new(key.serialize_pem().into_bytes());
    Identity::from_pem(certificate.as_bytes(), &secret)
        .map_err(|error| ServeError::Tls(Error::General(error.to_string())))
}

fn of_server(
    names: &[String],
    common_name: &str,
    years: (i32, i32),
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = made(CertificateParams::new(names.to_vec())?, common_name, years);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn made(mut params: CertificateParams, common_name: &str, years: (i32, i32)) -> CertificateParams {
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 12, 31);
    params
}
