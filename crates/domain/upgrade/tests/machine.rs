//! The machine by itself: targets, retries, restarts.

use onhook_device::{MonoTime, Outcome};
use onhook_schedule::DelayList;
use onhook_upgrade::{
    Armed, Decision, Lasting, Memory, Refusal, Stage, Target, Tried, Upgrade, digest, load_name,
    refusal,
};

const T1: Target = Target {
    rule: 1,
    url: 11,
    load: 111,
};
const T2: Target = Target {
    rule: 1,
    url: 12,
    load: 112,
};

fn at(seconds: u64) -> MonoTime {
    MonoTime::from_secs(seconds)
}

fn list(text: &str) -> DelayList<'_> {
    DelayList::parse(text).unwrap_or_default()
}

fn fresh() -> Upgrade {
    Upgrade::at_boot(Memory::default(), 100, false)
}

/// Fails an attempt for a target, and gives the seconds until the retry.
fn fail(machine: &mut Upgrade, target: Target, retry: &str, now: u64) -> Option<u64> {
    match machine.failed(target, &list(retry), 7, at(now)) {
        Armed::Retry(at) => Some(at.as_secs() - now),
        Armed::Nothing => None,
    }
}

//= R-FW-2 type=test
#[test]
fn the_name_of_a_load_is_the_last_segment_without_its_ending() {
    for (path, name) in [
        (
            "/sip88xx.11-3-2MPP0001-609.loads",
            "sip88xx.11-3-2MPP0001-609",
        ),
        ("/a/b/x.loads", "x"),
        ("/a/b/x.loads?token=/y.loads", "x"),
        ("/x", "x"),
        ("/a/", ""),
        ("x.loads.loads", "x.loads"),
    ] {
        assert_eq!(load_name(path), name, "{path}");
    }
}

//= R-FW-10 type=test
//= R-FW-11 type=test
//= R-UPG-6 type=test
#[test]
fn a_name_refuses_its_load_if_it_says_an_older_version_or_another_family() {
    let running = "sip88xx.11-3-2MPP0001-609";
    for (load, limit, expected) in [
        ("sip88xx.12-0-1MPP0001-100", "", None),
        ("sip78xx.12-0-1MPP0001-100", "", Some(Refusal::WrongModel)),
        ("SIP88XX.12-0-1MPP0001-100", "", None),
        // A name that names no family.
        ("x", "", None),
        ("12-0-1MPP0001-100", "", None),
        // The limit itself is no older version.
        (
            "sip88xx.11-3-2MPP0001-609",
            "sip88xx.11-3-2MPP0001-609",
            None,
        ),
        (
            "sip88xx.11-0-1MPP-312",
            "sip88xx.11-3-2MPP0001-609",
            Some(Refusal::BelowLimit),
        ),
        (
            "sip88xx.11-0-1MPP-312",
            "11-3-2MPP0001-609",
            Some(Refusal::BelowLimit),
        ),
        (
            "sip88xx.11-0-1MPP-312",
            " 11-3-2 ",
            Some(Refusal::BelowLimit),
        ),
        // What is no version limits nothing, nor what cannot be compared.
        ("sip88xx.11-0-1MPP-312", "newest", None),
        ("sip88xx.11-0-1MPP-312", "2.0.6", None),
        ("x", "11-3-2MPP0001-609", None),
    ] {
        assert_eq!(refusal(load, running, limit), expected, "{load} {limit}");
    }
    assert_eq!(refusal("sip78xx.1-0-0", "2.0.6(b)", ""), None);
}

#[test]
fn an_attempt_for_the_rule_stands_in_for_its_pending_retry() {
    let mut machine = fresh();
    assert_eq!(fail(&mut machine, T1, "60", 0), Some(60));
    machine.start(None, Stage::First, at(10));
    assert_eq!(machine.retry_at(), Some(at(60)));
    machine.start(Some(T1), Stage::First, at(10));
    machine.expire(at(60));
    assert!(!machine.wants_check());
    assert_eq!(machine.started(), Some(at(10)));
}

//= R-UPG-7 type=test
//= R-FW-5 type=test
#[test]
fn failures_follow_the_list_and_another_target_begins_it_anew() {
    let mut machine = fresh();
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::First));
    machine.start(Some(T1), Stage::First, at(10));
    let retry = "1800,3600,7200,14400+3600";
    for (failure, least, most) in [
        (1, 1800, 1800),
        (2, 3600, 3600),
        (3, 7200, 7200),
        (4, 14_400, 18_000),
        (5, 14_400, 18_000),
    ] {
        let wait = fail(&mut machine, T1, retry, failure * 100_000).unwrap();
        assert!((least..=most).contains(&wait), "{failure}: {wait}");
        // A check between leaves it alone.
        assert_eq!(machine.decide(T1), Decision::Leave);
        machine.expire(at(failure * 100_000 + wait - 1));
        assert!(!machine.wants_check());
        machine.expire(at(failure * 100_000 + wait));
        assert!(machine.wants_check());
        assert_eq!(machine.decide(T1), Decision::Attempt(Stage::Retry));
    }
    assert_eq!(machine.decide(T2), Decision::Attempt(Stage::First));
    assert_eq!(machine.retry_at(), None);
    assert_eq!(fail(&mut machine, T2, retry, 0), Some(1800));
}

//= R-UPG-3 type=test
//= R-UPG-7 type=test
#[test]
fn a_delay_of_0_makes_a_failure_the_result_until_the_phone_restarts() {
    let mut machine = fresh();
    for element in ["0", "0+0"] {
        assert_eq!(fail(&mut machine, T1, element, 5), None);
        assert_eq!(machine.retry_at(), None);
        machine.expire(at(100_000));
        assert_eq!(machine.decide(T1), Decision::Leave);
    }
    let mut machine = Upgrade::at_boot(machine.memory(), 100, false);
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::First));
}

//= R-UPG-3 type=test
//= R-FW-4 type=test
#[test]
fn refusals_and_successes_outlast_restarts_and_only_the_last_is_kept() {
    let mut machine = fresh();
    machine.refused(Some(T1), Refusal::WrongModel);
    assert_eq!(machine.last(), Some(Outcome::WrongModel));
    let mut machine = Upgrade::at_boot(machine.memory(), 100, false);
    assert_eq!(machine.last(), Some(Outcome::WrongModel));
    assert_eq!(machine.decide(T1), Decision::Leave);
    // Another text of the rule for the same URL is another target.
    let changed = Target { rule: 2, ..T1 };
    assert_eq!(machine.decide(changed), Decision::Attempt(Stage::First));
    machine.switching(Some(T2), T2.load);
    let mut machine = Upgrade::at_boot(machine.memory(), T2.load, false);
    assert_eq!(machine.last(), Some(Outcome::Upgraded));
    assert_eq!(machine.decide(T2), Decision::Leave);
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::First));
}

#[test]
fn an_upgrade_by_request_leaves_the_memory_of_the_rule_alone() {
    let mut machine = fresh();
    machine.switching(Some(T1), T1.load);
    let mut machine = Upgrade::at_boot(machine.memory(), T1.load, false);
    machine.switching(None, 200);
    let mut machine = Upgrade::at_boot(machine.memory(), 200, false);
    assert_eq!(machine.last(), Some(Outcome::Upgraded));
    assert_eq!(machine.decide(T1), Decision::Leave);
    machine.refused(None, Refusal::BelowLimit);
    assert_eq!(machine.last(), Some(Outcome::BelowLimit));
    assert_eq!(machine.decide(T1), Decision::Leave);
}

//= R-FW-9 type=test
#[test]
fn a_load_that_did_not_come_up_is_blocked_until_the_rule_changes() {
    let mut machine = fresh();
    machine.switching(Some(T1), T1.load);
    let mut machine = Upgrade::at_boot(machine.memory(), 100, true);
    let blocked = Some(Tried {
        target: T1,
        result: Lasting::BootFailed,
    });
    assert_eq!(machine.memory().tried, blocked);
    assert_eq!(machine.memory().switch, None);
    assert_eq!(machine.last(), Some(Outcome::BootFailed));
    // The same load from another server is the same load; another load is not.
    let elsewhere = Target { url: 99, ..T1 };
    assert_eq!(machine.decide(elsewhere), Decision::Leave);
    assert_eq!(machine.decide(T2), Decision::Attempt(Stage::First));
    let changed = Target { rule: 2, ..T1 };
    assert_eq!(machine.decide(changed), Decision::Attempt(Stage::First));
}

#[test]
fn a_switch_that_power_prevented_is_tried_once_more_and_then_counts_as_failed() {
    let mut machine = fresh();
    machine.switching(Some(T1), T1.load);
    let mut machine = Upgrade::at_boot(machine.memory(), 100, false);
    assert_eq!(machine.last(), None);
    // Restarts for other reasons change nothing.
    machine = Upgrade::at_boot(machine.memory(), 100, false);
    machine = Upgrade::at_boot(machine.memory(), 100, false);
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::First));
    machine.switching(Some(T1), T1.load);
    let mut machine = Upgrade::at_boot(machine.memory(), 100, false);
    assert_eq!(machine.last(), Some(Outcome::BootFailed));
    assert_eq!(machine.decide(T1), Decision::Leave);
}

#[test]
fn a_switch_that_the_boot_loader_did_not_take_is_as_though_it_had_not_been() {
    let mut machine = fresh();
    machine.refused(Some(T1), Refusal::BelowLimit);
    let before = machine.memory();
    // The state could not be saved at first.
    machine.switching(None, 200);
    machine.switching(None, 200);
    assert_eq!(machine.memory().switch, Some(200));
    machine.switch_failed();
    assert_eq!(machine.memory(), before);
    machine.switch_failed();
    assert_eq!(machine.memory(), before);
    machine.switching(Some(T2), T2.load);
    machine.switch_failed();
    assert_eq!(fail(&mut machine, T2, "60", 0), Some(60));
    assert_eq!(machine.decide(T1), Decision::Leave);
}

//= R-SM-29 type=test
#[test]
fn a_changed_list_begins_anew_for_a_pending_retry_alone() {
    let mut machine = fresh();
    assert_eq!(machine.retry_changed(&list("60"), 7, at(5)), Armed::Nothing);
    assert_eq!(fail(&mut machine, T1, "1000,2000", 0), Some(1000));
    assert_eq!(fail(&mut machine, T1, "1000,2000", 0), Some(2000));
    let armed = machine.retry_changed(&list("60,70"), 7, at(100));
    assert_eq!(armed, Armed::Retry(at(160)));
    assert_eq!(fail(&mut machine, T1, "60,70", 0), Some(70));
}

#[test]
fn digests_are_those_of_fnv() {
    assert_eq!(digest(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(digest("a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(digest("foobar"), 0x8594_4171_f739_67e8);
}

//= R-UPG-3 type=test
//= R-UPG-7 type=test
#[test]
fn a_retry_that_nothing_wants_is_no_result() {
    // Its rule is taken away, or upgrades are disabled.
    let mut machine = fresh();
    fail(&mut machine, T1, "60", 0);
    machine.rest();
    // Back before its time, it waits for that.
    assert_eq!(machine.decide(T1), Decision::Leave);
    machine.expire(at(60));
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::Retry));
    // Back afterwards, it is tried at once, and its list goes on.
    machine.start(Some(T1), Stage::Retry, at(60));
    fail(&mut machine, T1, "60", 60);
    machine.rest();
    machine.expire(at(120));
    assert!(machine.wants_check());
    machine.rest();
    assert_eq!(machine.retry_at(), None);
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::Retry));
    machine.start(Some(T1), Stage::Retry, at(200));
    assert_eq!(fail(&mut machine, T1, "60,60,70", 200), Some(70));
    machine.start(Some(T1), Stage::Retry, at(270));
    // Without a delay the failure was its result.
    fail(&mut machine, T1, "0", 200);
    machine.rest();
    assert_eq!(machine.decide(T1), Decision::Leave);
    // A target that has had its result comes between.
    let mut machine = fresh();
    machine.refused(Some(T2), Refusal::BelowLimit);
    fail(&mut machine, T1, "60", 0);
    assert_eq!(machine.decide(T2), Decision::Leave);
    machine.expire(at(60));
    assert_eq!(machine.decide(T2), Decision::Leave);
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::Retry));
    // An attempt ends before its result: that of a retry, and that of another target.
    machine.start(Some(T1), Stage::Retry, at(60));
    machine.rest();
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::Retry));
    let mut machine = fresh();
    fail(&mut machine, T1, "60", 0);
    assert_eq!(machine.decide(T2), Decision::Attempt(Stage::First));
    machine.start(Some(T2), Stage::First, at(0));
    machine.rest();
    assert_eq!(machine.decide(T2), Decision::Attempt(Stage::First));
    assert_eq!(machine.decide(T1), Decision::Attempt(Stage::First));
}
