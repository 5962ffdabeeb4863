//! What is simulated, as a TOML file.

use std::collections::BTreeMap;

use onhook_device::{Family, Outcome, Release};
use onhook_params::{ParamId, Scope};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Phones and server of a storm.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Parameters that differ from the factory state, by element name.
    pub params: BTreeMap<String, String>,
    /// Seconds over which the phones get power, evenly; 0 for all at once.
    pub power_on_s: u32,
    /// Answers a second of the whole server; 0 for any number.
    pub capacity: f64,
    /// Milliseconds from a request to its answer on an idle server.
    pub latency_ms: u32,
    /// Milliseconds that a phone waits for an answer.
    pub timeout_ms: u32,
    /// Which part of the answers fails, 0 to 1.
    pub failures: f64,
    /// How they fail.
    pub failure: Failure,
    /// When the server cannot be reached.
    pub outages: Vec<Outage>,
}

/// How an answer fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The server is overloaded: HTTP 503.
    Unavailable,
    /// There is no such file.
    FileNotFound,
    /// The profile cannot be decrypted.
    DecryptFailed,
}

/// A time without the server, in seconds since the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Its first second.
    pub from_s: u64,
    /// The first second after it.
    pub to_s: u64,
}

/// A scenario that cannot be simulated.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// It is no TOML, or has keys or types that a scenario does not have.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A parameter is unknown, or refuses its value.
    #[error("params.{name}: {why}")]
    Param {
        /// Element name.
        name: String,
        /// What is wrong, and what is allowed.
        why: String,
    },
    /// A number is out of range.
    #[error("{key} is {value}: write {allowed}")]
    Range {
        /// Key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            params: [(
                "Profile_Rule".to_owned(),
                "http://prov.example/$MA.xml".to_owned(),
            )]
            .into(),
            power_on_s: 0,
            capacity: 0.0,
            latency_ms: 50,
            timeout_ms: 30_000,
            failures: 0.0,
            failure: Failure::Unavailable,
            outages: Vec::new(),
        }
    }
}

impl Failure {
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Unavailable => Outcome::HttpStatus(503),
            Self::FileNotFound => Outcome::Fnf,
            Self::DecryptFailed => Outcome::DecryptFailed,
        }
    }
}

impl Scenario {
    /// Reads a scenario and checks it.
    ///
    /// # Errors
    /// The text is no scenario; the message says where and what is allowed.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The kind of phone that is simulated.
    #[must_use]
    pub fn scope() -> Scope {
        Scope::new(Family::Mpp, Release::R11_3)
    }

    /// The parameters by id, in their canonical spelling.
    ///
    /// # Errors
    /// A name is unknown, or a value is refused.
    pub fn settings(&self) -> Result<Vec<(ParamId, String)>, ScenarioError> {
        let scope = Self::scope();
        let setting = |(name, value): (&String, &String)| {
            let fault = |why: String| ScenarioError::Param {
                name: name.clone(),
                why,
            };
            let id = ParamId::lookup(name, &scope)
                .ok_or_else(|| fault("no phone of this kind has this parameter".to_owned()))?;
            let text = id
                .canonical(value, &scope)
                .map_err(|error| fault(error.to_string()))?;
            Ok((id, text.into_owned()))
        };
        self.params.iter().map(setting).collect()
    }

    fn check(&self) -> Result<(), ScenarioError> {
        self.settings()?;
        let range = |key, value: String, allowed| ScenarioError::Range {
            key,
            value,
            allowed,
        };
        if !(0.0..=1.0).contains(&self.failures) {
            return Err(range(
                "failures",
                self.failures.to_string(),
                "a part from 0 to 1",
            ));
        }
        if !(0.0..=1e9).contains(&self.capacity) {
            return Err(range(
                "capacity",
                self.capacity.to_string(),
                "answers a second from 0 to 1000000000",
            ));
        }
        if self
            .outages
            .iter()
            .any(|outage| outage.from_s >= outage.to_s)
        {
            return Err(range("outages", "empty".to_owned(), "from_s below to_s"));
        }
        Ok(())
    }
}
