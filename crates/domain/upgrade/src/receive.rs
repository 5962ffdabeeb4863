//! The components of a load as they arrive: each block is checked before it goes anywhere.

use std::sync::Arc;

use thiserror::Error;

use crate::{Block, Load};

/// A block whose digest is right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Its number among those of the load.
    pub number: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why bytes of a component are not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BadBytes {
    /// A block is not what was signed.
    #[error("the block at byte {offset} is not the one that was signed")]
    Digest {
        /// Where the block begins in the component.
        offset: u64,
    },
    /// More bytes come than the component has.
    #[error("it is longer than its manifest says")]
    TooLong,
    /// They begin neither at the first byte nor where they were asked for.
    #[error("the server gives another part than was asked for")]
    OtherPart,
}

/// Takes the components of one load and gives its blocks; holds one block.
///
/// What its slot has already is skipped.
#[derive(Debug)]
pub struct Receiver {
    load: Arc<Load>,
    /// Whether each block is still missing.
    missing: Vec<bool>,
    left: u32,
    /// The component that arrives now.
    component: u16,
    /// Where the next byte belongs in it.
    at: u64,
    buffer: Vec<u8>,
}

impl Receiver {
    /// For a load of which these blocks are there already, by their numbers.
    #[must_use]
    pub fn new(load: Arc<Load>, present: impl IntoIterator<Item = u32>) -> Self {
        let count = load.manifest().block_count();
        let mut receiver = Self {
            load,
            missing: vec![true; count as usize],
            left: count,
            component: 0,
            at: 0,
            buffer: Vec::new(),
        };
        for number in present {
            receiver.note(number);
        }
        receiver
    }

    fn note(&mut self, number: u32) {
        if let Some(missing) = self.missing.get_mut(number as usize)
            && std::mem::take(missing)
        {
            self.left -= 1;
        }
    }

    /// How many blocks are still missing.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }

    /// The first byte of a component that is still missing; `None` if all of it is there.
    #[must_use]
    pub fn first_missing(&self, component: u16) -> Option<u64> {
        let manifest = self.load.manifest();
        let first = manifest
            .components()
            .get(usize::from(component))?
            .first_block;
        let missing = self.missing.get(first as usize..)?;
        let number = missing.iter().position(|missing| *missing)?;
        let number = first.checked_add(u32::try_from(number).ok()?)?;
        let block = manifest.block(number)?;
        (block.component == component).then_some(block.offset)
    }

    /// Bytes of a component come now, from this one on; `asked` is where the request was to begin.
    ///
    /// # Errors
    /// They are neither the whole nor what was asked for.
    pub fn begin(&mut self, component: u16, from: u64, asked: u64) -> Result<(), BadBytes> {
        self.component = component;
        self.at = from;
        self.buffer.clear();
        match from == 0 || from == asked {
            true => Ok(()),
            false => Err(BadBytes::OtherPart),
        }
    }

    /// Takes bytes up to the end of a block that was missing; gives that block. What is left of `bytes` comes next.
    ///
    /// # Errors
    /// The block is not the one that was signed, or there is none at this place.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<Verified>, BadBytes> {
        while !bytes.is_empty() {
            let (number, block) = self.block_at().ok_or(BadBytes::TooLong)?;
            let inside = self.at - block.offset;
            let room = usize::try_from(u64::from(block.length) - inside).unwrap_or(0);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            *bytes = later;
            self.at += now.len() as u64;
            let missing = self.missing.get(number as usize) == Some(&true);
            if missing {
                self.buffer.extend_from_slice(now);
            }
            let ends = now.len() == room;
            if !(ends && missing) {
                continue;
            }
            let bytes = std::mem::take(&mut self.buffer);
            //= R-FW-7
            //= R-FW-8
            if !self.load.manifest().is_block(number, &bytes) {
                let offset = block.offset;
                return Err(BadBytes::Digest { offset });
            }
            self.note(number);
            return Ok(Some(Verified { number, bytes }));
        }
        Ok(None)
    }

    /// The block that the next byte belongs to.
    fn block_at(&self) -> Option<(u32, Block)> {
        let manifest = self.load.manifest();
        let component = manifest.components().get(usize::from(self.component))?;
        let inside = u32::try_from(self.at / u64::from(manifest.block_size)).ok()?;
        let number = component.first_block.checked_add(inside)?;
        let block = manifest.block(number)?;
        (self.at < component.size && block.component == self.component).then_some((number, block))
    }
}
