//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A phone that provisions itself as Cisco multiplatform phones do.
#[derive(Parser)]
#[command(name = "onhook-agent", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    /// Format of the log on stderr; what is logged is set by RUST_LOG, for example RUST_LOG=debug.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the phone until it is told to end.
    #[command(after_help = "Examples:\n  onhook-agent run --config agent.toml\n  \
        onhook-agent run --state-dir /tmp/phone --events -")]
    Run(RunArgs),
    /// One resync now: through the running agent if there is one, else in the foreground.
    #[command(after_help = "Examples:\n  onhook-agent resync\n  \
        onhook-agent resync '[--key secret] http://127.0.0.1:8000/phone.xml' --json\n\n\
        A key on the command line is visible to others on this host: put the rule into a file and \
        write @FILE, or - for standard input.\n\
        Exit status: 0 the resync succeeded, 1 it failed, 2 usage or configuration.")]
    Resync(ResyncArgs),
    /// Read and change parameters.
    #[command(after_help = "Examples:\n  onhook-agent params list --changed\n  \
        onhook-agent params get Profile_Rule\n  \
        onhook-agent params set Profile_Rule http://192.0.2.10/\\$MA.xml\n  onhook-agent params reset")]
    Params(ParamsArgs),
    /// Ask the running agent how things are.
    #[command(after_help = "Examples:\n  onhook-agent status\n  onhook-agent status --json")]
    Status(StatusArgs),
}

/// Where configuration and state are.
#[derive(Args)]
pub(crate) struct Place {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of parameters and state; overrides the configuration.
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Write events to a file, one JSON object a line; `-` for stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ResyncArgs {
    /// A rule to run alone instead of the configured ones; @FILE or - reads it.
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print the result as one JSON document (schema onhook.resync/1).
    #[arg(long)]
    pub(crate) json: bool,
    /// Never ask a running agent; fail if one uses the state directory.
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Args)]
pub(crate) struct ParamsArgs {
    #[command(subcommand)]
    pub(crate) what: ParamsCommand,
}

#[derive(Subcommand)]
pub(crate) enum ParamsCommand {
    /// List parameters with their values.
    List {
        #[command(flatten)]
        place: Place,
        /// Only those that differ from the factory state.
        #[arg(long)]
        changed: bool,
        /// Only those of one section of the administration page.
        #[arg(long, value_name = "S")]
        section: Option<String>,
        /// Print one JSON document (schema onhook.params/1).
        #[arg(long)]
        json: bool,
    },
    /// Print the value of one parameter.
    Get {
        #[command(flatten)]
        place: Place,
        /// Element name.
        name: String,
        /// Print one JSON document (schema onhook.params/1).
        #[arg(long)]
        json: bool,
    },
    /// Set one parameter.
    Set {
        #[command(flatten)]
        place: Place,
        /// Element name.
        name: String,
        /// New value; - reads it from standard input.
        value: String,
        /// Never ask a running agent; fail if one uses the state directory.
        #[arg(long)]
        offline: bool,
    },
    /// Return everything to the factory state.
    Reset {
        #[command(flatten)]
        place: Place,
        /// Never ask a running agent; fail if one uses the state directory.
        #[arg(long)]
        offline: bool,
    },
}

#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print one JSON document (schema onhook.status/1).
    #[arg(long)]
    pub(crate) json: bool,
}
