//! The same storm with several settings, side by side.

use std::collections::BTreeMap;

use onhook_figures::Threshold;
use serde::Serialize;
use thiserror::Error;

use crate::report::VERSION;
use crate::storm::{Progress, Storm, StormError};
use crate::text::columns;
use crate::{Report, ScenarioError};

/// A setting, and what is changed for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variant {
    /// What it is called.
    pub name: String,
    /// Parameters of the phones and keys of the scenario, with their values.
    pub changes: Vec<(String, String)>,
}

/// What came of each setting.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Comparison {
    /// `onhook.storm-compare/1`
    pub schema: &'static str,
    /// Of the program that simulated.
    pub version: &'static str,
    /// Whether somebody ended it early: settings that were not played to their end are not in it.
    pub interrupted: bool,
    /// In the order given.
    pub runs: Vec<Compared>,
}

/// One of them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Compared {
    /// What it is called.
    pub name: String,
    /// What was changed, without secrets.
    pub changes: BTreeMap<String, String>,
    /// What came of it.
    pub report: Report,
}

/// Settings that cannot be compared.
#[derive(Debug, Error)]
pub enum CompareError {
    /// A setting is wrong.
    #[error("{name}: {source}")]
    Setting {
        /// Which.
        name: String,
        /// What is wrong.
        source: ScenarioError,
    },
    /// It cannot be simulated.
    #[error(transparent)]
    Storm(#[from] StormError),
}

impl Variant {
    /// The storm with this setting.
    ///
    /// # Errors
    /// A key is unknown, or cannot have its value.
    pub fn of(&self, storm: &Storm) -> Result<Storm, CompareError> {
        let mut storm = storm.clone();
        for (key, value) in &self.changes {
            let set = storm.scenario.set(key, value);
            set.map_err(|source| CompareError::Setting {
                name: self.name.clone(),
                source,
            })?;
        }
        storm.check()?;
        Ok(storm)
    }

    /// What is changed, as a report may tell it.
    fn shown(&self, storm: &Storm) -> BTreeMap<String, String> {
        let shown = storm.scenario.shown();
        let value = |(key, value): &(String, String)| {
            let shown = shown.params.get(key).unwrap_or(value);
            (key.clone(), shown.clone())
        };
        self.changes.iter().map(value).collect()
    }
}

impl Comparison {
    /// Plays the same phones with each setting: same number, same days, same seed.
    ///
    /// # Errors
    /// A setting is wrong; nothing has been played then.
    pub fn run(
        storm: &Storm,
        variants: &[Variant],
        threads: usize,
        progress: &Progress,
    ) -> Result<Self, CompareError> {
        let storms: Result<Vec<Storm>, _> = variants.iter().map(|each| each.of(storm)).collect();
        let mut all = Self {
            schema: "onhook.storm-compare/1",
            version: VERSION,
            interrupted: false,
            runs: Vec::new(),
        };
        for (variant, storm) in variants.iter().zip(storms?) {
            let report = storm.run(None, threads, progress)?;
            if report.interrupted {
                all.interrupted = true;
                break;
            }
            all.runs.push(Compared {
                name: variant.name.clone(),
                changes: variant.shown(&storm),
                report,
            });
        }
        Ok(all)
    }

    /// Whether all settings were played, and all of this holds of each.
    #[must_use]
    pub fn is_good(&self, thresholds: &[Threshold]) -> bool {
        !self.interrupted && self.runs.iter().all(|run| run.report.is_good(thresholds))
    }

    /// Names above the columns, and the rows of a table.
    pub(crate) fn table(&self, thresholds: &[Threshold]) -> (Vec<String>, Vec<Vec<String>>) {
        let mut head = vec![String::new()];
        let mut changes = vec!["changed".to_owned()];
        let mut rows: Vec<Vec<String>> = Vec::new();
        for run in &self.runs {
            head.push(run.name.clone());
            let changed: Vec<String> = run
                .changes
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            changes.push(match changed.is_empty() {
                true => "nothing".to_owned(),
                false => changed.join(" "),
            });
            let judged = thresholds.iter().map(|threshold| {
                let (holds, found) = threshold.judge(&run.report);
                let verdict = if holds { "holds" } else { "FAILED" };
                (threshold.to_string(), format!("{verdict} ({found})"))
            });
            let figures = run.report.figures().into_iter().chain(judged);
            for (place, (name, figure)) in figures.enumerate() {
                match rows.get_mut(place) {
                    Some(row) => row.push(figure),
                    None => rows.push(vec![name, figure]),
                }
            }
        }
        rows.insert(0, changes);
        (head, rows)
    }

    /// What came of each, side by side.
    #[must_use]
    pub fn text(&self, thresholds: &[Threshold]) -> String {
        let (head, rows) = self.table(thresholds);
        let mut out = String::new();
        if let Some(run) = self.runs.first() {
            let report = &run.report;
            let (phones, days, seed) = (report.totals.phones, report.days, report.seed);
            out = format!("{phones} phones, {days} days, seed {seed}, the same for each\n");
        }
        if self.interrupted {
            out.push_str("interrupted: what follows was played to its end\n");
        }
        out + &columns(&head, &rows)
    }

    /// As JSON with a line end.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
