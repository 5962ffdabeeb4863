//! Whether there is a network at all, whoever has configured it.

use std::net::IpAddr;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

/// Whether an interface that leads somewhere is up, has a carrier, and an address by which others may answer.
///
/// Not whether anybody is there: that is what a resync finds out. Where the system does not tell, there is one.
#[must_use]
pub fn is_connected() -> bool {
    getifaddrs().map_or(true, |mut interfaces| {
        interfaces.any(|interface| leads(interface.flags, ip(&interface)))
    })
}

fn ip(interface: &InterfaceAddress) -> Option<IpAddr> {
    let address = interface.address.as_ref()?;
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    let v6 = || address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()));
    v4.or_else(v6)
}

/// Whether an address of an interface with these flags is one by which others may answer.
fn leads(flags: InterfaceFlags, address: Option<IpAddr>) -> bool {
    let up = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
    let is_usable = match address {
        // 169.254 and fe80 are what an interface gives itself when nobody else does.
        Some(IpAddr::V4(v4)) => !(v4.is_link_local() || v4.is_unspecified()),
        Some(IpAddr::V6(v6)) => !(v6.is_unicast_link_local() || v6.is_unspecified()),
        None => false,
    };
    flags.contains(up) && !flags.contains(InterfaceFlags::IFF_LOOPBACK) && is_usable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_on_an_interface_that_is_up_and_leads_somewhere() {
        let (up, running) = (InterfaceFlags::IFF_UP, InterfaceFlags::IFF_RUNNING);
        let loopback = InterfaceFlags::IFF_LOOPBACK;
        for (flags, address, expected) in [
            (up | running, "192.0.2.7", true),
            (up | running, "2001:db8::7", true),
            (up | running, "169.254.3.4", false),
            (up | running, "fe80::1", false),
            (up | running, "0.0.0.0", false),
            (up, "192.0.2.7", false),
            (running, "192.0.2.7", false),
            (up | running | loopback, "127.0.0.1", false),
        ] {
            let found = leads(flags, address.parse().ok());
            assert_eq!(found, expected, "{flags:?} {address}");
        }
        assert!(
            !leads(up | running, None),
            "an interface without an address"
        );
    }
}
