//! The switch, a link to each phone, and the connections over it.

use onhook_upgrade::sharing::LinkId;

use crate::queue::Micros;

/// Time from one end of a link to the other, in microseconds.
const LATENCY: Micros = 200;

/// When something has left its sender, and when it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) left: Micros,
    pub(crate) there: Micros,
}

/// The links: each carries one thing after the other in each direction.
pub(crate) struct Net {
    /// Octets a second.
    rate: u64,
    up: Vec<Micros>,
    down: Vec<Micros>,
}

impl Net {
    pub(crate) fn new(phones: u32, bits_per_second: u64) -> Self {
        let ends = usize::try_from(phones).unwrap_or_default();
        Self {
            rate: (bits_per_second / 8).max(1),
            up: vec![0; ends],
            down: vec![0; ends],
        }
    }

    /// Carries octets from one phone to another.
    pub(crate) fn carry(&mut self, from: u32, to: u32, octets: u64, now: Micros) -> Way {
        let span = span(octets, self.rate);
        let up = slot(&mut self.up, from);
        let begins = now.max(*up);
        let left = begins + span;
        *up = left;
        let there = self.arrive(to, octets, begins, left);
        Way { left, there }
    }

    /// When octets are there that began to come from the switch at one time and ended at another.
    pub(crate) fn arrive(&mut self, to: u32, octets: u64, begins: Micros, ends: Micros) -> Micros {
        let span = span(octets, self.rate);
        let down = slot(&mut self.down, to);
        let there = (ends + LATENCY).max(begins.max(*down) + LATENCY + span);
        *down = there - LATENCY;
        there
    }

    /// How long the shortest message takes.
    pub(crate) const fn latency() -> Micros {
        LATENCY
    }
}

/// How long octets take at a rate.
pub(crate) fn span(octets: u64, rate: u64) -> Micros {
    let micros = u128::from(octets) * 1_000_000 / u128::from(rate.max(1));
    Micros::try_from(micros).unwrap_or(Micros::MAX)
}

fn slot(slots: &mut [Micros], phone: u32) -> &mut Micros {
    let index = usize::try_from(phone).unwrap_or(usize::MAX);
    #[expect(
        clippy::expect_used,
        reason = "there is a slot for each phone, and no other number is made"
    )]
    slots.get_mut(index).expect("a phone of this subnet")
}

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End {
    pub(crate) phone: u32,
    /// Which life of the phone it belongs to.
    pub(crate) life: u32,
    /// Its name there; `None` until it is taken.
    pub(crate) link: Option<LinkId>,
}

/// A connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    pub(crate) opener: End,
    pub(crate) taker: End,
    /// When the last of what was sent is there.
    pub(crate) last: Micros,
}

impl Connection {
    /// The end of one phone's link, and the other one.
    pub(crate) fn ends(&self, phone: u32, link: LinkId) -> Option<(End, End)> {
        let is = |end: &End| end.phone == phone && end.link == Some(link);
        if is(&self.opener) {
            Some((self.opener, self.taker))
        } else if is(&self.taker) {
            Some((self.taker, self.opener))
        } else {
            None
        }
    }
}
