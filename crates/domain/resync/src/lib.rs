//! The resync machine: what starts a resync, in which order its rules run, and when the next one is due.
//!
//! A pure state machine. [`Resync::handle`] takes an [`Event`] with the time and the [`Policy`] that the
//! parameters spell at that moment, and answers with an [`Action`]; [`Resync::deadline`] says when
//! [`Event::Timer`] is due. Carrying out a rule is the caller's part: it answers [`Action::RunRule`]
//! with [`Event::RuleDone`].
//!
//! Deliberately unknown here: rule texts, macros, URLs, transfers, parameters by name, messages.
//!
//! Requirement families: R-SM, R-SCHED, R-TRIG-3, R-OUT, R-RULE-7, R-RULE-14, R-MACRO-22.

mod changes;
mod due;
mod event;
mod machine;
mod policy;
mod timers;

pub use event::{Action, BootCause, Event, Request, State, TimerKind};
pub use machine::Resync;
pub use policy::{Cause, Daily, Gate, Policy, RuleSlot, Written};
