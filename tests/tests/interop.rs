//! The quick cases of `cargo xtask interop`, at the servers that this machine has.
#![cfg(test)]

use std::process::{Command, Stdio};
use std::time::Duration;

use onhook_tests::{Peer, program, skip, tool};

/// Longest run; it takes about ten seconds.
const LONGEST: Duration = Duration::from_secs(300);

#[test]
fn phones_are_provisioned_by_the_servers_that_operators_run() {
    if tool("openssl").and(tool("gzip")).is_none() {
        return;
    }
    // Built before it is timed, and asked for by the other program.
    program("onhook-agent").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onhook-interop"));
    command.arg("--quick").stdin(Stdio::null());
    let ended = Peer::start(&mut command)
        .unwrap()
        .end_within(LONGEST)
        .unwrap();
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let mut passed = 0;
    let mut missing = Vec::new();
    for line in ended.out.lines() {
        passed += usize::from(line.starts_with("pass "));
        let why = line.split("  ").last().unwrap_or_default();
        let is_missing = why.ends_with("is not installed") || why.ends_with("needs root");
        if line.starts_with("skip ") && is_missing && !missing.contains(&why) {
            missing.push(why);
        }
    }
    missing.into_iter().for_each(skip);
    let says = ended.out.lines().last().unwrap_or_default();
    assert!(
        says.starts_with(&format!("interop: {passed} passed, 0 failed, ")),
        "{says}"
    );
}
