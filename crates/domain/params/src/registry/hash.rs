//! The hash of element names, shared by the lookup and by the generator of its table.

/// An odd constant with well mixed bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes a name, eight bytes at a time.
///
/// The names in the table are fixed, so nobody outside can aim at collisions.
pub(crate) fn hash(name: &str) -> u64 {
    keyed(name, MIX)
}

/// Hashes a text with a key. Whoever knows the key can aim at collisions: use it where these cost little.
pub(crate) fn keyed(text: &str, key: u64) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut state = text.len() as u64 ^ key;
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

/// The bucket of a hash; the names of a bucket share a shift, which the generator chooses.
pub(crate) fn bucket(hash: u64, buckets: usize) -> usize {
    scaled((hash >> 32) as u32, buckets)
}

/// The slot of a hash, given the shift of its bucket: no two names have the same.
pub(crate) fn slot(hash: u64, shift: u16, slots: usize) -> usize {
    scaled(mix(hash ^ u64::from(shift)) as u32, slots)
}

/// Spreads 32 bits over `0..end`, which is below 2^32.
fn scaled(bits: u32, end: usize) -> usize {
    ((u64::from(bits) * end as u64) >> 32) as usize
}
