//! What the phone wants done.

use onhook_conditions::ConditionErrorCode;
use onhook_device::{MonoTime, Outcome};
use onhook_params::ValueId;
use onhook_report::Why;
use onhook_resync::{Cause, Gate, RuleSlot, TimerKind};
use onhook_rules::Content;
use onhook_upgrade::Stage;

use crate::port::Severity;
use crate::{
    CaSource, Committed, CustomCa, Newcomer, OpId, Place, Request, RuleFault, StateChange, Told,
    UpgradeGate,
};

/// Which of its subject's templates a message uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LogOp {
    /// Log_Request_Msg, or Log_Upgrade_Request_Msg.
    Request,
    /// Log_Success_Msg, or Log_Upgrade_Success_Msg.
    Success,
    /// Log_Failure_Msg, or Log_Upgrade_Failure_Msg.
    Failure,
}

impl LogOp {
    /// The severity of the message (R-LOG-2).
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Request | Self::Success => Severity::Info,
            Self::Failure => Severity::Error,
        }
    }
}

/// What a message is about (R-LOG-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Subject {
    /// A profile.
    Resync,
    /// A firmware load, which has templates of its own.
    Upgrade,
    /// The custom authority of TLS.
    CustomCa,
    /// A report of the configuration.
    Report,
    /// A report of a problem.
    ProblemReport,
}

impl Subject {
    /// The operation word, which `%s` stands for.
    #[must_use]
    pub const fn word(self) -> &'static str {
        //= R-LOG-3
        match self {
            Self::Resync => "resync",
            Self::Upgrade => "upgrade",
            Self::CustomCa => "custom CA",
            Self::Report => "report",
            Self::ProblemReport => "problem report",
        }
    }
}

/// One message to the log, rendered by whoever consumes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// What it is about.
    pub subject: Subject,
    /// Which template.
    pub op: LogOp,
    /// The request that the macros describe.
    pub request: Option<Request>,
    /// What `$ERR` says; `None` while there is no result.
    pub told: Option<Told>,
    /// `$PRVST` at that moment.
    pub prvst: i8,
}

/// How much starts anew (R-SM-21).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RestartKind {
    /// Full boot.
    Cold,
    /// SIP and services; the phone itself goes on, and no boot follows.
    Warm,
}

/// Something worth telling an operator; no completion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A resync started, with this rule.
    ResyncStarted(Cause, RuleSlot),
    /// A rule was evaluated and leads to a request.
    RuleStarted(RuleSlot, Request),
    /// A rule ended; `changed` parameters got another value or right.
    RuleDone {
        /// Which rule.
        slot: RuleSlot,
        /// How.
        outcome: Outcome,
        /// How many parameters changed.
        changed: u32,
    },
    /// A rule, or a part of it, cannot be used.
    RuleFault(RuleSlot, RuleFault),
    /// The condition of Resync_Trigger_1 or 2 cannot be evaluated; told once for each value.
    TriggerFault(u8, ConditionErrorCode),
    /// A fetched profile waits for idle lines.
    Held,
    /// A resync ended.
    ResyncDone(Outcome),
    /// A timer was armed.
    TimerArmed(TimerKind, MonoTime),
    /// A profile that made the phone restart again and again is applied without a restart.
    RestartLoop,
    /// A rule asks for an activation code.
    ActivationCode,
    /// The first resync since boot met a server that wants credentials, and there are none: the profile account is to be set up
    /// (R-HTTP-8).
    AccountWanted,
    /// A command was refused.
    Refused(Gate),
    /// A rule for the custom CA was evaluated and leads to a request.
    TrustStarted(CaSource, Request),
    /// A rule for the custom CA, or a part of it, cannot be used.
    TrustFault(CaSource, RuleFault),
    /// What was wanted of the custom CA ended; with the CA if it is another one now.
    TrustDone(CaSource, Outcome, Option<CustomCa>),
    /// Custom_CA_Rule is empty, and no custom CA is believed any more.
    TrustForgotten,
    /// A local edit was stored, or could not be.
    EditDone(Committed),
    /// Another edit or a commit is under way; the edit was not taken.
    EditBusy,
    /// The network names another server than the first, which was there when a resync last succeeded.
    ServerChanged(ValueId, ValueId, Newcomer),
    /// Something of a firmware upgrade.
    Upgrade(UpgradeNotice),
    /// Something of a report of the configuration.
    Report(ReportNotice),
    /// Something of a report of a problem.
    ProblemReport(ReportNotice),
    /// The factory state could not be restored; the phone goes on.
    EraseFailed,
}

impl Notice {
    /// The request that it tells of, if it is that something is asked for.
    #[must_use]
    pub const fn request(&self) -> Option<&Request> {
        match self {
            Self::RuleStarted(_, request)
            | Self::TrustStarted(_, request)
            | Self::Upgrade(UpgradeNotice::Started(_, request))
            | Self::Report(ReportNotice::Sending(_, request))
            | Self::ProblemReport(ReportNotice::Sending(_, request)) => Some(request),
            Self::ResyncStarted(..)
            | Self::RuleDone { .. }
            | Self::RuleFault(..)
            | Self::TriggerFault(..)
            | Self::Held
            | Self::RestartLoop
            | Self::ActivationCode
            | Self::AccountWanted
            | Self::TrustFault(..)
            | Self::TrustDone(..)
            | Self::TrustForgotten
            | Self::ResyncDone(_)
            | Self::TimerArmed(..)
            | Self::Refused(_)
            | Self::EditDone(_)
            | Self::EditBusy
            | Self::EraseFailed
            | Self::ServerChanged(..)
            | Self::Upgrade(
                UpgradeNotice::Done(_)
                | UpgradeNotice::Fault(_)
                | UpgradeNotice::Retry(_)
                | UpgradeNotice::NotNeeded
                | UpgradeNotice::Refused(_),
            )
            | Self::Report(
                ReportNotice::Started(_)
                | ReportNotice::Fault(_)
                | ReportNotice::Done(_)
                | ReportNotice::Nothing
                | ReportNotice::NotBooted,
            )
            | Self::ProblemReport(
                ReportNotice::Started(_)
                | ReportNotice::Fault(_)
                | ReportNotice::Done(_)
                | ReportNotice::Nothing
                | ReportNotice::NotBooted,
            ) => None,
        }
    }
}

/// What is told of reports of the configuration, and of a problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportNotice {
    /// The reports of the rule begin.
    Started(Why),
    /// One of them is sent.
    Sending(Content, Request),
    /// Report_Rule, or one of its reports, or PRT_Upload_Rule cannot be used.
    Fault(RuleFault),
    /// All of them have ended: how the first that failed did, or the last.
    Done(Outcome),
    /// A report is wanted, and the rule names no place for it.
    Nothing,
    /// Somebody asked for a report of a phone that has not booted.
    NotBooted,
}

/// What is told of firmware upgrades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpgradeNotice {
    /// A load is asked for.
    Started(Stage, Request),
    /// An attempt ended; a success is followed by a restart.
    Done(Outcome),
    /// Upgrade_Rule, or a rule that came with a request, cannot be used, or a part of it.
    Fault(RuleFault),
    /// A failed attempt is repeated at this time.
    Retry(MonoTime),
    /// Somebody asked for an upgrade, and the load runs already or the rule names none.
    NotNeeded,
    /// What the rule or somebody asks for is refused.
    Refused(UpgradeGate),
}

/// One thing to do. Effects with an [`OpId`] are answered by exactly one completion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Fetch and decode a profile; answered by `FetchStarted`, then `FetchDone`.
    Fetch(OpId, Request),
    /// Fetch a custom CA, store it and believe it; answered by `FetchStarted`, then `TrustDone`.
    FetchTrust(OpId, CaSource, Request),
    /// Remove the custom CA.
    ForgetTrust,
    /// Search a server where the options name none, or none that serves; answered by `Searched`.
    Search(OpId, Place),
    /// End a fetch; its completion still comes and is ignored.
    Cancel(OpId),
    /// Make what [`crate::Phone::commit_entries`] gives durable; answered by `CommitDone`.
    Commit(OpId),
    /// Change the state record and make it durable; answered by `StateSaved`.
    SaveState(OpId, StateChange),
    /// Fetch a load, verify it and write it to the slot that does not run; answered by `FetchStarted`, then `Upgraded`.
    Upgrade(OpId, Request),
    /// Tell the boot loader to bring up the load in the slot that does not run; answered by `Activated`.
    Activate(OpId),
    /// Send a report with this content; answered by `FetchStarted`, then `Reported`.
    Report(OpId, Content, Request),
    /// Restore the factory state: parameters, rights, marks, secrets, the state record and the custom authority (R-FLS-2); answered
    /// by `Erased`.
    Erase(OpId),
    /// Send a message.
    Log(LogLine),
    /// Restart the phone.
    Restart(RestartKind),
    /// Tell the operator.
    Notice(Notice),
}
