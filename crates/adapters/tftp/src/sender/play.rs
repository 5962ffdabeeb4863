//! A sender and a receiver with a bad line between them.

use std::net::SocketAddr;

use super::{Sender, Sending};
use crate::options::{Agreed, Offer};
use crate::packet;
use crate::receiver::{News, Receiver, Step};
use std::time::Duration;

/// One transfer; packets are lost, doubled and reordered as the fates say.
pub(super) struct Play {
    file: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) now: Duration,
    sender: Sender,
    receiver: Receiver,
    peer: SocketAddr,
    option_ack: Vec<u8>,
    todo: Sending,
    /// Packets under way to the reader.
    there: Vec<Vec<u8>>,
    /// Packets under way back.
    back: Vec<Vec<u8>>,
    fates: Vec<u8>,
    fate: usize,
}

impl Play {
    pub(super) fn new(size: usize, block_size: u16, window: u16, fates: &[u8]) -> Self {
        let server = SocketAddr::from(([192, 0, 2, 1], 69));
        let offer = Offer {
            block_size,
            timeout_s: 2,
            window,
        };
        let mut option_ack = format!("\0\x06blksize\0{block_size}\0");
        if window > 1 {
            option_ack.push_str(&format!("windowsize\0{window}\0"));
        }
        let agreed = Agreed {
            block_size,
            window,
            ..Agreed::default()
        };
        let (sender, todo) = Sender::start(agreed, size as u64, true);
        Self {
            file: (0..size).map(|n| (n % 251) as u8).collect(),
            body: Vec::new(),
            now: Duration::ZERO,
            sender,
            receiver: Receiver::new(server, b"f", Some(offer), 1 << 30).unwrap(),
            peer: SocketAddr::from(([192, 0, 2, 1], 5000)),
            option_ack: option_ack.into_bytes(),
            todo,
            there: Vec::new(),
            back: Vec::new(),
            fates: fates.to_vec(),
            fate: 0,
        }
    }

    /// Moves one packet, or the clock if none is under way; `Some` at the end, true if it is a good one.
    pub(super) fn step(&mut self) -> Option<bool> {
        match std::mem::replace(&mut self.todo, Sending::Nothing) {
            Sending::OptionAck => self.there.push(self.option_ack.clone()),
            Sending::Blocks(blocks) => {
                for block in blocks {
                    let (offset, length, number) = self.sender.block(block);
                    let mut packet = Vec::new();
                    packet::data_header(&mut packet, number);
                    packet.extend_from_slice(&self.file[offset as usize..][..length]);
                    self.there.push(packet);
                }
            }
            Sending::Done => return Some(true),
            Sending::Silence => return Some(false),
            Sending::Nothing => {}
            Sending::Refused { .. } | Sending::Illegal => panic!("nobody sent that"),
        }
        if !self.there.is_empty() {
            self.read()
        } else if !self.back.is_empty() {
            if let Some(packet) = arrives(&mut self.back, fate(&self.fates, &mut self.fate)) {
                self.todo = self.sender.receive(&packet, self.now);
            }
            None
        } else {
            self.wait()
        }
    }

    fn read(&mut self) -> Option<bool> {
        let packet = arrives(&mut self.there, fate(&self.fates, &mut self.fate))?;
        let Step { send, news } = self.receiver.receive(&packet, self.peer, self.now);
        match news {
            News::Bytes(bytes) | News::Last(bytes) => self.body.extend_from_slice(bytes),
            News::Nothing => {}
            News::AskPlainly | News::Failed(_) => panic!("nobody broke the protocol"),
        }
        if send.is_some() {
            self.back.push(self.receiver.packet().to_vec());
        }
        None
    }

    /// Everything was lost: the clocks have to do it.
    fn wait(&mut self) -> Option<bool> {
        let reader = self.receiver.deadline().unwrap_or(Duration::MAX);
        self.now = self.now.max(reader.min(self.sender.deadline()));
        if reader <= self.now {
            let step = self.receiver.timeout(self.now);
            if step.news != News::Nothing {
                return Some(false);
            }
            if step.send.is_some() && !self.receiver.is_requesting() {
                self.back.push(self.receiver.packet().to_vec());
            }
        }
        self.todo = self.sender.timeout(self.now);
        None
    }
}

fn fate(fates: &[u8], at: &mut usize) -> u8 {
    let fate = fates[*at % fates.len()];
    *at += 1;
    fate
}

/// Takes a packet off the line: the first or the last, lost, or left there once more.
fn arrives(line: &mut Vec<Vec<u8>>, fate: u8) -> Option<Vec<u8>> {
    let at = if fate % 7 == 6 { line.len() - 1 } else { 0 };
    let packet = line.remove(at);
    match fate % 5 {
        3 => None,
        4 => {
            line.push(packet.clone());
            Some(packet)
        }
        _ => Some(packet),
    }
}
