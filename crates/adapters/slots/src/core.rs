//! What is done to the slots, one step after another.

#[cfg(test)]
pub(crate) mod sim;
#[cfg(test)]
pub(crate) mod tests;

use std::io;
use std::sync::Arc;

use onhook_crypto::Sha256;
use onhook_upgrade::port::{SlotError, SlotErrorKind};
use onhook_upgrade::sharing::{LoadId, SharedLoad};
use onhook_upgrade::{BootRecord, Component, Digest, Held, HeldLoad, Load, Manifest, Slot};

use crate::fault::{medium, out_of_order, rejected};
use crate::medium::Medium;

/// The file of the boot record.
const RECORD: &str = "boot";
/// What the name of a file ends with that is being written.
const DRAFT: &str = ".new";
/// How much of a slot is read at a time, in bytes.
const PIECE: usize = 128 * 1024;

/// The file with the manifest of a slot.
const fn manifest_of(slot: Slot) -> &'static str {
    match slot {
        Slot::A => "a.loads",
        Slot::B => "b.loads",
    }
}

/// The slots, and the load that is being written.
pub(crate) struct Core {
    medium: Box<dyn Medium>,
    writing: Option<Writing>,
    /// The load that runs, once somebody has asked for it.
    running: Option<(Slot, Manifest)>,
}

struct Writing {
    load: Arc<Load>,
    slot: Slot,
    /// Whether each block is there.
    there: Vec<bool>,
}

impl Core {
    pub(crate) fn new(medium: Box<dyn Medium>) -> Self {
        Self {
            medium,
            writing: None,
            running: None,
        }
    }

    pub(crate) fn record(&self) -> Result<BootRecord, SlotError> {
        let bytes = self
            .medium
            .read(RECORD)
            .map_err(|error| medium("reading the boot record", None, error))?;
        let Some(bytes) = bytes else {
            return Ok(BootRecord::default());
        };
        BootRecord::decode(&bytes).map_err(|bad| {
            let what = "the boot record is damaged: remove it, and the load of slot a comes up";
            SlotError::new(SlotErrorKind::Medium, what).with_source(bad)
        })
    }

    pub(crate) fn store(&self, record: &BootRecord) -> Result<(), SlotError> {
        self.replace(RECORD, record.encode().as_bytes())
            .map_err(|error| medium("writing the boot record", None, error))
    }

    /// Puts new bytes in the place of a small file: the old or the new ones are there at any moment.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let draft = format!("{name}{DRAFT}");
        self.medium.create(&draft, bytes)?;
        self.medium.sync(&draft)?;
        self.medium.rename(&draft, name)?;
        self.medium.sync_folder()
    }

    pub(crate) fn begin(&mut self, load: &Arc<Load>) -> Result<Vec<u32>, SlotError> {
        self.writing = None;
        let manifest = load.manifest();
        let before = self.record()?;
        let slot = before.inactive();
        let capacity = self
            .medium
            .capacity(slot)
            .map_err(|error| medium("looking at", Some(slot), error))?;
        if let Some(capacity) = capacity.filter(|capacity| *capacity < manifest.extent()) {
            let (extent, name) = (manifest.extent(), &manifest.name);
            return Err(SlotError::new(
                SlotErrorKind::NoRoom,
                format!(
                    "slot {slot} has {capacity} bytes, and the load {name} takes {extent}: make the load smaller"
                ),
            ));
        }
        let mut record = before.clone();
        record.begin(manifest.identity).map_err(rejected)?;
        //= R-FW-8
        // From here on no boot loader starts what is in there.
        if record != before {
            self.store(&record)?;
        }
        let there = self.look_for(load, slot)?;
        let numbers = (0_u32..).zip(&there);
        let present = numbers
            .filter_map(|(n, there)| there.then_some(n))
            .collect();
        self.writing = Some(Writing {
            load: Arc::clone(load),
            slot,
            there,
        });
        Ok(present)
    }

    /// Whether each block of a load is in a slot already.
    fn look_for(&self, load: &Load, slot: Slot) -> Result<Vec<bool>, SlotError> {
        let manifest = load.manifest();
        let mut there = vec![false; manifest.block_count() as usize];
        let mut bytes = vec![0; manifest.block_size as usize];
        for ((number, block), there) in (0_u32..).zip(manifest.blocks()).zip(&mut there) {
            let (bytes, _) = bytes.split_at_mut(block.length as usize);
            let found = self
                .medium
                .read_at(slot, manifest.place(number), bytes)
                .map_err(|error| medium("reading", Some(slot), error))?;
            // A file that ends here has nothing behind.
            if !found {
                break;
            }
            *there = manifest.is_block(number, bytes);
        }
        Ok(there)
    }

    pub(crate) fn write(&mut self, number: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let Some(writing) = &mut self.writing else {
            return Err(out_of_order("no load is being written"));
        };
        let manifest = writing.load.manifest();
        let fits = manifest
            .block(number)
            .is_some_and(|block| block.length as usize == bytes.len());
        let Some(there) = writing.there.get_mut(number as usize).filter(|_| fits) else {
            return Err(out_of_order("the load has no such block"));
        };
        self.medium
            .write_at(writing.slot, manifest.place(number), bytes)
            .map_err(|error| medium("writing", Some(writing.slot), error))?;
        *there = true;
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<(), SlotError> {
        let Some(Writing { load, slot, there }) = self.writing.take() else {
            return Err(out_of_order("no load is being written"));
        };
        if there.contains(&false) {
            return Err(out_of_order("a block of the load is missing"));
        }
        self.medium
            .sync_slot(slot)
            .map_err(|error| medium("flushing", Some(slot), error))?;
        let manifest = load.manifest();
        for component in manifest.components() {
            let from = manifest.place(component.first_block);
            //= R-FW-7
            if self.digest(slot, from, component.size, &mut |_| Ok(()))? != component.sha256 {
                let name = &component.name;
                return Err(SlotError::new(
                    SlotErrorKind::Medium,
                    format!("slot {slot} does not hold {name} as it was written: check the medium"),
                ));
            }
        }
        self.replace(manifest_of(slot), load.text())
            .map_err(|error| medium("writing the manifest of", Some(slot), error))?;
        let mut record = self.record()?;
        record.finish(HeldLoad {
            name: manifest.name.clone(),
            identity: manifest.identity,
            counter: manifest.counter,
            failed: false,
        });
        self.store(&record)
    }

    /// The SHA-256 of bytes of a slot, which are lent piece by piece.
    pub(crate) fn digest(
        &self,
        slot: Slot,
        mut at: u64,
        mut length: u64,
        lend: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Digest, SlotError> {
        let mut hash = Sha256::default();
        let mut piece = vec![0; PIECE];
        while length > 0 {
            let now = usize::try_from(length).unwrap_or(PIECE).min(PIECE);
            let (piece, _) = piece.split_at_mut(now);
            let read = self
                .medium
                .read_at(slot, at, piece)
                .and_then(|whole| match whole {
                    true => lend(piece),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                });
            read.map_err(|error| medium("reading", Some(slot), error))?;
            hash.update(piece);
            at += piece.len() as u64;
            length -= piece.len() as u64;
        }
        Ok(Digest(hash.finish()))
    }

    /// The manifest of the load in a slot, if it is the one that the record tells of.
    pub(crate) fn manifest(&self, slot: Slot, held: &HeldLoad) -> Result<Manifest, SlotError> {
        let bytes = self
            .medium
            .read(manifest_of(slot))
            .map_err(|error| medium("reading the manifest of", Some(slot), error))?;
        let manifest = bytes
            .as_deref()
            .and_then(|bytes| Manifest::parse(bytes).ok())
            .map(|(manifest, _)| manifest)
            .filter(|manifest| manifest.identity == held.identity);
        manifest.ok_or_else(|| {
            let what = format!(
                "the manifest of slot {slot} is not that of its load: write the slot again"
            );
            SlotError::new(SlotErrorKind::Medium, what)
        })
    }

    /// The load that runs, if it can be given to others.
    pub(crate) fn running(&mut self) -> Result<Option<SharedLoad>, SlotError> {
        let record = self.record()?;
        let slot = record.running;
        let Held::Whole(held) = record.held(slot) else {
            return Ok(None);
        };
        if record.is_on_trial() {
            return Ok(None);
        }
        let manifest = self.manifest(slot, held)?;
        let load = SharedLoad::of(&manifest).map_err(|bad| {
            let what = format!("the load of slot {slot} cannot be shared");
            SlotError::new(SlotErrorKind::Rejected, what).with_source(bad)
        })?;
        self.running = Some((slot, manifest));
        Ok(Some(load))
    }

    /// The octets of a block of the load that is being written, or of the one that runs.
    pub(crate) fn block(&self, load: LoadId, number: u32) -> Result<Vec<u8>, SlotError> {
        let writing = self.writing.as_ref();
        let writing = writing.map(|writing| (writing.slot, writing.load.manifest()));
        let running = self.running.as_ref();
        let found = [writing, running.map(|(slot, manifest)| (*slot, manifest))];
        let found = found.into_iter().flatten().find_map(|(slot, manifest)| {
            let block = manifest.block(number)?;
            (manifest.identity.0 == load.0).then_some((slot, manifest.place(number), block.length))
        });
        let Some((slot, place, length)) = found else {
            return Err(out_of_order("no slot has such a block"));
        };
        let mut bytes = vec![0; length as usize];
        match self.medium.read_at(slot, place, &mut bytes) {
            Ok(true) => Ok(bytes),
            Ok(false) => Err(out_of_order("the slot ends before the block")),
            Err(error) => Err(medium("reading", Some(slot), error)),
        }
    }

    /// Lends a component of a slot piece by piece; an error if it is not what was signed.
    pub(crate) fn lend(
        &self,
        slot: Slot,
        (from, component): (u64, &Component),
        lend: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), SlotError> {
        let found = self.digest(slot, from, component.size, lend)?;
        match found == component.sha256 {
            true => Ok(()),
            false => Err(SlotError::new(
                SlotErrorKind::Medium,
                format!(
                    "{} in slot {slot} is damaged: write the slot again",
                    component.name
                ),
            )),
        }
    }
}
