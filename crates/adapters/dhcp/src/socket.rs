//! The wires of real interfaces.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::path::Path;

use async_trait::async_trait;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, setsockopt, socket, sockopt,
};
use thiserror::Error;
use tokio::net::UdpSocket;

use crate::machine::To;
use crate::source::Wire;

/// Ports of servers and clients (RFC 2131 section 4.1, RFC 8415 section 7.2).
const PORTS_V4: [u16; 2] = [67, 68];
const PORTS_V6: [u16; 2] = [547, 546];
/// All_DHCP_Relay_Agents_and_Servers
const SERVERS_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// Why a client has no socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// There is no such interface.
    #[error("there is no interface {0}: write the name of one that `ip link` shows")]
    NoInterface(String),
    /// Somebody else uses the port of clients.
    #[error(
        "port {0} of {1} is in use: another DHCP client runs there; end it, or read its lease file instead (source = \"lease-file\")"
    )]
    PortInUse(u16, String),
    /// The program may not.
    #[error(
        "port {0} of {1} may not be used: run as root, or with CAP_NET_BIND_SERVICE and CAP_NET_RAW"
    )]
    Forbidden(u16, String),
    /// The system has no socket to give.
    #[error("no socket for DHCP on {interface}")]
    System {
        /// On this interface.
        interface: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A UDP socket of one interface.
///
/// It needs no address there: what a server broadcasts reaches a socket that is bound to the interface, as long as the kernel does not drop
/// it because it knows no way back (`rp_filter`).
pub struct DhcpSocket {
    socket: UdpSocket,
    everybody: SocketAddr,
    /// The port of servers.
    port: u16,
}

impl DhcpSocket {
    /// A socket for DHCPv4.
    ///
    /// # Errors
    /// There is none to be had.
    pub fn v4(interface: &str) -> Result<Self, SocketError> {
        index(interface)?;
        let [server, client] = PORTS_V4;
        let local = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, client);
        warn_of_filter(interface);
        Ok(Self {
            socket: open(interface, local.into())?,
            everybody: SocketAddrV4::new(Ipv4Addr::BROADCAST, server).into(),
            port: server,
        })
    }

    /// A socket for DHCPv6.
    ///
    /// # Errors
    /// There is none to be had.
    pub fn v6(interface: &str) -> Result<Self, SocketError> {
        let index = index(interface)?;
        let [server, client] = PORTS_V6;
        let local = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, client, 0, 0);
        Ok(Self {
            socket: open(interface, local.into())?,
            everybody: SocketAddrV6::new(SERVERS_V6, server, 0, index).into(),
            port: server,
        })
    }
}

#[async_trait]
impl Wire for DhcpSocket {
    fn send(&mut self, to: To, packet: &[u8]) -> io::Result<()> {
        let to = match to {
            To::Everybody => self.everybody,
            To::Server(address) => SocketAddrV4::new(address, self.port).into(),
        };
        self.socket.try_send_to(packet, to).map(drop)
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.recv(buffer).await
    }
}

/// The IPv4 address that an interface has; the first one that is not of the link alone.
#[must_use]
pub fn address_of(interface: &str) -> Option<Ipv4Addr> {
    let addresses = getifaddrs().ok()?;
    let mut addresses = addresses
        .filter(|entry| entry.interface_name == interface)
        .filter_map(|entry| Some(entry.address?.as_sockaddr_in()?.ip()));
    addresses.find(|address| !address.is_link_local())
}

fn index(interface: &str) -> Result<u32, SocketError> {
    if_nametoindex(interface).map_err(|_| SocketError::NoInterface(interface.to_owned()))
}

/// A socket of an interface that can broadcast.
fn open(interface: &str, local: SocketAddr) -> Result<UdpSocket, SocketError> {
    bound(interface, local).map_err(|source| {
        let (port, interface) = (local.port(), interface.to_owned());
        let kind = source.kind();
        if kind == io::ErrorKind::AddrInUse {
            SocketError::PortInUse(port, interface)
        } else if kind == io::ErrorKind::PermissionDenied {
            SocketError::Forbidden(port, interface)
        } else {
            SocketError::System { interface, source }
        }
    })
}

fn bound(interface: &str, local: SocketAddr) -> io::Result<UdpSocket> {
    let family = match local {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(family, SockType::Datagram, flags, None)?;
    // First the interface, then the port: other clients on other interfaces are not in the way.
    setsockopt(&fd, sockopt::BindToDevice, &interface.into())?;
    setsockopt(&fd, sockopt::Broadcast, &true)?;
    if family == AddressFamily::Inet6 {
        setsockopt(&fd, sockopt::Ipv6V6Only, &true)?;
    }
    bind(fd.as_raw_fd(), &SockaddrStorage::from(local))?;
    UdpSocket::from_std(fd.into())
}

/// Tells of a kernel that drops what servers send to a phone without an address.
fn warn_of_filter(interface: &str) {
    let filters = |of: &str| {
        let path = Path::new("/proc/sys/net/ipv4/conf")
            .join(of)
            .join("rp_filter");
        std::fs::read_to_string(path).is_ok_and(|text| text.trim() != "0")
    };
    if address_of(interface).is_none() && (filters("all") || filters(interface)) {
        tracing::warn!(
            "answers of DHCP may not arrive while {interface} has no address: set net.ipv4.conf.all.rp_filter and \
             net.ipv4.conf.{interface}.rp_filter to 0"
        );
    }
}
