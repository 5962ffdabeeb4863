//! The layers of a file, outermost first.

use onhook_crypto::port::KeyVault;
use onhook_crypto::{Digest, Look, Opened, first_look, is_salted, keying_material, open, unseal};
use onhook_device::SecretRef;
use onhook_params::{Delta, Scope};
use zeroize::Zeroizing;

use crate::diagnostics::Diagnostics;
use crate::error::{DecodeError, Protection, XmlFault};
use crate::gzip::{gunzip, wipe};
use crate::profile::read;
use crate::template::{Alone, Known, Template};

/// Bounds on what a file may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Limits {
    /// Bytes after inflating.
    pub inflated_bytes: usize,
    /// Bytes after inflating, for each byte before.
    pub ratio: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Attributes of one tag.
    pub attributes: usize,
    /// Bytes of decoded text between two tags.
    pub element_text: usize,
}

impl Default for Limits {
    /// 32 MiB, 200:1, 32 levels, 32 attributes, 64 KiB.
    fn default() -> Self {
        Self {
            inflated_bytes: 32 << 20,
            ratio: 200,
            depth: 32,
            attributes: 32,
            element_text: 64 << 10,
        }
    }
}

/// How a file is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct DecodeSpec<'a> {
    /// Which parameters exist, and the reading of empty elements.
    pub scope: Scope,
    /// The alias map of `--alias`, not expanded; empty for none.
    pub aliases: &'a str,
    /// The argument of `--key`; one with no bytes counts as none.
    pub key: Option<SecretRef>,
    /// The value of IKM_HTTP_Encrypt_Content; one with no bytes counts as none.
    pub ikm: Option<SecretRef>,
    /// Whether the answer had `Content-Encoding: aes128gcm`.
    pub aes128gcm: bool,
    /// Bounds.
    pub limits: Limits,
}

/// The encryption that a file came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Container {
    /// None.
    None,
    /// AES-256-CBC, key derived with MD5.
    SaltedMd5,
    /// AES-256-CBC, key derived with SHA-256.
    SaltedSha256,
    /// AES-128-GCM records of RFC 8188.
    Rfc8188,
}

impl Container {
    /// The word for JSON and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SaltedMd5 => "salted-md5",
            Self::SaltedSha256 => "salted-sha256",
            Self::Rfc8188 => "rfc8188",
        }
    }
}

/// A good file.
#[derive(Debug)]
pub struct Decoded {
    /// What it sets.
    pub delta: Delta,
    /// The encryption it came in.
    pub container: Container,
    /// Whether it was compressed.
    pub gzip: bool,
    /// What was wrong with it but does no harm.
    pub diagnostics: Diagnostics,
}

/// Decrypts, inflates and reads a fetched file; nothing of it is applied here.
///
/// The body is wiped, whatever the result.
///
/// # Errors
/// The file breaks a rule of form at some layer; then it is unusable as a whole (R-FIL-6).
pub fn decode(
    body: Vec<u8>,
    spec: &DecodeSpec<'_>,
    vault: &dyn KeyVault,
) -> Result<Decoded, DecodeError> {
    decoded(body, spec, vault, &mut Alone)
}

/// The same for one of many files that one program wrote: what they have in common is read faster each time but the first.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_like(
    body: Vec<u8>,
    spec: &DecodeSpec<'_>,
    vault: &dyn KeyVault,
    template: &mut Template,
) -> Result<Decoded, DecodeError> {
    match template.helps(spec) {
        true => decoded(body, spec, vault, template),
        false => decode(body, spec, vault),
    }
}

fn decoded(
    body: Vec<u8>,
    spec: &DecodeSpec<'_>,
    vault: &dyn KeyVault,
    template: &mut impl Known,
) -> Result<Decoded, DecodeError> {
    let body = Zeroizing::new(body);
    //= R-FIL-2
    //= R-FIL-3
    let (mut content, container) = decrypted(body, spec, vault)?;
    let protection = match container {
        Container::None => Protection::None,
        Container::SaltedMd5 | Container::SaltedSha256 => Protection::Key,
        Container::Rfc8188 => Protection::KeyingMaterial,
    };
    //= R-FIL-1
    let gzip = look(&content) == Look::Gzip;
    if gzip {
        //= R-GZ-3
        let inflated = gunzip(&content, spec.limits)?;
        wipe(std::mem::replace(&mut content, inflated));
    }
    //= R-FIL-6
    let (delta, diagnostics) = match look(&content) {
        Look::Xml => read(&content, spec, template)?,
        //= D-XML-3
        //= R-HTTP-13
        Look::Blank => return Err(DecodeError::EmptyFile),
        //= R-ENC-1
        Look::Utf16 => {
            return Err(DecodeError::Corrupt {
                fault: XmlFault::Utf16,
                line: 1,
                column: 1,
            });
        }
        //= R-FIL-5
        Look::Gzip | Look::Other => return Err(DecodeError::NotAProfile { protection }),
    };
    wipe(content);
    Ok(Decoded {
        delta,
        container,
        gzip,
        diagnostics,
    })
}

fn look(content: &[u8]) -> Look {
    first_look(content.iter().copied())
}

/// Removes the layer of encryption.
fn decrypted(
    mut body: Zeroizing<Vec<u8>>,
    spec: &DecodeSpec<'_>,
    vault: &dyn KeyVault,
) -> Result<(Zeroizing<Vec<u8>>, Container), DecodeError> {
    //= R-GCM-1
    //= D-CRY-5
    if spec.aes128gcm {
        let mut unsealed = None;
        //= R-GCM-2
        if let Some(ikm) = spec.ikm {
            vault.with_secret(ikm, &mut |text| {
                if !text.is_empty() {
                    let keying = keying_material(text);
                    unsealed = Some(unseal(std::mem::take(&mut *body), &keying));
                }
            })?;
        }
        let unsealed = unsealed.ok_or(DecodeError::NoIkm)??;
        return Ok((Zeroizing::new(unsealed.plaintext), Container::Rfc8188));
    }
    if look(&body) == Look::Blank {
        return Err(DecodeError::EmptyFile);
    }
    if let Some(key) = spec.key {
        let mut opened = None;
        vault.with_secret(key, &mut |passphrase| {
            if !passphrase.is_empty() {
                opened = Some(open(std::mem::take(&mut *body), passphrase));
            }
        })?;
        if let Some(opened) = opened {
            let Opened { plaintext, digest } = opened?;
            let container = match digest {
                Digest::Md5 => Container::SaltedMd5,
                Digest::Sha256 => Container::SaltedSha256,
            };
            return Ok((Zeroizing::new(plaintext), container));
        }
    }
    //= R-FIL-4
    if is_salted(&body) {
        return Err(DecodeError::EncryptedWithoutKey);
    }
    Ok((body, Container::None))
}
