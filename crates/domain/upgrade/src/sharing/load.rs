//! What a load consists of, and what of it has been checked.

use std::fmt;

use onhook_crypto::sha256;
use thiserror::Error;

use super::Held;
use crate::Manifest;

/// Most blocks of a load.
pub const MAX_BLOCKS: usize = 65_536;

/// Largest block, in octets.
pub const MAX_BLOCK: u32 = 1 << 20;

/// The SHA-256 of a manifest: two phones with the same one want the same load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadId(pub [u8; 32]);

impl LoadId {
    /// The id of the load with this manifest.
    #[must_use]
    pub fn of(manifest: &[u8]) -> Self {
        Self(sha256(manifest))
    }
}

impl fmt::Display for LoadId {
    /// The first eight hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .take(4)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LoadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoadId({self})")
    }
}

/// One block of one component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Which component of the load, from 0.
    pub component: u16,
    /// Where in the component, in octets.
    pub offset: u64,
    /// Octets, 1..=[`MAX_BLOCK`].
    pub length: u32,
    /// Its SHA-256.
    pub digest: [u8; 32],
}

/// Why blocks are no load.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BadLoad {
    /// There are none.
    #[error("a load without blocks cannot be shared")]
    Empty,
    /// There are more than [`MAX_BLOCKS`].
    #[error("a load of {0} blocks cannot be shared: the most is {MAX_BLOCKS}; make blocks larger")]
    TooManyBlocks(usize),
    /// A block is empty or above [`MAX_BLOCK`].
    #[error("block {number} has {length} octets: 1 to {MAX_BLOCK} can be shared")]
    BlockLength {
        /// Its number, from 0.
        number: usize,
        /// Its octets.
        length: u32,
    },
}

/// A load as phones share it: its blocks in the order in which they are passed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedLoad {
    id: LoadId,
    blocks: Box<[Block]>,
}

impl SharedLoad {
    /// A load out of a manifest whose signature was checked.
    ///
    /// # Errors
    /// There are too few blocks, too many, or one that is too large.
    pub fn new(id: LoadId, blocks: Vec<Block>) -> Result<Self, BadLoad> {
        if blocks.is_empty() {
            return Err(BadLoad::Empty);
        }
        if blocks.len() > MAX_BLOCKS {
            return Err(BadLoad::TooManyBlocks(blocks.len()));
        }
        let bad = |block: &Block| !(1..=MAX_BLOCK).contains(&block.length);
        if let Some((number, block)) = blocks.iter().enumerate().find(|(_, block)| bad(block)) {
            let length = block.length;
            return Err(BadLoad::BlockLength { number, length });
        }
        Ok(Self {
            id,
            blocks: blocks.into_boxed_slice(),
        })
    }

    /// The load of a manifest whose signature was checked.
    ///
    /// # Errors
    /// It has more blocks than can be shared.
    pub fn of(manifest: &Manifest) -> Result<Self, BadLoad> {
        let block = |block: crate::Block| Block {
            component: block.component,
            offset: block.offset,
            length: block.length,
            digest: block.sha256.0,
        };
        Self::new(
            LoadId(manifest.identity.0),
            manifest.blocks().map(block).collect(),
        )
    }

    /// Which load it is.
    #[must_use]
    pub const fn id(&self) -> LoadId {
        self.id
    }

    /// How many blocks there are, 1..=[`MAX_BLOCKS`].
    #[must_use]
    pub fn count(&self) -> u32 {
        // At most MAX_BLOCKS.
        u32::try_from(self.blocks.len()).unwrap_or(u32::MAX)
    }

    /// A block by its number, from 0.
    #[must_use]
    pub fn block(&self, number: u32) -> Option<&Block> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    /// Octets of all blocks.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blocks
            .iter()
            .map(|block| u64::from(block.length))
            .sum()
    }

    /// A set for the blocks of this load, which holds none.
    #[must_use]
    pub fn none_held(&self) -> Held {
        Held::none(self.count())
    }

    /// Checks that this is block `number`, whoever it comes from.
    #[must_use]
    pub fn check<C: Content>(&self, number: u32, content: C) -> Option<Checked<C>> {
        let block = self.block(number)?;
        //= R-PFS-1
        //= R-PFS-2
        let fits = content.length() == u64::from(block.length) && content.digest() == block.digest;
        fits.then_some(Checked { number, content })
    }
}

/// The octets of a block.
pub trait Content {
    /// How many there are.
    fn length(&self) -> u64;
    /// Their SHA-256.
    fn digest(&self) -> [u8; 32];
}

impl Content for Vec<u8> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn digest(&self) -> [u8; 32] {
        sha256(self)
    }
}

/// A block that is what the manifest says; only [`SharedLoad::check`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked<C> {
    number: u32,
    content: C,
}

impl<C> Checked<C> {
    /// The number of the block.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its octets.
    #[must_use]
    pub const fn content(&self) -> &C {
        &self.content
    }

    /// Takes the octets out.
    #[must_use]
    pub fn into_content(self) -> C {
        self.content
    }
}
