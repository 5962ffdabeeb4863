//! NOTIFY of SIP: how a server tells a phone to resync or to restart.
//!
//! [`UserAgent`] is the end that is notified, a machine that takes messages and times and gives answers and [`Act`]s; it draws
//! nothing, waits for nothing and knows no phone. [`Listener`] stands around it with sockets and asks the phone, after each answer, through
//! the queue of all requests. With the feature `many` a `Switchboard` hears
//! for the phones of many addresses over one socket. [`Notice`] is the other end, a machine too, and [`notify`] sends it.
//!
//! Deliberately unknown here: parameters, which come as [`onhook_phone::SipAccess`]; when a phone resyncs; TLS, which a [`Secure`]
//! adds; registrations and calls.
//!
//! Requirement families: R-SIP. RFC 3261, 3581, 6665, 7616, 8760.

mod agent;
mod answer;
mod bounds;
mod event;
mod frames;
pub mod fuzz;
mod listener;
mod login;
#[cfg(feature = "many")]
mod many;
mod message;
mod notice;
mod office;
mod send;
mod spacing;
mod streams;

pub use agent::{Kept, Names, Setup, Step, UserAgent};
pub use event::Act;
pub use listener::{Limits, Listen, ListenError, Listener, Secure, Stream};
#[cfg(feature = "many")]
pub use many::{Common, Directory, Switchboard};
pub use message::MESSAGE_LIMIT;
pub use notice::{Heard, Next, Notice, Transport, Wish};
pub use office::Around;
pub use send::{NotifyError, notify};
