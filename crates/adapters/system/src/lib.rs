//! What only the operating system knows: time, chance, and who knocks at the control socket.
//!
//! [`RealClock`] and [`OsEntropy`] implement the ports of the schedule; [`ControlSocket`] is the
//! [`onhook_phone::port::CommandSource`] of a Unix socket, and [`ask`] its other end.
//!
//! Deliberately unknown here: what a command does, how an answer is spelled (a function is handed in).
//!
//! Requirement families: R-SM-27 (interval timers use the monotonic clock).

mod clock;
mod control;
mod entropy;

pub use clock::{RealClock, ZoneError};
pub use control::{ControlError, ControlRequest, ControlSocket, Spell, ask};
pub use entropy::OsEntropy;
