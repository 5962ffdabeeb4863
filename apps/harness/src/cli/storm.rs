//! Arguments of `storm` and `merge`.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::shard::{ShardArg, shard};

#[derive(Args)]
pub(crate) struct StormArgs {
    /// How many phones.
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) phones: u32,
    /// How many virtual days.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub(crate) days: u32,
    /// A scenario as TOML: parameters of the phones, and the server; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<OsString>,
    /// Change a parameter, or a key of the scenario, for a setting of this name; repeatable, and each name is played with all
    /// its changes. NAME: alone changes nothing.
    #[arg(long, value_name = "NAME:KEY=VALUE", value_parser = change, conflicts_with_all = ["shard", "find_capacity"])]
    pub(crate) compare: Vec<(String, Option<(String, String)>)>,
    /// Find the least capacity of the server for which all of --threshold holds.
    #[arg(long, requires = "threshold", conflicts_with = "shard")]
    pub(crate) find_capacity: bool,
    /// What has to hold for exit status 0, for example 'p99<500ms' or 'sync-max<10m'; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) threshold: Vec<String>,
    /// Only this part of several, counted from 1, or env:NAME/N for an index from 0 in a variable; `merge` adds them up.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<ShardArg>,
    /// Phones that queue at the server together, and have their share of it; without it 10000, and for --find-capacity up to
    /// 100000. More is nearer to one server, takes more memory, and occupies fewer cores.
    #[arg(long, value_name = "N")]
    pub(crate) cell: Option<NonZeroU32>,
    /// Where the JSON goes (schema onhook.storm/1, storm-compare/1 or storm-capacity/1); - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Print the result as one JSON document, as --out - does.
    #[arg(long, conflicts_with = "out")]
    pub(crate) json: bool,
    /// Where a page with plots goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<OsString>,
    /// Decides everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Set a parameter, for example Resync_Random_Delay=600, or a key of the scenario.
    #[arg(long, value_name = "PARAM=VALUE", value_parser = super::phone::pair, help_heading = "Phone")]
    pub(crate) set: Vec<(String, String)>,
    /// Start with the values of a profile, or of the page of a phone saved as XML (/admin/cfg.xml); the scenario and --set
    /// come on top.
    #[arg(long, value_name = "FILE", help_heading = "Phone")]
    pub(crate) params: Option<PathBuf>,
    /// What DHCP says: the number of an option and a host, an address or a URL, for example 66=192.0.2.10.
    #[arg(long, value_name = "N=SERVER", value_parser = super::phone::option, help_heading = "Phone")]
    pub(crate) dhcp: Vec<(u8, String)>,
    /// Product family.
    #[arg(long, value_name = "F", value_parser = ["mpp", "spa"], help_heading = "Phone")]
    pub(crate) family: Option<String>,
    /// Preset of defaults and readings.
    #[arg(long, value_name = "R", value_parser = ["11.3", "10.4"], help_heading = "Phone")]
    pub(crate) release: Option<String>,
    /// Choose a reading of the manuals, for example upgrade_no_server=error.
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::phone::pair, help_heading = "Phone")]
    pub(crate) reading: Vec<(String, String)>,
}

#[derive(Args)]
pub(crate) struct MergeArgs {
    /// Reports of the shards, in any order.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) reports: Vec<OsString>,
    /// Where the JSON goes; - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Where a page with plots goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<OsString>,
    /// What has to hold of the sum, for example 'p99<500ms'; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) threshold: Vec<String>,
}

/// A setting of a comparison and one of its changes.
fn change(text: &str) -> Result<(String, Option<(String, String)>), String> {
    let wrong = || "write NAME:KEY=VALUE, such as slow:Resync_Random_Delay=600".to_owned();
    let (name, change) = text.split_once(':').ok_or_else(wrong)?;
    if name.is_empty() || name.contains('=') {
        return Err(wrong());
    }
    match change {
        "" => Ok((name.to_owned(), None)),
        _ => super::phone::pair(change)
            .map(|pair| (name.to_owned(), Some(pair)))
            .map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn a_change_belongs_to_a_setting_and_may_hold_anything() {
        let rule = change("a:Profile_Rule=http://h:80/x?a=b").unwrap();
        let pair = ("Profile_Rule".to_owned(), "http://h:80/x?a=b".to_owned());
        assert_eq!(rule, ("a".to_owned(), Some(pair)));
        assert_eq!(change("as it is:"), Ok(("as it is".to_owned(), None)));
        for text in ["", "a", "a=b", ":a=b", "a=b:c=d", "a:b", "a:=b"] {
            assert!(change(text).is_err(), "{text}");
        }
    }
}
