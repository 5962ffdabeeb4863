//! Which texts came lately.

use super::index::{alike, place, slot};

/// Texts of a row: what a processor fetches from memory at once.
const ROW: usize = 8;
/// Rows of the smallest table.
const FEWEST: usize = 8;
/// Rows of the largest table: 128 KiB, which a processor's cache holds beside what else it needs.
const MOST: usize = 2_048;

/// Places of texts with neighbouring hashes, the one that came last first; 0 for nobody.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Row([u64; ROW]);

/// The slots of texts that came lately: a text is forgotten when eight others of its row have come since, which are
/// some 16,000 of all.
///
/// Nobody takes a slot out: it may be empty since, or have another text. Whoever finds one compares.
pub(super) struct Recent {
    rows: Box<[Row]>,
    /// Texts that came since the table grew.
    added: usize,
    /// Rows that there may be.
    most: usize,
    /// Texts that a row remembers.
    each: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            rows: Box::default(),
            added: 0,
            most: MOST,
            each: ROW,
        }
    }
}

impl Recent {
    /// Remembers at most so many texts, or the next multiple of eight.
    pub(super) fn of(texts: usize) -> Self {
        Self {
            most: texts.div_ceil(ROW),
            each: texts.min(ROW),
            ..Self::default()
        }
    }

    /// Has the rows of some hashes fetched from memory; the waits are one if nothing else is done in between.
    pub(super) fn fetch(&self, hashes: impl Iterator<Item = u64>) {
        let rows = hashes.filter_map(|hash| self.rows.get(self.home(hash)));
        let fetched = rows.fold(0, |all, Row([first, ..])| all ^ first);
        std::hint::black_box(fetched);
    }

    /// A slot of a hash for which `is` holds; it came now.
    pub(super) fn find(&mut self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let home = self.home(hash);
        let Row(places) = self.rows.get_mut(home)?;
        let at = places
            .iter()
            .position(|place| alike(*place, hash) && is(slot(*place)))?;
        places.get_mut(..=at)?.rotate_right(1);
        places.first().map(|place| slot(*place))
    }

    /// Notes a text that came now.
    pub(super) fn add(&mut self, hash: u64, number: u32) {
        // With two texts a row hardly any row has more than it can hold.
        if self.added >= self.rows.len() && self.rows.len() < self.most {
            self.grow();
        }
        self.added += 1;
        self.put(place(hash, number));
    }

    /// Where a hash, or a place with it, belongs.
    const fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.rows.len() as u64) >> 32) as usize
    }

    fn put(&mut self, new: u64) {
        let home = self.home(new);
        if let Some(Row(places)) = self.rows.get_mut(home) {
            places.rotate_right(1);
            let [first, ..] = places;
            *first = new;
            places.iter_mut().skip(self.each).for_each(|late| *late = 0);
        }
    }

    fn grow(&mut self) {
        let rows = (self.rows.len() * 2).max(FEWEST).min(self.most);
        let old = std::mem::replace(&mut self.rows, vec![Row::default(); rows].into());
        self.added = 0;
        for Row(places) in old {
            for place in places.into_iter().rev().filter(|place| *place != 0) {
                self.put(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_is_a_line_of_the_cache() {
        assert_eq!((size_of::<Row>(), align_of::<Row>()), (64, 64));
    }

    /// The hash of a number, well mixed.
    fn hash(n: u32) -> u64 {
        u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_file_is_remembered_until_many_others_have_come() {
        let mut recent = Recent::default();
        let remembered = |recent: &mut Recent, of: std::ops::Range<u32>| {
            of.filter(|n| recent.find(hash(*n), |slot| slot == *n).is_some())
                .count()
        };
        for n in 0..2_500 {
            recent.add(hash(n), n);
        }
        assert_eq!(remembered(&mut recent, 0..2_500), 2_500);
        for n in 2_500..100_000 {
            recent.add(hash(n), n);
        }
        assert_eq!(recent.rows.len(), MOST);
        assert_eq!(remembered(&mut recent, 0..50_000), 0);
        assert!(remembered(&mut recent, 95_000..100_000) > 4_900);
    }

    #[test]
    fn the_oldest_goes_first_also_after_the_table_has_grown() {
        let mut recent = Recent::default();
        // All in the first row, whatever the size of the table.
        for n in 0..=8 {
            recent.add(u64::from(n), n);
        }
        assert!(recent.rows.len() > FEWEST);
        let found = (0..=8).filter(|n| recent.find(0, |slot| slot == *n).is_some());
        assert!(found.eq(1..=8));
    }

    proptest! {
        #[test]
        fn it_remembers_so_many_and_forgets_the_oldest(
            texts in 1_usize..8,
            ops in prop::collection::vec((any::<bool>(), 0_u32..20), 0..200),
        ) {
            let mut recent = Recent::of(texts);
            let mut model: Vec<u32> = Vec::new();
            for (adds, n) in ops {
                let known = model.iter().position(|one| *one == n);
                let found = recent.find(hash(n), |slot| slot == n);
                prop_assert_eq!(found.is_some(), known.is_some());
                if let Some(at) = known {
                    model.remove(at);
                    model.insert(0, n);
                } else if adds {
                    recent.add(hash(n), n);
                    model.insert(0, n);
                    model.truncate(texts);
                }
            }
        }
    }
}
