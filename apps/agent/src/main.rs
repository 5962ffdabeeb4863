//! The phone as a program.

mod boot;
mod certificate;
mod cli;
mod config;
mod ctl;
mod events;
mod failure;
#[cfg(feature = "firmware")]
mod firmware;
#[cfg(feature = "journal")]
mod journal;
mod json;
mod known;
mod lines;
mod log_server;
mod logging;
mod names;
mod network;
#[cfg(feature = "web")]
mod pages;
mod params;
mod reload;
mod resync;
mod run;
mod sheet;
mod sip;
mod sources;
mod status;
mod supervisor;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod tls;
mod transports;
mod words;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::{Cli, Command};

#[cfg(all(no_unwind_tables, panic = "unwind"))]
compile_error!(
    "the build script leaves out what unwinding needs: set panic = \"abort\" in this profile"
);

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What a command prints says everything that a warning would; that a store was damaged it does not say.
    let level = match cli.command {
        Command::Run(_) => LevelFilter::INFO,
        Command::Resync(_) | Command::Params(_) | Command::Status(_) | Command::Ctl(_) => {
            LevelFilter::ERROR
        }
    };
    logging::install(cli.log_format, level);
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&anyhow::Error::new(error)),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => run::run(&args).await,
            Command::Resync(args) => resync::resync(&args).await,
            Command::Params(args) => params::params(&args).await,
            Command::Status(args) => status::status(&args).await,
            Command::Ctl(args) => ctl::ctl(&args).await,
        }
    });
    // A name lookup that hangs must not hold up the end.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
