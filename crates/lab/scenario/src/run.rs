//! Running scenarios one after the other.

use std::time::Duration;

use crate::dut::virtual_phone::{VirtualPhone, packets};
use crate::dut::{Dut, Halt};
use crate::judge::{Judged, judge};
use crate::language::{DutKind, Problem, Scenario, words};
use crate::plan::{Plan, plan};
use crate::story;
use crate::verdict::{Report, Row, Verdict};

/// How much of what was seen a report keeps of one row; pictures show less.
const SHOWN: usize = 2000;

/// What to run on, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// What each scenario is run on.
    pub duts: Vec<DutKind>,
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Rows that take longer at least are skipped where time is real.
    pub patience: Duration,
}

/// What a run asks those who started it.
pub trait Run {
    /// Makes a phone that is none of virtual time.
    ///
    /// # Errors
    /// There is none.
    fn make(&mut self, kind: DutKind, scenario: &Scenario) -> Result<Box<dyn Dut>, Halt>;

    /// Whether the run is to end.
    fn is_stopped(&self) -> bool;

    /// A row has ended.
    fn ended(&mut self, row: &mut Row);
}

/// Runs scenarios; all of them are looked through before the first one runs.
///
/// # Errors
/// Some hold contradictions.
pub fn run(
    scenarios: &[Scenario],
    options: &Options,
    run: &mut dyn Run,
) -> Result<Report, Vec<Problem>> {
    let mut plans = Vec::with_capacity(scenarios.len());
    let mut problems = Vec::new();
    for scenario in scenarios {
        match plan(scenario) {
            Ok(plan) => plans.push(plan),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut report = Report {
        seed: options.seed,
        rows: Vec::new(),
        interrupted: false,
    };
    for (scenario, plan) in scenarios.iter().zip(&plans) {
        for dut in &options.duts {
            if run.is_stopped() {
                report.interrupted = true;
                return Ok(report);
            }
            let mut row = one(scenario, *plan, *dut, options, run);
            run.ended(&mut row);
            report.rows.push(row);
        }
    }
    report.interrupted = run.is_stopped();
    Ok(report)
}

fn one(scenario: &Scenario, plan: Plan, dut: DutKind, options: &Options, run: &mut dyn Run) -> Row {
    let blank = |verdict, why| Row::blank(scenario, dut, verdict, why);
    if let Some(why) = &scenario.pending {
        return blank(Verdict::Skip, format!("pending: {why}"));
    }
    if !scenario.duts.contains(&dut) {
        return match scenario.duts.as_slice() {
            [DutKind::External] => blank(
                Verdict::NeedsHandset,
                "only a real phone can show it: --dut external".to_owned(),
            ),
            duts => {
                let names: Vec<&str> = duts.iter().map(|dut| dut.name()).collect();
                let why = format!("it is written for {} only", names.join(" and "));
                blank(Verdict::Skip, why)
            }
        };
    }
    if dut != DutKind::Virtual && plan.least > options.patience {
        let why = format!(
            "it takes {} at least, and {} is the limit",
            words(plan.least),
            words(options.patience)
        );
        return blank(Verdict::Skip, why);
    }
    let made = match dut {
        DutKind::Virtual => packets::check(scenario)
            .and_then(|()| VirtualPhone::new(&scenario.given, options.seed))
            .map(|phone| Box::new(phone) as Box<dyn Dut>),
        DutKind::Agent | DutKind::External => run.make(dut, scenario),
    };
    let mut phone = match made {
        Ok(phone) => phone,
        Err(halt) => {
            let (verdict, why) = halted(halt);
            return blank(verdict, why);
        }
    };
    let judged = judge(scenario, phone.as_mut(), &|| run.is_stopped());
    let Judged {
        verdict,
        why,
        steps,
        mut seen,
        took,
    } = judged;
    seen.truncate(SHOWN);
    let journal = match verdict {
        Verdict::Fail => phone.journal(),
        Verdict::Pass | Verdict::Skip | Verdict::NeedsHandset => None,
    };
    Row {
        steps,
        seen,
        took,
        story: journal.as_deref().map(story::tell).unwrap_or_default(),
        journal,
        ..blank(verdict, why)
    }
}

/// What a halt means for a row.
pub(crate) fn halted(halt: Halt) -> (Verdict, String) {
    match halt {
        Halt::Cannot(why) => (Verdict::Skip, why),
        Halt::Broken(why) => (Verdict::Fail, why),
        Halt::Interrupted => (Verdict::Skip, "the run was ended before its end".to_owned()),
    }
}
