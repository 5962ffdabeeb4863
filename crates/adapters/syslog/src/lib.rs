//! [`Syslog`]: the port [`onhook_phone::port::EventLog`] over UDP or TCP, in the form of RFC 3164 or RFC 5424.
//!
//! `log` hands a message to a task and returns; the task resolves names, owns
//! the sockets and sends. At most 64 messages wait at any time, whatever they
//! wait for; what finds no room or cannot be sent is dropped and counted, and
//! nobody is told (R-LOG-8).
//!
//! Over TCP each server has one connection, made when there is something to say and made anew when it has ended. Frames are
//! those of RFC 6587: a message of RFC 3164 ends with a line feed, one of RFC 5424 begins with its length, which is what the
//! readers of either form expect. What the server had not read when it died is lost, as TCP has it, and not counted.
//!
//! Deliberately unknown here: what the messages say, when they are due, and
//! the parameters that name the server.
//!
//! Requirement families: R-LOG-2, R-LOG-8, R-LOG-9.

#[cfg(feature = "tcp")]
mod connection;
mod datagram;
mod destination;
mod form;
mod sender;
mod syslog;

pub use datagram::render;
pub use destination::Destination;
pub use form::{Format, Transport};
pub use syslog::Syslog;
