//! The manifest of a load: what it is, of which components it is made, and the digest of each block (docs/loads.md).

mod parse;
mod write;

use std::fmt;

use onhook_crypto::port::{NotSigned, SignatureCheck};
use onhook_crypto::{KeyId, sha256};
use onhook_device::Outcome;
use thiserror::Error;

use crate::load::refused_by_manifest;
use crate::load_name;

pub use write::{Draft, DraftComponent, Hasher, signed};

/// Largest manifest, in bytes.
pub const MANIFEST_LIMIT: u64 = 1024 * 1024;
/// Most components of a load.
pub const MOST_COMPONENTS: usize = 64;
/// Largest component, in bytes (R-HTTP-16).
pub const LARGEST_COMPONENT: u64 = 256 * 1024 * 1024;
/// Largest sum of the sizes of all components, in bytes.
pub const LARGEST_LOAD: u64 = 4 * 1024 * 1024 * 1024;
/// Smallest and largest size of a block, in bytes; a power of two.
pub const BLOCK_SIZES: (u32, u32) = (4096, 1024 * 1024);
/// Longest name of a load, a component, a family or a version, in bytes.
pub const LONGEST_NAME: usize = 96;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 hex digits in lower case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            for digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return None,
                };
                *byte = *byte << 4 | value;
            }
        }
        Some(Self(digest))
    }
}

impl fmt::Display for Digest {
    /// Writes 64 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// One file of a load, beside its manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// The name of the file: one plain segment of a path.
    pub name: String,
    /// Its size in bytes, 1 or more.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// The number of its first block among those of the load.
    pub first_block: u32,
}

/// One block of a load: all of one size but for the last of each component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// The component that it belongs to, from 0.
    pub component: u16,
    /// Where it begins in that component, in bytes.
    pub offset: u64,
    /// Its length in bytes, 1 up to the block size.
    pub length: u32,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// What a manifest says; nobody has looked at its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// The name of the load, which `$SWVER` shows while it runs.
    pub name: String,
    /// The family of phones that it is for, such as `sip88xx`.
    pub family: String,
    /// Its version, such as `12-0-1MPP0001-100`.
    pub version: String,
    /// Its security counter: a phone that has run a load takes none with a lower one (R-FW-10).
    pub counter: u32,
    /// The size of a block in bytes.
    pub block_size: u32,
    /// The SHA-256 of the whole manifest, signature included, by which the load is known.
    pub identity: Digest,
    components: Vec<Component>,
    /// The digest of each block, in order.
    digests: Vec<Digest>,
}

/// The signature of a manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature {
    /// Who signed.
    pub key: KeyId,
    /// The signature of Ed25519.
    pub bytes: [u8; 64],
}

/// What is signed of a manifest, and by whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signed<'m> {
    /// The bytes that the signature covers: all before its line.
    pub message: &'m [u8],
    /// The signature.
    pub signature: Signature,
}

/// Why a text is no manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("line {line}: {what}")]
pub struct BadManifest {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: &'static str,
    /// Whether what it announces is too large.
    pub is_too_large: bool,
}

/// Why a load is not taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LoadFault {
    /// Its manifest cannot be read.
    #[error("the manifest cannot be read")]
    Manifest(#[source] BadManifest),
    /// It is not signed.
    #[error("the manifest is not signed")]
    Unsigned,
    /// Its signature does not count.
    #[error("the signature does not count")]
    Signature(#[source] NotSigned),
    /// It is another load than the one that was asked for.
    #[error("the manifest is that of the load `{0}`, not of the file that it was fetched as")]
    OtherName(String),
    /// It is for another family, or older than Downgrade_Rev_Limit.
    #[error("the load `{0}` is refused")]
    Refused(String, crate::Refusal),
    /// Its security counter is lower than that of a load that has run.
    #[error(
        "the load `{name}` has the security counter {counter}; this phone takes none below {floor}"
    )]
    Counter {
        /// The name of the load.
        name: String,
        /// Its counter.
        counter: u32,
        /// The lowest that the phone takes.
        floor: u32,
    },
}

impl LoadFault {
    /// How an attempt ends that fails so.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            //= R-HTTP-16
            Self::Manifest(bad) if bad.is_too_large => Outcome::TooLarge,
            //= R-FW-8
            Self::Manifest(_) | Self::Unsigned | Self::Signature(_) | Self::OtherName(_) => {
                Outcome::Signature
            }
            Self::Refused(_, refusal) => refusal.outcome(),
            //= R-FW-10
            Self::Counter { .. } => Outcome::BelowLimit,
        }
    }
}

/// What a phone that wants a load knows of itself and of the load.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The path that the manifest was fetched from.
    pub path: &'w str,
    /// The name of the load that runs.
    pub running: &'w str,
    /// Downgrade_Rev_Limit.
    pub limit: &'w str,
    /// The lowest security counter that the phone takes.
    pub floor: u32,
}

/// A load whose manifest somebody trusted has signed, and that this phone may take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    manifest: Manifest,
    key: KeyId,
    text: Vec<u8>,
}

impl Load {
    /// Reads a manifest, up to 1 MiB, and checks all that can be checked before its components come.
    ///
    /// # Errors
    /// The load is not to be taken.
    pub fn read(
        bytes: &[u8],
        signatures: &dyn SignatureCheck,
        wanted: &Wanted<'_>,
    ) -> Result<Self, LoadFault> {
        let load = Self::trusted(bytes, signatures)?;
        let manifest = &load.manifest;
        // A signed load under another name would run under that name and be upgraded again and again.
        if manifest.name != load_name(wanted.path) {
            return Err(LoadFault::OtherName(manifest.name.clone()));
        }
        //= R-FW-10
        //= R-FW-11
        let told = (&*manifest.family, &*manifest.version);
        if let Some(refused) = refused_by_manifest(told, wanted.running, wanted.limit) {
            return Err(LoadFault::Refused(manifest.name.clone(), refused));
        }
        //= R-FW-10
        if manifest.counter < wanted.floor {
            return Err(LoadFault::Counter {
                name: manifest.name.clone(),
                counter: manifest.counter,
                floor: wanted.floor,
            });
        }
        Ok(load)
    }

    /// Reads a manifest, and whether it is signed by somebody trusted; whom the load is for is not looked at.
    ///
    /// # Errors
    /// It cannot be read or is not signed.
    pub fn trusted(bytes: &[u8], signatures: &dyn SignatureCheck) -> Result<Self, LoadFault> {
        //= R-FW-7
        let (manifest, signed) = Manifest::parse(bytes).map_err(LoadFault::Manifest)?;
        let Signed { message, signature } = signed.ok_or(LoadFault::Unsigned)?;
        signatures
            .check(signature.key, message, &signature.bytes)
            .map_err(LoadFault::Signature)?;
        Ok(Self {
            manifest,
            key: signature.key,
            text: bytes.to_vec(),
        })
    }

    /// What its manifest says.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest itself, as it was signed; up to 1 MiB.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Who signed it.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }
}

impl Manifest {
    /// Reads a manifest, up to 1 MiB; gives the signature and the bytes that it covers, if there is one.
    ///
    /// # Errors
    /// It is none, or passes a limit.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Option<Signed<'_>>), BadManifest> {
        parse::parse(bytes)
    }

    /// The components, in order.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The sum of the sizes of all components, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.components.iter().map(|component| component.size).sum()
    }

    /// How many blocks the load has.
    #[must_use]
    pub fn block_count(&self) -> u32 {
        u32::try_from(self.digests.len()).unwrap_or(u32::MAX)
    }

    /// A block, by its number from 0.
    #[must_use]
    pub fn block(&self, number: u32) -> Option<Block> {
        let sha256 = *self.digests.get(number as usize)?;
        let at = self
            .components
            .partition_point(|component| component.first_block <= number)
            .checked_sub(1)?;
        let component = self.components.get(at)?;
        let size = u64::from(self.block_size);
        let offset = u64::from(number - component.first_block) * size;
        let length = component.size.checked_sub(offset)?.min(size);
        Some(Block {
            component: u16::try_from(at).ok()?,
            offset,
            length: u32::try_from(length).ok()?,
            sha256,
        })
    }

    /// All blocks of the load, in order: those of the first component, then those of the next.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        (0..self.block_count()).filter_map(|number| self.block(number))
    }

    /// How much room the load takes in a slot, in bytes: block n lies at n times the block size.
    #[must_use]
    pub fn extent(&self) -> u64 {
        let last = self.block_count().saturating_sub(1);
        let length = self.block(last).map_or(0, |block| u64::from(block.length));
        self.place(last) + length
    }

    /// Where a block lies in a slot, in bytes from its beginning.
    #[must_use]
    pub fn place(&self, block: u32) -> u64 {
        u64::from(block) * u64::from(self.block_size)
    }

    /// Whether these bytes are that block.
    #[must_use]
    pub fn is_block(&self, number: u32, bytes: &[u8]) -> bool {
        self.block(number).is_some_and(|block| {
            bytes.len() as u64 == u64::from(block.length) && sha256(bytes) == block.sha256.0
        })
    }
}
