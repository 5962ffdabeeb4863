//! Which blocks somebody holds.

/// A set of the blocks of one load.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// Block 0 is the highest bit of the first octet, as on the wire; bits beyond the last block are 0.
    bits: Box<[u8]>,
    total: u32,
    count: u32,
}

impl Held {
    /// The empty set of a load with `total` blocks.
    #[must_use]
    pub fn none(total: u32) -> Self {
        let octets = usize::try_from(total.div_ceil(8)).unwrap_or(usize::MAX);
        Self {
            bits: vec![0; octets].into_boxed_slice(),
            total,
            count: 0,
        }
    }

    /// All blocks of a load with `total` of them.
    #[must_use]
    pub fn all(total: u32) -> Self {
        let mut held = Self::none(total);
        (0..total).for_each(|number| {
            held.insert(number);
        });
        held
    }

    /// The set as it stands on the wire: an octet for eight blocks, the first in the highest bit; `None` if the length does
    /// not fit or a bit is set that stands for no block.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], total: u32) -> Option<Self> {
        let mut held = Self::none(total);
        if bytes.len() != held.bits.len() {
            return None;
        }
        held.bits.copy_from_slice(bytes);
        held.count = bytes.iter().map(|byte| byte.count_ones()).sum();
        let last = bytes.last().copied().unwrap_or_default();
        let beyond = total.next_multiple_of(8) - total;
        (last.trailing_zeros() >= beyond).then_some(held)
    }

    /// The set as it stands on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// How many blocks are in it.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many blocks the load has.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Whether every block is in it.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.count == self.total
    }

    /// Whether a block is in it.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        let (index, bit) = place(number);
        self.bits.get(index).is_some_and(|octet| octet & bit != 0)
    }

    /// Puts a block in; `false` if it was in, or is none.
    pub fn insert(&mut self, number: u32) -> bool {
        if number >= self.total || self.contains(number) {
            return false;
        }
        let (index, bit) = place(number);
        if let Some(octet) = self.bits.get_mut(index) {
            *octet |= bit;
            self.count += 1;
        }
        true
    }

    /// The first block that is in this set and not in `other`, which is one of the same load.
    #[must_use]
    pub fn first_beyond(&self, other: &Self) -> Option<u32> {
        let pairs = self.bits.iter().zip(&other.bits);
        let (index, more) = pairs
            .map(|(own, others)| own & !others)
            .enumerate()
            .find(|(_, more)| *more != 0)?;
        u32::try_from(index * 8)
            .ok()?
            .checked_add(more.leading_zeros())
    }

    /// The blocks that are not in it, in order.
    pub fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.total).filter(|number| !self.contains(*number))
    }
}

/// The octet and the bit of a block.
fn place(number: u32) -> (usize, u8) {
    let index = usize::try_from(number / 8).unwrap_or(usize::MAX);
    (index, 0x80 >> (number % 8))
}
