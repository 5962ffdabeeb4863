//! Requests from outside and their answers, before they reach a phone.

use onhook_device::Secret;

use crate::Origin;
use crate::report::{ResyncReport, Status};

/// What somebody outside asks of a phone, as text that has not been looked at.
#[derive(Debug)]
pub enum Ask {
    /// Run the configured rules, or the given one alone; a rule may hold a key.
    Resync(Option<Secret>),
    /// Set a parameter by element name.
    Set {
        /// Element name.
        name: String,
        /// Text, as a user types it.
        value: Secret,
    },
    /// Return everything to the factory state and restart.
    FactoryReset,
    /// Tell how things are.
    Status,
}

/// What the phone answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Done.
    Done,
    /// The resync that was asked for ended.
    Resync(Box<ResyncReport>),
    /// How things are.
    Status(Box<Status>),
    /// Not done: why, and what to do.
    Refused(String),
}

/// Takes the answer to one request; dropping it unanswered means that the phone has gone.
pub trait Reply: Send {
    /// Hands over the answer. The asker may be gone; that is no error.
    fn answer(self: Box<Self>, answer: Answer);
}

/// One request from outside.
pub struct Asked {
    /// Where it came from.
    pub origin: Origin,
    /// What is asked.
    pub ask: Ask,
    /// Takes the answer.
    pub reply: Box<dyn Reply>,
}
