//! Power cuts and refusals at every operation of upgrades that another boot loader is told of: it starts what is good, or all of what is new.

use std::sync::Arc;

use onhook_upgrade::port::{FirmwareSlots as _, SlotError, Turn};
use onhook_upgrade::{Held, Load, Slot};
use tokio::runtime::{Builder, Runtime};

use super::Slots;
use crate::core::sim::{Event, SimMedium};
use crate::core::tests::{chances, load, sweep, tell};

/// A load and its components.
type Made = (Arc<Load>, [Vec<u8>; 2]);

/// What there is in one run.
struct Night {
    runtime: Runtime,
    medium: SimMedium,
    factory: Vec<u8>,
    loads: [Made; 3],
    what: String,
}

impl Night {
    fn new(what: String) -> Self {
        let factory: Vec<u8> = (0..20_000).map(|n| (n % 251) as u8).collect();
        Self {
            runtime: Builder::new_current_thread().build().unwrap(),
            medium: SimMedium::of_factory(&factory),
            factory,
            loads: [load("old", 2), load("new", 3), load("newer", 4)],
            what,
        }
    }

    /// The slots after the boot loader has started one.
    fn open(&self, running: Slot) -> Result<Slots, SlotError> {
        let (medium, hook) = (Box::new(self.medium.clone()), self.medium.clone());
        Slots::over(medium, Some(running), Some(Box::new(hook)))
    }

    /// Everything that a phone does to come to a load, as far as it gets.
    fn upgrade(&self, slots: &Slots, which: usize) -> Result<(), SlotError> {
        let (load, files) = &self.loads[which];
        self.runtime.block_on(async {
            let present = slots.begin(load).await?;
            for (number, block) in (0_u32..).zip(load.manifest().blocks()) {
                if !present.contains(&number) {
                    let file = &files[usize::from(block.component)];
                    let from = block.offset as usize;
                    let bytes = file[from..from + block.length as usize].to_vec();
                    slots.write(number, bytes).await?;
                }
            }
            slots.finish().await?;
            slots.turn(Turn::Activate).await
        })
    }

    /// The boot loader starts a slot, and the phone looks at it: it holds what was good, or all of a load.
    #[track_caller]
    fn boot(&self) -> (Slot, Slots) {
        let what = &self.what;
        let slot = self.medium.foreign_boot();
        let slots = self.open(slot);
        let slots = slots.unwrap_or_else(|error| panic!("{what}: {error}"));
        let record = self.runtime.block_on(slots.record()).unwrap();
        assert_eq!(record.running, slot, "{what}");
        let content = self.medium.content(slot);
        if slot == Slot::A {
            assert!(content == self.factory, "{what}: the good slot has changed");
            return (slot, slots);
        }
        let Held::Whole(held) = record.held(slot) else {
            panic!("{what}: a slot comes up that holds nothing whole: {record:?}");
        };
        let is_that = |made: &&Made| made.0.manifest().identity == held.identity;
        let (load, files) = self.loads.iter().find(is_that).unwrap();
        for (component, file) in load.manifest().components().iter().zip(files) {
            let from = usize::try_from(load.manifest().place(component.first_block)).unwrap();
            assert!(
                content.get(from..from + file.len()) == Some(file),
                "{what}: a slot comes up that is not whole"
            );
        }
        (slot, slots)
    }
}

/// Two upgrades in a row without a restart between them, interrupted at an operation; whether there was such an operation.
fn interrupted(nth: u64, event: Event, chance: u64) -> bool {
    let night = Night::new(format!("{event:?} at operation {nth}, chance {chance}"));
    let (medium, what) = (&night.medium, &night.what);
    let slots = night.open(Slot::A).unwrap();
    // What was there before, so that the slot is not empty; it was to come up, and never does.
    night.upgrade(&slots, 0).unwrap();
    let before = medium.operations();
    medium.at_operation(nth, event);
    let both = || {
        night.upgrade(&slots, 1)?;
        night.upgrade(&slots, 2)
    };
    let both = both();
    let reached = medium.operations() - before >= nth;
    // What cannot be noted any more after the boot loader was told is no failure.
    assert!(both.is_ok() || reached, "{what}: {both:?}");
    drop(slots);
    match event {
        Event::Cut => medium.restart(chance),
        // Nothing fails any more.
        Event::Fail => medium.at_operation(u64::from(u32::MAX), event),
    }
    let (mut slot, mut slots) = night.boot();
    if slot == Slot::A {
        let record = night.runtime.block_on(slots.record()).unwrap();
        let is_failed = matches!(record.held(Slot::B), Held::Whole(load) if load.failed);
        assert!(
            !is_failed,
            "{what}: it never came up, and so it has not failed"
        );
    }
    for _ in 0..4 {
        drop(slots);
        (slot, slots) = night.boot();
    }
    assert_eq!(slot, Slot::A, "{what}: a load that nobody confirms stays");
    if !reached {
        return false;
    }
    // Once more, to its end.
    let again = night.upgrade(&slots, 2);
    again.unwrap_or_else(|error| panic!("{what}: {error}"));
    drop(slots);
    medium.restart(chance);
    let (mut slot, mut slots) = night.boot();
    assert_eq!(slot, Slot::B, "{what}");
    // The confirmation, interrupted at each of its operations.
    for nth in 1.. {
        let there = medium.operations();
        medium.at_operation(nth, event);
        let confirmed = night.runtime.block_on(slots.turn(Turn::Confirm));
        let reached = medium.operations() - there >= nth;
        drop(slots);
        medium.restart(chance ^ nth);
        (slot, slots) = night.boot();
        let record = night.runtime.block_on(slots.record()).unwrap();
        if confirmed.is_ok() {
            assert_eq!((slot, record.good), (Slot::B, Slot::B), "{what}");
            assert_eq!(medium.foreign_good(), Slot::B, "{what}");
        }
        if !reached {
            break;
        }
        assert!(nth < 20, "{what}: it is never confirmed");
        if slot == Slot::A {
            // Given up meanwhile: tried once more.
            night.upgrade(&slots, 2).unwrap();
            drop(slots);
            (slot, slots) = night.boot();
            assert_eq!(slot, Slot::B, "{what}");
        }
    }
    true
}

/// An upgrade that a power cut ends at an operation: the good slot comes up, and nothing half. Whether there was such an operation.
fn cut_short(night: &Night, slots: Slots, (nth, chance): (u64, u64)) -> bool {
    let (medium, what) = (&night.medium, &night.what);
    let before = medium.operations();
    medium.at_operation(nth, Event::Cut);
    let again = night.upgrade(&slots, 1);
    let reached = medium.operations() - before >= nth;
    assert!(again.is_ok() || reached, "{what}: {again:?}");
    drop(slots);
    medium.restart(chance);
    for _ in 0..4 {
        night.boot();
    }
    assert_eq!(night.boot().0, Slot::A, "{what}");
    reached
}

/// A hook that refuses everything, whatever it does, and is well again when the slot is written anew; the power fails then.
fn distrusted(nth: u64, chance: u64) -> bool {
    let night = Night::new(format!(
        "a cut at operation {nth} after a refusal, chance {chance}"
    ));
    let medium = &night.medium;
    medium.restart(chance);
    let slots = night.open(Slot::A).unwrap();
    medium.deaf(true);
    assert!(night.upgrade(&slots, 0).is_err(), "{}", night.what);
    medium.deaf(false);
    cut_short(&night, slots, (nth, chance))
}

/// A program that is started again, without a boot, while a load is to come up, and writes another one; the power fails then.
fn started_again(nth: u64, chance: u64) -> bool {
    let night = Night::new(format!(
        "a cut at operation {nth} after a start, chance {chance}"
    ));
    let slots = night.open(Slot::A).unwrap();
    night.upgrade(&slots, 0).unwrap();
    drop(slots);
    let slots = night.open(Slot::A).unwrap();
    cut_short(&night, slots, (nth, chance))
}

//= R-FW-9 type=test
#[test]
fn the_doubt_ends_when_the_boot_loader_has_heard_at_the_second_try() {
    let night = Night::new("a second try".to_owned());
    let slots = night.open(Slot::A).unwrap();
    night.medium.deaf(true);
    assert!(night.upgrade(&slots, 0).is_err());
    let record = || night.runtime.block_on(slots.record()).unwrap();
    assert!(record().unsure);
    night.medium.deaf(false);
    night.runtime.block_on(slots.turn(Turn::Activate)).unwrap();
    assert_eq!((record().trial, record().unsure), (Some(0), false));
}

//= R-FW-8 type=test
#[test]
fn a_start_without_a_boot_leaves_a_slot_that_comes_up() {
    let operations = sweep(40, started_again);
    assert!(operations >= 30, "{operations}");
}

//= R-FW-8 type=test
#[test]
fn a_hook_that_was_not_to_be_trusted_leaves_a_slot_that_comes_up() {
    let operations = sweep(40, distrusted);
    assert!(operations >= 30, "{operations}");
}

//= R-FW-8 type=test
//= R-FW-9 type=test
#[test]
fn a_power_cut_while_another_boot_loader_is_told_leaves_a_slot_that_comes_up() {
    let chances = chances().div_ceil(4);
    let operations = sweep(chances, |nth, chance| interrupted(nth, Event::Cut, chance));
    tell("power cuts with a hook", operations, chances);
    // Twice: nothing is to come up any more (4, the hook, 4), the record (4), blocks, the flush, the manifest (4), the record (4), and
    // what is to come up (4, the hook, 4).
    assert_eq!(operations, 72);
}

//= R-FW-8 type=test
#[test]
fn a_hook_or_a_medium_that_fails_at_any_operation_leaves_a_slot_that_comes_up() {
    let operations = sweep(4, |nth, chance| interrupted(nth, Event::Fail, chance));
    assert_eq!(operations, 72);
}
