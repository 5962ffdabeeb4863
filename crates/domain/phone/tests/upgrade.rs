//! Firmware upgrades (transports.md 10 and 17.7).

use onhook_device::{Outcome, UpgradeNoServer};
use onhook_params::Scope;
use onhook_phone::{
    Cause, Committed, LineUse, Notice, RebootReason, RuleFault, Stage, UpgradeGate, UpgradeNotice,
};
use onhook_testkit::sim::{Served, Sim};

const OLD: &str = "sip88xx.11-3-2MPP0001-609";
const NEW: &str = "sip88xx.12-0-1MPP0001-100";
const RULE: &str = "http://s/sip88xx.12-0-1MPP0001-100.loads";
const URL: &str = "http://s:80/sip88xx.12-0-1MPP0001-100.loads";

/// A phone with slots whose profile sets `settings`; loads are served as `load` says.
fn phone(settings: &[(&'static str, &str)], load: Served) -> Sim {
    of(Scope::default(), settings, load)
}

fn of(scope: Scope, settings: &[(&'static str, &str)], load: Served) -> Sim {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Sim::of(scope, 1, move |url, _| match url.contains(".loads") {
        true => load.clone(),
        false => Served::Profile(settings.clone()),
    })
    .with("Profile_Rule", "http://p/x.xml")
    .with("Resync_Random_Delay", "0")
    .with("Resync_Periodic", "3600")
    .with_slots()
}

fn upgrades(sim: &Sim) -> Vec<u64> {
    sim.upgrades.iter().map(|(second, _)| *second).collect()
}

fn told(sim: &Sim) -> Vec<UpgradeNotice> {
    sim.notices
        .iter()
        .filter_map(|notice| {
            let Notice::Upgrade(told) = notice else {
                return None;
            };
            Some(*told)
        })
        .collect()
}

fn resyncs(sim: &Sim) -> Vec<Cause> {
    sim.notices
        .iter()
        .filter_map(|notice| {
            let Notice::ResyncStarted(cause, _) = notice else {
                return None;
            };
            Some(*cause)
        })
        .collect()
}

/// What a macro says.
fn shown(sim: &mut Sim, text: &str) -> String {
    sim.set("GPP_P", "");
    sim.run_for(0);
    let rule = format!("( GPP_P = \"{text}\" )!");
    sim.resync_with(&rule);
    sim.value("GPP_P")
}

//= R-FW-2 type=test
//= R-UPG-8 type=test
#[test]
fn v_200_the_load_that_runs_is_no_upgrade_and_says_nothing() {
    let rule = format!("http://s/{OLD}.loads");
    let sim = phone(&[("Upgrade_Rule", &rule)], Served::empty()).booted();
    assert_eq!(sim.running(), OLD);
    assert_eq!(told(&sim), []);
    assert_eq!(sim.upgrades, []);
    // Request and success of the profile alone.
    assert_eq!(sim.messages.len(), 2);
}

//= R-FW-3 type=test
//= R-UPG-4 type=test
#[test]
fn v_201_a_load_in_the_other_slot_is_switched_to_without_a_request() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::Fails(Outcome::Connect));
    if let Some(firmware) = &mut sim.firmware {
        firmware.inactive = Some(NEW.to_owned());
    }
    sim.boot();
    assert_eq!(sim.upgrades, []);
    assert_eq!(sim.restarts, 1);
    let last = sim.message_texts().pop().unwrap_or_default().to_owned();
    assert!(last.contains("Successful upgrade"), "{last}");
    assert_eq!(sim.messages.len(), 3);
    sim.power_cycle();
    assert_eq!(sim.running(), NEW);
}

//= R-FW-1 type=test
//= R-FW-7 type=test
//= R-FW-12 type=test
//= R-UPG-5 type=test
//= R-SM-31 type=test
//= R-SM-3 type=test
#[test]
fn v_202_a_new_load_is_fetched_logged_and_restarted_into() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::empty());
    sim.fetch_s = 100;
    sim.boot();
    sim.run_for(199);
    assert_eq!(sim.upgrades, [(100, URL.to_owned())]);
    assert_eq!(sim.restarts, 0);
    sim.run_for(1);
    assert_eq!(sim.restarts, 1);
    let texts = sim.message_texts();
    let at = format!("http://192.0.2.1:80/{NEW}.loads");
    let Some([request, success]) = texts.last_chunk::<2>() else {
        panic!("{texts:?}");
    };
    assert!(
        request.ends_with(&format!("Requesting upgrade {at}")),
        "{request}"
    );
    assert!(
        success.ends_with(&format!("Successful upgrade {at} -- {NEW}")),
        "{success}"
    );
    assert_eq!(sim.record.restarting, Some(RebootReason::Upgrade));
    assert_eq!(
        sim.record.history[0].map(|e| e.reason),
        Some(RebootReason::Upgrade)
    );
    sim.notices.clear();
    sim.power_cycle();
    sim.run_for(200);
    assert_eq!(sim.running(), NEW);
    assert_eq!(resyncs(&sim), [Cause::AfterUpgrade]);
    assert_eq!(upgrades(&sim), [100]);
    assert_eq!(shown(&mut sim, "$UPGERR"), NEW);
}

//= R-SCHED-14 type=test
#[test]
fn v_202b_a_failed_attempt_is_followed_by_one_resync() {
    let settings = [
        ("Upgrade_Rule", RULE),
        ("Resync_After_Upgrade_Attempt", "Yes"),
    ];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(3599);
    assert_eq!(resyncs(&sim), [Cause::Boot, Cause::UpgradeFailed]);
    assert_eq!(
        sim.requests
            .last()
            .map(|(second, _, prvst)| (*second, *prvst)),
        Some((0, 1))
    );
    assert_eq!(upgrades(&sim), [0]);
    sim.run_for(1);
    assert_eq!(upgrades(&sim), [0, 3600]);
}

//= R-SM-3 type=test
#[test]
fn v_203_without_resync_after_upgrade_attempt_that_boot_has_none() {
    let settings = [
        ("Upgrade_Rule", RULE),
        ("Resync_After_Upgrade_Attempt", "No"),
    ];
    let mut sim = phone(&settings, Served::empty()).booted();
    assert_eq!(sim.restarts, 1);
    sim.notices.clear();
    sim.power_cycle();
    sim.run_for(10);
    assert_eq!(sim.running(), NEW);
    assert_eq!(resyncs(&sim), []);
    // Nor after an attempt that failed without a restart.
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(10);
    assert_eq!(resyncs(&sim), [Cause::Boot]);
}

//= R-FW-5 type=test
//= R-FW-15 type=test
//= R-UPG-7 type=test
//= R-MACRO-22 type=test
#[test]
fn v_204_a_missing_load_is_retried_whatever_missing_files_mean() {
    let settings = [
        ("Upgrade_Rule", RULE),
        ("Resync_Fails_On_FNF", "No"),
        ("Upgrade_Error_Retry_Delay", "3600"),
        ("Resync_After_Upgrade_Attempt", "No"),
        ("Resync_Periodic", "0"),
    ];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(100);
    let last = sim.message_texts().pop().unwrap_or_default().to_owned();
    assert!(last.ends_with("Upgrade failed: file not found"), "{last}");
    assert_eq!(
        shown(&mut sim, "$UPGST $UPGTMR $UPGERR"),
        "1 100 file not found"
    );
    sim.run_for(3505);
    assert_eq!(upgrades(&sim), [0, 3600]);
    assert_eq!(shown(&mut sim, "$UPGST $UPGTMR"), "2 5");
}

//= R-FW-5 type=test
#[test]
fn v_205_and_206_without_a_delay_nothing_is_tried_again_until_a_restart() {
    let settings = [("Upgrade_Rule", RULE), ("Upgrade_Error_Retry_Delay", "0")];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(100_000);
    assert!(resyncs(&sim).len() > 20);
    assert_eq!(upgrades(&sim), [0]);
    sim.power_cycle();
    assert_eq!(upgrades(&sim), [0, 0]);
    // A resync leaves a pending retry alone.
    let settings = [
        ("Upgrade_Rule", RULE),
        ("Upgrade_Error_Retry_Delay", "10000"),
    ];
    let mut sim = phone(&settings, Served::Fails(Outcome::Fnf)).booted();
    sim.run_for(9999);
    assert_eq!(upgrades(&sim), [0]);
    sim.run_for(1);
    assert_eq!(upgrades(&sim), [0, 10_000]);
}

//= R-FW-4 type=test
//= R-UPG-3 type=test
#[test]
fn v_207_another_rule_is_tried_at_once_as_a_first_attempt() {
    let mut sim = phone(
        &[("Upgrade_Error_Retry_Delay", "60")],
        Served::Fails(Outcome::Fnf),
    )
    .with("Upgrade_Rule", RULE)
    .booted();
    sim.run_for(70);
    assert_eq!(upgrades(&sim), [0, 60]);
    let other = "http://s/sip88xx.12-0-2MPP0001-7.loads";
    sim.set("Upgrade_Rule", other);
    sim.run_for(0);
    assert_eq!(upgrades(&sim), [0, 60, 70]);
    let started = told(&sim).into_iter().filter_map(|told| {
        let UpgradeNotice::Started(stage, _) = told else {
            return None;
        };
        Some(stage)
    });
    let stages: Vec<_> = started.collect();
    assert_eq!(stages, [Stage::First, Stage::Retry, Stage::First]);
    // An emptied rule ends the retries.
    sim.set("Upgrade_Rule", "");
    sim.run_for(1000);
    assert_eq!(upgrades(&sim), [0, 60, 70]);
}

//= R-FW-10 type=test
//= R-UPG-6 type=test
#[test]
fn v_208_and_212_a_load_that_its_name_rules_out_is_refused_once_and_for_all() {
    let other = "http://s/sip78xx.12-0-1MPP0001-100.loads";
    for (rule, limit, err) in [
        (RULE, "sip88xx.12-0-2MPP0001-1", "version below limit"),
        (other, "", "wrong model"),
    ] {
        let settings = [("Upgrade_Rule", rule), ("Downgrade_Rev_Limit", limit)];
        let mut sim = phone(&settings, Served::empty()).booted();
        sim.run_for(100_000);
        let failed: Vec<_> = sim
            .message_texts()
            .into_iter()
            .filter(|text| text.contains("Upgrade failed"))
            .map(str::to_owned)
            .collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(failed[0].ends_with(err), "{failed:?}");
        assert_eq!((sim.upgrades.len(), sim.restarts), (0, 0));
        assert_eq!(shown(&mut sim, "$UPGERR"), err);
        // Not after a restart either; what ended it is still known.
        sim.messages.clear();
        sim.power_cycle();
        sim.run_for(100);
        assert!(
            !sim.message_texts()
                .iter()
                .any(|text| text.contains("Upgrade"))
        );
        assert_eq!(shown(&mut sim, "$UPGERR"), err);
    }
    // A limit that is no version limits nothing.
    let settings = [("Upgrade_Rule", RULE), ("Downgrade_Rev_Limit", "newest")];
    assert_eq!(phone(&settings, Served::empty()).booted().restarts, 1);
}

//= R-FW-8 type=test
#[test]
fn v_209_a_wrong_signature_is_a_failure_and_no_restart() {
    let mut sim = phone(&[("Upgrade_Rule", RULE)], Served::Fails(Outcome::Signature)).booted();
    assert_eq!(sim.restarts, 0);
    let last = sim
        .message_texts()
        .into_iter()
        .rfind(|text| text.contains("Upgrade"))
        .unwrap_or_default();
    assert!(
        last.ends_with("Upgrade failed: signature invalid"),
        "{last}"
    );
    sim.run_for(3600);
    assert_eq!(upgrades(&sim), [0, 3600]);
}

//= R-FW-9 type=test
//= R-SM-23 type=test
#[test]
fn v_210_a_load_that_does_not_come_up_is_blocked_until_the_rule_changes() {
    let mut sim = phone(&[], Served::empty()).with("Upgrade_Rule", RULE);
    if let Some(firmware) = &mut sim.firmware {
        firmware.boots = false;
    }
    sim.boot();
    assert_eq!(sim.restarts, 1);
    sim.power_cycle();
    sim.run_for(10_000);
    assert_eq!(sim.running(), OLD);
    assert_eq!(sim.upgrades.len(), 1);
    assert_eq!(
        sim.record.history[0].map(|e| e.reason),
        Some(RebootReason::Upgrade)
    );
    assert_eq!(shown(&mut sim, "$UPGERR"), "boot failed");
    sim.power_cycle();
    sim.run_for(10_000);
    assert_eq!((sim.upgrades.len(), sim.restarts), (1, 1));
    // It is in its slot.
    let changed = format!("{RULE}?again");
    sim.set("Upgrade_Rule", &changed);
    sim.run_for(0);
    assert_eq!((sim.upgrades.len(), sim.restarts), (1, 2));
}

//= R-IDLE-6 type=test
//= R-UPG-5 type=test
#[test]
fn v_211_an_upgrade_waits_for_idle_lines_without_limit_and_settled_ones() {
    let mut sim = phone(&[], Served::empty())
        .settling(30)
        .with_slots()
        .with("Profile_Rule", "")
        .booted();
    sim.line(1, LineUse::Busy);
    sim.set("Upgrade_Rule", RULE);
    sim.run_for(1_000_000);
    assert_eq!(sim.upgrades, []);
    sim.line(1, LineUse::Idle);
    sim.run_for(29);
    assert_eq!(sim.upgrades, []);
    sim.run_for(1);
    assert_eq!(upgrades(&sim), [1_000_030]);
    assert_eq!(sim.restarts, 1);
}

//= R-FW-16 type=test
//= R-SM-26 type=test
#[test]
fn a_call_and_a_resync_wait_for_the_end_of_a_transfer() {
    let mut sim = phone(
        &[("Resync_Periodic", "60")],
        Served::Fails(Outcome::Truncated),
    )
    .with("Upgrade_Rule", RULE)
    .with("Resync_After_Upgrade_Attempt", "No");
    sim.fetch_s = 0;
    sim.boot();
    sim.fetch_s = 500;
    sim.set("Upgrade_Rule", "http://s/other.loads");
    sim.run_for(0);
    sim.fetch_s = 0;
    sim.line(1, LineUse::Busy);
    sim.resync();
    sim.line(1, LineUse::Idle);
    sim.run_for(499);
    let before = sim.requests.len();
    assert_eq!(resyncs(&sim), [Cause::Boot]);
    sim.run_for(1);
    assert_eq!(resyncs(&sim), [Cause::Boot, Cause::Explicit]);
    assert_eq!(sim.requests.len(), before + 1);
}

//= R-FW-13 type=test
//= R-UPG-9 type=test
#[test]
fn v_213_a_condition_on_the_version_converges() {
    let rule = format!("( $SWVER ne {NEW} )? {RULE}");
    let mut sim = phone(&[("Upgrade_Rule", &rule)], Served::empty()).booted();
    assert_eq!((sim.upgrades.len(), sim.restarts), (1, 1));
    sim.power_cycle();
    sim.run_for(100_000);
    assert_eq!(sim.running(), NEW);
    assert_eq!((sim.upgrades.len(), sim.restarts), (1, 1));
}

//= R-UPG-2 type=test
//= R-FW-6 type=test
//= R-DHCP-10 type=test
#[test]
fn v_214_the_server_of_the_last_profile_stands_in() {
    let settings = [("Upgrade_Rule", "/x.loads")];
    let mut sim = phone(&settings, Served::Fails(Outcome::Connect))
        .with("Profile_Rule", "http://10.0.0.9:8080/p.xml")
        .booted();
    assert_eq!(sim.upgrades, [(0, "tftp://10.0.0.9:69/x.loads".to_owned())]);
    // Also after a restart, before any profile.
    sim.set("Resync_On_Reset", "No");
    sim.run_for(0);
    sim.upgrades.clear();
    sim.power_cycle();
    assert_eq!(sim.upgrades, [(0, "tftp://10.0.0.9:69/x.loads".to_owned())]);

    let mut scope = Scope::default();
    scope.readings.upgrade_no_server = UpgradeNoServer::Error;
    let sim = of(scope, &settings, Served::empty()).booted();
    assert_eq!(sim.upgrades, []);
    assert_eq!(
        told(&sim)[..2],
        [
            UpgradeNotice::Fault(RuleFault::NoServer),
            UpgradeNotice::Done(Outcome::NoServer)
        ]
    );
}

//= R-UPG-2 type=test
#[test]
fn before_the_first_profile_the_server_of_dhcp_stands_in() {
    let mut sim = phone(&[], Served::Fails(Outcome::Connect))
        .with("Profile_Rule", "")
        .with("Upgrade_Rule", "/x.loads");
    sim.learn(66, onhook_discovery::Value::Wire(b"http://10.0.0.7:8080"));
    sim.boot();
    assert_eq!(sim.upgrades, [(0, "tftp://10.0.0.7:69/x.loads".to_owned())]);
}

//= R-UPG-1 type=test
#[test]
fn v_214b_other_options_than_uid_and_pwd_are_bad_rules() {
    let settings = [("Upgrade_Rule", "[--key k]http://s/x.loads")];
    let mut sim = phone(&settings, Served::empty()).booted();
    assert_eq!(sim.upgrades, []);
    assert!(told(&sim).contains(&UpgradeNotice::Done(Outcome::BadRule)));
    // It is an attempt like any other, and its retry follows the list.
    sim.run_for(3599);
    let failed = |sim: &Sim| {
        let done = UpgradeNotice::Done(Outcome::BadRule);
        told(sim).iter().filter(|told| **told == done).count()
    };
    assert_eq!(failed(&sim), 1);
    sim.run_for(1);
    assert_eq!(failed(&sim), 2);
}

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
