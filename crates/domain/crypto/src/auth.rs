//! What answers a challenge of HTTP or SIP: the computations of Basic (RFC 7617) and Digest (RFC 7616).
//!
//! [`NonceKey`] makes the nonces of whoever challenges. Nothing here knows a message, a connection or chance: method, target and client nonce are arguments.

mod nonce;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use nonce::{Made, NonceKey};
pub use words::{Element, elements};
use zeroize::{Zeroize as _, Zeroizing};

/// A user name and a password, as bytes.
#[derive(Clone, Copy)]
pub struct Login<'l> {
    /// The user name.
    pub user: &'l [u8],
    /// The password.
    pub password: &'l [u8],
}

impl Login<'_> {
    /// The value of Authorization under the Basic scheme.
    #[must_use]
    pub fn basic(&self) -> Zeroizing<Vec<u8>> {
        let plain = Zeroizing::new([self.user, b":", self.password].concat());
        let encoded = Zeroizing::new(STANDARD.encode(plain.as_slice()));
        Zeroizing::new([b"Basic ", encoded.as_bytes()].concat())
    }
}

/// The hash of a Digest challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Algorithm {
    /// MD5, also that of a challenge that names none.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// Its name in challenges.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// The algorithm of a name in any letter case; `None` for one that is not known, such as `MD5-sess`.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        [Self::Md5, Self::Sha256]
            .into_iter()
            .find(|known| known.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The hash, in hexadecimal, of parts with a colon between.
    fn hex(self, parts: &[&[u8]]) -> Zeroizing<String> {
        match self {
            Self::Md5 => hex::<md5::Md5>(parts),
            Self::Sha256 => hex::<sha2::Sha256>(parts),
        }
    }
}

fn hex<D: md5::Digest>(parts: &[&[u8]]) -> Zeroizing<String> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hash = D::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    let mut digest = hash.finalize();
    let digit = |value: u8| {
        DIGITS
            .get(usize::from(value))
            .map(|digit| char::from(*digit))
    };
    let digits = digest
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    let text = Zeroizing::new(digits.flatten().collect());
    digest.as_mut_slice().zeroize();
    text
}

/// What is said in the name of a login: one request under one nonce.
#[derive(Clone, Copy, Debug)]
pub struct Spoken<'s> {
    /// The realm, without quotes and escapes.
    pub realm: &'s [u8],
    /// The nonce of the server.
    pub nonce: &'s [u8],
    /// For `qop=auth`: the count and the nonce of the client as they are written. `None` as before RFC 2617.
    pub counted: Option<(&'s [u8], &'s [u8])>,
    /// The method of the request.
    pub method: &'s [u8],
    /// Its target, as the parameter `uri` has it.
    pub uri: &'s [u8],
}

impl Spoken<'_> {
    /// Whether a value of `response` proves the password; how long it takes does not tell where the values differ.
    #[must_use]
    pub fn is_proven_by(&self, response: &[u8], algorithm: Algorithm, login: Login<'_>) -> bool {
        let proof = self.response(algorithm, login);
        let differences = proof.bytes().zip(response).fold(0, |all, (ours, theirs)| {
            all | (ours ^ theirs.to_ascii_lowercase())
        });
        proof.len() == response.len() && differences == 0
    }

    /// The value of `response`, which proves the password.
    #[must_use]
    pub fn response(&self, algorithm: Algorithm, login: Login<'_>) -> Zeroizing<String> {
        //= R-HTTP-9
        let secret = algorithm.hex(&[login.user, self.realm, login.password]);
        let what = algorithm.hex(&[self.method, self.uri]);
        match self.counted {
            Some((count, cnonce)) => algorithm.hex(&[
                secret.as_bytes(),
                self.nonce,
                count,
                cnonce,
                b"auth",
                what.as_bytes(),
            ]),
            None => algorithm.hex(&[secret.as_bytes(), self.nonce, what.as_bytes()]),
        }
    }
}

/// A Digest challenge that can be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// Where the login is valid; shown to people.
    pub realm: Vec<u8>,
    /// The nonce of the server.
    pub nonce: Vec<u8>,
    /// What is to be sent back as it came.
    pub opaque: Option<Vec<u8>>,
    /// `None` if the challenge names no algorithm, which means MD5 and is answered without a name.
    pub algorithm: Option<Algorithm>,
    /// Whether requests are counted (`qop=auth`).
    pub counts: bool,
    /// Whether the login was right and only the nonce was too old.
    pub stale: bool,
}

impl Challenge {
    /// Reads a challenge; `None` if it is not Digest, lacks realm or nonce, or wants what nobody here can do.
    #[must_use]
    pub fn of(element: &Element<'_>) -> Option<Self> {
        if !element.scheme.eq_ignore_ascii_case(b"digest") {
            return None;
        }
        let algorithm = match element.get("algorithm") {
            None => None,
            Some(name) => Some(Algorithm::of(name)?),
        };
        let counts = match element.get("qop") {
            None => false,
            Some(list) => {
                let mut words = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                if !words.any(|word| word.eq_ignore_ascii_case(b"auth")) {
                    return None;
                }
                true
            }
        };
        let stale = element.get("stale");
        Some(Self {
            realm: element.get("realm")?.to_vec(),
            nonce: element.get("nonce")?.to_vec(),
            opaque: element.get("opaque").map(<[u8]>::to_vec),
            algorithm,
            counts,
            stale: stale.is_some_and(|word| word.eq_ignore_ascii_case(b"true")),
        })
    }

    /// The value of Authorization for the `count`th request under this nonce, from 1.
    ///
    /// `cnonce` is of letters and digits and new for every answer.
    #[must_use]
    pub fn answer(
        &self,
        login: Login<'_>,
        (method, uri): (&str, &str),
        count: u32,
        cnonce: &str,
    ) -> Zeroizing<Vec<u8>> {
        let count = format!("{count:08x}");
        let counted = (count.as_bytes(), cnonce.as_bytes());
        let response = Spoken {
            realm: &self.realm,
            nonce: &self.nonce,
            counted: self.counts.then_some(counted),
            method: method.as_bytes(),
            uri: uri.as_bytes(),
        }
        .response(self.algorithm.unwrap_or(Algorithm::Md5), login);
        let mut answer = Zeroizing::new(b"Digest ".to_vec());
        push_quoted(&mut answer, "username", login.user);
        push_quoted(&mut answer, ", realm", &self.realm);
        push_quoted(&mut answer, ", nonce", &self.nonce);
        push_quoted(&mut answer, ", uri", uri.as_bytes());
        if let Some(algorithm) = self.algorithm {
            answer.extend_from_slice(b", algorithm=");
            answer.extend_from_slice(algorithm.name().as_bytes());
        }
        push_quoted(&mut answer, ", response", response.as_bytes());
        if let Some(opaque) = &self.opaque {
            push_quoted(&mut answer, ", opaque", opaque);
        }
        if self.counts {
            answer.extend_from_slice(b", qop=auth, nc=");
            answer.extend_from_slice(count.as_bytes());
            push_quoted(&mut answer, ", cnonce", cnonce.as_bytes());
        }
        answer
    }
}

fn push_quoted(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests;
