//! Time that a test moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use onhook_device::{MonoTime, Now, WallTime};
use onhook_schedule::port::Clock;

use super::lock;

/// A [`Clock`] that stands still until a test moves it. Handles are cheap and share one clock.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    mono: MonoTime,
    /// The wall time, and when it was set.
    wall: Option<(WallTime, MonoTime)>,
}

impl FakeClock {
    /// A clock at boot, whose wall time nothing has set.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            mono: MonoTime::ZERO,
            wall: None,
        })))
    }

    /// Lets time pass; the wall time goes with it.
    pub fn advance(&self, span: Duration) {
        let mut inner = lock(&self.0);
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        inner.mono = inner.mono.plus_millis(millis);
    }

    /// Sets the wall time, or makes it unknown again; the monotonic time does not notice.
    pub fn set_wall(&self, wall: Option<WallTime>) {
        let mut inner = lock(&self.0);
        inner.wall = wall.map(|wall| (wall, inner.mono));
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Now {
        let inner = lock(&self.0);
        let mono = inner.mono;
        let wall = inner.wall.map(|(wall, set)| {
            let passed = i64::try_from(mono.secs_since(set)).unwrap_or(i64::MAX);
            WallTime {
                unix_s: wall.unix_s.saturating_add(passed),
                ..wall
            }
        });
        Now { mono, wall }
    }
}
