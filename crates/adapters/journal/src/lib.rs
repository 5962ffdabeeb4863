//! Journals: what a phone was told, when, and what it answered, as lines of JSON without a secret.
//!
//! A [`Writer`] turns the state that a life begins with, and every input with its effects, into lines. A [`Replay`]
//! builds the phone from them again, hands in the inputs, and says whether the effects are the same. Secrets are
//! replaced by stand-ins (ADR 0019).
//!
//! Deliberately unknown here: files, threads, clocks, and what an effect means to a reader.
//!
//! Requirement families: R-SM-26, R-SEC-1, R-SEC-3.

mod convert;
mod effect;
mod hide;
mod input;
mod line;
mod outcome;
mod param;
mod replay;
mod spans;
mod writer;

pub use input::{Command, Input, Server, Slots};
pub use line::{Life, Line, SCHEMA, Step, Wall};
pub use param::Param;
pub use replay::{Replay, ReplayError, Replayed};
pub use writer::Writer;
