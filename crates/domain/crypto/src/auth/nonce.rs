//! Nonces that only their maker can make: a moment, a number and whom they are for, under a key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Octets of the code at the end of a nonce.
const CODE: usize = 16;
/// Octets of the moment and of the number before it.
const BODY: usize = 12;

/// The key of those who make nonces; it is new at each start of a program.
pub struct NonceKey(Zeroizing<[u8; 32]>);

/// What a nonce says of itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Made {
    /// When it was made, in milliseconds of the clock of its maker.
    pub at_ms: u64,
    /// Its number, so that no two are the same.
    pub number: u32,
}

impl NonceKey {
    /// A key of 32 random octets.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// A nonce for one asker: 56 hexadecimal digits.
    #[must_use]
    pub fn make(&self, made: Made, asker: &[u8]) -> String {
        let mut bytes = [0; BODY + CODE];
        let (body, code) = bytes.split_at_mut(BODY);
        write(made, body);
        if let Some(hash) = self.hash(body, asker)
            && let Some(hash) = hash.finalize().into_bytes().get(..CODE)
        {
            code.copy_from_slice(hash);
        }
        hex(&bytes)
    }

    /// Reads a nonce; `None` if it was not made with this key for this asker.
    #[must_use]
    pub fn read(&self, nonce: &[u8], asker: &[u8]) -> Option<Made> {
        let bytes = unhex(nonce)?;
        let (body, code) = bytes.split_at_checked(BODY)?;
        let hash = self.hash(body, asker)?;
        // Of constant time.
        (code.len() == CODE).then_some(())?;
        hash.verify_truncated_left(code).ok()?;
        let (at_ms, number) = body.split_at_checked(8)?;
        Some(Made {
            at_ms: u64::from_be_bytes(at_ms.try_into().ok()?),
            number: u32::from_be_bytes(number.try_into().ok()?),
        })
    }

    fn hash(&self, body: &[u8], asker: &[u8]) -> Option<Hmac<Sha256>> {
        // Any key has a length that HMAC takes.
        let mut hash = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        hash.update(body);
        hash.update(asker);
        Some(hash)
    }
}

fn write(made: Made, body: &mut [u8]) {
    let bytes = made
        .at_ms
        .to_be_bytes()
        .into_iter()
        .chain(made.number.to_be_bytes());
    for (to, from) in body.iter_mut().zip(bytes) {
        *to = from;
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16);
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.flatten().collect()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    if text.len() != 2 * (BODY + CODE) {
        return None;
    }
    let pairs = text.chunks_exact(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Made = Made {
        at_ms: 1_234_567,
        number: 7,
    };

    #[test]
    fn a_nonce_is_read_by_its_maker_for_its_asker_alone() {
        let (key, other) = (NonceKey::new([1; 32]), NonceKey::new([2; 32]));
        let nonce = key.make(MADE, b"192.0.2.1");
        assert_eq!(nonce.len(), 56);
        assert_eq!(key.read(nonce.as_bytes(), b"192.0.2.1"), Some(MADE));
        assert_eq!(key.read(nonce.as_bytes(), b"192.0.2.2"), None);
        assert_eq!(other.read(nonce.as_bytes(), b"192.0.2.1"), None);
        let next = Made { number: 8, ..MADE };
        assert_ne!(key.make(next, b"192.0.2.1"), nonce);
    }

    #[test]
    fn a_nonce_that_was_touched_is_none() {
        let key = NonceKey::new([1; 32]);
        let nonce = key.make(MADE, b"a");
        for at in 0..nonce.len() {
            let mut touched = nonce.clone().into_bytes();
            touched[at] = if touched[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(key.read(&touched, b"a"), None, "digit {at}");
        }
        for cut in 0..nonce.len() {
            assert_eq!(key.read(&nonce.as_bytes()[..cut], b"a"), None);
        }
        let longer = format!("{nonce}00");
        assert_eq!(key.read(longer.as_bytes(), b"a"), None);
        assert_eq!(key.read(&[b'g'; 56], b"a"), None);
    }
}
