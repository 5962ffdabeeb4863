//! [`Syslog`]: the port [`onhook_phone::port::EventLog`] over UDP, in the form of RFC 3164.
//!
//! `log` hands a message to a task and returns; the task resolves names, owns
//! the sockets and sends. At most 64 messages wait at any time, whatever they
//! wait for; what finds no room or cannot be sent is dropped and counted, and
//! nobody is told (R-LOG-8).
//!
//! Deliberately unknown here: what the messages say, when they are due, and
//! the parameters that name the server.
//!
//! Requirement families: R-LOG-2, R-LOG-8, R-LOG-9.

mod datagram;
mod destination;
mod sender;
mod syslog;

pub use datagram::render;
pub use syslog::Syslog;
