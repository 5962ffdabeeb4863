//! One socket for many phones, each behind an address of its own.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use nix::cmsg_space;
use nix::libc::{in_addr, in_pktinfo, timespec};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, ReceiveTimestampns};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt,
};
use onhook_fetch::port::Resolver;
use onhook_phone::Asked;
use onhook_schedule::port::Clock;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};

use crate::agent::{Setup, UserAgent};
use crate::listener::{Limits, ListenError};
use crate::office::{Around, Office, asked};

/// Phones whose requests are remembered at a time; of others a repeated request counts as a new one.
const REMEMBERED: usize = 1024;
/// Datagrams that are answered at a time.
const AT_ONCE: usize = 64;
/// Nothing waits longer in the buffer of a socket; an older datagram comes from a clock that was set.
const LONGEST_AGE: Duration = Duration::from_secs(600);
/// Largest datagram.
const DATAGRAM: usize = 65_535;

/// Knows phones by their addresses.
pub trait Directory: Send + Sync + 'static {
    /// The way to ask the phone of an address; `None` if there is none.
    fn find(&self, address: IpAddr) -> Option<mpsc::Sender<Asked>>;

    /// Asks the phone of an address for what a datagram wants that arrived a while ago.
    fn ask(&self, address: IpAddr, asked: Asked, age: Duration);
}

/// Hears datagrams for many phones until it is dropped. A phone costs something only once it has been asked.
pub struct Switchboard {
    at: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What all phones of a switchboard have in common.
pub struct Common {
    /// What they can do, and let be done.
    pub setup: Setup,
    /// Random, and new at each start.
    pub key: [u8; 32],
    /// Knows the addresses of proxies.
    pub resolver: Arc<dyn Resolver>,
    /// Knows the time.
    pub clock: Arc<dyn Clock>,
    /// The clock of the kernel, by which it says when a datagram came.
    pub system_time: fn() -> SystemTime,
}

/// A phone that has been asked.
struct Desk {
    office: Arc<Office>,
    keeper: AbortHandle,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Switchboard {
    /// Opens the socket, at all addresses or at one.
    ///
    /// # Errors
    /// The address is not to be had.
    pub async fn bind(
        address: SocketAddrV4,
        directory: Arc<dyn Directory>,
        common: Common,
    ) -> Result<Self, ListenError> {
        let failed = |source| ListenError::new(address.into(), "UDP", source);
        let socket = UdpSocket::bind(address).await.map_err(failed)?;
        setsockopt(&socket, Ipv4PacketInfo, &true).map_err(|error| failed(error.into()))?;
        setsockopt(&socket, ReceiveTimestampns, &true).map_err(|error| failed(error.into()))?;
        let at = socket.local_addr().map_err(failed)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(hear(Arc::new(socket), directory, common));
        Ok(Self { at, _tasks: tasks })
    }

    /// Where is listened.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.at
    }
}

/// Takes datagrams; never ends.
async fn hear(socket: Arc<UdpSocket>, directory: Arc<dyn Directory>, common: Common) {
    let mut desks: HashMap<Ipv4Addr, Desk> = HashMap::new();
    let mut tasks = JoinSet::new();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut buffer = vec![0; DATAGRAM];
    loop {
        while tasks.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let came = socket.async_io(Interest::READABLE, || receive(&socket, &mut buffer));
        let Ok(came) = came.await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Datagram {
            length,
            from,
            to,
            arrived,
        } = came;
        if !desks.contains_key(&to) {
            let Some(asker) = directory.find(IpAddr::V4(to)) else {
                continue;
            };
            if desks.len() >= REMEMBERED {
                // All of them are forgotten: whoever asks on begins anew.
                desks.clear();
            }
            desks.insert(to, desk(asker, to, &common, &mut tasks));
        }
        let Some(office) = desks.get(&to).map(|desk| Arc::clone(&desk.office)) else {
            continue;
        };
        let bytes = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
        let system_time = common.system_time;
        let (socket, directory) = (Arc::clone(&socket), Arc::clone(&directory));
        tasks.spawn(async move {
            let _place = place;
            let step = office.take(&bytes, SocketAddr::V4(from)).await;
            if let Some((SocketAddr::V4(back), answer)) = step.answer {
                let sent = socket.async_io(Interest::WRITABLE, || send(&socket, &answer, to, back));
                if let Err(error) = sent.await {
                    // Whoever does not get it asks again.
                    tracing::debug!(%back, %error, "an answer of SIP could not be sent");
                }
            }
            for act in step.acts {
                // A clock that was set back meanwhile tells no age.
                let age = arrived.and_then(|at| system_time().duration_since(at).ok());
                let age = age.unwrap_or_default().min(LONGEST_AGE);
                directory.ask(IpAddr::V4(to), asked(act), age);
            }
        });
    }
}

fn desk(
    asker: mpsc::Sender<Asked>,
    address: Ipv4Addr,
    common: &Common,
    tasks: &mut JoinSet<()>,
) -> Desk {
    let mut key = common.key;
    // What one phone has handed out means nothing to another.
    for (byte, own) in key.iter_mut().zip(address.octets()) {
        *byte ^= own;
    }
    let around = Around {
        asker,
        resolver: Arc::clone(&common.resolver),
        clock: Arc::clone(&common.clock),
    };
    let agent = UserAgent::new(common.setup, key);
    let office = Arc::new(Office::new(agent, around, Limits::default().lookup));
    let kept = Arc::clone(&office);
    let keeper = tasks.spawn(async move { kept.keep_apart().await });
    Desk { office, keeper }
}

/// A datagram that lies in a buffer.
struct Datagram {
    length: usize,
    from: SocketAddrV4,
    to: Ipv4Addr,
    /// When the kernel got it, if it says so.
    arrived: Option<SystemTime>,
}

fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Datagram> {
    let mut told = cmsg_space!(in_pktinfo, timespec);
    let mut piece = [io::IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrIn>(
        socket.as_raw_fd(),
        &mut piece,
        Some(&mut told),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let (mut to, mut arrived) = (None, None);
    for told in message.cmsgs()? {
        if let ControlMessageOwned::Ipv4PacketInfo(info) = told {
            to = Some(info.ipi_addr);
        } else if let ControlMessageOwned::ScmTimestampns(at) = told {
            arrived = SystemTime::UNIX_EPOCH.checked_add(at.into());
        }
    }
    let unknown = || io::Error::other("the system does not tell where a datagram went");
    let to = to.ok_or_else(unknown)?;
    let from = message.address.ok_or_else(unknown)?;
    Ok(Datagram {
        length: message.bytes,
        from: SocketAddrV4::new(from.ip(), from.port()),
        to: Ipv4Addr::from_bits(u32::from_be(to.s_addr)),
        arrived,
    })
}

/// Sends a datagram from an address of this host.
fn send(socket: &UdpSocket, bytes: &[u8], from: Ipv4Addr, to: SocketAddrV4) -> io::Result<()> {
    let info = in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: in_addr {
            s_addr: from.to_bits().to_be(),
        },
        ipi_addr: in_addr { s_addr: 0 },
    };
    sendmsg(
        socket.as_raw_fd(),
        &[io::IoSlice::new(bytes)],
        &[ControlMessage::Ipv4PacketInfo(&info)],
        MsgFlags::MSG_DONTWAIT,
        Some(&SockaddrIn::from(to)),
    )?;
    Ok(())
}
