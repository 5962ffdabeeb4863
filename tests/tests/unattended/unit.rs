//! The unit for systemd.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use onhook_tests::{program, signal, strace, tool};

use crate::{Bench, event};

const UNIT: &str = include_str!("../../../dist/onhook-agent.service");

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let Some(analyze) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let agent = program("onhook-agent").unwrap();
    let text = UNIT.replace("/usr/bin/onhook-agent", agent.to_str().unwrap());
    assert_ne!(text, UNIT);
    let unit = folder.path().join("onhook-agent.service");
    let verify = |text: &str| {
        fs::write(&unit, text).unwrap();
        let mut command = Command::new(&analyze);
        command.args(["verify", "--recursive-errors=no"]).arg(&unit);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success() && said.is_empty(), said)
    };
    let (clean, said) = verify(&text);
    assert!(clean, "{said}");
    let (clean, said) = verify(&text.replace("WatchdogSec", "WatchDogSec"));
    assert!(!clean && said.contains("WatchDogSec"), "{said}");
}

/// The system calls of a set, and of the sets in it.
fn calls_of(set: &str) -> BTreeSet<String> {
    let output = Command::new("systemd-analyze")
        .args(["syscall-filter", set])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut calls = BTreeSet::new();
    for name in text
        .lines()
        .skip(1)
        .map(str::trim)
        .filter(|name| !name.starts_with('#'))
    {
        if name.starts_with('@') {
            calls.extend(calls_of(name));
        } else {
            calls.insert(name.to_owned());
        }
    }
    calls
}

#[test]
fn the_unit_allows_every_system_call_that_the_phone_makes() {
    let (Some(_), Some(_), Some(_)) = (tool("systemd-analyze"), tool("strace"), strace()) else {
        return;
    };
    let lines: Vec<_> = UNIT
        .lines()
        .filter_map(|line| line.strip_prefix("SystemCallFilter="))
        .collect();
    let [allowed, refused] = lines[..] else {
        panic!("{lines:?}");
    };
    let mut allowed = calls_of(allowed);
    for set in refused.trim_start_matches('~').split(' ') {
        let refused = calls_of(set);
        allowed.retain(|call| !refused.contains(call));
    }
    assert!(allowed.len() > 100 && !allowed.contains("reboot"));

    let mut bench = Bench::new();
    bench.serve(&[("GPP_A", "x")]);
    let record = bench.agent.place("calls");
    let id = bench.agent.place("id");
    let script = format!("echo $$ > {}; exec \"$0\" \"$@\"", id.display());
    let under = [
        "strace",
        "-f",
        "-o",
        record.to_str().unwrap(),
        "sh",
        "-c",
        &script,
    ];
    bench.agent.run_under(under.map(Into::into).to_vec());
    let mut running = bench.run();
    event(&mut running, "resync.report");
    bench.agent.run_under(Vec::new());
    bench.set("GPP_B", "y");
    // The tracer ends with the phone.
    let id = fs::read_to_string(id).unwrap().trim().parse().unwrap();
    signal("TERM", id).unwrap();
    running.end().unwrap();
    let record = fs::read_to_string(record).unwrap();
    let made: BTreeSet<_> = record
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1)?.split_once('('))
        .map(|(call, _)| call.trim_start_matches('<').to_owned())
        .collect();
    assert!(made.len() > 20, "{made:?}");
    let missing: Vec<_> = made.difference(&allowed).collect();
    assert_eq!(missing, [""; 0]);
}
