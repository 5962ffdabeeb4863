//! The obligations of [`Clock`].

use std::sync::Arc;

use onhook_device::WallTime;
use onhook_schedule::port::Clock;

use super::soon;

/// How late after boot a clock may be read for the first time.
const NEAR_ZERO_S: u64 = 10;

/// What a test can do to the wall clock of a phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wall {
    /// It was set as wanted.
    Set,
    /// It belongs to the system, which a test leaves alone.
    Fixed,
}

/// A phone that boots, in a time zone.
pub trait ClockFixture: Send {
    /// The clock of a phone that boots now; if its wall time can be set, nothing has set it yet.
    fn boot(&mut self) -> Arc<dyn Clock>;

    /// Lets a moment pass.
    fn pass(&mut self);

    /// Sets the wall clock, of the phone booted last and with the offset of its zone.
    fn set_wall(&mut self, wall: WallTime) -> Wall;

    /// Local time at this moment, told by something else than the clock under test.
    fn local(&self) -> Option<WallTime>;
}

/// Checks a clock against every obligation of the port.
pub async fn clock(fixture: &mut dyn ClockFixture) {
    monotonic_time_starts_near_zero_at_each_boot(fixture).await;
    monotonic_time_goes_on_and_never_back(fixture).await;
    wall_time_is_local(fixture);
    wall_time_is_unknown_until_it_is_set(fixture);
    a_jump_of_the_wall_time_leaves_the_monotonic_time_alone(fixture);
}

/// Waits until the monotonic time has moved on.
async fn moved_on(fixture: &mut dyn ClockFixture, clock: &dyn Clock) {
    let before = clock.now().mono;
    let moved = async {
        while clock.now().mono <= before {
            fixture.pass();
            tokio::task::yield_now().await;
        }
    };
    soon("a step of the monotonic time", moved).await;
}

async fn monotonic_time_starts_near_zero_at_each_boot(fixture: &mut dyn ClockFixture) {
    for _ in 0..2 {
        let clock = fixture.boot();
        let first = clock.now().mono;
        assert!(
            first.as_secs() < NEAR_ZERO_S,
            "the clock starts at {first:?}"
        );
        moved_on(fixture, &*clock).await;
    }
}

async fn monotonic_time_goes_on_and_never_back(fixture: &mut dyn ClockFixture) {
    let clock = fixture.boot();
    for _ in 0..5 {
        moved_on(fixture, &*clock).await;
        let mut before = clock.now().mono;
        for _ in 0..1000 {
            let now = clock.now().mono;
            assert!(now >= before, "{before:?} was followed by {now:?}");
            before = now;
        }
    }
}

fn wall_time_is_local(fixture: &mut dyn ClockFixture) {
    let clock = fixture.boot();
    fixture.set_wall(WallTime {
        unix_s: 1_795_478_400,
        offset_s: 3600,
    });
    // A time zone may change its offset between two readings, but not twice.
    for _ in 0..2 {
        let earliest = fixture.local();
        let told = clock.now().wall;
        let latest = fixture.local();
        let (Some(earliest), Some(told), Some(latest)) = (earliest, told, latest) else {
            panic!("the wall time is set but not told");
        };
        if earliest.offset_s != latest.offset_s {
            continue;
        }
        assert!(
            (earliest.unix_s..=latest.unix_s).contains(&told.unix_s),
            "{told:?} is not between {earliest:?} and {latest:?}"
        );
        assert_eq!(told.offset_s, earliest.offset_s);
        return;
    }
}

fn wall_time_is_unknown_until_it_is_set(fixture: &mut dyn ClockFixture) {
    let clock = fixture.boot();
    let before = clock.now().wall;
    let wall = WallTime {
        unix_s: 951_782_400,
        offset_s: -3600,
    };
    match fixture.set_wall(wall) {
        Wall::Set => {
            assert_eq!(before, None, "nothing had set the wall time");
            assert_eq!(clock.now().wall, Some(wall));
        }
        Wall::Fixed => assert_eq!(before.is_some(), fixture.local().is_some()),
    }
}

fn a_jump_of_the_wall_time_leaves_the_monotonic_time_alone(fixture: &mut dyn ClockFixture) {
    let clock = fixture.boot();
    let mut before = clock.now().mono;
    for unix_s in [1_000_000_000, 2_000_000_000, 5] {
        let wall = WallTime {
            unix_s,
            offset_s: 0,
        };
        if fixture.set_wall(wall) == Wall::Fixed {
            return;
        }
        let now = clock.now();
        assert_eq!(now.wall, Some(wall));
        let step = now.mono.since(before);
        assert!(now.mono >= before && step.as_secs() < NEAR_ZERO_S);
        before = now.mono;
    }
}
