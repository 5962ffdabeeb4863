//! Requests from outside and their answers, before they reach a phone.

use std::net::IpAddr;
use std::sync::Arc;

use onhook_device::{Secret, SipError};
use onhook_params::Delta;

use crate::report::{ResyncReport, Status};
use crate::{LineUse, Look, Origin, Registration, SipAccess};

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
    /// Store all that a page submits at once; the values are canonical.
    Submit(Delta),
    /// Upgrade to the load that this rule names, or to that of Upgrade_Rule; a rule is stored nowhere (R-FW-14).
    Upgrade(Option<Secret>),
    /// Fetch the custom CA, by this rule or by Custom_CA_Rule; a rule may hold a password and is stored nowhere (V-163).
    UpdateCa(Option<Secret>),
    /// Report the configuration as Report_Rule says; answered when that has ended.
    Report,
    /// Report a problem to the place that PRT_Upload_Rule names; answered when that has ended.
    ReportProblem,
    /// Return everything to the factory state and restart.
    FactoryReset,
    /// Restart when all lines are idle.
    Restart,
    /// Restart SIP and services, without a boot, when all lines are idle.
    RestartWarm,
    /// A line, from 1, became idle or busy.
    Line(u8, LineUse),
    /// A line, from 1, stands otherwise with its registrar.
    Registration(u8, Registration),
    /// A request of SIP failed on a line, from 1.
    SipError(u8, SipError),
    /// The external address became known, or is not known any more.
    ExternalAddress(Option<IpAddr>),
    /// A user logged in to extension mobility.
    LogIn {
        /// Who.
        user: String,
        /// The password.
        password: Secret,
    },
    /// The user of extension mobility logged out.
    LogOut,
    /// A client certificate was installed.
    InstallCertificate(ClientCertificate),
    /// The client certificate was removed.
    RemoveCertificate,
    /// Whether Restricted_Access_Domains lets the phone talk to a host: [`Answer::Done`], or it is refused (R-DOM-1).
    MayUse(String),
    /// Tell how things are.
    Status,
    /// Tell who may ask for what by SIP.
    SipAccess,
    /// Show what pages show.
    Look,
}

/// A client certificate with its key, as PEM files hold them.
#[derive(Debug)]
pub struct ClientCertificate {
    /// The certificate, and those that lead to its root.
    pub certificate: String,
    /// The private key.
    pub key: Secret,
}

/// What an accepted request waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Delay {
    /// Idle lines.
    BusyLines,
    /// The end of the running resync.
    RunningResync,
}

impl Delay {
    /// The word used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BusyLines => "busy-lines",
            Self::RunningResync => "running-resync",
        }
    }
}

/// What the phone answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Done.
    Done,
    /// Accepted; it happens later, and nobody need wait for it.
    Delayed(Delay),
    /// The resync that was asked for ended.
    Resync(Box<ResyncReport>),
    /// How things are.
    Status(Box<Status>),
    /// Who may ask for what by SIP; for the program itself, and shown to nobody.
    SipAccess(Arc<SipAccess>),
    /// What pages show.
    Look(Arc<Look>),
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
