//! Bytes of a file that are not what they were.

use onhook_schedule::phone_seed;

/// The header of a file that openssl has encrypted: a word and the salt.
const MAGIC: &[u8] = b"Salted__";
const HEADER: u64 = 16;

/// How the bytes of a file are changed; what it does to a byte depends on its place alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// All bits of the byte at this offset are turned around.
    Flip(u64),
    /// From this offset on there are other bytes, drawn from a seed.
    Random { from: u64, seed: u64 },
}

/// The byte at the offset, or a drawn one of `len`.
fn place(offset: Option<u64>, len: u64, drawn: u64) -> u64 {
    let drawn = || onhook_schedule::uniform(drawn, len.saturating_sub(1));
    offset.unwrap_or_else(drawn)
}

impl Change {
    /// One byte of a file of `len` bytes: the one at the offset, or a drawn one.
    pub(crate) fn one(offset: Option<u64>, len: u64, drawn: u64) -> Self {
        Self::Flip(place(offset, len, drawn))
    }

    /// The same for a part of the file that begins at `from`; `None` if the byte stands before it.
    pub(crate) fn one_behind(from: u64, offset: Option<u64>, len: u64, drawn: u64) -> Option<Self> {
        let place = place(offset, len, drawn).checked_sub(from);
        place.map(Self::Flip)
    }

    /// Everything but the header of an encrypted file; `first` is how the file begins.
    pub(crate) fn all(first: &[u8], seed: u64) -> Self {
        let from = if first.starts_with(MAGIC) { HEADER } else { 0 };
        Self::Random { from, seed }
    }

    /// Changes the bytes that stand in the file from `offset` on.
    pub(crate) fn apply(self, offset: u64, bytes: &mut [u8]) {
        for (place, byte) in (offset..).zip(bytes) {
            match self {
                Self::Flip(at) if at == place => *byte = !*byte,
                Self::Flip(_) => {}
                Self::Random { from, .. } if place < from => {}
                Self::Random { seed, .. } => {
                    let block = phone_seed(seed, place / 8).to_le_bytes();
                    let [first, ..] = block;
                    *byte = block.get((place % 8) as usize).copied().unwrap_or(first);
                }
            }
        }
    }
}
