//! The published vectors, as far as they are about what this crate does.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use std::collections::BTreeMap;

use common::{
    CRYPTO_VECTORS, KEY, OneKey, PROFILE_VECTORS, hex, plain, read, read_as, read_with_key, rights,
    rows, scope, values, warnings,
};
use onhook_params::ParamId;
use onhook_profile::{Container, DecodeError, DecodeSpec, Decoded, decode};

fn text<'r>(row: &'r toml::Table, field: &str) -> Option<&'r str> {
    row.get(field).map(|value| value.as_str().unwrap())
}

fn map(row: &toml::Table, field: &str) -> BTreeMap<String, String> {
    let Some(table) = row.get(field) else {
        return BTreeMap::new();
    };
    let entries = table.as_table().unwrap().iter();
    entries
        .map(|(name, value)| {
            (
                name.clone(),
                value
                    .as_str()
                    .map(str::to_owned)
                    .or_else(|| value.as_bool().map(|flag| flag.to_string()))
                    .unwrap(),
            )
        })
        .collect()
}

/// What a phone in the state of `before` would store.
fn changes(decoded: &Decoded, before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut changes = BTreeMap::new();
    for setting in decoded.delta.iter() {
        let name = setting.id.name().to_string();
        let Some(value) = setting.value else { continue };
        let old = before
            .get(&name)
            .map_or_else(|| setting.id.default(&scope()), String::as_str);
        let user_set = before
            .get(&format!("{name}@user_set"))
            .is_some_and(|set| set == "true");
        if value != old && !(setting.preserve && user_set) {
            changes.insert(name, value.to_owned());
        }
    }
    changes
}

//= R-APP-7 type=test
//= R-UA-5 type=test
//= R-ALI-1 type=test
//= R-ALI-2 type=test
#[test]
fn every_profile_vector_comes_out_as_written() {
    let mut run = 0;
    for row in rows(PROFILE_VECTORS, "vector") {
        let id = text(&row, "id").unwrap();
        run += 1;
        let before = map(&row, "before");
        let alias = map(&row, "options").remove("alias");
        let register = alias.map(|letter| format!("GPP_{}", letter.to_ascii_uppercase()));
        let aliases = register.map_or("", |register| before[&register].as_str());
        let result = read_as(aliases, text(&row, "profile").unwrap());
        if let Some(code) = text(&row, "error") {
            assert_eq!(
                result.err().map(|error| error.code().as_str()),
                Some(code),
                "{id}"
            );
            continue;
        }
        let decoded = result.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(
            changes(&decoded, &map(&row, "before")),
            map(&row, "changes"),
            "{id}"
        );
        let ua: BTreeMap<String, String> = rights(&decoded)
            .into_iter()
            .map(|(name, right)| (name, right.to_owned()))
            .collect();
        assert_eq!(ua, map(&row, "ua"), "{id}");
        let warned: Vec<&str> = row
            .get("warn")
            .map(|list| {
                list.as_array()
                    .unwrap()
                    .iter()
                    .map(|word| word.as_str().unwrap())
                    .collect()
            })
            .unwrap_or_default();
        assert_eq!(warnings(&decoded), warned, "{id}");
        let reboot = changes(&decoded, &map(&row, "before"))
            .keys()
            .any(|name| ParamId::lookup(name, &scope()).unwrap().pattern().reboot);
        assert_eq!(
            reboot,
            row.get("reboot").is_some_and(|set| set.as_bool().unwrap()),
            "{id}"
        );
    }
    assert!(run >= 80, "{run}");
}

//= R-FIL-3 type=test
#[test]
fn every_good_container_is_read_with_its_key() {
    for row in rows(CRYPTO_VECTORS, "aes256cbc") {
        let name = text(&row, "name").unwrap();
        let result = read_with_key(
            hex(text(&row, "file").unwrap()),
            text(&row, "key_text").unwrap(),
        );
        let plain = read(text(&row, "plaintext_text").unwrap());
        match (result, plain) {
            (Ok(decoded), Ok(plain)) => {
                assert_eq!(values(&decoded), values(&plain), "{name}");
                assert_eq!(
                    decoded.gzip,
                    row["gzip_inside"].as_bool().unwrap(),
                    "{name}"
                );
                let container = match text(&row, "digest").unwrap() {
                    "md5" => Container::SaltedMd5,
                    _ => Container::SaltedSha256,
                };
                assert_eq!(decoded.container, container, "{name}");
            }
            (Err(error), Err(plain)) => {
                assert_eq!(name, "empty-plaintext-md5");
                assert_eq!(
                    (error.code().as_str(), plain.code()),
                    ("empty-file", error.code())
                );
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

//= R-FIL-4 type=test
//= R-FIL-6 type=test
// V-106
#[test]
fn every_bad_container_is_refused_as_named() {
    for row in rows(CRYPTO_VECTORS, "aes256cbc_error") {
        let name = text(&row, "name").unwrap();
        let error = read_with_key(
            hex(text(&row, "file").unwrap()),
            text(&row, "key_text").unwrap(),
        );
        let error = error.err().unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!(
            error.code().as_str(),
            text(&row, "expect").unwrap(),
            "{name}"
        );
        assert_eq!(error.outcome().to_string(), "decrypt failed", "{name}");
        assert_eq!(error.outcome().code(), "B.corrupt", "{name}");
    }
}

//= R-GZ-1 type=test
//= R-GZ-2 type=test
#[test]
fn every_gzip_vector_is_read_or_refused_as_named() {
    for row in rows(CRYPTO_VECTORS, "gzip") {
        let name = text(&row, "name").unwrap();
        let decoded = read(hex(text(&row, "file").unwrap())).unwrap();
        assert_eq!(
            values(&decoded),
            values(&read(text(&row, "text").unwrap()).unwrap()),
            "{name}"
        );
        assert!(decoded.gzip, "{name}");
    }
    for row in rows(CRYPTO_VECTORS, "gzip_error") {
        let name = text(&row, "name").unwrap();
        let error = read(hex(text(&row, "file").unwrap()));
        let error = error.err().unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!(
            error.code().as_str(),
            text(&row, "expect").unwrap(),
            "{name}"
        );
        assert_eq!(error.outcome().code(), "B.corrupt", "{name}");
    }
}

/// Reads as from a server that sends the header, with the text of the keying material; the rule has a key too.
fn read_records(body: &[u8], ikm: Option<&str>) -> Result<Decoded, DecodeError> {
    let spec = DecodeSpec {
        aes128gcm: true,
        ikm: ikm.map(|_| KEY),
        key: Some(KEY),
        ..plain()
    };
    let vault = OneKey(ikm.unwrap_or("wrong").as_bytes().to_vec());
    decode(body.to_vec(), &spec, &vault)
}

//= R-GCM-1 type=test
//= R-GCM-2 type=test
//= D-CRY-5 type=test
#[test]
fn records_are_read_with_the_keying_material_and_whatever_the_key() {
    let mut profiles = 0;
    for row in rows(CRYPTO_VECTORS, "aes128gcm") {
        let name = text(&row, "name").unwrap();
        let body = hex(text(&row, "body").unwrap());
        let result = read_records(&body, text(&row, "ikm_base64url"));
        match read(text(&row, "plaintext_text").unwrap()) {
            Ok(plain) => {
                let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(values(&decoded), values(&plain), "{name}");
                assert_eq!(decoded.container.as_str(), "rfc8188");
                let gzip = row
                    .get("gzip_inside")
                    .is_some_and(|set| set.as_bool().unwrap());
                assert_eq!(decoded.gzip, gzip, "{name}");
                profiles += 1;
            }
            // The examples of the RFC, and nothing at all, are no profiles.
            Err(plain) => {
                let error = result.unwrap_err();
                assert_eq!(error.code(), plain.code(), "{name}");
                let empty = plain == DecodeError::EmptyFile;
                let told = if empty {
                    "empty file"
                } else {
                    "decrypt failed"
                };
                assert_eq!(error.outcome().to_string(), told, "{name}");
            }
        }
        // Without keying material nothing else is tried.
        for none in [None, Some("")] {
            let error = read_records(&body, none).unwrap_err();
            assert_eq!(error.code().as_str(), "no-ikm");
            assert_eq!(error.outcome().to_string(), "decrypt failed");
        }
        // C21: without the header nothing tells it from noise.
        let error = read(body).unwrap_err();
        assert_eq!(error.code().as_str(), "not-a-profile");
    }
    assert!(profiles >= 5, "{profiles}");
}

//= R-GCM-1 type=test
//= R-FIL-6 type=test
#[test]
fn every_bad_body_of_records_is_refused_as_named() {
    for row in rows(CRYPTO_VECTORS, "aes128gcm_error") {
        let name = text(&row, "name").unwrap();
        let body = hex(text(&row, "body").unwrap());
        let error = read_records(&body, text(&row, "ikm_base64url"))
            .err()
            .unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!(
            error.code().as_str(),
            text(&row, "expect").unwrap(),
            "{name}"
        );
        assert_eq!(error.outcome().to_string(), "decrypt failed", "{name}");
        assert_eq!(error.outcome().code(), "B.corrupt", "{name}");
    }
}
