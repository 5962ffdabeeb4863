//! The hash of element names, shared by the lookup and by the generator of its table.

/// An odd constant with well mixed bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes a name, eight bytes at a time.
///
/// The names in the table are fixed, so nobody outside can aim at collisions.
pub(crate) fn hash(name: &str) -> u64 {
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let mut state = name.len() as u64 ^ MIX;
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut last = 0;
    for byte in rest {
        last = last << 8 | u64::from(*byte);
    }
    mix(state ^ last)
}

/// Multiplies and folds both halves of the product.
fn mix(value: u64) -> u64 {
    let product = u128::from(value) * u128::from(MIX);
    (product >> 64) as u64 ^ product as u64
}

/// The slot where the search for a name starts, in a table of `slots` slots, below 2^32.
pub(crate) fn first_slot(hash: u64, slots: usize) -> usize {
    // The lower half of the hash, scaled.
    (((hash & 0xffff_ffff) * slots as u64) >> 32) as usize
}

/// The bits of the hash that a slot repeats, so that few names need a comparison.
pub(crate) fn tag(hash: u64) -> u16 {
    (hash >> 48) as u16
}
