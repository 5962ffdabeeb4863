//! One phone and one load.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;
use onhook_schedule::{Purpose, draw, uniform};

use super::datagram::{DATAGRAM, Datagram, NodeId};
use super::frame::Frame;
use super::line::Line;
use super::link::{CONNECTIONS, FROM_ONE, Link, LinkId, State};
use super::load::{Checked, Content, SharedLoad};
use super::peers::{OnLink, Peers};
use super::roles::Role;
use super::{Held, Settings};

/// What a machine is made from.
#[derive(Clone, Debug)]
pub struct Start {
    /// The load, out of a manifest whose signature was checked.
    pub load: SharedLoad,
    /// What of it is there already.
    pub held: Held,
    /// The link.
    pub link: OnLink,
    /// Where chance comes from; another one for each load and start.
    pub seed: u64,
    /// How long it waits.
    pub settings: Settings,
}

/// What happens to a phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event<'e> {
    /// The deadline may have passed.
    Timer,
    /// A datagram came.
    Datagram {
        /// The source that it shows.
        from: Ipv4Addr,
        /// What it holds.
        bytes: &'e [u8],
    },
    /// A connection that the phone wanted is open.
    Opened(LinkId),
    /// A connection could not be opened, has ended, or says what is no frame.
    Closed(LinkId),
    /// A frame came over a connection.
    Frame(LinkId, Frame),
    /// The block of [`Effect::Pass`] has left, and there is room for another.
    Passed(LinkId),
    /// A block that [`Sharing::receive`] gave is written.
    Stored {
        /// Its number.
        number: u32,
        /// Whom it came from.
        from: From,
    },
    /// It could not be written.
    NotStored,
    /// The server has given what it was asked for, or cannot.
    ServerEnded,
}

/// Whom a block comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The server.
    Server,
    /// A peer.
    Link(LinkId),
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send this to everybody on the link.
    Say([u8; DATAGRAM]),
    /// Open a connection. It is answered by [`Event::Opened`] or [`Event::Closed`].
    Open(LinkId, Ipv4Addr),
    /// Send a frame.
    Write(LinkId, Frame),
    /// Read a block and send it. It is answered by [`Event::Passed`] or [`Event::Closed`].
    Pass(LinkId, u32),
    /// End a connection once everything has been sent; nothing more is told of it.
    Close(LinkId),
    /// Fetch what is missing from the server, in order, and give it to [`Sharing::receive`]. It is answered by
    /// [`Event::ServerEnded`], unless it is stopped.
    StartServer,
    /// Stop fetching.
    StopServer,
    /// Tell the log server.
    Tell(Line),
    /// Every block is written. The phone goes on feeding others.
    Complete,
    /// Nobody needs the phone any more for now: it may restart. It comes after [`Effect::Complete`], once.
    Released,
    /// Neither peers nor the server have the load, or it cannot be written. Nothing follows.
    Failed,
}

/// How many blocks went which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// From peers.
    pub from_peers: u32,
    /// From the server.
    pub from_server: u32,
    /// To children.
    pub passed: u32,
}

/// The machine.
///
/// ```text
/// looking -> child | root          somebody has a place, or nobody is root and this phone is the best
/// root -> looking                  a better root speaks, or the server brings nothing
/// child -> looking                 the parent has gone, lied or stalled
/// looking, child -> alone          patience is at its end
/// root, child, alone -> complete   every block is written
/// alone -> failed                  the server does not give it either
/// ```
#[derive(Clone, Debug)]
pub struct Sharing {
    pub(super) load: SharedLoad,
    pub(super) held: Held,
    pub(super) link: OnLink,
    pub(super) settings: Settings,
    pub(super) node: NodeId,
    pub(super) role: Role,
    pub(super) peers: Peers,
    pub(super) links: Vec<Link>,
    pub(super) tally: Tally,
    /// Last time that a block came, or that the phone began.
    pub(super) progress: MonoTime,
    /// Until when it depends on others at most.
    pub(super) until: MonoTime,
    /// How often peers have disappointed.
    pub(super) troubles: u8,
    /// Until when the phone is no root, for the server brought it nothing.
    pub(super) barred: MonoTime,
    /// Whether a place in the tree was taken, or tried to be: from then on offers count.
    pub(super) placed: bool,
    /// When an offer is due, and how many others have made one meanwhile.
    pub(super) offer: Option<(MonoTime, u8)>,
    /// Earliest time of the next offer.
    pub(super) offer_from: MonoTime,
    /// Earliest time of the next cry for the load.
    pub(super) seek_from: MonoTime,
    /// How long it goes without a block: not as long as others, who may be below it.
    pub(super) patience: u64,
    /// When children are told next that the phone lives.
    pub(super) count_at: MonoTime,
    seed: u64,
    draws: u64,
    next_link: u32,
}

impl Sharing {
    /// A phone that begins at `now`: it wants the load, or offers it if it holds all of it.
    #[must_use]
    pub fn new(start: Start, now: MonoTime) -> Self {
        let complete = start.held.is_complete();
        let patience = start.settings.patience;
        let longer = uniform(draw(start.seed, Purpose::Sharing, 1), patience / 2);
        let Settings { slack, least, .. } = start.settings;
        let longest = start.load.size().saturating_mul(1000) / least.max(1);
        let longest = slack.saturating_add(longest);
        Self {
            node: NodeId(draw(start.seed, Purpose::Sharing, 0)),
            role: if complete {
                Role::Complete {
                    released: true,
                    until: now,
                }
            } else {
                Role::looking(now, now)
            },
            load: start.load,
            held: start.held,
            link: start.link,
            settings: start.settings,
            peers: Peers::default(),
            links: Vec::new(),
            tally: Tally::default(),
            progress: now,
            until: now.plus_millis(longest),
            troubles: 0,
            barred: MonoTime::ZERO,
            placed: false,
            offer: None,
            offer_from: MonoTime::ZERO,
            seek_from: MonoTime::ZERO,
            patience: patience.saturating_add(longer),
            count_at: now,
            seed: start.seed,
            draws: 1,
            next_link: 0,
        }
    }

    /// The load.
    #[must_use]
    pub const fn load(&self) -> &SharedLoad {
        &self.load
    }

    /// What of it is there.
    #[must_use]
    pub const fn held(&self) -> &Held {
        &self.held
    }

    /// How many blocks went which way.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// How many connections there are, at most [`CONNECTIONS`].
    #[must_use]
    pub const fn connections(&self) -> usize {
        self.links.len()
    }

    /// Whether it fetches from the server for everybody.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        matches!(self.role, Role::Root { .. })
    }

    /// Whether it fetches from the server by itself.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        matches!(self.role, Role::Alone)
    }

    /// Somebody opens a connection; `None` refuses it, and it is ended without a word.
    pub fn accept(&mut self, from: Ipv4Addr, now: MonoTime) -> Option<LinkId> {
        let of_one = self.links.iter().filter(|link| link.address == from);
        //= R-PFS-4
        let refused = matches!(self.role, Role::Failed)
            || self.links.len() >= CONNECTIONS
            || of_one.count() >= FROM_ONE
            || !self.link.is_neighbour(from)
            || self.peers.is_shunned(from);
        (!refused).then(|| self.add_link(from, State::Unknown, now))
    }

    /// A block came. What is given back is to be written and then told by [`Event::Stored`], before anything else is told.
    ///
    /// A block that is there already, or that nobody was asked for, is dropped.
    pub fn receive<C: Content>(
        &mut self,
        (from, number): (From, u32),
        content: C,
        now: MonoTime,
        out: &mut Vec<Effect>,
    ) -> Option<Checked<C>> {
        if !self.is_asked(from) {
            if let From::Link(id) = from {
                self.broken(id, now, out);
            }
            return None;
        }
        if self.held.contains(number) {
            return None;
        }
        //= R-PFS-2
        let checked = self.load.check(number, content);
        if checked.is_none() {
            match from {
                From::Server => self.server_ended(now, out),
                From::Link(id) => self.lied(id, now, out),
            }
        }
        checked
    }

    /// Takes an event; what is to be done is pushed to `out`.
    pub fn handle(&mut self, event: Event<'_>, now: MonoTime, out: &mut Vec<Effect>) {
        if matches!(self.role, Role::Failed) {
            return;
        }
        match event {
            Event::Timer => {}
            Event::Datagram { from, bytes } => self.hear(from, bytes, now, out),
            Event::Opened(id) => self.opened(id, now, out),
            Event::Closed(id) => self.closed(id, now, out),
            Event::Frame(id, frame) => self.framed(id, frame, now, out),
            Event::Passed(id) => self.passed(id),
            Event::Stored { number, from } => self.stored(number, from, now, out),
            Event::NotStored => self.fail(out),
            Event::ServerEnded => self.server_ended(now, out),
        }
        self.expire_links(now, out);
        // What one role comes to may be due in the next one at once; two steps are the most there are.
        for _ in 0..3 {
            let before = self.role;
            self.play(now, out);
            if self.role == before {
                break;
            }
        }
        self.feed(now, out);
    }

    /// When [`Event::Timer`] is due.
    #[must_use]
    pub fn deadline(&self) -> MonoTime {
        let offer = self.offer.map(|(at, _)| at);
        let links = self.links.iter().map(|link| self.link_deadline(link));
        let count = self.has_children().then_some(self.count_at);
        offer
            .into_iter()
            .chain(links)
            .chain(count)
            .chain([self.role_deadline()])
            .min()
            .unwrap_or(MonoTime::MAX)
    }

    fn hear(&mut self, from: Ipv4Addr, bytes: &[u8], now: MonoTime, out: &mut Vec<Effect>) {
        //= R-PFS-4
        if !self.link.is_neighbour(from) || self.peers.is_shunned(from) {
            return;
        }
        let Some(said) = Datagram::decode(bytes) else {
            return;
        };
        let of_this = said.load == self.load.id() && said.total == self.load.count();
        if of_this && said.node != self.node {
            self.peers.hear(from, &said, self.settings.fresh, now);
            self.heard(from, &said, now, out);
        }
    }

    fn stored(&mut self, number: u32, from: From, now: MonoTime, out: &mut Vec<Effect>) {
        if !self.held.insert(number) {
            return;
        }
        self.progress = now;
        match from {
            From::Server => self.tally.from_server += 1,
            From::Link(id) => {
                self.tally.from_peers += 1;
                let octets = self
                    .load
                    .block(number)
                    .map_or(0, |block| u64::from(block.length));
                self.brought(id, octets, now);
            }
        }
        if self.held.is_complete() {
            self.completed(now, out);
        }
    }

    /// Whether blocks of somebody are wanted at all.
    fn is_asked(&self, from: From) -> bool {
        match from {
            From::Server => matches!(self.role, Role::Root { .. } | Role::Alone),
            From::Link(id) => self
                .links
                .iter()
                .any(|link| link.id == id && matches!(link.state, State::Fed(_))),
        }
    }

    /// A number of this phone, 0..=`max`.
    pub(super) fn chance(&mut self, max: u64) -> u64 {
        self.draws += 1;
        uniform(draw(self.seed, Purpose::Sharing, self.draws), max)
    }

    pub(super) fn add_link(&mut self, address: Ipv4Addr, state: State, now: MonoTime) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1);
        self.links.push(Link {
            id,
            address,
            since: now,
            state,
        });
        id
    }

    pub(super) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    pub(super) fn take_link(&mut self, id: LinkId) -> Option<Link> {
        let at = self.links.iter().position(|link| link.id == id)?;
        Some(self.links.swap_remove(at))
    }
}
