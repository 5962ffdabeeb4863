//! A disk in memory that loses power, tears writes and fails.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use zeroize::Zeroizing;

use crate::disk::{Disk, DiskFile};

/// A disk; clones share it.
#[derive(Clone, Default)]
pub(super) struct SimDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<Content>,
    /// Names as programs see them.
    names: Names,
    /// Names as they are on the medium.
    durable: Names,
    /// Changes of names that are not on the medium yet, in order.
    pending: Vec<Change>,
    operations: u64,
    event: Option<(u64, Event)>,
    off: bool,
    chance: u64,
}

type Names = BTreeMap<String, usize>;

#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Clone)]
enum Change {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

/// What happens at an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// The power fails while it is under way.
    Cut,
    /// It fails once, as a full medium does.
    Fail,
    /// It and all later ones fail, until [`SimDisk::repair`].
    Break,
}

impl SimDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets something happen at the n-th operation from now, counted from 1.
    pub(super) fn at_operation(&self, n: u64, event: Event) {
        let mut state = self.state();
        state.event = Some((state.operations + n, event));
    }

    pub(super) fn repair(&self) {
        self.state().event = None;
    }

    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    pub(super) fn is_on(&self) -> bool {
        !self.state().off
    }

    /// Switches the power off and on again: what was not flushed is kept, lost or torn, as chance has it.
    pub(super) fn restart(&self, chance: u64) {
        let mut state = self.state();
        state.chance = chance;
        let pending = std::mem::take(&mut state.pending);
        let kept = state.draw(pending.len() as u64 + 1);
        for change in pending.into_iter().take(kept as usize) {
            apply(&mut state.durable, change);
        }
        state.names = state.durable.clone();
        for at in 0..state.files.len() {
            let Content { seen, durable } = state.files[at].clone();
            let choice = state.draw(4);
            let tear = state.draw(seen.len() as u64 + 1) as usize;
            let (whole, rest) = (&seen[..tear], durable.get(tear..).unwrap_or(&[]));
            let left = match choice {
                _ if seen == durable => durable,
                0 => durable,
                // A part of the new bytes over the old ones, or followed by zeros.
                1 => [whole, rest].concat(),
                2 => [whole, vec![0; seen.len() - tear].as_slice()].concat(),
                _ => seen,
            };
            state.files[at] = Content {
                seen: left.clone(),
                durable: left,
            };
        }
        state.off = false;
        state.event = None;
    }

    /// The names of all files.
    pub(super) fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    pub(super) fn overwrite(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state();
        let at = state.files.len();
        let content = Content {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
        };
        state.files.push(content);
        state.names.insert(name.to_owned(), at);
        state.durable.insert(name.to_owned(), at);
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mut state = self.state();
        let verdict = state.operate();
        // An operation during which the power fails may have happened.
        if verdict.is_ok() || (state.off && state.draw(2) == 0) {
            apply(&mut state.names, change.clone());
            state.pending.push(change);
        }
        verdict
    }
}

fn apply(names: &mut Names, change: Change) {
    match change {
        Change::Create(name, file) => {
            names.insert(name, file);
        }
        Change::Rename(from, to) => {
            if let Some(file) = names.remove(&from) {
                names.insert(to, file);
            }
        }
        Change::Remove(name) => {
            names.remove(&name);
        }
    }
}

impl State {
    /// Counts an operation and says whether it works.
    fn operate(&mut self) -> io::Result<()> {
        if self.off {
            return Err(io::Error::other("no power"));
        }
        self.operations += 1;
        let Some((at, event)) = self.event else {
            return Ok(());
        };
        match event {
            Event::Cut if at == self.operations => {
                self.off = true;
                Err(io::Error::other("no power"))
            }
            Event::Fail if at == self.operations => Err(io::ErrorKind::StorageFull.into()),
            Event::Break if at <= self.operations => Err(io::ErrorKind::StorageFull.into()),
            Event::Cut | Event::Fail | Event::Break => Ok(()),
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
}

impl Disk for SimDisk {
    fn read(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let state = self.state();
        if state.off {
            return Err(io::Error::other("no power"));
        }
        let file = state.names.get(name);
        Ok(file.map(|at| Zeroizing::new(state.files[*at].seen.clone())))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let at = {
            let mut state = self.state();
            state.files.push(Content::default());
            state.files.len() - 1
        };
        self.change(Change::Create(name.to_owned(), at))?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            at,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change(Change::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(Change::Remove(name.to_owned()))
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        state.durable = state.names.clone();
        state.pending.clear();
        Ok(())
    }
}

struct SimFile {
    disk: SimDisk,
    at: usize,
}

impl DiskFile for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let verdict = state.operate();
        let written = match verdict {
            Ok(()) => bytes.len(),
            // A write that fails may have written a part.
            Err(_) => state.draw(bytes.len() as u64 + 1) as usize,
        };
        state.files[self.at]
            .seen
            .extend_from_slice(&bytes[..written]);
        verdict
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operate()?;
        state.files[self.at].durable = state.files[self.at].seen.clone();
        Ok(())
    }
}
