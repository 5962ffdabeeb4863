//! A phone on paper: identity, parameters and macro values given by hand.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use onhook_crypto::port::NoSecrets;
use onhook_device::Identity;
use onhook_discovery::{DhcpOption, Space, Value, choose};
use onhook_macros::{MacroName, MacroSource};
use onhook_params::{Delta, Scope, known};
use onhook_profile::{DecodeError, DecodeSpec, decode};
use onhook_rules::{NamedServer, RuleError};
use thiserror::Error;

/// The option that names the domain of the network.
const DOMAIN: u8 = 15;

/// What starts the resync, which decides `$PRVST` (R-SCHED-13).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Cause {
    /// Power-up or reset: 0.
    Boot,
    /// The periodic timer, the daily time or a trigger: 1.
    #[default]
    Periodic,
    /// A retry after a failure: 2.
    Retry,
    /// A request from outside: -1.
    Explicit,
}

impl Cause {
    /// The name used on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Periodic => "periodic",
            Self::Retry => "retry",
            Self::Explicit => "explicit",
        }
    }

    /// The value of `$PRVST`.
    #[must_use]
    pub const fn prvst(self) -> &'static str {
        match self {
            Self::Boot => "0",
            Self::Periodic => "1",
            Self::Retry => "2",
            Self::Explicit => "-1",
        }
    }
}

impl FromStr for Cause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Boot, Self::Periodic, Self::Retry, Self::Explicit]
            .into_iter()
            .find(|cause| cause.name() == text)
            .ok_or_else(|| {
                format!("cause `{text}` is unknown: use `boot`, `periodic`, `retry` or `explicit`")
            })
    }
}

/// Where the value of a macro comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The identity of the phone.
    Identity,
    /// A parameter, by its element name.
    Parameter(String),
    /// Given by hand for this macro.
    Given,
    /// What started the resync.
    Cause(Cause),
    /// The state of a phone that has just started.
    State,
    /// Nowhere: the macro is recognised and empty.
    Unset,
    /// Nowhere: the name is no macro.
    Unknown,
}

impl fmt::Display for Origin {
    /// Writes the origin in a few words, for example `parameter GPP_A`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity"),
            Self::Parameter(name) => write!(f, "parameter {name}"),
            Self::Given => f.write_str("given"),
            Self::Cause(cause) => write!(f, "cause {}", cause.name()),
            Self::State => f.write_str("state"),
            Self::Unset => f.write_str("unset"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// The name is no macro.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{0}` is no macro: write a name such as `MA`, in upper case and without `$`")]
pub struct UnknownMacro(String);

/// The values that macros have, and the parameters behind them.
///
/// Not given values are those of a phone that has just started: timers 0, no request yet.
#[derive(Clone, Debug, Default)]
pub struct ModelPhone {
    identity: Identity,
    cause: Cause,
    parameters: BTreeMap<String, Hidden>,
    given: BTreeMap<MacroName, Hidden>,
    options: BTreeMap<u8, String>,
}

/// A value that may be secret; `Debug` does not print it.
#[derive(Clone)]
struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl ModelPhone {
    /// A phone with no parameters set, in a periodic resync.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            ..Self::default()
        }
    }

    /// Sets what started the resync.
    pub const fn set_cause(&mut self, cause: Cause) {
        self.cause = cause;
    }

    /// Sets every parameter that a plain XML profile, or the page of a phone as XML, sets.
    ///
    /// # Errors
    /// A phone could not read the file.
    pub fn load(&mut self, xml: &[u8], scope: &Scope) -> Result<(), DecodeError> {
        let spec = DecodeSpec {
            scope: *scope,
            ..DecodeSpec::default()
        };
        let decoded = decode(xml.to_vec(), &spec, &NoSecrets)?;
        self.apply(&decoded.delta);
        Ok(())
    }

    /// Sets what a profile sets.
    pub(crate) fn apply(&mut self, delta: &Delta) {
        for setting in delta.iter() {
            if let Some(value) = setting.value {
                self.set_parameter(setting.id.name().to_string(), value);
            }
        }
    }

    /// Sets an option of DHCP by its number: a host, an address or a URL.
    ///
    /// # Errors
    /// It names no server.
    pub fn set_option(&mut self, number: u8, value: &str) -> Result<(), RuleError> {
        NamedServer::parse(value)?;
        self.options.insert(number, value.to_owned());
        Ok(())
    }

    /// The server that the first option names, in the order of DHCP_Option_To_Use, with the number of the option.
    #[must_use]
    pub fn default_server(&self, scope: &Scope) -> Option<(u8, NamedServer)> {
        let order = self
            .parameter("DHCP_Option_To_Use")
            .unwrap_or_else(|| known::DHCP_OPTION_TO_USE.default(scope));
        let options = self.options.iter().map(|(number, value)| DhcpOption {
            space: Space::V4,
            code: u16::from(*number),
            value: Value::Text(value),
        });
        let options: Vec<DhcpOption<'_>> = options.collect();
        let choice = choose(order, "", &options, |_| {})?;
        let number = u8::try_from(choice.code).ok()?;
        Some((number, choice.found.servers.into_iter().next()?))
    }

    /// The domain of the network, which option 15 names.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        let domain = self.options.get(&DOMAIN)?;
        Some(domain.trim_end_matches('.')).filter(|domain| !domain.is_empty())
    }

    /// Sets a parameter by its element name, for example `GPP_A`.
    pub fn set_parameter(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.parameters.insert(name.into(), Hidden(value.into()));
    }

    /// Sets the value of a macro, whatever its parameter says; `SA` stands for GPP_SA.
    ///
    /// # Errors
    /// There is no such macro.
    pub fn set_macro(&mut self, name: &str, value: impl Into<String>) -> Result<(), UnknownMacro> {
        let name = MacroName::parse(name).ok_or_else(|| UnknownMacro(name.to_owned()))?;
        self.given.insert(name, Hidden(value.into()));
        Ok(())
    }

    /// The value of a parameter, if it is set.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(|value| value.0.as_str())
    }

    /// The value of a secret register, SA..SD as 0..=3; empty if it is not set.
    #[must_use]
    pub fn secret(&self, register: u8) -> &str {
        let name = MacroName::Secret(register);
        match self.given.get(&name) {
            Some(value) => &value.0,
            None => self.parameter(&format!("GPP_{name}")).unwrap_or(""),
        }
    }

    /// Whether a timer grows by one each second: those of attempts always, those of lines that have lost their
    /// registration.
    #[must_use]
    pub fn is_moving(&self, name: MacroName) -> bool {
        let is_attempt = matches!(name, MacroName::PrvTmr | MacroName::UpgTmr);
        let is_lost = matches!(name, MacroName::RegTmr(_))
            && self.given.get(&name).is_some_and(|timer| timer.0 != "0");
        is_attempt || is_lost
    }

    /// Where the value of a macro comes from.
    #[must_use]
    pub fn origin(&self, name: MacroName) -> Origin {
        self.push(name, &mut String::new())
    }

    fn push(&self, name: MacroName, out: &mut String) -> Origin {
        if let Some(value) = self.given.get(&name) {
            out.push_str(&value.0);
            return Origin::Given;
        }
        match name {
            MacroName::Gpp(_) | MacroName::Secret(_) => {
                self.push_parameter(format!("GPP_{name}"), out)
            }
            MacroName::Uid(n) => self.push_parameter(format!("User_ID_{n}_"), out),
            MacroName::PrvSt => {
                out.push_str(self.cause.prvst());
                Origin::Cause(self.cause)
            }
            //= R-MACRO-22
            MacroName::PrvTmr | MacroName::UpgTmr | MacroName::RegTmr(_) => state(out, "0"),
            MacroName::UpgSt => state(out, "1"),
            MacroName::UpgCond => state(out, "true"),
            //= R-MACRO-21
            MacroName::Scheme
            | MacroName::Serv
            | MacroName::ServIp
            | MacroName::Port
            | MacroName::Path
            | MacroName::Err
            | MacroName::UpgErr
            | MacroName::Ems
            | MacroName::MUid
            | MacroName::MPwd
            | MacroName::OrigType
            | MacroName::AuthStatus => Origin::Unset,
            MacroName::Ma
            | MacroName::Mau
            | MacroName::Mac
            | MacroName::Pn
            | MacroName::Psn
            | MacroName::Sn
            | MacroName::Ccert
            | MacroName::Ip
            | MacroName::ExtIp
            | MacroName::SwVer
            | MacroName::HwVer => self.push_identity(name, out),
        }
    }

    fn push_parameter(&self, name: String, out: &mut String) -> Origin {
        match self.parameter(&name) {
            Some(value) => {
                out.push_str(value);
                Origin::Parameter(name)
            }
            None => Origin::Unset,
        }
    }

    fn push_identity(&self, name: MacroName, out: &mut String) -> Origin {
        let start = out.len();
        let identity = &self.identity;
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the caller lists the macros that describe the identity"
        )]
        match name {
            MacroName::Ma => identity.mac.push_lower(out),
            MacroName::Mau => identity.mac.push_upper(out),
            MacroName::Mac => identity.mac.push_colons(out),
            MacroName::Pn => out.push_str(&identity.product_name),
            MacroName::Psn => out.push_str(&identity.series),
            MacroName::Sn => out.push_str(&identity.serial),
            MacroName::SwVer => out.push_str(&identity.software_version),
            MacroName::HwVer => out.push_str(&identity.hardware_version),
            MacroName::Ccert if identity.client_certificate => out.push_str("Installed"),
            MacroName::Ccert => out.push_str("Not Installed"),
            MacroName::Ip => out.extend(identity.ip.map(|ip| ip.to_string())),
            MacroName::ExtIp => out.extend(identity.external_ip.map(|ip| ip.to_string())),
            _ => {}
        }
        if out.len() == start {
            Origin::Unset
        } else {
            Origin::Identity
        }
    }
}

fn state(out: &mut String, value: &str) -> Origin {
    out.push_str(value);
    Origin::State
}

impl MacroSource for ModelPhone {
    fn push_value(&self, name: MacroName, out: &mut String) {
        self.push(name, out);
    }
}
