//! The sockets of a session. All of them send with a TTL of 1, which no router passes on (R-PFS-4).

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use onhook_upgrade::sharing::DATAGRAM;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::around::{PeerSetup, Reach};

/// Connections that wait to be taken.
const BACKLOG: u32 = 16;
/// How long one port is tried.
const CONNECT: Duration = Duration::from_secs(2);
/// How long nothing is taken after an attempt failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Nobody can be listened to.
#[derive(Debug, Error)]
#[error(
    "no peers: cannot listen at {address} over {transport}; choose another port, or end who uses it"
)]
pub(crate) struct ListenError {
    address: SocketAddrV4,
    transport: &'static str,
    #[source]
    source: io::Error,
}

/// What a session hears and speaks with.
pub(crate) struct Sockets {
    /// Hears datagrams.
    ears: UdpSocket,
    /// Speaks, if that is another one.
    mouth: Option<UdpSocket>,
    listeners: Vec<TcpListener>,
    to: Vec<SocketAddrV4>,
}

/// Something that came.
pub(crate) enum Came {
    Datagram(Ipv4Addr, [u8; DATAGRAM]),
    Stream(Ipv4Addr, TcpStream),
}

impl Sockets {
    /// Opens them.
    ///
    /// # Errors
    /// An address is not to be had.
    pub(crate) async fn open(setup: &PeerSetup, own: Ipv4Addr) -> Result<Self, ListenError> {
        let at = SocketAddrV4::new(own, setup.discovery);
        let udp = |address| {
            move |source| ListenError {
                address,
                transport: "UDP",
                source,
            }
        };
        let (ears, mouth, to) = match &setup.reach {
            Reach::Group(group) => {
                let everybody = SocketAddrV4::new(*group, setup.discovery);
                let ears = hearing(everybody, own).await.map_err(udp(everybody))?;
                // Bound to the address, so that the group is reached over its interface.
                let mouth = speaking(at).await.map_err(udp(at))?;
                (ears, Some(mouth), vec![everybody])
            }
            Reach::Addresses(all) => {
                let socket = speaking(at).await.map_err(udp(at))?;
                (socket, None, all.clone())
            }
        };
        let mut listeners = Vec::new();
        for port in &setup.transfer {
            let address = SocketAddrV4::new(own, *port);
            let listener = listening(address).map_err(|source| ListenError {
                address,
                transport: "TCP",
                source,
            })?;
            listeners.push(listener);
        }
        Ok(Self {
            ears,
            mouth,
            listeners,
            to,
        })
    }

    /// Sends a datagram to everybody, or drops it: another one follows.
    pub(crate) fn say(&self, bytes: &[u8]) {
        let socket = self.mouth.as_ref().unwrap_or(&self.ears);
        for to in &self.to {
            if let Err(error) = socket.try_send_to(bytes, (*to).into()) {
                tracing::debug!(%to, %error, "a datagram to peers could not be sent");
            }
        }
    }

    /// Waits for a datagram of the right length, or a connection.
    pub(crate) async fn next(&self) -> Came {
        loop {
            let mut buffer = [0; DATAGRAM + 1];
            let came = tokio::select! {
                heard = self.ears.recv_from(&mut buffer) => match heard {
                    Ok((DATAGRAM, SocketAddr::V4(from))) => {
                        buffer.first_chunk().map(|bytes| Came::Datagram(*from.ip(), *bytes))
                    }
                    Ok(_) => None,
                    Err(error) => wait(error).await,
                },
                taken = accept(&self.listeners) => match taken {
                    Ok((stream, SocketAddr::V4(from))) => Some(Came::Stream(*from.ip(), stream)),
                    Ok(_) => None,
                    Err(error) => wait(error).await,
                },
            };
            if let Some(came) = came {
                return came;
            }
        }
    }
}

async fn wait(error: io::Error) -> Option<Came> {
    tracing::debug!(%error, "peers cannot be heard");
    tokio::time::sleep(PAUSE).await;
    None
}

/// A connection at any of the listeners.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    std::future::poll_fn(|cx| {
        let ready = listeners.iter().map(|listener| listener.poll_accept(cx));
        ready
            .into_iter()
            .find(std::task::Poll::is_ready)
            .unwrap_or(std::task::Poll::Pending)
    })
    .await
}

async fn hearing(group: SocketAddrV4, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(group).await?;
    socket.join_multicast_v4(*group.ip(), interface)?;
    Ok(socket)
}

async fn speaking(at: SocketAddrV4) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(at).await?;
    //= R-PFS-4
    socket.set_ttl(1)?;
    socket.set_multicast_ttl_v4(1)?;
    Ok(socket)
}

fn listening(at: SocketAddrV4) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A session that begins anew finds its port.
    socket.set_reuseaddr(true)?;
    //= R-PFS-4
    setsockopt(&socket, sockopt::Ipv4Ttl, &1)?;
    socket.bind(at.into())?;
    socket.listen(BACKLOG)
}

/// Opens a connection to a peer, at the first of its ports that answers.
pub(crate) async fn connect(own: Ipv4Addr, to: Ipv4Addr, ports: &[u16]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for port in ports {
        let socket = TcpSocket::new_v4()?;
        setsockopt(&socket, sockopt::Ipv4Ttl, &1)?;
        socket.bind(SocketAddrV4::new(own, 0).into())?;
        let to = SocketAddrV4::new(to, *port);
        match timeout(CONNECT, socket.connect(to.into())).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-PFS-4 type=test
    #[tokio::test]
    async fn everything_that_is_sent_stays_on_the_link() {
        let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        let listener = listening(any).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(listener.ttl().unwrap(), 1);
        let (to, taken) = (Ipv4Addr::LOCALHOST, listener.accept());
        // The first port is nobody's.
        let ports = [1, port];
        let opened = connect(to, to, &ports);
        let (taken, opened) = tokio::join!(taken, opened);
        assert_eq!(taken.unwrap().0.ttl().unwrap(), 1);
        assert_eq!(opened.unwrap().ttl().unwrap(), 1);
        let mouth = speaking(any).await.unwrap();
        assert_eq!(mouth.ttl().unwrap(), 1);
        assert_eq!(mouth.multicast_ttl_v4().unwrap(), 1);
    }
}
