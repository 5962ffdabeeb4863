//! A machine, and what a test says to it.

use std::net::Ipv4Addr;

use onhook_crypto::sha256;
use onhook_device::MonoTime;
use onhook_upgrade::sharing::{
    Block, Datagram, Effect, Event, Frame, From, Held, Kind, Line, LinkId, LoadId, NodeId, OnLink,
    Settings, SharedLoad, Sharing, Start,
};

/// The octets of a block.
pub(crate) fn octets(number: u32) -> Vec<u8> {
    vec![u8::try_from(number % 251).unwrap(); 100]
}

/// A load of blocks of 100 octets.
pub(crate) fn load(count: u32) -> SharedLoad {
    let block = |number: u32| Block {
        component: 0,
        offset: u64::from(number) * 100,
        length: 100,
        digest: sha256(&octets(number)),
    };
    SharedLoad::new(LoadId::of(b"a load"), (0..count).map(block).collect()).unwrap()
}

/// A phone at 10.0.0.1/24.
pub(crate) struct Stage {
    pub(crate) machine: Sharing,
    pub(crate) now: MonoTime,
}

pub(crate) fn peer(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, number)
}

impl Stage {
    pub(crate) fn new(count: u32, held: &[u32]) -> Self {
        Self::with_seed(count, held, 7)
    }

    pub(crate) fn with_seed(count: u32, held: &[u32], seed: u64) -> Self {
        let load = load(count);
        let mut set = load.none_held();
        held.iter().for_each(|number| assert!(set.insert(*number)));
        let now = MonoTime::from_secs(100);
        let start = Start {
            load,
            held: set,
            link: OnLink {
                address: peer(1),
                prefix: 24,
            },
            seed,
            settings: Settings::default(),
        };
        Self {
            machine: Sharing::new(start, now),
            now,
        }
    }

    pub(crate) fn tell(&mut self, event: Event<'_>) -> Vec<Effect> {
        let mut out = Vec::new();
        self.machine.handle(event, self.now, &mut out);
        assert!(self.machine.connections() <= 8);
        out
    }

    /// Lets the timer ring whenever it is due, for so many milliseconds.
    pub(crate) fn pass(&mut self, millis: u64) -> Vec<Effect> {
        let end = self.now.plus_millis(millis);
        let mut out = self.tell(Event::Timer);
        while self.machine.deadline() <= end {
            assert!(
                self.machine.deadline() > self.now,
                "it wants to be called at once"
            );
            self.now = self.machine.deadline();
            out.extend(self.tell(Event::Timer));
        }
        self.now = end;
        out
    }

    pub(crate) fn said(&self, kind: Kind, held: u32, node: u64, places: u8) -> Datagram {
        Datagram {
            kind,
            depth: 0,
            places,
            load: self.machine.load().id(),
            node: NodeId(node),
            held,
            total: self.machine.load().count(),
        }
    }

    /// A peer says something.
    pub(crate) fn hear(&mut self, from: u8, said: Datagram) -> Vec<Effect> {
        let from = peer(from);
        let bytes = &said.encode();
        self.tell(Event::Datagram { from, bytes })
    }

    /// Becomes the child of a peer that is the root, and is welcome.
    pub(crate) fn join(&mut self, root: u8) -> LinkId {
        let said = self.said(Kind::Root, 1, 1, 2);
        let out = self.hear(root, said);
        let (link, _) = opened(&out).expect("a parent is sought");
        self.tell(Event::Opened(link));
        self.tell(Event::Frame(link, Frame::Welcome));
        link
    }

    /// A peer becomes a child that has nothing.
    pub(crate) fn child(&mut self, from: u8) -> (LinkId, Vec<Effect>) {
        let link = self.machine.accept(peer(from), self.now).unwrap();
        let held = self.machine.load().none_held();
        (link, self.tell(self.join_frame(link, held)))
    }

    pub(crate) fn join_frame(&self, link: LinkId, held: Held) -> Event<'static> {
        let load = self.machine.load().id();
        Event::Frame(link, Frame::Join { load, held })
    }

    /// A block comes; whether it was taken, and what follows.
    pub(crate) fn give(&mut self, from: From, number: u32, octets: Vec<u8>) -> (bool, Vec<Effect>) {
        let mut out = Vec::new();
        let checked = self
            .machine
            .receive((from, number), octets, self.now, &mut out);
        let taken = checked.is_some();
        if let Some(checked) = checked {
            let number = checked.number();
            out.extend(self.tell(Event::Stored { number, from }));
        } else {
            out.extend(self.tell(Event::Timer));
        }
        (taken, out)
    }
}

/// The connection that is to be opened, and to whom.
pub(crate) fn opened(out: &[Effect]) -> Option<(LinkId, Ipv4Addr)> {
    out.iter().find_map(|effect| {
        if let Effect::Open(link, to) = effect {
            Some((*link, *to))
        } else {
            None
        }
    })
}

/// What is said to everybody.
pub(crate) fn says(out: &[Effect]) -> Vec<Kind> {
    let said = |effect: &Effect| {
        if let Effect::Say(bytes) = effect {
            Datagram::decode(bytes).map(|said| said.kind)
        } else {
            None
        }
    };
    out.iter().filter_map(said).collect()
}

/// What is told to the log server.
pub(crate) fn lines(out: &[Effect]) -> Vec<Line> {
    let told = |effect: &Effect| {
        if let Effect::Tell(line) = effect {
            Some(*line)
        } else {
            None
        }
    };
    out.iter().filter_map(told).collect()
}
