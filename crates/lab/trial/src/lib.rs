//! One throwaway phone against a server that somebody runs, and what to make of it.
//!
//! [`run`] plays the real engine once with transports that are handed in, in memory: nothing is kept. The clock of the phone
//! jumps over every wait, so that a resync of any cause comes at once. [`Verdict::of`] says in words whether a phone would be
//! provisioned, why not, and what to do.
//!
//! Deliberately unknown here: command lines, output formats, which transports exist.
//!
//! Requirement families: none of its own; it shows the work of R-HTTP, R-TFTP, R-TLS, R-FIL, R-CBC and R-OUT to people.

mod clock;
mod flash;
mod options;
mod tap;
mod trial;
mod verdict;

pub use flash::Forgetful;
pub use options::discovered;
pub use tap::Transfer;
pub use trial::{Ended, Start, Trial, TrialError, run};
pub use verdict::{Setting, Verdict};
