//! Options of DHCP: the port [`onhook_discovery::port::OptionSource`], from four places.
//!
//! [`DhcpSource`] asks servers itself: [`Client`] is DHCPv4 with a lease of its own or for options alone, [`Client6`] DHCPv6 for
//! options alone; both are state machines, and a [`Wire`] carries their packets: [`DhcpSocket`] on a real interface. A [`Hook`] configures the
//! interface by a lease. [`LeaseFile`] reads what another client has written, and [`FixedOptions`] are those of a configuration.
//!
//! Deliberately unknown here: what an option means, which of them is used, and when.
//!
//! Requirement families: R-DHCP-3..5, R-DHCP-11..14. RFC 2131, 2132, 3396, 8415.

mod client;
mod client6;
mod fixed;
pub mod fuzz;
mod hook;
mod lease_file;
mod machine;
mod packet;
mod packet6;
mod socket;
mod source;
mod up;

pub use client::{Client, Want, Who};
pub use client6::Client6;
pub use fixed::FixedOptions;
pub use hook::Hook;
pub use lease_file::{Format, LeaseError, LeaseFile, parse};
pub use machine::{Event, Lease, Machine, Step, To};
pub use packet::{Kind, Options, Packet, PacketError};
pub use packet6::{Kind6, Message, MessageError};
pub use socket::{DhcpSocket, SocketError, address_of};
pub use source::{DhcpSource, Watch, Wire};
pub use up::is_connected;
