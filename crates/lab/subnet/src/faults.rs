//! What may go wrong on a subnet.

use std::ops::Range;

/// How a phone behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Conduct {
    /// As it should.
    #[default]
    Honest,
    /// It claims to have the load and gives wrong blocks.
    Liar,
    /// It claims to have the load, takes children and gives nothing.
    Miser,
    /// It claims to have the load and gives a good block every nine seconds.
    Trickler,
    /// It claims to be the best root and does nothing for it.
    Pretender,
    /// It sends rubbish, false sources among it, and opens connections for nothing, as fast as it can.
    Flooder,
    /// It wants and offers another load.
    Stranger,
}

/// A phone that loses power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crash {
    /// Which phone, from 0.
    pub phone: u32,
    /// When, in milliseconds.
    pub at: u64,
    /// When it comes back with the blocks that it had; `None` for never.
    pub back: Option<u64>,
}

/// A switch that falls apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// The phones of one side; all others and the server are on the other.
    pub side: Range<u32>,
    /// When, in milliseconds.
    pub span: Range<u64>,
    /// Whether the side has a way to the server meanwhile.
    pub reaches_server: bool,
}

/// Everything that goes wrong in a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    /// Datagrams that get lost, of 1,000.
    pub loss: u16,
    /// Datagrams that come twice, of 1,000.
    pub duplicates: u16,
    /// Longest additional way of a datagram, in milliseconds: later ones overtake it.
    pub jitter: u64,
    /// Phones that do not behave; all others are honest.
    pub conduct: Vec<(u32, Conduct)>,
    /// Phones that lose power.
    pub crashes: Vec<Crash>,
    /// A part of the subnet that is cut off.
    pub partition: Option<Partition>,
    /// When the server sends nothing, in milliseconds.
    pub silence: Option<Range<u64>>,
    /// Phones that the server refuses.
    pub refused: Range<u32>,
    /// The root loses power when it has so many blocks, and stays away.
    pub root_dies_at: Option<u32>,
    /// The root gets nothing more from the server when it has so many blocks.
    pub root_stalls_at: Option<u32>,
}

impl Faults {
    /// How a phone behaves.
    #[must_use]
    pub fn conduct_of(&self, phone: u32) -> Conduct {
        let mut conducts = self.conduct.iter();
        conducts
            .find(|(number, _)| *number == phone)
            .map_or_else(Conduct::default, |(_, conduct)| *conduct)
    }

    /// Whether two phones reach each other.
    #[must_use]
    pub fn are_joined(&self, a: u32, b: u32, at_ms: u64) -> bool {
        self.partition.as_ref().is_none_or(|partition| {
            !partition.span.contains(&at_ms)
                || partition.side.contains(&a) == partition.side.contains(&b)
        })
    }

    /// Whether a phone reaches the server.
    #[must_use]
    pub fn reaches_server(&self, phone: u32, at_ms: u64) -> bool {
        let cut = self.partition.as_ref().is_some_and(|partition| {
            partition.span.contains(&at_ms)
                && partition.side.contains(&phone)
                && !partition.reaches_server
        });
        let silent = self
            .silence
            .as_ref()
            .is_some_and(|span| span.contains(&at_ms));
        !cut && !silent
    }
}
