//! The connections: each has a task that reads and one that writes.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use onhook_upgrade::sharing::{Frame, HEADER, Header, LinkId, Malformed, SharedLoad};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::sockets::connect;

/// Frames that wait to be sent over one connection; who takes so few is left.
const WAITING: usize = 16;
/// What waits to be looked at, of all connections.
const HEARD: usize = 8;

/// Longest time for one frame to leave.
const SLOW: Duration = Duration::from_secs(15);

/// What comes from connections.
pub(crate) enum Heard {
    /// One that was wanted is open.
    Opened(LinkId),
    /// One has ended, or could not be opened.
    Closed(LinkId),
    /// A frame.
    Frame(LinkId, Frame),
    /// A block with its number.
    Block(LinkId, u32, Vec<u8>),
    /// A block has been sent.
    Passed(LinkId),
}

/// What is sent.
pub(crate) enum Sent {
    /// A frame.
    Frame(Frame),
    /// A block with its number.
    Block(u32, Vec<u8>),
}

/// Who opened a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// The phone: a parent is at the other end, and gives blocks.
    Up,
    /// The other end.
    Down,
}

/// All connections of a session.
pub(crate) struct Links {
    load: Arc<SharedLoad>,
    queues: BTreeMap<LinkId, Sender<Sent>>,
    heard: Sender<Heard>,
    tasks: JoinSet<()>,
}

impl Links {
    pub(crate) fn new(load: Arc<SharedLoad>) -> (Self, Receiver<Heard>) {
        let (heard, hears) = channel(HEARD);
        let links = Self {
            load,
            queues: BTreeMap::new(),
            heard,
            tasks: JoinSet::new(),
        };
        (links, hears)
    }

    /// Opens a connection to a parent.
    pub(crate) fn open(&mut self, id: LinkId, own: Ipv4Addr, to: Ipv4Addr, ports: Vec<u16>) {
        let (queue, sends) = channel(WAITING);
        let (heard, load) = (self.heard.clone(), Arc::clone(&self.load));
        self.queues.insert(id, queue);
        self.tasks.spawn(async move {
            if let Ok(stream) = connect(own, to, &ports).await {
                tell(&heard, Heard::Opened(id)).await;
                talk(id, Side::Up, stream, sends, &load, &heard).await;
            }
            tell(&heard, Heard::Closed(id)).await;
        });
    }

    /// Takes a connection of somebody else.
    pub(crate) fn take(&mut self, id: LinkId, stream: TcpStream) {
        // Those that have ended leave their room.
        while self.tasks.try_join_next().is_some() {}
        let (queue, sends) = channel(WAITING);
        let (heard, load) = (self.heard.clone(), Arc::clone(&self.load));
        self.queues.insert(id, queue);
        self.tasks.spawn(async move {
            talk(id, Side::Down, stream, sends, &load, &heard).await;
            tell(&heard, Heard::Closed(id)).await;
        });
    }

    /// Gives a connection something to send; `false` if it takes nothing more.
    pub(crate) fn send(&self, id: LinkId, sent: Sent) -> bool {
        let queue = self.queues.get(&id);
        queue.is_some_and(|queue| queue.try_send(sent).is_ok())
    }

    /// Ends a connection once everything has been sent.
    pub(crate) fn close(&mut self, id: LinkId) {
        self.queues.remove(&id);
    }
}

/// Reads and writes until the other end goes, breaks the protocol or takes nothing, or nothing more is to be sent.
async fn talk(
    id: LinkId,
    side: Side,
    stream: TcpStream,
    sends: Receiver<Sent>,
    load: &SharedLoad,
    heard: &Sender<Heard>,
) {
    // Blocks are large, and what is small is not to wait for more.
    let _ = stream.set_nodelay(true);
    let (reads, writes) = stream.into_split();
    tokio::select! {
        ended = read(id, side, reads, load, heard) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a peer is left");
            }
        }
        () = write(id, writes, sends, heard) => {}
    }
}

async fn read(
    id: LinkId,
    side: Side,
    mut stream: OwnedReadHalf,
    load: &SharedLoad,
    heard: &Sender<Heard>,
) -> io::Result<()> {
    loop {
        let mut header = [0; HEADER];
        stream.read_exact(&mut header).await?;
        let header = Header::decode(&header, load).map_err(io::Error::other)?;
        let said = match (side, header) {
            (Side::Down, Header::Join(length)) => {
                let body = body(&mut stream, length).await?;
                let join = Frame::decode_join(&body, load).map_err(io::Error::other)?;
                Heard::Frame(id, join)
            }
            (Side::Up, Header::Plain(plain)) => Heard::Frame(id, plain.into()),
            (Side::Up, Header::Block { number, length }) => {
                Heard::Block(id, number, body(&mut stream, length).await?)
            }
            // A child has only one thing to say, and a parent never says that.
            (Side::Down, Header::Plain(_) | Header::Block { .. }) | (Side::Up, Header::Join(_)) => {
                return Err(io::Error::other(Malformed));
            }
        };
        tell(heard, said).await;
    }
}

/// What a header has announced, which is no longer than a block or a join of this load.
async fn body(stream: &mut OwnedReadHalf, length: u32) -> io::Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

async fn write(
    id: LinkId,
    mut stream: OwnedWriteHalf,
    mut sends: Receiver<Sent>,
    heard: &Sender<Heard>,
) {
    while let Some(sent) = sends.recv().await {
        let (bytes, octets) = match sent {
            Sent::Frame(frame) => (frame.encode(), None),
            Sent::Block(number, octets) => {
                let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
                (Header::of_block(number, length).to_vec(), Some(octets))
            }
        };
        let all = async {
            stream.write_all(&bytes).await?;
            match &octets {
                Some(octets) => stream.write_all(octets).await,
                None => Ok(()),
            }
        };
        // The machine leaves a child sooner; this is for what it has left already.
        if !matches!(timeout(SLOW, all).await, Ok(Ok(()))) {
            return;
        }
        if octets.is_some() {
            tell(heard, Heard::Passed(id)).await;
        }
    }
}

async fn tell(heard: &Sender<Heard>, what: Heard) {
    // Without a session there is nobody to tell.
    let _ = heard.send(what).await;
}
