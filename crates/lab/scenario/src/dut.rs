//! What scenarios are run on.

pub mod agent;
mod ear;
pub(crate) mod event;
pub mod external;
mod scripted;
pub mod site;
pub mod virtual_phone;
mod web;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::language::{Do, Severity};

/// Something that was seen, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Observation {
    /// Since the first step.
    pub at: Duration,
    /// What.
    pub seen: Seen,
}

/// What can be seen of a phone.
#[derive(Clone, PartialEq, Debug)]
pub enum Seen {
    /// A request, by the server.
    Request {
        /// The whole URL, without the usual port; a path that holds a password is masked.
        url: String,
        /// Path and query, with a leading `/`.
        path: String,
        /// `GET`, `POST`, `RRQ`.
        method: String,
        /// `$PRVST` of the resync; `None` if it cannot be known.
        prvst: Option<i8>,
        /// Line by line, as the server tells it; `None` in virtual time.
        head: Option<Vec<String>>,
    },
    /// How the server answered.
    Answer {
        /// The whole URL.
        url: String,
        /// In words.
        how: String,
    },
    /// A message to the log.
    Syslog {
        /// How urgent.
        severity: Option<Severity>,
        /// Its text.
        text: String,
    },
    /// A line of the event stream.
    Event {
        /// Its name.
        name: String,
        /// Its fields, as texts.
        fields: BTreeMap<String, String>,
    },
    /// The phone restarts.
    Reboot {
        /// Why, as in the reboot history; `None` if it cannot be known.
        reason: Option<String>,
    },
    /// It has power, or has it no longer.
    Power(Power),
}

/// Whether there is power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// There is.
    On,
    /// There is none.
    Off,
}

/// Why a scenario cannot go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Halt {
    /// It cannot be run on this: the row is skipped.
    Cannot(String),
    /// What is tested, or the machinery around it, broke down: the row fails.
    Broken(String),
    /// Somebody wants the run to end.
    Interrupted,
}

/// A timer of the phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timer {
    /// `periodic`, `retry` and so on.
    pub name: String,
    /// Until it ends.
    pub left: Duration,
}

/// A phone under test with its surroundings.
///
/// Times are spans since the first step. Nothing happens but in [`Dut::next`] and [`Dut::perform`].
pub trait Dut {
    /// How far a moment may be off, before and after, and how long `at once` may take.
    fn slack(&self) -> Slack;

    /// Does something at a moment, which is not before the last one that was asked for, and says when it was done.
    ///
    /// # Errors
    /// It cannot be done.
    fn perform(&mut self, at: Duration, action: &Do) -> Result<Duration, Halt>;

    /// Lets time pass until something is seen, but not past `until`. `None`: it is `until`.
    ///
    /// # Errors
    /// The phone is gone.
    fn next(&mut self, until: Duration) -> Result<Option<Observation>, Halt>;

    /// What stands for an address in a text: `{http}`, `{https}`, `{tftp}`, `{host}`, `{port}`.
    fn place(&self, text: &str) -> String;

    /// The value of a parameter, in its canonical spelling.
    ///
    /// # Errors
    /// It cannot be asked for.
    fn param(&mut self, name: &str) -> Result<String, Halt>;

    /// The state of the resync machine.
    ///
    /// # Errors
    /// It cannot be asked for.
    fn state(&mut self) -> Result<String, Halt>;

    /// The timer that is armed.
    ///
    /// # Errors
    /// It cannot be asked for.
    fn timer(&mut self) -> Result<Option<Timer>, Halt>;

    /// The journal so far; `None` if there is none.
    fn journal(&mut self) -> Option<String>;
}

/// Whether something was answered as it has to be; `None` is silence, or nobody who listens.
fn judged(what: &str, heard: Option<u16>, wanted: Option<u16>) -> Result<(), Halt> {
    if heard == wanted {
        return Ok(());
    }
    let words = |status: Option<u16>| match status {
        Some(status) => status.to_string(),
        None => "silence".to_owned(),
    };
    let (heard, wanted) = (words(heard), words(wanted));
    Err(Halt::Broken(format!(
        "the answer to {what} is {heard}, not {wanted}"
    )))
}

/// How exact something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slack {
    /// How much too early still counts.
    pub early: Duration,
    /// How much too late still counts.
    pub late: Duration,
    /// How long `at once` is.
    pub soon: Duration,
}
