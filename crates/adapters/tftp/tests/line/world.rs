//! A client, a server and a bad line between them, in virtual time and drawn from a seed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use onhook_tftp::packet::{self, Direction, ErrorCode, Packet};
use onhook_tftp::{
    Failure, News, Offer, Receiver, Sender, Sending, ServerOptions, Step, Stroke, Then, Writer,
};

/// What a line does to packets; each number is of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    pub(crate) loss: u64,
    pub(crate) doubled: u64,
    /// What every packet takes in addition.
    pub(crate) trip: Duration,
    /// Come up to half a second late, and so behind others.
    pub(crate) late: u64,
    /// Leave the server from another port.
    pub(crate) wrong_port: u64,
    /// Are joined by one that somebody else has made up.
    pub(crate) spoofed: u64,
    /// Nothing arrives any more from this moment on.
    pub(crate) cut: Option<Duration>,
}

/// What is transferred.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) direction: Direction,
    pub(crate) size: usize,
    pub(crate) block_size: u16,
    pub(crate) window: u16,
}

/// How a transfer ended.
#[derive(Debug)]
pub(crate) struct End {
    /// What the client believes.
    pub(crate) result: Result<(), Failure>,
    /// Whether the reading side has the whole file, which it then has as it was sent.
    pub(crate) whole: bool,
    /// When.
    pub(crate) at: Duration,
    /// Packets that were lost, and strangers that were told so.
    pub(crate) lost: u32,
    pub(crate) strangers_told: u32,
}

/// Longer than any transfer of these tests may take.
const FOREVER: Duration = Duration::from_secs(3600);

fn client() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 53_240))
}

fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 69))
}

/// The server's port of the transfer.
fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5000))
}

enum Near {
    Reads(Receiver),
    Writes(Writer),
}

enum Far {
    Waits,
    Sends(Sender, Vec<u8>),
    Takes(Receiver),
}

struct World {
    line: Line,
    seed: u64,
    drawn: u64,
    now: Duration,
    /// Packets under way, by the moment at which they arrive.
    under_way: BTreeMap<(Duration, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    near: Near,
    far: Far,
    file: Vec<u8>,
    read: Vec<u8>,
    whole: bool,
    result: Option<Result<(), Failure>>,
    lost: u32,
    strangers_told: u32,
}

/// Plays one transfer to its end.
pub(crate) fn play(task: Task, line: Line, seed: u64) -> End {
    let offer = Some(Offer {
        block_size: task.block_size,
        timeout_s: 2,
        window: task.window,
    });
    let file: Vec<u8> = (0..task.size).map(|n| (n * 31 % 251) as u8).collect();
    let near = match task.direction {
        Direction::Read => Near::Reads(Receiver::new(server(), b"f", offer, 1 << 30).unwrap()),
        Direction::Write => {
            Near::Writes(Writer::new(server(), b"f", offer, task.size as u64).unwrap())
        }
    };
    let mut world = World {
        line,
        seed,
        drawn: 0,
        now: Duration::ZERO,
        under_way: BTreeMap::new(),
        count: 0,
        near,
        far: Far::Waits,
        file,
        read: Vec::new(),
        whole: false,
        result: None,
        lost: 0,
        strangers_told: 0,
    };
    let request = world.near_packet();
    world.send(client(), server(), request);
    while world.result.is_none() {
        world.step();
        assert!(
            world.now < FOREVER,
            "a transfer without end: {task:?} {line:?} {seed}"
        );
    }
    assert!(
        world.file.starts_with(&world.read) && (!world.whole || world.read == world.file),
        "other bytes than those of the file: {task:?} {line:?} {seed}"
    );
    End {
        result: world.result.unwrap(),
        whole: world.whole,
        at: world.now,
        lost: world.lost,
        strangers_told: world.strangers_told,
    }
}

impl World {
    /// A number below a bound (SplitMix64).
    fn draw(&mut self, below: u64) -> u64 {
        self.drawn += 1;
        let mut z = self.seed ^ self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn happens(&mut self, of_a_thousand: u64) -> bool {
        self.draw(1000) < of_a_thousand
    }

    fn near_packet(&self) -> Vec<u8> {
        match &self.near {
            Near::Reads(receiver) => receiver.packet().to_vec(),
            Near::Writes(writer) => writer.packet().to_vec(),
        }
    }

    fn is_requesting(&self) -> bool {
        match &self.near {
            Near::Reads(receiver) => receiver.is_requesting(),
            Near::Writes(writer) => writer.is_requesting(),
        }
    }

    /// Gives a packet to the line.
    fn send(&mut self, from: SocketAddr, to: SocketAddr, packet: Vec<u8>) {
        if to != client() && to != server() && to != peer() {
            let told = matches!(Packet::parse(&packet), Ok(Packet::Error { code, .. }) if code == ErrorCode::UNKNOWN_TID);
            assert!(told, "a stranger hears {packet:?}");
            self.strangers_told += 1;
            return;
        }
        if self.happens(self.line.spoofed) {
            self.spoof();
        }
        if self.happens(self.line.loss) || self.line.cut.is_some_and(|cut| self.now >= cut) {
            self.lost += 1;
            return;
        }
        let wrong = from == peer() && self.happens(self.line.wrong_port);
        let from = if wrong {
            SocketAddr::new(from.ip(), from.port() + 1)
        } else {
            from
        };
        // A wrong first packet would settle the port of the peer, as it has to.
        if wrong && self.is_requesting() {
            return;
        }
        let copies = 1 + u64::from(self.happens(self.line.doubled));
        for _ in 0..copies {
            let late = if self.happens(self.line.late) {
                self.draw(500)
            } else {
                0
            };
            let after = self.line.trip + Duration::from_millis(2) + Duration::from_millis(late);
            self.arrive(after, from, to, packet.clone());
        }
    }

    fn arrive(&mut self, after: Duration, from: SocketAddr, to: SocketAddr, packet: Vec<u8>) {
        self.count += 1;
        let moment = (self.now + after, self.count);
        self.under_way.insert(moment, (from, to, packet));
    }

    /// Somebody who guesses well: the next numbers, with other bytes.
    fn spoof(&mut self) {
        let elsewhere = self.is_requesting() || self.happens(500);
        let from = if elsewhere {
            SocketAddr::from(([198, 51, 100, 7], 5000))
        } else {
            SocketAddr::from(([192, 0, 2, 1], 6000))
        };
        let mut packet = Vec::new();
        match self.draw(4) {
            0 => packet::error(&mut packet, ErrorCode::UNDEFINED, "go away"),
            1 => packet::ack(&mut packet, self.draw(20) as u16),
            2 => packet = b"\0\x06blksize\x008\0".to_vec(),
            _ => {
                packet::data_header(&mut packet, self.draw(20) as u16);
                packet.extend_from_slice(b"spoofed");
            }
        }
        self.arrive(Duration::from_millis(1), from, client(), packet);
    }

    /// Lets the next thing happen: a packet arrives, or somebody has waited long enough.
    fn step(&mut self) {
        let arrival = self.under_way.keys().next().map(|(at, _)| *at);
        let near = match &self.near {
            Near::Reads(receiver) => receiver.deadline(),
            Near::Writes(writer) => writer.deadline(),
        };
        let far = match &self.far {
            Far::Waits => None,
            Far::Sends(sender, _) => Some(sender.deadline()),
            Far::Takes(receiver) => receiver.deadline(),
        };
        let next = [arrival, near, far].into_iter().flatten().min();
        self.now = self.now.max(next.unwrap_or(FOREVER));
        if arrival.is_some_and(|at| at <= self.now) {
            if let Some((_, (from, to, packet))) = self.under_way.pop_first() {
                if to == client() {
                    self.near_hears(&packet, from);
                } else {
                    self.far_hears(&packet, to);
                }
            }
        } else if near.is_some_and(|at| at <= self.now) {
            self.near_waited();
        } else {
            self.far_waited();
        }
    }

    fn near_hears(&mut self, packet: &[u8], from: SocketAddr) {
        match &mut self.near {
            Near::Reads(receiver) => {
                let Step { send, news } = receiver.receive(packet, from, self.now);
                let end = note(news, &mut self.read, &mut self.whole);
                self.near_goes_on(send, end);
            }
            Near::Writes(writer) => {
                let stroke = writer.receive(packet, from, self.now);
                self.near_writes(stroke);
            }
        }
    }

    fn near_waited(&mut self) {
        match &mut self.near {
            Near::Reads(receiver) => {
                let Step { send, news } = receiver.timeout(self.now);
                let end = note(news, &mut self.read, &mut self.whole);
                self.near_goes_on(send, end);
            }
            Near::Writes(writer) => {
                let stroke = writer.timeout(self.now);
                self.near_writes(stroke);
            }
        }
    }

    fn near_goes_on(&mut self, send: Option<SocketAddr>, end: Option<Result<(), Failure>>) {
        if let Some(to) = send {
            let packet = self.near_packet();
            self.send(client(), to, packet);
        }
        self.result = end;
    }

    fn near_writes(&mut self, Stroke { send, then }: Stroke) {
        let end = match then {
            Then::Nothing => None,
            Then::Done => Some(Ok(())),
            Then::Failed(failure) => Some(Err(failure)),
            Then::AskPlainly => panic!("nobody refused options"),
            Then::Blocks(to, blocks) => {
                let Near::Writes(writer) = &self.near else {
                    panic!("a reader sends no blocks");
                };
                let packets: Vec<_> = blocks.map(|n| cut(&self.file, writer.block(n))).collect();
                for packet in packets {
                    self.send(client(), to, packet);
                }
                None
            }
        };
        self.near_goes_on(send, end);
    }

    fn far_hears(&mut self, packet: &[u8], to: SocketAddr) {
        match &mut self.far {
            Far::Waits => self.far_begins(packet),
            // A repeated request starts nothing.
            Far::Sends(..) | Far::Takes(_) if to == server() => {}
            Far::Sends(sender, _) => {
                let sending = sender.receive(packet, self.now);
                self.far_sends(sending);
            }
            Far::Takes(receiver) => {
                let Step { send, news } = receiver.receive(packet, client(), self.now);
                let end = note(news, &mut self.read, &mut self.whole);
                self.far_took(send.is_some(), end);
            }
        }
    }

    fn far_begins(&mut self, packet: &[u8]) {
        let Ok(Packet::Request {
            direction, options, ..
        }) = Packet::parse(packet)
        else {
            return;
        };
        let mut oack = Vec::new();
        match direction {
            Direction::Read => {
                let size = self.file.len() as u64;
                let agreed = ServerOptions::default().answer(options, Some(size), &mut oack);
                let (sender, first) = Sender::start(agreed, size, true);
                self.far = Far::Sends(sender, oack);
                self.far_sends(first);
            }
            Direction::Write => {
                let agreed = ServerOptions::default().answer(options, None, &mut oack);
                let receiver = Receiver::answering(client(), agreed, &oack, 1 << 30);
                self.far = Far::Takes(receiver);
                self.far_took(true, None);
            }
        }
    }

    fn far_waited(&mut self) {
        match &mut self.far {
            Far::Waits => panic!("nothing happens any more"),
            Far::Sends(sender, _) => {
                let sending = sender.timeout(self.now);
                self.far_sends(sending);
            }
            Far::Takes(receiver) => {
                let Step { send, news } = receiver.timeout(self.now);
                let end = note(news, &mut self.read, &mut self.whole);
                self.far_took(send.is_some(), end);
            }
        }
    }

    fn far_sends(&mut self, sending: Sending) {
        let Far::Sends(sender, oack) = &self.far else {
            return;
        };
        let packets = match sending {
            Sending::OptionAck => vec![oack.clone()],
            Sending::Blocks(blocks) => blocks.map(|n| cut(&self.file, sender.block(n))).collect(),
            Sending::Nothing => Vec::new(),
            Sending::Done | Sending::Silence | Sending::Refused { .. } => {
                self.far = Far::Waits;
                Vec::new()
            }
            Sending::Illegal => panic!("nobody broke the protocol"),
        };
        for packet in packets {
            self.send(peer(), client(), packet);
        }
    }

    fn far_took(&mut self, send: bool, end: Option<Result<(), Failure>>) {
        if let (true, Far::Takes(receiver)) = (send, &self.far) {
            let packet = receiver.packet().to_vec();
            self.send(peer(), client(), packet);
        }
        if let Some(Err(failure)) = end {
            assert!(
                is_silence(&failure),
                "nobody broke the protocol: {failure:?}"
            );
            self.far = Far::Waits;
        }
    }
}

/// Whether a transfer ended because nothing came any more.
pub(crate) const fn is_silence(failure: &Failure) -> bool {
    matches!(failure, Failure::Silence | Failure::NoAnswer)
}

/// Keeps what arrived.
fn note(news: News<'_>, read: &mut Vec<u8>, whole: &mut bool) -> Option<Result<(), Failure>> {
    match news {
        News::Nothing => None,
        News::Bytes(bytes) => {
            read.extend_from_slice(bytes);
            None
        }
        News::Last(bytes) => {
            read.extend_from_slice(bytes);
            *whole = true;
            Some(Ok(()))
        }
        News::Failed(failure) => Some(Err(failure)),
        News::AskPlainly => panic!("nobody refused options"),
    }
}

/// One block of a file as a packet.
fn cut(file: &[u8], (offset, length, number): (u64, usize, u16)) -> Vec<u8> {
    let mut packet = Vec::new();
    packet::data_header(&mut packet, number);
    packet.extend_from_slice(&file[offset as usize..][..length]);
    packet
}
