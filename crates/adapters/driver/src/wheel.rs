//! A two-level timer wheel with lazy cancellation.

use onhook_device::MonoTime;

/// Milliseconds of one tick of the fine level.
const TICK_MS: u64 = 8;
/// Slots of each level, so one fine turn is 8.192 s and one coarse turn about 2.3 h.
const SLOTS: u64 = 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Timer {
    at: MonoTime,
    key: u32,
    generation: u32,
}

/// Timers by key; a newer generation of a key makes its older timers void.
///
/// The wheel does not know which generation counts: whoever takes an expired timer compares it. So
/// changing a deadline is one insertion, and nothing is ever searched for.
pub struct Wheel {
    fine: Vec<Vec<Timer>>,
    coarse: Vec<Vec<Timer>>,
    beyond: Vec<Timer>,
    /// The earliest time in `beyond`, so that asking for it costs nothing.
    beyond_first: Option<MonoTime>,
    fine_len: usize,
    coarse_len: usize,
    /// The tick up to which everything has expired; its own slot may hold later timers.
    cursor: u64,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            fine: std::iter::repeat_with(Vec::new)
                .take(SLOTS as usize)
                .collect(),
            coarse: std::iter::repeat_with(Vec::new)
                .take(SLOTS as usize)
                .collect(),
            beyond: Vec::new(),
            beyond_first: None,
            fine_len: 0,
            coarse_len: 0,
            cursor: 0,
        }
    }
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
            slot(&mut self.fine, tick).push(timer);
            self.fine_len += 1;
        } else if tick / SLOTS - self.cursor / SLOTS < SLOTS {
            slot(&mut self.coarse, tick / SLOTS).push(timer);
            self.coarse_len += 1;
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
            self.take_slot(now, due);
            if self.cursor >= target {
                return;
            }
            self.advance(target);
        }
    }

    fn take_slot(&mut self, now: MonoTime, due: &mut Vec<(u32, u32)>) {
        let timers = slot(&mut self.fine, self.cursor);
        if timers.is_empty() {
            return;
        }
        timers.sort_by_key(|timer| timer.at);
        let expired = timers.partition_point(|timer| timer.at <= now);
        due.extend(timers.drain(..expired).map(|t| (t.key, t.generation)));
        self.fine_len -= expired;
    }

    /// Moves the cursor on by one tick, or over ticks that hold nothing, to at most `target`.
    fn advance(&mut self, target: u64) {
        let turn = (self.cursor / SLOTS + 1) * SLOTS;
        if self.fine_len > 0 {
            self.cursor += 1;
        } else if self.coarse_len == 0 && self.beyond.is_empty() {
            self.cursor = target;
        } else {
            self.cursor = turn.min(target);
        }
        if self.cursor == turn {
            self.cascade();
        }
    }

    /// Spreads the coarse slot that the cursor has reached, and at each coarse turn what lay beyond.
    fn cascade(&mut self) {
        let reached = std::mem::take(slot(&mut self.coarse, self.cursor / SLOTS));
        self.coarse_len -= reached.len();
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
        let fine = (self.fine_len > 0)
            .then(|| first(&self.fine, self.cursor))
            .flatten();
        // A coarse slot may hold an earlier timer than the fine slots of the turn that follows it.
        let coarse = (self.coarse_len > 0)
            .then(|| first(&self.coarse, self.cursor / SLOTS))
            .flatten();
        [fine, coarse, self.beyond_first]
            .into_iter()
            .flatten()
            .min()
    }
}

/// The slot of a tick.
fn slot(level: &mut [Vec<Timer>], tick: u64) -> &mut Vec<Timer> {
    let index = (tick % SLOTS) as usize;
    #[expect(
        clippy::indexing_slicing,
        reason = "each level has SLOTS slots, and the index is a remainder of SLOTS"
    )]
    &mut level[index]
}

/// The earliest time in the first filled slot from `tick` on.
fn first(level: &[Vec<Timer>], tick: u64) -> Option<MonoTime> {
    let start = (tick % SLOTS) as usize;
    let slots = level.iter().skip(start).chain(level.iter().take(start));
    let filled = slots.into_iter().find(|timers| !timers.is_empty())?;
    filled.iter().map(|timer| timer.at).min()
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
