//! Scenarios: what a phone has to do, written so that the same file is a test of the engine in virtual time, of the
//! real program, and of any phone on the network.
//!
//! [`read`] reads files of [`Scenario`]s, [`plan()`] finds contradictions before anything runs, [`run`] runs them on a
//! [`Dut`] and gives a [`Report`], and [`report`] writes it for people and for machines. The language is told in
//! `docs/scenarios.md`.
//!
//! Deliberately unknown here: command lines, terminals, where files stand.
//!
//! Requirement families: none of their own; each scenario names those that it would fail for.

pub mod dut;
mod judge;
mod language;
mod plan;
pub mod report;
mod run;
mod story;
mod verdict;

pub use dut::{Dut, Halt, Observation, Seen};
pub use judge::{Judged, judge};
pub use language::{
    Anchor, By, Clock, Coding, Content, Do, DutKind, Expect, Expected, Fact, Fault, Given, Glob,
    LoadSpec, Notification, Pattern, Problem, Scenario, Severity, Slots, Step, Submission, Timing,
    TlsFault, Value, Visit, What, Window, read, words,
};
pub use plan::{Plan, plan};
pub use run::{Options, Run, run};
pub use verdict::{Report, Row, StepDone, Verdict};
