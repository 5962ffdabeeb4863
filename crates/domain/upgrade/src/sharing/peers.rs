//! Who else is on the link, as far as it has said so.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use onhook_device::MonoTime;

use super::datagram::{Datagram, Kind, NodeId};

/// Most phones that are remembered.
pub const KNOWN: usize = 512;

/// Most addresses that are shunned.
const SHUNNED: usize = 64;

/// The addresses of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnLink {
    /// The address of the phone.
    pub address: Ipv4Addr,
    /// Bits of the network, 0..=32.
    pub prefix: u8,
}

impl OnLink {
    /// Whether an address is that of another host on the link.
    #[must_use]
    pub fn is_neighbour(&self, other: Ipv4Addr) -> bool {
        let host = u32::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
        let (own, others) = (u32::from(self.address), u32::from(other));
        //= R-PFS-4
        let same_network = (own ^ others) & !host == 0;
        // The first and the last address of a network are nobody's, but for networks of one or two.
        let names_a_host = host <= 1 || (others & host != 0 && others & host != host);
        same_network && names_a_host && own != others
    }
}

/// What a phone said last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) node: NodeId,
    pub(super) kind: Kind,
    pub(super) depth: u8,
    pub(super) places: u8,
    pub(super) held: u32,
    pub(super) heard: MonoTime,
}

impl Peer {
    /// Whether it comes before another one when a root is wanted: more blocks, then the smaller number.
    const fn rank(&self) -> (u32, u64) {
        rank(self.held, self.node)
    }
}

/// The place of a phone when a root is wanted; the smallest is the best.
pub(super) const fn rank(held: u32, node: NodeId) -> (u32, u64) {
    (u32::MAX - held, node.0)
}

/// Phones that spoke of the load not long ago, by their addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    known: BTreeMap<Ipv4Addr, Peer>,
    shunned: Vec<Ipv4Addr>,
    /// Until when somebody may have something to give, whoever it is.
    gives: MonoTime,
}

impl Peers {
    /// Notes what a phone said. A stranger finds room only beside phones that have said something in the last `fresh` ms.
    pub(super) fn hear(&mut self, from: Ipv4Addr, said: &Datagram, fresh: u64, now: MonoTime) {
        if !self.known.contains_key(&from) && self.known.len() >= KNOWN {
            self.known
                .retain(|_, peer| peer.heard.plus_millis(fresh) > now);
            if self.known.len() >= KNOWN {
                return;
            }
        }
        let peer = Peer {
            node: said.node,
            kind: said.kind,
            depth: said.depth,
            places: said.places,
            held: said.held,
            heard: now,
        };
        self.known.insert(from, peer);
        match said.kind {
            Kind::Offer | Kind::Root => self.gives = now.plus_millis(fresh),
            Kind::Seek | Kind::Leave => {}
        }
    }

    /// Whether anybody may have something to give.
    pub(super) fn may_give(&self, now: MonoTime) -> bool {
        now < self.gives
    }

    /// It has no place after all, until it says something else.
    pub(super) fn full(&mut self, address: Ipv4Addr) {
        if let Some(peer) = self.known.get_mut(&address) {
            peer.places = 0;
        }
    }

    /// It is gone, until it says something.
    pub(super) fn forget(&mut self, address: Ipv4Addr) {
        self.known.remove(&address);
    }

    /// It has lied or held back, and is not believed any more.
    pub(super) fn shun(&mut self, address: Ipv4Addr) {
        self.known.remove(&address);
        if self.shunned.len() < SHUNNED && !self.is_shunned(address) {
            self.shunned.push(address);
        }
    }

    /// Whether it is not believed any more.
    pub(super) fn is_shunned(&self, address: Ipv4Addr) -> bool {
        self.shunned.contains(&address)
    }

    /// What was said after `since`.
    pub(super) fn since(&self, since: MonoTime) -> impl Iterator<Item = (Ipv4Addr, &Peer)> {
        self.known
            .iter()
            .filter(move |(_, peer)| peer.heard > since)
            .map(|(address, peer)| (*address, peer))
    }

    /// The best of those that say that they are the root.
    pub(super) fn root(&self, since: MonoTime) -> Option<(Ipv4Addr, &Peer)> {
        self.since(since)
            .filter(|(_, peer)| peer.kind == Kind::Root)
            .min_by_key(|(_, peer)| peer.rank())
    }

    /// Whether this one says that it is the root.
    pub(super) fn is_root(&self, address: Ipv4Addr) -> bool {
        let peer = self.known.get(&address);
        peer.is_some_and(|peer| peer.kind == Kind::Root)
    }

    /// How many of those that look for somebody would be a better root.
    pub(super) fn better(&self, own: (u32, u64), since: MonoTime) -> u32 {
        let better = self
            .since(since)
            .filter(|(_, peer)| peer.kind == Kind::Seek && peer.rank() < own)
            .count();
        u32::try_from(better).unwrap_or(u32::MAX)
    }

    /// How many blocks it has said it has.
    pub(super) fn held(&self, address: Ipv4Addr) -> u32 {
        self.known.get(&address).map_or(0, |peer| peer.held)
    }

    /// Steps from the root to whoever lives at an address, as it has said.
    pub(super) fn depth(&self, address: Ipv4Addr) -> u8 {
        self.known.get(&address).map_or(u8::MAX, |peer| peer.depth)
    }
}
