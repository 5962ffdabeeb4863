//! One phone and what stands around it.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;

use onhook_upgrade::sharing::{Content, Held, LinkId, OnLink, Sharing};

use crate::faults::Conduct;
use crate::queue::Micros;
use crate::server::Piece;

/// Bits of the network.
const PREFIX: u8 = 16;

/// The octets of a block, by what is known of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Octets {
    pub(crate) length: u64,
    pub(crate) digest: [u8; 32],
}

impl Content for Octets {
    fn length(&self) -> u64 {
        self.length
    }

    fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// A phone.
pub(crate) struct Seat {
    pub(crate) conduct: Conduct,
    /// Which life it is in.
    pub(crate) life: u32,
    /// How often its power has still to come back.
    pub(crate) returns: u32,
    /// `None` while it is off, or asks the server alone.
    pub(crate) machine: Option<Sharing>,
    /// What outlasts a loss of power.
    pub(crate) kept: Held,
    /// Its connections by their names.
    pub(crate) links: BTreeMap<LinkId, usize>,
    /// When its timer rings.
    pub(crate) timer: Micros,
    /// When it had the load.
    pub(crate) complete_at: Option<Micros>,
    pub(crate) failed: bool,
    pub(crate) fell_back: bool,
    pub(crate) from_peers: u64,
    pub(crate) from_server: u64,
    pub(crate) wrong: u64,
    pub(crate) most_connections: usize,
}

impl Seat {
    pub(crate) fn new(conduct: Conduct, none: Held) -> Self {
        Self {
            conduct,
            life: 0,
            returns: 0,
            machine: None,
            kept: none,
            links: BTreeMap::new(),
            timer: Micros::MAX,
            complete_at: None,
            failed: false,
            fell_back: false,
            from_peers: 0,
            from_server: 0,
            wrong: 0,
            most_connections: 0,
        }
    }

    /// What it would ask the server for.
    pub(crate) fn wants(&self) -> VecDeque<Piece> {
        let held = self.machine.as_ref().map_or(&self.kept, Sharing::held);
        held.missing().map(Piece::Block).collect()
    }
}

/// The address of a phone.
pub(crate) fn address(phone: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a14_0001_u32 + phone)
}

/// The phone at an address.
pub(crate) fn phone_at(address: Ipv4Addr) -> Option<u32> {
    u32::from(address).checked_sub(0x0a14_0001)
}

/// The link as a phone sees it.
pub(crate) fn on_link(phone: u32) -> OnLink {
    OnLink {
        address: address(phone),
        prefix: PREFIX,
    }
}
