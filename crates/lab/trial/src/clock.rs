//! A clock that jumps over waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use onhook_device::{MonoTime, Now, WallTime};
use onhook_schedule::port::Clock;

/// Another clock with leaps forward, and perhaps another date; copies leap together.
#[derive(Clone)]
pub(crate) struct JumpingClock {
    inner: Arc<dyn Clock>,
    /// Milliseconds.
    leapt: Arc<AtomicU64>,
    /// Local time of boot; `None` for that of the other clock.
    began: Option<WallTime>,
}

impl JumpingClock {
    /// Goes with another clock, from its local time or from another one.
    pub(crate) fn new(inner: Arc<dyn Clock>, began: Option<WallTime>) -> Self {
        Self {
            inner,
            leapt: Arc::default(),
            began,
        }
    }

    /// Leaps to a time, unless it has passed.
    pub(crate) fn leap_to(&self, at: MonoTime) {
        let ahead = at.since(self.now().mono).as_millis();
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        self.leapt.fetch_add(ahead, Ordering::Relaxed);
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Now {
        let real = self.inner.now();
        let leapt = self.leapt.load(Ordering::Relaxed);
        let mono = real.mono.as_millis().saturating_add(leapt);
        let later = |wall: WallTime, millis: u64| WallTime {
            unix_s: wall.unix_s.saturating_add_unsigned(millis / 1000),
            ..wall
        };
        Now {
            mono: MonoTime::from_millis(mono),
            wall: match self.began {
                Some(began) => Some(later(began, mono)),
                None => real.wall.map(|wall| later(wall, leapt)),
            },
        }
    }
}
