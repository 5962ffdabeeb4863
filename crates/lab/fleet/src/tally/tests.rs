//! Tests of counting.

use std::time::Duration;

use onhook_device::Outcome;
use onhook_phone::{Cause, RuleSlot};
use tokio::time::advance;

use super::*;
use crate::live::Rest;
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

fn after(elapsed_us: u64) -> Rest {
    Rest {
        elapsed_us,
        ..Rest::default()
    }
}

#[tokio::test(start_paused = true)]
async fn latency_counts_from_what_was_due_in_the_same_batch() {
    let run = report(1, &[]);
    let live = Live::new(run.run, run.shards);
    let ending = Arc::new(Ending::of(1));
    let mut watcher = Watcher::new(&live, Instant::now(), vec![7], &ending);
    let started = Notice::ResyncStarted(Cause::Periodic, RuleSlot::Given);
    advance(Duration::from_millis(1500)).await;
    // Half a second late.
    watcher.due(0, MonoTime::from_secs(1));
    watcher.notice(0, at(1500), &started, None);
    advance(Duration::from_millis(500)).await;
    watcher.notice(0, at(2000), &Notice::ResyncDone(Outcome::Connect), None);
    watcher.resync(0, at(2000), &ended(Outcome::Connect));
    ending.all_have_ended_one().await;
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
    live.close(&ending, &after(20_000_000));
    assert_eq!(live.totals().unfinished, 0);
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_is_followed_at_once_by_another_keeps_its_own_time() {
    let run = report(1, &[]);
    let live = Live::new(run.run, run.shards);
    let ending = Arc::new(Ending::of(1));
    let mut watcher = Watcher::new(&live, Instant::now(), vec![7], &ending);
    let started = Notice::ResyncStarted(Cause::Explicit, RuleSlot::Given);
    watcher.notice(0, at(0), &started, None);
    advance(Duration::from_secs(30)).await;
    // All effects of a batch are told before its reports.
    watcher.notice(0, at(30_000), &Notice::ResyncDone(Outcome::Timeout), None);
    watcher.notice(0, at(30_000), &started, None);
    watcher.resync(0, at(30_000), &ended(Outcome::Timeout));
    advance(Duration::from_secs(40)).await;
    drop(watcher);
    live.close(&ending, &after(70_000_000));
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

#[tokio::test(start_paused = true)]
async fn what_had_not_ended_counts_with_the_time_so_far_and_what_had_not_begun_is_late_too() {
    let run = report(1, &[]);
    let live = Live::new(run.run, run.shards);
    let ending = Arc::new(Ending::of(3));
    let mut watcher = Watcher::new(&live, Instant::now(), vec![0, 1, 2], &ending);
    let started = Notice::ResyncStarted(Cause::Periodic, RuleSlot::Given);
    // One that ends, one that takes long, one that began just now, and one that should have.
    watcher.notice(0, at(0), &started, None);
    watcher.notice(1, at(0), &started, None);
    advance(Duration::from_secs(5)).await;
    watcher.notice(0, at(5000), &Notice::ResyncDone(Outcome::Applied), None);
    watcher.resync(0, at(5000), &ended(Outcome::Applied));
    advance(Duration::from_secs(4)).await;
    watcher.notice(2, at(9000), &started, None);
    watcher.overdue(0, MonoTime::from_secs(8));
    drop(watcher);
    live.close(&ending, &after(10_000_000));
    let told = live.report();
    let tenths = |spans: &crate::Distribution| -> Vec<(u64, u64)> {
        let class = |(us, count): &(u64, u64)| ((us + 50_000) / 100_000, *count);
        spans.counts.iter().map(class).collect()
    };
    assert_eq!(tenths(&told.latency), [(10, 1), (20, 1), (50, 1), (100, 1)]);
    assert_eq!(told.lateness.count, 4);
    assert_eq!(tenths(&told.lateness).last(), Some(&(20, 1)));
    assert_eq!((told.totals.unfinished, told.totals.succeeded), (3, 1));
    assert_eq!(told.elapsed_ms, 10_000);
}
