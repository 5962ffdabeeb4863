//! Waiting for lines: Forced_Resync_Delay in both readings, and merging.

use onhook_device::{ForcedResync, Outcome};
use onhook_resync::{Action, BootCause, Cause, Event, Request, RuleSlot, State};

use crate::rig::{Rig, starts};

/// A phone that has resynced at 0 and does so again at 3600.
fn rig(mode: ForcedResync, forced_delay: u32) -> Rig {
    let mut rig = Rig {
        forced_delay,
        ..Rig::default()
    };
    rig.readings.forced_resync = mode;
    assert_eq!(rig.boot(BootCause::PowerOn, false), starts(Cause::Boot));
    rig.end(Outcome::Applied);
    rig
}

/// Plays line edges and timers until something starts; gives the second and the cause.
fn play(rig: &mut Rig, edges: &[(u64, Event)]) -> Option<(u64, Cause)> {
    let mut edges = edges.iter().peekable();
    loop {
        let due = rig.next();
        let edge = edges.peek().map(|(at, _)| *at);
        let action = match (due, edge) {
            (Some(due), Some(at)) if due < at => rig.at(due, Event::Timer),
            (_, Some(_)) => {
                let (at, event) = edges.next()?;
                rig.at(*at, *event)
            }
            (Some(due), None) => rig.at(due, Event::Timer),
            (None, None) => return None,
        };
        if let Action::RunRule {
            starts: Some(cause),
            ..
        } = action
        {
            return Some((rig.now_s, cause));
        }
    }
}

use Event::{LinesBusy as Busy, LinesIdle as Idle};

//= R-SCHED-11 type=test
//= R-SM-13 type=test
#[test]
fn a_resync_that_is_due_in_a_call_waits_as_the_reading_says() {
    use ForcedResync::{IdleCountdown, MaxWait};
    for (mode, delay, edges, at) in [
        // T-TIME-21
        (IdleCountdown, 300, &[(3500, Busy), (3700, Idle)][..], 4000),
        (MaxWait, 300, &[(3500, Busy), (3700, Idle)], 3700),
        // T-TIME-22
        (IdleCountdown, 60, &[(3590, Busy), (4190, Idle)], 4250),
        (MaxWait, 60, &[(3590, Busy), (4190, Idle)], 3660),
        // T-TIME-23
        (IdleCountdown, 0, &[(3590, Busy), (4190, Idle)], 4190),
        (MaxWait, 0, &[(3590, Busy), (4190, Idle)], 3600),
        // V-180 to V-181b
        (MaxWait, 300, &[(3590, Busy), (7190, Idle)], 3900),
        (MaxWait, 300, &[(3590, Busy), (3700, Idle)], 3700),
        (IdleCountdown, 300, &[(3590, Busy), (7190, Idle)], 7490),
        // V-182: nobody has called.
        (IdleCountdown, 14_400, &[], 3600),
        (MaxWait, 14_400, &[], 3600),
        // V-183: the counter still runs when the timer expires.
        (IdleCountdown, 300, &[(3400, Busy), (3500, Idle)], 3800),
        (MaxWait, 300, &[(3400, Busy), (3500, Idle)], 3600),
        // T-TIME-23c: another call starts the counter again.
        (
            IdleCountdown,
            300,
            &[(3400, Busy), (3500, Idle), (3700, Busy), (3750, Idle)],
            4050,
        ),
        // It has run out before the timer expires.
        (IdleCountdown, 300, &[(1000, Busy), (1100, Idle)], 3600),
    ] {
        let mut rig = rig(mode, delay);
        let started = play(&mut rig, edges);
        assert_eq!(
            started,
            Some((at, Cause::Periodic)),
            "{mode:?} {delay} {edges:?}"
        );
    }
}

//= R-SCHED-11 type=test
#[test]
fn a_resync_at_power_up_and_an_explicit_one_do_not_wait_for_the_counter() {
    // T-TIME-23b
    let mut fresh = Rig {
        forced_delay: 14_400,
        ..Rig::default()
    };
    assert_eq!(fresh.boot(BootCause::PowerOn, false), starts(Cause::Boot));
    // T-TIME-23d
    let mut rig = rig(ForcedResync::IdleCountdown, 300);
    rig.at(100, Busy);
    let asked = rig.at(110, Event::Explicit(Request::Configured));
    assert_eq!(asked, Action::None);
    assert_eq!(rig.at(200, Idle), starts(Cause::Explicit));
}

//= R-SM-12 type=test
#[test]
fn causes_that_wait_together_run_once_as_the_most_explicit_one() {
    // V-199
    for mode in [ForcedResync::IdleCountdown, ForcedResync::MaxWait] {
        let mut rig = rig(mode, 300);
        rig.at(3590, Busy);
        assert_eq!(rig.at(3600, Event::Timer), Action::None);
        rig.at(3610, Event::Explicit(Request::Configured));
        assert_eq!(rig.at(3700, Idle), starts(Cause::Explicit), "{mode:?}");
        rig.end(Outcome::Applied);
        assert_eq!(rig.next(), Some(7300), "{mode:?}: nothing is left over");
    }
    // The other way round: what is due by then takes the request along.
    let mut rig = rig(ForcedResync::MaxWait, 300);
    rig.at(3590, Busy);
    rig.at(3600, Event::Timer);
    rig.at(3610, Event::Explicit(Request::Configured));
    assert_eq!(rig.at(3900, Event::Timer), starts(Cause::Explicit));
}

#[test]
fn a_given_rule_runs_while_the_counter_runs_and_what_was_due_still_comes() {
    let mut rig = rig(ForcedResync::IdleCountdown, 300);
    rig.at(3500, Busy);
    rig.at(3600, Event::Timer);
    assert_eq!(rig.at(3650, Idle), Action::None);
    let given = Action::RunRule {
        slot: RuleSlot::Given,
        starts: Some(Cause::Explicit),
    };
    assert_eq!(rig.at(3700, Event::Explicit(Request::Given)), given);
    // A call while the given rule runs starts the counter again.
    rig.at(3710, Busy);
    rig.at(3720, Idle);
    rig.end(Outcome::Applied);
    assert_eq!(rig.machine.state(), State::Due(Cause::Periodic));
    assert_eq!(rig.next(), Some(4020));
    assert_eq!(rig.at(4020, Event::Timer), starts(Cause::Periodic));
}

//= R-SM-14 type=test
#[test]
fn what_is_held_waits_for_ever_or_as_long_as_the_delay() {
    for (mode, limit) in [
        (ForcedResync::IdleCountdown, None),
        (ForcedResync::MaxWait, Some(4010)),
    ] {
        let mut rig = rig(mode, 300);
        rig.at(3600, Event::Timer);
        rig.at(3700, Busy);
        rig.at(3710, Event::Held);
        assert_eq!(rig.next(), limit, "{mode:?}");
        if limit.is_some() {
            assert_eq!(rig.at(4010, Event::Timer), Action::ApplyNow);
            assert_eq!(rig.next(), None, "once");
        }
        // The waiting does not count: 900 s less the 110 before it.
        rig.at(5000, Event::Released);
        assert_eq!(rig.next(), Some(5790), "{mode:?}");
    }
}

//= R-SM-12 type=test
#[test]
fn a_request_that_was_saved_before_the_restart_runs_after_it() {
    for enable in [true, false] {
        let mut rig = Rig {
            enable,
            admitted: false,
            ..Rig::default()
        };
        let action = rig.send(Event::Boot {
            cause: BootCause::Provisioning,
            provisioned: true,
            pending: true,
        });
        let expected = if enable {
            starts(Cause::Explicit)
        } else {
            Action::None
        };
        assert_eq!(action, expected);
    }
}
