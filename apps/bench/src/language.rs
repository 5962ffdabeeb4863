//! `rule-select` and `condition`: what the language costs when its template is at hand.

use std::hint::black_box;

use anyhow::{anyhow, bail};
use onhook_macros::{Expanded, MacroName, MacroSource, Template};
use onhook_rules::{RuleKind, Selection};
use serde_json::json;

use crate::measure::{Timing, middle};
use crate::plan::Plan;
use crate::report::{Benchmark, Side};

/// The names of the benchmarks.
pub(crate) const RULE: &str = "rule-select";
pub(crate) const CONDITION: &str = "condition";
/// What they measure.
pub(crate) const ABOUT_RULE: &str =
    "a rule of four alternatives: expanded from a cached template, parsed, its third selected";
pub(crate) const ABOUT_CONDITION: &str =
    "an expanded condition of two comparisons: parsed and evaluated";

pub(crate) const OURS: &str = "ours";
const SWVER: &str = "sip88xx.11-3-2MPP0001-609";
const TEXT: &str = "($PRVST eq 0 and \"$A\" ne \"done\")? (a = \"done\";)! [--key $SA] https://boot.example.net/$PN/$MA.xml | \
    ($SWVER lt sip88xx.11-3-2MPP0001-609)? http://example.net/old/$MA.xml | \
    (\"$CCERT\" eq \"Installed\" and $PRVTMR ge 600)? [--key $SA --uid $SB] https://example.net/$PSN/$(MAU:6).xml | \
    http://example.net/$PSN.xml";
const TRIGGER: &str = "301 gt 300 and 1200 ge 600";
const SELECTED: u32 = 3;
/// Work between two looks at the clock, and such stretches in a round.
const STRETCH: u32 = if cfg!(debug_assertions) { 10 } else { 10_000 };
const REPEAT: u32 = if cfg!(debug_assertions) { 3 } else { 50 };

/// A phone in its third hour.
struct Phone;

impl MacroSource for Phone {
    fn push_value(&self, name: MacroName, out: &mut String) {
        out.push_str(match name.text() {
            "PRVST" => "1",
            "PRVTMR" => "7200",
            "MA" => "000e08012345",
            "MAU" => "000E08012345",
            "PN" => "CP-8841-3PCC",
            "PSN" => "8841-3PCC",
            "SWVER" => SWVER,
            "CCERT" => "Installed",
            _ => "",
        });
    }
}

/// Expands, parses and selects; the number of the alternative.
fn select(template: &Template, out: &mut Expanded) -> anyhow::Result<u32> {
    template.expand(&Phone, out);
    match onhook_rules::select(RuleKind::Profile, out.text(), out.slots(), SWVER, &mut ())? {
        Selection::Act(alternative) => Ok(black_box(alternative).index),
        Selection::Skip => bail!("no alternative was selected"),
    }
}

/// Allocations of one repetition after the first.
fn allocations(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<u64> {
    work()?;
    let mut result = Ok(());
    let heap = allocation_counter::measure(|| result = work());
    result.map(|()| heap.count_total)
}

fn benchmark(
    name: &'static str,
    about: &'static str,
    plan: &Plan,
    mut work: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Benchmark> {
    let allocations = allocations(&mut work)?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let stretch = middle(REPEAT, || (0..STRETCH).try_for_each(|_| work()))?;
        rounds.push(stretch / f64::from(STRETCH));
    }
    Ok(Benchmark {
        name,
        about,
        counts: json!({ "allocations": allocations }),
        line: format!("{allocations} allocations with a reused buffer"),
        sides: vec![Side {
            name: OURS,
            about: "in process",
            timing: Timing::of(rounds),
            cpu: None,
        }],
        peers: Vec::new(),
    })
}

/// Runs `rule-select`.
pub(crate) fn rule(plan: &Plan) -> anyhow::Result<Benchmark> {
    benchmark(RULE, ABOUT_RULE, plan, selecting())
}

/// Selects so many times.
pub(crate) fn work_rule(times: u32) -> anyhow::Result<()> {
    let mut select = selecting();
    (0..times).try_for_each(|_| select())
}

fn selecting() -> impl FnMut() -> anyhow::Result<()> {
    let template = Template::compile(TEXT);
    let mut out = Expanded::new();
    move || match select(black_box(&template), &mut out)? {
        SELECTED => Ok(()),
        other => Err(anyhow!("alternative {other} was selected")),
    }
}

/// Runs `condition`.
pub(crate) fn condition(plan: &Plan) -> anyhow::Result<Benchmark> {
    benchmark(CONDITION, ABOUT_CONDITION, plan, evaluate)
}

/// Evaluates so many times.
pub(crate) fn work_condition(times: u32) -> anyhow::Result<()> {
    (0..times).try_for_each(|_| evaluate())
}

fn evaluate() -> anyhow::Result<()> {
    if black_box(onhook_conditions::evaluate(
        black_box(TRIGGER),
        SWVER,
        &mut (),
    )?) {
        return Ok(());
    }
    bail!("the condition is false")
}
