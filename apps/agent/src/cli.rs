//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
pub(crate) struct CtlArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print one JSON document (schema onhook.ctl/1; of a resync that ended, onhook.resync/1).
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) what: CtlCommand,
}

#[derive(Subcommand)]
pub(crate) enum CtlCommand {
    /// A line, 1 to 16, became idle or busy.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl line 1 busy\n  \
        onhook-agent ctl line 1 idle")
    )]
    Line {
        /// Number of the line.
        line: u8,
        /// What it became.
        #[arg(value_enum)]
        state: LineState,
    },
    /// A line, 1 to 16, stands otherwise with its registrar; $REGTMR1 and $REGTMR2 count from there.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl registration 1 registered\n  \
        onhook-agent ctl registration 1 unregistered"
        )
    )]
    Registration {
        /// Number of the line.
        line: u8,
        /// How it stands.
        #[arg(value_enum)]
        state: RegistrationState,
    },
    /// A request of SIP failed on a line, 1 to 16; status and events show it.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl sip-error 1 X20\n  \
        onhook-agent ctl sip-error 2 403")
    )]
    SipError {
        /// Number of the line.
        line: u8,
        /// A status from 300 to 699, or what the device found itself: X00 not sent, X20 no answer, X40 protocol error, X60 no such
        /// number.
        code: String,
    },
    /// Print what happens from now on, one JSON object a line (schema onhook.event/1), until Ctrl-C.
    #[cfg(feature = "events")]
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl events | jq .event")
    )]
    Events,
    /// Run the configured rules, or the given one alone, and wait for the result unless lines are busy.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl resync\n  \
        onhook-agent ctl resync http://192.0.2.10/phone.xml --json\n  \
        onhook-agent ctl resync --menu http://192.0.2.10/phone.xml")
    )]
    Resync {
        /// A rule to run alone; @FILE or - reads it.
        rule: Option<String>,
        /// As somebody at the menu of the phone asks: only if User_Configurable_Resync is Yes, and a rule becomes
        /// Profile_Rule.
        #[arg(long)]
        menu: bool,
    },
    /// Fetch the custom CA from a URL, or by Custom_CA_Rule, and believe it over TLS; the URL is not stored.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl update-ca\n  \
        onhook-agent ctl update-ca https://192.0.2.10/ca.pem")
    )]
    UpdateCa {
        /// A URL, or a rule; @FILE or - reads it.
        url: Option<String>,
    },
    /// Upgrade to the load of a URL, or to that of Upgrade_Rule, when all lines are idle; what was tried before is tried again. The URL
    /// is not stored.
    #[cfg(feature = "firmware")]
    #[command(after_help = "Examples:\n  onhook-agent ctl upgrade\n  \
        onhook-agent ctl upgrade http://192.0.2.10/sip88xx.12-0-1MPP0001-100.loads\n\n\
        What becomes of it is told by `status` and by events.")]
    Upgrade {
        /// A URL, or a rule; @FILE or - reads it.
        url: Option<String>,
    },
    /// Report the configuration as Report_Rule says, once, and wait for the result.
    #[cfg(feature = "reports")]
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl report")
    )]
    Report,
    /// Send a report of a problem to the place that PRT_Upload_Rule names, once, and wait for the result.
    #[cfg(feature = "reports")]
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl problem-report")
    )]
    ProblemReport,
    /// Restart the phone as soon as all lines are idle and no resync runs.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl reboot")
    )]
    Reboot,
    /// Restart SIP and services, without a boot, as soon as all lines are idle and no resync runs.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl restart")
    )]
    Restart,
    /// Return everything to the factory state and restart the phone.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl factory-reset")
    )]
    FactoryReset,
    /// The external address ($EXTIP) became known, or is not known any more.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl external-ip 203.0.113.7\n  \
        onhook-agent ctl external-ip none"
        )
    )]
    ExternalIp {
        /// An address, or none.
        #[arg(value_parser = external_ip)]
        address: ExternalIp,
    },
    /// A user of extension mobility ($EMS, $MUID, $MPWD) logged in or out.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl mobility login 4711 --password-file pin.txt\n  \
        onhook-agent ctl mobility logout"
        )
    )]
    Mobility {
        #[command(subcommand)]
        what: MobilityCommand,
    },
    /// The client certificate ($CCERT).
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl certificate install phone.pem phone.key\n  \
        onhook-agent ctl certificate remove"
        )
    )]
    Certificate {
        #[command(subcommand)]
        what: CertificateCommand,
    },
}

/// Whether a line is in use.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineState {
    /// No call.
    Idle,
    /// Anything else.
    Busy,
    /// An emergency call, which nothing disturbs.
    Emergency,
}

/// How a line stands with its registrar.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegistrationState {
    /// The line is not enabled.
    Disabled,
    /// It is registered.
    Registered,
    /// It is enabled and not registered.
    Unregistered,
}

/// An address that may be unknown.
#[derive(Clone, Copy)]
pub(crate) struct ExternalIp(pub(crate) Option<IpAddr>);

fn external_ip(text: &str) -> Result<ExternalIp, String> {
    if text == "none" {
        return Ok(ExternalIp(None));
    }
    text.parse()
        .map(|address| ExternalIp(Some(address)))
        .map_err(|_| "write an IP address, or none".to_owned())
}

#[derive(Subcommand)]
pub(crate) enum MobilityCommand {
    /// A user logged in.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl mobility login 4711 --password-file pin.txt"
        )
    )]
    Login {
        /// Who ($MUID).
        user: String,
        /// File whose first line is the password ($MPWD); - for standard input.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
    },
    /// The user logged out.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl mobility logout")
    )]
    Logout,
}

#[derive(Subcommand)]
pub(crate) enum CertificateCommand {
    /// Present this certificate to servers that ask for one.
    #[cfg_attr(
        feature = "hints",
        command(
            after_help = "Examples:\n  onhook-agent ctl certificate install phone.pem phone.key"
        )
    )]
    Install {
        /// Certificate, and those between it and its root (PEM).
        certificate: PathBuf,
        /// Private key (PEM).
        key: PathBuf,
    },
    /// Present none.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl certificate remove")
    )]
    Remove,
}

#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print one JSON document (schema onhook.status/1).
    #[arg(long)]
    pub(crate) json: bool,
}
