//! Arguments of `try`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::phone::StateArgs;

#[derive(Args)]
pub(crate) struct TryArgs {
    /// The rule, as Profile_Rule would hold it; @FILE reads it from a file, - from standard input. Without it the phone
    /// has the rule that it left the factory with.
    #[arg(value_name = "RULE", required_unless_present_any = ["server", "dhcp"])]
    pub(crate) rule: Option<String>,
    /// What DHCP says of the server: a host, an address or a URL; short for --dhcp 66=HOST.
    #[arg(long, value_name = "HOST")]
    pub(crate) server: Option<String>,
    /// The model: 8841, 7832, 6871, or with --family spa 504G, 2102.
    #[arg(long, value_name = "M")]
    pub(crate) model: Option<String>,
    /// The MAC address.
    #[arg(long, value_name = "M", default_value = "000e08012345")]
    pub(crate) mac: String,
    /// PEM file with the root certificates that the phone trusts; without it no https is believed.
    #[arg(long, value_name = "F")]
    pub(crate) ca: Option<PathBuf>,
    /// PEM file with the certificate that the phone presents to servers that want one, and those between it and its root.
    #[arg(long, value_name = "F")]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM file with the key of --client-cert, if it is not in the same file.
    #[arg(long, value_name = "F", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// File with the key in its first and only line; it goes into GPP_SA, and a rule without --key gets [--key $SA].
    #[arg(long, value_name = "F")]
    pub(crate) key_file: Option<PathBuf>,
    /// Environment variable with the key.
    #[arg(long, value_name = "NAME", conflicts_with = "key_file")]
    pub(crate) key_env: Option<OsString>,
    /// Print the result as one JSON document (schema onhook.try/1).
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// What starts the resync.
    #[arg(long, value_name = "C", default_value = "boot", value_parser = ["boot", "periodic", "retry", "explicit"],
        help_heading = "Phone")]
    pub(crate) cause: String,
}
