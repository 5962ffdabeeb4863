//! What is simulated, as a TOML file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use onhook_device::{Family, Outcome, Release};
use onhook_params::{ParamId, Scope, Secrecy, secrecy};
use onhook_rules::masked;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The parameter that every phone needs.
const PROFILE_RULE: &str = "Profile_Rule";
/// What it holds where nobody says anything else.
const DEFAULT_RULE: &str = "http://prov.example/$MA.xml";

/// Phones and server of a storm.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Product family, `mpp` or `spa`.
    pub family: String,
    /// Preset of defaults and readings, `11.3` or `10.4`.
    pub release: String,
    /// Readings that differ from the preset, by key.
    pub readings: BTreeMap<String, String>,
    /// What DHCP says of the server: a host, an address or a URL by the number of an option.
    pub dhcp: BTreeMap<String, String>,
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
    /// Where the hour begins that is told second by second, in seconds since the beginning.
    pub close_up_s: u64,
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
    /// A reading, the family or the release is unknown.
    #[error("{key}: {why}")]
    Kind {
        /// Key.
        key: String,
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
            family: "mpp".to_owned(),
            release: "11.3".to_owned(),
            readings: BTreeMap::new(),
            dhcp: BTreeMap::new(),
            params: [(PROFILE_RULE.to_owned(), DEFAULT_RULE.to_owned())].into(),
            power_on_s: 0,
            capacity: 0.0,
            latency_ms: 50,
            timeout_ms: 30_000,
            failures: 0.0,
            failure: Failure::Unavailable,
            outages: Vec::new(),
            close_up_s: 0,
        }
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = serde_json::to_string(&self.shown()).map_err(|_| fmt::Error)?;
        f.write_str(&shown)
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
    ///
    /// # Errors
    /// There is no such kind.
    pub fn scope(&self) -> Result<Scope, ScenarioError> {
        let fault = |key: &str, why: String| ScenarioError::Kind {
            key: key.to_owned(),
            why,
        };
        let family: Family = self.family.parse().map_err(|why| fault("family", why))?;
        let release: Release = self.release.parse().map_err(|why| fault("release", why))?;
        let mut scope = Scope::new(family, release);
        for (key, value) in &self.readings {
            let set = scope.readings.set(key, value);
            set.map_err(|error| fault(&format!("readings.{key}"), error.to_string()))?;
        }
        Ok(scope)
    }

    /// The parameters by id, in their canonical spelling.
    ///
    /// # Errors
    /// A name is unknown, or a value is refused.
    pub fn settings(&self) -> Result<Vec<(ParamId, String)>, ScenarioError> {
        let scope = self.scope()?;
        let setting = |(name, value): (&String, &String)| {
            let fault = |why: String| ScenarioError::Param {
                name: name.clone(),
                why,
            };
            let id = ParamId::lookup(name, &scope).ok_or_else(|| {
                let near = ParamId::nearest(name, &scope)
                    .map(|id| format!(": did you mean `{}`?", id.name()))
                    .unwrap_or_default();
                fault(format!("no phone of this kind has this parameter{near}"))
            })?;
            let text = id
                .canonical(value, &scope)
                .map_err(|error| fault(error.to_string()))?;
            Ok((id, text.into_owned()))
        };
        self.params.iter().map(setting).collect()
    }

    /// The options of DHCP by number.
    ///
    /// # Errors
    /// One has no number.
    pub fn options(&self) -> Result<Vec<(u8, String)>, ScenarioError> {
        let option = |(number, value): (&String, &String)| {
            let number = number.parse().map_err(|_| ScenarioError::Kind {
                key: format!("dhcp.{number}"),
                why: "write the number of an option, such as 66".to_owned(),
            })?;
            Ok((number, value.clone()))
        };
        self.dhcp.iter().map(option).collect()
    }

    /// Changes one key of the scenario, or a parameter of the phones, for a comparison.
    ///
    /// # Errors
    /// There is no such key or parameter, or it cannot have the value.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ScenarioError> {
        match key {
            "power_on_s" => self.power_on_s = number(key, value)?,
            "capacity" => self.capacity = number(key, value)?,
            "latency_ms" => self.latency_ms = number(key, value)?,
            "timeout_ms" => self.timeout_ms = number(key, value)?,
            "failures" => self.failures = number(key, value)?,
            _ => {
                self.params.insert(key.to_owned(), value.to_owned());
            }
        }
        self.check()
    }

    /// The same without secrets, for reports.
    #[must_use]
    pub fn shown(&self) -> Self {
        let scope = self.scope().unwrap_or_default();
        let shown = |(name, value): (&String, &String)| {
            let id = ParamId::lookup(name, &scope);
            let value = match id.map(secrecy) {
                //= R-SEC-1
                Some(Secrecy::Secret) if !value.is_empty() => "***".to_owned(),
                Some(_) | None => masked(value),
            };
            (name.clone(), value)
        };
        let masked = |(number, value): (&String, &String)| (number.clone(), masked(value));
        Self {
            params: self.params.iter().map(shown).collect(),
            dhcp: self.dhcp.iter().map(masked).collect(),
            ..self.clone()
        }
    }

    /// Makes sure that it can be simulated.
    ///
    /// # Errors
    /// It cannot; the message says what is allowed.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.settings()?;
        self.options()?;
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

/// A number of the command line.
fn number<T: FromStr>(key: &str, value: &str) -> Result<T, ScenarioError> {
    value.parse().map_err(|_| ScenarioError::Kind {
        key: key.to_owned(),
        why: format!("`{value}` is no such number"),
    })
}
