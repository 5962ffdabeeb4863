//! The obligations of [`SignatureCheck`].

use std::sync::Arc;

use onhook_crypto::KeyId;
use onhook_crypto::port::{NotSigned, SignatureCheck};

use super::success;

/// Three keys, of which 0 and 1 are trusted and 2 is not.
pub trait SignatureCheckFixture {
    /// What is under test.
    fn check(&self) -> Arc<dyn SignatureCheck>;

    /// Signs a message with key 0, 1 or 2.
    fn sign(&self, key: usize, message: &[u8]) -> (KeyId, [u8; 64]);
}

/// Checks a checker against every obligation of the port.
pub fn signature_check(fixture: &mut dyn SignatureCheckFixture) {
    let check = fixture.check();
    let message = b"a message of some length, whose every byte counts".as_slice();
    for key in [0, 1] {
        for signed in [message, b""] {
            let (id, signature) = fixture.sign(key, signed);
            success("a good signature", check.check(id, signed, &signature));
        }
    }
    let (id, signature) = fixture.sign(0, message);
    for at in 0..message.len() {
        let mut other = message.to_vec();
        if let Some(byte) = other.get_mut(at) {
            *byte ^= 1;
        }
        assert_eq!(
            check.check(id, &other, &signature),
            Err(NotSigned::Mismatch(id)),
            "byte {at} of the message"
        );
    }
    for at in 0..signature.len() {
        let mut other = signature;
        if let Some(byte) = other.get_mut(at) {
            *byte ^= 0x10;
        }
        assert_eq!(
            check.check(id, message, &other),
            Err(NotSigned::Mismatch(id)),
            "byte {at} of the signature"
        );
    }
    let (shorter, _) = message.split_at(message.len() - 1);
    assert!(check.check(id, shorter, &signature).is_err());
    let (second, _) = fixture.sign(1, message);
    assert_eq!(
        check.check(second, message, &signature),
        Err(NotSigned::Mismatch(second)),
        "the name of another key"
    );
    let (stranger, theirs) = fixture.sign(2, message);
    assert_eq!(
        check.check(stranger, message, &theirs),
        Err(NotSigned::UnknownKey(stranger))
    );
    assert!(check.check(id, message, &theirs).is_err());
}
