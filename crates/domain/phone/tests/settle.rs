//! The settle time of idle lines (R-IDLE-3).

use onhook_device::{Family, ForcedResync, Release};
use onhook_params::Scope;
use onhook_phone::{Command, Input, LineUse, Origin};
use onhook_testkit::sim::{Served, Sim};

fn phone(mode: ForcedResync, settle_s: u8) -> Sim {
    let mut scope = Scope::new(Family::Mpp, Release::R11_3);
    scope.readings.forced_resync = mode;
    Sim::of(scope, 1, |_, _| Served::one("GPP_A", "x"))
        .settling(settle_s)
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Periodic", "600")
        .with("Forced_Resync_Delay", "100")
        .booted()
}

fn seconds(sim: &Sim) -> Vec<u64> {
    sim.request_seconds()
}

//= R-IDLE-3 type=test
#[test]
fn an_explicit_request_waits_for_idle_lines_to_settle() {
    for mode in [ForcedResync::IdleCountdown, ForcedResync::MaxWait] {
        for (settle_s, expected) in [(0, 20), (1, 21), (30, 50), (60, 80)] {
            let mut sim = phone(mode, settle_s);
            sim.run_for(10);
            sim.line(1, LineUse::Busy);
            sim.resync();
            sim.run_for(10);
            sim.line(1, LineUse::Idle);
            sim.run_for(100);
            assert_eq!(seconds(&sim), [0, expected], "{mode:?} {settle_s}");
            // Nothing was deferred: a request that comes later runs at once.
            sim.resync();
            assert_eq!(seconds(&sim)[2], 120);
        }
    }
}

//= R-IDLE-3 type=test
#[test]
fn another_call_begins_the_settling_anew() {
    let mut sim = phone(ForcedResync::IdleCountdown, 30);
    sim.run_for(10);
    sim.line(1, LineUse::Busy);
    sim.resync();
    sim.line(1, LineUse::Idle);
    sim.run_for(29);
    sim.line(2, LineUse::Busy);
    sim.run_for(100);
    assert_eq!(seconds(&sim), [0]);
    sim.line(2, LineUse::Idle);
    sim.run_for(29);
    assert_eq!(seconds(&sim), [0]);
    sim.run_for(1);
    assert_eq!(seconds(&sim), [0, 169]);
}

//= R-IDLE-3 type=test
#[test]
fn a_scheduled_resync_has_its_counter_or_waits_for_settled_lines() {
    // Due at 600, in a call that ends at 700.
    for (mode, expected) in [
        // A hundred idle seconds, whatever the settle time.
        (ForcedResync::IdleCountdown, 800),
        // The deadline of a hundred seconds passes first.
        (ForcedResync::MaxWait, 700),
    ] {
        let mut sim = phone(mode, 30);
        sim.run_for(590);
        sim.line(1, LineUse::Busy);
        sim.run_for(110);
        sim.line(1, LineUse::Idle);
        sim.run_for(200);
        assert_eq!(seconds(&sim), [0, expected], "{mode:?}");
    }
    // The call ends before the deadline: lines settle first.
    let mut sim = phone(ForcedResync::MaxWait, 30);
    sim.run_for(590);
    sim.line(1, LineUse::Busy);
    sim.run_for(20);
    sim.line(1, LineUse::Idle);
    sim.run_for(200);
    assert_eq!(seconds(&sim), [0, 640]);
}

//= R-IDLE-3 type=test
#[test]
fn a_restart_and_a_profile_wait_for_settled_lines() {
    let mut sim = phone(ForcedResync::IdleCountdown, 30);
    sim.run_for(10);
    sim.line(1, LineUse::Busy);
    sim.input(Input::Command(Origin::Control, Command::Restart));
    sim.run_for(10);
    sim.line(1, LineUse::Idle);
    sim.run_for(29);
    assert_eq!(sim.restarts, 0);
    sim.run_for(1);
    assert_eq!(sim.restarts, 1);

    let mut sim = phone(ForcedResync::IdleCountdown, 30);
    sim.set("GPP_A", "old");
    sim.fetch_s = 5;
    sim.resync();
    sim.line(1, LineUse::Busy);
    sim.run_for(10);
    sim.line(1, LineUse::Idle);
    sim.run_for(29);
    assert_eq!(sim.value("GPP_A"), "old");
    sim.run_for(1);
    assert_eq!(sim.value("GPP_A"), "x");
}
