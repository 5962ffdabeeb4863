//! The obligations of [`FirmwareSlots`].

use std::sync::Arc;

use async_trait::async_trait;
use onhook_upgrade::port::{FirmwareSlots, SlotErrorKind, Turn};
use onhook_upgrade::{Draft, Hasher, Held, Load, Signature, Slot, signed};

use super::success;
use crate::fake::FakeSignatures;

/// The size of a block in the loads of the suite.
const BLOCK: u32 = 4096;
/// The key that signs them.
const KEY: u8 = 1;

/// Two empty slots whose medium can be looked at; slot A runs.
#[async_trait]
pub trait FirmwareSlotsFixture: Send {
    /// Opens the slots as after a restart; what was opened before has been dropped.
    async fn open(&mut self) -> Arc<dyn FirmwareSlots>;

    /// Lets the boot loader start a slot, and says which.
    async fn boot(&mut self) -> Slot;

    /// The bytes of a slot.
    fn content(&self, slot: Slot) -> Vec<u8>;

    /// Changes one byte of a slot behind the back of everybody.
    fn damage(&mut self, slot: Slot, at: usize);

    /// Puts bytes into a slot, as a factory does.
    fn put(&mut self, slot: Slot, bytes: &[u8]);

    /// Lets slots hold so many bytes; `None` for any number.
    fn limit(&mut self, capacity: Option<u64>);
}

/// A signed load of two components, and its components.
#[must_use]
pub fn sample_load(name: &str, counter: u32, sizes: [usize; 2]) -> (Arc<Load>, [Vec<u8>; 2]) {
    let seed = name.bytes().fold(counter as usize, |sum, byte| {
        sum * 31 % 8191 + byte as usize
    });
    let files = sizes.map(|size| {
        (0..size)
            .map(|n| ((n / 5 + n * n % 241) ^ (seed + size)) as u8)
            .collect::<Vec<u8>>()
    });
    let components = files
        .iter()
        .zip(["kernel.img", "rootfs.img"])
        .map(|(file, name)| {
            let mut hasher = Hasher::new(BLOCK);
            hasher.update(file);
            hasher.finish(name.to_owned())
        });
    let draft = Draft {
        name: name.to_owned(),
        family: "sip88xx".to_owned(),
        version: "12-0-1MPP0001-100".to_owned(),
        counter,
        block_size: BLOCK,
        components: components.collect(),
    };
    let message = success("a draft", draft.text());
    let signature = Signature {
        key: FakeSignatures::id(KEY),
        bytes: FakeSignatures::sign(KEY, message.as_bytes()),
    };
    let text = signed(&message, &signature);
    let trusting = FakeSignatures::trusting(vec![KEY]);
    let load = success("a load", Load::trusted(text.as_bytes(), &trusting));
    (Arc::new(load), files)
}

/// The bytes of a block.
fn block(load: &Load, files: &[Vec<u8>; 2], number: u32) -> Vec<u8> {
    let Some(block) = load.manifest().block(number) else {
        panic!("there is no block {number}");
    };
    let file = files.get(usize::from(block.component));
    let from = usize::try_from(block.offset).unwrap_or(usize::MAX);
    let bytes = file.and_then(|file| file.get(from..from + block.length as usize));
    bytes.map(<[u8]>::to_vec).unwrap_or_default()
}

/// Checks slots against every obligation of the port.
pub async fn firmware_slots(fixture: &mut dyn FirmwareSlotsFixture) {
    let factory: Vec<u8> = (0..10_000).map(|n| (n % 253) as u8).collect();
    fixture.put(Slot::A, &factory);
    assert_eq!(
        fixture.boot().await,
        Slot::A,
        "what the factory put in comes up"
    );
    a_load_becomes_whole_and_only_then(fixture).await;
    what_was_cut_off_goes_on(fixture).await;
    what_was_damaged_is_not_whole(fixture).await;
    what_has_no_room_changes_nothing(fixture).await;
    assert_eq!(
        fixture.content(Slot::A),
        factory,
        "the slot that runs is as it was"
    );
    a_load_is_tried_and_confirmed(fixture).await;
    a_load_that_is_not_confirmed_is_given_up(fixture).await;
}

async fn write(slots: &dyn FirmwareSlots, load: &Arc<Load>, files: &[Vec<u8>; 2]) {
    let present = success("a beginning", slots.begin(load).await);
    // In any order.
    for number in (0..load.manifest().block_count()).rev() {
        if !present.contains(&number) {
            let bytes = block(load, files, number);
            success("a block", slots.write(number, bytes).await);
        }
    }
}

async fn held(fixture: &mut dyn FirmwareSlotsFixture, slot: Slot) -> Held {
    let slots = fixture.open().await;
    success("a record", slots.record().await).held(slot).clone()
}

async fn a_load_becomes_whole_and_only_then(fixture: &mut dyn FirmwareSlotsFixture) {
    let (load, files) = sample_load("first", 0, [9000, 4096]);
    let slots = fixture.open().await;
    assert_eq!(
        kind(slots.turn(Turn::Activate).await),
        Some(SlotErrorKind::Rejected)
    );
    assert_eq!(
        kind(slots.write(0, Vec::new()).await),
        Some(SlotErrorKind::Rejected)
    );
    assert_eq!(kind(slots.finish().await), Some(SlotErrorKind::Rejected));
    write(&*slots, &load, &files).await;
    assert_eq!(
        kind(slots.write(0, vec![0; 5]).await),
        Some(SlotErrorKind::Rejected)
    );
    assert_eq!(
        kind(slots.write(99, Vec::new()).await),
        Some(SlotErrorKind::Rejected)
    );
    assert_eq!(
        held(fixture, Slot::B).await,
        Held::Part(load.manifest().identity)
    );
    drop(slots);
    let slots = fixture.open().await;
    write(&*slots, &load, &files).await;
    success("an end", slots.finish().await);
    drop(slots);
    let Held::Whole(found) = held(fixture, Slot::B).await else {
        panic!("the load is not whole");
    };
    assert_eq!(
        (&*found.name, found.identity, found.failed),
        ("first", load.manifest().identity, false)
    );
    let content = fixture.content(Slot::B);
    for number in 0..load.manifest().block_count() {
        let bytes = block(&load, &files, number);
        let place = usize::try_from(load.manifest().place(number)).unwrap_or(usize::MAX);
        assert_eq!(
            content.get(place..place + bytes.len()),
            Some(&*bytes),
            "block {number}"
        );
    }
}

async fn what_was_cut_off_goes_on(fixture: &mut dyn FirmwareSlotsFixture) {
    let (load, files) = sample_load("second", 0, [5 * 4096 + 1, 100]);
    let slots = fixture.open().await;
    let present = success("a beginning", slots.begin(&load).await);
    assert_eq!(present, [], "another load was there");
    for number in [0, 3, 5] {
        success(
            "a block",
            slots.write(number, block(&load, &files, number)).await,
        );
    }
    assert_eq!(
        kind(slots.finish().await),
        Some(SlotErrorKind::Rejected),
        "blocks are missing"
    );
    drop(slots);
    assert!(matches!(held(fixture, Slot::B).await, Held::Part(_)));
    assert_eq!(fixture.boot().await, Slot::A);
    let slots = fixture.open().await;
    let present = success("a beginning", slots.begin(&load).await);
    assert_eq!(present, [0, 3, 5]);
}

async fn what_was_damaged_is_not_whole(fixture: &mut dyn FirmwareSlotsFixture) {
    let (load, files) = sample_load("second", 0, [5 * 4096 + 1, 100]);
    let slots = fixture.open().await;
    write(&*slots, &load, &files).await;
    fixture.damage(Slot::B, 4097);
    assert_eq!(kind(slots.finish().await), Some(SlotErrorKind::Medium));
    drop(slots);
    assert!(matches!(held(fixture, Slot::B).await, Held::Part(_)));
    let slots = fixture.open().await;
    let present = success("a beginning", slots.begin(&load).await);
    assert_eq!(present, [0, 2, 3, 4, 5, 6], "the damaged block is missing");
}

async fn what_has_no_room_changes_nothing(fixture: &mut dyn FirmwareSlotsFixture) {
    let (load, files) = sample_load("second", 0, [5 * 4096 + 1, 100]);
    let slots = fixture.open().await;
    write(&*slots, &load, &files).await;
    success("an end", slots.finish().await);
    drop(slots);
    let (large, _) = sample_load("large", 0, [40_000, 79 * 512]);
    fixture.limit(Some(large.manifest().extent() - 1));
    let slots = fixture.open().await;
    assert_eq!(
        kind(slots.begin(&large).await.map(|_| ())),
        Some(SlotErrorKind::NoRoom)
    );
    drop(slots);
    assert!(matches!(held(fixture, Slot::B).await, Held::Whole(_)));
    fixture.limit(Some(large.manifest().extent()));
    let slots = fixture.open().await;
    success("a beginning", slots.begin(&large).await);
    drop(slots);
    fixture.limit(None);
}

async fn a_load_is_tried_and_confirmed(fixture: &mut dyn FirmwareSlotsFixture) {
    let (load, files) = sample_load("third", 7, [4096, 4095]);
    let slots = fixture.open().await;
    write(&*slots, &load, &files).await;
    success("an end", slots.finish().await);
    success("an activation", slots.turn(Turn::Activate).await);
    drop(slots);
    assert_eq!(fixture.boot().await, Slot::B);
    let slots = fixture.open().await;
    let record = success("a record", slots.record().await);
    assert!(record.is_on_trial());
    assert_eq!(record.floor, 0);
    let (other, _) = sample_load("fourth", 7, [1, 1]);
    assert_eq!(
        kind(slots.begin(&other).await.map(|_| ())),
        Some(SlotErrorKind::Rejected),
        "the slot that is known to come up is kept"
    );
    success("a confirmation", slots.turn(Turn::Confirm).await);
    drop(slots);
    let slots = fixture.open().await;
    let record = success("a record", slots.record().await);
    assert_eq!(
        (record.good, record.floor, record.is_on_trial()),
        (Slot::B, 7, false)
    );
    drop(slots);
    assert_eq!(fixture.boot().await, Slot::B);
}

async fn a_load_that_is_not_confirmed_is_given_up(fixture: &mut dyn FirmwareSlotsFixture) {
    let before = fixture.content(Slot::B);
    let (load, files) = sample_load("fifth", 7, [4096, 8192]);
    let slots = fixture.open().await;
    write(&*slots, &load, &files).await;
    success("an end", slots.finish().await);
    success("an activation", slots.turn(Turn::Activate).await);
    drop(slots);
    for _ in 0..3 {
        assert_eq!(fixture.boot().await, Slot::A);
    }
    assert_eq!(fixture.boot().await, Slot::B);
    assert!(matches!(held(fixture, Slot::A).await, Held::Whole(load) if load.failed));
    assert_eq!(
        fixture.content(Slot::B),
        before,
        "the slot that runs is as it was"
    );
}

/// What kind of failure it is.
fn kind<T>(result: Result<T, onhook_upgrade::port::SlotError>) -> Option<SlotErrorKind> {
    result.err().map(|error| error.kind())
}
