//! Manifests, blocks as they arrive, and the record of the boot loader.

#![cfg(test)]

mod boot;
mod manifest;
mod receive;

use onhook_crypto::port::{NotSigned, SignatureCheck};
use onhook_crypto::{KeyId, PublicKey, sha256};
use onhook_upgrade::{Draft, DraftComponent, Hasher, Load, Signature, signed};

/// The key whose signatures count.
pub(crate) const KEY: PublicKey = PublicKey([7; 32]);
/// The smallest size of a block.
pub(crate) const BLOCK: u32 = 4096;

/// Trusts [`KEY`] alone; its signature is a digest.
pub(crate) struct Signatures;

pub(crate) fn sign(message: &[u8]) -> [u8; 64] {
    let digest = sha256(message);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&digest);
    bytes
}

impl SignatureCheck for Signatures {
    fn check(&self, key: KeyId, message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned> {
        if key != KEY.id() {
            return Err(NotSigned::UnknownKey(key));
        }
        match sign(message) == *signature {
            true => Ok(()),
            false => Err(NotSigned::Mismatch(key)),
        }
    }
}

/// Bytes that differ from block to block.
pub(crate) fn content(seed: u8, length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| (n / 7 + n * n % 251) as u8 ^ seed)
        .collect()
}

pub(crate) fn component(name: &str, content: &[u8]) -> DraftComponent {
    let mut hasher = Hasher::new(BLOCK);
    for piece in content.chunks(1000) {
        hasher.update(piece);
    }
    hasher.finish(name.to_owned())
}

pub(crate) fn draft(components: Vec<DraftComponent>) -> Draft {
    Draft {
        name: "sip88xx.12-0-1MPP0001-100".to_owned(),
        family: "sip88xx".to_owned(),
        version: "12-0-1MPP0001-100".to_owned(),
        counter: 3,
        block_size: BLOCK,
        components,
    }
}

/// The text of a signed manifest.
pub(crate) fn manifest(draft: &Draft) -> String {
    let message = draft.text().unwrap();
    let signature = Signature {
        key: KEY.id(),
        bytes: sign(message.as_bytes()),
    };
    signed(&message, &signature)
}

pub(crate) fn load(components: Vec<DraftComponent>) -> Load {
    Load::trusted(manifest(&draft(components)).as_bytes(), &Signatures).unwrap()
}
