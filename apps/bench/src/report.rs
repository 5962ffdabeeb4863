//! Results, in words and as JSON.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use crate::measure::Timing;

/// The results of a run.
#[derive(Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    benchmarks: Vec<Benchmark>,
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
    name: &'static str,
    about: &'static str,
    against: &'static str,
    #[serde(flatten)]
    result: Compared,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Compared {
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
    /// Adds what a peer took of the processor.
    pub(crate) fn with_cpu(mut self, taken: Option<Timing>) -> Self {
        if let Compared::Measured { cpu, .. } = &mut self.result {
            *cpu = taken;
        }
        self
    }
}

impl Report {
    pub(crate) const fn new(benchmarks: Vec<Benchmark>) -> Self {
        Self {
            schema: "onhook.bench/1",
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
        Ok(())
    }
}

fn print_cpu(out: &mut impl Write, cpu: Option<&Timing>) -> anyhow::Result<()> {
    if let Some(cpu) = cpu {
        writeln!(out, "    of the processor: {}", words(cpu))?;
    }
    Ok(())
}

fn words(timing: &Timing) -> String {
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
