//! What the kernel reports of ICMP, which it hides from sockets without a fixed peer unless it is asked.

use std::net::IpAddr;
use std::os::fd::AsFd;

use nix::sys::socket::{setsockopt, sockopt};

/// Whether the kernel is asked.
pub(crate) enum Icmp {
    Ignored,
    V4,
    V6,
}

impl Icmp {
    pub(crate) fn listen(socket: &impl AsFd, server: IpAddr) -> Self {
        let mut icmp = match server {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        };
        icmp.set(socket, true);
        icmp
    }

    pub(crate) fn ignore(&mut self, socket: &impl AsFd) {
        self.set(socket, false);
        *self = Self::Ignored;
    }

    fn set(&mut self, socket: &impl AsFd, wanted: bool) {
        let done = match self {
            Self::Ignored => Ok(()),
            Self::V4 => setsockopt(socket, sockopt::Ipv4RecvErr, &wanted),
            Self::V6 => setsockopt(socket, sockopt::Ipv6RecvErr, &wanted),
        };
        // Without it a server that does not run is only noticed by its silence.
        if let Err(error) = done {
            tracing::debug!(%error, "ICMP errors are not reported");
        }
    }
}
