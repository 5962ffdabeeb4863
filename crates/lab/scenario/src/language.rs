//! The language: what a scenario is, and how it is read.

mod content;
mod fault;
mod given;
mod glob;
mod problem;
mod read;
mod step;
mod table;
mod tell;
mod time;

pub(crate) use content::profile;
pub use content::{Coding, Content, LoadSpec};
pub use fault::{Fault, TlsFault};
pub use given::{Clock, Given, Slots};
pub use glob::Glob;
pub use problem::Problem;
pub use read::read;
pub use step::{
    Anchor, By, Do, Expect, Expected, Fact, Notification, Pattern, Severity, Step, Submission,
    Timing, Value, Visit, What,
};
pub(crate) use tell::is_secret;
pub use time::{Window, words};

/// What a scenario is run on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum DutKind {
    /// The engine in virtual time.
    Virtual,
    /// The real program on this host.
    Agent,
    /// Any phone on the network.
    External,
}

impl DutKind {
    /// All of them, with the words that name them.
    pub const ALL: [(&'static str, Self); 3] = [
        ("virtual", Self::Virtual),
        ("agent", Self::Agent),
        ("external", Self::External),
    ];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Agent => "agent",
            Self::External => "external",
        }
    }
}

/// One row: what is given, what is done, and what is expected of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file that it stands in.
    pub file: String,
    /// The line where it begins.
    pub line: usize,
    /// Names it among all that are run.
    pub id: String,
    /// What holds, in one sentence.
    pub title: String,
    /// The rules of the specification that are broken if it fails.
    pub rules: Vec<String>,
    /// Where it comes from.
    pub source: String,
    /// What it may be run on.
    pub duts: Vec<DutKind>,
    /// What it waits for, if it is not to be run yet.
    pub pending: Option<String>,
    /// What there is before the first step.
    pub given: Given,
    /// In order.
    pub steps: Vec<Step>,
}
