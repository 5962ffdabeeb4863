//! Levels at the ends of slots.

use super::*;

fn answer(waited_ms: u64) -> Answer {
    Answer {
        at_ms: 0,
        failure: None,
        waited_ms,
        reached: true,
    }
}

#[test]
fn what_waits_counts_at_the_ends_of_the_slots_that_it_waits_over() {
    let mut whole = Series::new(10, 1, 4);
    let mut slots = Slots::of(&whole);
    // The ends are at 11, 12, 13 and 14 s.
    for (at_ms, waited_ms) in [
        (10_100, 899),   // over before the first end
        (10_100, 900),   // it waits until the end
        (10_100, 901),   // waits over one end
        (10_500, 2_600), // over three
        (9_000, 500),    // before all of it
        (9_000, 2_500),  // from before it over the first end
        (13_999, 9_000), // over the last end
        (20_000, 1),
    ] {
        slots.request(at_ms, &answer(waited_ms));
    }
    slots.add_to(&mut whole);
    assert_eq!(whole.waiting, [4, 1, 1, 1]);
    assert_eq!(whole.requests, [4, 0, 0, 1]);
    assert_eq!(whole.peak(&whole.waiting), Some((10, 4)));
}

#[test]
fn phones_in_sync_are_those_that_came_and_did_not_go() {
    let mut whole = Series::new(10, 1, 3);
    let mut slots = Slots::of(&whole);
    for (at_ms, in_sync) in [
        (3_000, true),
        (10_000, true),
        (11_999, false),
        (12_000, true),
    ] {
        slots.sync(at_ms, in_sync);
    }
    slots.add_to(&mut whole);
    assert_eq!(whole.in_sync, [2, 1, 2], "who came before it is counted");
    assert_eq!(whole.synced_at(2), Some(11));
    assert_eq!(whole.synced_at(3), None);
}

#[test]
fn the_close_up_ends_with_the_days() {
    assert_eq!(Series::close_up(1, 0).requests.len(), 3600);
    let late = Series::close_up(1, 86_390);
    assert_eq!((late.from_s, late.requests.len()), (86_390, 10));
    assert!(Series::close_up(1, 90_000).requests.is_empty());
    assert!(!late.fits(&Series::close_up(1, 86_389)));
}
