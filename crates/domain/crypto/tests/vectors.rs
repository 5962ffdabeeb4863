//! The published crypto vectors, as far as they are about containers.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

use onhook_crypto::{
    DecryptError, Digest, Look, RecordsError, decrypt, encrypt, evp_bytes_to_key, first_look,
    keying_material, open, seal, unseal,
};

fn table() -> toml::Table {
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../docs/spec/crypto-vectors.toml"
    ))
    .parse()
    .unwrap()
}

fn rows(table: &toml::Table, name: &str) -> Vec<toml::Table> {
    let rows = table[name].as_array().unwrap();
    assert!(!rows.is_empty());
    rows.iter()
        .map(|row| row.as_table().unwrap().clone())
        .collect()
}

fn text<'r>(row: &'r toml::Table, field: &str) -> &'r str {
    row[field].as_str().unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn digest(row: &toml::Table) -> Digest {
    match text(row, "digest") {
        "md5" => Digest::Md5,
        "sha256" => Digest::Sha256,
        other => panic!("digest {other}"),
    }
}

//= R-CBC-3 type=test
#[test]
fn derived_keys_are_those_of_openssl() {
    let table = table();
    for row in rows(&table, "bytes_to_key")
        .iter()
        .chain(&rows(&table, "aes256cbc"))
    {
        let salt = hex(text(row, "salt")).try_into().unwrap();
        let derived = evp_bytes_to_key(text(row, "key_text").as_bytes(), &salt, digest(row));
        assert_eq!(derived.key.to_vec(), hex(text(row, "derived_key")));
        assert_eq!(derived.iv.to_vec(), hex(text(row, "derived_iv")));
    }
}

//= R-CBC-1 type=test
//= R-CBC-4 type=test
#[test]
fn every_container_is_decrypted_and_written_again_byte_for_byte() {
    for row in rows(&table(), "aes256cbc") {
        let name = text(&row, "name");
        let key = text(&row, "key_text").as_bytes();
        let (file, plain) = (hex(text(&row, "file")), hex(text(&row, "plaintext")));
        let salt = hex(text(&row, "salt")).try_into().unwrap();
        assert_eq!(
            decrypt(file.clone(), key, digest(&row)).unwrap(),
            plain,
            "{name}"
        );
        assert_eq!(encrypt(&plain, key, digest(&row), salt), file, "{name}");
        let opened = open(file, key).unwrap();
        assert_eq!(
            (opened.digest, opened.plaintext),
            (digest(&row), plain),
            "{name}"
        );
    }
}

//= R-CBC-8 type=test
#[test]
fn every_bad_container_is_refused_as_named() {
    for row in rows(&table(), "aes256cbc_error") {
        let (name, file) = (text(&row, "name"), hex(text(&row, "file")));
        let result = open(file, text(&row, "key_text").as_bytes());
        match text(&row, "expect") {
            "decrypt-failed" => {
                let error = result
                    .err()
                    .unwrap_or_else(|| panic!("{name} was decrypted"));
                if name.ends_with("-with-key") || name.ends_with("-magic") {
                    assert_eq!(error, DecryptError::NotSalted, "{name}");
                }
            }
            "not-a-profile" => {
                let plain = result.unwrap().plaintext;
                assert_eq!(first_look(plain), Look::Other, "{name}");
            }
            // Whether a rule has a key is not known here: the profile crate runs this row.
            "encrypted-without-key" => {}
            other => panic!("{name}: {other}"),
        }
    }
}

//= R-GCM-3 type=test
//= R-GCM-5 type=test
//= D-CRY-2 type=test
#[test]
fn every_body_of_records_is_decrypted() {
    for row in rows(&table(), "aes128gcm") {
        let name = text(&row, "name");
        let keying = keying_material(text(&row, "ikm_base64url").as_bytes());
        assert_eq!(*keying, hex(text(&row, "ikm")), "{name}");
        let (body, plain) = (hex(text(&row, "body")), hex(text(&row, "plaintext")));
        let found = unseal(body.clone(), &keying).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found.plaintext, plain, "{name}");
        assert_eq!(found.key_id, text(&row, "keyid").as_bytes(), "{name}");
        let size = u32::try_from(row["record_size"].as_integer().unwrap()).unwrap();
        assert_eq!(found.record_size, size, "{name}");
        let salt = hex(text(&row, "salt")).try_into().unwrap();
        let again = seal(&plain, &keying, &salt, size).unwrap();
        // We give no key id and no padding; where the vector has neither, the bytes are the same.
        if text(&row, "keyid").is_empty() && again.len() == body.len() {
            assert_eq!(again, body, "{name}");
        }
        assert_eq!(unseal(again, &keying).unwrap().plaintext, plain, "{name}");
    }
}

//= R-GCM-4 type=test
//= R-GCM-7 type=test
#[test]
fn every_bad_body_of_records_is_refused_as_named() {
    for row in rows(&table(), "aes128gcm_error") {
        let name = text(&row, "name");
        // Whether a phone has keying material is not known here: the profile crate runs this row.
        if text(&row, "expect") == "no-ikm" {
            continue;
        }
        let keying = keying_material(text(&row, "ikm_base64url").as_bytes());
        let error = unseal(hex(text(&row, "body")), &keying)
            .err()
            .unwrap_or_else(|| panic!("{name} was decrypted"));
        let word = match error {
            RecordsError::Truncated { .. } => "truncated",
            RecordsError::RecordSize { .. } => "bad-record-size",
            RecordsError::Tag { .. } => "decrypt-failed",
            RecordsError::Delimiter { .. } => "bad-delimiter",
        };
        assert_eq!(word, text(&row, "expect"), "{name}");
    }
}
