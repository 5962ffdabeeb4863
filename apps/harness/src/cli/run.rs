//! Arguments of `run`.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args)]
pub(crate) struct RunArgs {
    /// Files of scenarios, and folders of them; - for standard input.
    #[arg(value_name = "SCENARIO", required = true)]
    pub(crate) scenarios: Vec<OsString>,
    /// What to run on; several with commas between them, and then each row runs on each.
    #[arg(
        long,
        value_enum,
        value_name = "DUT",
        value_delimiter = ',',
        default_value = "virtual"
    )]
    pub(crate) dut: Vec<DutArg>,
    /// Only rows whose id has this form, * for anything; repeatable.
    #[arg(long, value_name = "ID")]
    pub(crate) only: Vec<String>,
    /// Decides everything that chance decides in virtual time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where time is real, rows that take longer at least are skipped; in seconds.
    #[arg(long, value_name = "S", default_value_t = 20)]
    pub(crate) patience: u64,
    /// The program for --dut agent; without it the onhook-agent beside this program.
    #[arg(long, value_name = "FILE")]
    pub(crate) agent: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) external: ExternalArgs,
    /// Print one JSON document (schema onhook.run/1).
    #[arg(long)]
    pub(crate) json: bool,
    /// Write JUnit XML to a file; - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<OsString>,
    /// Write one page with a picture of each row to a file; - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<OsString>,
    /// Write the table of rows and rules as Markdown to a file; - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) conformance: Option<OsString>,
    /// Where journals of rows that failed go; the folder is made for the first one.
    #[arg(long, value_name = "DIR", default_value = "onhook-journals")]
    pub(crate) journals: PathBuf,
}

/// Options of --dut external.
#[derive(Args)]
#[command(next_help_heading = "External phone")]
pub(crate) struct ExternalArgs {
    /// Where the server listens: an address of this host that the phone can reach.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Ports of HTTP, HTTPS, TFTP and syslog; 0 for any.
    #[arg(long, value_name = "P,P,P,P", default_value = "8080,8443,6969,5514", value_parser = ports)]
    pub(crate) ports: Ports,
    /// A command that takes power from the phone and gives it back.
    #[arg(long, value_name = "CMD")]
    pub(crate) power_cycle: Option<String>,
    /// A command that asks the phone for a resync, of the rule in the variable ONHOOK_RULE if it is set; by this the phone is
    /// given the parameters of a row too.
    #[arg(long, value_name = "CMD")]
    pub(crate) resync: Option<String>,
    /// The page of the phone with its parameters as XML, for example http://192.0.2.50/admin/cfg.xml.
    #[arg(long, value_name = "URL")]
    pub(crate) cfg_url: Option<String>,
}

/// What a run is on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DutArg {
    /// The engine in virtual time.
    Virtual,
    /// The real program, against a server on loopback.
    Agent,
    /// Any phone on the network.
    External,
}

/// Ports of HTTP, HTTPS, TFTP and syslog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ports(pub(crate) [u16; 4]);

fn ports(text: &str) -> Result<Ports, String> {
    let ports: Option<Vec<u16>> = text.split(',').map(|port| port.parse().ok()).collect();
    ports
        .and_then(|ports| <[u16; 4]>::try_from(ports).ok())
        .map(Ports)
        .ok_or_else(|| "write four ports with commas between them, 0 for any".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_four() {
        assert_eq!(ports("8080,0,69,514"), Ok(Ports([8080, 0, 69, 514])));
        for text in ["", "8080", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,65536"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}
