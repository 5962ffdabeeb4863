//! The local ports of transfers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The ports that a phone's firewall description names.
const PHONE: RangeInclusive<u16> = 53_240..=53_245;

/// Where a transfer listens.
#[derive(Debug)]
pub struct LocalPorts {
    ports: RangeInclusive<u16>,
    turn: AtomicUsize,
}

impl LocalPorts {
    /// 53240 to 53245 in turn.
    //= R-TFTP-23
    #[must_use]
    pub const fn phone() -> Self {
        Self::range(PHONE)
    }

    /// Any free port.
    #[must_use]
    pub const fn ephemeral() -> Self {
        Self::range(0..=0)
    }

    /// These ports in turn.
    #[must_use]
    pub const fn range(ports: RangeInclusive<u16>) -> Self {
        Self {
            ports,
            turn: AtomicUsize::new(0),
        }
    }

    /// A socket on the next free port, any port if none is, that can talk to an address.
    ///
    /// # Errors
    /// The system has no socket to give.
    pub(crate) fn bind(&self, server: IpAddr) -> io::Result<UdpSocket> {
        let local = match server {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let count = self.ports.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        //= R-TFTP-4
        //= R-TFTP-23
        let ports = self
            .ports
            .clone()
            .cycle()
            .skip(turn % count.max(1))
            .take(count);
        let socket = ports
            .map(|port| UdpSocket::bind((local, port)))
            .find_map(Result::ok);
        match socket {
            Some(socket) => Ok(socket),
            None => UdpSocket::bind((local, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(ports: &LocalPorts) -> (UdpSocket, u16) {
        let socket = ports.bind(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
        let port = socket.local_addr().unwrap().port();
        (socket, port)
    }

    /// Three neighbouring ports that were free a moment ago.
    fn free() -> RangeInclusive<u16> {
        for first in (20_000..30_000).step_by(7) {
            let all: Vec<_> = (first..first + 3)
                .filter_map(|port| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).ok())
                .collect();
            if all.len() == 3 {
                return first..=first + 2;
            }
        }
        panic!("no free ports");
    }

    //= R-TFTP-23 type=test
    #[test]
    fn ports_take_turns_and_busy_ones_are_passed_over() {
        let range = free();
        let first = *range.start();
        let ports = LocalPorts::range(range);
        let (a, port_a) = port(&ports);
        let (b, port_b) = port(&ports);
        assert_eq!((port_a, port_b), (first, first + 1));
        drop(a);
        let (c, port_c) = port(&ports);
        assert_eq!(port_c, first + 2);
        let (d, port_d) = port(&ports);
        assert_eq!(port_d, first);
        // All are busy: any other will do.
        let (_e, port_e) = port(&ports);
        assert!(!(first..=first + 2).contains(&port_e));
        drop((b, c, d));
    }

    //= R-TFTP-23 type=test
    #[test]
    fn a_phone_uses_six_ports() {
        assert_eq!(LocalPorts::phone().ports, 53_240..=53_245);
        assert_ne!(port(&LocalPorts::ephemeral()).1, 0);
    }
}
