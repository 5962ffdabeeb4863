//! Firmware upgrades (transports.md 10 and 17.7).

mod attempts;

use onhook_device::{Outcome, UpgradeNoServer};
use onhook_params::Scope;
use onhook_phone::{Cause, LineUse, Notice, RebootReason, RuleFault, Stage, UpgradeNotice};
use onhook_testkit::sim::{Served, Sim};

pub(crate) const OLD: &str = "sip88xx.11-3-2MPP0001-609";
pub(crate) const NEW: &str = "sip88xx.12-0-1MPP0001-100";
pub(crate) const RULE: &str = "http://s/sip88xx.12-0-1MPP0001-100.loads";
pub(crate) const URL: &str = "http://s:80/sip88xx.12-0-1MPP0001-100.loads";

/// A phone with slots whose profile sets `settings`; loads are served as `load` says.
pub(crate) fn phone(settings: &[(&'static str, &str)], load: Served) -> Sim {
    of(Scope::default(), settings, load)
}

pub(crate) fn of(scope: Scope, settings: &[(&'static str, &str)], load: Served) -> Sim {
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

pub(crate) fn upgrades(sim: &Sim) -> Vec<u64> {
    sim.upgrades.iter().map(|(second, _)| *second).collect()
}

pub(crate) fn told(sim: &Sim) -> Vec<UpgradeNotice> {
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

pub(crate) fn resyncs(sim: &Sim) -> Vec<Cause> {
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
pub(crate) fn shown(sim: &mut Sim, text: &str) -> String {
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
