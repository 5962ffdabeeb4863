//! The sending side of a transfer as a state machine without sockets and clocks.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::options::Agreed;
use crate::packet::{self, ErrorCode, Malformed, Packet};
use crate::rtt::RetransmitTimer;
use crate::sequence::Wrap;

/// Silence after which a reader is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// What a sender has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sending {
    /// Nothing.
    Nothing,
    /// Send the OACK.
    OptionAck,
    /// Send these blocks, the first of a file being 1.
    Blocks(RangeInclusive<u64>),
    /// The reader has everything.
    Done,
    /// The reader does not want the file any more: its ERROR.
    Refused {
        /// The code.
        code: ErrorCode,
        /// The text, fit to be shown.
        text: String,
    },
    /// The reader broke the protocol: send ERROR 4.
    Illegal,
    /// The reader has been silent for too long.
    Silence,
}

/// One transfer to a reader. Times count from the start.
#[derive(Debug)]
pub struct Sender {
    agreed: Agreed,
    size: u64,
    /// Whether the OACK waits for its acknowledgement.
    agreeing: bool,
    /// The first block that is not acknowledged.
    base: u64,
    /// A gap in the present window has been filled.
    rolled_back: bool,
    timer: RetransmitTimer,
    fresh: bool,
    sent_at: Duration,
    heard_at: Duration,
    deadline: Duration,
}

impl Sender {
    /// A transfer of a file of `size` bytes, and what comes first; `agreeing` says that an OACK does.
    #[must_use]
    pub fn start(agreed: Agreed, size: u64, agreeing: bool) -> (Self, Sending) {
        let mut sender = Self {
            agreed,
            size,
            agreeing,
            base: 1,
            rolled_back: false,
            timer: RetransmitTimer::new(),
            fresh: true,
            sent_at: Duration::ZERO,
            heard_at: Duration::ZERO,
            deadline: Duration::ZERO,
        };
        sender.deadline = sender.wait();
        let first = sender.present();
        (sender, first)
    }

    /// When [`Sender::timeout`] is due.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Bytes of a block that is not the last.
    pub(crate) fn block_size(&self) -> usize {
        usize::from(self.agreed.block_size)
    }

    /// Offset, length and number on the wire of a block.
    #[must_use]
    pub fn block(&self, block: u64) -> (u64, usize, u16) {
        let full = u64::from(self.agreed.block_size);
        let offset = block.saturating_sub(1).saturating_mul(full);
        let length = self.size.saturating_sub(offset).min(full);
        //= R-TFTP-14
        (offset, length as usize, Wrap::ToZero.number(block))
    }

    /// Takes a datagram of the reader. Never panics, whatever it holds.
    pub fn receive(&mut self, datagram: &[u8], now: Duration) -> Sending {
        match Packet::parse(datagram) {
            Ok(Packet::Ack { block }) => self.acknowledged(block, now),
            //= R-TFTP-17
            Ok(Packet::Error { code, text }) => Sending::Refused {
                code,
                text: packet::shown(text),
            },
            Err(Malformed::Opcode(_)) if datagram.len() >= packet::DATA_HEADER => Sending::Illegal,
            Ok(Packet::Data { .. } | Packet::Request { .. } | Packet::OptionAck(_)) | Err(_) => {
                Sending::Nothing
            }
        }
    }

    /// Takes the passing of the deadline.
    pub fn timeout(&mut self, now: Duration) -> Sending {
        if now < self.deadline {
            return Sending::Nothing;
        }
        let patience = self.heard_at + SILENCE;
        if now >= patience {
            return Sending::Silence;
        }
        self.timer.back_off();
        self.fresh = false;
        self.deadline = (now + self.wait()).min(patience);
        self.present()
    }

    fn acknowledged(&mut self, number: u16, now: Duration) -> Sending {
        if self.agreeing {
            if number != 0 {
                return Sending::Nothing;
            }
            self.agreeing = false;
            return self.go_on(now);
        }
        //= R-TFTP-12
        let mut window = self.window();
        if let Some(block) = window.find(|block| self.block(*block).2 == number) {
            self.timer.adapt();
            self.base = block + 1;
            self.rolled_back = false;
            if self.base > self.last() {
                return Sending::Done;
            }
            return self.go_on(now);
        }
        let repeated = self.block(self.base.saturating_sub(1)).2 == number;
        if repeated {
            // The reader is there, but does not get the next block.
            self.heard_at = now;
        }
        // Of a single block only the clock may cause a repeat; in a window a repeated acknowledgement tells of a gap.
        //= R-TFTP-13
        if repeated && self.agreed.window > 1 && !std::mem::replace(&mut self.rolled_back, true) {
            self.fresh = false;
            self.deadline = now + self.wait();
            return self.present();
        }
        Sending::Nothing
    }

    fn go_on(&mut self, now: Duration) -> Sending {
        if std::mem::replace(&mut self.fresh, true) {
            self.timer.sample(now.saturating_sub(self.sent_at));
        }
        self.sent_at = now;
        self.heard_at = now;
        self.deadline = now + self.wait();
        self.present()
    }

    /// What is under way: the OACK, or the blocks of the window.
    fn present(&self) -> Sending {
        if self.agreeing {
            Sending::OptionAck
        } else {
            Sending::Blocks(self.window())
        }
    }

    fn window(&self) -> RangeInclusive<u64> {
        let end = self.base + u64::from(self.agreed.window.max(1)) - 1;
        self.base..=end.min(self.last())
    }

    /// The block that ends the file: the first that is shorter than the others, perhaps empty.
    fn last(&self) -> u64 {
        self.size / u64::from(self.agreed.block_size.max(1)) + 1
    }

    /// The wait that the reader asked for, or a measured one.
    fn wait(&self) -> Duration {
        //= R-TFTP-11
        self.agreed.timeout.unwrap_or(self.timer.wait())
    }
}

#[cfg(test)]
mod play;
#[cfg(test)]
mod tests;
