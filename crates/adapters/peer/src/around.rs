//! What stands around a session: addresses and ports.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};

use nix::ifaddrs::getifaddrs;
use onhook_upgrade::sharing::{OnLink, Settings};

/// The group of everybody that shares: scoped to an organisation (RFC 2365), and with a TTL of 1 to the link.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 40, 51);

/// The documented ports: UDP 4051, TCP 4051 and TCP 6970.
pub const PORTS: (u16, [u16; 2]) = (4051, [4051, 6970]);

/// Whom a datagram to everybody reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The phones of the link, through a multicast group.
    Group(Ipv4Addr),
    /// These, for links without multicast.
    Addresses(Vec<SocketAddrV4>),
}

/// Which of its addresses a phone shares by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Own {
    /// That of the interface over which datagrams to the group leave.
    Outward,
    /// This one, as soon as an interface has it; no other one stands in.
    Address(Ipv4Addr),
    /// This one, on a link that is known.
    Link(OnLink),
}

impl Own {
    /// The link at this moment.
    ///
    /// # Errors
    /// There is none; what to do.
    pub(crate) fn link(self) -> Result<OnLink, String> {
        match self {
            Self::Link(link) => Ok(link),
            Self::Address(address) => link_of(address).ok_or_else(|| {
                format!(
                    "no interface has the address {address}: correct peer_sharing.address, or give an interface this address"
                )
            }),
            Self::Outward => link_outward().ok_or_else(|| {
                "no interface leads to the link: write peer_sharing.address".to_owned()
            }),
        }
    }
}

/// Where a phone shares, and how.
#[derive(Clone)]
pub struct PeerSetup {
    /// Its address.
    pub own: Own,
    /// Whom its datagrams reach.
    pub reach: Reach,
    /// The port for datagrams.
    pub discovery: u16,
    /// The ports for blocks: it listens at all of them, and tries them in this order.
    pub transfer: Vec<u16>,
    /// How long it waits for others, and how many it feeds.
    pub settings: Settings,
    /// Where chance comes from.
    pub seed: u64,
}

impl PeerSetup {
    /// The documented ports, and the group.
    #[must_use]
    pub fn new(own: Own, seed: u64) -> Self {
        let (discovery, transfer) = PORTS;
        Self {
            own,
            reach: Reach::Group(GROUP),
            discovery,
            transfer: transfer.to_vec(),
            settings: Settings::default(),
            seed,
        }
    }
}

/// The link of an address of this host; `None` if no interface has it. Every address of the loopback interface is one.
#[must_use]
pub fn link_of(address: Ipv4Addr) -> Option<OnLink> {
    let mut interfaces = getifaddrs().ok()?;
    interfaces.find_map(|interface| {
        let own = interface.address?.as_sockaddr_in()?.ip();
        let mask = interface.netmask?.as_sockaddr_in()?.ip();
        let prefix = u32::from(mask).leading_ones();
        let is_own = own == address || (own.is_loopback() && address.is_loopback());
        is_own.then_some(OnLink {
            address,
            prefix: u8::try_from(prefix).unwrap_or(32),
        })
    })
}

/// The link over which datagrams to the group leave; `None` if there is no such way.
fn link_outward() -> Option<OnLink> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Nothing is sent: the system only chooses the interface.
    socket.connect((GROUP, PORTS.0)).ok()?;
    match socket.local_addr().ok()? {
        SocketAddr::V4(own) => link_of(*own.ip()),
        SocketAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-PFS-2 type=test
    #[test]
    fn no_other_address_stands_in_for_one_that_no_interface_has() {
        let own = Own::Address(Ipv4Addr::new(192, 0, 2, 77));
        let why = own.link().map(|link| link.address).unwrap_err();
        assert!(why.contains("192.0.2.77"), "{why}");
        let here = Own::Address(Ipv4Addr::LOCALHOST).link();
        assert_eq!(here.map(|link| link.address), Ok(Ipv4Addr::LOCALHOST));
    }
}
