//! Resyncs asked for by SIP and at the menu of the phone: their columns of the cause matrix (transports.md 9.4).

use onhook_device::{ForcedResync, TriggerMode};
use onhook_params::{Scope, Secrecy};
use onhook_phone::{Command, Gate, Input, LineUse, Notice, Origin};
use onhook_testkit::sim::{Served, Sim};

fn phone() -> Sim {
    set_up(Sim::new(|_, _| Served::empty()))
}

fn set_up(sim: Sim) -> Sim {
    sim.with("Profile_Rule", "http://h/p")
        .with("Resync_Random_Delay", "0")
}

fn ask(sim: &mut Sim, origin: Origin, rule: Option<&str>) {
    let values = &mut sim.shared.values;
    let rule = rule.and_then(|rule| values.intern(rule, Secrecy::Plain));
    let command = rule.map_or(Command::Resync, Command::ResyncWith);
    sim.input(Input::Command(origin, command));
    sim.run_for(0);
}

fn refused(sim: &Sim) -> Vec<Gate> {
    let mut gates = Vec::new();
    for notice in &sim.notices {
        if let Notice::Refused(gate) = notice {
            gates.push(*gate);
        }
    }
    gates
}

//= R-SIP-2 type=test
//= R-UA-9 type=test
//= R-WEB-9 type=test
#[test]
fn v_135_and_158_each_way_has_its_own_enable() {
    let ways = [
        (Origin::Sip, "Resync_From_SIP", Gate::SipDisabled),
        (
            Origin::Screen,
            "User_Configurable_Resync",
            Gate::ScreenDisabled,
        ),
    ];
    for (origin, enable, gate) in ways {
        for rule in [None, Some("http://h/given")] {
            let mut sim = phone().with(enable, "No").booted();
            ask(&mut sim, origin, rule);
            assert_eq!(
                (refused(&sim), sim.requests.len()),
                (vec![gate], 1),
                "{origin:?}"
            );
            assert_eq!(sim.value("Profile_Rule"), "http://h/p");
            for other in [Origin::Control, Origin::Page, Origin::Sip, Origin::Screen] {
                if other != origin {
                    let before = sim.requests.len();
                    ask(&mut sim, other, None);
                    assert_eq!(sim.requests.len(), before + 1, "{other:?}");
                }
            }
            assert_eq!(refused(&sim).len(), 1);
        }
    }
}

//= R-SIP-3 type=test
#[test]
fn v_136_provision_enable_holds_for_every_way() {
    for origin in [Origin::Control, Origin::Page, Origin::Sip, Origin::Screen] {
        for rule in [None, Some("http://h/given")] {
            let mut sim = phone().with("Provision_Enable", "No").booted();
            ask(&mut sim, origin, rule);
            assert_eq!(refused(&sim), [Gate::ProvisionDisabled], "{origin:?}");
            sim.run_for(100_000);
            assert_eq!(sim.requests.len(), 0);
            assert_eq!(sim.value("Profile_Rule"), "http://h/p");
        }
    }
}

//= R-SIP-4 type=test
//= R-SIP-5 type=test
#[test]
fn v_137_and_139_and_140_a_notify_runs_one_rule_or_all_when_lines_are_idle_whatever_triggers_say() {
    let mut scope = Scope::default();
    scope.readings.triggers = TriggerMode::Gate;
    let mut sim = set_up(Sim::of(scope, 1, |_, _| Served::empty()))
        .with("Profile_Rule_B", "http://h/b")
        .with("Resync_Trigger_1", "0 gt 1")
        .booted();
    assert_eq!(sim.requests.len(), 0, "the triggers hold the boot back");
    sim.line(1, LineUse::Busy);
    ask(&mut sim, Origin::Sip, Some("http://h/first"));
    ask(&mut sim, Origin::Sip, Some("http://h/given"));
    ask(&mut sim, Origin::Sip, None);
    ask(&mut sim, Origin::Sip, None);
    sim.run_for(100);
    assert_eq!(sim.requests.len(), 0);
    sim.line(1, LineUse::Idle);
    sim.run_for(1);
    let mut asked: Vec<_> = sim
        .requests
        .iter()
        .map(|(_, url, prvst)| (url.as_str(), *prvst))
        .collect();
    asked.sort_unstable();
    let all = [
        ("http://h:80/b", -1),
        ("http://h:80/given", -1),
        ("http://h:80/p", -1),
    ];
    assert_eq!(asked, all, "two slots, and the last rule wins");
    assert_eq!(sim.value("Profile_Rule"), "http://h/p");
}

//= R-WEB-10 type=test
#[test]
fn v_159_a_rule_that_is_typed_at_the_phone_is_stored_and_all_rules_are_run() {
    let mut sim = phone().with("Profile_Rule_B", "http://h/b").booted();
    let before = sim.requests.len();
    for times in 1..=2 {
        // The second time it is stored already, and fetched again.
        ask(&mut sim, Origin::Screen, Some("tftp://192.168.1.5/p.cfg"));
        sim.run_for(1);
        assert_eq!(sim.value("Profile_Rule"), "tftp://192.168.1.5/p.cfg");
        assert_eq!(sim.restarts, 0);
        let asked: Vec<_> = sim.requests[before..]
            .iter()
            .map(|(_, url, prvst)| (url.as_str(), *prvst))
            .collect();
        let both = [("tftp://192.168.1.5:69/p.cfg", -1), ("http://h:80/b", -1)];
        assert_eq!(asked, both.repeat(times));
    }
    sim.power_cycle();
    assert_eq!(sim.value("Profile_Rule"), "tftp://192.168.1.5/p.cfg");
}

//= R-WEB-10 type=test
#[test]
fn a_rule_that_cannot_be_stored_is_not_fetched() {
    let mut sim = phone().booted();
    sim.commits_end = onhook_phone::Committed::Failed;
    ask(&mut sim, Origin::Screen, Some("http://h/typed"));
    sim.run_for(100);
    assert_eq!(
        (sim.value("Profile_Rule").as_str(), sim.requests.len()),
        ("http://h/p", 1)
    );
}

//= R-SIP-6 type=test
#[test]
fn v_142_a_restart_by_sip_waits_for_idle_lines_and_a_warm_one_boots_nothing() {
    for (forced, until) in [
        (ForcedResync::IdleCountdown, None),
        (ForcedResync::MaxWait, Some(100)),
    ] {
        for (command, cold, warm) in [(Command::Restart, 1, 0), (Command::RestartWarm, 0, 1)] {
            let mut scope = Scope::default();
            scope.readings.forced_resync = forced;
            let mut sim = set_up(Sim::of(scope, 1, |_, _| Served::empty()))
                .with("Forced_Resync_Delay", "100")
                .booted();
            sim.line(1, LineUse::Busy);
            sim.input(Input::Command(Origin::Sip, command));
            sim.run_for(99);
            assert_eq!((sim.restarts, sim.warm_restarts), (0, 0), "{command:?}");
            sim.run_for(10_000);
            if until.is_none() {
                assert_eq!((sim.restarts, sim.warm_restarts), (0, 0), "{command:?}");
                sim.line(1, LineUse::Idle);
                sim.run_for(1);
            }
            assert_eq!(
                (sim.restarts, sim.warm_restarts),
                (cold, warm),
                "{forced:?}"
            );
            if warm == 1 {
                sim.run_for(100);
                let boots = sim.requests.iter().filter(|(_, _, prvst)| *prvst == 0);
                assert_eq!(boots.count(), 1, "no boot resync");
            }
        }
    }
}

//= R-SM-22 type=test
#[test]
fn v_141_who_asks_for_a_restart_is_in_the_history() {
    for (origin, reason) in [
        (Origin::Sip, "SIP Triggered"),
        (Origin::Screen, "User Triggered"),
        (Origin::Control, "User Triggered"),
        (Origin::Page, "Provisioning"),
    ] {
        let mut sim = phone().with("Resync_From_SIP", "No").booted();
        sim.input(Input::Command(origin, Command::Restart));
        sim.run_for(1);
        assert_eq!(sim.record.history[0].unwrap().reason.name(), reason);
        assert_eq!(
            sim.restarts, 1,
            "an enable of resyncs is none of restarts (R-SIP-2)"
        );
    }
}
