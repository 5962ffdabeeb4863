//! Benchmarks of the workspace, each beside peers that do the same work in the same run.
//!
//! A benchmark says what it measures and what the peer does, for the two are never quite the same.
//! Seconds depend on the machine and on who else uses it: compare ratios of one run. Counts, such as
//! the peak of the heap, do not, and tests assert them.

mod content;
mod measure;
mod peers;
mod pipeline;
mod report;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};

/// Measures our code beside other programs.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  onhook-bench list\n  onhook-bench run resync-pipeline --peers --json result.json"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Names all benchmarks.
    List,
    /// Runs benchmarks, all of them if none is named.
    Run {
        /// The benchmarks.
        names: Vec<String>,
        /// Writes the result as JSON to this file, `-` for standard output.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Measures other programs too, as far as they are installed.
        #[arg(long)]
        peers: bool,
        /// Rounds of measuring; ours and the peers take turns.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..))]
        rounds: u32,
    },
    /// Writes the file that a benchmark works on, to try other programs by hand; its key is SecretPhrase1234.
    File {
        /// The benchmark.
        name: String,
        /// Where to write it.
        path: PathBuf,
    },
    /// Does the work of a benchmark once and prints counts: the whole-process side of a comparison.
    Once {
        /// The benchmark.
        name: String,
        /// The file to work on; made up if it is not given.
        file: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::List => list(),
        Command::Run {
            names,
            json,
            peers,
            rounds,
        } => run(&names, json, &pipeline::Plan { peers, rounds }),
        Command::File { name, path } => known(&name).and_then(|()| {
            std::fs::write(&path, content::sample().file)
                .with_context(|| format!("writing {}", path.display()))
        }),
        Command::Once { name, file } => once(&name, file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "onhook-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn list() -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{}  {}", pipeline::NAME, pipeline::ABOUT)?;
    Ok(())
}

fn known(name: &str) -> anyhow::Result<()> {
    if name == pipeline::NAME {
        return Ok(());
    }
    bail!("no benchmark is called `{name}`; `onhook-bench list` names them all")
}

fn run(names: &[String], json: Option<PathBuf>, plan: &pipeline::Plan) -> anyhow::Result<()> {
    names.iter().try_for_each(|name| known(name))?;
    let report = report::Report::new(vec![pipeline::run(plan)?]);
    let Some(path) = json else {
        return report.print(&mut std::io::stdout());
    };
    let text = serde_json::to_string_pretty(&report).context("writing the result as JSON")?;
    if path.as_os_str() == "-" {
        writeln!(std::io::stdout(), "{text}")?;
        return Ok(());
    }
    std::fs::write(&path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    report.print(&mut std::io::stdout())
}

fn once(name: &str, file: Option<PathBuf>) -> anyhow::Result<()> {
    known(name)?;
    let counts = match file {
        Some(path) => {
            let body =
                std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            pipeline::once(&body, None)?
        }
        None => {
            let sample = content::sample();
            pipeline::once(&sample.file, Some(sample.xml_bytes))?
        }
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&counts)?)?;
    Ok(())
}
