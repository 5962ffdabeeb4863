//! The lab as a program.

mod apply;
mod cli;
mod decrypt;
mod diff;
mod encrypt;
mod expand;
mod explain;
mod failure;
mod fleet;
mod gzip;
mod input;
mod key;
mod lint;
mod load;
mod logging;
mod merge;
mod notify;
mod output;
mod phone;
mod places;
mod progress;
mod replay;
mod run;
mod serve;
mod shard;
mod stop;
mod storm;
mod subnet;
mod try_out;
mod vectors;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::{Cli, Command};

/// Thousands of phones take and return small pieces of memory on several threads at once.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What phones complain of stands in a verdict, or in a report.
    let level = if matches!(cli.command, Command::Try(_)) {
        LevelFilter::ERROR
    } else if matches!(cli.command, Command::Fleet(_)) {
        LevelFilter::OFF
    } else {
        LevelFilter::WARN
    };
    logging::install(cli.log_format, level);
    let done = match cli.command {
        Command::Try(args) => try_out::try_out(&args),
        Command::Serve(args) => serve::serve(args),
        Command::Explain(args) => explain::explain(&args),
        Command::Lint(args) => lint::lint(&args),
        Command::Apply(args) => apply::apply(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Storm(args) => storm::storm(&args),
        Command::Subnet(args) => subnet::subnet(&args),
        Command::Fleet(args) => fleet::fleet(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Run(args) => run::run(&args),
        Command::Expand(args) => expand::expand(&args),
        Command::Encrypt(args) => encrypt::encrypt(&args),
        Command::Decrypt(args) => decrypt::decrypt(&args),
        Command::Load(args) => load::load(&args),
        Command::Notify(args) => notify::notify(&args),
        Command::Vectors(args) => vectors::vectors(&args),
    };
    match done {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
