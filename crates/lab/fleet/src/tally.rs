//! Counting what phones do, while they do it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onhook_device::{MonoTime, Now};
use onhook_driver::{Fetched, Observer};
use onhook_phone::port::Message;
use onhook_phone::report::ResyncReport;
use onhook_phone::{Notice, RestartKind};
use tokio::time::Instant;

use crate::distribution::Spans;
use crate::report::{Fault, Report, Run, SCHEMA, Seconds, Shards, Totals, add_fault};

/// Seconds that are told apart: those of the longest run.
const SECONDS: u64 = 604_800;
/// No resync is under way.
const NONE: u32 = u32::MAX;

/// Sums so far.
#[derive(Default)]
pub(crate) struct Tally {
    totals: Totals,
    outcomes: BTreeMap<&'static str, u64>,
    causes: BTreeMap<&'static str, u64>,
    faults: Vec<Fault>,
    latency: Spans,
    lateness: Spans,
    seconds: Seconds,
    elapsed_us: u64,
    interrupted: bool,
}

/// A run that can be looked at while it goes on; copies look at the same one.
#[derive(Clone)]
pub struct Live {
    tally: Arc<Mutex<Tally>>,
    run: Arc<Run>,
    shards: Arc<Shards>,
    sip: Arc<Mutex<Option<SocketAddr>>>,
}

impl Live {
    pub(crate) fn new(run: Run, shards: Shards) -> Self {
        Self {
            tally: Arc::default(),
            run: Arc::new(run),
            shards: Arc::new(shards),
            sip: Arc::default(),
        }
    }

    pub(crate) fn listen(&self, address: Option<SocketAddr>) {
        *self.sip.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Where NOTIFY is heard, once it is.
    #[must_use]
    pub fn sip(&self) -> Option<SocketAddr> {
        *self.sip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has happened so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let owned = |sums: &BTreeMap<&'static str, u64>| {
            let owned = sums.iter().map(|(key, n)| ((*key).to_owned(), *n));
            owned.collect()
        };
        let tally = self.tally();
        Report {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: (*self.run).clone(),
            shards: (*self.shards).clone(),
            interrupted: tally.interrupted,
            elapsed_ms: tally.elapsed_us / 1000,
            totals: tally.totals.clone(),
            outcomes: owned(&tally.outcomes),
            causes: owned(&tally.causes),
            faults: tally.faults.clone(),
            latency: tally.latency.distribution(),
            lateness: tally.lateness.distribution(),
            seconds: tally.seconds.clone(),
        }
    }

    /// What has happened so far, without percentiles and series.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.tally().totals.clone()
    }
}

/// Watches phones and counts.
pub(crate) struct Watcher {
    live: Live,
    began: Instant,
    /// The numbers of the phones in the whole run.
    indexes: Vec<u32>,
    phones: Vec<Watched>,
    /// Phones that have not ended a resync yet.
    left: Arc<AtomicU64>,
    /// Resyncs under way.
    under_way: Arc<Mutex<Vec<u32>>>,
}

/// One phone, in milliseconds since the start.
#[derive(Clone, Copy)]
struct Watched {
    /// When what it does next was due, and when that was told.
    due: u32,
    told: u32,
    /// When the resync under way was due.
    resync: u32,
    /// When the one was due that has ended and has not been reported.
    ended: u32,
    ended_one: bool,
}

/// What is known once the phones have stopped.
pub(crate) struct Rest {
    pub(crate) left: Arc<AtomicU64>,
    under_way: Arc<Mutex<Vec<u32>>>,
}

impl Watcher {
    pub(crate) fn new(live: &Live, began: Instant, indexes: Vec<u32>) -> (Self, Rest) {
        let count = indexes.len();
        let left = Arc::new(AtomicU64::new(count as u64));
        let under_way = Arc::new(Mutex::new(Vec::new()));
        let idle = Watched {
            due: 0,
            told: 0,
            resync: NONE,
            ended: NONE,
            ended_one: false,
        };
        live.tally().totals.phones = count as u64;
        let rest = Rest {
            left: Arc::clone(&left),
            under_way: Arc::clone(&under_way),
        };
        let watcher = Self {
            live: live.clone(),
            began,
            indexes,
            phones: vec![idle; count],
            left,
            under_way,
        };
        (watcher, rest)
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Watcher {
    /// Tells what was under way when the reactor went.
    fn drop(&mut self) {
        let resyncs = self.phones.iter().map(|phone| phone.resync);
        let left: Vec<u32> = resyncs.filter(|due| *due != NONE).collect();
        *self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = left;
    }
}

impl Rest {
    /// Counts what had not ended, once the watcher is gone.
    pub(crate) fn close(&self, live: &Live, elapsed_us: u64, interrupted: bool) {
        let under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut tally = live.tally();
        tally.elapsed_us = elapsed_us;
        tally.interrupted = interrupted;
        tally.totals.unfinished = under_way.len() as u64;
        let longest = tally.latency.longest();
        for due in under_way.iter() {
            let so_far = elapsed_us.saturating_sub(u64::from(*due) * 1000);
            // It would take longer than all that ended; of the others nothing is known.
            if so_far > longest {
                tally.latency.add(so_far);
            }
        }
    }
}

/// Milliseconds in the form in which they are kept.
fn millis(at: MonoTime) -> u32 {
    u32::try_from(at.as_millis())
        .unwrap_or(NONE - 1)
        .min(NONE - 1)
}

fn second(us: u64) -> usize {
    usize::try_from((us / 1_000_000).min(SECONDS)).unwrap_or(usize::MAX)
}

fn bump(place: Option<&mut u64>) {
    if let Some(sum) = place {
        *sum += 1;
    }
}

impl Observer for Watcher {
    fn due(&mut self, phone: u32, at: MonoTime) {
        let told = MonoTime::from_millis(self.elapsed_us() / 1000);
        if let Some(watched) = self.phones.get_mut(phone as usize) {
            watched.due = millis(at);
            watched.told = millis(told);
        }
    }

    fn notice(&mut self, phone: u32, now: Now, notice: &Notice, _url: Option<&str>) {
        let us = self.elapsed_us();
        match notice {
            Notice::ResyncStarted(cause, _) => {
                let Some(watched) = self.phones.get_mut(phone as usize) else {
                    return;
                };
                // What was told before this batch led to something else: this resync follows from another one, and is due now.
                let batch = millis(now.mono);
                let due = match watched.told >= batch {
                    true => watched.due,
                    false => batch,
                };
                watched.resync = due;
                let late = us.saturating_sub(u64::from(due) * 1000);
                let mut tally = self.live.tally();
                *tally.causes.entry(cause.name()).or_default() += 1;
                tally.lateness.add(late);
            }
            Notice::RuleStarted(..) => {
                let mut tally = self.live.tally();
                tally.elapsed_us = us;
                tally.totals.requests += 1;
                let [requests, ..] = tally.seconds.at(second(us));
                bump(requests);
            }
            // The report of it may come when the next one has begun.
            Notice::ResyncDone(_) => {
                if let Some(watched) = self.phones.get_mut(phone as usize) {
                    watched.ended = std::mem::replace(&mut watched.resync, NONE);
                }
            }
            Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TriggerFault(..)
            | Notice::Held
            | Notice::RestartLoop
            | Notice::ActivationCode
            | Notice::AccountWanted
            | Notice::TimerArmed(..)
            | Notice::Refused(_)
            | Notice::TrustStarted(..)
            | Notice::TrustFault(..)
            | Notice::TrustDone(..)
            | Notice::TrustForgotten
            | Notice::EditDone(_)
            | Notice::EditBusy
            | Notice::EraseFailed
            | Notice::ServerChanged(..)
            | Notice::Upgrade(_)
            | Notice::Report(_)
            | Notice::ProblemReport(_) => {}
        }
    }

    fn message(&mut self, _phone: u32, _now: Now, message: &Message) {
        if !message.server.is_empty() {
            self.live.tally().totals.messages += 1;
        }
    }

    fn resync(&mut self, phone: u32, _now: Now, report: &ResyncReport) {
        let us = self.elapsed_us();
        let index = self.indexes.get(phone as usize).copied();
        let Some(watched) = self.phones.get_mut(phone as usize) else {
            return;
        };
        let due = match std::mem::replace(&mut watched.ended, NONE) {
            NONE => watched.due,
            due => due,
        };
        if !watched.ended_one {
            watched.ended_one = true;
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
        let latency = us.saturating_sub(u64::from(due) * 1000);
        let outcome = report.outcome;
        let mut tally = self.live.tally();
        tally.elapsed_us = us;
        tally.latency.add(latency);
        *tally.outcomes.entry(outcome.code()).or_default() += 1;
        let good = outcome.is_success();
        let [_, succeeded, failed, slowest] = tally.seconds.at(second(us));
        bump(if good { succeeded } else { failed });
        if let Some(slowest) = slowest {
            *slowest = (*slowest).max(latency);
        }
        if good {
            tally.totals.succeeded += 1;
            return;
        }
        tally.totals.failed += 1;
        let rule = report.rules.iter().find(|rule| !rule.outcome.is_success());
        let message = rule.and_then(|rule| rule.message.clone());
        let fault = Fault {
            outcome: outcome.code().to_owned(),
            err: outcome.to_string(),
            count: 1,
            phone: index.unwrap_or(phone),
            at_ms: us / 1000,
            message: message.unwrap_or_default(),
        };
        add_fault(&mut tally.faults, fault);
    }

    fn restart(&mut self, _phone: u32, _now: Now, kind: RestartKind) {
        if kind == RestartKind::Cold {
            self.live.tally().totals.restarts += 1;
        }
    }

    fn fetched(&mut self, _phone: u32, _now: Now, fetched: Option<&Fetched>) {
        if let Some(fetched) = fetched {
            let mut tally = self.live.tally();
            tally.totals.files += 1;
            tally.totals.bytes += fetched.bytes;
        }
    }
}

impl Tally {
    /// What only the phones themselves know.
    pub(crate) fn note(&mut self, booted: u64, provisioned: u64, dropped: u64) {
        self.totals.booted = booted;
        self.totals.provisioned = provisioned;
        self.totals.messages_dropped = dropped;
    }
}

#[cfg(test)]
mod tests;
