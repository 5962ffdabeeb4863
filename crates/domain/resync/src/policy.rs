//! What the machine reads of the parameters, and the words it shares with its caller.

use onhook_device::{ErrorRetryZero, Readings};
use onhook_schedule::{DelayList, HhMm, Zone};

/// What the parameters and readings say at the moment of one event. Each is asked for when it matters, which is seldom
/// more than two or three of them.
pub trait Policy {
    /// Provision_Enable.
    fn provision_enable(&self) -> bool;
    /// Resync_On_Reset.
    fn resync_on_reset(&self) -> bool;
    /// Resync_After_Upgrade_Attempt.
    fn resync_after_upgrade(&self) -> bool;
    /// Resync_Random_Delay, 0..=65,535 units.
    fn random_delay(&self) -> u32;
    /// Resync_Periodic.
    fn periodic(&self) -> Written<'_>;
    /// Resync_At with its window and the clock; `None` unless it is valid.
    fn daily(&self) -> Option<Daily>;
    /// Resync_Error_Retry_Delay.
    fn error_retry(&self) -> Written<'_>;
    /// Forced_Resync_Delay, seconds.
    fn forced_delay(&self) -> u32;
    /// Whether idle lines have to stay so for a while before what was deferred goes on (R-IDLE-3).
    fn settles(&self) -> bool;
    /// Whether the triggers let an automatic resync pass at this moment (R-TRIG-3).
    fn admitted(&self) -> bool;
    /// The readings in force.
    fn readings(&self) -> &Readings;

    /// Whether an error retry delay of 0 means a retry at once.
    fn retries_at_once(&self) -> bool {
        self.readings().error_retry_zero == ErrorRetryZero::Immediate
    }
}

/// A list of delays as it is written; it is read when a timer is armed, which few events do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written<'a> {
    /// The text in force.
    pub text: &'a str,
    /// What counts if that is no list (R-SCHED-3).
    pub otherwise: &'a str,
}

impl<'a> Written<'a> {
    /// The list.
    #[must_use]
    pub fn list(self) -> DelayList<'a> {
        //= R-SCHED-3
        DelayList::parse(self.text)
            .or_else(|_| DelayList::parse(self.otherwise))
            .unwrap_or_default()
    }
}

/// The daily time (R-SCHED-8, R-SCHED-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Daily {
    /// When the window opens, in local time.
    pub at: HhMm,
    /// How long it is, in seconds, below a day.
    pub window_s: u32,
    /// Local time.
    pub zone: Zone,
    /// Seconds since 1970-01-01T00:00:00Z at this moment; `None` until the clock has been set.
    pub unix_s: Option<i64>,
}

/// Why a resync starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Cause {
    /// Power-up or reset.
    Boot,
    /// The boot that ends an upgrade attempt.
    AfterUpgrade,
    /// The end of one that failed without a restart.
    UpgradeFailed,
    /// The periodic timer.
    Periodic,
    /// The daily time.
    Daily,
    /// A trigger that is true.
    Trigger,
    /// The error retry timer.
    Retry,
    /// Somebody asked.
    Explicit,
}

impl Cause {
    /// The value of `$PRVST` while the resync runs.
    #[must_use]
    pub const fn prvst(self) -> i8 {
        //= R-SCHED-13
        match self {
            Self::Explicit => -1,
            Self::Boot | Self::AfterUpgrade => 0,
            Self::UpgradeFailed | Self::Periodic | Self::Daily | Self::Trigger => 1,
            Self::Retry => 2,
        }
    }

    /// The word used in JSON and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::AfterUpgrade => "after-upgrade",
            Self::UpgradeFailed => "upgrade-failed",
            Self::Periodic => "periodic",
            Self::Daily => "daily",
            Self::Trigger => "trigger",
            Self::Retry => "retry",
            Self::Explicit => "explicit",
        }
    }

    /// The more explicit of two causes that wait together.
    pub(crate) const fn merge(self, other: Self) -> Self {
        //= R-SM-12
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Boot | Self::AfterUpgrade => 0,
            Self::UpgradeFailed | Self::Periodic | Self::Daily | Self::Trigger => 1,
            Self::Retry => 2,
            Self::Explicit => 3,
        }
    }
}

/// Which rule of a sequence runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RuleSlot {
    /// Profile_Rule.
    A,
    /// Profile_Rule_B.
    B,
    /// Profile_Rule_C.
    C,
    /// Profile_Rule_D.
    D,
    /// The rule that came with an explicit request.
    Given,
}

impl RuleSlot {
    /// The rule after this one in the sequence.
    pub(crate) const fn next(self) -> Option<Self> {
        //= R-RULE-7
        match self {
            Self::A => Some(Self::B),
            Self::B => Some(Self::C),
            Self::C => Some(Self::D),
            Self::D | Self::Given => None,
        }
    }

    /// The parameter that holds the rule, or `rule` for one that came with the request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "Profile_Rule",
            Self::B => "Profile_Rule_B",
            Self::C => "Profile_Rule_C",
            Self::D => "Profile_Rule_D",
            Self::Given => "rule",
        }
    }
}

/// What refused a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Gate {
    /// Provision_Enable is No.
    ProvisionDisabled,
    /// The phone has not booted yet.
    NotBooted,
    /// Resync_From_SIP is No.
    SipDisabled,
    /// User_Configurable_Resync is No.
    ScreenDisabled,
}
