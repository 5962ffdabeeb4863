//! `cargo xtask`: checks, code generation and the whole gate, run the same way by a person and by CI.

mod arch;
mod bench;
mod codegen;
mod demo;
mod dist;
mod fuzz;
mod gate;
mod interop;
mod manuals;
mod power_cuts;
mod report;
mod say;
mod scan;
mod sim;
mod sizes;
mod spec;
mod tidy;
mod workspace;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

use crate::report::Report;
use crate::workspace::{load, root};

/// Checks, code generation and the whole gate of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run all that CI checks.
    Test {
        /// The tests alone.
        #[arg(long)]
        fast: bool,
    },
    /// Check layers, places of packages, ports and the code map.
    Arch,
    /// Check files, manifests and lint settings.
    Tidy,
    /// Check the rules of the specification against code and tests.
    Spec {
        /// Mark rules that code and a test cite as built.
        #[arg(long)]
        promote: bool,
    },
    /// Show a phone that provisions itself from a server, both on loopback.
    Demo {
        /// End after the first resync, with its result as exit status.
        #[arg(long)]
        exit: bool,
        /// The folder with the programs; without it they are built.
        #[arg(long, value_name = "DIR")]
        programs: Option<PathBuf>,
        /// Where its files go; what is there is removed.
        #[arg(long, value_name = "DIR", default_value = "target/demo")]
        stage: PathBuf,
    },
    /// Build what is released: packages, static programs, bills of materials, checksums; or check it.
    Dist(dist::Options),
    /// Write manual pages and completions for bash, zsh and fish.
    Manuals {
        /// Where they go.
        #[arg(long, value_name = "DIR", default_value = "target/manuals")]
        out: PathBuf,
    },
    /// Build the program for devices and measure its size, its memory and the time to its first packet.
    Sizes,
    /// Feed the parsers with made-up inputs; needs a nightly compiler and cargo-fuzz.
    Fuzz {
        /// The targets; all if none is named.
        names: Vec<String>,
        /// How long for each.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Search what power cuts can leave of the store and of the slots for firmware, each state checked.
    PowerCuts {
        /// How many different states of the store.
        #[arg(long, default_value_t = 10_000_000)]
        states: u64,
        /// With how many chances each operation of an upgrade is interrupted: what was not flushed is kept, lost or torn.
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
        chances: u64,
        /// Kill phones that upgrade themselves so often too; they are real processes.
        #[arg(long, default_value_t = 0)]
        kills: u64,
    },
    /// Play seeds of the simulated world: phones, servers, flash, lines and power in virtual time.
    Sim {
        /// How many seeds.
        #[arg(long, default_value_t = 100_000)]
        seeds: u64,
        /// The first one.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Play this seed alone and print what happens.
        #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
        replay: Option<u64>,
        /// Apply each patch of tests/planted to a copy of the tree: the simulation has to find it.
        #[arg(long, conflicts_with_all = ["seeds", "from", "replay"])]
        planted: bool,
    },
    /// Real phones at the servers that operators run, and over a network that loses packets.
    Interop(interop::Options),
    /// Build the benchmarks with optimization and run them: `cargo xtask bench run --peers`, `cargo xtask bench gate`.
    Bench {
        /// What `onhook-bench` is told.
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            default_value = "list"
        )]
        arguments: Vec<OsString>,
    },
    /// Write the generated parameter table.
    Codegen {
        /// Only compare, and fail when the file is stale.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<ExitCode> {
    let root = root()?;
    match Arguments::parse().task {
        Task::Test { fast: true } => gate::run(&root, gate::Extent::Tests),
        Task::Test { fast: false } => gate::run(&root, gate::Extent::Everything),
        Task::Demo {
            exit,
            programs,
            stage,
        } => {
            let end = if exit {
                demo::End::AfterFirstResync
            } else {
                demo::End::Never
            };
            demo::run(&root, end, programs.as_deref(), &root.join(stage))
        }
        Task::Dist(options) => dist::run(&root, &options),
        Task::Manuals { out } => {
            let count = manuals::write(&root.join(out))?;
            say::line(&format!("manuals: wrote {count} files"));
            Ok(ExitCode::SUCCESS)
        }
        Task::Interop(options) => interop::run(&root, &options),
        Task::Sizes => sizes::run(&root),
        Task::Fuzz { names, seconds } => fuzz::run(&root, &names, seconds),
        Task::PowerCuts {
            states,
            chances,
            kills,
        } => {
            let extent = power_cuts::Extent {
                states,
                chances,
                kills,
            };
            power_cuts::run(&root, extent)
        }
        Task::Sim { planted: true, .. } => sim::planted(&root),
        Task::Sim {
            replay: Some(seed), ..
        } => sim::replay(&root, seed),
        Task::Sim { from, seeds, .. } => sim::run(&root, from, seeds),
        Task::Bench { arguments } => bench::run(&root, &arguments),
        Task::Arch => Ok(show(&arch::check(&load(&root)?))),
        Task::Tidy => Ok(show(&tidy::check(&load(&root)?))),
        Task::Spec { promote: false } => Ok(show(&spec::check(&load(&root)?))),
        Task::Spec { promote: true } => promote(&root),
        Task::Codegen { check: true } => {
            compare_generated(&root)?;
            say::line("codegen: the table is up to date");
            Ok(ExitCode::SUCCESS)
        }
        Task::Codegen { check: false } => write_generated(&root),
    }
}

/// Prints a report and turns it into the state of the program.
fn show(report: &Report) -> ExitCode {
    say::line(&report.to_string());
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn promote(root: &Path) -> Result<ExitCode> {
    let (text, count) = spec::promote(&load(root)?)?;
    if count > 0 {
        fs::write(root.join(spec::LIST), text)
            .with_context(|| format!("writing {}", spec::LIST))?;
    }
    say::line(&format!("spec: {count} rules promoted"));
    Ok(show(&spec::check(&load(root)?)))
}

fn generated(root: &Path) -> Result<String> {
    let source = fs::read_to_string(root.join(codegen::SOURCE))
        .with_context(|| format!("reading {}", codegen::SOURCE))?;
    codegen::generate(&source).with_context(|| format!("reading {}", codegen::SOURCE))
}

/// Fails when the generated table differs from what its source gives.
fn compare_generated(root: &Path) -> Result<()> {
    let found = fs::read_to_string(root.join(codegen::TARGET))
        .with_context(|| format!("reading {}", codegen::TARGET))?;
    if found != generated(root)? {
        bail!(
            "{} is stale or was edited by hand; run `cargo xtask codegen`",
            codegen::TARGET
        );
    }
    Ok(())
}

fn write_generated(root: &Path) -> Result<ExitCode> {
    fs::write(root.join(codegen::TARGET), generated(root)?)
        .with_context(|| format!("writing {}", codegen::TARGET))?;
    say::line(&format!("codegen: wrote {}", codegen::TARGET));
    Ok(ExitCode::SUCCESS)
}
