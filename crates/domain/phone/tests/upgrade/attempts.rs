//! Gates, requests, and how attempts end.

use onhook_device::Outcome;
use onhook_phone::{Cause, Committed, LineUse, UpgradeGate, UpgradeNotice};
use onhook_testkit::sim::{Served, Sim};

use crate::{NEW, OLD, RULE, URL, phone, resyncs, shown, told, upgrades};

//= R-UPG-10 type=test
//= R-SM-1 type=test
#[test]
fn upgrade_enable_gates_upgrades_and_nothing_else() {
    let settings = [("Upgrade_Rule", RULE), ("Upgrade_Enable", "No")];
    let mut sim = phone(&settings, Served::empty()).booted();
    sim.run_for(10_000);
    assert!(resyncs(&sim).len() > 2);
    sim.upgrade(None);
    sim.upgrade(Some(RULE));
    let refused = UpgradeNotice::Refused(UpgradeGate::Disabled);
    assert_eq!(told(&sim), [refused; 2]);
    assert_eq!(sim.upgrades, []);
    sim.set("Upgrade_Enable", "Yes");
    sim.run_for(0);
    assert_eq!(sim.upgrades.len(), 1);
    // Provision_Enable does not gate it.
    let sim = phone(&[], Served::empty())
        .with("Provision_Enable", "No")
        .with("Upgrade_Rule", RULE)
        .booted();
    assert_eq!((sim.requests.len(), sim.upgrades.len()), (0, 1));
}

//= R-FW-14 type=test
#[test]
fn an_upgrade_by_request_ignores_the_memory_is_not_stored_and_waits_for_idle() {
    let settings = [("Upgrade_Rule", RULE), ("Upgrade_Error_Retry_Delay", "0")];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(10);
    assert_eq!(upgrades(&sim), [0]);
    sim.line(1, LineUse::Busy);
    sim.upgrade(None);
    sim.upgrade(Some("http://t/y.loads"));
    assert_eq!(upgrades(&sim), [0]);
    sim.line(1, LineUse::Idle);
    // The later request took the place of the earlier one.
    let last = sim.upgrades.last().map(|(_, url)| url.clone());
    assert_eq!(last.as_deref(), Some("http://t:80/y.loads"));
    assert_eq!(sim.upgrades.len(), 2);
    sim.upgrade(None);
    assert_eq!(sim.upgrades.len(), 3);
    // Its failures are not tried again.
    sim.run_for(100_000);
    assert_eq!(sim.upgrades.len(), 3);
    assert_eq!(sim.value("Upgrade_Rule"), RULE);
    sim.upgrade(Some(&format!("http://s/{OLD}.loads")));
    assert_eq!(told(&sim).last(), Some(&UpgradeNotice::NotNeeded));
}

#[test]
fn an_upgrade_by_request_leaves_the_pending_retry_of_the_rule_alone() {
    let settings = [
        ("Upgrade_Rule", RULE),
        ("Resync_After_Upgrade_Attempt", "No"),
    ];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(100);
    sim.upgrade(Some("http://t/y.loads"));
    sim.upgrade(Some("[--uid"));
    sim.run_for(3499);
    assert_eq!(upgrades(&sim), [0, 100]);
    sim.run_for(1);
    assert_eq!(upgrades(&sim), [0, 100, 3600]);
}

#[test]
fn a_phone_without_slots_says_so_once_and_asks_nobody() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::empty());
    sim.firmware = None;
    sim.boot();
    sim.run_for(100_000);
    let refused = UpgradeNotice::Refused(UpgradeGate::NoSlots);
    assert_eq!(told(&sim), [refused]);
    assert_eq!(sim.upgrades, []);
    sim.upgrade(None);
    assert_eq!(told(&sim), [refused; 2]);
    assert!(
        !sim.message_texts()
            .iter()
            .any(|text| text.contains("pgrade"))
    );
}

//= R-LOG-3 type=test
//= R-OUT-5 type=test
#[test]
fn a_load_that_ends_without_a_status_over_http_is_told_in_the_documented_words() {
    for (rule, outcome, err) in [
        (RULE, Outcome::Connect, "http_get failed"),
        (RULE, Outcome::Dns, "http_get failed"),
        (RULE, Outcome::Truncated, "http_get failed"),
        (RULE, Outcome::Timeout, "http_get failed"),
        (RULE, Outcome::HttpStatus(503), "http status 503"),
        ("tftp://s/x.loads", Outcome::Connect, "connect failed"),
    ] {
        let mut sim = phone(&[("Upgrade_Rule", rule)], Served::Fails(outcome)).booted();
        assert!(told(&sim).contains(&UpgradeNotice::Done(outcome)));
        assert_eq!(shown(&mut sim, "$UPGERR"), err);
        let text = format!("Upgrade failed: {err}");
        assert!(sim.message_texts().iter().any(|said| said.ends_with(&text)));
    }
}

//= R-UPG-1 type=test
#[test]
fn assignments_of_the_rule_come_first_and_alone_if_there_is_no_url() {
    let rule = format!("( GPP_C = \"up\" )! {RULE}");
    let mut sim = phone(&[], Served::empty()).with("Upgrade_Rule", &rule);
    sim.commit_s = 10;
    sim.boot();
    sim.run_for(9);
    assert_eq!(sim.upgrades, []);
    // A call that begins meanwhile is waited for.
    sim.line(1, LineUse::Busy);
    sim.run_for(100);
    assert_eq!((sim.value("GPP_C").as_str(), sim.upgrades.len()), ("up", 0));
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.upgrades.len(), 1);

    let mut sim = phone(&[], Served::empty())
        .with("Upgrade_Rule", "( GPP_C = \"alone\" )!")
        .booted();
    sim.run_for(10);
    assert_eq!(
        (sim.value("GPP_C").as_str(), sim.upgrades.len()),
        ("alone", 0)
    );
    sim.resync();
    assert_eq!(resyncs(&sim), [Cause::Boot, Cause::Explicit]);

    let mut sim = phone(&[], Served::empty()).with("Upgrade_Rule", &rule);
    sim.commits_end = Committed::Failed;
    sim.boot();
    assert!(told(&sim).contains(&UpgradeNotice::Done(Outcome::Internal)));
    assert_eq!(sim.upgrades, []);
}

#[test]
fn a_boot_loader_that_cannot_be_told_leaves_the_phone_running() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::empty());
    if let Some(firmware) = &mut sim.firmware {
        firmware.activations_end = Committed::Failed;
    }
    sim.boot();
    assert_eq!(sim.restarts, 0);
    assert_eq!(sim.record.restarting, None);
    assert_eq!(sim.record.upgrades.switch, None);
    assert_eq!(shown(&mut sim, "$UPGERR"), "flash error");
    // The load stays in its slot, and the retry needs no transfer.
    if let Some(firmware) = &mut sim.firmware {
        firmware.activations_end = Committed::Durable;
    }
    sim.run_for(3600);
    assert_eq!((sim.upgrades.len(), sim.restarts), (1, 1));
}

//= R-IDLE-5 type=test
#[test]
fn an_emergency_call_that_begins_while_the_boot_loader_is_told_is_waited_for() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::empty());
    sim.save_s = 10;
    sim.boot();
    if let Some(firmware) = &mut sim.firmware {
        firmware.activation_s = 10;
    }
    sim.run_for(15);
    sim.line(1, LineUse::Emergency);
    sim.run_for(10_000);
    assert_eq!(sim.restarts, 0);
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.restarts, 1);
    sim.power_cycle();
    assert_eq!(sim.running(), NEW);
}

//= R-RAD-1 type=test
#[test]
fn a_restricted_domain_keeps_loads_away() {
    let settings = [("Upgrade_Rule", RULE), ("Restricted_Access_Domains", "p")];
    let sim = phone(&settings, Served::empty()).booted();
    assert_eq!(sim.upgrades, []);
    assert!(told(&sim).contains(&UpgradeNotice::Done(Outcome::ServerNotAllowed)));
}

//= R-SM-29 type=test
#[test]
fn a_changed_retry_delay_counts_from_its_change() {
    let settings = [
        ("Upgrade_Rule", RULE),
        ("Resync_After_Upgrade_Attempt", "No"),
    ];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(1000);
    sim.set("Upgrade_Error_Retry_Delay", "60");
    sim.run_for(59);
    assert_eq!(upgrades(&sim), [0]);
    sim.run_for(1);
    assert_eq!(upgrades(&sim), [0, 1060]);
}

//= R-FW-1 type=test
#[test]
fn a_failing_resync_does_not_keep_a_changed_rule_waiting() {
    let mut sim = Sim::new(|url, _| match url {
        url if url.contains(".loads") => Served::empty(),
        url if url.ends_with("/a") => Served::one("Upgrade_Rule", RULE),
        _ => Served::Fails(Outcome::Connect),
    })
    .with("Profile_Rule", "http://p/a")
    .with("Profile_Rule_B", "http://p/b")
    .with("Resync_Random_Delay", "0")
    .with_slots()
    .booted();
    sim.run_for(0);
    assert_eq!(sim.upgrades, [(0, URL.to_owned())]);
}

#[test]
fn no_text_is_lost_or_kept_by_upgrades() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(20_000);
    let count = sim.shared.values.len();
    for _ in 0..50 {
        sim.run_for(3600);
        sim.upgrade(Some("http://t/y.loads"));
    }
    sim.run_for(3600);
    assert!(sim.shared.values.len() <= count + 4);
}

//= R-UPG-7 type=test
#[test]
fn a_target_whose_retry_was_given_up_is_tried_when_it_is_named_again() {
    let mut sim = phone(&[], Served::Fails(Outcome::Fnf))
        .with("Resync_After_Upgrade_Attempt", "No")
        .with("Upgrade_Rule", RULE)
        .booted();
    assert_eq!(upgrades(&sim), [0]);
    sim.run_for(10);
    sim.set("Upgrade_Enable", "No");
    sim.run_for(10_000);
    sim.set("Upgrade_Enable", "Yes");
    assert_eq!(upgrades(&sim), [0, 10_010]);
    for other in ["", &format!("http://s/{OLD}.loads")] {
        let before = sim.upgrades.len();
        sim.set("Upgrade_Rule", other);
        sim.run_for(10_000);
        sim.set("Upgrade_Rule", RULE);
        assert_eq!(sim.upgrades.len(), before + 1, "{other}");
    }
}

//= R-UPG-10 type=test
#[test]
fn upgrades_disabled_while_an_attempt_waits_for_lines_end_it() {
    let rule = format!("( GPP_C = \"up\" )! {RULE}");
    let mut sim = phone(&[], Served::empty()).with("Upgrade_Rule", &rule);
    sim.commit_s = 10;
    sim.boot();
    sim.run_for(9);
    sim.line(1, LineUse::Busy);
    sim.run_for(10);
    sim.set("Upgrade_Enable", "No");
    sim.run_for(100);
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.upgrades, []);
    assert!(!sim.phone.is_upgrading());
    let before = sim.requests.len();
    sim.resync();
    assert_eq!(sim.requests.len(), before + 1);
}

//= R-FW-9 type=test
#[test]
fn the_resync_of_a_boot_knows_how_the_upgrade_before_it_ended() {
    let rule = "( \"$UPGERR\" eq \"boot failed\" )? http://p/failed | http://p/x";
    let mut sim = phone(&[], Served::empty())
        .with("Upgrade_Rule", RULE)
        .with("Profile_Rule", rule);
    if let Some(firmware) = &mut sim.firmware {
        firmware.boots = false;
    }
    sim.boot();
    sim.power_cycle();
    let last = sim.requests.last().map(|(_, url, _)| url.clone());
    assert_eq!(last.as_deref(), Some("http://p:80/failed"));
}

//= R-UPG-3 type=test
#[test]
fn what_a_boot_finds_out_of_a_load_is_saved_before_the_boot_is() {
    let mut sim = phone(&[], Served::empty()).with("Upgrade_Rule", RULE);
    if let Some(firmware) = &mut sim.firmware {
        firmware.boots = false;
    }
    sim.boot();
    sim.trace.clear();
    sim.power_cycle();
    let at = |what: &str| sim.trace.find(what);
    assert!(at("Upgrades(").is_some() && at("Upgrades(") < at("Booted"));
}

//= R-UPG-3 type=test
#[test]
fn a_query_that_moves_is_no_other_target() {
    let rule = format!("{RULE}?$PRVTMR");
    let settings = [
        ("Upgrade_Rule", &*rule),
        ("Upgrade_Error_Retry_Delay", "1000"),
    ];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(999);
    assert_eq!(upgrades(&sim), [0]);
    sim.run_for(1);
    assert_eq!(upgrades(&sim), [0, 1000]);
}

#[test]
fn rules_that_set_each_other_are_looked_at_once_each_time() {
    let mut sim = phone(&[], Served::empty())
        .with("GPP_C", "( Upgrade_Rule = \"$D\" )!")
        .with("GPP_D", "( Upgrade_Rule = \"$C\" )!")
        .with("Upgrade_Rule", "$C")
        .booted();
    assert_eq!(sim.value("Upgrade_Rule"), "$D");
    let before = sim.commits;
    sim.run_for(3000);
    assert!(sim.commits <= before + 1, "{}", sim.commits);
}

//= R-FW-9 type=test
//= R-FW-14 type=test
#[test]
fn a_request_for_what_has_had_its_result_fails_once() {
    let settings = [("Upgrade_Rule", RULE), ("Resync_Periodic", "0")];
    let mut sim = phone(&settings, Served::empty())
        .with("Downgrade_Rev_Limit", "sip88xx.12-0-2MPP0001-1")
        .booted();
    assert_eq!(sim.upgrades, []);
    sim.set("Downgrade_Rev_Limit", "");
    sim.run_for(0);
    // It fails for another reason, and nothing is promised.
    if let Some(firmware) = &mut sim.firmware {
        firmware.activations_end = Committed::Failed;
    }
    sim.notices.clear();
    sim.upgrade(None);
    assert!(told(&sim).contains(&UpgradeNotice::Done(Outcome::Flash)));
    let retries = told(&sim).into_iter();
    let retries = retries.filter(|told| matches!(told, UpgradeNotice::Retry(_)));
    assert_eq!(retries.count(), 0);
    sim.run_for(100_000);
    assert_eq!(sim.upgrades.len(), 1);
}
