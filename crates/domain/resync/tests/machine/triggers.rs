//! Triggers: what they start, and what they hold back.

use onhook_device::Outcome;
use onhook_resync::{Action, BootCause, Cause, Event, Request, State};

use crate::rig::{Rig, starts};

//= R-TRIG-3 type=test
//= R-SM-15 type=test
#[test]
fn a_gate_holds_every_automatic_resync_back() {
    let mut rig = Rig {
        admitted: false,
        periodic: "3600,7200",
        retry: "60,120",
        ..Rig::default()
    };
    // V-187, V-188c
    assert_eq!(rig.boot(BootCause::PowerOn, true), Action::None);
    assert_eq!(rig.next(), Some(3600));
    assert_eq!(rig.boot(BootCause::Upgrade, true), Action::None);
    // V-185: the same element once more.
    for due in [3600, 7200, 10_800] {
        assert_eq!(rig.next(), Some(due));
        assert_eq!(rig.at(due, Event::Timer), Action::None);
        assert_eq!(rig.machine.state(), State::Waiting);
    }
    rig.admitted = true;
    assert_eq!(rig.at(14_400, Event::Timer), starts(Cause::Periodic));
    rig.end(Outcome::Fnf);
    // V-188b
    rig.admitted = false;
    for due in [14_460, 14_520, 14_580] {
        assert_eq!(rig.next(), Some(due));
        assert_eq!(rig.at(due, Event::Timer), Action::None);
        assert_eq!(rig.machine.state(), State::ErrorWait);
    }
    rig.admitted = true;
    assert_eq!(rig.at(14_640, Event::Timer), starts(Cause::Retry));
    rig.end(Outcome::Fnf);
    assert_eq!(rig.next(), Some(14_640 + 120), "the next element");
}

//= R-TRIG-3 type=test
#[test]
fn a_gate_lets_explicit_requests_pass() {
    let mut rig = Rig {
        admitted: false,
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    let action = rig.at(5, Event::Explicit(Request::Configured));
    assert_eq!(action, starts(Cause::Explicit));
}

//= R-TRIG-2 type=test
//= R-SM-16 type=test
#[test]
fn a_true_trigger_starts_a_resync_as_the_periodic_timer_would() {
    let mut rig = Rig {
        retry: "60,120",
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    rig.end(Outcome::Applied);
    assert_eq!(rig.at(100, Event::TriggerTrue), starts(Cause::Trigger));
    assert_eq!(Cause::Trigger.prvst(), 1);
    assert_eq!(rig.send(Event::TriggerTrue), Action::None, "one runs");
    rig.end(Outcome::Fnf);
    // It does not wait for the error retry, whose place in the list stays.
    assert_eq!(rig.next(), Some(160));
    assert_eq!(rig.at(130, Event::TriggerTrue), starts(Cause::Trigger));
    rig.end(Outcome::Fnf);
    assert_eq!(rig.next(), Some(130 + 120));
    rig.end(Outcome::Applied);
    // T-TRIG-16: a line is busy.
    rig.forced_delay = 30;
    rig.at(200, Event::LinesBusy);
    assert_eq!(rig.at(210, Event::TriggerTrue), Action::None);
    assert_eq!(rig.machine.state(), State::Due(Cause::Trigger));
    rig.at(220, Event::LinesIdle);
    assert_eq!(rig.at(250, Event::Timer), starts(Cause::Trigger));
}

//= R-SM-1 type=test
#[test]
fn a_phone_that_is_disabled_or_off_does_not_listen_to_triggers() {
    let mut rig = Rig::default();
    assert_eq!(rig.send(Event::TriggerTrue), Action::None);
    rig.enable = false;
    rig.boot(BootCause::PowerOn, true);
    assert_eq!(rig.send(Event::TriggerTrue), Action::None);
    assert_eq!(rig.machine.state(), State::Dormant);
}

//= R-SM-10 type=test
//= R-SM-9 type=test
#[test]
fn the_doubling_list_of_newer_guides_is_taken_to_its_last_element() {
    let mut rig = Rig {
        retry: onhook_device::ErrorRetryDefault::DOUBLING,
        ..Rig::default()
    };
    rig.boot(BootCause::PowerOn, false);
    let mut waits = Vec::new();
    for _ in 0..14 {
        rig.end(Outcome::Fnf);
        let due = rig.next().unwrap();
        waits.push(due - rig.now_s);
        rig.at(due, Event::Timer);
    }
    assert_eq!(waits[..4], [60, 120, 240, 480]);
    assert_eq!(waits[10..], [61_440, 86_400, 86_400, 86_400]);
}
