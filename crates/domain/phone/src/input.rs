//! What reaches the phone.

use std::net::IpAddr;

use onhook_device::Outcome;
use onhook_fetch::Endpoint;
use onhook_params::{ParamId, ValueId, Values};

use crate::{CustomCa, DecodedId, Discovered, Means, Searched, Slots, StateRecord};

/// Names one effect that wants a completion. A stale or unknown id is ignored and counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub(crate) u32);

impl OpId {
    /// The id of nothing: the first effect has number 1.
    pub(crate) const NONE: Self = Self(0);

    /// The id of a number, for replays and tests; effects bring their own.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number, for journals.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// How the phone comes up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Boot {
    /// As a phone does: what the state record says decides the cause.
    Normal,
    /// For one resync in the foreground: nothing starts by itself, and the record is left alone.
    Foreground,
}

/// Where a command came from; gates read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Origin {
    /// The local control socket or command line.
    Control,
    /// The pages of the phone, where edits are followed by a restart.
    Page,
    /// A SIP NOTIFY; Resync_From_SIP lets it ask for a resync (R-SIP-2).
    Sip,
    /// The menu of the phone; User_Configurable_Resync lets it ask for a resync (R-WEB-9), and a rule that is typed there
    /// is stored (R-WEB-10).
    Screen,
}

/// What somebody asks for. Texts count one use each, which passes to the phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// Run the configured rules.
    Resync,
    /// Run this rule alone; one from [`Origin::Screen`] becomes Profile_Rule, and all are run.
    ResyncWith(ValueId),
    /// Fetch the custom CA, by this rule or by Custom_CA_Rule; a rule that is given is stored nowhere (V-163).
    UpdateCa(Option<ValueId>),
    /// Set a parameter locally; the text is canonical.
    Set(ParamId, ValueId),
    /// Store all that a page submits, in one commit, and restart if something really changed (R-WEB-14).
    Submit(DecodedId),
    /// Restart when all lines are idle and no resync runs.
    Restart,
    /// Restart SIP and services, without a boot, when all lines are idle and no resync runs (`restart_now`).
    RestartWarm,
    /// Restore the factory state at once, but not in an emergency call.
    FactoryReset,
    /// Upgrade when all lines are idle: to the load that this rule names, which is not stored, or to that of Upgrade_Rule.
    /// What was tried before is tried again (R-FW-14).
    Upgrade(Option<ValueId>),
    /// Report the configuration as Report_Rule says, once (R-RPT-5).
    Report,
    /// Send a report of a problem to the place that PRT_Upload_Rule names, once.
    ReportProblem,
}

/// Whether a line is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LineUse {
    //= R-IDLE-1
    /// No call leg and no off-hook audio path.
    Idle,
    //= R-IDLE-2
    /// Anything else.
    Busy,
    /// An emergency call, which is never disturbed (R-IDLE-5).
    Emergency,
}

/// How a line stands with its registrar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Registration {
    /// The line is not enabled.
    Disabled,
    /// It is registered.
    Registered,
    /// It is enabled and not registered: not yet, or not any more.
    Unregistered,
}

/// How a commit ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Committed {
    /// The change survives a power cut.
    Durable,
    /// Nothing was changed.
    Failed,
}

/// What `$ERR` shows: how something ended, and what the server said to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// How it ended.
    pub outcome: Outcome,
    /// The words of the server, fit to be shown; counts one use, which passes to the phone.
    pub said: Option<ValueId>,
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            said: None,
        }
    }
}

/// What a phone knows of itself and no profile can tell. It lasts over restarts of the phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    /// `$IP`: the network has given the phone an address; another one than before makes it restart (T31).
    Address(Option<IpAddr>),
    /// `$EXTIP`; `None` if it is not known.
    ExternalAddress(Option<IpAddr>),
    /// `$CCERT`: whether a client certificate is installed.
    ClientCertificate(bool),
    /// `$EMS`, `$MUID` and `$MPWD`.
    Mobility(Mobility),
    /// Whether somebody has set up a profile account, which the transport holds; told after a boot.
    Account(bool),
    /// What the phone may ask beyond its options while it is out of the box.
    Means(Means),
    /// What is in its slots for firmware; `None` of a phone without slots, which upgrades nothing. Told before a boot.
    Slots(Option<Slots>),
}

/// Extension mobility; each text counts one use, which passes to the phone, and `None` is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mobility {
    /// `$EMS`, for example `mobile` while a user is logged in.
    pub status: Option<ValueId>,
    /// `$MUID`
    pub user: Option<ValueId>,
    /// `$MPWD`, a secret.
    pub password: Option<ValueId>,
}

impl Mobility {
    /// The status while a user is logged in: the word that rules of the public guides compare with.
    pub const LOGGED_IN: &str = "mobile";

    pub(crate) fn release(self, values: &mut Values) {
        for id in [self.status, self.user, self.password]
            .into_iter()
            .flatten()
        {
            values.release(id);
        }
    }
}

/// One thing that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// Power came up; the record is what the last life saved.
    Boot(Boot, StateRecord),
    /// The deadline may have passed.
    Timer,
    //= R-IDLE-7
    /// A line, 1..=16, became idle or busy.
    Line(u8, LineUse),
    /// A line, 1..=16, stands otherwise with its registrar.
    Registration(u8, Registration),
    /// The wall clock was set, or has jumped.
    ClockSet,
    /// What options of DHCP say of the provisioning server; `None` if they name none.
    OptionsLearned(Option<Discovered>),
    /// Something became known that no profile can tell.
    Fact(Fact),
    /// Somebody asks for something.
    Command(Origin, Command),
    /// The address of a fetch is known and no packet has been sent.
    FetchStarted(OpId, Endpoint),
    /// A fetch and its decoding ended.
    FetchDone(OpId, Result<DecodedId, Told>),
    /// The custom CA came and is believed from now on, or is not: then what was believed before still is.
    TrustDone(OpId, Result<CustomCa, Told>),
    /// A search ended.
    Searched(OpId, Searched),
    /// A commit ended.
    CommitDone(OpId, Committed),
    /// A state record was saved, or could not be.
    StateSaved(OpId, Committed),
    /// A load was fetched, verified and written to its slot, or was not.
    Upgraded(OpId, Result<(), Told>),
    /// The boot loader will bring up the load that was written last, or could not be told.
    Activated(OpId, Committed),
    /// A report has arrived, or has not.
    Reported(OpId, Result<(), Told>),
    /// The factory state is restored, or nothing changed.
    Erased(OpId, Committed),
}

impl Input {
    /// The order among inputs of one instant: lines, completions, commands, timer.
    #[must_use]
    pub const fn class(&self) -> u8 {
        match self {
            Self::Boot(..)
            | Self::Line(..)
            | Self::Registration(..)
            | Self::ClockSet
            | Self::OptionsLearned(_)
            | Self::Fact(_) => 0,
            Self::FetchStarted(..)
            | Self::FetchDone(..)
            | Self::TrustDone(..)
            | Self::Searched(..)
            | Self::CommitDone(..)
            | Self::StateSaved(..)
            | Self::Upgraded(..)
            | Self::Reported(..)
            | Self::Activated(..)
            | Self::Erased(..) => 1,
            Self::Command(..) => 2,
            Self::Timer => 3,
        }
    }
}
