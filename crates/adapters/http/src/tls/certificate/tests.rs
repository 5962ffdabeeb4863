use proptest::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

use super::*;

/// A self-signed certificate.
fn made(names: &[&str], subject: Vec<(DnType, DnValue)>) -> Vec<u8> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind, value);
    }
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

#[test]
fn a_subject_is_one_line_with_its_special_characters_escaped() {
    let der = made(
        &[],
        vec![
            (DnType::OrganizationName, utf8("Example")),
            (DnType::OrganizationalUnitName, utf8("CP-8851-3PCC")),
            (
                DnType::CommonName,
                utf8("CP-8851, MAC: 001122334455\nit's \"evil\"\u{1b}\u{202e}"),
            ),
        ],
    );
    assert_eq!(
        subject_of(&der).unwrap(),
        "O=Example, OU=CP-8851-3PCC, CN=CP-8851\\, MAC: 001122334455\\nit's \\22evil\\22\\u{1b}\\u{202e}"
    );
    assert_eq!(subject_of(&made(&[], Vec::new())).unwrap(), "");
}

#[test]
fn the_common_name_is_read_in_every_usual_kind_of_string() {
    for value in [
        utf8("prov.test"),
        DnValue::PrintableString("prov.test".try_into().unwrap()),
        DnValue::TeletexString("prov.test".try_into().unwrap()),
        DnValue::Ia5String("prov.test".try_into().unwrap()),
    ] {
        let der = made(&[], vec![(DnType::CommonName, value)]);
        let parts = Parts::read(&der).unwrap();
        assert_eq!(parts.common_name(), Some("prov.test"));
    }
    let value = DnValue::BmpString("prov.test".try_into().unwrap());
    let der = made(&[], vec![(DnType::CommonName, value)]);
    assert_eq!(Parts::read(&der).unwrap().common_name(), None);
}

#[test]
fn an_alternative_name_is_noticed() {
    for (names, has) in [(&["a.test"] as &[&str], true), (&[], false)] {
        let der = made(names, vec![(DnType::CommonName, utf8("b.test"))]);
        let parts = Parts::read(&der).unwrap();
        assert_eq!(parts.has_alt_name, has);
        assert_eq!(parts.common_name(), Some("b.test"));
    }
}

#[test]
fn no_prefix_of_a_certificate_is_one() {
    let der = made(&["a.test"], vec![(DnType::CommonName, utf8("b.test"))]);
    for length in 0..der.len() {
        assert_eq!(subject_of(&der[..length]), None, "{length}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(
        at in 0_usize..400,
        byte in any::<u8>(),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = subject_of(&noise);
        let mut der = made(&["a.test"], vec![(DnType::CommonName, utf8("b.test"))]);
        if let Some(place) = der.get_mut(at) {
            *place = byte;
        }
        let _ = subject_of(&der);
    }
}
