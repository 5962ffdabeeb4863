//! The triggers of a phone, as the tables of the specification tell them.

use onhook_conditions::ConditionErrorCode;
use onhook_device::{Family, Outcome, Release, TriggerMode};
use onhook_params::Scope;
use onhook_phone::{Command, Input, LineUse, Notice, Origin, Registration};
use onhook_testkit::sim::{Served, Sim};

const URL: &str = "http://10.74.121.56/admin/resync?tftp://10.74.121.56:69/8861conf.cfg";
const GUARDED: &str = "$REGTMR1 gt 300 and $PRVTMR ge 600";
const UPGRADE: &str = "$UPGTMR gt 300 and $PRVTMR ge 600";

fn scope(mode: TriggerMode, release: Release) -> Scope {
    let mut scope = Scope::new(Family::Mpp, release);
    scope.readings.triggers = mode;
    scope
}

fn with(
    scope: Scope,
    script: impl FnMut(&str, u64) -> Served + 'static,
    first: &str,
    second: &str,
) -> Sim {
    Sim::of(scope, 1, script)
        .with("Resync_Random_Delay", "0")
        .with("Resync_Periodic", "0")
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Trigger_1", first)
        .with("Resync_Trigger_2", second)
}

fn fire(first: &str, second: &str) -> Sim {
    with(
        scope(TriggerMode::Fire, Release::R11_3),
        |_, _| Served::empty(),
        first,
        second,
    )
}

fn gate(first: &str, second: &str) -> Sim {
    with(
        scope(TriggerMode::Gate, Release::R11_3),
        |_, _| Served::empty(),
        first,
        second,
    )
}

/// Seconds and `$PRVST` of all requests.
fn requests(sim: &Sim) -> Vec<(u64, i8)> {
    sim.requests
        .iter()
        .map(|(at, _, prvst)| (*at, *prvst))
        .collect()
}

fn faults(sim: &Sim) -> Vec<(u8, ConditionErrorCode)> {
    let fault = |notice: &Notice| {
        let Notice::TriggerFault(number, code) = notice else {
            return None;
        };
        Some((*number, *code))
    };
    sim.notices.iter().filter_map(fault).collect()
}

/// Loses a registration at one second and runs to another.
fn lose(sim: &mut Sim, line: u8, at: u64, until: u64) {
    sim.run_for(at - sim.second());
    sim.registration(line, Registration::Unregistered);
    sim.run_for(until - sim.second());
}

//= R-TRIG-2 type=test
//= R-TRIG-6 type=test
#[test]
fn t_trig_1_to_3_either_trigger_starts_a_resync_at_the_second_it_becomes_true() {
    let mut sim = fire(GUARDED, "").booted();
    lose(&mut sim, 1, 399, 2000);
    // 301 s without registration, and at least 600 s after the attempt before.
    assert_eq!(requests(&sim), [(0, 0), (700, 1), (1300, 1), (1900, 1)]);
    let mut registered = fire(GUARDED, "").booted();
    registered.registration(1, Registration::Registered);
    registered.run_for(5000);
    assert_eq!(registered.requests.len(), 1);
    let mut second = fire("$REGTMR1 gt 300", "$REGTMR2 gt 300").booted();
    lose(&mut second, 2, 100, 420);
    assert_eq!(requests(&second), [(0, 0), (401, 1)]);
    // It is over as soon as the line is registered again.
    second.registration(2, Registration::Registered);
    second.run_for(5000);
    assert_eq!(second.requests.len(), 2);
}

//= R-TRIG-6 type=test
#[test]
fn t_trig_4_a_condition_that_stays_true_starts_an_attempt_each_minute() {
    // V-184a
    let mut sim = fire("$REGTMR1 gt 300", "").booted();
    lose(&mut sim, 1, 1, 200);
    sim.resync();
    sim.run_for(200);
    // At 302 it becomes true, 102 s after the attempt at 200.
    assert_eq!(requests(&sim), [(0, 0), (200, -1), (302, 1), (362, 1)]);
    let mut close = fire("$REGTMR1 gt 300", "").booted();
    lose(&mut close, 1, 1, 243);
    close.resync();
    close.run_for(121);
    assert_eq!(requests(&close), [(0, 0), (243, -1), (303, 1), (363, 1)]);
}

//= R-TRIG-4 type=test
#[test]
fn t_trig_5_a_false_trigger_that_fires_holds_nothing_back() {
    // V-184c
    let mut sim = fire("$REGTMR1 gt 300", "")
        .with("Resync_Periodic", "3600")
        .booted();
    sim.run_for(3600);
    assert_eq!(requests(&sim), [(0, 0), (3600, 1)]);
    // V-184
    let mut own = fire("$PRVTMR ge 600", "").booted();
    own.run_for(1300);
    assert_eq!(requests(&own), [(0, 0), (600, 1), (1200, 1)]);
}

//= R-TRIG-3 type=test
//= R-SM-15 type=test
#[test]
fn t_trig_6_to_12_a_gate_asks_the_triggers_at_the_moment_a_resync_comes_due() {
    // Power-up at 0 is held back, so is everything until the condition is true.
    let mut sim = gate(UPGRADE, "").with("Resync_Periodic", "250").booted();
    assert_eq!(sim.requests, []);
    sim.resync();
    sim.run_for(2000);
    // PRVTMR counts from the attempt, and the period comes each 250 s.
    assert_eq!(requests(&sim), [(0, -1), (750, 1), (1500, 1)]);
    let mut unset = gate("", "# off").with("Resync_Periodic", "100").booted();
    unset.run_for(100);
    assert_eq!(requests(&unset), [(0, 0), (100, 1)]);
    let mut one = gate("1 eq 2", "1 eq 1")
        .with("Resync_Periodic", "100")
        .booted();
    one.run_for(100);
    assert_eq!(requests(&one), [(0, 0), (100, 1)]);
    let mut explicit = gate("1 eq 2", "").booted();
    explicit.resync_with("http://h/other");
    assert_eq!(requests(&explicit), [(0, -1)]);
}

//= R-TRIG-5 type=test
//= R-SM-17 type=test
#[test]
fn t_trig_13_and_14_what_is_no_condition_never_fires_holds_nothing_back_and_is_told_once() {
    for mut sim in [gate(URL, ""), fire(URL, "")] {
        sim = sim.with("Resync_Periodic", "100").booted();
        sim.run_for(1000);
        assert_eq!(sim.requests.len(), 11);
        assert_eq!(faults(&sim).len(), 1, "{:?}", faults(&sim));
        sim.set("Resync_Trigger_1", "1 eq x");
        sim.run_for(1000);
        assert_eq!(faults(&sim).len(), 2, "a new value is a new fault");
    }
}

//= R-SM-17 type=test
#[test]
fn t_trig_14b_an_action_url_stands_for_one_resync_each_time_it_is_new() {
    let release = scope(TriggerMode::Fire, Release::R10_4);
    let mut sim = with(release, |_, _| Served::empty(), "", "").booted();
    sim.set("Resync_Trigger_1", URL);
    sim.set("Resync_Trigger_1", URL);
    sim.run_for(10_000);
    sim.power_cycle();
    let asked: Vec<_> = sim
        .requests
        .iter()
        .map(|(_, url, prvst)| (url.as_str(), *prvst))
        .collect();
    let own = ("http://h:80/p", 0);
    assert_eq!(
        asked,
        [own, ("tftp://10.74.121.56:69/8861conf.cfg", -1), own]
    );
    // V-188d: a profile that brings it is finished first.
    let mut told = with(
        release,
        |url, _| match url {
            "http://h:80/p" => Served::one("Resync_Trigger_1", URL),
            _ => Served::empty(),
        },
        "",
        "",
    )
    .with("Profile_Rule_B", "http://h/b")
    .booted();
    told.run_for(10_000);
    let asked: Vec<_> = told
        .requests
        .iter()
        .map(|(_, url, _)| url.as_str())
        .collect();
    assert_eq!(
        asked,
        [
            "http://h:80/p",
            "http://h:80/b",
            "tftp://10.74.121.56:69/8861conf.cfg"
        ]
    );
}

//= R-SM-1 type=test
#[test]
fn t_trig_15_and_16_a_trigger_respects_enabling_and_lines() {
    let mut off = fire("$REGTMR1 gt 300", "")
        .with("Provision_Enable", "No")
        .booted();
    lose(&mut off, 1, 1, 5000);
    assert_eq!(off.requests, []);
    let mut busy = fire("$REGTMR1 gt 300", "")
        .with("Forced_Resync_Delay", "50")
        .booted();
    busy.run_for(200);
    busy.line(1, LineUse::Busy);
    lose(&mut busy, 1, 201, 600);
    assert_eq!(busy.requests.len(), 1);
    busy.line(1, LineUse::Idle);
    busy.run_for(50);
    assert_eq!(requests(&busy), [(0, 0), (650, 1)]);
}

//= R-TRIG-6 type=test
#[test]
fn a_trigger_is_looked_at_again_when_something_it_reads_changes() {
    let mut sim = fire("\"$A\" eq \"go\"", "").booted();
    sim.run_for(1000);
    assert_eq!(sim.phone.deadline(), None, "nobody looks each second");
    sim.set("GPP_A", "go");
    assert_eq!(requests(&sim), [(0, 0), (1000, 1)]);
    sim.set("GPP_A", "stop");
    sim.run_for(1000);
    assert_eq!(sim.requests.len(), 2);
}

//= R-SM-16 type=test
#[test]
fn a_failing_resync_is_tried_again_by_the_trigger_before_its_retry() {
    let mut sim = with(
        scope(TriggerMode::Fire, Release::R11_3),
        |_, _| Served::Fails(Outcome::Connect),
        "$A eq 1",
        "",
    )
    .with("Resync_Error_Retry_Delay", "600")
    .with("GPP_A", "1")
    .booted();
    sim.run_for(200);
    assert_eq!(requests(&sim), [(0, 0), (60, 1), (120, 1), (180, 1)]);
}

#[test]
fn a_page_that_sets_an_action_url_restarts_before_its_resync() {
    let release = scope(TriggerMode::Fire, Release::R10_4);
    let mut sim = with(release, |_, _| Served::empty(), "", "").booted();
    let id = onhook_params::known::RESYNC_TRIGGERS[1];
    let value = sim
        .shared
        .values
        .intern(URL, onhook_params::Secrecy::Plain)
        .unwrap();
    sim.input(Input::Command(Origin::Page, Command::Set(id, value)));
    sim.input(Input::Command(Origin::Page, Command::Restart));
    sim.run_for(5);
    assert_eq!((sim.requests.len(), sim.restarts), (1, 1));
    assert_eq!(sim.record.history[0].unwrap().reason.name(), "Provisioning");
    sim.power_cycle();
    assert_eq!(sim.requests[1].1, "tftp://10.74.121.56:69/8861conf.cfg");
    sim.power_cycle();
    sim.power_cycle();
    let given = sim
        .requests
        .iter()
        .filter(|(_, url, _)| url.contains("8861"));
    assert_eq!(given.count(), 1, "once");
}
