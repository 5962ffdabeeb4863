//! Texts by number, and how often each is used.

use super::blocks::Blocks;
use super::chunks::{Chunks, Place, Sort};
use super::{Secrecy, ValueId};

/// A place and how often it is used (12 bytes).
#[derive(Clone, Copy)]
struct Slot {
    place: Place,
    refs: u32,
}

/// There are millions of them.
const _: () = assert!(size_of::<Slot>() == 12);

/// Slots with texts, counted by use.
#[derive(Default)]
pub(super) struct Texts {
    slots: Blocks<Slot>,
    chunks: Chunks,
    free: Vec<u32>,
}

impl Texts {
    /// Slots that have a text.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether a slot has such a text.
    pub(super) fn is(&self, number: u32, text: &str, sort: Sort) -> bool {
        let slot = self.slots.get(number as usize);
        slot.is_some_and(|slot| {
            self.chunks.sort(slot.place) == Some(sort) && self.chunks.text(slot.place) == text
        })
    }

    /// Adds a text with one use; `None` if there are more than can be counted.
    pub(super) fn add(&mut self, text: &str, sort: Sort) -> Option<ValueId> {
        let index = match self.free.last() {
            Some(number) => *number as usize,
            None => self.slots.len(),
        };
        let id = ValueId::new(index, sort.secrecy)?;
        let slot = Slot {
            place: self.chunks.add(text, sort)?,
            refs: 1,
        };
        match self.free.pop() {
            Some(_) => *self.slots.get_mut(index)? = slot,
            None => self.slots.push(slot),
        }
        Some(id)
    }

    /// Counts one more use of what is in a slot.
    pub(super) fn used(&mut self, number: u32, secrecy: Secrecy) -> Option<ValueId> {
        let id = ValueId::new(number as usize, secrecy)?;
        self.retain(id);
        Some(id)
    }

    pub(super) fn retain(&mut self, id: ValueId) {
        if let Some(slot) = self.slots.get_mut(id.slot()) {
            slot.refs = slot.refs.saturating_add(1);
        }
    }

    /// Ends one use; whether it was the last.
    pub(super) fn release(&mut self, id: ValueId) -> bool {
        let Some(slot) = self.slots.get_mut(id.slot()) else {
            return false;
        };
        // A saturated count is never given back: such a text stays for good.
        if slot.refs == u32::MAX || slot.refs == 0 {
            return false;
        }
        slot.refs -= 1;
        slot.refs == 0
    }

    /// What a text is that is there without a use.
    pub(super) fn unused(&self, id: ValueId) -> Option<Sort> {
        let slot = self.slots.get(id.slot()).filter(|slot| slot.refs == 0)?;
        self.chunks.sort(slot.place)
    }

    /// Forgets a text.
    pub(super) fn remove(&mut self, id: ValueId) {
        if let Some(slot) = self.slots.get_mut(id.slot()) {
            self.chunks
                .remove(std::mem::replace(&mut slot.place, Place::NOWHERE));
            self.free.push(id.number());
        }
    }

    pub(super) fn text(&self, id: ValueId) -> &str {
        let slot = self.slots.get(id.slot());
        slot.map_or("", |slot| self.chunks.text(slot.place))
    }
}
