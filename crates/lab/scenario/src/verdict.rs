//! What came of scenarios.

use std::time::Duration;

use crate::dut::Observation;
use crate::language::{DutKind, Scenario};

/// How a row ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Verdict {
    /// Everything was as expected.
    Pass,
    /// Something was not.
    Fail,
    /// It was not run.
    Skip,
    /// It can only be run on a phone that one can touch.
    NeedsHandset,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::NeedsHandset => "needs-handset",
        }
    }
}

/// One step that was reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepDone {
    /// The line where it stands.
    pub line: usize,
    /// What it is, in words.
    pub text: String,
    /// When it was done; `None` for the one that failed.
    pub at: Option<Duration>,
}

/// One scenario on one device.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What holds.
    pub title: String,
    /// The rules that are broken if it fails.
    pub rules: Vec<String>,
    /// Where it comes from.
    pub source: String,
    /// The file.
    pub file: String,
    /// The line where it begins.
    pub line: usize,
    /// What it was run on.
    pub dut: DutKind,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, if it did not pass.
    pub why: String,
    /// Whether it waits for something that is not built.
    pub pending: bool,
    /// The steps that were reached.
    pub steps: Vec<StepDone>,
    /// What was seen.
    pub seen: Vec<Observation>,
    /// How much time passed in it; of a virtual phone, virtual time.
    pub took: Duration,
    /// The journal of a row that failed; `None` if there is none.
    pub journal: Option<String>,
    /// What the phone did and why, in words, up to the failure.
    pub story: Vec<String>,
    /// The command that replays the journal, once it has a name.
    pub replay: Option<String>,
}

impl Row {
    /// A row that was not run.
    pub(crate) fn blank(scenario: &Scenario, dut: DutKind, verdict: Verdict, why: String) -> Self {
        Self {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            rules: scenario.rules.clone(),
            source: scenario.source.clone(),
            file: scenario.file.clone(),
            line: scenario.line,
            dut,
            verdict,
            why,
            pending: scenario.pending.is_some(),
            steps: Vec::new(),
            seen: Vec::new(),
            took: Duration::ZERO,
            journal: None,
            story: Vec::new(),
            replay: None,
        }
    }
}

/// All rows of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// In order of the files.
    pub rows: Vec<Row>,
    /// Whether somebody ended the run before its end.
    pub interrupted: bool,
}

impl Report {
    /// How many rows ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows
            .iter()
            .filter(|row| row.verdict == verdict)
            .count()
    }
}
