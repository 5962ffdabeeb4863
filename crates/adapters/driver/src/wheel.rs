//! A two-level timer wheel with lazy cancellation.

use onhook_device::MonoTime;

/// Milliseconds of one tick of the fine level.
const TICK_MS: u64 = 8;
/// Slots of each level, so one fine turn is 8.192 s and one coarse turn about 2.3 h.
const SLOTS: u64 = 1024;
/// Words of one bit for each slot.
const WORDS: usize = SLOTS as usize / 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Timer {
    at: MonoTime,
    key: u32,
    generation: u32,
}

/// One level: a ring of slots, and which of them hold anything.
struct Level {
    slots: Vec<Vec<Timer>>,
    /// A bit for each slot, so that empty ones are passed over 64 at a time.
    filled: [u64; WORDS],
    len: usize,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            slots: std::iter::repeat_with(Vec::new)
                .take(SLOTS as usize)
                .collect(),
            filled: [0; WORDS],
            len: 0,
        }
    }
}

impl Level {
    fn push(&mut self, tick: u64, timer: Timer) {
        let index = index(tick);
        if let (Some(slot), Some(word)) =
            (self.slots.get_mut(index), self.filled.get_mut(index / 64))
        {
            slot.push(timer);
            *word |= 1 << (index % 64);
            self.len += 1;
        }
    }

    /// Takes timers out of a slot; `take` says how many it has taken.
    fn take(&mut self, tick: u64, take: impl FnOnce(&mut Vec<Timer>)) {
        let index = index(tick);
        if let (Some(slot), Some(word)) =
            (self.slots.get_mut(index), self.filled.get_mut(index / 64))
        {
            let before = slot.len();
            take(slot);
            self.len -= before - slot.len();
            if slot.is_empty() {
                *word &= !(1 << (index % 64));
            }
        }
    }

    /// The first tick from `tick` on whose slot holds something; ticks are at most [`SLOTS`] apart.
    fn next(&self, tick: u64) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        let start = index(tick);
        let (from, bit) = (start / 64, start % 64);
        (0..=WORDS).find_map(|n| {
            let at = (from + n) % WORDS;
            let mut word = self.filled.get(at).copied()?;
            if n == 0 {
                word &= u64::MAX << bit;
            } else if n == WORDS {
                word &= !(u64::MAX << bit);
            }
            if word == 0 {
                return None;
            }
            let found = at as u64 * 64 + u64::from(word.trailing_zeros());
            Some(tick + (found + SLOTS - start as u64) % SLOTS)
        })
    }

    /// The earliest time in the first filled slot from `tick` on.
    fn first(&self, tick: u64) -> Option<MonoTime> {
        let filled = self.slots.get(index(self.next(tick)?))?;
        filled.iter().map(|timer| timer.at).min()
    }
}

/// The slot of a tick in its ring.
const fn index(tick: u64) -> usize {
    (tick % SLOTS) as usize
}

/// Timers by key; a newer generation of a key makes its older timers void.
///
/// The wheel does not know which generation counts: whoever takes an expired timer compares it. So
/// changing a deadline is one insertion, and nothing is ever searched for.
#[derive(Default)]
pub struct Wheel {
    fine: Level,
    coarse: Level,
    beyond: Vec<Timer>,
    /// The earliest time in `beyond`, so that asking for it costs nothing.
    beyond_first: Option<MonoTime>,
    /// The tick up to which everything has expired; its own slot may hold later timers.
    cursor: u64,
}

impl Wheel {
    /// Adds a timer; one in the past expires at the next call of [`Wheel::expire`].
    pub fn insert(&mut self, at: MonoTime, key: u32, generation: u32) {
        self.place(Timer {
            at,
            key,
            generation,
        });
    }

    fn place(&mut self, timer: Timer) {
        let tick = (timer.at.as_millis() / TICK_MS).max(self.cursor);
        if tick - self.cursor < SLOTS {
            self.fine.push(tick, timer);
        } else if tick / SLOTS - self.cursor / SLOTS < SLOTS {
            self.coarse.push(tick / SLOTS, timer);
        } else {
            let first = self.beyond_first.map_or(timer.at, |at| at.min(timer.at));
            self.beyond_first = Some(first);
            self.beyond.push(timer);
        }
    }

    /// Takes out all timers due at `now`, as key and generation, in order of time.
    pub fn expire(&mut self, now: MonoTime, due: &mut Vec<(u32, u32)>) {
        let target = now.as_millis() / TICK_MS;
        loop {
            self.take_due(now, due);
            if self.cursor >= target {
                return;
            }
            self.advance(target);
        }
    }

    fn take_due(&mut self, now: MonoTime, due: &mut Vec<(u32, u32)>) {
        self.fine.take(self.cursor, |timers| {
            if timers.len() > 1 {
                timers.sort_by_key(|timer| timer.at);
            }
            let expired = timers.partition_point(|timer| timer.at <= now);
            due.extend(timers.drain(..expired).map(|t| (t.key, t.generation)));
        });
    }

    /// Moves the cursor on over ticks that hold nothing, to at most `target`.
    fn advance(&mut self, target: u64) {
        let turn = (self.cursor / SLOTS + 1) * SLOTS;
        let filled = self.fine.next(self.cursor + 1);
        let idle = self.coarse.len == 0 && self.beyond.is_empty();
        self.cursor = match filled {
            Some(filled) => filled.min(turn).min(target),
            None if idle => target,
            None => turn.min(target),
        };
        if self.cursor == turn {
            self.cascade();
        }
    }

    /// Spreads the coarse slot that the cursor has reached, and at each coarse turn what lay beyond.
    fn cascade(&mut self) {
        let mut reached = Vec::new();
        self.coarse.take(self.cursor / SLOTS, |timers| {
            reached = std::mem::take(timers)
        });
        for timer in reached {
            self.place(timer);
        }
        if (self.cursor / SLOTS).is_multiple_of(SLOTS) {
            self.beyond_first = None;
            for timer in std::mem::take(&mut self.beyond) {
                self.place(timer);
            }
        }
    }

    /// When the earliest timer is due, void ones included; `None` if there is none.
    #[must_use]
    pub fn next(&self) -> Option<MonoTime> {
        let fine = self.fine.first(self.cursor);
        // A coarse slot may hold an earlier timer than the fine slots of the turn that follows it.
        let coarse = self.coarse.first(self.cursor / SLOTS);
        [fine, coarse, self.beyond_first]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timer_expires_at_its_millisecond_and_not_before() {
        let mut wheel = Wheel::default();
        for (key, at) in [(1, 5), (2, 9_000), (3, 20_000_000), (4, 604_800_000)] {
            wheel.insert(MonoTime::from_millis(at), key, 0);
            let mut due = Vec::new();
            assert_eq!(wheel.next(), Some(MonoTime::from_millis(at)));
            wheel.expire(MonoTime::from_millis(at - 1), &mut due);
            assert_eq!(due, []);
            wheel.expire(MonoTime::from_millis(at), &mut due);
            assert_eq!(due, [(key, 0)]);
            assert_eq!(wheel.next(), None);
        }
    }

    #[test]
    fn a_timer_in_the_past_expires_at_once() {
        let mut wheel = Wheel::default();
        let mut due = Vec::new();
        wheel.expire(MonoTime::from_secs(100), &mut due);
        wheel.insert(MonoTime::from_secs(1), 7, 3);
        wheel.expire(MonoTime::from_secs(100), &mut due);
        assert_eq!(due, [(7, 3)]);
    }

    proptest! {
        #[test]
        fn the_wheel_agrees_with_a_sorted_list(
            steps in prop::collection::vec((0_u64..30_000_000, 0_u64..20_000), 1..60)
        ) {
            let mut wheel = Wheel::default();
            let mut model: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for (key, (ahead, step)) in steps.into_iter().enumerate() {
                let key = key as u32;
                wheel.insert(MonoTime::from_millis(now + ahead), key, 0);
                model.push((now + ahead, key));
                now += step * (u64::from(key) % 7 * 100 + 1);
                let mut due = Vec::new();
                wheel.expire(MonoTime::from_millis(now), &mut due);
                let mut due: Vec<u32> = due.into_iter().map(|(key, _)| key).collect();
                due.sort_unstable();
                let mut expected: Vec<u32> =
                    model.iter().filter(|(at, _)| *at <= now).map(|(_, key)| *key).collect();
                expected.sort_unstable();
                prop_assert_eq!(due, expected);
                model.retain(|(at, _)| *at > now);
                let next = model.iter().map(|(at, _)| MonoTime::from_millis(*at)).min();
                prop_assert_eq!(wheel.next(), next);
            }
        }
    }
}
