//! Peer firmware sharing on the wire: UDP to find each other, TCP for blocks.
//!
//! [`PeerNet`] gives the machine of `onhook_upgrade::sharing` its sockets, its clock and its connections. It decides nothing:
//! whom a phone believes, feeds and leaves is the machine's affair. What it adds are bounds: a block in memory for each
//! connection, queues of a few frames, and a TTL of 1 on everything that is sent.
//!
//! Deliberately unknown here: parameters, manifests, slots, and how a server is asked.
//!
//! Requirement families: R-PFS.

mod around;
pub mod fuzz;
mod links;
mod session;
mod sharing;
mod sockets;

pub use around::{Own, PORTS, PeerSetup, Reach, link_of};
pub use sharing::PeerNet;
