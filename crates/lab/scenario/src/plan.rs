//! What can be known of a scenario before it is run: contradictions, and how long it takes at least.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::language::{Anchor, Do, Expect, Expected, Problem, Scenario, Step, Timing, What, words};

/// A scenario that can be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The least time that passes in it.
    pub least: Duration,
}

/// When a moment can be at the earliest and at the latest, since the first step.
#[derive(Clone, Copy)]
struct Range {
    earliest: Duration,
    latest: Duration,
}

/// Looks for contradictions.
///
/// # Errors
/// The first one, with its place.
pub fn plan(scenario: &Scenario) -> Result<Plan, Problem> {
    let mut walk = Walk {
        scenario,
        now: Range {
            earliest: Duration::ZERO,
            latest: Duration::ZERO,
        },
        ends: Vec::new(),
        boot: None,
        powered: false,
        files: scenario.given.files.keys().map(String::as_str).collect(),
        faults: BTreeSet::new(),
    };
    for step in &scenario.steps {
        let why = match &step.what {
            What::Do(action) => walk.action(action),
            What::Expect(expect) => walk.expect(expect),
        };
        why.map_err(|why| Problem {
            file: scenario.file.clone(),
            line: step.line,
            column: step.column,
            message: format!("{}: {step}: {why}", scenario.id),
        })?;
        walk.ends.push(walk.now);
    }
    Ok(Plan {
        least: walk.now.earliest,
    })
}

struct Walk<'s> {
    scenario: &'s Scenario,
    now: Range,
    /// When each step is done.
    ends: Vec<Range>,
    boot: Option<Range>,
    powered: bool,
    files: BTreeSet<&'s str>,
    faults: BTreeSet<&'s str>,
}

impl<'s> Walk<'s> {
    fn action(&mut self, action: &'s Do) -> Result<(), String> {
        match action {
            Do::Boot => {
                if std::mem::replace(&mut self.powered, true) {
                    return Err("it has power already: write power-cycle".to_owned());
                }
                self.boot = Some(self.now);
            }
            Do::PowerOff => {
                self.power()?;
                self.powered = false;
            }
            Do::PowerCycle | Do::FactoryReset => {
                self.power()?;
                self.boot = Some(self.now);
            }
            Do::Wait(span) => {
                self.now.earliest += *span;
                self.now.latest += *span;
            }
            Do::Resync(..)
            | Do::Upgrade(_)
            | Do::Set(..)
            | Do::Report(_)
            | Do::ProblemReport(_)
            | Do::Reboot(_)
            | Do::Notify(_)
            | Do::Visit(_)
            | Do::Submit(_)
            | Do::Line(..)
            | Do::Registration(..)
            | Do::Address(_)
            | Do::ExternalAddress(_)
            | Do::Certificate(_) => self.power()?,
            Do::File(path, _) => {
                self.files.insert(path);
            }
            Do::RemoveFile(path) => {
                if !self.files.remove(path.as_str()) {
                    return Err("the server has no such file".to_owned());
                }
            }
            Do::Fault(path, _) => {
                self.faults.insert(path.as_str());
            }
            Do::ClearFault(path) => {
                if !self.faults.remove(path.as_str()) {
                    return Err("it does not fail there".to_owned());
                }
            }
            Do::Clock(_) | Do::Options(_) => {}
        }
        Ok(())
    }

    fn power(&self) -> Result<(), String> {
        match self.powered {
            true => Ok(()),
            false => Err("the phone has no power: write boot before it".to_owned()),
        }
    }

    fn expect(&mut self, expect: &Expect) -> Result<(), String> {
        if self.boot.is_none() {
            return Err("the phone has never had power: write boot before it".to_owned());
        }
        if let Expected::Absent(_, span) = &expect.what {
            self.now.earliest += *span;
            self.now.latest += *span;
            return Ok(());
        }
        let Timing { window, after } = expect.timing;
        let Some(window) = window else {
            return Ok(());
        };
        let anchor = match after {
            Anchor::Previous => Some(self.now),
            // It may have restarted since.
            Anchor::Boot => self.boot.map(|boot| Range {
                earliest: boot.earliest,
                latest: match self.restarts() {
                    true => self.now.latest,
                    false => boot.latest,
                },
            }),
            Anchor::Step(step) => self.ends.get(step).copied(),
        };
        let anchor = anchor.unwrap_or(self.now);
        let closes = anchor.latest + window.to;
        if closes < self.now.earliest {
            return Err(format!(
                "this can never be: the window closes {} after the first step at the latest, and the steps before take \
                 {} at least",
                words(closes),
                words(self.now.earliest)
            ));
        }
        self.now.earliest = self.now.earliest.max(anchor.earliest + window.from);
        self.now.latest = self.now.latest.max(closes);
        Ok(())
    }

    /// Whether a step so far waits for a restart.
    fn restarts(&self) -> bool {
        let restart = |step: &Step| {
            matches!(
                &step.what,
                What::Expect(Expect {
                    what: Expected::Happens(crate::language::Pattern::Reboot { .. }),
                    ..
                })
            )
        };
        self.scenario
            .steps
            .iter()
            .take(self.ends.len())
            .any(restart)
    }
}
