//! Restarts of SIP and services, and the factory state.

use onhook_params::known;
use onhook_phone::{Command, Committed, Input, LineUse, Notice, Origin, StateRecord};
use onhook_testkit::sim::{Served, Sim};

fn phone() -> Sim {
    Sim::new(|_, _| Served::one("GPP_A", "x"))
        .with("Profile_Rule", "http://p/x.xml")
        .with("Resync_Random_Delay", "0")
        .booted()
}

fn ask(sim: &mut Sim, command: Command) {
    sim.input(Input::Command(Origin::Control, command));
    sim.run_for(0);
}

//= R-SM-21 type=test
//= R-SM-2 type=test
#[test]
fn a_warm_restart_waits_for_idle_and_changes_no_schedule() {
    let mut sim = phone();
    let before = (sim.phone.timer(), sim.record);
    sim.line(1, LineUse::Busy);
    ask(&mut sim, Command::RestartWarm);
    sim.run_for(1000);
    assert_eq!((sim.warm_restarts, sim.restarts), (0, 0));
    sim.line(1, LineUse::Idle);
    assert_eq!((sim.warm_restarts, sim.restarts), (1, 0));
    assert_eq!((sim.phone.timer(), sim.record), before);
    assert_eq!(sim.requests.len(), 1);
    // One request, one restart.
    sim.line(1, LineUse::Busy);
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.warm_restarts, 1);
}

#[test]
fn a_warm_restart_waits_for_a_resync_and_for_no_emergency_call() {
    let mut sim = phone();
    sim.fetch_s = 100;
    sim.resync();
    ask(&mut sim, Command::RestartWarm);
    assert_eq!(sim.warm_restarts, 0);
    sim.run_for(100);
    assert_eq!(sim.warm_restarts, 1);
    //= R-IDLE-5 type=test
    sim.line(2, LineUse::Emergency);
    ask(&mut sim, Command::RestartWarm);
    sim.run_for(1_000_000);
    assert_eq!(sim.warm_restarts, 1);
}

//= R-FLS-2 type=test
//= R-OOB-9 type=test
#[test]
fn the_factory_state_comes_at_once_and_forgets_everything() {
    let mut sim = phone();
    sim.line(1, LineUse::Busy);
    ask(&mut sim, Command::FactoryReset);
    assert_eq!(sim.restarts, 1);
    assert!(sim.durable.is_empty());
    assert_eq!(sim.record, StateRecord::default());
    sim.power_cycle();
    assert_eq!(sim.value("GPP_A"), "");
    assert!(!sim.phone.provisioned());
}

//= R-IDLE-5 type=test
#[test]
fn the_factory_state_waits_for_the_end_of_an_emergency_call() {
    let mut sim = phone();
    sim.line(1, LineUse::Emergency);
    ask(&mut sim, Command::FactoryReset);
    sim.run_for(10_000);
    assert_eq!(sim.restarts, 0);
    assert!(!sim.durable.is_empty());
    sim.commit_s = 10;
    sim.line(1, LineUse::Idle);
    // Another one begins while everything is being erased.
    sim.line(1, LineUse::Emergency);
    sim.run_for(10);
    assert_eq!(sim.restarts, 0);
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.restarts, 1);
}

#[test]
fn a_factory_state_that_cannot_be_stored_changes_nothing_and_forgets_no_restart() {
    let mut sim = phone();
    sim.commits_end = Committed::Failed;
    ask(&mut sim, Command::FactoryReset);
    assert_eq!(sim.restarts, 0);
    assert!(sim.notices.contains(&Notice::EraseFailed));
    assert!(sim.durable.contains_key(&known::GPP_A));
    sim.commits_end = Committed::Durable;
    sim.resync();
    assert_eq!(sim.restarts, 1);
}

#[test]
fn nothing_begins_behind_a_restart() {
    let load = "http://s/sip88xx.12-0-1MPP0001-100.loads";
    let mut sim = Sim::new(move |_, _| {
        Served::Profile(vec![
            ("Asset_ID", "7".to_owned()),
            ("Upgrade_Rule", load.to_owned()),
            ("Resync_Trigger_1", "$PRVTMR ge 0".to_owned()),
            ("Custom_CA_Rule", "http://s/ca.pem".to_owned()),
        ])
    })
    .with("Profile_Rule", "http://p/x.xml")
    .with("Resync_Random_Delay", "0")
    .with_slots()
    .booted();
    assert_eq!(sim.restarts, 1);
    sim.run_for(1000);
    let (_, after) = sim.trace.split_once("Restart(Cold)").unwrap_or_default();
    for transfer in [" Fetch(", " FetchTrust(", " Upgrade("] {
        assert!(!after.contains(transfer), "{after}");
    }
    // Until the boot.
    sim.power_cycle();
    assert!(!sim.upgrades.is_empty());
}

#[test]
fn a_factory_state_that_cannot_be_stored_keeps_the_restart_of_an_upgrade() {
    let load = "http://s/sip88xx.12-0-1MPP0001-100.loads";
    // The reset comes while the restart waits for a call, and while the boot loader is told; that ends before it or after it.
    for (call, erase_s, told) in [
        (true, 0, Committed::Durable),
        (false, 5, Committed::Durable),
        (false, 20, Committed::Durable),
        (false, 20, Committed::Failed),
    ] {
        let mut sim = Sim::new(|_, _| Served::empty())
            .with("Resync_Random_Delay", "0")
            .with("Upgrade_Rule", load)
            .with_slots();
        sim.fetch_s = 10;
        if let Some(firmware) = &mut sim.firmware {
            firmware.activation_s = 10;
            firmware.activations_end = told;
        }
        sim.boot();
        if call {
            sim.line(1, LineUse::Busy);
        }
        sim.run_for(10);
        (sim.commits_end, sim.commit_s) = (Committed::Failed, erase_s);
        ask(&mut sim, Command::FactoryReset);
        if let Some(firmware) = &mut sim.firmware {
            firmware.activations_end = Committed::Durable;
        }
        sim.run_for(20);
        // It would take the place of the other one.
        sim.upgrade(Some("http://t/y.loads"));
        sim.line(1, LineUse::Idle);
        sim.run_for(100);
        assert_eq!(
            (sim.restarts, sim.upgrades.len()),
            (1, 1),
            "{erase_s} {told:?}"
        );
        sim.power_cycle();
        assert_eq!(sim.running(), "sip88xx.12-0-1MPP0001-100");
    }
}
