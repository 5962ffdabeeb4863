//! Benchmarks of the workspace, each beside peers that do the same work in the same run.
//!
//! A benchmark says what it measures and what the peer does, for the two are never quite the same.
//! Seconds depend on the machine and on who else uses it: compare ratios of one run. Counts, such as
//! the peak of the heap, do not, and tests assert them.

mod aims;
mod catalog;
mod cli;
mod commit;
mod content;
mod engine;
mod firmware;
mod fleet;
mod gate;
mod language;
mod measure;
mod page;
mod peers;
mod pipeline;
mod plan;
mod report;
mod soak;
mod stages;
mod tftp;
mod virtually;
mod web;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;

use crate::catalog::{ENTRIES, Entry};
use crate::cli::{Arguments, Command};
use crate::plan::Plan;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::List => list(),
        Command::Run {
            names,
            json,
            html,
            peers,
            rounds,
        } => run(&names, json, html, &Plan { peers, rounds }),
        Command::Gate { baseline, write } => match gate::gate(&baseline, write) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Command::Work { name, times } => gate::work(&name, times),
        Command::File { name, path } => pipeline_only(&name).and_then(|()| {
            std::fs::write(&path, content::sample().file)
                .with_context(|| format!("writing {}", path.display()))
        }),
        Command::Once { name, file } => once(&name, file),
        Command::Get {
            server,
            file,
            block_size,
            window,
        } => tftp::get(server, &file, block_size, window),
        Command::Serve { root } => tftp::serve(root),
        Command::Soak {
            agent,
            rate,
            seconds,
        } => {
            let beside = || Some(std::env::current_exe().ok()?.with_file_name("onhook-agent"));
            let agent = agent.or_else(beside).unwrap_or_default();
            soak::soak(&agent, rate, seconds)
        }
        Command::Load { url, seconds, ca } => web::print_load(&url, seconds, ca.as_deref()),
        Command::Crowd {
            rule,
            phones,
            syslog,
        } => fleet::crowd(&rule, phones, syslog),
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
    let mut out = std::io::stdout();
    for entry in &ENTRIES {
        writeln!(out, "{}  {}", entry.name, entry.about)?;
    }
    Ok(())
}

fn known(name: &str) -> anyhow::Result<&'static Entry> {
    if let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name) {
        return Ok(entry);
    }
    bail!("no benchmark is called `{name}`; `onhook-bench list` names them all")
}

/// Refuses benchmarks that work on no file.
fn pipeline_only(name: &str) -> anyhow::Result<()> {
    known(name)?;
    if name != pipeline::NAME {
        bail!(
            "`{name}` works on no file of its own; only `{}` does",
            pipeline::NAME
        );
    }
    Ok(())
}

fn run(
    names: &[String],
    json: Option<PathBuf>,
    html: Option<PathBuf>,
    plan: &Plan,
) -> anyhow::Result<()> {
    let wanted: Vec<&Entry> = if names.is_empty() {
        ENTRIES.iter().collect()
    } else {
        names
            .iter()
            .map(|name| known(name))
            .collect::<Result<_, _>>()?
    };
    let results = wanted.iter().map(|entry| (entry.run)(plan));
    let report = report::Report::new(results.collect::<Result<_, _>>()?);
    if let Some(path) = html {
        std::fs::write(&path, page::page(&report))
            .with_context(|| format!("writing {}", path.display()))?;
    }
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
    pipeline_only(name)?;
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
