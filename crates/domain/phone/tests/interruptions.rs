//! What comes in between: calls, edits, requests and failing writes.
#![cfg(test)]

use onhook_device::Outcome;
use onhook_phone::{Boot, Committed, Gate, Input, LineUse, Notice, State};
use onhook_testkit::sim::{Served, Sim};

fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script)
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/a")
}

//= R-SM-14 type=test
#[test]
fn a_restart_waits_for_a_call_that_began_while_its_reason_was_saved() {
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"));
    sim.save_s = 1;
    sim.boot();
    sim.line(2, LineUse::Busy);
    sim.run_for(10);
    assert_eq!(sim.restarts, 0);
    sim.line(2, LineUse::Idle);
    assert_eq!(sim.restarts, 1);
}

#[test]
fn a_restart_waits_for_a_resync_that_began_meanwhile() {
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"));
    sim.save_s = 1;
    sim.boot();
    sim.fetch_s = 5;
    sim.resync();
    sim.run_for(3);
    assert_eq!((sim.restarts, sim.requests.len()), (0, 2));
    sim.run_for(3);
    assert_eq!(
        (sim.restarts, sim.messages.len()),
        (1, 4),
        "each request has its result"
    );
}

//= R-RBT-3 type=test
#[test]
fn a_restart_whose_reason_could_not_be_saved_comes_later() {
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"));
    sim.saves_end = Committed::Failed;
    sim.boot();
    assert_eq!((sim.restarts, sim.record.restarting), (0, None));
    sim.saves_end = Committed::Durable;
    sim.run_for(3600);
    assert_eq!(sim.restarts, 1);
    assert!(sim.record.restarting.is_some());
}

#[test]
fn a_resync_in_the_foreground_leaves_the_restart_to_its_caller() {
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"));
    sim.input(Input::Boot(Boot::Foreground, sim.record));
    sim.resync();
    assert_eq!((sim.restarts, sim.record.restarting), (1, None));
    sim.power_cycle();
    assert_eq!(
        sim.requests.len(),
        2,
        "the next boot is a power-on like any other"
    );
}

//= R-RBT-4 type=test
#[test]
fn assignments_wait_for_the_end_of_a_call_too() {
    let mut sim = phone(|url, _| match url {
        "http://h:80/a" => Served::one("GPP_A", "a"),
        _ => Served::empty(),
    })
    .with("Profile_Rule_B", "(b = \"assigned\";)! http://h/b");
    sim.commit_s = 5;
    sim.boot();
    sim.line(1, LineUse::Busy);
    sim.run_for(100);
    assert_eq!(
        (sim.value("GPP_A").as_str(), sim.value("GPP_B").as_str()),
        ("a", "")
    );
    assert_eq!(sim.requests.len(), 1);
    sim.line(1, LineUse::Idle);
    sim.run_for(10);
    assert_eq!(
        (sim.value("GPP_B").as_str(), sim.requests.len()),
        ("assigned", 2)
    );
    assert_eq!(sim.phone.state(), State::Waiting);
}

//= R-SM-30 type=test
#[test]
fn a_request_that_waited_is_refused_when_the_profile_disables_provisioning() {
    let mut sim = phone(|_, _| Served::one("Provision_Enable", "No"));
    sim.fetch_s = 5;
    sim.boot();
    sim.resync_with("http://h/given");
    sim.run_for(10);
    assert_eq!(sim.requests.len(), 1);
    assert!(
        sim.notices
            .contains(&Notice::Refused(Gate::ProvisionDisabled))
    );
    assert_eq!(sim.phone.state(), State::Dormant);
}

//= R-SM-29 type=test
#[test]
fn a_given_rule_that_changes_the_schedule_rearms_its_timer() {
    let mut sim = phone(|url, _| match url {
        "http://h:80/given" => Served::one("Resync_Periodic", "30"),
        _ => Served::empty(),
    })
    .with("Resync_Periodic", "600")
    .booted();
    sim.run_for(100);
    sim.resync_with("http://h/given");
    sim.run_for(40);
    assert_eq!(sim.request_seconds(), [0, 100, 130]);
}

#[test]
fn a_commit_that_outlasts_the_resync_ends_it_with_a_timeout() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "late")).with("Profile_Rule_B", "http://h/b");
    sim.commit_s = 1000;
    sim.boot();
    sim.run_for(1000);
    assert_eq!(sim.value("GPP_A"), "late", "what is durable is in force");
    assert_eq!(
        (sim.requests.len(), sim.phone.state()),
        (1, State::ErrorWait)
    );
    assert!(sim.message_texts()[1].ends_with("Resync failed: timeout"));
}

#[test]
fn a_stalled_fetch_ends_after_fifteen_minutes() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "never"));
    sim.fetch_s = 5000;
    sim.boot();
    sim.run_for(899);
    assert_eq!(sim.messages.len(), 1);
    sim.run_for(1);
    assert!(sim.message_texts()[1].ends_with("Resync failed: timeout"));
    sim.run_for(4200);
    assert_eq!(sim.value("GPP_A"), "", "its late completion is ignored");
    assert_eq!(sim.phone.stale_completions(), 1);
}

#[test]
fn a_message_shows_the_prvst_of_its_own_resync() {
    let mut sim = phone(|_, at| {
        if at < 90 {
            Served::Fails(Outcome::Dns)
        } else {
            Served::empty()
        }
    })
    .with("Log_Failure_Msg", "$PRVST")
    .with("Resync_Error_Retry_Delay", "60");
    sim.fetch_s = 5;
    sim.boot();
    sim.run_for(67);
    sim.resync();
    sim.run_for(10);
    let failures: Vec<_> = sim
        .message_texts()
        .into_iter()
        .filter(|text| text.len() <= 2)
        .collect();
    assert_eq!(failures, ["0", "2", "-1"]);
}

#[test]
fn a_local_edit_never_restarts_the_phone() {
    let mut sim = phone(|_, _| Served::empty()).booted();
    sim.set("Web_Server_Port", "8123");
    sim.resync();
    assert_eq!(
        (sim.value("Web_Server_Port").as_str(), sim.restarts),
        ("8123", 0)
    );
}

#[test]
fn texts_that_nobody_uses_are_freed() {
    let mut sim = phone(|url, at| {
        Served::Profile(vec![("GPP_A", format!("{at}")), ("GPP_SA", url.to_owned())])
    })
    .with("Profile_Rule", "[--key \"$SA$PRVTMR\"] http://h/$A")
    .with("Resync_Periodic", "1")
    .booted();
    for round in 0..2000 {
        sim.run_for(1);
        sim.set("GPP_B", &format!("edit {round}"));
        if round % 100 == 0 {
            sim.set("GPP_B", "");
            sim.power_cycle();
        }
    }
    assert!(sim.requests.len() > 1900);
    assert!(sim.shared.values.len() < 600, "{}", sim.shared.values.len());
}

#[test]
fn a_restart_whose_reason_cannot_be_saved_does_not_try_for_ever_during_a_call() {
    let mut scope = onhook_params::Scope::default();
    scope.readings.forced_resync = onhook_device::ForcedResync::MaxWait;
    let mut sim = Sim::of(scope, 1, |_, _| Served::one("Web_Server_Port", "8080"))
        .with("Resync_Random_Delay", "0")
        .with("Forced_Resync_Delay", "300")
        .with("Profile_Rule", "http://h/a");
    sim.fetch_s = 5;
    sim.save_s = 1;
    sim.boot();
    sim.run_for(4);
    sim.line(2, LineUse::Busy);
    sim.saves_end = Committed::Failed;
    sim.run_for(1500);
    let saves = sim.trace.matches("Restarting(").count();
    assert!(saves < 5, "{saves}");
    sim.saves_end = Committed::Durable;
    sim.run_for(3600);
    assert_eq!(sim.restarts, 1);
}
