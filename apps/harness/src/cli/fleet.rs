//! Arguments of `fleet`.

use std::ffi::OsString;
use std::net::{SocketAddr, SocketAddrV4};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::phone::ScopeArgs;
use super::shard::{ShardArg, shard};

#[derive(Args)]
pub(crate) struct FleetArgs {
    /// How many phones the whole run has.
    #[arg(long, value_name = "N")]
    pub(crate) phones: u32,
    /// The rule, as Profile_Rule would hold it; @FILE reads it from a file, - from standard input.
    #[arg(long, value_name = "RULE")]
    pub(crate) rule: String,
    /// Seconds over which the phones get power, evenly.
    #[arg(long, value_name = "S", default_value = "0", value_parser = millis)]
    pub(crate) ramp: u64,
    /// Seconds that the run lasts; without it until every phone has ended one resync.
    #[arg(long, value_name = "S", value_parser = millis)]
    pub(crate) duration: Option<u64>,
    /// What has to hold for exit status 0, for example 'p99<500ms'; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) threshold: Vec<String>,
    /// Only this part of several, counted from 1, or env:NAME/N for an index from 0 in a variable; `merge` adds them up.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<ShardArg>,
    /// Where the JSON goes (schema onhook.fleet/1); - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Print the result as one JSON document (schema onhook.fleet/1).
    #[arg(long, conflicts_with = "out")]
    pub(crate) json: bool,
    /// Where a page with plots goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<OsString>,
    /// Answer HTTP requests at this address with figures for Prometheus.
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Let at most so many requests be under way at once; others wait, which is part of their latency.
    #[arg(long, value_name = "N")]
    pub(crate) at_once: Option<NonZeroU32>,
    /// Let phones come from the addresses of a range of this host, for example 127.0.0.0/8.
    #[arg(long, value_name = "RANGE")]
    pub(crate) source: Option<String>,
    /// Hear NOTIFY of SIP over UDP at the addresses of --source, for example 0.0.0.0:5060.
    #[arg(long, value_name = "ADDR", requires = "source")]
    pub(crate) sip: Option<SocketAddrV4>,
    /// Print number, MAC address, serial number and source of each phone, and play none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Decides serial numbers, and everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads that the phones are dealt out to; without it as many as there are processors.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// The MAC address of phone number 0; the others count on from it.
    #[arg(
        long,
        value_name = "M",
        default_value = "000e08000000",
        help_heading = "Phone"
    )]
    pub(crate) first_mac: String,
    /// The model: 8841, 7832, 6871, or with --family spa 504G, 2102.
    #[arg(long, value_name = "M", help_heading = "Phone")]
    pub(crate) model: Option<String>,
    /// PEM file with the root certificates that the phones trust; without it no https is believed.
    #[arg(long, value_name = "F", help_heading = "Phone")]
    pub(crate) ca: Option<PathBuf>,
    /// File with the key in its first and only line; it goes into GPP_SA, and a rule without --key gets [--key $SA].
    #[arg(long, value_name = "F", help_heading = "Phone")]
    pub(crate) key_file: Option<PathBuf>,
    /// Environment variable with the key.
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "key_file",
        help_heading = "Phone"
    )]
    pub(crate) key_env: Option<OsString>,
    /// Set a parameter, for example Resync_Periodic=60.
    #[arg(long, value_name = "PARAM=VALUE", value_parser = super::phone::pair, help_heading = "Phone")]
    pub(crate) set: Vec<(String, String)>,
    /// Start with the values of a profile, or of the page of a phone saved as XML (/admin/cfg.xml); --set comes on top.
    #[arg(long, value_name = "FILE", help_heading = "Phone")]
    pub(crate) params: Option<PathBuf>,
    /// What DHCP says: the number of an option and a host, an address or a URL, for example 66=192.0.2.10.
    #[arg(long, value_name = "N=SERVER", value_parser = super::phone::option, help_heading = "Phone")]
    pub(crate) dhcp: Vec<(u8, String)>,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

/// Seconds with decimals, in milliseconds.
fn millis(text: &str) -> Result<u64, String> {
    let seconds: f64 = text.parse().map_err(|_| "write seconds".to_owned())?;
    if !(0.0..=604_800.0).contains(&seconds) {
        return Err("write seconds from 0 to 604800, which is a week".to_owned());
    }
    Ok((seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn seconds_may_have_decimals() {
        assert_eq!(millis("1.5"), Ok(1500));
        for text in ["", "x", "-1", "604801", "NaN", "inf"] {
            assert!(millis(text).is_err(), "{text}");
        }
    }
}
