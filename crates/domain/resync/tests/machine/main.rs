//! Transitions, schedules and gates of the resync machine in virtual time.
#![cfg(test)]

mod daily;
mod lines;
mod occupied;
mod rig;
mod triggers;

use onhook_device::{ErrorRetryZero, MonoTime, Outcome};
use onhook_resync::{
    Action, BootCause, Cause, Event, Gate, Request, Resync, RuleSlot, State, TimerKind,
};
use proptest::prelude::*;

use rig::{Rig, starts};

//= R-SM-5 type=test
//= R-RULE-7 type=test
#[test]
fn rules_run_from_a_to_d() {
    let mut rig = Rig::default();
    assert_eq!(rig.boot(BootCause::PowerOn, false), starts(Cause::Boot));
    for slot in [RuleSlot::B, RuleSlot::C, RuleSlot::D] {
        assert_eq!(
            rig.send(Event::RuleDone(Outcome::Applied)),
            Action::RunRule { slot, starts: None }
        );
    }
    assert_eq!(
        rig.send(Event::RuleDone(Outcome::Skipped)),
        Action::Finished(Outcome::Applied)
    );
}

//= R-RULE-14 type=test
//= R-OUT-4 type=test
#[test]
fn the_first_failure_ends_the_sequence() {
    let mut rig = Rig::default();
    rig.boot(BootCause::PowerOn, false);
    rig.send(Event::RuleDone(Outcome::Applied));
    assert_eq!(
        rig.send(Event::RuleDone(Outcome::Fnf)),
        Action::Finished(Outcome::Fnf)
    );
    rig.expire(Cause::Retry);
}

#[test]
fn the_aggregate_of_successes_says_the_most() {
    for (outcomes, aggregate) in [
        (
            [
                Outcome::Skipped,
                Outcome::Skipped,
                Outcome::Skipped,
                Outcome::Skipped,
            ],
            Outcome::Skipped,
        ),
        (
            [
                Outcome::Skipped,
                Outcome::FnfOk,
                Outcome::Skipped,
                Outcome::Skipped,
            ],
            Outcome::FnfOk,
        ),
        (
            [
                Outcome::FnfOk,
                Outcome::Applied,
                Outcome::FnfOk,
                Outcome::Skipped,
            ],
            Outcome::Applied,
        ),
    ] {
        let mut rig = Rig::default();
        rig.boot(BootCause::PowerOn, false);
        let last = outcomes.map(|outcome| rig.send(Event::RuleDone(outcome)))[3];
        assert_eq!(last, Action::Finished(aggregate));
    }
}

//= R-SCHED-13 type=test
#[test]
fn prvst_follows_the_cause() {
    for (cause, prvst) in [
        (Cause::Explicit, -1),
        (Cause::Boot, 0),
        (Cause::AfterUpgrade, 0),
        (Cause::Periodic, 1),
        (Cause::Retry, 2),
    ] {
        assert_eq!(cause.prvst(), prvst);
    }
}

//= R-SM-4 type=test
#[test]
fn the_boot_delay_is_spread_over_units_of_the_reading() {
    for (unit, delay, most_ms) in [
        (1, 2, 2_000),
        (20, 2, 40_000),
        (20, 3, 60_000),
        (1, 65_535, 65_535_000),
    ] {
        let mut seen = (u64::MAX, 0);
        for seed in 0..2_000 {
            let mut rig = Rig {
                machine: Resync::new(seed),
                random_delay: delay,
                ..Rig::default()
            };
            rig.readings.random_delay_unit_s = unit;
            if rig.boot(BootCause::PowerOn, false) == Action::None {
                assert_eq!(rig.machine.state(), State::BootDelay);
                let at = rig.machine.deadline().unwrap().as_millis();
                assert!(at <= most_ms, "{at}");
                seen = (seen.0.min(at), seen.1.max(at));
            }
        }
        assert!(
            seen.0 < most_ms / 100 && seen.1 > most_ms / 100 * 98,
            "{seen:?}"
        );
    }
    assert_eq!(
        Rig::default().boot(BootCause::PowerOn, false),
        starts(Cause::Boot)
    );
}

//= R-SM-1 type=test
//= R-SCHED-14 type=test
#[test]
fn nothing_starts_while_provisioning_is_disabled() {
    let mut rig = Rig {
        enable: false,
        ..Rig::default()
    };
    assert_eq!(rig.boot(BootCause::PowerOn, true), Action::None);
    assert_eq!((rig.machine.state(), rig.next()), (State::Dormant, None));
    let refused = Action::Refused(Gate::ProvisionDisabled);
    assert_eq!(rig.send(Event::Explicit(Request::Configured)), refused);
    assert_eq!(rig.send(Event::Explicit(Request::Given)), refused);
    rig.enable = true;
    assert_eq!(rig.at(10, Event::EnableChanged), Action::None);
    assert_eq!(rig.next(), Some(3610));
    rig.enable = false;
    rig.send(Event::EnableChanged);
    assert_eq!(rig.machine.state(), State::Dormant);
}

//= R-SM-30 type=test
#[test]
fn a_profile_that_disables_provisioning_ends_its_sequence_first() {
    let mut rig = Rig::default();
    rig.boot(BootCause::PowerOn, false);
    rig.enable = false;
    rig.send(Event::EnableChanged);
    let next = rig.send(Event::RuleDone(Outcome::Applied));
    assert_eq!(
        next,
        Action::RunRule {
            slot: RuleSlot::B,
            starts: None
        }
    );
    rig.end(Outcome::Applied);
    assert_eq!((rig.machine.state(), rig.next()), (State::Dormant, None));
}

//= R-SM-2 type=test
//= R-SM-3 type=test
//= R-RBT-3 type=test
//= R-SM-6 type=test
#[test]
fn the_boot_cause_decides_whether_a_resync_follows() {
    for (cause, on_reset, after_upgrade, resync) in [
        (BootCause::PowerOn, true, false, Some(Cause::Boot)),
        (BootCause::PowerOn, false, true, None),
        (BootCause::Provisioning, true, true, None),
        (BootCause::Upgrade, false, true, Some(Cause::AfterUpgrade)),
        (BootCause::Upgrade, true, false, None),
    ] {
        for provisioned in [false, true] {
            let mut rig = Rig {
                on_reset,
                after_upgrade,
                ..Rig::default()
            };
            let action = rig.boot(cause, provisioned);
            assert_eq!(action, resync.map_or(Action::None, starts), "{cause:?}");
            if resync.is_none() {
                assert_eq!(rig.next(), provisioned.then_some(3600), "{cause:?}");
            }
        }
    }
    let mut rig = Rig::default();
    assert_eq!(rig.boot(BootCause::Foreground, true), Action::None);
    assert_eq!(rig.next(), None);
}

//= R-SCHED-4 type=test
//= R-SM-9 type=test
#[test]
fn the_retry_list_moves_with_each_failure_and_a_success_resets_it() {
    let mut rig = Rig {
        retry: "60,120,240",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    for at in [60, 180, 420, 660, 900] {
        assert_eq!(
            rig.end(Outcome::Connect),
            Action::Finished(Outcome::Connect)
        );
        assert_eq!(
            (rig.machine.state(), rig.next()),
            (State::ErrorWait, Some(at))
        );
        rig.expire(Cause::Retry);
    }
    rig.end(Outcome::Applied);
    assert_eq!(rig.next(), Some(900 + 3600));
    rig.expire(Cause::Periodic);
    rig.end(Outcome::Fnf);
    assert_eq!(rig.next(), Some(900 + 3600 + 60));
}

//= R-SCHED-4 type=test
#[test]
fn the_periodic_list_moves_with_each_success_and_its_last_element_stays() {
    let mut rig = Rig {
        periodic: "600,1200,300",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    for at in [600, 1800, 2100, 2400] {
        rig.end(Outcome::Applied);
        assert_eq!(rig.next(), Some(at));
        rig.expire(Cause::Periodic);
    }
    let mut rig = Rig {
        periodic: "600,1200",
        on_reset: false,
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, true);
    assert_eq!(rig.next(), Some(600));
    rig.expire(Cause::Periodic);
    rig.end(Outcome::Applied);
    assert_eq!(
        rig.next(),
        Some(1800),
        "the boot itself used the first element"
    );
}

//= R-SCHED-5 type=test
#[test]
fn an_empty_or_zero_periodic_arms_nothing() {
    for periodic in ["", "0", "0+0", "600,0"] {
        let mut rig = Rig {
            periodic,
            ..Rig::default()
        };
        rig.boot(BootCause::PowerOn, false);
        rig.end(Outcome::Applied);
        if rig.next().is_some() {
            rig.expire(Cause::Periodic);
            rig.end(Outcome::Applied);
        }
        assert_eq!(
            (rig.machine.state(), rig.next()),
            (State::Waiting, None),
            "{periodic}"
        );
    }
    let mut rig = Rig::default();
    rig.boot(BootCause::PowerOn, false);
    rig.end(Outcome::Dns);
    assert_eq!(
        rig.machine.timer().map(|(kind, _)| kind),
        Some(TimerKind::Retry)
    );
}

//= R-SCHED-6 type=test
//= R-SM-7 type=test
//= R-SM-11 type=test
#[test]
fn a_zero_retry_delay_follows_its_readings() {
    for retry in ["0", "", "0+0"] {
        // Never retried; a factory device then waits for good.
        let mut rig = Rig {
            retry,
            ..Rig::default()
        };
        rig.boot(BootCause::PowerOn, false);
        rig.end(Outcome::Dns);
        assert_eq!((rig.machine.state(), rig.next()), (State::Waiting, None));
        // A provisioned one keeps its schedule, with the same element, from the failure on.
        let mut rig = Rig {
            retry,
            periodic: "3600,100",
            ..Rig::default()
        };
        rig.boot(BootCause::PowerOn, true);
        rig.at(5, Event::Timer);
        rig.end(Outcome::Dns);
        assert_eq!(rig.next(), Some(3605));
        rig.expire(Cause::Periodic);
        rig.now_s = 4000;
        rig.end(Outcome::Dns);
        assert_eq!(rig.next(), Some(7600));
        // Unless the reading says that it ends too.
        let mut rig = Rig {
            retry,
            ..Rig::default()
        };
        rig.readings.zero_retry_keeps_periodic = false;
        rig.boot(BootCause::PowerOn, true);
        rig.end(Outcome::Dns);
        assert_eq!(rig.next(), None);
        // At once, with a floor of one second.
        let mut rig = Rig {
            retry,
            ..Rig::default()
        };
        rig.readings.error_retry_zero = ErrorRetryZero::Immediate;
        rig.boot(BootCause::PowerOn, false);
        rig.now_s = 10;
        rig.end(Outcome::Dns);
        assert_eq!(rig.next(), Some(11));
        rig.expire(Cause::Retry);
    }
    let mut rig = Rig {
        retry: "60,0,120",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, true);
    rig.end(Outcome::Dns);
    rig.expire(Cause::Retry);
    rig.end(Outcome::Dns);
    assert_eq!(
        rig.next(),
        Some(60 + 3600),
        "the zero of the list has its turn"
    );
    rig.expire(Cause::Periodic);
    rig.end(Outcome::Dns);
    assert_eq!(rig.next(), Some(60 + 3600 + 120), "and the list moves on");
}

//= R-SCHED-7 type=test
#[test]
fn delays_are_measured_from_the_end_of_the_attempt() {
    let mut rig = Rig {
        retry: "300",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, true);
    rig.now_s = 50;
    rig.end(Outcome::Timeout);
    assert_eq!(rig.next(), Some(350));
    rig.expire(Cause::Retry);
    rig.now_s = 400;
    rig.end(Outcome::Applied);
    assert_eq!(rig.next(), Some(4000));
}

//= R-SM-12 type=test
//= R-SCHED-12 type=test
//= R-RBT-1 type=test
#[test]
fn a_due_resync_waits_for_idle_lines_and_causes_merge() {
    let mut rig = Rig::default();
    rig.boot(BootCause::PowerOn, false);
    rig.end(Outcome::Applied);
    rig.at(3590, Event::LinesBusy);
    assert_eq!(rig.at(3600, Event::Timer), Action::None);
    assert_eq!(rig.machine.state(), State::Due(Cause::Periodic));
    assert_eq!(rig.send(Event::Explicit(Request::Configured)), Action::None);
    assert_eq!(rig.send(Event::Explicit(Request::Given)), Action::None);
    assert_eq!(rig.at(3700, Event::LinesIdle), starts(Cause::Explicit));
    rig.end(Outcome::Applied);
    let given = Action::RunRule {
        slot: RuleSlot::Given,
        starts: Some(Cause::Explicit),
    };
    assert_eq!(rig.machine.next_pending(MonoTime::from_secs(3701)), given);
    assert_eq!(
        rig.send(Event::RuleDone(Outcome::Applied)),
        Action::Finished(Outcome::Applied)
    );
    assert_eq!(
        rig.machine.next_pending(MonoTime::from_secs(3702)),
        Action::None
    );
}

//= R-SM-24 type=test
#[test]
fn a_given_rule_runs_alone_and_leaves_timers_alone() {
    let given = Action::RunRule {
        slot: RuleSlot::Given,
        starts: Some(Cause::Explicit),
    };
    let mut rig = Rig {
        on_reset: false,
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    assert_eq!(rig.send(Event::Explicit(Request::Given)), given);
    assert_eq!(
        rig.send(Event::RuleDone(Outcome::Fnf)),
        Action::Finished(Outcome::Fnf)
    );
    assert_eq!((rig.next(), rig.machine.provisioned()), (None, false));
    assert_eq!(rig.at(10, Event::Explicit(Request::Given)), given);
    assert_eq!(
        rig.send(Event::RuleDone(Outcome::Applied)),
        Action::Finished(Outcome::Applied)
    );
    assert_eq!((rig.next(), rig.machine.provisioned()), (Some(3610), true));
    rig.at(100, Event::Explicit(Request::Given));
    rig.send(Event::RuleDone(Outcome::Applied));
    assert_eq!(rig.next(), Some(3610), "an armed timer stays");
    let mut rig = Rig {
        retry: "60",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    rig.end(Outcome::Dns);
    rig.at(10, Event::Explicit(Request::Given));
    rig.send(Event::RuleDone(Outcome::Dns));
    assert_eq!(
        (rig.machine.state(), rig.next()),
        (State::ErrorWait, Some(60))
    );
    rig.expire(Cause::Retry);
}

//= R-SM-25 type=test
#[test]
fn an_explicit_request_cancels_a_pending_retry_and_enters_the_lists() {
    let mut rig = Rig {
        retry: "120,240",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    rig.end(Outcome::Dns);
    assert_eq!(
        rig.at(10, Event::Explicit(Request::Configured)),
        starts(Cause::Explicit)
    );
    rig.end(Outcome::Dns);
    assert_eq!(rig.next(), Some(250), "the second failure in a row");
    assert_eq!(
        rig.at(20, Event::Explicit(Request::Configured)),
        starts(Cause::Explicit)
    );
    rig.end(Outcome::Applied);
    assert_eq!(rig.next(), Some(3620));
}

//= R-SM-29 type=test
#[test]
fn a_changed_schedule_starts_anew_with_its_first_element() {
    let mut rig = Rig {
        periodic: "600,1200",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    rig.end(Outcome::Applied);
    rig.periodic = "50,70";
    rig.at(100, Event::ScheduleChanged);
    assert_eq!(rig.next(), Some(150));
    rig.expire(Cause::Periodic);
    rig.end(Outcome::Dns);
    rig.retry = "5,6";
    rig.at(200, Event::ErrorRetryChanged);
    assert_eq!(rig.next(), Some(205));
    rig.expire(Cause::Retry);
    rig.periodic = "30";
    rig.send(Event::ScheduleChanged);
    rig.end(Outcome::Applied);
    assert_eq!(
        rig.next(),
        Some(235),
        "a profile that changes it counts from its own end"
    );
}

#[test]
fn a_resync_may_take_fifteen_minutes_without_waiting_for_lines() {
    let mut rig = Rig::default();
    rig.boot(BootCause::PowerOn, false);
    assert_eq!(rig.next(), Some(900));
    rig.at(600, Event::Held);
    assert_eq!(rig.next(), None);
    rig.at(10_000, Event::Released);
    assert_eq!(rig.next(), Some(10_300));
    assert_eq!(rig.at(10_299, Event::Timer), Action::None);
    assert_eq!(rig.at(10_300, Event::Timer), Action::TimedOut);
    assert_eq!(
        rig.end(Outcome::Timeout),
        Action::Finished(Outcome::Timeout)
    );
    assert_eq!(rig.next(), Some(10_300 + 3600));
}

//= R-MACRO-22 type=test
#[test]
fn the_last_attempt_counts_from_its_start_and_before_it_from_boot() {
    let mut rig = Rig {
        on_reset: false,
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    assert_eq!(rig.machine.last_attempt(), MonoTime::ZERO);
    rig.at(30, Event::Explicit(Request::Configured));
    rig.now_s = 90;
    rig.end(Outcome::Applied);
    assert_eq!(rig.machine.last_attempt(), MonoTime::from_secs(30));
}

//= R-SM-26 type=test
#[test]
fn a_request_during_a_resync_runs_after_it() {
    let mut rig = Rig::default();
    rig.boot(BootCause::PowerOn, false);
    assert_eq!(rig.send(Event::Explicit(Request::Configured)), Action::None);
    rig.end(Outcome::Applied);
    assert_eq!(
        rig.machine.next_pending(MonoTime::from_secs(0)),
        starts(Cause::Explicit)
    );
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Timer),
        Just(Event::Explicit(Request::Configured)),
        Just(Event::Explicit(Request::Given)),
        Just(Event::LinesIdle),
        Just(Event::LinesBusy),
        Just(Event::RuleDone(Outcome::Applied)),
        Just(Event::RuleDone(Outcome::Fnf)),
        Just(Event::RuleDone(Outcome::Skipped)),
        Just(Event::Held),
        Just(Event::Released),
        Just(Event::ScheduleChanged),
        Just(Event::ErrorRetryChanged),
        Just(Event::EnableChanged),
        Just(Event::Boot {
            cause: BootCause::PowerOn,
            provisioned: true,
            pending: false
        }),
        Just(Event::Boot {
            cause: BootCause::Provisioning,
            provisioned: false,
            pending: true
        }),
        Just(Event::TriggerTrue),
        Just(Event::ClockChanged),
    ]
}

proptest! {
    #[test]
    fn no_order_of_events_panics_or_starts_a_busy_or_disabled_phone(
        events in prop::collection::vec((event(), 0_u64..5000, any::<bool>()), 0..80),
        seed in any::<u64>(),
    ) {
        let mut rig = Rig { machine: Resync::new(seed), random_delay: 9, forced_delay: 30, periodic: "10+5,20", retry: "3,0,7+2", ..Rig::default() };
        let mut busy = false;
        for (event, ahead, enable) in events {
            rig.enable = enable;
            if event == Event::LinesBusy {
                busy = true;
            } else if event == Event::LinesIdle {
                busy = false;
            }
            let running = matches!(rig.machine.state(), State::Running(_));
            let now = rig.now_s + ahead;
            let action = rig.at(now, event);
            if let Action::RunRule { starts: Some(_), .. } = action {
                prop_assert!(!busy, "started while a line was busy");
                prop_assert!(!running || matches!(event, Event::Boot { .. }), "two resyncs at once");
            }
        }
    }
}
