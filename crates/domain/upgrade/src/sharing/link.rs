//! The connections of a phone.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;

use super::Held;

/// Most connections at once, in both directions (R-PFS-4).
pub const CONNECTIONS: usize = 8;

/// Most connections from one address.
pub(super) const FROM_ONE: usize = 2;

/// The number of a connection; none is used twice by a machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u32);

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) address: Ipv4Addr,
    /// When it got into its state.
    pub(super) since: MonoTime,
    pub(super) state: State,
}

/// What a connection is for.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// To a parent, and not open yet.
    Opening,
    /// To a parent that has not answered yet.
    Joining,
    /// To a parent that feeds the phone.
    Fed(Fed),
    /// From somebody who has not said what for.
    Unknown,
    /// To a child.
    Child(Child),
}

/// What a parent has done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fed {
    /// When it said anything.
    pub(super) heard: MonoTime,
    /// When it brought a block that was missing, or came first.
    pub(super) brought: MonoTime,
    /// How many blocks it says it has.
    pub(super) said: u32,
    /// Since when it has had something all the time, or is being watched.
    pub(super) watched: MonoTime,
    /// Octets that it has brought since then.
    pub(super) octets: u64,
}

impl Fed {
    /// It is watched from now on.
    pub(super) const fn watch(&mut self, now: MonoTime) {
        self.watched = now;
        self.octets = 0;
    }
}

/// What a child has.
#[derive(Clone, Debug)]
pub(super) struct Child {
    /// Blocks that it has, or that are on their way.
    pub(super) has: Held,
    /// Since when a block is on its way.
    pub(super) passing: Option<MonoTime>,
}

impl Link {
    /// Whether it leads to a parent.
    pub(super) const fn is_up(&self) -> bool {
        match self.state {
            State::Opening | State::Joining | State::Fed(_) => true,
            State::Unknown | State::Child(_) => false,
        }
    }

    pub(super) const fn child(&self) -> Option<&Child> {
        match &self.state {
            State::Child(child) => Some(child),
            State::Opening | State::Joining | State::Fed(_) | State::Unknown => None,
        }
    }

    pub(super) const fn fed(&mut self) -> Option<&mut Fed> {
        match &mut self.state {
            State::Fed(fed) => Some(fed),
            State::Opening | State::Joining | State::Child(_) | State::Unknown => None,
        }
    }
}
