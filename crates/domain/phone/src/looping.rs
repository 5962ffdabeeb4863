//! Profiles that make the phone restart again and again.

use std::hash::{DefaultHasher, Hash, Hasher};

use onhook_device::MonoTime;
use onhook_params::{Entry, Secrecy, Values, secrecy};

use crate::{RebootReason, RestartsInARow, StateRecord};

/// So many restarts in a row that one profile wanted are enough (R-SM-28).
const ENOUGH: u8 = 3;
/// Seconds from the first of them to the last (R-SM-28).
const WITHIN_S: u32 = 600;

/// The restarts that profiles have led to in a row, and what the running resync adds to them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Restarts {
    past: RestartsInARow,
    /// What those profiles of the running resync set that want a restart; `None` while none does.
    wanted: Option<u64>,
}

impl Restarts {
    /// What the record of the last life says; a boot that no profile wanted ends the row.
    pub(crate) fn at_boot(record: &StateRecord) -> Option<Box<Self>> {
        let row = record.restarting == Some(RebootReason::Provisioning);
        let past = record.restarts.filter(|_| row)?;
        let wanted = None;
        Some(Box::new(Self { past, wanted }))
    }

    /// A resync starts.
    pub(crate) const fn begin(&mut self) {
        self.wanted = None;
    }

    /// One of its profiles wants a restart.
    pub(crate) fn want(&mut self, profile: &[Entry], values: &Values) {
        self.wanted = Some(digest(self.wanted.unwrap_or(0), profile, values));
    }

    /// Whether its profiles have led to so many restarts already that they lead to no more.
    pub(crate) fn is_loop(&self) -> bool {
        let RestartsInARow {
            profile,
            count,
            between_s,
        } = self.past;
        let span_s = between_s.iter().map(|s| u32::from(*s)).sum::<u32>();
        //= R-SM-28
        self.wanted == Some(profile) && count >= ENOUGH && span_s <= WITHIN_S
    }

    /// The row with the restart that comes now; `booted` is the start of this life.
    pub(crate) fn next(&self, booted: MonoTime, now: MonoTime) -> Option<RestartsInARow> {
        let profile = self.wanted?;
        if self.past.profile != profile {
            return Some(RestartsInARow {
                profile,
                count: 1,
                between_s: [0; 2],
            });
        }
        let life_s = u16::try_from(now.secs_since(booted)).unwrap_or(u16::MAX);
        let [_, last] = self.past.between_s;
        Some(RestartsInARow {
            profile,
            count: self.past.count.saturating_add(1).min(ENOUGH),
            between_s: [last, life_s],
        })
    }
}

/// A number for what a profile sets, the same for the same settings after the same ones. Secrets have no part in it: it is
/// stored, and must not help to guess one.
fn digest(before: u64, profile: &[Entry], values: &Values) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(before);
    for entry in profile {
        entry.id.raw().hash(&mut hasher);
        match entry.value {
            Some(value) if secrecy(entry.id) == Secrecy::Plain => {
                values.text(value).hash(&mut hasher);
            }
            Some(_) => hasher.write_u8(1),
            None => hasher.write_u8(2),
        }
    }
    hasher.finish()
}
