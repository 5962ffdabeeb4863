//! Public keys of Ed25519 (RFC 8032) as texts, and the names by which signatures call them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::sha256;

/// What stands before the 32 octets of a key in its DER form (RFC 8410, 4).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// The most keys in one text.
const MOST_KEYS: usize = 64;

/// The name of a key: the first eight octets of the SHA-256 of its 32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    /// Writes 16 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for KeyId {
    type Err = BadKey;

    /// Reads 16 hex digits in lower case.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut id = [0; 8];
        let digits = text.as_bytes();
        if digits.len() != 16 {
            return Err(BadKey("the name of a key has 16 hex digits"));
        }
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(BadKey("the name of a key has 16 hex digits")),
                };
                *byte = *byte << 4 | value;
            }
        }
        Ok(Self(id))
    }
}

/// A public key of Ed25519; whether the octets are a point of the curve shows when it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey(pub [u8; 32]);

/// A text holds no public keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct BadKey(&'static str);

impl PublicKey {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(sha256(&self.0)) {
            *to = from;
        }
        KeyId(id)
    }

    /// The key in PEM, as `openssl pkey -pubout` writes it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let der = [SPKI.as_slice(), &self.0].concat();
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der))
    }

    /// The keys of a text with one PEM block each, 1 to 64; what stands between blocks is a comment.
    ///
    /// # Errors
    /// There is none, or a block is no key of Ed25519.
    pub fn read_all(text: &str) -> Result<Vec<Self>, BadKey> {
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once(BEGIN) {
            let (body, after) = after
                .split_once(END)
                .ok_or(BadKey("a public key has no end"))?;
            rest = after;
            keys.push(Self::of_body(body)?);
            if keys.len() > MOST_KEYS {
                return Err(BadKey("there are more than 64 public keys"));
            }
        }
        match keys.is_empty() {
            true => Err(BadKey("there is no public key in PEM")),
            false => Ok(keys),
        }
    }

    fn of_body(body: &str) -> Result<Self, BadKey> {
        const OTHER: BadKey = BadKey("a public key is none of Ed25519");
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| OTHER)?;
        let key = der.strip_prefix(&SPKI).ok_or(OTHER)?;
        key.try_into().map(Self).map_err(|_| OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys = [PublicKey([1; 32]), PublicKey([2; 32])];
        let text = format!("old\n{}new\n{}", keys[0].to_pem(), keys[1].to_pem());
        assert_eq!(PublicKey::read_all(&text), Ok(keys.to_vec()));
        let id = keys[0].id();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(id, keys[1].id());
    }

    #[test]
    fn what_is_no_key_is_refused_whole() {
        let good = PublicKey([1; 32]).to_pem();
        for text in [
            String::new(),
            "no key".to_owned(),
            good.replace(END, ""),
            good.replace("MCow", "MCox"),
            good.replace("AQEB", "AQ"),
            format!("{good}{BEGIN}\n!\n{END}\n"),
            good.repeat(65),
        ] {
            assert!(PublicKey::read_all(&text).is_err(), "{text}");
        }
        for text in [
            "",
            "0123456789abcde",
            "0123456789abcdeF",
            "0123456789abcdefe",
        ] {
            assert!(text.parse::<KeyId>().is_err(), "{text}");
        }
    }
}
