//! Arguments of `storm` and `merge`.

use std::ffi::OsString;
use std::num::NonZeroU32;

use clap::Args;

#[derive(Args)]
pub(crate) struct StormArgs {
    /// How many phones.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub(crate) phones: u32,
    /// How many virtual days.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub(crate) days: u32,
    /// A scenario as TOML: parameters of the phones, and the server; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<OsString>,
    /// Only this part of several, counted from 1; `merge` adds them up.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<ShardArg>,
    /// Where the JSON goes (schema onhook.storm/1); - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Decides everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Args)]
pub(crate) struct MergeArgs {
    /// Reports of the shards, in any order.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) reports: Vec<OsString>,
    /// Where the JSON goes; - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Where a page with plots goes, of a fleet.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<OsString>,
    /// What has to hold of a fleet, for example 'p99<500ms'; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) threshold: Vec<String>,
}

/// One part of several.
#[derive(Clone, Copy)]
pub(crate) struct ShardArg {
    pub(crate) number: NonZeroU32,
    pub(crate) of: NonZeroU32,
}

pub(crate) fn shard(text: &str) -> Result<ShardArg, String> {
    let parts = text.split_once('/').and_then(|(number, of)| {
        Some(ShardArg {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
        })
    });
    parts
        .filter(|shard| shard.number <= shard.of)
        .ok_or_else(|| "write I/N with I from 1 to N, such as 2/5".to_owned())
}
