//! From a load to the text of its manifest.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onhook_crypto::{Sha256, sha256};

use super::parse::FIRST;
use super::{BadManifest, Digest, Manifest, Signature};

/// What a manifest is to say.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The name of the load.
    pub name: String,
    /// The family that it is for.
    pub family: String,
    /// Its version.
    pub version: String,
    /// Its security counter.
    pub counter: u32,
    /// The size of a block in bytes.
    pub block_size: u32,
    /// Its components, in the order in which they lie in a slot.
    pub components: Vec<DraftComponent>,
}

/// A component with its digests.
#[derive(Clone, Debug)]
pub struct DraftComponent {
    /// The name of its file.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// The SHA-256 of each of its blocks.
    pub blocks: Vec<Digest>,
}

impl Draft {
    /// The text without a signature.
    ///
    /// # Errors
    /// A reader would refuse it.
    pub fn text(&self) -> Result<String, BadManifest> {
        let Self {
            name,
            family,
            version,
            counter,
            block_size,
            components,
        } = self;
        let mut text = format!(
            "{FIRST}\nname {name}\nfamily {family}\nversion {version}\ncounter {counter}\nblock {block_size}\n"
        );
        for DraftComponent {
            name,
            size,
            sha256,
            blocks,
        } in components
        {
            // Writing to a text does not fail.
            let _ = writeln!(text, "component {name} {size} {sha256}");
            for block in blocks {
                let _ = writeln!(text, "{block}");
            }
        }
        Manifest::parse(text.as_bytes())?;
        Ok(text)
    }
}

/// A manifest with its last line, the signature over all bytes before it.
#[must_use]
pub fn signed(message: &str, signature: &Signature) -> String {
    let bytes = STANDARD.encode(signature.bytes);
    format!("{message}signature {} {bytes}\n", signature.key)
}

/// Makes a component's digests from its bytes, piece by piece; holds one block.
pub struct Hasher {
    block_size: usize,
    block: Vec<u8>,
    whole: Sha256,
    size: u64,
    blocks: Vec<Digest>,
}

impl Hasher {
    /// Of a component that has no bytes yet.
    #[must_use]
    pub fn new(block_size: u32) -> Self {
        Self {
            block_size: (block_size as usize).max(1),
            block: Vec::new(),
            whole: Sha256::default(),
            size: 0,
            blocks: Vec::new(),
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.whole.update(bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = self.block_size - self.block.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == self.block_size {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        self.blocks.push(Digest(sha256(&self.block)));
        self.block.clear();
    }

    /// The component of this name.
    #[must_use]
    pub fn finish(mut self, name: String) -> DraftComponent {
        if !self.block.is_empty() {
            self.end_block();
        }
        DraftComponent {
            name,
            size: self.size,
            sha256: Digest(self.whole.finish()),
            blocks: self.blocks,
        }
    }
}
