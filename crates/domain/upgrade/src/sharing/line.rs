//! What a phone tells the log server of sharing.

use std::fmt;
use std::net::Ipv4Addr;

use super::{LoadId, Tally};

/// One line (R-PFS-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// It looks for others.
    Wanted(LoadId),
    /// It fetches from the server for everybody.
    Root(LoadId),
    /// Another phone does; it stops.
    Yielded(LoadId, Ipv4Addr),
    /// It gets the load from this phone.
    Joined(LoadId, Ipv4Addr),
    /// This phone gave something else than the manifest says.
    Lied(LoadId, Ipv4Addr),
    /// This phone brought nothing for too long.
    Stalled(LoadId, Ipv4Addr),
    /// The root brought nothing for too long, or has gone: another is chosen.
    RootLost(LoadId, Ipv4Addr),
    /// It fetches the rest from the server by itself.
    Alone(LoadId),
    /// Every block is here.
    Complete(LoadId, Tally),
    /// The load cannot be had.
    Failed(LoadId),
}

impl Line {
    /// Whether it tells of trouble.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Wanted(_)
            | Self::Root(_)
            | Self::Yielded(..)
            | Self::Joined(..)
            | Self::Complete(..) => false,
            Self::Lied(..)
            | Self::Stalled(..)
            | Self::RootLost(..)
            | Self::Alone(_)
            | Self::Failed(_) => true,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted(load) => write!(f, "PFS {load}: looking for peers"),
            Self::Root(load) => write!(f, "PFS {load}: root, fetching from the server"),
            Self::Yielded(load, to) => write!(f, "PFS {load}: leaving the root to {to}"),
            Self::Joined(load, to) => write!(f, "PFS {load}: fed by {to}"),
            Self::Lied(load, who) => write!(f, "PFS {load}: {who} gave a wrong block"),
            Self::Stalled(load, who) => write!(f, "PFS {load}: {who} stalled"),
            Self::RootLost(load, who) => write!(f, "PFS {load}: root {who} lost"),
            Self::Alone(load) => write!(f, "PFS {load}: falling back to the server"),
            Self::Complete(load, tally) => write!(
                f,
                "PFS {load}: complete, {} blocks from peers, {} from the server, {} passed on",
                tally.from_peers, tally.from_server, tally.passed
            ),
            Self::Failed(load) => write!(f, "PFS {load}: failed"),
        }
    }
}
