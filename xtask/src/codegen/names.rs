//! The table that finds an element name with one comparison.
//!
//! The names fall into buckets by their hash. The generator gives each bucket a shift that sends its names to
//! slots that no other name has ("hash, displace": Belazzougui, Botelho, Dietzfelbinger, 2009); the largest
//! buckets choose first.

use std::collections::HashMap;

use anyhow::{Context as _, bail};

use super::{ACROSS, table};

#[path = "../../../crates/domain/params/src/registry/hash.rs"]
mod hash;

/// Names in a bucket, on average: more make a smaller table and a longer search for shifts.
const CROWD: usize = 4;

/// The table: as many slots as names, each with an id.
pub(super) struct NameTable {
    shifts: Vec<u16>,
    named: Vec<u16>,
}

impl NameTable {
    /// Places the names; the id of a name is its number.
    ///
    /// # Errors
    /// A name is given twice, or the search for shifts fails, which another [`CROWD`] mends.
    pub(super) fn of(names: &[String]) -> anyhow::Result<Self> {
        let mut seen = HashMap::new();
        let mut buckets = vec![Vec::new(); names.len().div_ceil(CROWD)];
        let buckets_in_all = buckets.len();
        for (id, name) in names.iter().enumerate() {
            if let Some(other) = seen.insert(name, id) {
                bail!("`{name}` is given twice, as id {other} and {id}");
            }
            let hash = hash::hash(name);
            let bucket = buckets.get_mut(hash::bucket(hash, buckets_in_all));
            bucket
                .context("a bucket beyond the last")?
                .push((hash, u16::try_from(id)?));
        }
        let mut order: Vec<_> = buckets.iter().enumerate().collect();
        order.sort_by_key(|(number, bucket)| (std::cmp::Reverse(bucket.len()), *number));
        let mut shifts = vec![0; buckets_in_all];
        let mut slots: Vec<Option<u16>> = vec![None; names.len()];
        for (number, bucket) in order {
            let (shift, taken) = (0..=u16::MAX)
                .find_map(|shift| Some((shift, places(bucket, shift, &slots)?)))
                .context("no shift parts the names of a bucket")?;
            for (slot, (_, id)) in taken.into_iter().zip(bucket) {
                if let Some(free) = slots.get_mut(slot) {
                    *free = Some(*id);
                }
            }
            if let Some(place) = shifts.get_mut(number) {
                *place = shift;
            }
        }
        let named: Option<Vec<u16>> = slots.into_iter().collect();
        let named = named.context("a slot without a name")?;
        Ok(Self { shifts, named })
    }

    /// The table as Rust source.
    pub(super) fn tables(&self) -> String {
        [
            (
                "The shift of each bucket of names.",
                "SHIFTS: [u16",
                &self.shifts,
            ),
            (
                "The parameter whose name has the slot.",
                "NAMED: [u16",
                &self.named,
            ),
        ]
        .map(|(doc, declared, rows)| table(doc, declared, rows, ACROSS))
        .concat()
    }
}

/// The slots of the names of a bucket, if they are free and differ.
fn places(bucket: &[(u64, u16)], shift: u16, slots: &[Option<u16>]) -> Option<Vec<usize>> {
    let mut taken = Vec::with_capacity(bucket.len());
    for (hash, _) in bucket {
        let slot = hash::slot(*hash, shift, slots.len());
        if slots.get(slot)?.is_some() || taken.contains(&slot) {
            return None;
        }
        taken.push(slot);
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_slot_to_itself() {
        for count in [0, 1, 2, 5, 3000] {
            let names: Vec<String> = (0..count).map(|n| format!("Name_{n}_")).collect();
            let NameTable { shifts, named } = NameTable::of(&names).unwrap();
            assert_eq!(named.len(), names.len());
            for (id, name) in names.iter().enumerate() {
                let hash = hash::hash(name);
                let shift = shifts[hash::bucket(hash, shifts.len())];
                let slot = hash::slot(hash, shift, named.len());
                assert_eq!(usize::from(named[slot]), id, "{name}");
            }
        }
    }
}
