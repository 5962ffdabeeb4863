//! Killed at any moment, a phone has the old parameters or the new ones, never some of each.
#![cfg(test)]

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use onhook_flash_store::FlashStore;
use onhook_params::{Scope, Values};
use onhook_phone::StateRecord;
use onhook_phone::port::StateStore;
use onhook_tests::{Agent, Content, Peer, Reply, Site, Strace, files, lettered, profile, strace};

/// Steps of a commit, in order.
const STEPS: [&str; 6] = ["begin", "written", "synced", "kept", "renamed", "done"];

/// The signal that cannot be caught.
const SIGKILL: i32 = 9;

/// Serves `/a.xml` and `/b.xml`, two whole sets of the same parameters.
fn site() -> Site {
    let site = Site::start().unwrap();
    for letter in ['a', 'b'] {
        let body = profile(lettered(letter)).into_bytes();
        site.put(&format!("/{letter}.xml"), Reply::Body(body));
    }
    site
}

/// A phone that has resynced from `/a.xml`.
fn phone_with_a(site: &Site) -> Agent {
    let agent = Agent::new().unwrap();
    let (ended, document) = agent.resync(&site.url("/a.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["reboot"], "cold", "the victim needs a restart");
    assert_eq!(agent.changed().unwrap(), lettered('a'));
    assert!(lettered('a').len() > 190);
    agent
}

/// A phone whose files are copies.
fn copy_of(other: &Agent) -> Agent {
    let agent = Agent::new().unwrap();
    fs::DirBuilder::new()
        .mode(0o700)
        .create(agent.state())
        .unwrap();
    for file in files(&other.state()).unwrap().into_keys() {
        fs::copy(other.state().join(&file), agent.state().join(&file)).unwrap();
    }
    agent
}

/// Starts the victim, and kills it the `nth` time that it reaches a step.
fn kill_at(agent: &Agent, site: &Site, file: &str, step: &str, nth: usize) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onhook-kill-victim"));
    command
        .arg(agent.state())
        .args([site.url("/a.xml"), site.url("/b.xml")])
        .args([file, step, &nth.to_string()])
        .stdin(Stdio::piped());
    let mut victim = Peer::start(&mut command).unwrap();
    victim.line(|line| line == "stopped").unwrap();
    let ended = victim.kill().unwrap();
    assert_eq!(ended.signal, Some(SIGKILL), "{ended:?}");
    let reached = format!("{file} {step}");
    assert_eq!(
        ended.out.lines().filter(|line| *line == reached).count(),
        nth
    );
    // The kill hit a commit under way: its draft is there exactly between the first byte and the new name.
    let draft = files(&agent.state())
        .unwrap()
        .contains_key(&format!("{file}.bin.tmp"));
    assert_eq!(
        draft,
        matches!(step, "written" | "synced" | "kept"),
        "{file} {step}"
    );
}

fn record(state: &Path) -> Option<StateRecord> {
    let store = FlashStore::open_read(state, Scope::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let bytes = runtime.block_on(store.load_state()).unwrap()?;
    Some(StateRecord::decode(&bytes, &mut Values::default()).unwrap())
}

/// How many restarts a record remembers, and whether one is under way.
fn restarts(state: &Path) -> (usize, bool) {
    let record = record(state).unwrap();
    assert!(record.provisioned);
    let past = record.history.iter().flatten().count();
    (past, record.restarting.is_some())
}

/// What a provisioned phone remembers after so many commits of its record: a restart begins and ends by turns.
fn after_commits(n: usize) -> (usize, bool) {
    (n.div_ceil(2), !n.is_multiple_of(2))
}

/// The set that the `n`th resync of the victim leaves; it begins from `a` with `b`.
fn after_round(n: usize) -> Content {
    lettered(if n.is_multiple_of(2) { 'a' } else { 'b' })
}

/// A phone that was killed works again.
#[track_caller]
fn assert_works(agent: &Agent, site: &Site) {
    let (ended, document) = agent.resync(&site.url("/a.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["class"], "A");
    assert_eq!(agent.changed().unwrap(), lettered('a'));
    let left: Vec<_> = agent.stored().unwrap().into_keys().collect();
    assert_eq!(left, ["clock", "lock", "params.bin", "state.bin"]);
}

//= R-FLS-1 type=test
#[test]
fn a_kill_inside_a_commit_of_parameters_leaves_the_old_or_the_new_set() {
    let site = site();
    let seed = phone_with_a(&site);
    let mut kills = 0;
    for (at, step) in STEPS.into_iter().enumerate() {
        let is_new = at >= 4;

        let fresh = Agent::new().unwrap();
        kill_at(&fresh, &site, "params", step, 1);
        let expected = if is_new {
            lettered('b')
        } else {
            Content::new()
        };
        assert_eq!(fresh.changed().unwrap(), expected, "first commit, {step}");
        assert_eq!(record(&fresh.state()), None);
        assert_works(&fresh, &site);
        kills += 1;

        for round in 1..=5 {
            let agent = copy_of(&seed);
            kill_at(&agent, &site, "params", step, round);
            let expected = after_round(if is_new { round } else { round - 1 });
            assert_eq!(agent.changed().unwrap(), expected, "{round} {step}");
            let expected = after_commits(2 * (round - 1));
            assert_eq!(restarts(&agent.state()), expected, "{round} {step}");
            assert_works(&agent, &site);
            kills += 1;
        }
    }
    assert_eq!(kills, 36);
}

//= R-FLS-1 type=test
#[test]
fn a_kill_inside_a_commit_of_the_record_leaves_the_old_or_the_new_record() {
    let site = site();
    let seed = phone_with_a(&site);
    let mut kills = 0;
    for (at, step) in STEPS.into_iter().enumerate() {
        let is_new = at >= 4;

        let fresh = Agent::new().unwrap();
        kill_at(&fresh, &site, "state", step, 1);
        assert_eq!(fresh.changed().unwrap(), lettered('b'), "{step}");
        let provisioned = record(&fresh.state()).map(|record| record.provisioned);
        assert_eq!(provisioned, is_new.then_some(true), "first record, {step}");
        assert_works(&fresh, &site);
        kills += 1;

        for nth in 1..=5_usize {
            let agent = copy_of(&seed);
            kill_at(&agent, &site, "state", step, nth);
            let expected = after_round(nth.div_ceil(2));
            assert_eq!(agent.changed().unwrap(), expected, "{nth} {step}");
            let expected = after_commits(if is_new { nth } else { nth - 1 });
            assert_eq!(restarts(&agent.state()), expected, "{nth} {step}");
            assert_works(&agent, &site);
            kills += 1;
        }
    }
    assert_eq!(kills, 36);
}

/// How often a kill left the old set and the new one.
#[derive(Default)]
struct Left {
    old: u32,
    new: u32,
}

/// Kills a resync at the first, the second, … of these system calls, until one gets through.
fn kill_at_each(
    strace: &Strace,
    calls: &str,
    site: &Site,
    (phone, before): (&dyn Fn() -> Agent, &Content),
    left: &mut Left,
) {
    for nth in 1..=40 {
        let mut agent = phone();
        agent.run_under(strace.killing(calls, nth, &watched(&agent.state())));
        let ended = agent.run(&["resync", &site.url("/b.xml")]).unwrap();
        agent.run_under(Vec::new());
        let values = agent.changed().unwrap();
        if ended.code == Some(0) {
            assert!(nth > 1, "{calls}: nothing was killed: {ended:?}");
            assert_eq!(values, lettered('b'));
            return;
        }
        assert_eq!(ended.signal, Some(SIGKILL), "{calls} {nth}: {ended:?}");
        if values == *before {
            left.old += 1;
        } else {
            assert_eq!(values, lettered('b'), "{calls} {nth}");
            left.new += 1;
        }
        // Whatever record there is can be read.
        record(&agent.state());
        assert_works(&agent, site);
    }
    panic!("{calls}: killed every time");
}

//= R-FLS-1 type=test
#[test]
fn a_kill_at_any_system_call_that_changes_files_leaves_the_old_or_the_new_set() {
    let Some(strace) = strace() else {
        return;
    };
    let site = site();
    let seed = phone_with_a(&site);
    let mut left = Left::default();
    for calls in [
        "write",
        "fsync",
        "?rename,?renameat,?renameat2",
        "openat",
        "?unlink,unlinkat",
        "close",
    ] {
        let fresh = || Agent::new().unwrap();
        let seeded = || copy_of(&seed);
        kill_at_each(&strace, calls, &site, (&fresh, &Content::new()), &mut left);
        kill_at_each(&strace, calls, &site, (&seeded, &lettered('a')), &mut left);
    }
    // Which thread makes a call varies, and each counts its own; these happen whatever the threads.
    let Left { old, new } = left;
    assert!(
        old >= 6 && new >= 3,
        "kills before and after the change: {old}, {new}"
    );
}

/// What a commit touches.
fn watched(state: &Path) -> Vec<PathBuf> {
    let names = [
        "params.bin",
        "params.bin.old",
        "params.bin.tmp",
        "state.bin",
        "state.bin.old",
        "state.bin.tmp",
    ];
    let mut paths: Vec<_> = names.iter().map(|name| state.join(name)).collect();
    paths.push(state.to_owned());
    paths
}
