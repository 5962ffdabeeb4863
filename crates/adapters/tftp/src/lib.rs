//! TFTP: [`TftpFetch`] is the ports [`onhook_fetch::port::Fetch`] and [`onhook_fetch::port::Upload`], [`send`] and
//! [`receive`] the other end.
//!
//! The protocol itself is in [`Receiver`], [`Sender`] and [`Writer`], state machines that take datagrams and times and say
//! what to send; sockets and timers stand around them. One transfer has one socket, whose port is its TID.
//!
//! Deliberately unknown here: what the file means, which files a server has, when to try again.
//!
//! Requirement families: R-TFTP, R-DNS-1. RFC 1350, 1123 (4.2), 2347, 2348, 2349, 7440.

mod client;
mod failure;
pub mod fuzz;
mod icmp;
mod incoming;
mod local_ports;
mod options;
mod outgoing;
mod outward;
pub mod packet;
mod receiver;
mod rtt;
mod sender;
mod sequence;
mod sockets;
mod target;
mod transfer;
mod upload;
mod writer;

pub use client::TftpFetch;
pub use failure::Failure;
pub use incoming::{ReceiveError, Store, linger, receive};
pub use local_ports::LocalPorts;
pub use options::{Agreed, Offer, Options, ServerOptions};
pub use outgoing::{Content, SendError, Wire, send};
pub use receiver::{News, Receiver, Step};
pub use sender::{Sender, Sending};
pub use target::LeadingSlash;
pub use writer::{Stroke, Then, Writer};
