//! What the tests of this crate share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses a part of it"
)]

use std::collections::BTreeMap;

use onhook_crypto::port::{KeyVault, UnknownSecret};
use onhook_device::SecretRef;
use onhook_params::{Scope, UserAccess};
use onhook_profile::{DecodeError, DecodeSpec, Decoded, Limits, decode};

/// Holds one key.
pub struct OneKey(pub Vec<u8>);

/// The handle of that key.
pub const KEY: SecretRef = SecretRef(7);

impl KeyVault for OneKey {
    fn with_secret(
        &self,
        secret: SecretRef,
        use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret> {
        if secret != KEY {
            return Err(UnknownSecret(secret));
        }
        use_it(&self.0);
        Ok(())
    }
}

pub fn scope() -> Scope {
    Scope::default()
}

pub fn plain() -> DecodeSpec<'static> {
    DecodeSpec {
        scope: scope(),
        aliases: "",
        key: None,
        ikm: None,
        aes128gcm: false,
        limits: Limits::default(),
    }
}

pub fn with_key() -> DecodeSpec<'static> {
    DecodeSpec {
        key: Some(KEY),
        ..plain()
    }
}

pub fn read(body: impl AsRef<[u8]>) -> Result<Decoded, DecodeError> {
    decode(body.as_ref().to_vec(), &plain(), &OneKey(Vec::new()))
}

/// Reads with an alias map.
pub fn read_as(aliases: &str, body: impl AsRef<[u8]>) -> Result<Decoded, DecodeError> {
    let spec = DecodeSpec { aliases, ..plain() };
    decode(body.as_ref().to_vec(), &spec, &OneKey(Vec::new()))
}

pub fn read_with_key(body: impl AsRef<[u8]>, key: &str) -> Result<Decoded, DecodeError> {
    decode(
        body.as_ref().to_vec(),
        &with_key(),
        &OneKey(key.as_bytes().to_vec()),
    )
}

pub fn values(decoded: &Decoded) -> BTreeMap<String, String> {
    decoded
        .delta
        .iter()
        .filter_map(|setting| Some((setting.id.name().to_string(), setting.value?.to_owned())))
        .collect()
}

pub fn rights(decoded: &Decoded) -> BTreeMap<String, &'static str> {
    decoded
        .delta
        .iter()
        .filter_map(|setting| {
            let right = match setting.access? {
                UserAccess::Na => "na",
                UserAccess::Ro => "ro",
                UserAccess::Rw => "rw",
            };
            Some((setting.id.name().to_string(), right))
        })
        .collect()
}

/// Warnings as `code:subject`, or `code` where there is no subject.
pub fn warnings(decoded: &Decoded) -> Vec<String> {
    decoded
        .diagnostics
        .iter()
        .map(|warning| match &*warning.subject {
            "" => warning.code.as_str().to_owned(),
            subject => format!("{}:{subject}", warning.code.as_str()),
        })
        .collect()
}

/// Wraps elements into a profile and checks what they set, what is warned of, and that no more is set.
#[track_caller]
pub fn check(inside: &str, expected: &[(&str, &str)], warned: &[&str]) {
    check_file(
        &format!("<flat-profile>{inside}</flat-profile>"),
        expected,
        warned,
    );
}

#[track_caller]
pub fn check_file(file: &str, expected: &[(&str, &str)], warned: &[&str]) {
    let decoded = read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(values(&decoded), expected, "{file}");
    assert_eq!(warnings(&decoded), warned, "{file}");
}

/// Checks the word and the place of the error of a file.
#[track_caller]
pub fn check_error(file: impl AsRef<[u8]>, code: &str, position: Option<(u32, u32)>) {
    let file = file.as_ref();
    let shown = String::from_utf8_lossy(file).into_owned();
    let error = read(file)
        .err()
        .unwrap_or_else(|| panic!("{shown} was accepted"));
    assert_eq!(
        (error.code().as_str(), error.position()),
        (code, position),
        "{shown}: {error}"
    );
}

/// Checks that the element inside a profile makes the file corrupt.
#[track_caller]
pub fn check_corrupt(inside: &str, position: (u32, u32)) {
    check_error(
        format!("<flat-profile>\n{inside}\n</flat-profile>"),
        "corrupt",
        Some(position),
    );
}

pub fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The vectors about profiles.
pub const PROFILE_VECTORS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/spec/profile-vectors.toml"
));

/// The vectors about containers and gzip.
pub const CRYPTO_VECTORS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/spec/crypto-vectors.toml"
));

/// The rows of a table of a vector file.
pub fn rows(file: &str, table: &str) -> Vec<toml::Table> {
    let parsed: toml::Table = file.parse().unwrap();
    let rows = parsed[table].as_array().unwrap();
    assert!(!rows.is_empty());
    rows.iter()
        .map(|row| row.as_table().unwrap().clone())
        .collect()
}
