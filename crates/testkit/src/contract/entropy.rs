//! The obligations of [`Entropy`].

use std::collections::BTreeSet;
use std::sync::Arc;

use onhook_schedule::port::Entropy;

/// Boots of phones that get their seeds somewhere.
pub trait EntropyFixture {
    /// The entropy of a phone that boots now.
    fn boot(&mut self) -> Arc<dyn Entropy>;

    /// The seed that is configured; `None` on a phone.
    fn configured(&self) -> Option<u64>;
}

/// How many boots are looked at; a bit is the same in all of them once in 2^63 runs.
const BOOTS: usize = 64;

/// Checks entropy against every obligation of the port.
pub fn entropy(fixture: &mut dyn EntropyFixture) {
    one_object_gives_one_seed(fixture);
    match fixture.configured() {
        Some(seed) => a_simulation_gets_the_configured_seed(fixture, seed),
        None => seeds_differ_from_boot_to_boot_in_every_bit(fixture),
    }
}

fn one_object_gives_one_seed(fixture: &mut dyn EntropyFixture) {
    let entropy = fixture.boot();
    let first = entropy.seed();
    fixture.boot().seed();
    for _ in 0..3 {
        assert_eq!(entropy.seed(), first, "the seed of one run changes");
    }
}

fn a_simulation_gets_the_configured_seed(fixture: &mut dyn EntropyFixture, seed: u64) {
    for _ in 0..BOOTS {
        assert_eq!(fixture.boot().seed(), seed);
    }
}

fn seeds_differ_from_boot_to_boot_in_every_bit(fixture: &mut dyn EntropyFixture) {
    let seeds: Vec<u64> = (0..BOOTS).map(|_| fixture.boot().seed()).collect();
    let different: BTreeSet<u64> = seeds.iter().copied().collect();
    assert_eq!(different.len(), BOOTS, "two boots got one seed");
    let ever_set = seeds.iter().fold(0, |bits, seed| bits | seed);
    let always_set = seeds.iter().fold(u64::MAX, |bits, seed| bits & seed);
    assert_eq!(
        (ever_set, always_set),
        (u64::MAX, 0),
        "a bit of the seed never changes"
    );
}
