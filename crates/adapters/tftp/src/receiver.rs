//! The reading side of a transfer as a state machine without sockets and clocks.

use std::net::SocketAddr;
use std::time::Duration;

use crate::failure::Failure;
use crate::options::{Agreed, Offer};
use crate::packet::{self, Direction, ErrorCode, Malformed, Packet};
use crate::rtt::RetransmitTimer;
use crate::sequence::Sequence;

/// Transmissions in all of one packet.
pub(crate) const SENDS: u32 = 5;
/// Least silence before a transfer is given up.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// What came of a datagram or of a timeout.
#[derive(PartialEq, Eq, Debug)]
#[must_use]
pub struct Step<'d> {
    /// Where [`Receiver::packet`] has to be sent now; `None` for nowhere.
    pub send: Option<SocketAddr>,
    /// What else.
    pub news: News<'d>,
}

/// What a step brings.
#[derive(PartialEq, Eq, Debug)]
pub enum News<'d> {
    /// Nothing.
    Nothing,
    /// The next bytes of the file.
    Bytes(&'d [u8]),
    /// The last bytes of the file, perhaps none; from now on repeats are answered only.
    Last(&'d [u8]),
    /// The server does not like options: ask again without them, from another port (R-TFTP-9).
    AskPlainly,
    /// The transfer is over.
    Failed(Failure),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The request is out, and the port of the peer is not known.
    Requesting,
    /// Blocks come from this peer.
    Receiving(SocketAddr),
    /// The file is there; the peer may not know that yet.
    Lingering(SocketAddr),
    Over,
}

/// One transfer from a server. Times count from the moment at which the request is sent.
#[derive(Debug)]
pub struct Receiver {
    server: SocketAddr,
    offer: Option<Offer>,
    limit: u64,
    request: Vec<u8>,
    packet: Vec<u8>,
    phase: Phase,
    agreed: Agreed,
    sequence: Sequence,
    received: u64,
    /// Blocks since the last acknowledgement.
    unacknowledged: u16,
    /// A gap in the present window has been told.
    gap_told: bool,
    timer: RetransmitTimer,
    /// Transmissions of the last packet, and whether only one.
    sends: u32,
    fresh: bool,
    sent_at: Duration,
    heard_at: Duration,
    deadline: Duration,
}

impl Receiver {
    /// Prepares a request for a file; without an offer it has no options.
    ///
    /// `limit` is the largest file in bytes. The offer is dropped if the request would be longer than allowed; `None` if
    /// it is too long even so (R-TFTP-6).
    #[must_use]
    pub fn new(server: SocketAddr, file: &[u8], offer: Option<Offer>, limit: u64) -> Option<Self> {
        let (request, offer) = packet::offering(Direction::Read, file, offer, 0)?;
        let phase = Phase::Requesting;
        Some(Self::opened(server, offer, limit, request, phase))
    }

    fn opened(
        server: SocketAddr,
        offer: Option<Offer>,
        limit: u64,
        request: Vec<u8>,
        phase: Phase,
    ) -> Self {
        let timer = RetransmitTimer::new();
        Self {
            server,
            offer,
            limit,
            packet: request.clone(),
            request,
            phase,
            agreed: Agreed::default(),
            sequence: Sequence::new(),
            received: 0,
            unacknowledged: 0,
            gap_told: false,
            deadline: timer.wait(),
            timer,
            sends: 1,
            fresh: true,
            sent_at: Duration::ZERO,
            heard_at: Duration::ZERO,
        }
    }

    /// The server's end of a request to write: `opening` is the OACK, or empty for none.
    ///
    /// The answer is in [`Receiver::packet`] and has to be sent first. `limit` is the largest file in bytes.
    #[must_use]
    pub fn answering(peer: SocketAddr, agreed: Agreed, opening: &[u8], limit: u64) -> Self {
        let mut request = opening.to_vec();
        if request.is_empty() {
            //= R-TFTP-8
            packet::ack(&mut request, 0);
        }
        let phase = Phase::Receiving(peer);
        Self {
            agreed,
            ..Self::opened(peer, None, limit, request, phase)
        }
    }

    /// The packet to send; the request at first.
    #[must_use]
    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// What was agreed on; defaults until the server has answered.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// When [`Receiver::timeout`] is due; `None` if nothing is waited for.
    #[must_use]
    pub const fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Requesting | Phase::Receiving(_) => Some(self.deadline),
            Phase::Lingering(_) | Phase::Over => None,
        }
    }

    /// Whether the server has not answered yet.
    #[must_use]
    pub const fn is_requesting(&self) -> bool {
        matches!(self.phase, Phase::Requesting)
    }

    /// Whether more blocks of a window are on their way.
    pub(crate) const fn is_within_window(&self) -> bool {
        self.unacknowledged > 0
    }

    /// The peer, once it has answered, until the file is there.
    pub(crate) const fn peer(&self) -> Option<SocketAddr> {
        match self.phase {
            Phase::Receiving(peer) => Some(peer),
            Phase::Requesting | Phase::Lingering(_) | Phase::Over => None,
        }
    }

    /// Ends the transfer from this side: where the ERROR in [`Receiver::packet`] goes, if the server is known.
    pub fn abort(&mut self, code: ErrorCode, text: &str) -> Option<SocketAddr> {
        let Phase::Receiving(peer) = std::mem::replace(&mut self.phase, Phase::Over) else {
            return None;
        };
        //= R-TFTP-18
        packet::error(&mut self.packet, code, text);
        Some(peer)
    }

    /// Takes a datagram. Never panics, whatever it holds.
    pub fn receive<'d>(&mut self, datagram: &'d [u8], from: SocketAddr, now: Duration) -> Step<'d> {
        //= R-TFTP-19
        let short = datagram.len() < packet::DATA_HEADER && datagram != packet::NO_OPTIONS;
        match self.phase {
            //= R-TFTP-5
            Phase::Requesting if short || from.ip() != self.server.ip() => nothing(),
            Phase::Requesting => self.first(datagram, from, now),
            Phase::Receiving(peer) if from == peer && short => nothing(),
            Phase::Receiving(peer) if from == peer => self.next(datagram, peer, now),
            Phase::Lingering(peer) if from == peer => self.repeat(datagram, peer),
            Phase::Receiving(_) | Phase::Lingering(_) => self.stranger(datagram, from),
            Phase::Over => nothing(),
        }
    }

    /// Takes the passing of the deadline.
    pub fn timeout(&mut self, now: Duration) -> Step<'static> {
        if now < self.deadline {
            return nothing();
        }
        let to = match self.phase {
            Phase::Requesting => {
                self.packet.clone_from(&self.request);
                self.server
            }
            Phase::Receiving(peer) => {
                if self.sequence.has_begun() || self.asks() {
                    packet::ack(&mut self.packet, self.sequence.last());
                } else {
                    self.packet.clone_from(&self.request);
                }
                peer
            }
            Phase::Lingering(_) | Phase::Over => return nothing(),
        };
        //= R-TFTP-15
        if self.sends < SENDS {
            self.sends += 1;
            self.fresh = false;
            self.timer.back_off();
            self.deadline = now + self.timer.wait();
            return send(to, News::Nothing);
        }
        let patience = self.heard_at + SILENCE;
        if now < patience {
            self.deadline = patience;
            return nothing();
        }
        let requesting = self.is_requesting();
        self.phase = Phase::Over;
        failed(if requesting {
            Failure::NoAnswer
        } else {
            Failure::Silence
        })
    }

    /// Whether this end made the request; what the other end hears before the first block is then ACK 0.
    fn asks(&self) -> bool {
        self.request.starts_with(&[0, 1])
    }

    /// The first answer settles the port of the peer.
    fn first<'d>(&mut self, datagram: &'d [u8], from: SocketAddr, now: Duration) -> Step<'d> {
        match Packet::parse(datagram) {
            Ok(Packet::OptionAck(options)) => {
                self.phase = Phase::Receiving(from);
                let agreed = self.offer.and_then(|offer| offer.accept(options));
                let Some(agreed) = agreed else {
                    return self.give_up(ErrorCode::OPTIONS, Failure::Options);
                };
                //= R-TFTP-11
                if agreed.size.is_some_and(|size| size > self.limit) {
                    return self.give_up(ErrorCode::FULL, Failure::TooLarge);
                }
                self.agreed = agreed;
                self.heard(now);
                self.acknowledge(from, now, News::Nothing)
            }
            Ok(Packet::Data { block: 1, .. }) => {
                //= R-TFTP-8
                self.phase = Phase::Receiving(from);
                self.next(datagram, from, now)
            }
            Ok(Packet::Error { code, text }) => {
                self.phase = Phase::Over;
                //= R-TFTP-9
                if code.may_be_about_options() && self.offer.is_some() {
                    return Step {
                        send: None,
                        news: News::AskPlainly,
                    };
                }
                refused(code, text)
            }
            Err(Malformed::Opcode(_)) => {
                self.phase = Phase::Receiving(from);
                self.give_up(ErrorCode::ILLEGAL, Failure::Opcode)
            }
            Ok(Packet::Data { .. } | Packet::Ack { .. } | Packet::Request { .. })
            | Err(Malformed::Short | Malformed::Strings) => nothing(),
        }
    }

    /// A datagram of the peer during the transfer.
    fn next<'d>(&mut self, datagram: &'d [u8], peer: SocketAddr, now: Duration) -> Step<'d> {
        match Packet::parse(datagram) {
            Ok(Packet::Data { block, bytes }) => self.data(block, bytes, peer, now),
            // Our ACK 0 was lost.
            Ok(Packet::OptionAck(_)) if !self.sequence.has_begun() => {
                self.acknowledge_again(peer, now)
            }
            //= R-TFTP-17
            Ok(Packet::Error { code, text }) => {
                self.phase = Phase::Over;
                refused(code, text)
            }
            //= R-TFTP-19
            Err(Malformed::Opcode(_)) => self.give_up(ErrorCode::ILLEGAL, Failure::Opcode),
            Ok(Packet::OptionAck(_) | Packet::Ack { .. } | Packet::Request { .. })
            | Err(Malformed::Short | Malformed::Strings) => nothing(),
        }
    }

    fn data<'d>(
        &mut self,
        block: u16,
        bytes: &'d [u8],
        peer: SocketAddr,
        now: Duration,
    ) -> Step<'d> {
        let full = usize::from(self.agreed.block_size);
        if bytes.len() > full {
            //= R-TFTP-19
            return self.give_up(ErrorCode::ILLEGAL, Failure::Oversize);
        }
        if !self.sequence.take(block) {
            return self.out_of_order(block, peer, now);
        }
        self.heard(now);
        self.timer.adapt();
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > self.limit {
            return self.give_up(ErrorCode::FULL, Failure::TooLarge);
        }
        self.gap_told = false;
        self.unacknowledged += 1;
        //= R-TFTP-10
        if bytes.len() < full {
            return self.last(bytes, peer, now);
        }
        //= R-TFTP-12
        if self.unacknowledged < self.agreed.window {
            self.deadline = now + self.timer.wait();
            return Step {
                send: None,
                news: News::Bytes(bytes),
            };
        }
        self.acknowledge(peer, now, News::Bytes(bytes))
    }

    fn last<'d>(&mut self, bytes: &'d [u8], peer: SocketAddr, now: Duration) -> Step<'d> {
        //= R-TFTP-11
        if let Some(size) = self.agreed.size.filter(|size| *size != self.received) {
            let received = self.received;
            return self.give_up(ErrorCode::UNDEFINED, Failure::Size { size, received });
        }
        let step = self.acknowledge(peer, now, News::Last(bytes));
        self.phase = Phase::Lingering(peer);
        step
    }

    /// A block that is not due.
    fn out_of_order(&mut self, block: u16, peer: SocketAddr, now: Duration) -> Step<'static> {
        let repeated = self.sequence.has_begun() && block == self.sequence.last();
        if self.agreed.window > 1 {
            //= R-TFTP-12
            if std::mem::replace(&mut self.gap_told, true) {
                return nothing();
            }
            return self.acknowledge_again(peer, now);
        }
        //= R-TFTP-13
        if repeated {
            self.acknowledge_again(peer, now)
        } else {
            nothing()
        }
    }

    /// A datagram of the peer after the end: the last block again, if our acknowledgement was lost.
    fn repeat(&mut self, datagram: &[u8], peer: SocketAddr) -> Step<'static> {
        match Packet::parse(datagram) {
            //= R-TFTP-16
            Ok(Packet::Data { block, .. }) if block == self.sequence.last() => {
                packet::ack(&mut self.packet, block);
                send(peer, News::Nothing)
            }
            _ => nothing(),
        }
    }

    /// A datagram of somebody else.
    fn stranger(&mut self, datagram: &[u8], from: SocketAddr) -> Step<'static> {
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
        send(from, News::Nothing)
    }

    /// Notes that the peer answered the last packet.
    fn heard(&mut self, now: Duration) {
        self.heard_at = now;
        // A packet that was sent twice does not say which one was answered.
        if std::mem::take(&mut self.fresh) {
            self.timer.sample(now.saturating_sub(self.sent_at));
        }
    }

    fn acknowledge<'d>(&mut self, peer: SocketAddr, now: Duration, news: News<'d>) -> Step<'d> {
        packet::ack(&mut self.packet, self.sequence.last());
        self.unacknowledged = 0;
        self.sends = 1;
        self.fresh = true;
        self.sent_at = now;
        self.deadline = now + self.timer.wait();
        send(peer, news)
    }

    fn acknowledge_again(&mut self, peer: SocketAddr, now: Duration) -> Step<'static> {
        packet::ack(&mut self.packet, self.sequence.last());
        self.unacknowledged = 0;
        self.fresh = false;
        self.heard_at = now;
        self.deadline = now + self.timer.wait();
        send(peer, News::Nothing)
    }

    fn give_up(&mut self, code: ErrorCode, failure: Failure) -> Step<'static> {
        Step {
            send: self.abort(code, failure.told()),
            news: News::Failed(failure),
        }
    }
}

const fn nothing() -> Step<'static> {
    Step {
        send: None,
        news: News::Nothing,
    }
}

const fn send(to: SocketAddr, news: News<'_>) -> Step<'_> {
    Step {
        send: Some(to),
        news,
    }
}

const fn failed(failure: Failure) -> Step<'static> {
    Step {
        send: None,
        news: News::Failed(failure),
    }
}

fn refused(code: ErrorCode, text: &[u8]) -> Step<'static> {
    let text = packet::shown(text);
    failed(Failure::Refused { code, text })
}

#[cfg(test)]
mod tests;
