//! Resync_At.

use onhook_device::Outcome;
use onhook_resync::{BootCause, Cause, Daily, Event, State, TimerKind};
use onhook_schedule::{HhMm, Zone};

use crate::rig::{Rig, starts};

/// 2026-11-28 00:00:00 UTC, second 0 of the machine's clock.
const MIDNIGHT: i64 = 1_795_824_000;

fn rig(at: &str, window_s: u32) -> Rig {
    Rig {
        daily: Some(Daily {
            at: HhMm::parse(at).unwrap(),
            window_s,
            zone: Zone::fixed(0),
            unix_s: Some(MIDNIGHT),
        }),
        periodic: "60",
        ..Rig::default()
    }
}

/// Moves both clocks.
fn at(rig: &mut Rig, now_s: u64, event: Event) -> onhook_resync::Action {
    if let Some(daily) = &mut rig.daily
        && let Some(unix_s) = &mut daily.unix_s
    {
        *unix_s = MIDNIGHT + i64::try_from(now_s).unwrap();
    }
    rig.at(now_s, event)
}

//= R-SCHED-8 type=test
//= R-SM-8 type=test
#[test]
fn the_daily_time_comes_each_day_and_the_period_does_not() {
    let mut rig = rig("0300", 0);
    at(
        &mut rig,
        0,
        Event::Boot {
            cause: BootCause::PowerOn,
            provisioned: false,
            pending: false,
        },
    );
    rig.end(Outcome::Applied);
    for day in 0..3 {
        let due = day * 86_400 + 3 * 3600;
        assert_eq!(rig.next(), Some(due));
        assert_eq!(at(&mut rig, due, Event::Timer), starts(Cause::Daily));
        rig.end(Outcome::Applied);
    }
}

//= R-SCHED-9 type=test
#[test]
fn the_start_lies_in_the_window_and_comes_once_a_day_however_often_it_is_armed() {
    let mut starts = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut rig = rig("1000", 600);
        rig.machine = onhook_resync::Resync::new(seed);
        at(
            &mut rig,
            0,
            Event::Boot {
                cause: BootCause::Provisioning,
                provisioned: true,
                pending: false,
            },
        );
        let due = rig.next().unwrap();
        assert!((36_000..=36_600).contains(&due));
        for now in [5, 35_999, due - 1] {
            at(&mut rig, now, Event::ScheduleChanged);
            assert_eq!(rig.next(), Some(due));
        }
        at(&mut rig, due, Event::Timer);
        rig.end(Outcome::Applied);
        assert!(rig.next() >= Some(86_400 + 36_000));
        starts.insert(due);
    }
    assert!(starts.len() > 120, "{} different starts", starts.len());
}

//= R-SCHED-8 type=test
//= R-SM-27 type=test
#[test]
fn it_needs_a_clock_but_no_success() {
    let mut rig = rig("0300", 0);
    rig.daily.as_mut().unwrap().unix_s = None;
    rig.on_reset = false;
    rig.boot(BootCause::PowerOn, false);
    assert_eq!((rig.machine.state(), rig.next()), (State::Waiting, None));
    rig.daily.as_mut().unwrap().unix_s = Some(MIDNIGHT);
    assert_eq!(
        rig.at(100, Event::ClockChanged),
        onhook_resync::Action::None
    );
    assert_eq!(rig.next(), Some(100 + 3 * 3600));
    // The clock jumps an hour ahead.
    rig.daily.as_mut().unwrap().unix_s = Some(MIDNIGHT + 3600);
    rig.at(100, Event::ClockChanged);
    assert_eq!(rig.next(), Some(100 + 2 * 3600));
}

//= R-SM-27 type=test
#[test]
fn a_jump_of_the_clock_leaves_other_timers_alone() {
    let mut rig = Rig::default();
    rig.boot(BootCause::Provisioning, true);
    assert_eq!(rig.next(), Some(3600));
    rig.at(50, Event::ClockChanged);
    assert_eq!(rig.next(), Some(3600));
}

//= R-SCHED-7 type=test
#[test]
fn a_failure_stops_the_daily_time_until_a_success() {
    let mut rig = rig("0300", 0);
    rig.retry = "60";
    at(
        &mut rig,
        0,
        Event::Boot {
            cause: BootCause::PowerOn,
            provisioned: true,
            pending: false,
        },
    );
    rig.end(Outcome::Fnf);
    assert_eq!(
        rig.machine.timer().map(|(kind, _)| kind),
        Some(TimerKind::Retry)
    );
    at(&mut rig, 60, Event::Timer);
    rig.end(Outcome::Applied);
    assert_eq!(rig.next(), Some(3 * 3600));
    // Without a retry it goes on.
    rig.retry = "0";
    at(&mut rig, 3 * 3600, Event::Timer);
    rig.end(Outcome::Fnf);
    assert_eq!(rig.next(), Some(86_400 + 3 * 3600));
}

//= R-SM-29 type=test
#[test]
fn setting_or_removing_it_changes_what_is_waited_for() {
    let mut rig = rig("0300", 0);
    rig.on_reset = false;
    let daily = rig.daily.take();
    rig.boot(BootCause::PowerOn, false);
    assert_eq!(rig.next(), None);
    rig.daily = daily;
    at(&mut rig, 10, Event::ScheduleChanged);
    assert_eq!(rig.next(), Some(3 * 3600));
    rig.daily = None;
    rig.at(20, Event::ScheduleChanged);
    assert_eq!(rig.next(), None, "the period waits for the first success");
}

//= R-SM-6 type=test
#[test]
fn a_clock_that_is_set_starts_no_period_before_the_first_success() {
    let mut rig = rig("0300", 0);
    rig.daily.as_mut().unwrap().unix_s = None;
    rig.on_reset = false;
    rig.retry = "0";
    rig.boot(BootCause::PowerOn, false);
    // The daily time is removed while it waits for the clock, by a resync that fails later on.
    rig.at(10, Event::Explicit(onhook_resync::Request::Configured));
    rig.daily = None;
    rig.end(Outcome::Fnf);
    rig.at(100, Event::ClockChanged);
    assert_eq!(rig.next(), None);
}

//= R-SM-27 type=test
#[test]
fn a_clock_that_is_set_while_a_given_rule_runs_moves_the_daily_time_behind_it() {
    use onhook_resync::Request;
    let boot = Event::Boot {
        cause: BootCause::PowerOn,
        provisioned: false,
        pending: false,
    };
    for outcome in [Outcome::Applied, Outcome::Connect] {
        let mut rig = rig("0300", 0);
        at(&mut rig, 0, boot);
        rig.end(Outcome::Applied);
        at(&mut rig, 100, Event::Explicit(Request::Given));
        // The clock goes back by a thousand seconds.
        let set_back = |rig: &mut Rig, now_s: i64, event| {
            if let Some(daily) = &mut rig.daily {
                daily.unix_s = Some(MIDNIGHT + now_s - 1000);
            }
            rig.at(u64::try_from(now_s).unwrap(), event)
        };
        set_back(&mut rig, 150, Event::ClockChanged);
        assert_eq!(
            rig.machine.state(),
            State::Running(onhook_resync::RuleSlot::Given)
        );
        set_back(&mut rig, 200, Event::RuleDone(outcome));
        assert_eq!(rig.next(), Some(3 * 3600 + 1000), "{outcome:?}");
        // One that was not set until then.
        let mut rig = self::rig("0300", 0);
        if let Some(daily) = &mut rig.daily {
            daily.unix_s = None;
        }
        rig.at(0, boot);
        rig.end(Outcome::Applied);
        assert_eq!(rig.next(), None);
        rig.at(100, Event::Explicit(Request::Given));
        set_back(&mut rig, 150, Event::ClockChanged);
        set_back(&mut rig, 200, Event::RuleDone(outcome));
        assert_eq!(rig.next(), Some(3 * 3600 + 1000), "{outcome:?}");
    }
}
