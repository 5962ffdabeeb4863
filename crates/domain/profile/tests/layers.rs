//! The layers of a file: kinds, encryption, gzip.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use std::io::Write;

use common::{KEY, OneKey, check_error, plain, read, read_with_key, values, with_key};
use flate2::{Compression, Crc, write::DeflateEncoder, write::GzEncoder};
use onhook_crypto::{Digest, encrypt};
use onhook_device::{Outcome, SecretRef};
use onhook_profile::{Container, DecodeSpec, Decoded, decode};

const FILE: &str = "<flat-profile><GPP_A>1</GPP_A></flat-profile>";
const SALT: [u8; 8] = [8; 8];

fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// A gzip member with optional header fields, put together by hand.
fn member(flags: u8, fields: &[u8], header_crc: Option<u16>) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 5, 6];
    file.extend_from_slice(fields);
    if flags & 2 != 0 {
        let mut sum = Crc::new();
        sum.update(&file);
        file.extend_from_slice(&header_crc.unwrap_or(sum.sum() as u16).to_le_bytes());
    }
    let mut deflate = DeflateEncoder::new(file, Compression::default());
    deflate.write_all(FILE.as_bytes()).unwrap();
    let mut file = deflate.finish().unwrap();
    let mut sum = Crc::new();
    sum.update(FILE.as_bytes());
    file.extend_from_slice(&sum.sum().to_le_bytes());
    file.extend_from_slice(&u32::try_from(FILE.len()).unwrap().to_le_bytes());
    file
}

#[track_caller]
fn check_good(decoded: &Decoded, container: Container, gzip: bool) {
    assert_eq!(
        values(decoded),
        [("GPP_A".to_owned(), "1".to_owned())].into()
    );
    assert_eq!((decoded.container, decoded.gzip), (container, gzip));
}

//= R-HTTP-15 type=test
// V-105
#[test]
fn without_the_header_the_key_counts_whatever_the_keying_material() {
    let encrypted = encrypt(FILE.as_bytes(), b"k", Digest::Md5, SALT);
    let spec = DecodeSpec {
        ikm: Some(SecretRef(99)),
        ..with_key()
    };
    let decoded = decode(encrypted, &spec, &OneKey(b"k".to_vec())).unwrap();
    check_good(&decoded, Container::SaltedMd5, false);
}

//= R-FIL-1 type=test
//= R-FIL-2 type=test
// V-103
#[test]
fn layers_are_found_by_their_bytes_encryption_outside_gzip() {
    check_good(&read(FILE).unwrap(), Container::None, false);
    check_good(&read(gzip(FILE)).unwrap(), Container::None, true);
    for (digest, container) in [
        (Digest::Md5, Container::SaltedMd5),
        (Digest::Sha256, Container::SaltedSha256),
    ] {
        let encrypted = encrypt(FILE.as_bytes(), b"k", digest, SALT);
        check_good(&read_with_key(&encrypted, "k").unwrap(), container, false);
        let both = encrypt(&gzip(FILE), b"k", digest, SALT);
        check_good(&read_with_key(both, "k").unwrap(), container, true);
        let reversed = read_with_key(gzip(&encrypted), "k").unwrap_err();
        assert_eq!(reversed.code().as_str(), "decrypt-failed");
        assert_eq!(
            read(gzip(&encrypted)).unwrap_err().code().as_str(),
            "not-a-profile"
        );
    }
}

//= R-FIL-3 type=test
#[test]
fn an_empty_key_is_none_and_a_key_means_decryption() {
    check_good(&read_with_key(FILE, "").unwrap(), Container::None, false);
    let encrypted = encrypt(FILE.as_bytes(), b"k", Digest::Md5, SALT);
    assert_eq!(
        read_with_key(&encrypted, "").unwrap_err().code().as_str(),
        "encrypted-without-key"
    );
    for clear in [FILE.as_bytes(), &gzip(FILE), b"x"] {
        assert_eq!(
            read_with_key(clear, "k").unwrap_err().code().as_str(),
            "decrypt-failed"
        );
    }
}

#[test]
fn a_key_that_the_vault_does_not_have_is_no_other_error() {
    let spec = DecodeSpec {
        key: Some(SecretRef(KEY.0 + 1)),
        ..plain()
    };
    let error = decode(FILE.as_bytes().to_vec(), &spec, &OneKey(b"k".to_vec())).unwrap_err();
    assert_eq!(error.code().as_str(), "decrypt-failed");
    assert!(error.to_string().contains("could not be looked up"));
}

//= R-FIL-5 type=test
#[test]
fn other_bytes_are_no_profile_and_the_outcome_names_the_step() {
    for noise in [
        &b"SPC\x01binary"[..],
        b"x<flat-profile/>",
        b"\x1f",
        b"{}",
        b"\0<a/>",
    ] {
        check_error(noise, "not-a-profile", None);
        assert_eq!(read(noise).unwrap_err().outcome(), Outcome::ParseFailed);
        let error = read_with_key(encrypt(noise, b"k", Digest::Md5, SALT), "k").unwrap_err();
        assert_eq!(
            (error.code().as_str(), error.outcome()),
            ("not-a-profile", Outcome::DecryptFailed)
        );
    }
}

//= D-XML-3 type=test
#[test]
fn nothing_but_white_space_at_any_layer_is_an_empty_file() {
    for blank in ["", " \r\n\t", "\u{feff}", "\u{feff}\n"] {
        let files = [
            read(blank),
            read(gzip(blank)),
            read_with_key(blank, "k"),
            read_with_key(encrypt(blank.as_bytes(), b"k", Digest::Sha256, SALT), "k"),
            read_with_key(encrypt(&gzip(blank), b"k", Digest::Md5, SALT), "k"),
        ];
        for result in files {
            let error = result.unwrap_err();
            assert_eq!(
                (error.code().as_str(), error.outcome()),
                ("empty-file", Outcome::EmptyFile)
            );
        }
    }
}

//= R-GZ-2 type=test
#[test]
fn optional_header_fields_are_honoured() {
    check_good(&read(member(0, b"", None)).unwrap(), Container::None, true);
    check_good(&read(member(1, b"", None)).unwrap(), Container::None, true);
    check_good(
        &read(member(4, b"\x03\x00abc", None)).unwrap(),
        Container::None,
        true,
    );
    check_good(
        &read(member(8 | 16, b"name\0comment\0", None)).unwrap(),
        Container::None,
        true,
    );
    check_good(&read(member(2, b"", None)).unwrap(), Container::None, true);
    check_good(
        &read(member(2 | 4 | 8 | 16, b"\x01\x00xname\0\0", None)).unwrap(),
        Container::None,
        true,
    );
    for bad in [
        member(2, b"", Some(1)),
        member(0x20, b"", None),
        member(4, b"\xff\xff", None),
        member(8, b"", None)[..12].to_vec(),
    ] {
        let error = read(bad).unwrap_err();
        assert_eq!(
            (error.code().as_str(), error.outcome()),
            ("corrupt-gzip", Outcome::DecompressFailed)
        );
    }
}

//= R-GZ-2 type=test
#[test]
fn members_concatenate_zero_bytes_may_follow_and_nothing_else() {
    let halves = |behind: &[u8]| {
        let (first, second) = FILE.split_at(20);
        [gzip(first), gzip(""), gzip(second), behind.to_vec()].concat()
    };
    check_good(&read(halves(b"")).unwrap(), Container::None, true);
    check_good(&read(halves(b"\0")).unwrap(), Container::None, true);
    check_good(&read(halves(&[0; 1000])).unwrap(), Container::None, true);
    for behind in [&b"x"[..], b"\0x", b"\x1f", b"\0\x1f\x8b", b"\x1f\x8b"] {
        assert_eq!(
            read(halves(behind)).unwrap_err().code().as_str(),
            "corrupt-gzip",
            "{behind:?}"
        );
    }
    let zeros_between = [gzip(FILE), vec![0; 3], gzip(" ")].concat();
    assert_eq!(
        read(zeros_between).unwrap_err().code().as_str(),
        "corrupt-gzip"
    );
    // A small last member hides the size of a large first one.
    let long = format!(
        "<flat-profile><GPP_A>1</GPP_A>{}",
        "<!-- 0123456789 abcdefghij -->".repeat(900)
    );
    check_good(
        &read([gzip(long), gzip("</flat-profile>")].concat()).unwrap(),
        Container::None,
        true,
    );
}

#[test]
fn a_gzip_file_cut_or_changed_anywhere_is_corrupt() {
    let file = gzip(FILE);
    for len in 2..file.len() {
        assert_eq!(
            read(&file[..len]).unwrap_err().code().as_str(),
            "corrupt-gzip",
            "{len}"
        );
    }
    // Behind the ten bytes of a header whose time and system mean nothing.
    for at in 10..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x10;
        let error = read(changed).map(|_| at).unwrap_err();
        assert!(
            ["corrupt-gzip", "too-large"].contains(&error.code().as_str()),
            "{at}: {error}"
        );
    }
}

//= R-GZ-3 type=test
#[test]
fn only_one_layer_of_gzip_is_removed() {
    check_error(gzip(gzip(FILE)), "not-a-profile", None);
}

//= R-GZ-4 type=test
#[test]
fn a_file_that_inflates_past_a_limit_is_too_large() {
    let spaces = |count: usize| gzip(format!("{FILE}{}", " ".repeat(count)));
    check_good(&read(spaces(1_000)).unwrap(), Container::None, true);
    let bomb = spaces(1_000_000);
    let error = read(&bomb).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.outcome()),
        ("too-large", Outcome::InflatedTooLarge)
    );
    assert_eq!(error.outcome().to_string(), "file too large");
    let mut wide = with_key();
    wide.key = None;
    wide.limits.ratio = 2_000;
    check_good(
        &decode(bomb.clone(), &wide, &OneKey(Vec::new())).unwrap(),
        Container::None,
        true,
    );
    let inflated = FILE.len() + 1_000_000;
    wide.limits.inflated_bytes = inflated;
    assert!(decode(bomb.clone(), &wide, &OneKey(Vec::new())).is_ok());
    wide.limits.inflated_bytes = inflated - 1;
    let error = decode(bomb, &wide, &OneKey(Vec::new())).unwrap_err();
    assert_eq!(error.code().as_str(), "too-large");
}

#[test]
fn the_ratio_is_met_exactly() {
    let file = gzip(format!("{FILE}{}", " ".repeat(50_000)));
    let inflated = FILE.len() + 50_000;
    let mut spec = plain();
    spec.limits.ratio = inflated.div_ceil(file.len());
    assert!(decode(file.clone(), &spec, &OneKey(Vec::new())).is_ok());
    spec.limits.ratio -= 1;
    assert_eq!(
        decode(file, &spec, &OneKey(Vec::new()))
            .unwrap_err()
            .code()
            .as_str(),
        "too-large"
    );
}

#[test]
fn errors_say_what_to_do() {
    let error = read(encrypt(FILE.as_bytes(), b"k", Digest::Md5, SALT)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is encrypted but the rule has no --key: write the rule as [--key KEY] URL"
    );
    let error = read_with_key(FILE, "k").unwrap_err();
    assert!(
        error.to_string().contains("take --key out of the rule"),
        "{error}"
    );
}
