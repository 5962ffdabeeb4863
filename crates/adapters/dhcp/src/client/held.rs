//! Leases and their times.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;

use crate::packet::{Packet, code};

/// Least time between two tries to renew, in milliseconds.
const RENEW_WAIT: u64 = 60_000;
/// A shorter lease is none: the client would do nothing but renew it. In seconds.
const SHORTEST_LEASE: u32 = 10;
/// A lease that never ends.
const FOR_EVER: u32 = u32::MAX;

/// What the selected server offers.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    pub(super) server: Ipv4Addr,
    pub(super) address: Ipv4Addr,
}

/// A lease with its times.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) server: Ipv4Addr,
    pub(super) address: Ipv4Addr,
    pub(super) renew: MonoTime,
    pub(super) rebind: MonoTime,
    pub(super) end: MonoTime,
}

impl Held {
    /// A lease that was acknowledged at this time.
    pub(super) fn new(packet: &Packet, offer: Offer, seconds: u32, now: MonoTime) -> Self {
        let after = |seconds: u64| match packet.seconds(code::LEASE) {
            Some(FOR_EVER) => MonoTime::MAX,
            _ => now.plus_secs(seconds),
        };
        let all = u64::from(seconds);
        let told = |code| packet.seconds(code).map(u64::from);
        // What servers leave out, or say out of order, is a half and seven eighths (RFC 2131 section 4.4.5).
        let rebind = told(code::REBIND).filter(|rebind| *rebind < all);
        let rebind = rebind.unwrap_or(all * 7 / 8);
        let renew = told(code::RENEW).filter(|renew| *renew > 0 && *renew < rebind);
        let renew = renew.unwrap_or((all / 2).min(rebind));
        Self {
            server: offer.server,
            address: offer.address,
            renew: after(renew),
            rebind: after(rebind),
            end: after(all),
        }
    }
}

/// What a message offers, if that can be used.
pub(super) fn offered(packet: &Packet, server: Ipv4Addr) -> Option<Offer> {
    let address = packet.yours;
    let usable = !address.is_unspecified()
        && !address.is_broadcast()
        && !address.is_multicast()
        && !address.is_loopback();
    let lasts = packet
        .seconds(code::LEASE)
        .is_some_and(|seconds| seconds >= SHORTEST_LEASE);
    (usable && lasts).then_some(Offer { server, address })
}

/// Half of what is left, at least a minute, but never beyond the end (RFC 2131 section 4.4.5).
pub(super) fn halfway(now: MonoTime, end: MonoTime) -> MonoTime {
    let left = end.as_millis().saturating_sub(now.as_millis());
    now.plus_millis((left / 2).max(RENEW_WAIT)).min(end)
}
