//! A medium in memory that loses power, and writes what it pleases.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use onhook_upgrade::port::{SlotError, SlotErrorKind};
use onhook_upgrade::{MOST_BOOTS, Slot};

use crate::hook::Tell;
use crate::medium::Medium;

/// A medium in memory that loses power; clones share it.
#[derive(Clone, Default)]
pub(crate) struct SimMedium(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<Content>,
    /// Names as programs see them, and as they are on the medium.
    names: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    /// Changes of names that are not on the medium yet, in order.
    pending: Vec<(String, Option<String>, usize)>,
    slots: [Content; 2],
    /// Writes into slots that are not on the medium yet.
    writes: Vec<(usize, usize, Vec<u8>)>,
    operations: u64,
    event: Option<(u64, Event)>,
    off: bool,
    chance: u64,
    loader: Loader,
    /// Whether the boot loader answers everything with a failure.
    deaf: bool,
}

/// A boot loader that does not read the record.
#[derive(Clone, Copy, Default, Debug)]
struct Loader {
    good: Slot,
    /// What it is to try, and how often it has.
    next: Option<(Slot, u8)>,
}

#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
}

/// What happens at an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// The power fails while it is under way.
    Cut,
    /// It fails once, as a full medium does; a boot loader that is told something may have done it.
    Fail,
}

const fn at(slot: Slot) -> usize {
    match slot {
        Slot::A => 0,
        Slot::B => 1,
    }
}

impl State {
    /// Counts an operation; whether it works, and whether it happens.
    fn operate(&mut self) -> (io::Result<()>, bool) {
        if self.off {
            return (Err(io::Error::other("no power")), false);
        }
        self.operations += 1;
        match self.event {
            Some((at, Event::Cut)) if at == self.operations => {
                self.off = true;
                let happens = self.draw(2) == 0;
                (Err(io::Error::other("no power")), happens)
            }
            Some((at, Event::Fail)) if at == self.operations => {
                (Err(io::ErrorKind::StorageFull.into()), false)
            }
            _ => (Ok(()), true),
        }
    }

    /// A number below `below`, from a small generator (splitmix64).
    fn draw(&mut self, below: u64) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below.max(1)
    }

    fn write(&mut self, slot: usize, at: usize, bytes: &[u8]) {
        put(&mut self.slots[slot].durable, at, bytes);
    }
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

fn apply(names: &mut BTreeMap<String, usize>, (name, from, file): (String, Option<String>, usize)) {
    match from {
        None => {
            names.insert(name, file);
        }
        Some(from) => {
            if let Some(file) = names.remove(&from) {
                names.insert(name, file);
            }
        }
    }
}

impl SimMedium {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A phone from the factory: a load in slot A that nobody has described.
    pub(crate) fn of_factory(factory: &[u8]) -> Self {
        let medium = Self::default();
        medium.state().slots[0] = Content {
            seen: factory.to_vec(),
            durable: factory.to_vec(),
        };
        medium
    }

    pub(crate) fn at_operation(&self, n: u64, event: Event) {
        let mut state = self.state();
        state.event = Some((state.operations + n, event));
    }

    /// Power comes back: what was not flushed is kept, lost or torn, as chance has it.
    pub(crate) fn restart(&self, chance: u64) {
        let mut state = self.state();
        state.chance = chance;
        let pending = std::mem::take(&mut state.pending);
        let kept = state.draw(pending.len() as u64 + 1) as usize;
        for change in pending.into_iter().take(kept) {
            apply(&mut state.durable, change);
        }
        state.names = state.durable.clone();
        for file in 0..state.files.len() {
            let Content { seen, durable } = state.files[file].clone();
            let choice = state.draw(3);
            let tear = state.draw(seen.len() as u64 + 1) as usize;
            let left = match choice {
                _ if seen == durable => durable,
                0 => durable,
                1 => seen[..tear].to_vec(),
                _ => seen,
            };
            state.files[file] = Content {
                seen: left.clone(),
                durable: left,
            };
        }
        // Blocks reach the medium in any order, whole, torn, or not at all.
        for (slot, at, bytes) in std::mem::take(&mut state.writes) {
            let choice = state.draw(3);
            let tear = state.draw(bytes.len() as u64 + 1) as usize;
            match choice {
                0 => {}
                1 => state.write(slot, at, &bytes[..tear]),
                _ => state.write(slot, at, &bytes),
            }
        }
        for slot in 0..2 {
            state.slots[slot].seen = state.slots[slot].durable.clone();
        }
        state.off = false;
        state.event = None;
    }

    /// What the boot loader starts that was told what to start.
    pub(crate) fn foreign_boot(&self) -> Slot {
        let loader = &mut self.state().loader;
        match &mut loader.next {
            Some((slot, boots)) if *boots < MOST_BOOTS => {
                *boots += 1;
                *slot
            }
            next => {
                *next = None;
                loader.good
            }
        }
    }

    /// Lets the boot loader answer everything with a failure, or no longer; it may do what it is told nevertheless.
    pub(crate) fn deaf(&self, deaf: bool) {
        self.state().deaf = deaf;
    }

    /// What it falls back to.
    pub(crate) fn foreign_good(&self) -> Slot {
        self.state().loader.good
    }

    pub(crate) fn content(&self, slot: Slot) -> Vec<u8> {
        self.state().slots[at(slot)].seen.clone()
    }

    pub(crate) fn operations(&self) -> u64 {
        self.state().operations
    }

    fn change(&self, change: (String, Option<String>, usize)) -> io::Result<()> {
        let mut state = self.state();
        let (verdict, happens) = state.operate();
        if happens {
            apply(&mut state.names, change.clone());
            state.pending.push(change);
        }
        verdict
    }
}

impl Medium for SimMedium {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let state = self.state();
        if state.off {
            return Err(io::Error::other("no power"));
        }
        let file = state.names.get(name);
        Ok(file.map(|file| state.files[*file].seen.clone()))
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = {
            let mut state = self.state();
            state.files.push(Content {
                seen: bytes.to_vec(),
                durable: Vec::new(),
            });
            state.files.len() - 1
        };
        self.change((name.to_owned(), None, file))
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let (verdict, happens) = state.operate();
        if let Some(file) = state.names.get(name).copied().filter(|_| happens) {
            state.files[file].durable = state.files[file].seen.clone();
        }
        verdict
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change((to.to_owned(), Some(from.to_owned()), 0))
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state();
        let (verdict, happens) = state.operate();
        if happens {
            for change in std::mem::take(&mut state.pending) {
                apply(&mut state.durable, change);
            }
        }
        verdict
    }

    fn capacity(&self, _slot: Slot) -> io::Result<Option<u64>> {
        Ok(None)
    }

    fn read_at(&self, slot: Slot, from: u64, into: &mut [u8]) -> io::Result<bool> {
        let state = self.state();
        if state.off {
            return Err(io::Error::other("no power"));
        }
        let from = usize::try_from(from).map_err(io::Error::other)?;
        let found = state.slots[at(slot)].seen.get(from..from + into.len());
        if let Some(found) = found {
            into.copy_from_slice(found);
        }
        Ok(found.is_some())
    }

    fn write_at(&self, slot: Slot, to: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let (verdict, happens) = state.operate();
        if happens {
            let to = usize::try_from(to).map_err(io::Error::other)?;
            put(&mut state.slots[at(slot)].seen, to, bytes);
            state.writes.push((at(slot), to, bytes.to_vec()));
        }
        verdict
    }

    fn sync_slot(&self, slot: Slot) -> io::Result<()> {
        let mut state = self.state();
        let (verdict, happens) = state.operate();
        if happens {
            let writes = std::mem::take(&mut state.writes);
            let (now, later) = writes.into_iter().partition(|(to, ..)| *to == at(slot));
            state.writes = later;
            let now: Vec<_> = now;
            for (slot, at, bytes) in now {
                state.write(slot, at, &bytes);
            }
        }
        verdict
    }
}

#[async_trait]
impl Tell for SimMedium {
    async fn tell(&self, word: &str, slot: Slot, _load: &str) -> Result<(), SlotError> {
        let mut state = self.state();
        let is_failure = state.event == Some((state.operations + 1, Event::Fail));
        let (mut verdict, mut happens) = state.operate();
        if state.deaf && verdict.is_ok() {
            verdict = Err(io::Error::other("refused"));
            happens = state.draw(2) == 0;
        }
        if happens || (is_failure && state.draw(2) == 0) {
            let loader = &mut state.loader;
            match word {
                "activate" if slot == loader.good => loader.next = None,
                "activate" => loader.next = Some((slot, 0)),
                "confirm" => {
                    *loader = Loader {
                        good: slot,
                        next: None,
                    };
                }
                word => panic!("{word}"),
            }
        }
        verdict.map_err(|error| SlotError::new(SlotErrorKind::Hook, error.to_string()))
    }
}
