//! Phones of one subnet that fetch the same load at about the same time, in virtual time.
//!
//! Every phone is a real [`onhook_upgrade::sharing::Sharing`], and what phones say to each other is encoded and decoded as on a
//! wire. Models are the server with its rate, the switch with a link to each phone, and faults of both. Blocks have their
//! lengths and digests but no octets, so that hundreds of phones fit into little memory.
//!
//! Deliberately unknown here: sockets, files, real time. A report holds no wall time, host or path, and depends on the seed
//! alone.
//!
//! Requirement families: R-PFS, as far as the machine keeps them.

mod faults;
mod net;
mod queue;
mod report;
mod rogue;
mod seat;
mod server;
mod subnet;
mod units;
mod world;

pub use faults::{Conduct, Crash, Faults, Partition};
pub use report::{LoadShape, Report, ServerLoad};
pub use subnet::{MOST_PHONES, Subnet, SubnetError};
pub use units::{BadQuantity, bits_per_second, octets, octets_per_second};
