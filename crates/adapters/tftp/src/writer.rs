//! The writing side of an upload as a state machine without sockets and clocks: a request, then a [`Sender`].

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::failure::Failure;
use crate::options::{Agreed, Offer};
use crate::packet::{self, Direction, ErrorCode, Malformed, Packet};
use crate::receiver::{SENDS, SILENCE};
use crate::rtt::RetransmitTimer;
use crate::sender::{Sender, Sending};

/// What came of a datagram or of a timeout.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Stroke {
    /// Where [`Writer::packet`] has to be sent now; `None` for nowhere.
    pub send: Option<SocketAddr>,
    /// What else.
    pub then: Then,
}

/// What a stroke brings.
#[derive(PartialEq, Eq, Debug)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// Send these blocks to this peer, the first of a body being 1.
    Blocks(SocketAddr, RangeInclusive<u64>),
    /// The server has everything and has said so.
    Done,
    /// The server does not like options: ask again without them, from another port (R-TFTP-9).
    AskPlainly,
    /// The transfer is over.
    Failed(Failure),
}

#[derive(Debug)]
enum Phase {
    /// The request is out, and the port of the peer is not known.
    Requesting,
    /// Blocks go to this peer; the sender counts time from `since`.
    Writing {
        peer: SocketAddr,
        sender: Box<Sender>,
        since: Duration,
        /// Transmissions of what waits for its acknowledgement.
        sends: u32,
    },
    Over,
}

/// One transfer to a server. Times count from the moment at which the request is sent.
#[derive(Debug)]
pub struct Writer {
    server: SocketAddr,
    offer: Option<Offer>,
    size: u64,
    packet: Vec<u8>,
    phase: Phase,
    timer: RetransmitTimer,
    /// Transmissions of the request.
    sends: u32,
    deadline: Duration,
}

impl Writer {
    /// Prepares a request to write a file of `size` bytes; without an offer it has no options.
    ///
    /// The offer is dropped if the request would be longer than allowed; `None` if it is too long even so (R-TFTP-6).
    #[must_use]
    pub fn new(server: SocketAddr, file: &[u8], offer: Option<Offer>, size: u64) -> Option<Self> {
        let (packet, offer) = packet::offering(Direction::Write, file, offer, size)?;
        let timer = RetransmitTimer::new();
        Some(Self {
            server,
            offer,
            size,
            packet,
            phase: Phase::Requesting,
            deadline: timer.wait(),
            timer,
            sends: 1,
        })
    }

    /// The packet to send; the request at first.
    #[must_use]
    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Offset, length and number on the wire of a block; nothing before the server has answered.
    #[must_use]
    pub fn block(&self, block: u64) -> (u64, usize, u16) {
        match &self.phase {
            Phase::Writing { sender, .. } => sender.block(block),
            Phase::Requesting | Phase::Over => (0, 0, 0),
        }
    }

    /// When [`Writer::timeout`] is due; `None` if nothing is waited for.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Requesting => Some(self.deadline),
            Phase::Writing { sender, since, .. } => Some(*since + sender.deadline()),
            Phase::Over => None,
        }
    }

    /// Whether the server has not answered yet.
    #[must_use]
    pub const fn is_requesting(&self) -> bool {
        matches!(self.phase, Phase::Requesting)
    }

    /// Ends the transfer from this side: where the ERROR in [`Writer::packet`] goes, if the server is known.
    pub fn abort(&mut self, code: ErrorCode, text: &str) -> Option<SocketAddr> {
        let Phase::Writing { peer, .. } = std::mem::replace(&mut self.phase, Phase::Over) else {
            return None;
        };
        //= R-TFTP-18
        packet::error(&mut self.packet, code, text);
        Some(peer)
    }

    /// Takes a datagram. Never panics, whatever it holds.
    pub fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Duration) -> Stroke {
        //= R-TFTP-19
        let short = datagram.len() < packet::DATA_HEADER;
        match &mut self.phase {
            //= R-TFTP-5
            Phase::Requesting if short || from.ip() != self.server.ip() => nothing(),
            Phase::Requesting => self.first(datagram, from, now),
            Phase::Writing { peer, .. } if from == *peer && short => nothing(),
            Phase::Writing {
                peer,
                sender,
                since,
                sends,
            } if from == *peer => {
                let sending = sender.receive(datagram, now.saturating_sub(*since));
                if matches!(sending, Sending::Blocks(_)) {
                    *sends = 1;
                }
                self.sending(sending)
            }
            Phase::Writing { .. } => self.stranger(datagram, from),
            Phase::Over => nothing(),
        }
    }

    /// Takes the passing of the deadline.
    pub fn timeout(&mut self, now: Duration) -> Stroke {
        match &mut self.phase {
            Phase::Requesting => self.ask_again(now),
            Phase::Writing {
                sender,
                since,
                sends,
                ..
            } => {
                let sending = sender.timeout(now.saturating_sub(*since));
                //= R-TFTP-15
                if matches!(sending, Sending::Blocks(_)) {
                    *sends += 1;
                    if *sends > SENDS {
                        return nothing();
                    }
                }
                self.sending(sending)
            }
            Phase::Over => nothing(),
        }
    }

    fn ask_again(&mut self, now: Duration) -> Stroke {
        if now < self.deadline {
            return nothing();
        }
        //= R-TFTP-15
        if self.sends < SENDS {
            self.sends += 1;
            self.timer.back_off();
            self.deadline = now + self.timer.wait();
            return Stroke {
                send: Some(self.server),
                then: Then::Nothing,
            };
        }
        if now < SILENCE {
            self.deadline = SILENCE;
            return nothing();
        }
        self.phase = Phase::Over;
        failed(Failure::NoAnswer)
    }

    /// The first answer settles the port of the peer.
    fn first(&mut self, datagram: &[u8], from: SocketAddr, now: Duration) -> Stroke {
        match Packet::parse(datagram) {
            Ok(Packet::OptionAck(options)) => {
                let agreed = self.offer.and_then(|offer| offer.accept(options));
                match agreed {
                    Some(agreed) => self.begin(agreed, from, now),
                    //= R-TFTP-7
                    None => self.give_up(from, ErrorCode::OPTIONS, Failure::Options),
                }
            }
            //= R-TFTP-8
            Ok(Packet::Ack { block: 0 }) => self.begin(Agreed::default(), from, now),
            Ok(Packet::Error { code, text }) => {
                self.phase = Phase::Over;
                //= R-TFTP-9
                if code.may_be_about_options() && self.offer.is_some() {
                    return Stroke {
                        send: None,
                        then: Then::AskPlainly,
                    };
                }
                //= R-TFTP-17
                refused(code, packet::shown(text))
            }
            Err(Malformed::Opcode(_)) => self.give_up(from, ErrorCode::ILLEGAL, Failure::Opcode),
            Ok(Packet::Data { .. } | Packet::Ack { .. } | Packet::Request { .. })
            | Err(Malformed::Short | Malformed::Strings) => nothing(),
        }
    }

    fn begin(&mut self, agreed: Agreed, peer: SocketAddr, now: Duration) -> Stroke {
        let (sender, sending) = Sender::start(agreed, self.size, false);
        self.phase = Phase::Writing {
            peer,
            sender: Box::new(sender),
            since: now,
            sends: 1,
        };
        self.sending(sending)
    }

    /// What the sender wants, with the peer to whom.
    fn sending(&mut self, sending: Sending) -> Stroke {
        let Phase::Writing { peer, .. } = self.phase else {
            return nothing();
        };
        match sending {
            Sending::Nothing | Sending::OptionAck => nothing(),
            Sending::Blocks(blocks) => Stroke {
                send: None,
                then: Then::Blocks(peer, blocks),
            },
            Sending::Done => {
                self.phase = Phase::Over;
                Stroke {
                    send: None,
                    then: Then::Done,
                }
            }
            Sending::Refused { code, text } => {
                self.phase = Phase::Over;
                refused(code, text)
            }
            Sending::Illegal => self.give_up(peer, ErrorCode::ILLEGAL, Failure::Opcode),
            Sending::Silence => {
                self.phase = Phase::Over;
                failed(Failure::Silence)
            }
        }
    }

    /// A datagram of somebody else.
    fn stranger(&mut self, datagram: &[u8], from: SocketAddr) -> Stroke {
        //= R-TFTP-17
        if matches!(Packet::parse(datagram), Ok(Packet::Error { .. })) {
            return nothing();
        }
        //= R-TFTP-4
        packet::error(
            &mut self.packet,
            ErrorCode::UNKNOWN_TID,
            "unknown transfer ID",
        );
        Stroke {
            send: Some(from),
            then: Then::Nothing,
        }
    }

    fn give_up(&mut self, peer: SocketAddr, code: ErrorCode, failure: Failure) -> Stroke {
        self.phase = Phase::Over;
        packet::error(&mut self.packet, code, failure.told());
        Stroke {
            send: Some(peer),
            then: Then::Failed(failure),
        }
    }
}

const fn nothing() -> Stroke {
    Stroke {
        send: None,
        then: Then::Nothing,
    }
}

const fn failed(failure: Failure) -> Stroke {
    Stroke {
        send: None,
        then: Then::Failed(failure),
    }
}

const fn refused(code: ErrorCode, text: String) -> Stroke {
    failed(Failure::Refused { code, text })
}

#[cfg(test)]
mod tests;
