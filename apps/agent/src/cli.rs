//! The command line.

#[path = "cli/ctl.rs"]
pub(crate) mod ctl;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use ctl::CtlArgs;

/// A phone that provisions itself as Cisco multiplatform phones do.
#[derive(Parser)]
#[command(
    name = "onhook-agent",
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:\n  onhook-agent resync http://192.0.2.10/phone.xml\n  \
        onhook-agent run --config agent.toml\n  onhook-agent status"
)]
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
    #[cfg(feature = "log-json")]
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the phone until it is told to end.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent run --config agent.toml\n  \
        onhook-agent run --state-dir /tmp/phone --events -\n  \
        onhook-agent run --config agent.toml --journal phone.journal\n  \
        onhook-agent run --config agent.toml --print-config\n\n\
        SIGTERM and SIGINT end the agent, SIGHUP makes it read its configuration again.")
    )]
    Run(RunArgs),
    /// One resync now: through the running agent if there is one, else in the foreground.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent resync\n  \
        onhook-agent resync '[--key secret] http://127.0.0.1:8000/phone.xml' --json\n\n\
        A key on the command line is visible to others on this host: put the rule into a file and \
        write @FILE, or - for standard input.\n\
        Exit status: 0 the resync succeeded, 1 it failed, 2 usage or configuration.")
    )]
    Resync(ResyncArgs),
    /// Read and change parameters.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent params list --changed\n  \
        onhook-agent params get Profile_Rule\n  \
        onhook-agent params set Profile_Rule http://192.0.2.10/\\$MA.xml\n  onhook-agent params reset")
    )]
    Params(ParamsArgs),
    /// Ask the running agent how things are.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent status\n  onhook-agent status --json")
    )]
    Status(StatusArgs),
    /// Tell the running agent what happens at the phone; what is told lasts until the agent ends.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl line 1 busy\n  onhook-agent ctl resync\n  \
        onhook-agent ctl external-ip 203.0.113.7\n  \
        onhook-agent ctl mobility login 4711 --password-file pin.txt\n  \
        onhook-agent ctl certificate install phone.pem phone.key\n\n\
        Exit status: 0 done, 1 it failed, 2 usage or configuration, 3 accepted but waiting for idle lines or for the\n\
        running resync."
        )
    )]
    Ctl(CtlArgs),
}

/// Where configuration and state are.
#[derive(Args)]
pub(crate) struct Place {
    /// Configuration file (TOML).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of parameters and state; overrides the configuration.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Write events to a file, one JSON object a line; `-` for stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    #[cfg(feature = "journal")]
    /// Write a journal for `onhook-harness replay`, without secrets: what the phone is told and what it answers.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Print the merged configuration with the source of each value, and end.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// With --print-config: print one JSON document (schema onhook.config/1).
    #[arg(long, requires = "print_config")]
    pub(crate) json: bool,
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

/// What an export is written as.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A flat-profile.
    Xml,
    /// One JSON document.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum ParamsCommand {
    /// List parameters with their values.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent params list --changed\n  \
        onhook-agent params list --section 'Configuration Profile' --long\n  \
        onhook-agent params list --section 'Configuration Profile' --json")
    )]
    List {
        #[command(flatten)]
        place: Place,
        /// Only those that differ from the factory state.
        #[arg(long)]
        changed: bool,
        /// Only those of one section of the administration page.
        #[arg(long, value_name = "S")]
        section: Option<String>,
        /// Under the tabs and sections of the administration page, with type, what is allowed, factory value, right and source.
        #[arg(long, short)]
        long: bool,
        /// Print one JSON document (schema onhook.params/1).
        #[arg(long)]
        json: bool,
    },
    /// Print the value of one parameter.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent params get Profile_Rule")
    )]
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
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent params set Resync_Periodic 7200\n  \
        onhook-agent params set Profile_Rule - < rule.txt"
        )
    )]
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
    /// Print the configuration as a profile that a phone reads again; secrets are comments.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent params export > backup.xml\n  \
        onhook-agent params export --changed --format json\n\n\
        Back with: onhook-agent resync http://server/backup.xml. A rule that holds a key or a password is a secret too."
        )
    )]
    Export {
        #[command(flatten)]
        place: Place,
        /// A flat-profile, or one JSON document (schema onhook.export/1).
        #[arg(long, value_enum, default_value_t = ExportFormat::Xml)]
        format: ExportFormat,
        /// Only those that differ from the factory state.
        #[arg(long)]
        changed: bool,
    },
    /// Return everything to the factory state.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent params reset --state-dir /tmp/phone")
    )]
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
