//! Trusted keys keep the contract of their port, and texts of keys are what others write too.

#![cfg(test)]

use std::sync::Arc;

use onhook_crypto::KeyId;
use onhook_crypto::port::SignatureCheck;
use onhook_device::Secret;
use onhook_ed25519::{SigningKey, TrustedKeys};
use onhook_testkit::contract::{self, SignatureCheckFixture};

struct Keys(Vec<SigningKey>);

impl SignatureCheckFixture for Keys {
    fn check(&self) -> Arc<dyn SignatureCheck> {
        let [a, b, _] = self.0.as_slice() else {
            panic!("three keys");
        };
        Arc::new(TrustedKeys::new([a.public(), b.public()]))
    }

    fn sign(&self, key: usize, message: &[u8]) -> (KeyId, [u8; 64]) {
        let key = &self.0[key];
        (key.public().id(), key.sign(message))
    }
}

//= R-FW-7 type=test
#[test]
fn trusted_keys_keep_the_contract() {
    let key = || SigningKey::generate().unwrap().0;
    contract::signature_check(&mut Keys(vec![key(), key(), key()]));
}

/// RFC 8032, 7.1, test 2, its key as RFC 8410 writes keys.
#[test]
fn signatures_are_those_of_the_standard() {
    let text = "a comment\n-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n\
        -----END PRIVATE KEY-----\n";
    let key = SigningKey::read(&Secret::from(text)).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let public = key.public();
    assert!(
        hex(&public.0)
            .starts_with("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    );
    let signature = key.sign(&[0x72]);
    assert!(
        hex(&signature)
            .starts_with("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    );
    let trusted = TrustedKeys::new([public]);
    assert_eq!(trusted.check(public.id(), &[0x72], &signature), Ok(()));
}

#[test]
fn a_made_key_is_read_as_it_was_written_and_never_printed() {
    let (key, text) = SigningKey::generate().unwrap();
    let read = SigningKey::read(&text).unwrap();
    assert_eq!(read.public(), key.public());
    let written = std::str::from_utf8(text.expose()).unwrap();
    let body = written.lines().nth(1).unwrap();
    assert!(!format!("{key:?} {text:?}").contains(body));
    for bad in [
        "",
        "MC4C",
        &written.replace("MC4C", "MC4D"),
        &written.replace("END", "EN"),
    ] {
        assert!(SigningKey::read(&Secret::from(bad)).is_err());
    }
}
