//! A search through what a power cut can leave on a disk.
//!
//! A script of commits is carried out on a disk that records every operation. Then, for each beginning of the record, every
//! state is built that the medium can be in: changes of names that were not flushed have happened or not, in any
//! combination; bytes that were not flushed are there, missing, torn inside a sector, or sectors of zeros. Each must open and
//! hold what was acknowledged, or what was under way.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use zeroize::Zeroizing;

use super::super::{Inner, Right, StoreError};
use super::{Act, All, SCOPE, all};
use crate::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

/// What programs do to a medium.
#[derive(Clone, Debug)]
enum Op {
    Create(String, usize),
    Write(usize, Vec<u8>),
    Sync(usize),
    Rename(String, String),
    Remove(String),
    SyncDir,
}

/// A rule of care that a store leaves out, so that the search has something to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Careless {
    Nowhere,
    /// It does not flush what it writes.
    NoFileSync,
    /// It does not flush names.
    NoDirSync,
    /// It writes over the file in force.
    InPlace,
}

/// The files of a medium by name.
type Image = BTreeMap<String, Arc<Vec<u8>>>;

/// A disk in memory that records what is done; clones share it.
#[derive(Clone)]
struct Recorder {
    state: Arc<Mutex<Recorded>>,
    careless: Careless,
}

#[derive(Default)]
struct Recorded {
    image: Image,
    files: usize,
    ops: Vec<Op>,
}

impl Recorder {
    fn new(image: Image, careless: Careless) -> Self {
        let state = Recorded {
            image,
            ..Recorded::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            careless,
        }
    }

    fn state(&self) -> MutexGuard<'_, Recorded> {
        self.state.lock().unwrap()
    }
}

impl Disk for Recorder {
    fn read(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let state = self.state();
        let bytes = state.image.get(name);
        Ok(bytes.map(|bytes| Zeroizing::new(bytes.to_vec())))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let name = match self.careless {
            Careless::InPlace => name.trim_end_matches(".tmp").to_owned(),
            Careless::Nowhere | Careless::NoFileSync | Careless::NoDirSync => name.to_owned(),
        };
        let mut state = self.state();
        let file = state.files;
        state.files += 1;
        state.image.insert(name.clone(), Arc::default());
        state.ops.push(Op::Create(name.clone(), file));
        Ok(Box::new(RecordedFile {
            disk: self.clone(),
            name,
            file,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(bytes) = state.image.remove(from) {
            state.image.insert(to.to_owned(), bytes);
        }
        state.ops.push(Op::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if state.image.remove(name).is_some() {
            state.ops.push(Op::Remove(name.to_owned()));
        }
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.careless != Careless::NoDirSync {
            self.state().ops.push(Op::SyncDir);
        }
        Ok(())
    }
}

struct RecordedFile {
    disk: Recorder,
    name: String,
    file: usize,
}

impl DiskFile for RecordedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let held = state.image.entry(self.name.clone()).or_default();
        Arc::make_mut(held).extend_from_slice(bytes);
        state.ops.push(Op::Write(self.file, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.careless != Careless::NoFileSync {
            self.disk.state().ops.push(Op::Sync(self.file));
        }
        Ok(())
    }
}

fn open(image: Image) -> Result<(Inner, Recorder), StoreError> {
    let disk = Recorder::new(image, Careless::Nowhere);
    let store = inner(&disk);
    store.medium.settle()?;
    Ok((store, disk))
}

fn inner(disk: &Recorder) -> Inner {
    let right = Right::Write { _lock: None };
    Inner::new(Box::new(disk.clone()), "/state".as_ref(), SCOPE, right)
}

/// What is on the medium for sure, and what may be.
#[derive(Default)]
struct Medium {
    /// Names that are durable.
    names: BTreeMap<String, usize>,
    /// Changes of names that are not.
    pending: Vec<Op>,
    /// Of each file: the bytes written, and how many of them are durable.
    files: Vec<(Vec<u8>, usize)>,
}

impl Medium {
    fn take(&mut self, op: &Op) {
        match op {
            Op::Create(_, file) => {
                self.files
                    .resize(self.files.len().max(file + 1), Default::default());
                self.pending.push(op.clone());
            }
            Op::Write(file, bytes) => self.files[*file].0.extend_from_slice(bytes),
            Op::Sync(file) => self.files[*file].1 = self.files[*file].0.len(),
            Op::Rename(..) | Op::Remove(_) => self.pending.push(op.clone()),
            Op::SyncDir => {
                let pending = std::mem::take(&mut self.pending);
                pending.iter().for_each(|op| change(&mut self.names, op));
            }
        }
    }

    /// Calls `check` with every state that the medium can be in.
    fn states<E>(
        &self,
        draw: &mut Draw,
        check: &mut dyn FnMut(&Image) -> Result<(), E>,
    ) -> Result<(), E> {
        for chosen in 0..1_u32 << self.pending.len() {
            let mut names = self.names.clone();
            for (at, op) in self.pending.iter().enumerate() {
                if chosen >> at & 1 == 1 {
                    change(&mut names, op);
                }
            }
            let mut image: Image = BTreeMap::new();
            let mut open_files = Vec::new();
            for (name, file) in names {
                let (bytes, durable) = &self.files[file];
                image.insert(name.clone(), Arc::new(bytes.clone()));
                if *durable < bytes.len() {
                    open_files.push((name, file));
                }
            }
            if open_files.is_empty() {
                check(&image)?;
                continue;
            }
            for (name, file) in open_files {
                let (bytes, durable) = &self.files[file];
                for left in torn(bytes, *durable, draw) {
                    image.insert(name.clone(), Arc::new(left));
                    check(&image)?;
                }
            }
        }
        Ok(())
    }
}

fn change(names: &mut BTreeMap<String, usize>, op: &Op) {
    match op {
        Op::Create(name, file) => {
            names.insert(name.clone(), *file);
        }
        Op::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Op::Remove(name) => {
            names.remove(name);
        }
        Op::Write(..) | Op::Sync(_) | Op::SyncDir => {}
    }
}

/// What can be left of bytes of which only the first ones are durable.
fn torn(bytes: &[u8], durable: usize, draw: &mut Draw) -> Vec<Vec<u8>> {
    let sectors = bytes.len().div_ceil(SECTOR);
    let mut all = vec![bytes.to_vec(), bytes[..durable].to_vec()];
    let mut ends: Vec<usize> = (0..=sectors).map(|n| n * SECTOR).collect();
    ends.extend((0..6).map(|_| draw.below(bytes.len() + 1)));
    for end in ends {
        let end = end.clamp(durable, bytes.len());
        all.push(bytes[..end].to_vec());
        // The length is known before the bytes are there, or the last bytes come first.
        let (mut front, mut back) = (bytes.to_vec(), bytes.to_vec());
        front[end..].fill(0);
        back[durable..end].fill(0);
        all.extend([front, back]);
    }
    for _ in 0..8 {
        let mut some = bytes.to_vec();
        for sector in some.chunks_mut(SECTOR) {
            if draw.below(2) == 0 {
                sector.fill(0);
            }
        }
        some[..durable].copy_from_slice(&bytes[..durable]);
        all.push(some);
    }
    all
}

/// A small generator of numbers (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }

    fn act(&mut self) -> Act {
        const NAMES: [&str; 6] = [
            "GPP_A",
            "GPP_B",
            "GPP_SA",
            "Profile_Rule",
            "Resync_Periodic",
            "Station_Name",
        ];
        match self.below(12) {
            0 => Act::Reset,
            1 => Act::ResetState,
            2..5 => Act::Save((0..self.below(60)).map(|_| self.below(256) as u8).collect()),
            _ => {
                let count = 1 + self.below(4);
                let change = |_| {
                    let long = if self.below(4) == 0 { 900 } else { 12 };
                    let letter = char::from(b'a' + self.below(26) as u8);
                    let value = letter.to_string().repeat(self.below(long));
                    (NAMES[self.below(NAMES.len())], value)
                };
                Act::Commit((0..count).map(change).collect())
            }
        }
    }
}

/// What the search has done.
#[derive(Default, Debug)]
pub(super) struct Searched {
    /// Different states that were opened and read.
    pub(super) states: u64,
    pub(super) scripts: u64,
}

/// Searches scripts until so many different states were checked; an error tells the first state that holds neither
/// what was acknowledged nor what was under way.
pub(super) fn search(states: u64, careless: Careless) -> Result<Searched, String> {
    let mut done = Searched::default();
    while done.states < states {
        done.scripts += 1;
        script(done.scripts, states, careless, &mut done)?;
    }
    Ok(done)
}

fn script(seed: u64, limit: u64, careless: Careless, done: &mut Searched) -> Result<(), String> {
    let draw = &mut Draw(seed);
    let disk = Recorder::new(Image::new(), careless);
    let store = inner(&disk);
    // How many operations there were when an act was acknowledged, and what was stored then.
    let mut acknowledged: Vec<(usize, All)> = vec![(0, All::default())];
    for _ in 0..8 {
        let act = draw.act();
        act.on(&store).map_err(|error| error.to_string())?;
        let held = all(&store).map_err(|error| error.to_string())?;
        let ops = disk.state().ops.len();
        acknowledged.push((ops, held));
    }
    let ops = std::mem::take(&mut disk.state().ops);
    let mut medium = Medium::default();
    let mut seen = HashSet::new();
    for end in 0..=ops.len() {
        if let Some(op) = end.checked_sub(1).and_then(|at| ops.get(at)) {
            medium.take(op);
        }
        let last = acknowledged
            .iter()
            .rposition(|(at, _)| *at <= end)
            .unwrap_or(0);
        let old = &acknowledged[last].1;
        let new = acknowledged.get(last + 1).map_or(old, |(_, held)| held);
        medium.states(draw, &mut |image| {
            let mut hasher = DefaultHasher::new();
            (last, image).hash(&mut hasher);
            if done.states >= limit || !seen.insert(hasher.finish()) {
                return Ok(());
            }
            done.states += 1;
            check(image, old, new, done.states)
                .map_err(|what| format!("seed {seed}, after {:?}: {what}", &ops[..end]))
        })?;
    }
    Ok(())
}

/// Whether a state opens and holds one of two sets, and whether the store works on from there.
fn check(image: &Image, old: &All, new: &All, number: u64) -> Result<(), String> {
    let (store, disk) = open(image.clone()).map_err(|error| error.to_string())?;
    let found = all(&store).map_err(|error| error.to_string())?;
    if found != *old && found != *new {
        return Err(format!("{found:?} is neither {old:?} nor {new:?}"));
    }
    if disk.state().image.keys().any(|name| name.ends_with(".tmp")) {
        return Err("a draft was left behind".to_owned());
    }
    if number.is_multiple_of(16) {
        let act = Act::Commit(vec![("GPP_P", number.to_string())]);
        act.on(&store).map_err(|error| error.to_string())?;
        let after = all(&store).map_err(|error| error.to_string())?;
        let (again, _) = open(disk.state().image.clone()).map_err(|error| error.to_string())?;
        if all(&again).map_err(|error| error.to_string())? != after || after.1 != found.1 {
            return Err("the store does not work on".to_owned());
        }
    }
    Ok(())
}
