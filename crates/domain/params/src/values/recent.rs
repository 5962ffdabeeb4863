//! Which texts came lately.

use super::index::Index;

/// Texts of a generation; two of them fit into the cache of a processor.
pub(super) const GENERATION: usize = 8_192;

/// The slots of texts that came lately: those of this generation and of the one before.
///
/// Nobody takes a slot out: it may be empty since, or have another text. Whoever finds one compares.
pub(super) struct Recent {
    young: Index,
    old: Index,
    /// Texts of a generation.
    generation: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self::of(GENERATION)
    }
}

impl Recent {
    pub(super) fn of(generation: usize) -> Self {
        Self {
            young: Index::default(),
            old: Index::default(),
            generation,
        }
    }

    /// Has the places of a hash fetched from memory; of several the waits are one.
    pub(super) fn fetch(&self, hash: u64) {
        self.young.fetch(hash);
        self.old.fetch(hash);
    }

    /// A slot of a hash for which `is` holds; it came now.
    pub(super) fn find(&mut self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        if let Some(slot) = self.young.find(hash, &mut is) {
            return Some(slot);
        }
        let slot = self.old.find(hash, is)?;
        self.add(hash, slot);
        Some(slot)
    }

    /// Notes a text that came now.
    pub(super) fn add(&mut self, hash: u64, slot: u32) {
        if self.young.len() >= self.generation {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(hash, slot);
    }
}
