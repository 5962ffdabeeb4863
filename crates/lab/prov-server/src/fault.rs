//! Faults: what a server does wrong on purpose, and when.

mod bytes;
mod draft;
mod effect;
mod error;
mod pattern;
mod switch;
mod values;
mod words;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

pub(crate) use bytes::Change;
pub use effect::{
    Chance, DropAt, Effect, FileFault, Location, OtherBody, Protocol, TftpFault, TlsFault,
    ToldLength, WebFault,
};
pub use error::FaultError;
pub(crate) use pattern::macs;
use pattern::{Glob, Phone};
pub(crate) use switch::{Asked, Hit, Stage};
pub use switch::{FaultSwitch, SwitchError};

use draft::Draft;
use words::Scalar;

/// One fault: which requests it meets, and what becomes of them.
///
/// It is written as words, `status=503,path=*.xml,times=2`, or as a table with the same words as keys, which is what
/// [`Deserialize`] reads; a string there is read as words. `docs/faults.md` lists them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    name: Option<String>,
    when: When,
    /// Before the answer.
    delay: Duration,
    effect: Effect,
    /// It waits to be switched on.
    off: bool,
}

/// Which requests a fault meets.
#[derive(Clone, PartialEq, Eq, Debug)]
struct When {
    protocols: Vec<Protocol>,
    path: Option<Glob>,
    agent: Option<Glob>,
    phone: Option<Phone>,
    /// The first of the matching requests, from 1.
    from: u64,
    /// How many it meets at most.
    times: Option<u64>,
    chance: Chance,
}

impl Fault {
    /// The name that was given.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What becomes of a request.
    #[must_use]
    pub const fn effect(&self) -> &Effect {
        &self.effect
    }

    /// How long the server waits before it answers.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// The same fault, which waits to be switched on.
    #[must_use]
    pub fn switched_off(mut self) -> Self {
        self.off = true;
        self
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut draft = Draft::default();
        for word in words::split(text)? {
            draft.take(&word)?;
        }
        draft.finish()
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

/// Reads a fault from a string of words or from a table of them.
struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Fault;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault: a table such as { status = 503, path = \"*.xml\" }, or the same as text, \"status=503,path=*.xml\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Fault, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fault, A::Error> {
        let mut draft = Draft::default();
        while let Some(key) = map.next_key::<String>()? {
            let value: Scalar = map.next_value()?;
            draft.take(&value.word(&key)).map_err(de::Error::custom)?;
        }
        draft.finish().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
