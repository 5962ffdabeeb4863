//! What only the operating system knows: time, chance, names, and who knocks at the control socket.
//!
//! [`RealClock`] and [`OsEntropy`] implement the ports of the schedule, [`SystemResolver`] that of names; [`ControlSocket`] is the
//! [`onhook_phone::port::CommandSource`] of a Unix socket, and [`ask`] and [`Conversation`] are its other end, and [`Followers`] those who are told each event; [`event_of`] gives
//! the lines of the event stream, and [`wanted_log`] reads RUST_LOG.
//!
//! Deliberately unknown here: what a command does, how an answer is spelled (a function is handed in).
//!
//! Requirement families: R-SM-27 (interval timers use the monotonic clock).

mod clock;
mod control;
mod entropy;
mod event;
#[cfg(feature = "events")]
mod followers;
pub mod fuzz;
mod log_level;
#[cfg(not(feature = "events"))]
mod no_followers;
#[cfg(not(feature = "events"))]
use no_followers as followers;
mod request;
mod resolver;

pub use clock::{RealClock, ZoneError, system_time};
pub use control::{ControlError, ControlSocket, Conversation, Spell, ask};
pub use entropy::{OsEntropy, key};
pub use event::event_of;
pub use followers::Followers;
pub use log_level::wanted_log;
pub use request::{ControlRequest, WireLineUse, WireRegistration};
pub use resolver::SystemResolver;

/// Makes the line that stands for lines which a follower has missed.
pub type Gap = fn(onhook_device::Now, u64) -> String;
