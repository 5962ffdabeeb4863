//! `onhook-agent ctl`: lines, resyncs, restarts and the factory state.

use onhook_tests::{Content, Ended, Peer, Reply, Site, profile};
use serde_json::{Value, json};

use crate::{Bench, FILE, event, events};

/// A phone that has provisioned itself.
fn provisioned() -> (Bench, Peer) {
    let bench = Bench::new();
    bench.serve(&[("GPP_A", "first")]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    (bench, running)
}

impl Bench {
    pub(crate) fn ctl(&self, args: &[&str]) -> Ended {
        self.agent.run(&[&["ctl"], args].concat()).unwrap()
    }

    /// A request that is done at once, without a word.
    #[track_caller]
    pub(crate) fn does(&self, args: &[&str]) {
        let ended = self.ctl(args);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!((&*ended.out, &*ended.err), ("", ""));
    }

    /// A request that is accepted and waits.
    #[track_caller]
    fn waits(&self, args: &[&str], says: &str, waits_for: &str) {
        let ended = self.ctl(args);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert_eq!((&*ended.out, &*ended.err), (says, ""));
        let ended = self.ctl(&[args, &["--json"]].concat());
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let document: Value = serde_json::from_str(&ended.out).unwrap();
        let expected = json!({ "schema": "onhook.ctl/1", "done": false, "waits_for": waits_for });
        assert_eq!(document, expected);
    }
}

const IDLE: &str = "accepted: it waits for idle lines\n";
const RUNNING: &str = "accepted: it waits for the end of the running resync\n";

#[test]
fn a_resync_waits_until_every_line_is_idle_and_runs_once() {
    let (bench, mut running) = provisioned();
    bench.serve(&[("GPP_A", "second")]);
    bench.does(&["line", "1", "busy"]);
    bench.does(&["line", "16", "busy"]);
    bench.waits(&["resync"], IDLE, "busy-lines");
    bench.does(&["line", "1", "idle"]);
    assert_eq!(bench.get("GPP_A"), "first");
    assert_eq!(bench.site.asked().len(), 1);
    bench.does(&["line", "16", "idle"]);
    let report = event(&mut running, "resync.report");
    assert_eq!(report["report"]["changes"]["GPP_A"], "second", "{report:#}");
    // What was asked for twice was one wish: the next request is the only one after it.
    let ended = bench.ctl(&["resync", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(bench.site.asked().len(), 3);
}

#[test]
fn a_restart_waits_for_the_running_resync() {
    let (bench, running) = provisioned();
    bench.site.put("/slow", Reply::Silence);
    let url = bench.site.url("/slow");
    let slow = bench.agent.start(&["ctl", "resync", &url]).unwrap();
    bench.site.await_asked(2).unwrap();
    bench.waits(&["reboot"], RUNNING, "running-resync");
    assert_eq!(bench.status()["state"], "running");
    assert!(!events(&running).contains(&"reboot".to_owned()));
    drop(slow);
}

//= R-SM-21 type=test
#[test]
fn a_warm_restart_waits_for_idle_lines_and_is_no_boot() {
    let (bench, mut running) = provisioned();
    bench.does(&["line", "1", "busy"]);
    bench.waits(&["restart"], IDLE, "busy-lines");
    bench.does(&["line", "1", "idle"]);
    assert_eq!(event(&mut running, "reboot")["kind"], "warm");
    let status = bench.status();
    assert_eq!(status["history"], json!([]));
    assert_eq!(status["provisioned"], true);
    assert_eq!(bench.site.asked().len(), 1);
}

#[test]
fn a_phone_without_slots_says_that_it_cannot_upgrade() {
    let (bench, mut running) = provisioned();
    let set = [
        "params",
        "set",
        "Upgrade_Rule",
        "http://h/sip88xx.12-0-1.loads",
    ];
    let ended = bench.agent.run(&set).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(event(&mut running, "upgrade.refused")["why"], "no-slots");
}

#[test]
fn a_line_that_there_is_not_is_refused() {
    let (bench, _running) = provisioned();
    for line in ["0", "17", "255"] {
        let ended = bench.ctl(&["line", line, "busy"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains("use 1 to 16"), "{ended:?}");
    }
    let ended = bench.ctl(&["resync"]);
    assert_eq!(ended.code, Some(0), "no line is busy: {ended:?}");
}

//= R-SM-22 type=test
#[test]
fn a_restart_waits_for_idle_lines_and_is_told_in_the_history() {
    let (bench, mut running) = provisioned();
    bench.does(&["line", "2", "busy"]);
    bench.waits(&["reboot"], IDLE, "busy-lines");
    assert_eq!(bench.status()["history"], json!([]));
    bench.does(&["line", "2", "idle"]);
    assert_eq!(event(&mut running, "reboot")["kind"], "cold");
    // A phone that was started again resyncs.
    event(&mut running, "resync.report");
    let status = bench.status();
    let history = status["history"].as_array().unwrap();
    assert_eq!(history.len(), 1, "{status:#}");
    assert_eq!(history[0]["reason"], "User Triggered");
    assert_eq!(status["provisioned"], true);
    assert_eq!(bench.get("GPP_A"), "first");
}

//= R-OOB-9 type=test
#[test]
fn the_factory_state_is_that_of_a_phone_out_of_the_box() {
    let (bench, mut running) = provisioned();
    let ended = bench.ctl(&["reboot"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    event(&mut running, "resync.report");
    assert_eq!(bench.status()["history"].as_array().unwrap().len(), 1);
    // The defaults have a random delay before the next resync.
    bench.does(&["factory-reset"]);
    assert_eq!(event(&mut running, "reboot")["kind"], "cold");
    let armed = event(&mut running, "timer.armed");
    assert_eq!(armed["timer"], "boot-delay");
    drop(running);
    assert_eq!(bench.agent.changed().unwrap(), Content::new());
    let mut again = bench.agent.start(&["run", "--events", "-"]).unwrap();
    event(&mut again, "timer.armed");
    let status = bench.status();
    assert_eq!(status["provisioned"], false, "{status:#}");
    assert_eq!(status["history"], json!([]));
}

#[test]
fn without_a_running_phone_every_request_says_how_to_start_one() {
    let bench = Bench::new();
    for args in [
        &["line", "1", "busy"][..],
        &["resync"],
        &["reboot"],
        &["factory-reset"],
        &["external-ip", "203.0.113.7"],
        &["mobility", "logout"],
        &["certificate", "remove"],
    ] {
        let ended = bench.ctl(args);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains("no agent listens on"), "{ended:?}");
        assert!(ended.err.contains("start `onhook-agent run`"), "{ended:?}");
    }
}

#[test]
fn a_second_phone_on_one_state_directory_is_refused() {
    let (bench, _running) = provisioned();
    let ended = bench.run().end().unwrap();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let says = format!(
        "the state directory {} is in use",
        bench.agent.state().display()
    );
    assert!(ended.err.contains(&says), "{ended:?}");
    assert!(ended.err.contains("choose another"), "{ended:?}");
    assert_eq!(bench.status()["provisioned"], true, "the first one goes on");
}

#[test]
fn two_phones_on_one_host_do_not_know_each_other() {
    let (one, _running_one) = provisioned();
    let (other, _running_other) = provisioned();
    let site = Site::start().unwrap();
    site.put("/own.xml", Reply::Body(profile([("GPP_A", "own")]).into()));
    one.does(&["line", "1", "busy"]);
    one.does(&["external-ip", "203.0.113.7"]);
    let ended = other.ctl(&["resync", &site.url("/own.xml")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        (one.get("GPP_A"), other.get("GPP_A")),
        ("first".into(), "own".into())
    );
    assert_eq!(other.status()["external_ip"], Value::Null);
    assert_eq!(one.site.asked().len(), 1);
    assert_eq!(other.site.asked()[0].path, FILE);
}
