//! Chance from a seed.

use onhook_schedule::phone_seed;

/// Numbers that depend on the seed and how many were drawn before.
pub(super) struct Chance {
    seed: u64,
    drawn: u64,
}

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    const fn next(&mut self) -> u64 {
        self.drawn += 1;
        phone_seed(self.seed, self.drawn)
    }

    /// A number from 0 to below `end`.
    pub(super) const fn below(&mut self, end: u64) -> u64 {
        self.next() % if end == 0 { 1 } else { end }
    }

    /// True once in so many times.
    pub(super) const fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of some things.
    pub(super) fn of<T: Copy>(&mut self, things: &[T]) -> Option<T> {
        let at = usize::try_from(self.below(things.len() as u64)).ok()?;
        things.get(at).copied()
    }

    /// One of some texts.
    pub(super) fn text(&mut self, texts: &[&'static str]) -> &'static str {
        self.of(texts).unwrap_or("")
    }
}
