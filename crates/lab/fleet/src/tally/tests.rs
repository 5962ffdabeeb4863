//! Tests of counting.

use std::time::Duration;

use onhook_device::Outcome;
use onhook_phone::{Cause, RuleSlot};
use tokio::time::advance;

use super::*;
use crate::report::tests::report;

fn at(ms: u64) -> Now {
    Now {
        mono: MonoTime::from_millis(ms),
        wall: None,
    }
}

fn ended(outcome: Outcome) -> ResyncReport {
    ResyncReport {
        outcome,
        cause: Cause::Periodic,
        rules: Vec::new(),
        changes: Vec::new(),
        warnings: Vec::new(),
        flash_writes: 0,
        state_writes: 0,
        reboot: false,
        next: Vec::new(),
        messages: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn latency_counts_from_what_was_due_in_the_same_batch() {
    let run = report(1, &[]);
    let live = Live::new(run.run, run.shards);
    let (mut watcher, rest) = Watcher::new(&live, Instant::now(), vec![7]);
    let started = Notice::ResyncStarted(Cause::Periodic, RuleSlot::Given);
    advance(Duration::from_millis(1500)).await;
    // Half a second late.
    watcher.due(0, MonoTime::from_secs(1));
    watcher.notice(0, at(1500), &started, None);
    advance(Duration::from_millis(500)).await;
    watcher.notice(0, at(2000), &Notice::ResyncDone(Outcome::Connect), None);
    watcher.resync(0, at(2000), &ended(Outcome::Connect));
    assert_eq!(rest.left.load(Ordering::Relaxed), 0);
    // What begins later without having been due by a timer is due then.
    advance(Duration::from_secs(8)).await;
    watcher.notice(0, at(10_000), &started, None);
    advance(Duration::from_secs(4)).await;
    watcher.notice(0, at(14_000), &Notice::ResyncDone(Outcome::Applied), None);
    watcher.resync(0, at(14_000), &ended(Outcome::Applied));
    let told = live.report();
    let counts = |spans: &crate::Distribution| -> Vec<u64> {
        spans.counts.iter().map(|(us, _)| us / 10_000).collect()
    };
    assert_eq!(counts(&told.latency), [100, 400]);
    assert_eq!(counts(&told.lateness), [0, 50]);
    assert_eq!((told.faults[0].phone, told.faults[0].at_ms), (7, 2000));
    assert_eq!(told.seconds.failed[2], 1);
    drop(watcher);
    rest.close(&live, 20_000_000, false);
    assert_eq!(live.totals().unfinished, 0);
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_is_followed_at_once_by_another_keeps_its_own_time() {
    let run = report(1, &[]);
    let live = Live::new(run.run, run.shards);
    let (mut watcher, rest) = Watcher::new(&live, Instant::now(), vec![7]);
    let started = Notice::ResyncStarted(Cause::Explicit, RuleSlot::Given);
    watcher.notice(0, at(0), &started, None);
    advance(Duration::from_secs(30)).await;
    // All effects of a batch are told before its reports.
    watcher.notice(0, at(30_000), &Notice::ResyncDone(Outcome::Timeout), None);
    watcher.notice(0, at(30_000), &started, None);
    watcher.resync(0, at(30_000), &ended(Outcome::Timeout));
    advance(Duration::from_secs(40)).await;
    drop(watcher);
    rest.close(&live, 70_000_000, false);
    let told = live.report();
    let seconds: Vec<u64> = told
        .latency
        .counts
        .iter()
        .map(|(us, _)| us / 900_000)
        .collect();
    assert_eq!(seconds, [33, 44]);
    assert_eq!(live.totals().unfinished, 1);
}
