//! What happens to the machine, what it answers, and where it stands.

use onhook_device::Outcome;

use crate::{Cause, Gate, RuleSlot};

/// How the phone came up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum BootCause {
    /// Power-up, or any reset that is none of the others.
    PowerOn,
    /// The restart that changed parameters wanted.
    Provisioning,
    /// The restart that ends an upgrade attempt.
    Upgrade,
    /// One resync in the foreground: nothing starts by itself.
    Foreground,
}

/// What an explicit request runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Request {
    /// The configured rules.
    Configured,
    /// One rule that came with the request.
    Given,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The phone came up.
    Boot {
        /// How.
        cause: BootCause,
        /// Whether a resync has succeeded since factory reset.
        provisioned: bool,
        /// Whether a request was saved before the restart (T6b).
        pending: bool,
    },
    /// The deadline may have passed.
    Timer,
    /// Somebody asks for a resync.
    Explicit(Request),
    /// All lines became idle.
    LinesIdle,
    /// A line became active.
    LinesBusy,
    /// All lines have been idle for the settle time.
    LinesSettled,
    /// The rule of the last [`Action::RunRule`] ended.
    RuleDone(Outcome),
    /// The running rule waits for idle lines before it applies what it fetched.
    Held,
    /// That waiting is over.
    Released,
    /// A trigger is true, in the mode in which triggers fire.
    TriggerTrue,
    /// The wall clock was set, or has jumped.
    ClockChanged,
    /// Resync_Periodic, Resync_At or what local time depends on changed.
    ScheduleChanged,
    /// Resync_Error_Retry_Delay changed.
    ErrorRetryChanged,
    /// Provision_Enable may have changed.
    EnableChanged,
    /// Another transfer of the phone begins: no resync starts until it ends (R-SM-26).
    Occupied,
    /// It has ended.
    Free,
    /// An attempt to upgrade failed, and no restart follows.
    UpgradeFailed,
}

/// What the caller has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing.
    None,
    /// Carry out this rule and answer with [`Event::RuleDone`]; the first of a resync if `starts`.
    RunRule {
        /// Which rule.
        slot: RuleSlot,
        /// The cause, on the first rule of a resync.
        starts: Option<Cause>,
    },
    /// The resync ended.
    Finished(Outcome),
    /// What is held has waited for idle lines as long as it may: apply it.
    ApplyNow,
    /// The resync took longer than it may: end the running rule and answer with [`Event::RuleDone`].
    TimedOut,
    /// The request is refused.
    Refused(Gate),
}

/// Where the machine stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Before boot.
    Off,
    /// Provision_Enable is No.
    Dormant,
    /// The random delay after power-up runs.
    BootDelay,
    /// Nothing is due; a periodic timer may run.
    Waiting,
    /// An error retry is pending.
    ErrorWait,
    /// A resync is due and waits, for idle lines or until they have been idle long enough.
    Due(Cause),
    /// A resync runs.
    Running(RuleSlot),
}

/// Which timer runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TimerKind {
    /// The random delay after power-up.
    BootDelay,
    /// Resync_Periodic.
    Periodic,
    /// Resync_At.
    Daily,
    /// Resync_Error_Retry_Delay.
    Retry,
}

impl TimerKind {
    /// The word used in JSON and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BootDelay => "boot-delay",
            Self::Periodic => "periodic",
            Self::Daily => "daily",
            Self::Retry => "retry",
        }
    }

    pub(crate) const fn cause(self, boot: BootCause) -> Cause {
        match self {
            Self::BootDelay => match boot {
                BootCause::Upgrade => Cause::AfterUpgrade,
                BootCause::PowerOn | BootCause::Provisioning | BootCause::Foreground => Cause::Boot,
            },
            Self::Periodic => Cause::Periodic,
            Self::Daily => Cause::Daily,
            Self::Retry => Cause::Retry,
        }
    }
}
