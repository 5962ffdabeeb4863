//! What may start a resync now, later or never: the two resync triggers.
//!
//! [`Trigger::read`] says what a parameter holds, [`evaluate`] what its condition says now,
//! [`fires`] and [`admits`] what the two parameters mean together, and [`next_check`] when it is
//! worth while to look again, so that nobody polls.
//!
//! Deliberately unknown here: where macro values come from, clocks, what runs or waits, when the
//! last attempt was.
//!
//! Requirement families: R-TRIG.

mod next_check;
mod pair;
mod trigger;

pub use next_check::next_check;
pub use pair::{admits, fires};
pub use trigger::{Trigger, Verdict, evaluate};
