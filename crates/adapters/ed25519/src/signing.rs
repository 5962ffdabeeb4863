//! Private keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onhook_crypto::PublicKey;
use onhook_device::Secret;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use thiserror::Error;
use zeroize::Zeroizing;

/// What stands before the 32 octets of a private key in its DER form (RFC 8410, 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// A text is no private key, or none could be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct BadSigningKey(&'static str);

/// A private key.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes a new key; gives it with its text in PEM.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate() -> Result<(Self, Secret), BadSigningKey> {
        let mut seed = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(seed.as_mut_slice())
            .map_err(|_unspecified| BadSigningKey("the system gives no randomness"))?;
        let key = Self::of_seed(&seed[..])?;
        let mut der = Zeroizing::new(Vec::with_capacity(PKCS8.len() + seed.len()));
        der.extend_from_slice(&PKCS8);
        der.extend_from_slice(&seed[..]);
        let body = Zeroizing::new(STANDARD.encode(&*der));
        // Room for all bytes at once: a text that grows leaves copies behind.
        let mut pem = Vec::with_capacity(BEGIN.len() + body.len() + END.len() + 3);
        for line in [BEGIN, &body, END] {
            pem.extend_from_slice(line.as_bytes());
            pem.push(b'\n');
        }
        Ok((key, Secret::new(pem)))
    }

    /// Reads a key in PEM.
    ///
    /// # Errors
    /// It is no private key of Ed25519 without a passphrase.
    pub fn read(text: &Secret) -> Result<Self, BadSigningKey> {
        const OTHER: BadSigningKey =
            BadSigningKey("it is no private key of Ed25519 in PEM without a passphrase");
        let text = std::str::from_utf8(text.expose()).map_err(|_| OTHER)?;
        let (_, rest) = text.split_once(BEGIN).ok_or(OTHER)?;
        let (body, _) = rest.split_once(END).ok_or(OTHER)?;
        let mut packed = Zeroizing::new(String::with_capacity(body.len()));
        body.split_ascii_whitespace()
            .for_each(|line| packed.push_str(line));
        let der = Zeroizing::new(STANDARD.decode(packed.as_bytes()).map_err(|_| OTHER)?);
        let seed = der.strip_prefix(&PKCS8).ok_or(OTHER)?;
        Self::of_seed(seed).map_err(|_| OTHER)
    }

    fn of_seed(seed: &[u8]) -> Result<Self, BadSigningKey> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_rejected| BadSigningKey("a private key has 32 octets"))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut octets = [0; 32];
        for (to, from) in octets.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(octets)
    }

    /// Signs bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut octets = [0; 64];
        for (to, from) in octets.iter_mut().zip(self.0.sign(message).as_ref()) {
            *to = *from;
        }
        octets
    }
}
