//! What happened: sums only, so that cells and shards add up.

use std::collections::{BTreeMap, BTreeSet};

use onhook_figures::{Distribution, Found, Measured, Spans, Threshold, What};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::series::Series;
use crate::{Scenario, Storm};

/// The schema of a report.
pub(crate) const SCHEMA: &str = "onhook.storm/1";
/// The program that makes reports.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The result of a storm, or of a part of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `onhook.storm/1`
    pub schema: String,
    /// Of the program that simulated.
    pub version: String,
    /// Phones of the whole storm.
    pub phones: u32,
    /// Virtual days.
    pub days: u32,
    /// Seed of the run.
    pub seed: u64,
    /// What was simulated, without secrets.
    pub scenario: Scenario,
    /// Which cells are in it.
    pub cells: Cells,
    /// Whether somebody ended it early: cells that had not come to their end are not in it.
    pub interrupted: bool,
    /// Sums over all of it.
    pub totals: Totals,
    /// From a request that reached the server to its answer, or to when the phone gave up.
    pub latency: Distribution,
    /// From the beginning to when each phone was in sync for the first time; those that never were are not in it.
    pub in_sync: Distribution,
    /// Minute by minute.
    pub minutes: Series,
    /// Second by second, for the hour of the close-up.
    pub seconds: Series,
}

/// The cells of a report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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
    /// One of them says what cannot be.
    #[error("report {number} is damaged: {what}; play that part again")]
    Damaged {
        /// Which, from 1.
        number: usize,
        /// What it says.
        what: String,
    },
}

impl MergeError {
    /// Which report does not belong, from 1.
    #[must_use]
    pub const fn number(&self) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::Different { number, .. }
            | Self::Twice { number, .. }
            | Self::Damaged { number, .. } => Some(*number),
        }
    }
}

impl Totals {
    /// Resyncs that began.
    #[must_use]
    pub fn resyncs(&self) -> u64 {
        self.started.values().sum()
    }

    /// Resyncs that ended, and those of them that failed.
    #[must_use]
    pub fn ended(&self) -> (u64, u64) {
        let failed = self
            .ended
            .iter()
            .filter(|(code, _)| !code.starts_with("A."));
        (self.ended.values().sum(), failed.map(|(_, n)| n).sum())
    }
}

impl Report {
    pub(crate) fn new(storm: &Storm, cells: Cells) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION.to_owned(),
            phones: storm.phones,
            days: storm.days,
            seed: storm.seed,
            scenario: storm.scenario.shown(),
            cells,
            interrupted: false,
            totals: Totals::default(),
            latency: Spans::default().distribution(),
            in_sync: Spans::default().distribution(),
            minutes: Series::minutes(storm.days),
            seconds: Series::close_up(storm.days, storm.scenario.close_up_s),
        }
    }

    /// Takes in what another part of the same storm has.
    fn add(&mut self, other: &Self) {
        self.cells.done.extend(&other.cells.done);
        self.interrupted |= other.interrupted;
        let (totals, more) = (&mut self.totals, &other.totals);
        // Whatever stands in a file, nothing runs over.
        for (sum, more) in [
            (&mut totals.phones, more.phones),
            (&mut totals.provisioned, more.provisioned),
            (&mut totals.boots, more.boots),
            (&mut totals.requests, more.requests),
            (&mut totals.inputs, more.inputs),
        ] {
            *sum = sum.saturating_add(more);
        }
        for (sums, more) in [
            (&mut totals.started, &more.started),
            (&mut totals.ended, &more.ended),
        ] {
            for (key, number) in more {
                let sum = sums.entry(key.clone()).or_default();
                *sum = sum.saturating_add(*number);
            }
        }
        self.latency = self.latency.plus(&other.latency);
        self.in_sync = self.in_sync.plus(&other.in_sync);
        self.minutes.add(&other.minutes);
        self.seconds.add(&other.seconds);
    }

    /// Whether all cells are in it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.cells.done.len() == self.cells.of as usize
    }

    /// The cells that are not in it.
    pub fn missing(&self) -> impl Iterator<Item = u32> {
        (0..self.cells.of).filter(|cell| !self.cells.done.contains(cell))
    }

    /// Whether it was carried to its end, and all of this holds.
    #[must_use]
    pub fn is_good(&self, thresholds: &[Threshold]) -> bool {
        !self.interrupted && thresholds.iter().all(|threshold| threshold.judge(self).0)
    }

    /// After how many microseconds so many of a hundred phones had been in sync; `None` if they never were.
    #[must_use]
    pub fn synced_us(&self, percent: f64) -> Option<u64> {
        let wanted = (self.totals.phones as f64 * percent / 100.0)
            .ceil()
            .max(1.0);
        let part = wanted * 100.0 / self.in_sync.count.max(1) as f64;
        // A part that is whole but for its last digit is whole.
        (wanted <= self.in_sync.count as f64).then(|| self.in_sync.percentile(part.min(100.0)))
    }

    /// As JSON with a line end.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Measured for Report {
    const WORDS: &'static str =
        "pN, max, mean, sync-pN (N from 0 to 100), sync-max, failures and unfinished";

    fn tells(what: What) -> bool {
        // These phones are never late, and their number a second is given.
        !matches!(what, What::Late(_) | What::Rate)
    }

    fn found(&self, what: What) -> Result<Found, String> {
        let (ended, failed) = self.totals.ended();
        let begun = self.totals.resyncs();
        match what {
            What::Latency(_) | What::Mean if self.latency.count == 0 => {
                Err("no request reached the server".to_owned())
            }
            What::Latency(percent) => Ok(Found::Span(self.latency.percentile(percent))),
            What::Mean => Ok(Found::Span(self.latency.mean_us)),
            What::Failures if ended == 0 => Err("no resync ended".to_owned()),
            What::Failures => Ok(Found::Of(failed, ended)),
            What::Unfinished => Ok(Found::Of(begun.saturating_sub(ended), begun)),
            What::InSync(percent) => self.synced_us(percent).map(Found::Span).ok_or_else(|| {
                let (some, all) = (self.in_sync.count, self.totals.phones);
                format!("{some} of {all} phones have been in sync")
            }),
            What::Late(_) | What::Rate => Err("a storm does not tell it".to_owned()),
        }
    }
}

/// Adds reports of parts of one storm up.
///
/// # Errors
/// They are of different storms or programs, or a cell is in two of them.
pub fn merge(reports: &[Report]) -> Result<Report, MergeError> {
    let (first, others) = reports.split_first().ok_or(MergeError::Nothing)?;
    let mut sum = first.clone();
    whole_cells(1, first)?;
    for (number, other) in (2..).zip(others) {
        let cells = |report: &Report| (report.cells.size, report.cells.of);
        for (what, same) in [
            ("schema", first.schema == other.schema),
            ("version of the program", first.version == other.version),
            ("number of phones", first.phones == other.phones),
            ("number of days", first.days == other.days),
            ("seed", first.seed == other.seed),
            ("scenario", first.scenario == other.scenario),
            ("cells", cells(first) == cells(other)),
            ("minutes", first.minutes.fits(&other.minutes)),
            ("seconds", first.seconds.fits(&other.seconds)),
        ] {
            if !same {
                return Err(MergeError::Different { number, what });
            }
        }
        whole_cells(number, other)?;
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

fn whole_cells(number: usize, report: &Report) -> Result<(), MergeError> {
    let (Cells { size, of, done }, phones) = (&report.cells, report.phones);
    let damaged = |what| Err(MergeError::Damaged { number, what });
    if *size == 0 || phones.div_ceil(*size) != *of {
        return damaged(format!("it has {phones} phones in {of} cells of {size}"));
    }
    match done.last() {
        Some(cell) if cell >= of => damaged(format!("it has cell {cell} of {of}")),
        Some(_) | None => Ok(()),
    }
}
