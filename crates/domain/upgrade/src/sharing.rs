//! Sharing a load among the phones of a subnet (transports.md 10.1, docs/peer-sharing.md).
//!
//! [`Sharing`] is the machine of one phone and one load: datagrams, connections and times go in, [`Effect`]s come out.
//! What a load consists of, a [`SharedLoad`], comes from a manifest whose signature was checked before; peers are believed
//! nothing. [`Sharing::receive`] is the only way to a [`Checked`] block, and only such blocks are written.
//!
//! Deliberately unknown here: sockets, slots for firmware, manifests, parameters, and how a server is asked.

mod datagram;
mod frame;
mod held;
mod lent;
mod line;
mod link;
mod load;
mod machine;
mod peers;
mod pour;
mod roles;
mod settings;
mod upstream;

pub use datagram::{DATAGRAM, Datagram, Kind, NodeId};
pub use frame::{Frame, HEADER, Header, Malformed, Plain};
pub use held::Held;
pub use lent::{BlockSink, BlockStore, LoadReader, LoadServer, SharingError, Tell, Wanted};
pub use line::Line;
pub use link::{CONNECTIONS, LinkId};
pub use load::{BadLoad, Block, Checked, Content, LoadId, MAX_BLOCK, MAX_BLOCKS, SharedLoad};
pub use machine::{Effect, Event, From, Sharing, Start, Tally};
pub use peers::{KNOWN, OnLink};
pub use settings::Settings;
