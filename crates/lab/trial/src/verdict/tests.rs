//! Files that people mistake for profiles, and what is said of them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use onhook_crypto::{Digest, encrypt};
use zeroize::Zeroizing;

use super::*;

const PROFILE: &[u8] = b"<flat-profile><GPP_A>x</GPP_A></flat-profile>";

fn sealed(key: &str) -> Vec<u8> {
    encrypt(PROFILE, key.as_bytes(), Digest::Sha256, *b"12345678")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn check(body: &[u8], key: Option<&str>, expected: Option<&str>) {
    let transfer = Transfer {
        body: Zeroizing::new(body.to_vec()),
        ..Transfer::default()
    };
    let key = key.map(Secret::from);
    let suspicion = Suspicion::of(&transfer, key.as_ref());
    let verdict = suspicion.map(Suspicion::verdict);
    assert_eq!(verdict.as_ref().map(|verdict| verdict.code), expected);
    if let Some(verdict) = verdict {
        assert!(
            !verdict.provisioned && !verdict.advice.is_empty(),
            "{verdict:?}"
        );
    }
}

#[test]
fn a_file_of_no_use_is_recognised() {
    check(b"<!DOCTYPE HTML><title>Log in", None, Some("html-page"));
    check(b" \n<html lang=en>", Some("k"), Some("html-page"));
    check(
        b"<?xml version=\"1.0\"?><html xmlns=\"x\">",
        None,
        Some("html-page"),
    );
    check(b"{\"error\": 404}", None, Some("json"));
    check(&sealed("k"), None, Some("no-key"));
    check(PROFILE, Some("k"), Some("not-encrypted"));
    check(&gzip(PROFILE), Some("k"), Some("not-encrypted"));
    check(b"U2FsdGVkX18xMjM0NTY3OA==", Some("k"), Some("base64"));
    check(&gzip(&sealed("k")), Some("k"), Some("gzip-outside"));
    check(&gzip(&sealed("k")), None, Some("gzip-outside"));
    check(PROFILE, None, None);
    check(b"<other/>", None, None);
    check(b"", None, None);
    check(b"\x1f\x8b", None, None);
}

#[test]
fn a_key_that_almost_fits_is_told_apart_from_a_wrong_one() {
    for key in ["Key\n", "Key\r\n", "key", "KEY"] {
        check(&sealed(key), Some("Key"), Some("almost-the-key"));
    }
    check(&sealed("Key"), Some(" Key "), Some("almost-the-key"));
    check(&sealed("other"), Some("Key"), None);
    let transfer = Transfer {
        body: Zeroizing::new(sealed("Key\n")),
        ..Transfer::default()
    };
    let suspicion = Suspicion::of(&transfer, Some(&Secret::from("Key")));
    let verdict = suspicion.map(Suspicion::verdict).unwrap();
    assert!(
        verdict.summary.contains("a line end behind it (sha256"),
        "{verdict:?}"
    );
}
