//! Chance from the operating system.

use std::hash::{BuildHasher, Hasher, RandomState};

use onhook_schedule::port::Entropy;

/// The seed of one boot, from the randomness that the operating system gives to hash tables.
///
/// A new object holds a new seed; a copy holds the same one.
#[derive(Clone, Copy, Debug)]
pub struct OsEntropy {
    seed: u64,
}

impl Default for OsEntropy {
    /// Draws a seed.
    fn default() -> Self {
        // Two independent keys: consecutive states of one thread differ by one in the first key only.
        let first = RandomState::new().build_hasher().finish();
        let mut second = RandomState::new().build_hasher();
        second.write_u64(first);
        Self {
            seed: second.finish(),
        }
    }
}

impl Entropy for OsEntropy {
    fn seed(&self) -> u64 {
        self.seed
    }
}
