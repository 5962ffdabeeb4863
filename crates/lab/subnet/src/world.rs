//! The loop: what happens, in the order in which it does.

mod carry;
mod rogues;
mod sums;

use std::net::Ipv4Addr;

use onhook_device::MonoTime;
use onhook_schedule::{Purpose, draw, phone_seed, uniform};
use onhook_upgrade::sharing::{
    DATAGRAM, Effect, Event, Frame, From, Held, LinkId, LoadId, SharedLoad, Sharing, Start,
};

use crate::faults::Conduct;
use crate::net::{Connection, End, Net};
use crate::queue::{Micros, Queue};
use crate::report::Report;
use crate::seat::{Octets, Seat, on_link};
use crate::server::{Last, Piece, Server};
use crate::subnet::Subnet;

/// After so long a run is over, whatever is left.
const END: Micros = 24 * 3600 * 1_000_000;

/// How long a transport waits for a server that says nothing (transports.md 14).
const IDLE: Micros = 30 * 1_000_000;

/// Something that happens.
pub(crate) enum Item {
    /// A phone asks for the manifest.
    Begin(u32),
    /// A phone comes back after a loss of power.
    Back(u32),
    /// A phone loses power.
    Crash(u32),
    /// The timer of a phone that was set for this time.
    Timer(u32),
    Datagram(u32, Ipv4Addr, [u8; DATAGRAM]),
    /// A connection arrives where it leads to.
    Knock(usize),
    /// What somebody opened is open, or not.
    Answered(usize, bool),
    Frame(usize, u32, Frame),
    Block(usize, u32, u32, Octets),
    Passed(usize, u32),
    /// The other end of a phone's link has ended it.
    Ended(usize, u32),
    /// The server may send something.
    ServerFree,
    /// Something from the server is there.
    Served(u32, u64, Piece),
    /// The server refuses a phone.
    Refused(u32),
    /// A phone has waited long enough for a stream that brings nothing.
    Hung(u32, u64),
    /// A phone that does not behave does something.
    Rogue(u32, u64),
}

/// A subnet under way.
pub(crate) struct World<'s> {
    pub(crate) plan: &'s Subnet,
    pub(crate) load: SharedLoad,
    /// What a stranger wants.
    pub(crate) other: SharedLoad,
    pub(crate) seats: Vec<Seat>,
    pub(crate) net: Net,
    pub(crate) connections: Vec<Connection>,
    pub(crate) server: Server,
    pub(crate) queue: Queue<Item>,
    pub(crate) draws: u64,
    pub(crate) datagrams: u64,
    pub(crate) roots: u32,
    pub(crate) spins: u64,
    /// Phones that behave and have neither the load nor given up.
    pub(crate) waiting: u32,
    /// Whether the fault of the root has happened.
    pub(crate) root_struck: bool,
    /// The stream over which nothing more comes to the root.
    pub(crate) starved: Option<u64>,
}

impl<'s> World<'s> {
    pub(crate) fn new(plan: &'s Subnet, load: SharedLoad) -> Self {
        let conduct = |phone| plan.faults.conduct_of(phone);
        let seats: Vec<Seat> = (0..plan.phones)
            .map(|phone| Seat::new(conduct(phone), load.none_held()))
            .collect();
        let blocks = (0..load.count()).filter_map(|n| load.block(n).copied());
        let other = SharedLoad::new(LoadId::of(b"other"), blocks.collect());
        let honest = seats.iter().filter(|seat| seat.conduct == Conduct::Honest);
        let mut world = Self {
            waiting: u32::try_from(honest.count()).unwrap_or(u32::MAX),
            plan,
            other: other.unwrap_or_else(|_| load.clone()),
            load,
            seats,
            net: Net::new(plan.phones, plan.link),
            connections: Vec::new(),
            server: Server::new(plan.server),
            queue: Queue::new(),
            draws: 0,
            datagrams: 0,
            roots: 0,
            spins: 0,
            root_struck: false,
            starved: None,
        };
        for phone in 0..plan.phones {
            let at = world.chance(plan.within) * 1000;
            let item = match conduct(phone) {
                Conduct::Pretender | Conduct::Flooder => Item::Rogue(phone, 0),
                Conduct::Honest
                | Conduct::Liar
                | Conduct::Miser
                | Conduct::Trickler
                | Conduct::Stranger => Item::Begin(phone),
            };
            world.queue.push(at, item);
        }
        for crash in &plan.faults.crashes {
            world.queue.push(crash.at * 1000, Item::Crash(crash.phone));
            if let Some(back) = crash.back {
                if let Some(seat) = world.seat(crash.phone) {
                    seat.returns += 1;
                }
                world
                    .queue
                    .push(back.max(crash.at) * 1000, Item::Back(crash.phone));
            }
        }
        world
    }

    pub(crate) fn run(mut self) -> Report {
        while let Some((now, item)) = self.queue.pop() {
            if now > END {
                break;
            }
            self.happen(item, now);
            self.serve(now);
            if self.waiting == 0 {
                break;
            }
        }
        self.report()
    }

    fn happen(&mut self, item: Item, now: Micros) {
        match item {
            // A phone that lost its power before it began does not begin.
            Item::Begin(phone) if self.seat(phone).is_some_and(|seat| seat.life > 0) => {}
            Item::Begin(phone) => self.server.open(phone, [Piece::Manifest].into()),
            Item::Back(phone) => {
                if let Some(seat) = self.seat(phone) {
                    seat.returns = seat.returns.saturating_sub(1);
                }
                if self
                    .seat(phone)
                    .is_some_and(|seat| seat.complete_at.is_none())
                {
                    self.server.open(phone, [Piece::Manifest].into());
                }
            }
            Item::Crash(phone) => self.crash(phone, now),
            Item::Timer(phone) => {
                if self.seat(phone).is_some_and(|seat| seat.timer == now) {
                    self.tell(phone, Event::Timer, now);
                    let seat = self.seats.get(index(phone));
                    let machine = seat.and_then(|seat| seat.machine.as_ref());
                    if machine.is_some_and(|machine| machine.deadline() <= time(now)) {
                        self.spins += 1;
                    }
                }
            }
            Item::Datagram(phone, from, bytes) => {
                let bytes = &bytes;
                self.tell(phone, Event::Datagram { from, bytes }, now);
            }
            Item::Knock(connection) => self.knock(connection, now),
            Item::Answered(connection, open) => self.answered(connection, open, now),
            Item::Frame(connection, phone, frame) => {
                if let Some(link) = self.link(connection, phone) {
                    self.tell(phone, Event::Frame(link, frame), now);
                }
            }
            Item::Block(connection, phone, number, octets) => {
                if let Some(link) = self.link(connection, phone) {
                    self.block(phone, From::Link(link), number, octets, now);
                }
            }
            Item::Passed(connection, phone) => {
                if let Some(link) = self.link(connection, phone) {
                    self.tell(phone, Event::Passed(link), now);
                }
            }
            Item::Ended(connection, phone) => {
                if let Some(link) = self.link(connection, phone) {
                    self.forget(phone, link);
                    self.tell(phone, Event::Closed(link), now);
                }
            }
            Item::ServerFree => {}
            Item::Served(phone, stream, piece) => self.served(phone, stream, piece, now),
            Item::Refused(phone) => self.tell(phone, Event::ServerEnded, now),
            Item::Hung(phone, stream) => self.hung(phone, stream, now),
            Item::Rogue(phone, number) => self.rogue(phone, number, now),
        }
    }

    /// Lets the server send what it can.
    fn serve(&mut self, now: Micros) {
        let (manifest, load) = (self.plan.manifest(), &self.load);
        let length = |piece| match piece {
            Piece::Manifest => manifest,
            Piece::Block(number) => load
                .block(number)
                .map_or(0, |block| u64::from(block.length)),
        };
        while let Some(sending) = self.server.send(length, now) {
            let octets = length(sending.piece);
            let phone = sending.phone;
            self.queue.push(sending.ends, Item::ServerFree);
            let there = self.net.arrive(phone, octets, now, sending.ends);
            let item = Item::Served(phone, sending.stream, sending.piece);
            self.queue.push(there, item);
        }
    }

    fn served(&mut self, phone: u32, stream: u64, piece: Piece, now: Micros) {
        let lost = !self.plan.faults.reaches_server(phone, now / 1000);
        if lost || self.starved == Some(stream) {
            // Nothing more comes over this stream, and nobody says so.
            self.queue.push(now + IDLE, Item::Hung(phone, stream));
            return;
        }
        let Some(last) = self.server.arrived(phone, stream) else {
            return;
        };
        let Piece::Block(number) = piece else {
            return self.begin(phone, now);
        };
        let Some(octets) = truth(&self.load, number) else {
            return;
        };
        self.block(phone, From::Server, number, octets, now);
        if last == Last::Yes && self.plan.sharing && !self.server.serves(phone) {
            self.tell(phone, Event::ServerEnded, now);
        }
    }

    /// A stream has brought nothing for so long that whoever fetches gives it up.
    fn hung(&mut self, phone: u32, stream: u64, now: Micros) {
        if !self.server.gives_up(phone, stream) {
            return;
        }
        match self.seat(phone) {
            Some(seat) if seat.machine.is_some() => self.tell(phone, Event::ServerEnded, now),
            Some(_) | None => self.server.open(phone, [Piece::Manifest].into()),
        }
    }

    /// A phone has its manifest and begins.
    fn begin(&mut self, phone: u32, now: Micros) {
        let sharing = self.plan.sharing;
        let Some(seat) = self.seats.get_mut(index(phone)) else {
            return;
        };
        if !sharing {
            let pieces = seat.wants();
            return self.server.open(phone, pieces);
        }
        let load = match seat.conduct {
            Conduct::Stranger => self.other.clone(),
            Conduct::Honest
            | Conduct::Liar
            | Conduct::Miser
            | Conduct::Trickler
            | Conduct::Pretender
            | Conduct::Flooder => self.load.clone(),
        };
        let held = match seat.conduct {
            Conduct::Liar | Conduct::Miser | Conduct::Trickler => Held::all(load.count()),
            Conduct::Honest | Conduct::Pretender | Conduct::Flooder | Conduct::Stranger => {
                seat.kept.clone()
            }
        };
        let start = Start {
            load,
            held,
            link: on_link(phone),
            seed: phone_seed(
                self.plan.seed,
                u64::from(phone) << 32 | u64::from(seat.life),
            ),
            settings: self.plan.settings,
        };
        seat.machine = Some(Sharing::new(start, time(now)));
        self.tell(phone, Event::Timer, now);
    }

    fn block(&mut self, phone: u32, from: From, number: u32, octets: Octets, now: Micros) {
        let Some(seat) = self.seats.get_mut(index(phone)) else {
            return;
        };
        let Some(machine) = &mut seat.machine else {
            // Without sharing.
            if seat.kept.insert(number) && seat.kept.is_complete() {
                seat.complete_at = Some(now);
                self.waiting = self.waiting.saturating_sub(1);
            }
            seat.from_server += 1;
            return;
        };
        let mut out = Vec::new();
        let asked = truth(machine.load(), number) != Some(octets);
        let checked = machine.receive((from, number), octets, time(now), &mut out);
        if asked && checked.is_none() && !out.is_empty() {
            seat.wrong += 1;
        }
        if let Some(checked) = checked {
            let number = checked.number();
            seat.kept.insert(number);
            match from {
                From::Server => seat.from_server += 1,
                From::Link(_) => seat.from_peers += 1,
            }
            machine.handle(Event::Stored { number, from }, time(now), &mut out);
        }
        self.carry_out(phone, out, now);
        self.strike_root(phone, now);
    }

    /// Tells a machine what happened, and does what it wants.
    pub(crate) fn tell(&mut self, phone: u32, event: Event<'_>, now: Micros) {
        let mut out: Vec<Effect> = Vec::new();
        if let Some(machine) = self
            .seats
            .get_mut(index(phone))
            .and_then(|seat| seat.machine.as_mut())
        {
            machine.handle(event, time(now), &mut out);
        }
        self.carry_out(phone, out, now);
    }

    pub(crate) fn seat(&mut self, phone: u32) -> Option<&mut Seat> {
        self.seats.get_mut(index(phone))
    }

    /// A number of the world, 0..=`max`.
    pub(crate) fn chance(&mut self, max: u64) -> u64 {
        self.draws += 1;
        uniform(draw(self.plan.seed, Purpose::Sharing, self.draws), max)
    }

    /// The name of a connection at one of its ends, if that end is still there.
    pub(crate) fn link(&mut self, connection: usize, phone: u32) -> Option<LinkId> {
        let held = self.connections.get(connection)?;
        let ends = [held.opener, held.taker];
        let end = ends.into_iter().find(|end| end.phone == phone)?;
        let link = end.link?;
        let seat = self.seat(phone)?;
        (seat.life == end.life && seat.links.get(&link) == Some(&connection)).then_some(link)
    }

    pub(crate) fn forget(&mut self, phone: u32, link: LinkId) {
        if let Some(seat) = self.seat(phone) {
            seat.links.remove(&link);
        }
    }
}

/// Time as machines see it.
pub(crate) const fn time(now: Micros) -> MonoTime {
    MonoTime::from_millis(now / 1000)
}

pub(crate) fn index(phone: u32) -> usize {
    usize::try_from(phone).unwrap_or(usize::MAX)
}

/// What a block is in truth.
pub(crate) fn truth(load: &SharedLoad, number: u32) -> Option<Octets> {
    load.block(number).map(|block| Octets {
        length: u64::from(block.length),
        digest: block.digest,
    })
}

/// An end that nobody has taken yet.
pub(crate) const fn untaken(phone: u32) -> End {
    End {
        phone,
        life: 0,
        link: None,
    }
}
