//! What fuzzing feeds: a function that takes any bytes and panics when something that must hold does not.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;
use onhook_upgrade::sharing::{
    Block, CONNECTIONS, Content, DATAGRAM, Datagram, Effect, Event, Frame, From, HEADER, Header,
    LinkId, LoadId, OnLink, Settings, SharedLoad, Sharing, Start,
};

/// Blocks of the load, and octets of each.
const BLOCKS: u32 = 10;
const LENGTH: u32 = 4;

/// Octets of a block by their digest: a stand-in with the number of the block in it.
struct Octets(u8);

impl Content for Octets {
    fn length(&self) -> u64 {
        u64::from(LENGTH)
    }

    fn digest(&self) -> [u8; 32] {
        [self.0; 32]
    }
}

/// A phone that hears any datagrams and frames at any time: connections are bounded, only right blocks are taken, each
/// once, what is passed on is there, no datagram that it sends is longer than one that it hears, and everything that it
/// sends can be read.
///
/// What follows is one happening after the other: an octet that says what, one with the address, the connection or tenths of a second,
/// and the octets of a datagram or a frame.
///
/// # Panics
/// Something of this does not hold.
pub fn peer(bytes: &[u8]) {
    let block = |number: u32| Block {
        component: 0,
        offset: u64::from(number * LENGTH),
        length: LENGTH,
        digest: [u8::try_from(number).unwrap_or_default(); 32],
    };
    let load = SharedLoad::new(LoadId([1; 32]), (0..BLOCKS).map(block).collect());
    let Ok(load) = load else { return };
    let start = Start {
        held: load.none_held(),
        load: load.clone(),
        link: OnLink {
            address: Ipv4Addr::new(10, 0, 0, 1),
            prefix: 24,
        },
        seed: 1,
        settings: Settings::default(),
    };
    let mut phone = Phone {
        machine: Sharing::new(start, MonoTime::ZERO),
        load,
        now: MonoTime::ZERO,
        taken: 0,
    };
    phone.tell(Event::Timer);
    let mut rest = bytes;
    while let Some(([what, which], behind)) = rest.split_first_chunk() {
        rest = phone.happen(*what, *which, behind);
    }
}

struct Phone {
    machine: Sharing,
    load: SharedLoad,
    now: MonoTime,
    taken: u32,
}

impl Phone {
    /// Lets something happen; gives what is left of the bytes.
    fn happen<'b>(&mut self, what: u8, which: u8, bytes: &'b [u8]) -> &'b [u8] {
        let link = LinkId(u32::from(which % 16));
        let from = Ipv4Addr::new(10, 0, which >> 7, which & 0x7f);
        let (used, rest) = match what % 8 {
            0 => bytes.split_at(DATAGRAM.min(bytes.len())),
            1 => bytes.split_at(HEADER.min(bytes.len())),
            2 => bytes.split_at(bytes.len().min(58)),
            _ => bytes.split_at(bytes.len().min(1)),
        };
        let number = used.first().copied().unwrap_or_default();
        match what % 8 {
            0 => self.tell(Event::Datagram { from, bytes: used }),
            1 => self.header(link, used),
            2 => {
                if let Ok(join) = Frame::decode_join(used, &self.load) {
                    self.tell(Event::Frame(link, join));
                }
            }
            3 => {
                self.now = self.now.plus_millis(u64::from(which) * 100);
                self.tell(Event::Timer);
            }
            4 => drop(self.machine.accept(from, self.now)),
            5 => self.tell(match number % 4 {
                0 => Event::Opened(link),
                1 => Event::Closed(link),
                2 => Event::Passed(link),
                _ => Event::ServerEnded,
            }),
            6 => self.give(From::Link(link), number),
            _ => self.give(From::Server, number),
        }
        rest
    }

    fn header(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(header) = bytes.first_chunk() else {
            return;
        };
        match Header::decode(header, &self.load) {
            Ok(Header::Plain(plain)) => self.tell(Event::Frame(link, plain.into())),
            Ok(Header::Join(length)) => assert_eq!(length, 46),
            Ok(Header::Block { number, length }) => {
                assert!(number < BLOCKS && length == LENGTH, "a block of no load");
            }
            Err(_) => {}
        }
    }

    /// Somebody gives a block, and it is the right one if its number is even.
    fn give(&mut self, from: From, number: u8) {
        let mut out = Vec::new();
        let octets = Octets(if number < 128 { number } else { number ^ 0xff });
        let right = octets.0 == number;
        let checked = self
            .machine
            .receive((from, u32::from(number)), octets, self.now, &mut out);
        self.look(&out);
        if let Some(checked) = checked {
            assert!(right, "a wrong block was taken");
            self.taken += 1;
            let number = checked.number();
            self.tell(Event::Stored { number, from });
        }
    }

    fn tell(&mut self, event: Event<'_>) {
        let mut out = Vec::new();
        self.machine.handle(event, self.now, &mut out);
        self.look(&out);
    }

    fn look(&self, out: &[Effect]) {
        assert!(self.machine.connections() <= CONNECTIONS);
        assert!(self.machine.held().count() <= self.taken);
        for effect in out {
            match effect {
                Effect::Say(bytes) => assert!(Datagram::decode(bytes).is_some()),
                Effect::Pass(_, number) => assert!(self.machine.held().contains(*number)),
                Effect::Write(_, frame) => {
                    let bytes = frame.encode();
                    let header = bytes
                        .first_chunk()
                        .map(|head| Header::decode(head, &self.load));
                    assert!(
                        matches!(header, Some(Ok(_))),
                        "a frame that nobody can read"
                    );
                }
                Effect::Open(..)
                | Effect::Close(_)
                | Effect::StartServer
                | Effect::StopServer
                | Effect::Tell(_)
                | Effect::Complete
                | Effect::Released
                | Effect::Failed => {}
            }
        }
    }
}
