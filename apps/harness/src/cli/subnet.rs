//! Arguments of `subnet`.

use std::ffi::OsString;

use clap::Args;

#[derive(Args)]
pub(crate) struct SubnetArgs {
    /// How many phones.
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub(crate) phones: u32,
    /// Size of the load.
    #[arg(long, default_value = "20MiB", value_name = "SIZE")]
    pub(crate) load_size: String,
    /// Size of its blocks.
    #[arg(long, default_value = "256KiB", value_name = "SIZE")]
    pub(crate) block_size: String,
    /// What the server sends to all together.
    #[arg(long, default_value = "10MB/s", value_name = "RATE")]
    pub(crate) server: String,
    /// The link of each phone to the switch, in each direction.
    #[arg(long, default_value = "100Mb/s", value_name = "RATE")]
    pub(crate) link: String,
    /// How many phones each one feeds.
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub(crate) fan_out: u8,
    /// Milliseconds over which the phones begin.
    #[arg(long, default_value_t = 0, value_name = "MS", value_parser = clap::value_parser!(u64).range(..=3_600_000))]
    pub(crate) within: u64,
    /// Let each phone ask the server, as with Peer_Firmware_Sharing No.
    #[arg(long)]
    pub(crate) no_sharing: bool,
    /// Datagrams that get lost, in percent.
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u16).range(..=100))]
    pub(crate) loss: u16,
    /// Phones that claim to have the load and give wrong blocks.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) liars: u32,
    /// The root loses power when it has so many blocks.
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) root_dies: Option<u32>,
    /// The root gets nothing more from the server when it has so many blocks.
    #[arg(long, value_name = "BLOCKS", conflicts_with = "root_dies")]
    pub(crate) root_stalls: Option<u32>,
    /// Where the JSON goes (schema onhook.subnet/1); - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Decides everything that chance decides.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}
