//! Arguments of `notify`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How a NOTIFY travels.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TransportName {
    /// In a datagram, sent again until it is answered.
    Udp,
    /// On a stream.
    Tcp,
}

#[derive(Args)]
pub(crate) struct NotifyArgs {
    /// The phone: `[USER@]HOST[:PORT]`; the user is that of one of its extensions, the port 5060 if none is given.
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// The event: resync, reboot_now, restart_now, report, prt-gen, XML-service, or any other.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: String,
    /// Run this rule alone, with --event resync or XML-service; @FILE or - to read it.
    #[arg(long, value_name = "RULE")]
    pub(crate) profile: Option<String>,
    /// User name of a login, if the phone wants one.
    #[arg(long, value_name = "U")]
    pub(crate) uid: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    /// How it travels.
    #[arg(long, value_enum, default_value_t = TransportName::Udp)]
    pub(crate) transport: TransportName,
    /// Seconds until nobody is taken to answer.
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) wait: u64,
    /// Print the answer as one JSON document (schema onhook.notify/1).
    #[arg(long)]
    pub(crate) json: bool,
}

/// The password of a login, given in one of three ways.
#[derive(Args)]
#[group(id = "password", multiple = false, requires = "uid")]
pub(crate) struct PasswordArgs {
    /// The password, taken as text. Others on this host can see a command line: prefer --pwd-file or --pwd-env.
    #[arg(long, value_name = "P")]
    pub(crate) pwd: Option<OsString>,
    /// File with the password in its first and only line.
    #[arg(long, value_name = "F")]
    pub(crate) pwd_file: Option<PathBuf>,
    /// Environment variable with the password.
    #[arg(long, value_name = "NAME")]
    pub(crate) pwd_env: Option<OsString>,
}
