//! What happened: sums, so that shards add up.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Distribution, Threshold};

/// The schema of a report.
pub(crate) const SCHEMA: &str = "onhook.fleet/1";
/// Kinds of failures that a report names.
const FAULTS: usize = 64;

/// The result of a run, or of a part of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `onhook.fleet/1`
    pub schema: String,
    /// Of the program that played.
    pub version: String,
    /// What was played.
    pub run: Run,
    /// Which parts are in it.
    pub shards: Shards,
    /// Whether somebody ended it early.
    pub interrupted: bool,
    /// Milliseconds from the start to the end, of the longest part.
    pub elapsed_ms: u64,
    /// Sums over all of it.
    pub totals: Totals,
    /// Resyncs by the code of their outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Resyncs by cause.
    pub causes: BTreeMap<String, u64>,
    /// How resyncs failed, with an example of each kind.
    pub faults: Vec<Fault>,
    /// From when a resync was due to its end.
    pub latency: Distribution,
    /// From when a resync was due to when it began.
    pub lateness: Distribution,
    /// Sums for each second.
    pub seconds: Seconds,
}

/// What was played: equal for all parts of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Phones of the whole run.
    pub phones: u32,
    /// Serial numbers and draws depend on it.
    pub seed: u64,
    /// The rule, without secrets.
    pub rule: String,
    /// Parameters that differ from the factory state, without secrets.
    pub params: BTreeMap<String, String>,
    /// What DHCP says, as `number=value`.
    pub options: Vec<String>,
    /// `$PN`
    pub product_name: String,
    /// `$SWVER`
    pub software_version: String,
    /// The MAC address of phone number 0.
    pub first_mac: String,
    /// Milliseconds over which phones get power.
    pub ramp_ms: u64,
    /// Milliseconds of the run; `None` for until each phone has ended a resync.
    pub duration_ms: Option<u64>,
    /// Requests under way at once, at most.
    pub at_once: Option<u32>,
    /// The range of addresses that phones come from.
    pub sources: Option<String>,
}

/// Parts of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shards {
    /// How many there are.
    pub of: u32,
    /// Those in the report, from 1.
    pub done: BTreeSet<u32>,
}

/// Sums over a whole report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Phones that were played.
    pub phones: u64,
    /// Those that a resync has succeeded for.
    pub provisioned: u64,
    /// Those whose turn to get power had come.
    pub booted: u64,
    /// Times that a profile made a phone restart.
    pub restarts: u64,
    /// Resyncs that succeeded.
    pub succeeded: u64,
    /// Resyncs that failed.
    pub failed: u64,
    /// Resyncs that had not ended at the end.
    pub unfinished: u64,
    /// Requests that phones began; redirects and challenges belong to them.
    pub requests: u64,
    /// Files that were read, and their bytes as received.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Messages for syslog.
    pub messages: u64,
    /// Those of them that could not be sent.
    pub messages_dropped: u64,
}

/// One way to fail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The code of the outcome.
    pub outcome: String,
    /// The text of `$ERR`.
    pub err: String,
    /// How many resyncs ended so.
    pub count: u64,
    /// The number of the first phone that did.
    pub phone: u32,
    /// When that was, in milliseconds since the start.
    pub at_ms: u64,
    /// What it said.
    pub message: String,
}

/// Sums for each second since the start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    /// Requests that began.
    pub requests: Vec<u64>,
    /// Resyncs that succeeded.
    pub succeeded: Vec<u64>,
    /// Resyncs that failed.
    pub failed: Vec<u64>,
    /// The longest latency of those that ended, in microseconds.
    pub slowest_us: Vec<u64>,
}

/// Reports that do not belong together.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("no reports were given")]
    Nothing,
    /// They are of different runs.
    #[error("report {number} is of another run than the first one: {what} differs")]
    Different {
        /// Which, from 1.
        number: usize,
        /// What.
        what: &'static str,
    },
    /// A shard is in two of them.
    #[error("report {number} has shard {shard}, which one before it has too: give each shard once")]
    Twice {
        /// Which, from 1.
        number: usize,
        /// The shard.
        shard: u32,
    },
    /// One tells of a shard that there cannot be.
    #[error("report {number} is damaged: it has shard {shard} of {of}; play that part again")]
    Damaged {
        /// Which, from 1.
        number: usize,
        /// The shard.
        shard: u32,
        /// How many there are.
        of: u32,
    },
}

impl Report {
    /// Resyncs that ended.
    #[must_use]
    pub fn resyncs(&self) -> u64 {
        self.totals.succeeded + self.totals.failed
    }

    /// Those of them that failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.totals.failed
    }

    /// Resyncs that ended, a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.resyncs() as f64 * 1000.0 / self.elapsed_ms.max(1) as f64
    }

    /// Whether the run was carried to its end, and all of this holds.
    #[must_use]
    pub fn is_good(&self, thresholds: &[Threshold]) -> bool {
        !self.interrupted && thresholds.iter().all(|threshold| threshold.judge(self).0)
    }

    /// Whether all shards are in it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shards.done.len() == self.shards.of as usize
    }

    /// The longest time in which resyncs failed and none succeeded: its first second and the one after its last.
    #[must_use]
    pub fn outage(&self) -> Option<(usize, usize)> {
        let (mut longest, mut begun) = (None::<(usize, usize)>, None);
        let pairs = self.seconds.failed.iter().zip(&self.seconds.succeeded);
        for (second, (failed, succeeded)) in pairs.enumerate() {
            match (failed, succeeded) {
                (_, 1..) => begun = None,
                (0, 0) => {}
                (1.., 0) => {
                    let from = *begun.get_or_insert(second);
                    let span = (from, second + 1);
                    if longest.is_none_or(|(a, b)| b - a < span.1 - span.0) {
                        longest = Some(span);
                    }
                }
            }
        }
        longest
    }

    /// As JSON with a line end.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Takes in what another part of the same run has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.shards.done.extend(&other.shards.done);
        self.interrupted |= other.interrupted;
        self.elapsed_ms = self.elapsed_ms.max(other.elapsed_ms);
        self.totals.add(&other.totals);
        for (sums, more) in [
            (&mut self.outcomes, &other.outcomes),
            (&mut self.causes, &other.causes),
        ] {
            for (key, number) in more {
                let sum = sums.entry(key.clone()).or_default();
                *sum = sum.saturating_add(*number);
            }
        }
        for fault in &other.faults {
            add_fault(&mut self.faults, fault.clone());
        }
        self.latency = self.latency.plus(&other.latency);
        self.lateness = self.lateness.plus(&other.lateness);
        self.seconds.add(&other.seconds);
    }
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
    pub(crate) fn add(&mut self, more: &Self) {
        self.phones = self.phones.saturating_add(more.phones);
        self.provisioned = self.provisioned.saturating_add(more.provisioned);
        self.booted = self.booted.saturating_add(more.booted);
        self.restarts = self.restarts.saturating_add(more.restarts);
        self.succeeded = self.succeeded.saturating_add(more.succeeded);
        self.failed = self.failed.saturating_add(more.failed);
        self.unfinished = self.unfinished.saturating_add(more.unfinished);
        self.requests = self.requests.saturating_add(more.requests);
        self.files = self.files.saturating_add(more.files);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.messages = self.messages.saturating_add(more.messages);
        self.messages_dropped = self.messages_dropped.saturating_add(more.messages_dropped);
    }
}

/// Counts a failure; of each kind the earliest one is the example, so that the order of parts makes no difference.
pub(crate) fn add_fault(faults: &mut Vec<Fault>, fault: Fault) {
    let of_kind = |known: &&mut Fault| (&known.outcome, &known.err) == (&fault.outcome, &fault.err);
    if let Some(known) = faults.iter_mut().find(of_kind) {
        let count = known.count.saturating_add(fault.count);
        if (fault.at_ms, fault.phone) < (known.at_ms, known.phone) {
            *known = fault;
        }
        known.count = count;
        return;
    }
    if faults.len() < FAULTS {
        let at = faults
            .partition_point(|known| (&known.outcome, &known.err) < (&fault.outcome, &fault.err));
        faults.insert(at, fault);
    }
}

impl Seconds {
    /// The places of a second, which are made if they are not there.
    pub(crate) fn at(&mut self, second: usize) -> [Option<&mut u64>; 4] {
        for series in [
            &mut self.requests,
            &mut self.succeeded,
            &mut self.failed,
            &mut self.slowest_us,
        ] {
            if series.len() <= second {
                series.resize(second + 1, 0);
            }
        }
        [
            self.requests.get_mut(second),
            self.succeeded.get_mut(second),
            self.failed.get_mut(second),
            self.slowest_us.get_mut(second),
        ]
    }

    fn add(&mut self, other: &Self) {
        let length = self.requests.len().max(other.requests.len());
        if let Some(last) = length.checked_sub(1) {
            self.at(last);
        }
        for (sums, more) in [
            (&mut self.requests, &other.requests),
            (&mut self.succeeded, &other.succeeded),
            (&mut self.failed, &other.failed),
        ] {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum = sum.saturating_add(*more);
            }
        }
        for (slowest, more) in self.slowest_us.iter_mut().zip(&other.slowest_us) {
            *slowest = (*slowest).max(*more);
        }
    }
}

/// Adds reports of parts of one run up.
///
/// # Errors
/// They are of different runs or programs, or a shard is in two of them.
pub fn merge(reports: &[Report]) -> Result<Report, MergeError> {
    let (first, others) = reports.split_first().ok_or(MergeError::Nothing)?;
    let mut sum = first.clone();
    for (number, report) in (1..).zip(reports) {
        let of = report.shards.of;
        let strange = report
            .shards
            .done
            .iter()
            .find(|shard| !(1..=of).contains(*shard));
        if let Some(shard) = strange {
            return Err(MergeError::Damaged {
                number,
                shard: *shard,
                of,
            });
        }
    }
    for (number, other) in (2..).zip(others) {
        for (what, same) in [
            ("schema", first.schema == other.schema),
            ("version of the program", first.version == other.version),
            ("number of phones", first.run.phones == other.run.phones),
            ("seed", first.run.seed == other.run.seed),
            ("rule", first.run.rule == other.run.rule),
            ("parameters", first.run.params == other.run.params),
            ("ramp", first.run.ramp_ms == other.run.ramp_ms),
            ("duration", first.run.duration_ms == other.run.duration_ms),
            ("settings of the phones", first.run == other.run),
            ("number of shards", first.shards.of == other.shards.of),
        ] {
            if !same {
                return Err(MergeError::Different { number, what });
            }
        }
        if let Some(shard) = sum.shards.done.intersection(&other.shards.done).next() {
            return Err(MergeError::Twice {
                number,
                shard: *shard,
            });
        }
        sum.add(other);
    }
    Ok(sum)
}

#[cfg(test)]
pub(crate) mod tests;
