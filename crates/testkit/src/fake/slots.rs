//! Slots for firmware in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_upgrade::port::{FirmwareSlots, SlotError, SlotErrorKind, Turn};
use onhook_upgrade::sharing::{LoadId, LoadReader, SharedLoad};
use onhook_upgrade::{BadStep, BootRecord, Held, HeldLoad, Load, Manifest, Slot};

use super::lock;

/// [`FirmwareSlots`] in memory; clones share the slots, as phones after restarts do.
#[derive(Clone, Default)]
pub struct MemorySlots(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    record: BootRecord,
    slots: [Vec<u8>; 2],
    /// How much a slot can hold; any amount if it is 0.
    capacity: u64,
    writing: Option<(Arc<Load>, Vec<bool>)>,
    /// What slots came to hold.
    manifests: Vec<Manifest>,
    /// How many calls of `write` succeed from now on.
    writes_left: Option<u32>,
    writes: u32,
}

const fn at(slot: Slot) -> usize {
    match slot {
        Slot::A => 0,
        Slot::B => 1,
    }
}

fn error(kind: SlotErrorKind, what: &str) -> SlotError {
    SlotError::new(kind, format!("slots in memory: {what}"))
}

impl State {
    fn other(&mut self) -> &mut Vec<u8> {
        let [a, b] = &mut self.slots;
        match self.record.inactive() {
            Slot::A => a,
            Slot::B => b,
        }
    }
}

impl MemorySlots {
    /// The phone restarts: gives the slot that the boot loader starts.
    pub fn boot(&self) -> Slot {
        let mut state = lock(&self.0);
        state.writing = None;
        state.record.boot()
    }

    /// The bytes of a slot.
    #[must_use]
    pub fn content(&self, slot: Slot) -> Vec<u8> {
        lock(&self.0)
            .slots
            .get(at(slot))
            .cloned()
            .unwrap_or_default()
    }

    /// Puts bytes into a slot.
    pub fn put(&self, slot: Slot, bytes: &[u8]) {
        if let Some(content) = lock(&self.0).slots.get_mut(at(slot)) {
            *content = bytes.to_vec();
        }
    }

    /// Lets slots hold so many bytes; 0 for any number.
    pub fn limit(&self, capacity: u64) {
        lock(&self.0).capacity = capacity;
    }

    /// Lets so many more blocks be written, and then none.
    pub fn fail_after(&self, writes: Option<u32>) {
        lock(&self.0).writes_left = writes;
    }

    /// How many blocks have been written.
    #[must_use]
    pub fn writes(&self) -> u32 {
        lock(&self.0).writes
    }

    /// The record as it is.
    #[must_use]
    pub fn kept(&self) -> BootRecord {
        lock(&self.0).record.clone()
    }
}

fn rejected(step: BadStep) -> SlotError {
    error(SlotErrorKind::Rejected, &step.to_string())
}

#[async_trait]
impl FirmwareSlots for MemorySlots {
    async fn record(&self) -> Result<BootRecord, SlotError> {
        Ok(self.kept())
    }

    async fn begin(&self, load: &Arc<Load>) -> Result<Vec<u32>, SlotError> {
        let mut state = lock(&self.0);
        state.writing = None;
        let manifest = load.manifest();
        if state.capacity != 0 && manifest.extent() > state.capacity {
            return Err(error(SlotErrorKind::NoRoom, "the load is too large"));
        }
        state.record.begin(manifest.identity).map_err(rejected)?;
        let slot = state.other();
        let there: Vec<bool> = (0_u32..)
            .zip(manifest.blocks())
            .map(|(number, block)| {
                let from = usize::try_from(manifest.place(number)).unwrap_or(usize::MAX);
                let to = from.saturating_add(block.length as usize);
                slot.get(from..to)
                    .is_some_and(|bytes| manifest.is_block(number, bytes))
            })
            .collect();
        let numbers = (0_u32..)
            .zip(&there)
            .filter_map(|(n, there)| there.then_some(n));
        let present = numbers.collect();
        state.writing = Some((Arc::clone(load), there));
        Ok(present)
    }

    async fn write(&self, block: u32, bytes: Vec<u8>) -> Result<(), SlotError> {
        let mut state = lock(&self.0);
        if state.writes_left == Some(0) {
            return Err(error(SlotErrorKind::Medium, "no more can be written"));
        }
        let Some((load, there)) = &mut state.writing else {
            return Err(error(SlotErrorKind::Rejected, "no load is being written"));
        };
        let place = usize::try_from(load.manifest().place(block)).unwrap_or(usize::MAX);
        let fits = load
            .manifest()
            .block(block)
            .is_some_and(|found| found.length as usize == bytes.len());
        let Some(there) = there.get_mut(block as usize).filter(|_| fits) else {
            return Err(error(SlotErrorKind::Rejected, "there is no such block"));
        };
        *there = true;
        let end = place.saturating_add(bytes.len());
        let slot = state.other();
        if slot.len() < end {
            slot.resize(end, 0);
        }
        if let Some(to) = slot.get_mut(place..end) {
            to.copy_from_slice(&bytes);
        }
        state.writes += 1;
        state.writes_left = state.writes_left.map(|left| left - 1);
        Ok(())
    }

    async fn finish(&self) -> Result<(), SlotError> {
        let mut state = lock(&self.0);
        let Some((load, there)) = state.writing.take() else {
            return Err(error(SlotErrorKind::Rejected, "no load is being written"));
        };
        if there.contains(&false) {
            return Err(error(SlotErrorKind::Rejected, "a block is missing"));
        }
        let manifest = load.manifest();
        for component in manifest.components() {
            let from = usize::try_from(manifest.place(component.first_block)).unwrap_or(usize::MAX);
            let length = usize::try_from(component.size).unwrap_or(usize::MAX);
            let bytes = state.other().get(from..from.saturating_add(length));
            let found = bytes.map(onhook_crypto::sha256);
            if found != Some(component.sha256.0) {
                return Err(error(
                    SlotErrorKind::Medium,
                    "the slot does not hold what was written",
                ));
            }
        }
        state.manifests.push(manifest.clone());
        state.record.finish(HeldLoad {
            name: manifest.name.clone(),
            identity: manifest.identity,
            counter: manifest.counter,
            failed: false,
        });
        Ok(())
    }

    async fn turn(&self, turn: Turn) -> Result<(), SlotError> {
        let mut state = lock(&self.0);
        match turn {
            Turn::Activate => state.record.activate().map_err(rejected),
            Turn::Confirm => {
                state.record.confirm();
                Ok(())
            }
        }
    }
}

#[async_trait]
impl LoadReader for MemorySlots {
    async fn running(&self) -> Result<Option<SharedLoad>, SlotError> {
        let state = lock(&self.0);
        let Held::Whole(held) = state.record.held(state.record.running) else {
            return Ok(None);
        };
        if state.record.is_on_trial() {
            return Ok(None);
        }
        let mut manifests = state.manifests.iter();
        let found = manifests.find(|manifest| manifest.identity == held.identity);
        let load = found.map(SharedLoad::of).transpose();
        load.map_err(|bad| error(SlotErrorKind::Rejected, &bad.to_string()))
    }

    async fn block(&self, load: LoadId, number: u32) -> Result<Vec<u8>, SlotError> {
        let state = lock(&self.0);
        let is_this = |manifest: &&Manifest| manifest.identity.0 == load.0;
        let writing = state.writing.as_ref().map(|(load, _)| load.manifest());
        let (slot, manifest) = match writing.filter(is_this) {
            Some(manifest) => (state.record.inactive(), Some(manifest)),
            None => (state.record.running, state.manifests.iter().find(is_this)),
        };
        let block = manifest.and_then(|manifest| {
            let from = usize::try_from(manifest.place(number)).ok()?;
            let length = manifest.block(number)?.length as usize;
            state.slots.get(at(slot))?.get(from..from + length)
        });
        block
            .map(<[u8]>::to_vec)
            .ok_or_else(|| error(SlotErrorKind::Rejected, "there is no such block"))
    }
}
