//! Arguments of `ctl`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Place;

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
    /// Ask whether Restricted_Access_Domains lets the phone talk to a server; whoever registers lines asks first.
    #[cfg_attr(
        feature = "hints",
        command(after_help = "Examples:\n  onhook-agent ctl may-use sip.example.com")
    )]
    MayUse {
        /// Its name or address.
        server: String,
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
