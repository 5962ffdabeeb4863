//! What a resync did, for people and programs.

use std::net::{IpAddr, SocketAddr};

use onhook_device::{Outcome, SipError};
use onhook_discovery::Customization;
use onhook_fetch::Fingerprint;
use onhook_resync::{Cause, RuleSlot, TimerKind};
use onhook_upgrade::BootRecord;

use crate::{CaSource, TrustRecord};

/// One thing a profile or a rule got wrong without failing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// Stable code, for example `unknown`.
    pub code: String,
    /// The element or parameter it is about.
    pub subject: String,
    /// Line in the profile, from 1; `None` outside a profile.
    pub line: Option<u32>,
    /// Column in the profile, from 1; `None` outside a profile.
    pub column: Option<u32>,
    /// A sentence for people.
    pub message: String,
}

/// What one rule did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleReport {
    /// Which rule.
    pub slot: RuleSlot,
    /// The URL requested; `None` if there was no request.
    pub url: Option<String>,
    /// The address contacted first.
    pub server_ip: Option<IpAddr>,
    /// `salted-md5`, `salted-sha256`, `rfc8188` or `none`; `None` if nothing was decoded.
    pub container: Option<&'static str>,
    /// Whether the file was compressed.
    pub gzip: bool,
    /// Bytes received.
    pub bytes: u64,
    /// How it ended; [`Outcome::Internal`] until it has.
    pub outcome: Outcome,
    /// What the server said to it; `$ERR` repeats it.
    pub said: Option<String>,
    /// Parameters that changed.
    pub changed: u32,
    /// Duration of fetch and decoding.
    pub ms: u64,
    /// What went wrong, where, and what to do.
    pub message: Option<String>,
}

/// What one resync did. Holds no secret: secret values are `***`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResyncReport {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it started.
    pub cause: Cause,
    /// The rules that ran, in order; rules with nothing to do are left out.
    pub rules: Vec<RuleReport>,
    /// Changed parameters with their new values, in order of parameter.
    pub changes: Vec<(String, String)>,
    /// Warnings, in order of appearance; long lists are cut.
    pub warnings: Vec<Warning>,
    /// Durable commits of parameters.
    pub flash_writes: u64,
    /// Durable writes of the state record.
    pub state_writes: u64,
    /// Whether the phone restarts because of it.
    pub reboot: bool,
    /// Timers that run afterwards, with the seconds left.
    pub next: Vec<(TimerKind, u64)>,
    /// Messages that were sent.
    pub messages: Vec<String>,
}

impl ResyncReport {
    /// What the server said to the rule that failed; `$ERR` repeats it.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        let decisive = self.rules.iter().find(|rule| !rule.outcome.is_success());
        decisive?.said.as_deref()
    }
}

/// What is believed besides the built-in roots, and how the last fetch of it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CaStatus {
    /// The custom CA; `None` if none is installed.
    pub installed: Option<InstalledCa>,
    /// `$ERR` of the last fetch; `None` if that succeeded, or there was none.
    pub failure: Option<String>,
}

/// A custom CA without its certificates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledCa {
    /// The common name of its first certificate; empty if it has none.
    pub name: String,
    /// The fingerprint of its first certificate.
    pub fingerprint: Fingerprint,
    /// How many certificates there are.
    pub certificates: usize,
    /// Whose URL brought it.
    pub source: CaSource,
    /// That URL, without secrets.
    pub origin: String,
}

impl CaStatus {
    /// What a record says.
    #[must_use]
    pub fn of(record: &TrustRecord) -> Self {
        Self {
            installed: record.held.as_ref().map(|held| InstalledCa {
                name: held.name.clone(),
                fingerprint: held.fingerprint,
                certificates: held.certificates.len(),
                source: held.source,
                origin: held.origin.clone(),
            }),
            failure: record.failure.clone(),
        }
    }
}

/// What a phone upgrades with, and how far it has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FirmwareStatus {
    /// What the slots hold.
    pub record: BootRecord,
    /// The load that is being fetched.
    pub transfer: Option<LoadTransfer>,
    /// `$UPGERR`
    pub error: String,
}

/// A load that is being fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadTransfer {
    /// The name of the load; empty until its manifest has come.
    pub load: String,
    /// Bytes of it that are in the slot.
    pub done: u64,
    /// Bytes of all its components; 0 until its manifest has come.
    pub bytes: u64,
}

/// A phone at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// State of the resync machine.
    pub state: &'static str,
    /// `$PRVST`.
    pub prvst: i8,
    /// Whether a resync has succeeded since factory reset.
    pub provisioned: bool,
    /// How a phone that may search for its server was brought up; `None` for others, which do not remember it.
    pub customization: Option<Customization>,
    /// The last resync; `None` before the first.
    pub last: Option<ResyncReport>,
    /// Timers that run, with the seconds left.
    pub next: Vec<(TimerKind, u64)>,
    /// Lines in use, from 1.
    pub busy_lines: Vec<u8>,
    /// The last failed request of SIP on each line, from 1, since boot.
    pub sip_errors: Vec<(u8, SipError)>,
    /// Seconds since boot.
    pub uptime_s: u64,
    /// `$EXTIP`; empty if it is not known.
    pub external_ip: String,
    /// Whether a client certificate is installed.
    pub client_certificate: bool,
    /// The custom CA (R-TLS-10).
    pub custom_ca: CaStatus,
    /// `$EMS`
    pub mobility_status: String,
    /// `$MUID`
    pub mobility_user: String,
    /// Reasons of the last restarts, newest first, with Unix seconds if the clock was set.
    pub history: Vec<(&'static str, Option<i64>)>,
    /// Completions that nobody waited for.
    pub stale_completions: u32,
    /// Messages that could not be sent.
    pub dropped_messages: u64,
    /// What it upgrades with; `None` of a phone without slots.
    pub firmware: Option<Box<FirmwareStatus>>,
    /// Where the phone listens: the name of each listener and its real address.
    pub listen: Vec<(&'static str, SocketAddr)>,
}
