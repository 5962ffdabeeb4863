//! Transfers over bad lines, both ways, in virtual time: the same bytes, or an outcome that says what happened.
#![cfg(test)]

#[path = "line/world.rs"]
mod world;

use std::time::Duration;

use onhook_tftp::Failure;
use onhook_tftp::packet::Direction;
use world::{Line, Task, is_silence, play};

const DIRECTIONS: [Direction; 2] = [Direction::Read, Direction::Write];
/// Block sizes and windows.
const SHAPES: [(u16, u16); 4] = [(512, 1), (1428, 1), (512, 4), (100, 16)];

/// All combinations, with sizes that end in a full block, an empty one and neither.
fn tasks() -> impl Iterator<Item = Task> {
    DIRECTIONS.into_iter().flat_map(|direction| {
        SHAPES.into_iter().flat_map(move |(block_size, window)| {
            [0, 1, 20 * usize::from(block_size), 17_001].map(|size| Task {
                direction,
                size,
                block_size,
                window,
            })
        })
    })
}

#[test]
fn a_good_line_loses_no_time() {
    for task in tasks() {
        let end = play(task, Line::default(), 1);
        assert_eq!(end.result, Ok(()), "{task:?}");
        assert!(end.whole);
        // No timer of a protocol is as short as a tenth of a second.
        let blocks = task.size / usize::from(task.block_size) + 1;
        let exchanges = 2 + blocks.div_ceil(usize::from(task.window)) as u32;
        let most = Duration::from_millis(5) * exchanges;
        assert!(end.at <= most, "{task:?}: {:?} instead of {most:?}", end.at);
    }
}

//= R-TFTP-12 type=test
//= R-TFTP-13 type=test
//= R-TFTP-15 type=test
#[test]
fn up_to_five_of_a_hundred_lost_packets_cost_time_alone() {
    let mut lost = 0;
    for loss in [10, 20, 50] {
        for task in tasks() {
            for seed in 0..20 {
                let line = Line {
                    loss,
                    ..Line::default()
                };
                let end = play(task, line, seed);
                assert_eq!(end.result, Ok(()), "{task:?} {seed}");
                assert!(end.whole);
                lost += end.lost;
            }
        }
    }
    assert!(lost > 1000, "{lost}");
}

//= R-TFTP-15 type=test
#[test]
fn thirty_of_a_hundred_lost_packets_end_with_the_file_or_with_silence() {
    let (mut good, mut silent) = (0, 0);
    for task in tasks() {
        for seed in 0..20 {
            let line = Line {
                loss: 300,
                doubled: 50,
                late: 100,
                ..Line::default()
            };
            let end = play(task, line, seed);
            match end.result {
                Ok(()) => {
                    good += 1;
                    assert!(end.whole);
                }
                Err(failure) => {
                    silent += 1;
                    assert!(is_silence(&failure), "{failure:?}");
                    assert!(end.at >= Duration::from_secs(30), "{task:?}: {:?}", end.at);
                }
            }
        }
    }
    assert!(good > silent, "{good} good, {silent} silent");
}

//= R-TFTP-15 type=test
#[test]
fn a_line_with_a_delay_of_200_ms_costs_its_delay_alone() {
    let trip = Duration::from_millis(200);
    for task in tasks() {
        let line = Line {
            trip,
            ..Line::default()
        };
        let end = play(task, line, 1);
        assert_eq!(end.result, Ok(()), "{task:?}");
        assert!(end.whole);
        let blocks = task.size / usize::from(task.block_size) + 1;
        let exchanges = 2 + blocks.div_ceil(usize::from(task.window)) as u32;
        let most = (2 * trip + Duration::from_millis(5)) * exchanges;
        assert!(end.at <= most, "{task:?}: {:?} instead of {most:?}", end.at);
    }
}

//= R-TFTP-12 type=test
//= R-TFTP-13 type=test
#[test]
fn doubled_and_late_packets_change_nothing() {
    for task in tasks() {
        for seed in 0..20 {
            let line = Line {
                doubled: 300,
                late: 200,
                ..Line::default()
            };
            let end = play(task, line, seed);
            assert_eq!(end.result, Ok(()), "{task:?} {seed}");
            assert!(end.whole);
        }
    }
}

//= R-TFTP-4 type=test
//= R-TFTP-5 type=test
//= R-TFTP-17 type=test
#[test]
fn strangers_and_wrong_ports_are_told_so_and_spoil_nothing() {
    let mut told = 0;
    for task in tasks() {
        for seed in 0..20 {
            let line = Line {
                loss: 20,
                wrong_port: 50,
                spoofed: 300,
                ..Line::default()
            };
            let end = play(task, line, seed);
            assert_eq!(end.result, Ok(()), "{task:?} {seed}");
            assert!(end.whole);
            told += end.strangers_told;
        }
    }
    assert!(told > 1000, "{told}");
}

//= R-TFTP-15 type=test
#[test]
fn a_line_that_is_cut_ends_with_silence_after_at_least_30_seconds_and_soon_after_46() {
    for task in tasks().filter(|task| task.size > 5000) {
        for (cut, failure) in [
            (Duration::ZERO, Failure::NoAnswer),
            (Duration::from_millis(7), Failure::Silence),
        ] {
            let line = Line {
                cut: Some(cut),
                ..Line::default()
            };
            let end = play(task, line, 7);
            assert_eq!(end.result, Err(failure), "{task:?}");
            assert!(!end.whole);
            let waited = end.at - cut;
            assert!(waited >= Duration::from_secs(29), "{task:?} {waited:?}");
            assert!(waited <= Duration::from_secs(47), "{task:?} {waited:?}");
        }
    }
}
