//! Another transfer of the phone is under way: nothing starts beside it.

use onhook_device::Outcome;
use onhook_resync::{Action, BootCause, Cause, Event, Request, State};

use crate::rig::{Rig, starts};

/// A phone that has resynced at 0 and does so again at 3600.
fn rig() -> Rig {
    let mut rig = Rig::default();
    assert_eq!(rig.boot(BootCause::PowerOn, false), starts(Cause::Boot));
    rig.end(Outcome::Applied);
    rig
}

//= R-SM-26 type=test
#[test]
fn what_becomes_due_beside_another_transfer_starts_when_that_ends() {
    let mut rig = rig();
    assert_eq!(rig.at(3500, Event::Occupied), Action::None);
    assert_eq!(rig.at(3600, Event::Timer), Action::None);
    assert_eq!(rig.machine.state(), State::Due(Cause::Periodic));
    // No timer is due again and again meanwhile.
    assert_eq!(rig.next(), None);
    assert_eq!(rig.at(3700, Event::Timer), Action::None);
    assert_eq!(rig.at(3800, Event::Free), starts(Cause::Periodic));
}

//= R-SM-26 type=test
#[test]
fn what_is_asked_for_beside_another_transfer_starts_when_that_ends() {
    let mut rig = rig();
    assert_eq!(rig.at(100, Event::Occupied), Action::None);
    let asked = rig.at(110, Event::Explicit(Request::Configured));
    assert_eq!(asked, Action::None);
    assert_eq!(rig.at(120, Event::Free), starts(Cause::Explicit));
    // Nothing waits any more.
    rig.end(Outcome::Applied);
    assert_eq!(rig.at(130, Event::Occupied), Action::None);
    assert_eq!(rig.at(140, Event::Free), Action::None);
}

#[test]
fn a_restart_ends_the_other_transfer() {
    let mut rig = rig();
    assert_eq!(rig.at(100, Event::Occupied), Action::None);
    assert_eq!(
        rig.boot(BootCause::PowerOn, true),
        starts(Cause::Boot),
        "{:?}",
        rig.machine.state()
    );
}
