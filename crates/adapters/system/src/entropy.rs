//! Chance from the operating system.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read as _};

use onhook_schedule::port::Entropy;
use zeroize::Zeroizing;

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

/// A key that nobody can foresee, from the operating system.
///
/// # Errors
/// The operating system gives none.
pub fn key() -> io::Result<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    File::open("/dev/urandom")?.read_exact(&mut *key)?;
    Ok(key)
}
