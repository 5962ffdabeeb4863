//! Benchmarks of the workspace, each beside peers that do the same work in the same run.
//!
//! A benchmark says what it measures and what the peer does, for the two are never quite the same.
//! Seconds depend on the machine and on who else uses it: compare ratios of one run. Counts, such as
//! the peak of the heap, do not, and tests assert them.

mod aims;
mod beside;
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
mod run;
mod soak;
mod stages;
mod tftp;
mod virtually;
mod web;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::cli::{Arguments, Command};
use crate::plan::Plan;
use crate::run::{list, once, pipeline_only, run};

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
