//! What a file that cannot be used looks like.

use std::io::Read as _;

use flate2::read::GzDecoder;
use onhook_crypto::{Digest, Look, first_look, is_salted, open};
use onhook_device::Secret;
use zeroize::Zeroizing;

use super::Verdict;
use super::reason::Reason;
use crate::tap::Transfer;

/// The word that encrypted files begin with.
const MAGIC: &[u8] = b"Salted__";
/// The same in base64.
const MAGIC_BASE64: &[u8] = b"U2FsdGVkX1";
/// Bytes looked at for the beginning of a page.
const BEGINNING: usize = 512;

/// Why a file may be of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Suspicion {
    /// It is a page for people.
    Html,
    /// It is JSON.
    Json,
    /// It is encrypted, and the rule has no key.
    NoKey,
    /// It is not encrypted, and the rule has a key.
    NotEncrypted,
    /// It is the text form of an encrypted file.
    Base64,
    /// It was compressed after it was encrypted.
    GzipOutside,
    /// It opens with almost the same key, in this derivation.
    OtherKey(&'static str, Digest),
}

impl Suspicion {
    pub(super) fn of(transfer: &Transfer, key: Option<&Secret>) -> Option<Self> {
        let body = transfer.body.as_slice();
        if transfer.aes128gcm {
            return None;
        }
        if is_salted(body) {
            return match key {
                None => Some(Self::NoKey),
                Some(key) => other_key(body, key),
            };
        }
        if body.trim_ascii_start().starts_with(MAGIC_BASE64) {
            return Some(Self::Base64);
        }
        let look = first_look(body.iter().copied());
        if look == Look::Gzip && is_salted(&inflated(body)) {
            return Some(Self::GzipOutside);
        }
        let text = body.trim_ascii_start();
        let beginning = text.get(..BEGINNING).unwrap_or(text).to_ascii_lowercase();
        let begins = |tag: &[u8]| beginning.starts_with(tag);
        let holds = |tag: &[u8]| beginning.windows(tag.len()).any(|window| window == tag);
        if begins(b"<!doctype html") || begins(b"<html") || (begins(b"<?xml") && holds(b"<html")) {
            return Some(Self::Html);
        }
        if begins(b"{") || begins(b"[") {
            return Some(Self::Json);
        }
        (key.is_some() && matches!(look, Look::Xml | Look::Gzip)).then_some(Self::NotEncrypted)
    }

    pub(super) fn verdict(self) -> Verdict {
        let mut verdict = Verdict::because(self.reason());
        if let Self::OtherKey(how, digest) = self {
            let digest = digest.name();
            verdict.summary += &format!(", but does with {how} ({digest} key derivation)");
        }
        verdict
    }

    const fn reason(self) -> Reason {
        match self {
            Self::Html => Reason {
                code: "html-page",
                summary: "the server sends a web page, not a profile",
                advice: &[
                    "a log-in page, a page of errors with status 200, or a listing: fetch the URL with curl and look at it",
                ],
            },
            Self::Json => Reason {
                code: "json",
                summary: "the server sends JSON, not a profile",
                advice: &["the URL is one of an API: name the one that gives XML"],
            },
            Self::NoKey => Reason {
                code: "no-key",
                summary: "the file is encrypted, and the rule names no key",
                advice: &["write [--key KEY] before the URL, or give the key with --key-file"],
            },
            Self::NotEncrypted => Reason {
                code: "not-encrypted",
                summary: "the rule names a key, and the file is not encrypted",
                advice: &[
                    "encrypt it with `openssl enc -aes-256-cbc -md md5`, or take --key out of the rule",
                ],
            },
            Self::Base64 => Reason {
                code: "base64",
                summary: "the file is the text form of an encrypted file (`openssl enc -a`), which phones do not read",
                advice: &["encrypt it without -a, or decode it with `openssl base64 -d`"],
            },
            Self::GzipOutside => Reason {
                code: "gzip-outside",
                summary: "the file was compressed after it was encrypted; phones decrypt first and inflate then",
                advice: &[
                    "compress the profile first, encrypt the result, and let the server send it as it is (no Content-Encoding: gzip)",
                ],
            },
            Self::OtherKey(..) => Reason {
                code: "almost-the-key",
                summary: "the file does not open with the key of the rule",
                advice: &[
                    "encrypt the file again with the key as the rule has it; `printf %s` writes a key without a line end",
                ],
            },
        }
    }
}

/// The first bytes of a compressed file.
fn inflated(body: &[u8]) -> Vec<u8> {
    let mut first = Vec::new();
    // A damaged file shows what it has.
    let _ = GzDecoder::new(body)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut first);
    first
}

/// Whether a key that people mistake for this one opens the file.
fn other_key(body: &[u8], key: &Secret) -> Option<Suspicion> {
    let key = key.expose();
    let with = |end: &[u8]| Zeroizing::new([key, end].concat());
    let candidates = [
        ("a line end behind it", with(b"\n")),
        ("a line end of Windows behind it", with(b"\r\n")),
        (
            "the blanks around it taken away",
            Zeroizing::new(key.trim_ascii().to_vec()),
        ),
        (
            "its letters in lower case",
            Zeroizing::new(key.to_ascii_lowercase()),
        ),
        (
            "its letters in upper case",
            Zeroizing::new(key.to_ascii_uppercase()),
        ),
    ];
    candidates.into_iter().find_map(|(how, candidate)| {
        if candidate.as_slice() == key {
            return None;
        }
        let opened = open(body.to_vec(), &candidate).ok()?;
        let digest = opened.digest;
        let plain = Zeroizing::new(opened.plaintext);
        let look = first_look(plain.iter().copied());
        matches!(look, Look::Xml | Look::Gzip).then_some(Suspicion::OtherKey(how, digest))
    })
}
