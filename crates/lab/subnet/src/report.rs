//! What came of it.

use serde::{Deserialize, Serialize};

/// The schema of a report.
pub(crate) const SCHEMA: &str = "onhook.subnet/1";

/// The result of a run. Times are in milliseconds since the first phone began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// `onhook.subnet/1`
    pub schema: String,
    /// Phones of the subnet that behave.
    pub phones: u32,
    /// Seed of the run.
    pub seed: u64,
    /// Whether they shared.
    pub sharing: bool,
    /// Children that a phone feeds at most.
    pub fan_out: u8,
    /// Bits a second of each link.
    pub link_bits_per_second: u64,
    /// What they fetched.
    pub load: LoadShape,
    /// Phones that have the load at the end.
    pub complete: u32,
    /// Phones that gave up.
    pub failed: u32,
    /// Phones that fell back to the server.
    pub fell_back: u32,
    /// Times that a phone became root.
    pub roots: u32,
    /// When the first phone had the load.
    pub first_ms: Option<u64>,
    /// When half of them had it.
    pub half_ms: Option<u64>,
    /// When the last one had it.
    pub last_ms: Option<u64>,
    /// Blocks that phones got from phones.
    pub blocks_from_peers: u64,
    /// Blocks that phones got from the server.
    pub blocks_from_server: u64,
    /// Wrong blocks that were thrown away.
    pub wrong_blocks: u64,
    /// Datagrams that phones sent.
    pub datagrams: u64,
    /// Most connections that a phone had at once.
    pub most_connections: u64,
    /// Events after which a phone wanted to be called at once: always 0.
    pub spins: u64,
    /// What the server did.
    pub server: ServerLoad,
}

/// What phones fetch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoadShape {
    /// Its octets.
    pub octets: u64,
    /// Its blocks.
    pub blocks: u32,
    /// Octets of a block; the last may have fewer.
    pub block_octets: u32,
    /// Octets of its manifest, which each phone gets from the server.
    pub manifest_octets: u64,
}

/// What a server did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ServerLoad {
    /// Octets a second that it sends at most.
    pub octets_per_second: u64,
    /// Octets that it sent, manifests included.
    pub octets: u64,
    /// The same in loads.
    pub loads: f64,
    /// Most phones that it served at once.
    pub most_streams: u64,
    /// Octets that it sent in each second.
    pub seconds: Vec<u64>,
}

impl Report {
    /// The report as JSON, with a line end behind it.
    ///
    /// # Errors
    /// None that could be told of; the type says so.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
