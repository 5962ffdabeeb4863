//! Texts by their hash.

/// Places of the smallest table, a power of two.
const SMALLEST: usize = 64;

/// Which slots hold texts of a hash; several may have the same one.
///
/// Open addressing in the order of the hash, eight bytes a place: whoever is not there costs one look into memory, and a table that
/// grows is read and written from one end to the other.
#[derive(Default)]
pub(super) struct Index {
    /// 0 for nobody.
    places: Box<[u64]>,
    pub(super) len: usize,
}

impl Index {
    /// The first slot of a hash for which `is` holds.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash)?;
        loop {
            let place = *self.places.get(at)?;
            if place == 0 {
                return None;
            }
            let slot = slot(place);
            if alike(place, hash) && is(slot) {
                return Some(slot);
            }
            at = self.after(at);
        }
    }

    /// Adds a slot that is not there.
    pub(super) fn insert(&mut self, hash: u64, slot: u32) {
        if (self.len + 1) * 2 > self.places.len() {
            self.grow();
        }
        self.len += 1;
        self.put(place(hash, slot));
    }

    /// Takes a slot out; false if it was not there.
    pub(super) fn remove(&mut self, hash: u64, number: u32) -> bool {
        let Some(mut at) = self.home(hash) else {
            return false;
        };
        loop {
            match self.places.get(at) {
                None | Some(0) => return false,
                Some(place) if alike(*place, hash) && slot(*place) == number => break,
                Some(_) => at = self.after(at),
            }
        }
        self.len -= 1;
        // Whoever stands behind because this place was taken moves up.
        let mut behind = self.after(at);
        while let Some(place) = self.places.get(behind).copied().filter(|place| *place != 0) {
            let mask = self.places.len() - 1;
            let home = self.home(place).unwrap_or_default();
            if behind.wrapping_sub(home) & mask >= behind.wrapping_sub(at) & mask {
                self.set(at, place);
                at = behind;
            }
            behind = self.after(behind);
        }
        self.set(at, 0);
        true
    }

    /// Where a hash belongs; `None` in an empty table.
    fn home(&self, hash: u64) -> Option<usize> {
        let bits = self.places.len().checked_ilog2()?;
        usize::try_from(hash >> (64 - bits)).ok()
    }

    const fn after(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    fn set(&mut self, at: usize, to: u64) {
        if let Some(place) = self.places.get_mut(at) {
            *place = to;
        }
    }

    /// Puts a place where it belongs, or behind; there is room.
    fn put(&mut self, new: u64) {
        let Some(mut at) = self.home(new) else {
            return;
        };
        while self.places.get(at).is_some_and(|place| *place != 0) {
            at = self.after(at);
        }
        self.set(at, new);
    }

    fn grow(&mut self) {
        let room = (self.places.len() * 2).max(SMALLEST);
        let old = std::mem::replace(&mut self.places, vec![0; room].into_boxed_slice());
        for place in old.into_iter().filter(|place| *place != 0) {
            self.put(place);
        }
    }
}

/// What of a hash is kept.
const UPPER: u64 = !0 << 32;

/// Upper half of the hash, and below it the number of the slot plus one; never 0.
pub(super) const fn place(hash: u64, slot: u32) -> u64 {
    (hash & UPPER) | (slot as u64 + 1)
}

/// Whether a place may be one of a hash.
pub(super) const fn alike(place: u64, hash: u64) -> bool {
    (place ^ hash) & UPPER == 0
}

/// The slot of a place; for nobody's one that there is not.
pub(super) const fn slot(place: u64) -> u32 {
    ((place & !UPPER) as u32).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_list(ops in prop::collection::vec((any::<bool>(), 0_u64..8, 0_u32..40), 0..300)) {
            let mut index = Index::default();
            let mut list: Vec<(u64, u32)> = Vec::new();
            for (adds, high, slot) in ops {
                // Few homes, the last among them, so that places wrap around and stand behind each other.
                let hash = (high + 0x1_0000_0000 - 4) << 32;
                let known = list.iter().position(|one| *one == (hash, slot));
                match (adds, known) {
                    (true, None) => {
                        index.insert(hash, slot);
                        list.push((hash, slot));
                    }
                    (true, Some(_)) => {}
                    (false, known) => {
                        prop_assert_eq!(index.remove(hash, slot), known.is_some());
                        known.map(|at| list.swap_remove(at));
                    }
                }
                for (hash, slot) in &list {
                    prop_assert_eq!(index.find(*hash, |found| found == *slot), Some(*slot));
                }
                prop_assert_eq!(index.find(hash, |found| !list.contains(&(hash, found))), None);
                prop_assert_eq!(index.places.iter().filter(|place| **place != 0).count(), list.len());
            }
        }
    }
}
