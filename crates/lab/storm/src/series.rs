//! What happened when: one number for each slot of time.

use onhook_device::Outcome;
use onhook_phone::Cause;
use serde::{Deserialize, Serialize};

use crate::server::Answer;

/// Slots of the close-up: an hour of seconds.
const CLOSE_UP: u64 = 3600;

/// One number for each slot.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Where the first slot begins, in seconds since the beginning.
    pub from_s: u64,
    /// How long a slot is, in seconds.
    pub slot_s: u64,
    /// Requests of phones, whether they reached the server or not.
    pub requests: Vec<u64>,
    /// Resyncs that were retries.
    pub retries: Vec<u64>,
    /// Resyncs that succeeded.
    pub succeeded: Vec<u64>,
    /// Resyncs that failed.
    pub failed: Vec<u64>,
    /// Requests that wait for their turn, at the end of the slot.
    pub waiting: Vec<u64>,
    /// Phones whose last resync succeeded, at the end of the slot.
    pub in_sync: Vec<u64>,
}

impl Series {
    /// The slots of a time, with nothing in them.
    pub(crate) fn new(from_s: u64, slot_s: u64, slots: usize) -> Self {
        let none = vec![0; slots];
        Self {
            from_s,
            slot_s,
            requests: none.clone(),
            retries: none.clone(),
            succeeded: none.clone(),
            failed: none.clone(),
            waiting: none.clone(),
            in_sync: none,
        }
    }

    /// All the minutes of so many days.
    pub(crate) fn minutes(days: u32) -> Self {
        Self::new(0, 60, days as usize * 1440)
    }

    /// The seconds of an hour, or of what is left of the days.
    pub(crate) fn close_up(days: u32, from_s: u64) -> Self {
        let left = (u64::from(days) * 86_400).saturating_sub(from_s);
        let slots = usize::try_from(left.min(CLOSE_UP)).unwrap_or(0);
        Self::new(from_s, 1, slots)
    }

    /// Whether the other one has the same slots.
    pub(crate) fn fits(&self, other: &Self) -> bool {
        let all = |series: &Self| {
            series
                .each()
                .iter()
                .map(|one| one.len())
                .collect::<Vec<_>>()
        };
        (self.from_s, self.slot_s) == (other.from_s, other.slot_s) && all(self) == all(other)
    }

    /// Takes in what another part of the same storm has.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sums, more) in self.each_mut().into_iter().zip(other.each()) {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum = sum.saturating_add(*more);
            }
        }
    }

    /// The highest number of one of the series, and the second at which its slot begins.
    #[must_use]
    pub fn peak(&self, series: &[u64]) -> Option<(u64, u64)> {
        let most = *series.iter().max()?;
        let slot = series.iter().position(|number| *number == most)?;
        Some((self.from_s + slot as u64 * self.slot_s, most))
    }

    /// The second behind the first slot at the end of which so many phones are in sync.
    #[must_use]
    pub fn synced_at(&self, phones: u64) -> Option<u64> {
        let slot = self.in_sync.iter().position(|number| *number >= phones)?;
        Some(self.from_s + (slot as u64 + 1) * self.slot_s)
    }

    fn each(&self) -> [&Vec<u64>; 6] {
        [
            &self.requests,
            &self.retries,
            &self.succeeded,
            &self.failed,
            &self.waiting,
            &self.in_sync,
        ]
    }

    fn each_mut(&mut self) -> [&mut Vec<u64>; 6] {
        [
            &mut self.requests,
            &mut self.retries,
            &mut self.succeeded,
            &mut self.failed,
            &mut self.waiting,
            &mut self.in_sync,
        ]
    }
}

/// The slots of one cell, while it runs: levels are kept as their changes.
pub(crate) struct Slots {
    from_ms: u64,
    slot_ms: u64,
    slots: Vec<Slot>,
}

/// What happened in one slot of one cell, which never has that much of anything.
#[derive(Clone, Copy, Default)]
struct Slot {
    requests: u32,
    retries: u32,
    succeeded: u32,
    failed: u32,
    waiting: i32,
    in_sync: i32,
}

impl Slots {
    /// The slots of a series.
    pub(crate) fn of(series: &Series) -> Self {
        Self {
            from_ms: series.from_s * 1000,
            slot_ms: series.slot_s * 1000,
            slots: vec![Slot::default(); series.requests.len()],
        }
    }

    /// The slot of a moment.
    fn at(&mut self, ms: u64) -> Option<&mut Slot> {
        let slot = ms.checked_sub(self.from_ms)? / self.slot_ms;
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }

    /// The first slot at whose end a moment is over, for what began before.
    fn over(&mut self, ms: u64) -> Option<&mut Slot> {
        // What begins at the end of a slot counts in the next one, and so does what ends there.
        let slot = ms.saturating_sub(self.from_ms) / self.slot_ms;
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }

    pub(crate) fn request(&mut self, now_ms: u64, answer: &Answer) {
        if let Some(slot) = self.at(now_ms) {
            slot.requests += 1;
        }
        let turn_ms = now_ms + answer.waited_ms;
        if turn_ms <= self.from_ms {
            return;
        }
        if let Some(slot) = self.over(now_ms) {
            slot.waiting += 1;
        }
        if let Some(slot) = self.over(turn_ms) {
            slot.waiting -= 1;
        }
    }

    pub(crate) fn starts(&mut self, now_ms: u64, cause: Cause) {
        if let Some(slot) = self.at(now_ms).filter(|_| cause == Cause::Retry) {
            slot.retries += 1;
        }
    }

    pub(crate) fn ends(&mut self, now_ms: u64, outcome: Outcome) {
        if let Some(slot) = self.at(now_ms) {
            match outcome.is_success() {
                true => slot.succeeded += 1,
                false => slot.failed += 1,
            }
        }
    }

    /// A phone comes into sync, or goes out of it.
    pub(crate) fn sync(&mut self, now_ms: u64, in_sync: bool) {
        if let Some(slot) = self.over(now_ms) {
            slot.in_sync += if in_sync { 1 } else { -1 };
        }
    }

    /// Adds what happened to the sums of the whole.
    pub(crate) fn add_to(&self, series: &mut Series) {
        let (mut waiting, mut in_sync) = (0_i64, 0_i64);
        for (place, slot) in self.slots.iter().enumerate() {
            waiting += i64::from(slot.waiting);
            in_sync += i64::from(slot.in_sync);
            let levels = [waiting, in_sync].map(|level| u64::try_from(level).unwrap_or(0));
            let counts = [slot.requests, slot.retries, slot.succeeded, slot.failed].map(u64::from);
            let numbers = counts.into_iter().chain(levels);
            for (sums, number) in series.each_mut().into_iter().zip(numbers) {
                if let Some(sum) = sums.get_mut(place) {
                    *sum += number;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
