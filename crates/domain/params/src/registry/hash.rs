//! The hash of element names, shared by the lookup and by the generator of its table.

/// An odd constant with well mixed bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes a name.
///
/// The names in the table are fixed, so nobody outside can aim at collisions.
pub(crate) fn hash(name: &str) -> u64 {
    keyed(name, MIX)
}

/// Hashes a text with a key, 16 bytes at a time. Whoever knows the key can aim at collisions: use it where these cost little.
///
/// Whatever its length, the end of a text is read in one piece, some of it twice: counting the bytes that are left is a branch that
/// nobody foresees, and costs more than all the rest.
pub(crate) fn keyed(text: &str, key: u64) -> u64 {
    let bytes = text.as_bytes();
    let mut state = bytes.len() as u64 ^ key;
    if let Some(end) = bytes.last_chunk::<16>() {
        let (chunks, _) = bytes.as_chunks::<16>();
        for chunk in chunks {
            state = pair(*chunk, state, key);
        }
        state = pair(*end, state, key);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        state = fold(
            u64::from_le_bytes(*first) ^ state,
            u64::from_le_bytes(*last) ^ key,
        );
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        state = fold(
            u64::from(u32::from_le_bytes(*first)) ^ state,
            u64::from(u32::from_le_bytes(*last)) ^ key,
        );
    } else {
        // Three bytes at most: the first, the middle one and the last are all of them.
        let at = |index: usize| bytes.get(index).copied().map_or(0, u64::from);
        let end = bytes.len().saturating_sub(1);
        state ^= (at(0) << 24) | (at(bytes.len() / 2) << 16) | (at(end) << 8);
    }
    mix(state)
}

/// Mixes 16 bytes into a state.
fn pair(chunk: [u8; 16], state: u64, key: u64) -> u64 {
    let both = u128::from_le_bytes(chunk);
    fold(both as u64 ^ state, (both >> 64) as u64 ^ key)
}

fn mix(value: u64) -> u64 {
    fold(value, MIX)
}

/// Multiplies, and folds both halves of the product.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
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
