//! The lines of a journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::input::Input;
use crate::param::Param;

/// Name and version of the form; the first thing in each life.
pub const SCHEMA: &str = "onhook.journal/1";

/// One line: an object with one key, which says what it is.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The phone starts, or starts again.
    Life(Box<Life>),
    /// Something happened to it.
    Step(Step),
    /// Lines that found no place here.
    Missed(u64),
}

/// Everything that the engine starts from.
#[derive(Serialize, Deserialize, Debug)]
pub struct Life {
    /// [`SCHEMA`]
    pub schema: String,
    /// The program that wrote it, with its version.
    pub program: String,
    /// `$MAC`
    pub mac: String,
    /// `$PN`
    pub product_name: String,
    /// `$PSN`
    pub series: String,
    /// `$SN`
    pub serial: String,
    /// `$SWVER`
    pub software_version: String,
    /// `$HWVER`
    pub hardware_version: String,
    /// Product family.
    pub family: String,
    /// Release preset.
    pub release: String,
    /// All readings in force.
    pub readings: BTreeMap<String, String>,
    /// Seconds that lines have to stay idle before what was deferred goes on.
    #[serde(default)]
    pub idle_settle_s: u8,
    /// Over what a custom CA may come; empty in journals of programs that fetched none.
    #[serde(default)]
    pub ca_over: String,
    /// Whether another server of the network is refused once the phone is provisioned.
    #[serde(default)]
    pub pin_server: bool,
    /// `$IP`; `None` if it is not known.
    pub ip: Option<String>,
    /// `$EXTIP`; `None` if it is not known.
    pub external_ip: Option<String>,
    /// `$CCERT`
    pub client_certificate: bool,
    /// Seed of the random draws, with the number of the phone.
    pub seed: u64,
    /// Number of the phone.
    pub index: u32,
    /// What differs from the factory state.
    pub params: Vec<Param>,
}

/// One input and its effects.
#[derive(Serialize, Deserialize, Debug)]
pub struct Step {
    /// Milliseconds since the start of the phone.
    pub t_ms: u64,
    /// The wall clock; `None` if it is not set.
    pub wall: Option<Wall>,
    /// What happened.
    pub input: Input,
    /// What the phone wanted done, in order.
    pub effects: Vec<String>,
}

/// A moment of the wall clock.
#[derive(Clone, Copy, Serialize, Deserialize, Debug)]
pub struct Wall {
    /// Seconds since 1970, UTC.
    pub unix_s: i64,
    /// Seconds that local time is ahead of UTC.
    pub offset_s: i32,
}
