//! What a phone keeps while a rule runs, and what can be wrong with one.

use onhook_device::Outcome;
use onhook_params::Entry;
use onhook_resync::RuleSlot;
use onhook_rules::RuleErrorCode;

use crate::{OpId, Request, Shared};

/// What is wrong with a rule, or with a part of it that is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuleFault {
    /// A syntax, type or format error at a byte of the expanded text.
    Syntax {
        /// The stable code.
        code: RuleErrorCode,
        /// Byte offset into the expanded text.
        offset: u32,
        /// What was expected there.
        expected: &'static str,
    },
    /// Neither the rule nor the options name a server.
    NoServer,
    /// The server is not in Restricted_Access_Domains.
    ServerNotAllowed,
    /// SRV lookups know no TFTP.
    SrvOverTftp,
    /// TFTP knows no user names and passwords: they are left out.
    CredentialsUnused,
    /// Proxy_Mode is Manual and Proxy_Host empty: no proxy is used.
    ProxyNameless,
    /// A custom CA may come over https only.
    CaOverPlain,
    /// The option cannot be carried out by this program yet.
    Unsupported(&'static str),
    /// The parameter of an assignment is unknown or refuses the value; the assignment is left out.
    Assignment {
        /// Byte offset into the expanded text.
        offset: u32,
    },
    /// The password of extension mobility would be shown; the assignment is left out, the URL not fetched.
    PasswordShown {
        /// Byte offset into the expanded text.
        offset: u32,
    },
}

impl RuleFault {
    /// The word used in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax { code, .. } => code.name(),
            Self::NoServer => "no-server",
            Self::ServerNotAllowed => "server-not-allowed",
            Self::SrvOverTftp => "srv-over-tftp",
            Self::CredentialsUnused => "credentials-unused",
            Self::ProxyNameless => "proxy-nameless",
            Self::CaOverPlain => "ca-over-plain",
            Self::Unsupported(_) => "unsupported",
            Self::Assignment { .. } => "assignment",
            Self::PasswordShown { .. } => "password-shown",
        }
    }

    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Syntax { .. }
            | Self::Unsupported(_)
            | Self::Assignment { .. }
            | Self::PasswordShown { .. }
            | Self::CredentialsUnused
            | Self::ProxyNameless => Outcome::BadRule,
            Self::SrvOverTftp => Outcome::SrvOverTftp,
            Self::NoServer => Outcome::NoServer,
            Self::ServerNotAllowed | Self::CaOverPlain => Outcome::ServerNotAllowed,
        }
    }
}

/// What the running rule waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// The commit of its assignments.
    Assigning(OpId),
    /// The address, or the end, of the fetch.
    Fetching(OpId),
    /// The end of the fetch, whose request has been logged.
    Receiving(OpId),
    /// Idle lines, or the end of a local edit, before the assignments are stored.
    HoldingAssignments,
    /// Idle lines, or the end of a local edit, before the profile is stored.
    Holding,
    /// The commit of the profile.
    Committing(OpId),
}

/// Entries that the buffers of a rule that has ended keep room for.
const KEPT_ENTRIES: usize = 64;

/// What a phone needs only while a rule runs.
#[derive(Debug)]
pub(crate) struct Cold {
    pub(crate) phase: Phase,
    pub(crate) slot: RuleSlot,
    /// What to fetch after the assignments, or why it cannot be fetched.
    pub(crate) next: Option<Result<Request, RuleFault>>,
    /// Which of the servers that the network names is asked; `None` if the rule names its own.
    pub(crate) server: Option<u8>,
    /// The register that holds the body of the request, GPP_A..GPP_P as 0..=15.
    pub(crate) post: Option<u8>,
    /// What the profile or the assignments ask for; its texts count a use each.
    pub(crate) wanted: Vec<Entry>,
    /// What really changes.
    pub(crate) changes: Vec<Entry>,
    /// Changes made by this rule so far.
    pub(crate) changed: u32,
    /// The resync took too long while a commit was under way.
    pub(crate) timed_out: bool,
}

impl Cold {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Holding,
            slot: RuleSlot::A,
            next: None,
            server: None,
            post: None,
            wanted: Vec::new(),
            changes: Vec::new(),
            changed: 0,
            timed_out: false,
        }
    }

    pub(crate) fn is_committing(&self) -> bool {
        matches!(self.phase, Phase::Assigning(_) | Phase::Committing(_))
    }

    pub(crate) fn changes_of(&self, op: OpId) -> &[Entry] {
        match self.phase {
            Phase::Assigning(mine) | Phase::Committing(mine) if mine == op => &self.changes,
            Phase::Assigning(_)
            | Phase::Committing(_)
            | Phase::Fetching(_)
            | Phase::Receiving(_)
            | Phase::HoldingAssignments
            | Phase::Holding => &[],
        }
    }

    /// Ends the uses that it counts and puts the buffers back for the next rule of any phone.
    pub(crate) fn retire(mut self: Box<Self>, shared: &mut Shared) {
        shared.release(&self.wanted);
        if let Some(Ok(request)) = self.next.take() {
            request.release(&mut shared.values);
        }
        self.post = None;
        self.server = None;
        for buffer in [&mut self.wanted, &mut self.changes] {
            buffer.clear();
            // Many phones may have come at once; the large buffers of all of them are too much.
            if buffer.capacity() > KEPT_ENTRIES {
                *buffer = Vec::new();
            }
        }
        self.changed = 0;
        self.timed_out = false;
        shared.cold.push(self);
    }
}

/// Counts and offsets of texts that are limited far below u32.
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
