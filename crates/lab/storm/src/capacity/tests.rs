//! Tests of the search.

use super::*;

/// A storm of one cell in which all phones ask within two seconds.
fn storm() -> Storm {
    let mut scenario = Scenario::default();
    scenario.set("Resync_Periodic", "0").unwrap();
    Storm {
        phones: 400,
        days: 1,
        seed: 3,
        scenario,
        cell: 1000,
    }
}

fn find(thresholds: &[&str]) -> Capacity {
    let read = |text: &&str| Threshold::read::<Report>(text).unwrap();
    let thresholds: Vec<Threshold> = thresholds.iter().map(read).collect();
    Capacity::find(&storm(), &thresholds, 1, &Progress::default()).unwrap()
}

#[test]
fn the_least_capacity_does_and_a_little_less_does_not() {
    let found = find(&["max<2s", "failures<=0"]);
    let (least, little) = (found.least.unwrap(), found.too_little.unwrap());
    assert!(little < least && least / little <= 1.021, "{found:?}");
    // 400 requests in 2 s, of which each may wait 2 s: done after 4 s at the earliest.
    assert!((90.0..130.0).contains(&least), "{least}");
    assert!(found.monotonic && !found.interrupted);
    assert!(found.tried.iter().any(|tried| tried.capacity > 2.0 * least));
    assert!(
        found
            .tried
            .iter()
            .any(|tried| tried.capacity < little / 2.0 && tried.capacity > 0.0)
    );
    for tried in &found.tried {
        let enough = tried.capacity == 0.0 || tried.capacity >= least;
        assert_eq!(tried.good, enough, "{tried:?}");
    }
    let text = found.text();
    assert!(
        text.contains("are enough for max<2s, failures<=0"),
        "{text}"
    );
    assert!(
        text.contains("\nassumed: one draw of chance, seed 3\n"),
        "{text}"
    );
}

#[test]
fn what_no_server_bears_has_no_capacity() {
    // Each answer takes 50 ms.
    let found = find(&["p99<10ms"]);
    assert_eq!((found.least, found.tried.len()), (None, 1));
    assert!(found.answer().starts_with("no capacity is enough"));
}

#[test]
fn what_every_server_bears_has_a_small_capacity() {
    let found = find(&["failures<=100%"]);
    assert!(found.least.unwrap() < 0.1, "{found:?}");
    assert!(found.answer().ends_with("fewer were not tried"));
}

#[test]
fn a_search_that_was_ended_says_so() {
    let progress = Progress::default();
    progress.stop();
    let found = Capacity::find(&storm(), &[], 1, &progress).unwrap();
    assert!(found.interrupted && found.least.is_none() && found.tried.is_empty());
    let answer = found.answer();
    assert!(answer.ends_with("before the search ended"), "{answer}");
}

#[test]
fn a_capacity_that_is_enough_below_one_that_is_not_is_told_and_not_taken() {
    let tried = |capacity: f64, good: bool| Tried {
        capacity,
        good,
        found: Vec::new(),
        p50_us: 0,
        p99_us: 0,
        max_us: 0,
        most_waiting: 0,
        failed: 0,
    };
    let all = vec![
        tried(0.0, true),
        tried(80.0, true),
        tried(20.0, false),
        tried(40.0, true),
        tried(50.0, false),
    ];
    let found = Capacity::of(&storm(), &[], all, false);
    assert!(!found.monotonic);
    assert_eq!((found.least, found.too_little), (Some(80.0), Some(50.0)));
    assert_eq!(found.at_once, Some(4.0));
    assert!(found.text().contains("NOT MONOTONIC"));
}

#[test]
fn capacities_have_four_digits() {
    for (capacity, shown) in [(123_456.0, 123_500.0), (0.123_456, 0.1235), (7.0, 7.0)] {
        assert_eq!(rounded(capacity), shown);
    }
}
