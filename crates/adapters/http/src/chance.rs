//! Nonces of the client.

use std::sync::atomic::{AtomicU64, Ordering};

use onhook_crypto::sha256;

/// Draws nonces, each once, from a seed.
pub(crate) struct Chance {
    seed: u64,
    drawn: AtomicU64,
}

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
        }
    }

    /// 16 hexadecimal digits that do not show the seed.
    pub(crate) fn nonce(&self) -> String {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let hash = sha256(&[self.seed.to_be_bytes(), number.to_be_bytes()].concat());
        hash.iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-HTTP-9 type=test
    #[test]
    fn no_nonce_comes_twice_and_another_seed_gives_others() {
        let chance = Chance::new(1);
        let drawn = [chance.nonce(), chance.nonce(), Chance::new(2).nonce()];
        assert!(drawn.iter().all(|nonce| nonce.len() == 16));
        assert_ne!(drawn[0], drawn[1]);
        assert_ne!(drawn[0], drawn[2]);
        assert_eq!(drawn[0], Chance::new(1).nonce());
    }
}
