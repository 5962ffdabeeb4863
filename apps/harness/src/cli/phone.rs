//! Arguments that describe a phone.

use std::path::PathBuf;

use clap::Args;

/// Options that say which parameters a phone has.
#[derive(Args)]
#[command(next_help_heading = "Phone")]
pub(crate) struct ScopeArgs {
    /// Product family.
    #[arg(long, value_name = "F", default_value = "mpp", value_parser = ["mpp", "spa"])]
    pub(crate) family: String,
    /// Preset of defaults and readings.
    #[arg(long, value_name = "R", default_value = "11.3", value_parser = ["11.3", "10.4"])]
    pub(crate) release: String,
    /// Choose a reading of the manuals, for example upgrade_no_server=error.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) reading: Vec<(String, String)>,
}

/// Options that describe the state of a phone.
#[derive(Args)]
#[command(next_help_heading = "Phone")]
pub(crate) struct StateArgs {
    /// Set a parameter, for example GPP_A=site-7.
    #[arg(long, value_name = "PARAM=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// Start with the values of a profile, or of the page of a phone saved as XML (/admin/cfg.xml); --set comes on top.
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// What DHCP says: the number of an option and a host, an address or a URL, for example 66=192.0.2.10; 15 is the
    /// domain of the network.
    #[arg(long, value_name = "N=SERVER", value_parser = option)]
    pub(crate) dhcp: Vec<(u8, String)>,
    /// The local time, for example 2026-11-27T09:30; delays and checks are then shown as times too.
    #[arg(long, value_name = "WALLTIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

/// Options that describe a phone on paper.
#[derive(Args)]
#[command(next_help_heading = "Phone")]
pub(crate) struct PhoneArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Set the value of a macro, for example MA=000e08012345.
    #[arg(long = "macro", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) macros: Vec<(String, String)>,
    /// What started the resync.
    #[arg(long, value_name = "C", default_value = "periodic", value_parser = ["boot", "periodic", "retry", "explicit"])]
    pub(crate) cause: String,
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write NAME=VALUE".to_owned()),
    }
}

pub(crate) fn option(text: &str) -> Result<(u8, String), String> {
    let (number, server) = pair(text)?;
    let number = number
        .parse()
        .map_err(|_| "write the number of an option, 1 to 254, and `=`".to_owned())?;
    Ok((number, server))
}
