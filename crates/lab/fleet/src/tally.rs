//! Counting what phones do, while they do it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use onhook_device::{MonoTime, Now};
use onhook_driver::{Fetched, Observer};
use onhook_figures::Spans;
use onhook_phone::port::Message;
use onhook_phone::report::ResyncReport;
use onhook_phone::{Notice, RestartKind};
use tokio::time::Instant;

use crate::live::{Ending, Live, lock};
use crate::report::{Fault, Seconds, Totals, add_fault};

/// Seconds that are told apart: those of the longest run.
const SECONDS: u64 = 604_800;
/// No resync is under way.
const NONE: u32 = u32::MAX;

/// Sums so far.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) totals: Totals,
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    pub(crate) causes: BTreeMap<&'static str, u64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) latency: Spans,
    pub(crate) lateness: Spans,
    pub(crate) seconds: Seconds,
    pub(crate) elapsed_us: u64,
    pub(crate) interrupted: bool,
}

/// Watches the phones of a thread and counts.
pub(crate) struct Watcher {
    tally: Arc<Mutex<Tally>>,
    began: Instant,
    /// The numbers of the phones in the whole run.
    indexes: Vec<u32>,
    phones: Vec<Watched>,
    /// When resyncs were due that have not begun.
    overdue: Vec<u32>,
    ending: Arc<Ending>,
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

impl Watcher {
    pub(crate) fn new(
        live: &Live,
        began: Instant,
        indexes: Vec<u32>,
        ending: &Arc<Ending>,
    ) -> Self {
        let idle = Watched {
            due: 0,
            told: 0,
            resync: NONE,
            ended: NONE,
            ended_one: false,
        };
        let (tally, count) = (live.tally(), indexes.len());
        lock(&tally).totals.phones = count as u64;
        Self {
            tally,
            began,
            indexes,
            phones: vec![idle; count],
            overdue: Vec::new(),
            ending: Arc::clone(ending),
        }
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Watcher {
    /// Tells what was left when the reactor went.
    fn drop(&mut self) {
        let resyncs = self.phones.iter().map(|phone| phone.resync);
        let mut left = lock(&self.ending.left);
        left.under_way.extend(resyncs.filter(|due| *due != NONE));
        left.overdue.append(&mut self.overdue);
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

    fn overdue(&mut self, _phone: u32, at: MonoTime) {
        self.overdue.push(millis(at));
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
                let mut tally = lock(&self.tally);
                *tally.causes.entry(cause.name()).or_default() += 1;
                tally.lateness.add(late);
            }
            Notice::RuleStarted(..) => {
                let mut tally = lock(&self.tally);
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
            lock(&self.tally).totals.messages += 1;
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
            self.ending.one_less();
        }
        let latency = us.saturating_sub(u64::from(due) * 1000);
        let outcome = report.outcome;
        let mut tally = lock(&self.tally);
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
            lock(&self.tally).totals.restarts += 1;
        }
    }

    fn fetched(&mut self, _phone: u32, _now: Now, fetched: Option<&Fetched>) {
        if let Some(fetched) = fetched {
            let mut tally = lock(&self.tally);
            tally.totals.files += 1;
            tally.totals.bytes += fetched.bytes;
        }
    }
}

#[cfg(test)]
mod tests;
