//! A run while it goes on, and how it ends.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::report::{Report, Run, SCHEMA, Shards, Totals};
use crate::tally::Tally;

/// A run that can be looked at while it goes on; copies look at the same one.
#[derive(Clone)]
pub struct Live {
    /// Those of each thread.
    tallies: Arc<Mutex<Vec<Arc<Mutex<Tally>>>>>,
    run: Arc<Run>,
    shards: Arc<Shards>,
    sip: Arc<Mutex<Option<SocketAddr>>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    pub(crate) fn new(run: Run, shards: Shards) -> Self {
        Self {
            tallies: Arc::default(),
            run: Arc::new(run),
            shards: Arc::new(shards),
            sip: Arc::default(),
        }
    }

    pub(crate) fn listen(&self, address: Option<SocketAddr>) {
        *lock(&self.sip) = address;
    }

    /// Where NOTIFY is heard, once it is.
    #[must_use]
    pub fn sip(&self) -> Option<SocketAddr> {
        *lock(&self.sip)
    }

    /// Sums for one more thread, which nobody else waits for.
    pub(crate) fn tally(&self) -> Arc<Mutex<Tally>> {
        let tally = Arc::default();
        lock(&self.tallies).push(Arc::clone(&tally));
        tally
    }

    /// What has happened so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.told(&Tally::default());
        for tally in lock(&self.tallies).iter() {
            report.add(&self.told(&lock(tally)));
        }
        report
    }

    fn told(&self, tally: &Tally) -> Report {
        let owned = |sums: &BTreeMap<&'static str, u64>| {
            let owned = sums.iter().map(|(key, n)| ((*key).to_owned(), *n));
            owned.collect()
        };
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
        let mut totals = Totals::default();
        for tally in lock(&self.tallies).iter() {
            totals.add(&lock(tally).totals);
        }
        totals
    }

    /// Counts what had not ended, and what only the phones themselves know, once all of them have stopped.
    pub(crate) fn close(&self, ending: &Ending, rest: &Rest) {
        let mut last = Tally {
            elapsed_us: rest.elapsed_us,
            interrupted: rest.interrupted,
            ..Tally::default()
        };
        let left = lock(&ending.left);
        let so_far = |due: u32| rest.elapsed_us.saturating_sub(u64::from(due) * 1000);
        for due in left.under_way.iter().chain(&left.overdue) {
            // It takes at least that.
            last.latency.add(so_far(*due));
        }
        for due in &left.overdue {
            last.lateness.add(so_far(*due));
        }
        last.totals = Totals {
            booted: rest.booted,
            provisioned: rest.provisioned,
            messages_dropped: rest.dropped,
            unfinished: (left.under_way.len() + left.overdue.len()) as u64,
            ..Totals::default()
        };
        lock(&self.tallies).push(Arc::new(Mutex::new(last)));
    }
}

/// What is known of a run once its phones have stopped.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rest {
    pub(crate) elapsed_us: u64,
    pub(crate) interrupted: bool,
    /// Phones whose turn to get power had come.
    pub(crate) booted: u64,
    pub(crate) provisioned: u64,
    /// Messages that could not be sent.
    pub(crate) dropped: u64,
}

/// What all threads of a run come to in the end.
pub(crate) struct Ending {
    /// Phones that have not ended a resync yet.
    waited_for: AtomicU64,
    none: Notify,
    pub(crate) left: Mutex<Left>,
}

/// When resyncs were due, in milliseconds since the start.
#[derive(Default)]
pub(crate) struct Left {
    /// Those that had begun, and had not ended.
    pub(crate) under_way: Vec<u32>,
    /// Those that had not even begun.
    pub(crate) overdue: Vec<u32>,
}

impl Ending {
    pub(crate) fn of(phones: u32) -> Self {
        Self {
            waited_for: AtomicU64::new(phones.into()),
            none: Notify::new(),
            left: Mutex::default(),
        }
    }

    /// Notes that one more phone has ended its first resync.
    pub(crate) fn one_less(&self) {
        if self.waited_for.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.none.notify_one();
        }
    }

    /// Returns once every phone has ended a resync; for one to wait.
    pub(crate) async fn all_have_ended_one(&self) {
        self.none.notified().await;
    }
}
