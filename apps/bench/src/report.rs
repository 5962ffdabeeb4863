//! Results, in words and as JSON.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use crate::aims::{Finding, findings};
use crate::measure::Timing;

/// The results of a run.
#[derive(Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    pub(crate) benchmarks: Vec<Benchmark>,
    /// What is aimed at in them.
    pub(crate) aims: Vec<Finding>,
}

/// The result of one benchmark.
#[derive(Serialize)]
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What does not depend on the machine.
    pub(crate) counts: Value,
    /// The same in words.
    #[serde(skip)]
    pub(crate) line: String,
    pub(crate) sides: Vec<Side>,
    pub(crate) peers: Vec<Peer>,
}

impl Benchmark {
    /// The same, not run, and why.
    pub(crate) fn skipped(mut self, why: &str) -> Self {
        self.line = format!("skipped: {why}");
        self
    }
}

/// One way in which our code did the work.
#[derive(Serialize)]
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) timing: Timing,
    /// Seconds of the processor, where they were measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<Timing>,
}

/// Another program beside ours.
#[derive(Serialize)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The side that it is compared with.
    pub(crate) against: &'static str,
    #[serde(flatten)]
    pub(crate) result: Compared,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compared {
    /// Its timing, and how many times as long as ours it took.
    Measured {
        timing: Timing,
        ratio: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        cpu: Option<Timing>,
    },
    /// Why it was not measured.
    Skipped { why: String },
}

impl Peer {
    /// Compares a peer with one way of ours.
    pub(crate) fn new(
        name: &'static str,
        about: &'static str,
        against: &'static str,
        ours: &Timing,
        peer: Result<Timing, String>,
    ) -> Self {
        let result = match peer {
            Ok(timing) => Compared::Measured {
                ratio: timing.median_s / ours.median_s,
                timing,
                cpu: None,
            },
            Err(why) => Compared::Skipped { why },
        };
        Self {
            name,
            about,
            against,
            result,
        }
    }
}

impl Peer {
    /// What it took; `None` if it was not measured.
    pub(crate) const fn timing(&self) -> Option<&Timing> {
        match &self.result {
            Compared::Measured { timing, .. } => Some(timing),
            Compared::Skipped { .. } => None,
        }
    }

    /// What it took of the processor, where that was measured.
    pub(crate) const fn cpu(&self) -> Option<&Timing> {
        match &self.result {
            Compared::Measured { cpu, .. } => cpu.as_ref(),
            Compared::Skipped { .. } => None,
        }
    }

    /// Adds what a peer took of the processor.
    pub(crate) fn with_cpu(mut self, taken: Option<Timing>) -> Self {
        if let Compared::Measured { cpu, .. } = &mut self.result {
            *cpu = taken;
        }
        self
    }
}

impl Report {
    pub(crate) fn new(benchmarks: Vec<Benchmark>) -> Self {
        Self {
            schema: "onhook.bench/1",
            aims: findings(&benchmarks),
            benchmarks,
        }
    }

    /// Prints the results for a person.
    pub(crate) fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for benchmark in &self.benchmarks {
            writeln!(out, "{}: {}", benchmark.name, benchmark.about)?;
            writeln!(out, "  {}", benchmark.line)?;
            for side in &benchmark.sides {
                writeln!(
                    out,
                    "  {}: {}\n    {}",
                    side.name,
                    words(&side.timing),
                    side.about
                )?;
                print_cpu(out, side.cpu.as_ref())?;
            }
            for peer in &benchmark.peers {
                match &peer.result {
                    Compared::Measured { timing, ratio, cpu } => {
                        writeln!(
                            out,
                            "  {}: {}, {ratio:.1} times as long as {}",
                            peer.name,
                            words(timing),
                            peer.against
                        )?;
                        print_cpu(out, cpu.as_ref())?;
                    }
                    Compared::Skipped { why } => writeln!(out, "  {}: skipped: {why}", peer.name)?,
                }
                writeln!(out, "    {}", peer.about)?;
            }
        }
        if !self.aims.is_empty() {
            writeln!(out, "aimed at:")?;
        }
        for aim in &self.aims {
            let (wanted, found) = (aim.wanted(), aim.found());
            let verdict = aim.verdict.words();
            writeln!(
                out,
                "  {:<12}  {found:>9}  {wanted:<17}  {}",
                verdict, aim.what
            )?;
        }
        Ok(())
    }
}

fn print_cpu(out: &mut impl Write, cpu: Option<&Timing>) -> anyhow::Result<()> {
    if let Some(cpu) = cpu {
        writeln!(out, "    of the processor: {}", words(cpu))?;
    }
    Ok(())
}

/// A timing in words.
pub(crate) fn words(timing: &Timing) -> String {
    let (time, unit) = if timing.median_s < 1e-5 {
        (timing.median_s * 1e9, "ns")
    } else {
        (timing.median_s * 1e3, "ms")
    };
    format!(
        "median {time:.3} {unit} ({:.0}/s), spread {:.0} % over {} rounds",
        1.0 / timing.median_s,
        timing.spread * 100.0,
        timing.rounds
    )
}
