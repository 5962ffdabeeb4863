//! The faults of a server while it runs: which of them a request meets, and who may change that.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onhook_schedule::phone_seed;
use thiserror::Error;

use super::effect::{Effect, Protocol};
use super::pattern::{Phone, macs};
use super::{Fault, When};

/// Switches the faults of a running server on and off; copies are the same switch.
#[derive(Clone, Debug)]
pub struct FaultSwitch(Arc<Mutex<Faults>>);

#[derive(Debug)]
struct Faults {
    seed: u64,
    /// Whether the server makes its certificate, so that it can also make bad ones.
    makes_certificates: bool,
    /// In the order in which they are asked.
    placed: Vec<Placed>,
}

/// A fault with its name and its counters.
#[derive(Debug)]
struct Placed {
    name: Arc<str>,
    fault: Fault,
    on: bool,
    /// The faults that were added before, which tells its draws from those of others.
    index: u64,
    /// Matching requests since it was switched on.
    asked: u64,
    /// Those that it met.
    met: u64,
}

/// Why the faults of a server stay as they are.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SwitchError {
    /// There is no fault of this name.
    #[error("there is no fault `{name}`: there are {}", if known.is_empty() { "none" } else { known })]
    Unknown {
        /// The name as given.
        name: String,
        /// Those that there are, with commas between them.
        known: String,
    },
    /// Another fault has this name.
    #[error("there are two faults `{0}`: give one of them another name with name=…")]
    Twice(String),
    /// The server was given its certificate, and cannot make a bad one that its authority signs.
    #[error(
        "fault `{0}`: a server that was given its certificate cannot make a bad one; let it make its certificate, or \
         take tls=self-signed, tls=drop or tls=alert"
    )]
    GivenCertificate(String),
}

/// When in the life of a connection it is asked for faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// A TLS handshake begins.
    Handshake,
    /// A request was read.
    Request,
}

/// Who asks for what.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) stage: Stage,
    pub(crate) protocol: Protocol,
    pub(crate) client: SocketAddr,
    /// Below the root, decoded.
    pub(crate) path: &'a str,
    pub(crate) agent: Option<&'a str>,
    /// Subject of the client certificate.
    pub(crate) subject: Option<&'a str>,
}

/// A fault that a request has met.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) name: Arc<str>,
    pub(crate) effect: Effect,
    pub(crate) delay: Duration,
    /// For what else is drawn.
    pub(crate) seed: u64,
}

impl FaultSwitch {
    pub(crate) fn new(seed: u64, makes_certificates: bool) -> Self {
        Self(Arc::new(Mutex::new(Faults {
            seed,
            makes_certificates,
            placed: Vec::new(),
        })))
    }

    /// Adds a fault behind those that there are and gives its name: its own, or `fault-1`, `fault-2`, … by its place.
    ///
    /// # Errors
    /// The name is taken, or the server cannot do it.
    pub fn add(&self, fault: Fault) -> Result<String, SwitchError> {
        use super::TlsFault::{Alert, Drop, Expired, NotYetValid, SelfSigned, WrongName};
        let mut faults = self.lock();
        let index = faults.placed.len() as u64;
        let name = match fault.name() {
            Some(name) => name.to_owned(),
            None => format!("fault-{}", index + 1),
        };
        if faults.placed.iter().any(|placed| *placed.name == *name) {
            return Err(SwitchError::Twice(name));
        }
        if let Effect::Tls(tls) = fault.effect() {
            match tls {
                Expired | NotYetValid | WrongName if !faults.makes_certificates => {
                    return Err(SwitchError::GivenCertificate(name));
                }
                Expired | NotYetValid | WrongName | SelfSigned | Drop | Alert => {}
            }
        }
        faults.placed.push(Placed {
            name: name.as_str().into(),
            on: !fault.off,
            fault,
            index,
            asked: 0,
            met: 0,
        });
        Ok(name)
    }

    /// Switches a fault on; it counts requests anew.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn on(&self, name: &str) -> Result<(), SwitchError> {
        self.set(name, true)
    }

    /// Switches a fault off; answers under way are not changed.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn off(&self, name: &str) -> Result<(), SwitchError> {
        self.set(name, false)
    }

    /// How many requests a fault has met since it was switched on; `None` if there is none of this name.
    #[must_use]
    pub fn met(&self, name: &str) -> Option<u64> {
        let faults = self.lock();
        let found = faults.placed.iter().find(|placed| *placed.name == *name);
        found.map(|placed| placed.met)
    }

    fn set(&self, name: &str, on: bool) -> Result<(), SwitchError> {
        let mut faults = self.lock();
        let Some(placed) = faults
            .placed
            .iter_mut()
            .find(|placed| *placed.name == *name)
        else {
            let known: Vec<&str> = faults.placed.iter().map(|placed| &*placed.name).collect();
            return Err(SwitchError::Unknown {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        if on && !placed.on {
            (placed.asked, placed.met) = (0, 0);
        }
        placed.on = on;
        Ok(())
    }

    /// The fault that a request meets: the first in order. Every fault counts the requests that match it.
    pub(crate) fn judge(&self, asked: &Asked<'_>) -> Option<Hit> {
        let mut faults = self.lock();
        let seed = faults.seed;
        let mut hit = None;
        for placed in &mut faults.placed {
            if !placed.on || !placed.fault.is_meant(asked) {
                continue;
            }
            placed.asked += 1;
            let when = &placed.fault.when;
            let drawn = phone_seed(phone_seed(seed, placed.index), placed.asked);
            let meets = hit.is_none()
                && placed.asked >= when.from
                && when.times.is_none_or(|times| placed.met < times)
                && when.chance.happens(drawn);
            if meets {
                placed.met += 1;
                hit = Some(Hit {
                    name: Arc::clone(&placed.name),
                    effect: placed.fault.effect.clone(),
                    delay: placed.fault.delay,
                    // Another number than the one that decided.
                    seed: phone_seed(drawn, 0),
                });
            }
        }
        hit
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// Whether a request is one that it may meet.
    fn is_meant(&self, asked: &Asked<'_>) -> bool {
        let stage = if matches!(self.effect, Effect::Tls(_)) {
            Stage::Handshake
        } else {
            Stage::Request
        };
        stage == asked.stage && self.when.is_meant(asked)
    }
}

impl When {
    fn is_meant(&self, asked: &Asked<'_>) -> bool {
        let agent = asked.agent.unwrap_or_default();
        self.protocols.contains(&asked.protocol)
            && self
                .path
                .as_ref()
                .is_none_or(|path| path.matches(asked.path))
            && self
                .agent
                .as_ref()
                .is_none_or(|wanted| wanted.matches(agent))
            && self.phone.as_ref().is_none_or(|phone| phone.asks(asked))
    }
}

impl Phone {
    /// Whether a request comes from this phone, as far as its address, path, User-Agent and certificate tell.
    fn asks(&self, asked: &Asked<'_>) -> bool {
        match self {
            Self::Address(address) => *address == asked.client.ip().to_canonical(),
            Self::Mac(mac) => {
                let told = [asked.agent, asked.subject, Some(asked.path)];
                told.into_iter()
                    .flatten()
                    .any(|text| macs(text).contains(mac))
            }
        }
    }
}
