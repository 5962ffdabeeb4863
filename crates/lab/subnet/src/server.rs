//! The server: one rate, shared by everybody who fetches.

use std::collections::{BTreeMap, VecDeque};

use crate::net::span;
use crate::queue::Micros;

/// What is under way to a phone at once, so that the server need not wait for it.
const AHEAD: u32 = 2;

/// What the server sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    /// The manifest of the load.
    Manifest,
    /// A block by its number.
    Block(u32),
}

struct Stream {
    number: u64,
    pieces: VecDeque<Piece>,
    under_way: u32,
    waits: bool,
}

/// What the server has begun to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sending {
    pub(crate) phone: u32,
    pub(crate) stream: u64,
    pub(crate) piece: Piece,
    pub(crate) ends: Micros,
}

/// A server that gives each of its streams a piece in turn.
pub(crate) struct Server {
    /// Octets a second.
    rate: u64,
    free_at: Micros,
    turns: VecDeque<u32>,
    streams: BTreeMap<u32, Stream>,
    opened: u64,
    /// Octets in each second.
    pub(crate) seconds: Vec<u64>,
    pub(crate) most_streams: usize,
}

impl Server {
    pub(crate) const fn new(rate: u64) -> Self {
        Self {
            rate,
            free_at: 0,
            turns: VecDeque::new(),
            streams: BTreeMap::new(),
            opened: 0,
            seconds: Vec::new(),
            most_streams: 0,
        }
    }

    /// A phone asks for pieces.
    pub(crate) fn open(&mut self, phone: u32, pieces: VecDeque<Piece>) {
        self.opened += 1;
        let stream = Stream {
            number: self.opened,
            pieces,
            under_way: 0,
            waits: false,
        };
        self.streams.insert(phone, stream);
        if !self.turns.contains(&phone) {
            self.turns.push_back(phone);
        }
        self.most_streams = self.most_streams.max(self.streams.len());
    }

    /// A phone wants nothing more.
    pub(crate) fn close(&mut self, phone: u32) {
        self.streams.remove(&phone);
    }

    /// Whether a phone is being served.
    pub(crate) fn serves(&self, phone: u32) -> bool {
        self.streams.contains_key(&phone)
    }

    /// The number of a phone's stream.
    pub(crate) fn stream_of(&self, phone: u32) -> Option<u64> {
        self.streams.get(&phone).map(|stream| stream.number)
    }

    /// A phone has waited for a stream in vain; whether it still did.
    pub(crate) fn gives_up(&mut self, phone: u32, number: u64) -> bool {
        let held = self.streams.get(&phone);
        let waits = held.is_some_and(|stream| stream.number == number);
        if waits {
            self.streams.remove(&phone);
        }
        waits
    }

    /// Takes the next piece in turn, if the server is free.
    pub(crate) fn send(&mut self, length: impl Fn(Piece) -> u64, now: Micros) -> Option<Sending> {
        if self.free_at > now {
            return None;
        }
        loop {
            let phone = self.turns.pop_front()?;
            let Some(stream) = self.streams.get_mut(&phone) else {
                continue;
            };
            let Some(piece) = stream.pieces.pop_front() else {
                continue;
            };
            stream.under_way += 1;
            stream.waits = stream.under_way >= AHEAD;
            if !stream.waits {
                self.turns.push_back(phone);
            }
            let octets = length(piece);
            let sending = Sending {
                phone,
                stream: stream.number,
                piece,
                ends: now + span(octets, self.rate),
            };
            self.free_at = sending.ends;
            self.count(octets, now, sending.ends);
            return Some(sending);
        }
    }

    /// A piece is there. Whether the phone still wants it, and whether it was the last.
    pub(crate) fn arrived(&mut self, phone: u32, number: u64) -> Option<Last> {
        let stream = self.streams.get_mut(&phone)?;
        if stream.number != number {
            return None;
        }
        stream.under_way -= 1;
        if stream.waits {
            stream.waits = false;
            self.turns.push_back(phone);
        }
        if stream.pieces.is_empty() && stream.under_way == 0 {
            self.streams.remove(&phone);
            return Some(Last::Yes);
        }
        Some(Last::No)
    }

    /// Spreads octets over the seconds in which they are sent.
    fn count(&mut self, octets: u64, from: Micros, to: Micros) {
        let second = |at: Micros| usize::try_from(at / 1_000_000).unwrap_or(usize::MAX);
        if self.seconds.len() <= second(to) {
            self.seconds.resize(second(to) + 1, 0);
        }
        let (mut begin, mut left) = (from, octets);
        while left > 0 {
            let end = to.min((begin / 1_000_000 + 1) * 1_000_000);
            let part = if end == to {
                left
            } else {
                left.min((end - begin) * self.rate / 1_000_000)
            };
            if let Some(sum) = self.seconds.get_mut(second(begin)) {
                *sum += part;
            }
            left -= part;
            begin = end;
            if begin == to {
                break;
            }
        }
    }
}

/// Whether a piece was the last of its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Last {
    Yes,
    No,
}
