//! Chance without chance.

use onhook_schedule::port::Entropy;

/// An [`Entropy`] that gives the configured seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FakeEntropy(pub u64);

impl Entropy for FakeEntropy {
    fn seed(&self) -> u64 {
        self.0
    }
}
