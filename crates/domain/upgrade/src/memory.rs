//! What is remembered of upgrades, and for how long.

use onhook_device::Outcome;

/// A number for a text, the same in every program and on every machine: FNV-1a of 64 bits.
///
/// It tells texts apart that nobody chose to be alike; it keeps no secret.
#[must_use]
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What a rule leads to, by the [`digest`]s of its texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Target {
    /// The rule as it is written.
    pub rule: u64,
    /// Scheme, server, port and path without the query; 0 for a rule that leads to no request.
    pub url: u64,
    /// The name of the load; 0 for a rule that leads to no request.
    pub load: u64,
}

/// A result that is remembered over restarts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Lasting {
    /// The load was taken.
    Upgraded,
    /// It is older than Downgrade_Rev_Limit.
    BelowLimit,
    /// It is for another family of phones.
    WrongModel,
    /// It did not come up.
    BootFailed,
}

impl Lasting {
    /// The number in the state record.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Upgraded => 1,
            Self::BelowLimit => 2,
            Self::WrongModel => 3,
            Self::BootFailed => 4,
        }
    }

    /// The result with a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Upgraded),
            2 => Some(Self::BelowLimit),
            3 => Some(Self::WrongModel),
            4 => Some(Self::BootFailed),
            _ => None,
        }
    }

    /// What `$UPGERR` shows of it; a success shows the version that runs instead.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Upgraded => Outcome::Upgraded,
            Self::BelowLimit => Outcome::BelowLimit,
            Self::WrongModel => Outcome::WrongModel,
            Self::BootFailed => Outcome::BootFailed,
        }
    }
}

/// The last target of the rule, and what came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tried {
    /// The target.
    pub target: Target,
    /// What came of it.
    pub result: Lasting,
}

/// What outlasts a restart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    /// The last target of the rule that reached a result.
    pub tried: Option<Tried>,
    /// How the last attempt ended that outlasts a restart, also one by request.
    pub last: Option<Lasting>,
    /// The load that the restart under way is to bring up, by the [`digest`] of its name.
    pub switch: Option<u64>,
    /// A load that such a restart has not brought up, though the boot loader did not give it up.
    pub missed: Option<u64>,
}
