//! Counting what one cell does, and adding cells up.

use std::collections::BTreeMap;

use onhook_device::Outcome;
use onhook_figures::Spans;
use onhook_phone::Cause;

use crate::report::Report;
use crate::series::Slots;
use crate::server::Answer;

/// What one cell has done.
pub(crate) struct Tally {
    pub(crate) phones: u64,
    pub(crate) provisioned: u64,
    pub(crate) boots: u64,
    pub(crate) inputs: u64,
    requests: u64,
    started: BTreeMap<&'static str, u64>,
    ended: BTreeMap<&'static str, u64>,
    latency: Spans,
    in_sync: Spans,
    minutes: Slots,
    seconds: Slots,
}

/// What several cells have done.
pub(crate) struct Sum {
    report: Report,
    latency: Spans,
    in_sync: Spans,
}

impl Tally {
    /// Nothing, in the slots of a report.
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            phones: 0,
            provisioned: 0,
            boots: 0,
            inputs: 0,
            requests: 0,
            started: BTreeMap::new(),
            ended: BTreeMap::new(),
            latency: Spans::default(),
            in_sync: Spans::default(),
            minutes: Slots::of(&report.minutes),
            seconds: Slots::of(&report.seconds),
        }
    }

    pub(crate) fn request(&mut self, now_ms: u64, answer: &Answer) {
        self.requests += 1;
        self.minutes.request(now_ms, answer);
        self.seconds.request(now_ms, answer);
        // Of a server that is not there nothing can be said.
        if answer.reached {
            self.latency.add((answer.at_ms - now_ms) * 1000);
        }
    }

    pub(crate) fn starts(&mut self, now_ms: u64, cause: Cause) {
        *self.started.entry(cause.name()).or_default() += 1;
        self.minutes.starts(now_ms, cause);
        self.seconds.starts(now_ms, cause);
    }

    pub(crate) fn ends(&mut self, now_ms: u64, outcome: Outcome) {
        *self.ended.entry(outcome.code()).or_default() += 1;
        self.minutes.ends(now_ms, outcome);
        self.seconds.ends(now_ms, outcome);
    }

    /// A phone comes into sync, for the first time or again, or goes out of it.
    pub(crate) fn sync(&mut self, now_ms: u64, in_sync: bool, first: bool) {
        self.minutes.sync(now_ms, in_sync);
        self.seconds.sync(now_ms, in_sync);
        if in_sync && first {
            self.in_sync.add(now_ms * 1000);
        }
    }
}

impl Sum {
    /// Nothing, for a report without any cell.
    pub(crate) fn of(report: Report) -> Self {
        Self {
            report,
            latency: Spans::default(),
            in_sync: Spans::default(),
        }
    }

    /// Takes in a cell that has come to its end.
    pub(crate) fn add(&mut self, cell: u32, tally: &Tally) {
        let report = &mut self.report;
        report.cells.done.insert(cell);
        let totals = &mut report.totals;
        totals.phones += tally.phones;
        totals.provisioned += tally.provisioned;
        totals.boots += tally.boots;
        totals.requests += tally.requests;
        totals.inputs += tally.inputs;
        for (sums, more) in [
            (&mut totals.started, &tally.started),
            (&mut totals.ended, &tally.ended),
        ] {
            for (key, number) in more {
                *sums.entry((*key).to_owned()).or_default() += number;
            }
        }
        tally.minutes.add_to(&mut report.minutes);
        tally.seconds.add_to(&mut report.seconds);
        self.latency.plus(&tally.latency);
        self.in_sync.plus(&tally.in_sync);
    }

    /// The report of all that was taken in.
    pub(crate) fn finish(self) -> Report {
        Report {
            latency: self.latency.distribution(),
            in_sync: self.in_sync.distribution(),
            ..self.report
        }
    }
}
