//! What a phone remembers of how it was brought up (transports.md section 6).

/// The state of a phone out of the box.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Customization {
    /// First boot or factory reset; nothing configured.
    #[default]
    Open,
    /// Brought up by options, by SRV records or by hand: the directory is never asked.
    Aborted,
    /// The directory is being asked, or could not be reached.
    Pending,
    /// The directory has named a profile that has not been fetched yet.
    CustomPending,
    /// That profile was fetched.
    Acquired,
    /// The directory does not know the phone.
    Unavailable,
}

/// What may change the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Happened {
    /// A resync with a server from options, SRV records or a rule succeeded, or somebody brought the phone up by hand.
    Provisioned,
    /// The directory is asked.
    Asked,
    /// The directory has named a profile.
    Redirected,
    /// The directory does not know the phone.
    Unknown,
    /// The profile that the directory has named was applied.
    Applied,
}

impl Customization {
    /// The state afterwards.
    #[must_use]
    pub const fn after(self, happened: Happened) -> Self {
        match (self, happened) {
            //= R-OOB-3
            (Self::Acquired | Self::Aborted, _) => self,
            //= R-OOB-2
            (_, Happened::Provisioned) => Self::Aborted,
            (Self::CustomPending, Happened::Applied) => Self::Acquired,
            (Self::Open | Self::Pending | Self::Unavailable, Happened::Asked) => Self::Pending,
            (Self::Pending, Happened::Redirected) => Self::CustomPending,
            //= R-OOB-6
            (Self::Pending, Happened::Unknown) => Self::Unavailable,
            (
                Self::Open | Self::Pending | Self::CustomPending | Self::Unavailable,
                Happened::Asked | Happened::Redirected | Happened::Unknown | Happened::Applied,
            ) => self,
        }
    }

    /// Whether the phone looks for a server beyond its options (T2).
    #[must_use]
    pub const fn searches(self) -> bool {
        matches!(self, Self::Open | Self::Pending)
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Aborted => "aborted",
            Self::Pending => "pending",
            Self::CustomPending => "custom-pending",
            Self::Acquired => "acquired",
            Self::Unavailable => "unavailable",
        }
    }

    /// The number that records keep.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Aborted => 1,
            Self::Pending => 2,
            Self::CustomPending => 3,
            Self::Acquired => 4,
            Self::Unavailable => 5,
        }
    }

    /// The state of a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Open),
            1 => Some(Self::Aborted),
            2 => Some(Self::Pending),
            3 => Some(Self::CustomPending),
            4 => Some(Self::Acquired),
            5 => Some(Self::Unavailable),
            _ => None,
        }
    }
}
