//! What happened: sums only, so that cells and shards add up.

use std::collections::{BTreeMap, BTreeSet};

use onhook_device::Outcome;
use onhook_phone::Cause;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Scenario;
use crate::server::Answer;

/// The schema of a report.
pub(crate) const SCHEMA: &str = "onhook.storm/1";

/// The result of a storm, or of a part of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// `onhook.storm/1`
    pub schema: String,
    /// Phones of the whole storm.
    pub phones: u32,
    /// Virtual days.
    pub days: u32,
    /// Seed of the run.
    pub seed: u64,
    /// What was simulated.
    pub scenario: Scenario,
    /// Which cells are in it.
    pub cells: Cells,
    /// Sums over all of it.
    pub totals: Totals,
    /// Sums for each minute.
    pub minutes: Minutes,
    /// Requests by how long they waited for their turn: below 1 ms, 2 ms, 4 ms and so on.
    pub waits: Vec<u64>,
}

/// The cells of a report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cells {
    /// Phones in one cell; the last may have fewer.
    pub size: u32,
    /// How many there are.
    pub of: u32,
    /// Those that are in the report, from 0.
    pub done: BTreeSet<u32>,
}

/// Sums over a whole report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Phones.
    pub phones: u64,
    /// Those that have been provisioned at the end.
    pub provisioned: u64,
    /// Times that a phone came up.
    pub boots: u64,
    /// Resyncs by cause.
    pub started: BTreeMap<String, u64>,
    /// Resyncs by the code of their outcome.
    pub ended: BTreeMap<String, u64>,
    /// Requests to the server.
    pub requests: u64,
    /// Inputs that phones handled.
    pub inputs: u64,
}

/// Sums for each minute since the beginning.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Minutes {
    /// Requests to the server.
    pub requests: Vec<u64>,
    /// Resyncs that were retries.
    pub retries: Vec<u64>,
    /// Resyncs that succeeded.
    pub succeeded: Vec<u64>,
    /// Resyncs that failed.
    pub failed: Vec<u64>,
}

/// Reports that do not belong together.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("no reports were given")]
    Nothing,
    /// They are of different storms.
    #[error("report {number} is of another storm than the first one: {what} differs")]
    Different {
        /// Which, from 1.
        number: usize,
        /// What.
        what: &'static str,
    },
    /// A cell is in two of them.
    #[error("report {number} has cell {cell}, which one before it has too: give each shard once")]
    Twice {
        /// Which, from 1.
        number: usize,
        /// The cell.
        cell: u32,
    },
}

impl Minutes {
    fn new(minutes: usize) -> Self {
        let none = vec![0; minutes];
        Self {
            requests: none.clone(),
            retries: none.clone(),
            succeeded: none.clone(),
            failed: none,
        }
    }

    fn add(&mut self, other: &Self) {
        add(&mut self.requests, &other.requests);
        add(&mut self.retries, &other.retries);
        add(&mut self.succeeded, &other.succeeded);
        add(&mut self.failed, &other.failed);
    }
}

impl Report {
    pub(crate) fn new(
        phones: u32,
        days: u32,
        seed: u64,
        scenario: &Scenario,
        cells: Cells,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            phones,
            days,
            seed,
            scenario: scenario.clone(),
            cells,
            totals: Totals::default(),
            minutes: Minutes::new(days as usize * 1440),
            waits: vec![0; 24],
        }
    }

    pub(crate) fn request(&mut self, now_ms: u64, answer: &Answer) {
        self.totals.requests += 1;
        count(&mut self.minutes.requests, now_ms);
        let class = (u64::BITS - answer.waited_ms.leading_zeros()) as usize;
        let last = self.waits.len() - 1;
        if let Some(waits) = self.waits.get_mut(class.min(last)) {
            *waits += 1;
        }
    }

    pub(crate) fn starts(&mut self, now_ms: u64, cause: Cause) {
        bump(&mut self.totals.started, cause.name());
        if cause == Cause::Retry {
            count(&mut self.minutes.retries, now_ms);
        }
    }

    pub(crate) fn ends(&mut self, now_ms: u64, outcome: Outcome) {
        bump(&mut self.totals.ended, outcome.code());
        let minutes = match outcome.is_success() {
            true => &mut self.minutes.succeeded,
            false => &mut self.minutes.failed,
        };
        count(minutes, now_ms);
    }

    /// Takes in what another part of the same storm has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.cells.done.extend(&other.cells.done);
        let (totals, more) = (&mut self.totals, &other.totals);
        totals.phones += more.phones;
        totals.provisioned += more.provisioned;
        totals.boots += more.boots;
        totals.requests += more.requests;
        totals.inputs += more.inputs;
        for (sums, more) in [
            (&mut totals.started, &more.started),
            (&mut totals.ended, &more.ended),
        ] {
            for (key, number) in more {
                *sums.entry(key.clone()).or_default() += number;
            }
        }
        self.minutes.add(&other.minutes);
        add(&mut self.waits, &other.waits);
    }

    /// Whether all cells are in it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.cells.done.len() == self.cells.of as usize
    }

    /// The busiest minute and its requests.
    #[must_use]
    pub fn peak(&self) -> Option<(usize, u64)> {
        let most = *self.minutes.requests.iter().max()?;
        let minute = self.minutes.requests.iter().position(|n| *n == most)?;
        Some((minute, most))
    }

    /// As JSON with a line end.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Adds reports of parts of one storm up.
///
/// # Errors
/// They are of different storms, or a cell is in two of them.
pub fn merge(reports: &[Report]) -> Result<Report, MergeError> {
    let (first, others) = reports.split_first().ok_or(MergeError::Nothing)?;
    let mut sum = first.clone();
    for (number, other) in (2..).zip(others) {
        let different = |what| MergeError::Different { number, what };
        for (what, same) in [
            ("schema", first.schema == other.schema),
            ("phones", first.phones == other.phones),
            ("days", first.days == other.days),
            ("seed", first.seed == other.seed),
            ("scenario", first.scenario == other.scenario),
            (
                "cells",
                (first.cells.size, first.cells.of) == (other.cells.size, other.cells.of),
            ),
            (
                "minutes",
                first.minutes.requests.len() == other.minutes.requests.len(),
            ),
            ("waits", first.waits.len() == other.waits.len()),
        ] {
            if !same {
                return Err(different(what));
            }
        }
        if let Some(cell) = sum.cells.done.intersection(&other.cells.done).next() {
            return Err(MergeError::Twice {
                number,
                cell: *cell,
            });
        }
        sum.add(other);
    }
    Ok(sum)
}

fn add(sums: &mut [u64], more: &[u64]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

fn count(minutes: &mut [u64], now_ms: u64) {
    let minute = usize::try_from(now_ms / 60_000).unwrap_or(usize::MAX);
    if let Some(count) = minutes.get_mut(minute) {
        *count += 1;
    }
}

fn bump(sums: &mut BTreeMap<String, u64>, key: &str) {
    if let Some(sum) = sums.get_mut(key) {
        *sum += 1;
    } else {
        sums.insert(key.to_owned(), 1);
    }
}
