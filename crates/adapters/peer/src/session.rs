//! One load that is wanted or held: the machine, and everything around it.

use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_device::{MonoTime, Outcome};
use onhook_upgrade::sharing::{
    BlockSink, BlockStore, Content, Effect, Event, From, Held, LinkId, LoadServer, Sharing,
    SharingError, Start, Tally, Tell,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Duration, Instant, sleep_until};

use crate::links::{Heard, Links, Sent};
use crate::sockets::{Came, Sockets};

/// A transfer from the server.
type Transfer<'s> = Pin<Box<dyn Future<Output = Result<(), Outcome>> + Send + 's>>;

/// A session.
pub(crate) struct Session<'s> {
    machine: Sharing,
    /// Its address.
    own: Ipv4Addr,
    /// Where blocks are to be had.
    ports: Vec<u16>,
    tell: Tell,
    sockets: Sockets,
    links: Links,
    heard: Receiver<Heard>,
    store: Arc<dyn BlockStore>,
    server: Option<&'s dyn LoadServer>,
    transfer: Option<Running<'s>>,
    began: Instant,
    /// Why the server, or the store, was of no use.
    error: Option<SharingError>,
    ended: Option<Ended>,
}

/// A transfer from the server that has not been looked at to its end.
struct Running<'s> {
    /// `None` once it has ended.
    transfer: Option<Transfer<'s>>,
    result: Result<(), Outcome>,
    blocks: Receiver<(u32, Vec<u8>)>,
}

impl Running<'_> {
    /// What it gives next, or how it has ended.
    async fn next(&mut self) -> Happened {
        if let Some(transfer) = &mut self.transfer {
            tokio::select! {
                Some((number, octets)) = self.blocks.recv() => {
                    return Happened::FromServer(number, octets);
                }
                result = transfer => self.result = result,
            }
            self.transfer = None;
        }
        // What it gave before it ended.
        match self.blocks.recv().await {
            Some((number, octets)) => Happened::FromServer(number, octets),
            None => Happened::ServerEnded(self.result),
        }
    }
}

/// How a session ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    Released,
    Failed,
}

/// Something that happens to a session.
enum Happened {
    Came(Came),
    Heard(Heard),
    FromServer(u32, Vec<u8>),
    ServerEnded(Result<(), Outcome>),
    Timer,
}

impl<'s> Session<'s> {
    /// A session that begins now. Without a server it only holds.
    pub(crate) fn new(
        start: Start,
        (ports, tell): (Vec<u16>, Tell),
        sockets: Sockets,
        store: Arc<dyn BlockStore>,
        server: Option<&'s dyn LoadServer>,
    ) -> Self {
        let start_link = start.link;
        let (links, heard) = Links::new(Arc::new(start.load.clone()));
        Self {
            machine: Sharing::new(start, MonoTime::ZERO),
            own: start_link.address,
            ports,
            tell,
            sockets,
            links,
            heard,
            store,
            server,
            transfer: None,
            began: Instant::now(),
            error: None,
            ended: None,
        }
    }

    /// Runs until everybody who needs the phone has what it has, or for ever if it only holds.
    ///
    /// # Errors
    /// The load cannot be had.
    pub(crate) async fn run(mut self) -> Result<Tally, SharingError> {
        self.tell_machine(Event::Timer).await;
        loop {
            match self.ended {
                Some(Ended::Released) => return Ok(self.machine.tally()),
                Some(Ended::Failed) => {
                    let unknown = SharingError::Server(Outcome::Truncated);
                    return Err(self.error.unwrap_or(unknown));
                }
                None => {}
            }
            match self.next().await {
                Happened::Came(Came::Datagram(from, bytes)) => {
                    let bytes = &bytes;
                    self.tell_machine(Event::Datagram { from, bytes }).await;
                }
                Happened::Came(Came::Stream(from, stream)) => {
                    let now = self.now();
                    // Whoever is refused finds the connection ended.
                    if let Some(id) = self.machine.accept(from, now) {
                        self.links.take(id, stream);
                    }
                }
                Happened::Heard(heard) => self.heard(heard).await,
                Happened::FromServer(number, octets) => {
                    self.receive(From::Server, number, octets).await;
                }
                Happened::ServerEnded(result) => {
                    self.transfer = None;
                    let outcome = result.err().unwrap_or(Outcome::Truncated);
                    self.error = Some(SharingError::Server(outcome));
                    self.tell_machine(Event::ServerEnded).await;
                }
                Happened::Timer => self.tell_machine(Event::Timer).await,
            }
        }
    }

    async fn next(&mut self) -> Happened {
        let at = Duration::from_millis(self.machine.deadline().as_millis());
        // A time that is beyond what a clock can show never comes.
        let at = self.began.checked_add(at);
        let timer = async {
            match at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let transfer = &mut self.transfer;
        let server = async {
            match transfer {
                None => std::future::pending().await,
                Some(running) => running.next().await,
            }
        };
        tokio::select! {
            Some(heard) = self.heard.recv() => Happened::Heard(heard),
            happened = server => happened,
            came = self.sockets.next() => Happened::Came(came),
            () = timer => Happened::Timer,
        }
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Opened(id) => self.tell_machine(Event::Opened(id)).await,
            Heard::Closed(id) => {
                self.links.close(id);
                self.tell_machine(Event::Closed(id)).await;
            }
            Heard::Frame(id, frame) => self.tell_machine(Event::Frame(id, frame)).await,
            Heard::Block(id, number, octets) => {
                self.receive(From::Link(id), number, octets).await;
            }
            Heard::Passed(id) => self.tell_machine(Event::Passed(id)).await,
        }
    }

    /// Takes a block, and writes it if it is what the manifest says.
    async fn receive(&mut self, from: From, number: u32, octets: Vec<u8>) {
        let now = self.now();
        let mut out = Vec::new();
        let known = self.machine.held().contains(number);
        let checked = self.machine.receive((from, number), octets, now, &mut out);
        if checked.is_none() && from == From::Server && !known {
            self.error = Some(SharingError::Server(Outcome::Signature));
        }
        self.carry_out(out).await;
        let Some(checked) = checked else {
            // What follows may be due at once.
            return self.tell_machine(Event::Timer).await;
        };
        let event = match self.store.write(checked).await {
            Ok(()) => Event::Stored { number, from },
            Err(outcome) => {
                self.error = Some(SharingError::Store(outcome));
                Event::NotStored
            }
        };
        self.tell_machine(event).await;
    }

    /// Tells the machine, does what it wants, and tells it of what could not be done.
    async fn tell_machine(&mut self, event: Event<'_>) {
        let mut out = Vec::new();
        self.machine.handle(event, self.now(), &mut out);
        self.carry_out(out).await;
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut effects = std::collections::VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let Some(lost) = self.effect(effect).await else {
                continue;
            };
            self.links.close(lost);
            let mut out = Vec::new();
            self.machine
                .handle(Event::Closed(lost), self.now(), &mut out);
            effects.extend(out);
        }
    }

    /// Does what the machine wants; gives the connection that takes nothing more.
    async fn effect(&mut self, effect: Effect) -> Option<LinkId> {
        match effect {
            Effect::Say(bytes) => self.sockets.say(&bytes),
            Effect::Open(id, to) => {
                self.links.open(id, self.own, to, self.ports.clone());
            }
            Effect::Write(id, frame) => {
                return (!self.links.send(id, Sent::Frame(frame))).then_some(id);
            }
            Effect::Pass(id, number) => return self.pass(id, number).await,
            Effect::Close(id) => self.links.close(id),
            Effect::StartServer => self.start_server(),
            Effect::StopServer => self.transfer = None,
            Effect::Tell(line) => (self.tell)(line),
            Effect::Complete => {}
            Effect::Released => self.ended = Some(Ended::Released),
            Effect::Failed => self.ended = Some(Ended::Failed),
        }
        None
    }

    /// Reads a block and sends it, if it is still what it was when it was written.
    async fn pass(&mut self, id: LinkId, number: u32) -> Option<LinkId> {
        let octets = match self.store.read(number).await {
            Ok(octets) => octets,
            Err(outcome) => {
                tracing::warn!(number, ?outcome, "a block for a peer cannot be read");
                return Some(id);
            }
        };
        let fits = self.machine.load().block(number).is_some_and(|block| {
            octets.len() as u64 == u64::from(block.length) && octets.digest() == block.digest
        });
        if !fits {
            tracing::warn!(number, "a block for a peer is no longer what was written");
            return Some(id);
        }
        (!self.links.send(id, Sent::Block(number, octets))).then_some(id)
    }

    fn start_server(&mut self) {
        let Some(server) = self.server else {
            return;
        };
        let (sender, blocks) = channel(1);
        let held: Held = self.machine.held().clone();
        let transfer = Box::pin(async move {
            let mut sink = Sink(sender);
            server.fetch(held, &mut sink).await
        });
        self.transfer = Some(Running {
            transfer: Some(transfer),
            result: Ok(()),
            blocks,
        });
    }

    fn now(&self) -> MonoTime {
        let millis = self.began.elapsed().as_millis();
        MonoTime::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// Takes what a server gives, a block at a time.
struct Sink(Sender<(u32, Vec<u8>)>);

#[async_trait]
impl BlockSink for Sink {
    async fn block(&mut self, number: u32, octets: Vec<u8>) {
        // A session that has stopped the transfer drops it.
        let _ = self.0.send((number, octets)).await;
    }
}
