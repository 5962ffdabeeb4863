//! Encrypted profile containers, key derivation, and the port to secrets.
//!
//! A container is what `openssl enc -aes-256-cbc` writes: `Salted__`, eight salt
//! octets, AES-256-CBC blocks. [`open`] finds the digest of its key by itself;
//! [`decrypt`] and [`encrypt`] take it as an argument. Buffers are worked on in
//! place; keys, key schedules and discarded plaintext are wiped. [`unseal`] and
//! [`seal`] are the `aes128gcm` coding of RFC 8188. [`auth`] answers challenges
//! of HTTP and SIP. [`PublicKey`] and the port [`port::SignatureCheck`] are what a firmware
//! load is checked with.
//!
//! Deliberately unknown here: XML, gzip, HTTP headers, where keys come from.
//! Salts and client nonces are arguments, for nothing in this crate draws randomness.
//!
//! Requirement families: R-CBC, R-GCM, D-CRY, R-HTTP-9, and R-CBC-7 for files that
//! are not encrypted too ([`first_look`]); R-FW-7.

pub mod auth;
mod container;
mod derive;
mod hash;
mod look;
pub mod port;
mod records;
mod signing;

pub use container::{DecryptError, Opened, decrypt, encrypt, is_salted, open};
pub use derive::{Digest, KeyIv, evp_bytes_to_key, sha256};
pub use hash::Sha256;
pub use look::{Look, first_look};
pub use records::{
    RECORDS_SALT, RecordsError, SmallRecord, Unsealed, keying_material, seal, unseal,
};
pub use signing::{BadKey, KeyId, PublicKey};
