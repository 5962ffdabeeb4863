//! The quick cases of `cargo xtask interop`, at the servers that this machine has.
#![cfg(test)]

use std::process::{Command, Stdio};
use std::time::Duration;

use onhook_tests::{Peer, program, signal, skip, tool};

/// Longest run; it takes less than a minute.
const LONGEST: Duration = Duration::from_secs(300);

#[test]
fn phones_are_provisioned_by_the_servers_that_operators_run() {
    if tool("openssl").and(tool("gzip")).is_none() {
        return;
    }
    // Built before it is timed, and asked for by the other program.
    for name in ["onhook-agent", "onhook-harness"] {
        program(name).unwrap();
    }
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
        let is_missing = why.ends_with("is not installed") || why.ends_with("root");
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

#[test]
fn a_run_that_is_interrupted_ends_its_servers_and_leaves_nothing() {
    let Some(_) = tool("openssl").and(tool("gzip")).and(tool("nginx")) else {
        return;
    };
    program("onhook-agent").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onhook-interop"));
    let command = command.args(["--only", "nginx"]).stdin(Stdio::null());
    let mut run = Peer::start(command.env("TMPDIR", scratch.path())).unwrap();
    run.line(|line| line.starts_with("pass ")).unwrap();
    let of_nginx = || {
        let folder = scratch.path().to_str().unwrap();
        let listed = Command::new("ps")
            .args(["-ww", "-eo", "args"])
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let is_ours = |line: &&str| line.contains("nginx") && line.contains(folder);
        listed.lines().filter(is_ours).count()
    };
    assert_ne!(of_nginx(), 0);
    signal("TERM", run.id()).unwrap();
    let ended = run.end().unwrap();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.out.ends_with("error: interrupted\n"), "{ended:?}");
    assert_eq!(of_nginx(), 0);
    assert_eq!(scratch.path().read_dir().unwrap().count(), 0);
}
