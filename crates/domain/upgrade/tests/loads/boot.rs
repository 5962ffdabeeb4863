//! What comes up, and what is given up.

use onhook_upgrade::{BadStep, BootRecord, Digest, Held, HeldLoad, Slot};
use proptest::prelude::*;

fn held(name: &str, counter: u32) -> HeldLoad {
    HeldLoad {
        name: name.to_owned(),
        identity: Digest([1; 32]),
        counter,
        failed: false,
    }
}

/// A phone that runs from slot A and has another load in slot B, which is to come up.
fn to_try() -> BootRecord {
    let mut record = BootRecord::default();
    record.begin(Digest([1; 32])).unwrap();
    record.finish(held("new", 5));
    record.activate().unwrap();
    record
}

//= R-FW-9 type=test
//= R-FW-10 type=test
#[test]
fn a_load_that_is_confirmed_stays() {
    let mut record = to_try();
    assert_eq!((record.boot(), record.is_on_trial()), (Slot::B, true));
    assert_eq!(record.begin(Digest([2; 32])), Err(BadStep::OnTrial));
    assert!(record.confirm());
    assert!(!record.confirm(), "nothing changes the second time");
    assert_eq!(
        (record.good, record.trial, record.floor),
        (Slot::B, None, 5)
    );
    for _ in 0..5 {
        assert_eq!((record.boot(), record.is_on_trial()), (Slot::B, false));
    }
}

//= R-FW-10 type=test
#[test]
fn a_slot_with_a_lower_counter_than_a_confirmed_one_is_not_tried() {
    let mut record = to_try();
    record.boot();
    assert!(record.confirm());
    for (counter, expected) in [
        (
            4,
            Err(BadStep::BelowFloor {
                counter: 4,
                floor: 5,
            }),
        ),
        (5, Ok(())),
    ] {
        record.begin(Digest([3; 32])).unwrap();
        record.finish(held("older", counter));
        assert_eq!(record.activate(), expected);
    }
    // The way back to what is known to come up stays open.
    let mut record = to_try();
    record.floor = 9;
    record.trial = Some(0);
    record.boot();
    assert_eq!(record.activate(), Ok(()), "A is good");
}

//= R-FW-9 type=test
#[test]
fn a_load_that_is_not_confirmed_within_three_boots_is_given_up() {
    let mut record = to_try();
    for _ in 0..3 {
        assert_eq!(record.boot(), Slot::B);
    }
    for _ in 0..2 {
        assert_eq!(record.boot(), Slot::A);
        let Held::Whole(load) = record.held(Slot::B) else {
            panic!("{record:?}");
        };
        assert!(load.failed);
        assert_eq!((record.trial, record.floor), (None, 0));
    }
    record.activate().unwrap();
    assert_eq!(record.boot(), Slot::B, "somebody wants it once more");
}

#[test]
fn nothing_but_a_whole_load_is_tried() {
    let mut record = BootRecord::default();
    assert_eq!(record.activate(), Err(BadStep::NothingThere));
    record.begin(Digest([1; 32])).unwrap();
    assert_eq!(record.activate(), Err(BadStep::NothingThere));
    let mut record = to_try();
    record.begin(Digest([2; 32])).unwrap();
    assert_eq!((record.boot(), record.trial), (Slot::A, None));
}

#[test]
fn a_phone_goes_back_to_the_load_before_without_a_trial() {
    let mut record = to_try();
    record.boot();
    record.activate().unwrap();
    assert_eq!((record.boot(), record.is_on_trial()), (Slot::A, false));
}

//= R-FW-9 type=test
#[test]
fn a_boot_loader_that_keeps_its_own_count_is_believed() {
    let mut record = to_try();
    record.booted(Slot::B);
    assert!(record.is_on_trial());
    record.booted(Slot::A);
    assert!(matches!(record.held(Slot::B), Held::Whole(load) if load.failed));
    // It was told, and the record was not.
    let mut record = BootRecord {
        b: Held::Whole(held("new", 1)),
        ..BootRecord::default()
    };
    record.booted(Slot::B);
    assert!(record.is_on_trial() && record.confirm());
    assert_eq!(record.good, Slot::B);
}

//= R-FW-9 type=test
#[test]
fn a_load_that_the_boot_loader_may_never_have_heard_of_has_not_failed() {
    let mut record = to_try();
    record.unsure = true;
    record.booted(Slot::A);
    assert_eq!((record.trial, record.unsure), (None, false));
    assert!(matches!(record.held(Slot::B), Held::Whole(load) if !load.failed));
    // It was told after all, and once that is seen the rest counts.
    let mut record = to_try();
    record.unsure = true;
    record.booted(Slot::B);
    assert!(record.is_on_trial() && !record.unsure);
    record.booted(Slot::A);
    assert!(matches!(record.held(Slot::B), Held::Whole(load) if load.failed));
}

#[test]
fn a_record_is_read_as_it_was_written_and_every_damage_is_noticed() {
    let mut record = to_try();
    record.a = Held::Part(Digest([9; 32]));
    record.boot();
    let text = record.encode();
    assert_eq!(BootRecord::decode(text.as_bytes()).as_ref(), Ok(&record));
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        assert!(BootRecord::decode(&bytes).is_err(), "byte {at}");
        assert!(BootRecord::decode(&text.as_bytes()[..at]).is_err());
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    Finish,
    Activate,
    Confirm,
    Boot,
    ForeignBoot(bool),
}

proptest! {
    #[test]
    fn a_slot_comes_up_only_if_it_was_good_or_is_whole(
        steps in proptest::collection::vec(
            prop_oneof![
                Just(Step::Begin), Just(Step::Finish), Just(Step::Activate), Just(Step::Confirm), Just(Step::Boot),
                any::<bool>().prop_map(Step::ForeignBoot),
            ],
            0..60,
        )
    ) {
        let mut record = BootRecord::default();
        let mut floor = 0;
        for step in steps {
            match step {
                Step::Begin => {
                    let good = record.good;
                    if record.begin(Digest([1; 32])).is_ok() {
                        prop_assert_ne!(record.inactive(), good, "the good slot is written");
                    }
                }
                Step::Finish => {
                    if matches!(record.held(record.inactive()), Held::Part(_)) {
                        record.finish(held("new", 2));
                    }
                }
                Step::Activate => { record.unsure = record.activate().is_ok() && record.floor % 2 == 0; }
                Step::Confirm => { record.confirm(); }
                Step::Boot => {
                    let slot = record.boot();
                    prop_assert!(slot == record.good || matches!(record.held(slot), Held::Whole(load) if !load.failed));
                    prop_assert!(record.trial.is_none_or(|boots| boots <= 3));
                }
                // A boot loader that starts a slot which holds no load is not one of ours.
                Step::ForeignBoot(other) => {
                    let slot = if other { record.good.other() } else { record.good };
                    if slot == record.good || matches!(record.held(slot), Held::Whole(_)) {
                        record.booted(slot);
                    }
                }
            }
            prop_assert!(record.floor >= floor);
            floor = record.floor;
            let read = BootRecord::decode(record.encode().as_bytes());
            prop_assert_eq!(read.as_ref(), Ok(&record));
        }
    }
}
