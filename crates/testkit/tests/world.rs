//! Many seeds of the simulated world.
#![cfg(test)]

use std::env;

use onhook_testkit::world;

/// A number from the environment, as `cargo xtask sim` gives it.
fn number(name: &str, otherwise: u64) -> u64 {
    let given = env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap())
}

/// Plays seeds from `ONHOOK_SIM_FROM` on, as many as `ONHOOK_SIM_SEEDS`; `ONHOOK_SIM_TRACE` prints what happened.
#[test]
fn no_seed_leads_to_what_must_not_be() {
    let (from, seeds) = (
        number("ONHOOK_SIM_FROM", 0),
        number("ONHOOK_SIM_SEEDS", 2000),
    );
    let trace = number("ONHOOK_SIM_TRACE", 0) != 0;
    let (mut phone_seconds, mut inputs) = (0, 0);
    for seed in from..from + seeds {
        let played = world::run(seed, trace);
        if trace {
            println!("{}", played.trace);
        }
        if let Some(what) = played.violation {
            panic!("seed {seed}: {what}; see it with: cargo xtask sim --replay {seed}");
        }
        phone_seconds += played.phone_seconds;
        inputs += played.inputs;
    }
    println!(
        "sim: {seeds} seeds, {} phone-hours, {inputs} inputs",
        phone_seconds / 3600
    );
}

/// Invariant 9 of transports.md, section 18.
#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [0, 1, 7, 99, 12_345, u64::MAX] {
        let (one, other) = (world::run(seed, true), world::run(seed, true));
        assert!(one.trace.len() > 1000, "something happens");
        assert_eq!(one.trace, other.trace, "seed {seed}");
    }
    assert_ne!(world::run(1, true).trace, world::run(2, true).trace);
}
