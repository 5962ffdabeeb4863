//! Power cuts at every operation of an upgrade: whatever is left, the boot loader starts what was good, or all of what is new.

use std::sync::Arc;

use onhook_upgrade::port::SlotError;
use onhook_upgrade::{BootRecord, Draft, Hasher, Held, Load, Signature, Slot, signed};

use super::Core;
use super::sim::{Event, SimMedium};
use crate::fault::rejected;

const BLOCK: u32 = 4096;

struct Anybody;

impl onhook_crypto::port::SignatureCheck for Anybody {
    fn check(
        &self,
        _key: onhook_crypto::KeyId,
        _message: &[u8],
        _signature: &[u8; 64],
    ) -> Result<(), onhook_crypto::port::NotSigned> {
        Ok(())
    }
}

/// A load of two components, and its components.
pub(crate) fn load(name: &str, seed: usize) -> (Arc<Load>, [Vec<u8>; 2]) {
    let file = |size: usize| {
        (0..size)
            .map(|n| (n * 31 + n / 97 + seed) as u8)
            .collect::<Vec<u8>>()
    };
    let files = [file(9000), file(4096 + seed)];
    let components = ["kernel", "rootfs"]
        .into_iter()
        .zip(&files)
        .map(|(name, file)| {
            let mut hasher = Hasher::new(BLOCK);
            hasher.update(file);
            hasher.finish(name.to_owned())
        });
    let draft = Draft {
        name: name.to_owned(),
        family: "sip88xx".to_owned(),
        version: "12".to_owned(),
        counter: u32::try_from(seed).unwrap(),
        block_size: BLOCK,
        components: components.collect(),
    };
    let signature = Signature {
        key: "0011223344556677".parse().unwrap(),
        bytes: [0; 64],
    };
    let text = signed(&draft.text().unwrap(), &signature);
    (
        Arc::new(Load::trusted(text.as_bytes(), &Anybody).unwrap()),
        files,
    )
}

/// Everything that a phone does to come to a load, as far as it gets.
fn upgrade(medium: &SimMedium, load: &Arc<Load>, files: &[Vec<u8>; 2]) -> Result<(), SlotError> {
    let mut core = Core::new(Box::new(medium.clone()));
    let identity = load.manifest().identity;
    let inactive = core.record()?.inactive();
    let is_whole = |record: &BootRecord| matches!(record.held(inactive), Held::Whole(held) if held.identity == identity);
    // As the engine does: what is there is only switched to.
    if !is_whole(&core.record()?) {
        let present = core.begin(load)?;
        for (number, block) in (0_u32..).zip(load.manifest().blocks()) {
            if !present.contains(&number) {
                let from = block.offset as usize;
                let bytes =
                    &files[usize::from(block.component)][from..from + block.length as usize];
                core.write(number, bytes)?;
            }
        }
        core.finish()?;
    }
    let mut record = core.record()?;
    record.activate().map_err(rejected)?;
    core.store(&record)
}

fn confirm(medium: &SimMedium) -> Result<(), SlotError> {
    let core = Core::new(Box::new(medium.clone()));
    let mut record = core.record()?;
    record.confirm();
    core.store(&record)
}

/// The boot loader starts a slot; what it holds has to be what was good, or all of the load.
#[track_caller]
fn boot(
    medium: &SimMedium,
    good: (Slot, &[u8]),
    load: &Load,
    files: &[Vec<u8>; 2],
    what: &str,
) -> Slot {
    let core = Core::new(Box::new(medium.clone()));
    let mut record = core
        .record()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let slot = record.boot();
    core.store(&record).unwrap();
    let content = medium.content(slot);
    if slot == good.0 {
        assert!(content == good.1, "{what}: the good slot has changed");
        return slot;
    }
    let Held::Whole(held) = record.held(slot) else {
        panic!("{what}: a slot comes up that holds nothing whole");
    };
    assert_eq!(held.identity, load.manifest().identity, "{what}");
    for (component, file) in load.manifest().components().iter().zip(files) {
        let from = usize::try_from(load.manifest().place(component.first_block)).unwrap();
        assert!(
            content.get(from..from + file.len()) == Some(file),
            "{what}: a slot comes up that is not whole"
        );
    }
    let manifest = core
        .manifest(slot, held)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(manifest.components().len(), 2);
    slot
}

/// One upgrade from slot A to slot B, interrupted at an operation; whether there was such an operation.
fn interrupted(nth: u64, event: Event, chance: u64) -> bool {
    let what = format!("{event:?} at operation {nth}, chance {chance}");
    let factory: Vec<u8> = (0..20_000).map(|n| (n % 251) as u8).collect();
    let medium = SimMedium::of_factory(&factory);
    let good = (Slot::A, &*factory);
    // What was there before, so that a slot is not empty.
    let (old, old_files) = load("old", 2);
    upgrade(&medium, &old, &old_files).unwrap();
    let (new, files) = load("new", 3);
    let before = medium.operations();
    medium.at_operation(nth, event);
    let first = upgrade(&medium, &new, &files);
    let reached = medium.operations() - before >= nth;
    assert_eq!(first.is_err(), reached, "{what}");
    if !reached {
        return false;
    }
    if event == Event::Cut {
        medium.restart(chance);
    }
    // Whatever came up: once more, to its end.
    let core = Core::new(Box::new(medium.clone()));
    if core.record().unwrap().trial.is_some() {
        // The old load, or the new one, was to be tried already.
        let tried = match core.record().unwrap().held(Slot::B) {
            Held::Whole(held) if held.identity == old.manifest().identity => (&old, &old_files),
            Held::Unknown | Held::Part(_) | Held::Whole(_) => (&new, &files),
        };
        boot(&medium, good, tried.0, tried.1, &what);
        for _ in 0..3 {
            boot(&medium, good, tried.0, tried.1, &what);
        }
    }
    assert_eq!(boot(&medium, good, &new, &files, &what), Slot::A, "{what}");
    upgrade(&medium, &new, &files).unwrap_or_else(|error| panic!("{what}: {error}"));
    medium.restart(chance);
    assert_eq!(boot(&medium, good, &new, &files, &what), Slot::B, "{what}");
    // The confirmation, interrupted at each of its operations.
    for nth in 1.. {
        let there = medium.operations();
        medium.at_operation(nth, Event::Cut);
        let confirmed = confirm(&medium);
        let reached = medium.operations() - there >= nth;
        medium.restart(chance ^ nth);
        let slot = boot(&medium, good, &new, &files, &what);
        if confirmed.is_ok() {
            assert_eq!(slot, Slot::B, "{what}");
        }
        if !reached {
            break;
        }
        if slot == Slot::A {
            // Given up meanwhile: tried once more.
            upgrade(&medium, &new, &files).unwrap();
            medium.restart(chance);
            assert_eq!(boot(&medium, good, &new, &files, &what), Slot::B, "{what}");
        }
    }
    assert_eq!(Core::new(Box::new(medium)).record().unwrap().good, Slot::B);
    true
}

/// With how many chances each operation is interrupted; `ONHOOK_SLOT_CHANCES` asks for more.
#[expect(
    clippy::disallowed_methods,
    reason = "a test asks its environment how far to go"
)]
pub(crate) fn chances() -> u64 {
    std::env::var("ONHOOK_SLOT_CHANCES").map_or(40, |text| text.parse().unwrap())
}

/// Says what was searched, for whoever wants to see it.
pub(crate) fn tell(what: &str, operations: u64, chances: u64) {
    println!("slots: {what} at each of {operations} operations, {chances} chances each");
}

/// Interrupts each operation with so many chances, until there is none of that number; how many there are.
pub(crate) fn sweep(chances: u64, interrupted: impl Fn(u64, u64) -> bool) -> u64 {
    let mut operations = 0;
    for nth in 1.. {
        for chance in 0..chances {
            if !interrupted(nth, chance * 7919 + nth) {
                return operations;
            }
        }
        operations = nth;
    }
    operations
}

//= R-FW-8 type=test
//= R-FW-9 type=test
#[test]
fn a_power_cut_at_any_operation_leaves_a_slot_that_comes_up() {
    let operations = sweep(chances(), |nth, chance| {
        interrupted(nth, Event::Cut, chance)
    });
    tell("power cuts", operations, chances());
    // The record (4), five blocks, the flush, the manifest (4), the record twice (8).
    assert_eq!(operations, 4 + 5 + 1 + 4 + 8);
}

//= R-FW-8 type=test
#[test]
fn a_medium_that_refuses_at_any_operation_leaves_a_slot_that_comes_up() {
    assert_eq!(
        sweep(1, |nth, chance| interrupted(nth, Event::Fail, chance)),
        22
    );
}
