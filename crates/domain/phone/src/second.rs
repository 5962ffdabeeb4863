//! Deadlines in whole seconds, which take half the room.

use onhook_device::MonoTime;

/// A second since boot at which something is due, or [`Second::NEVER`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Second(u32);

impl Second {
    pub(crate) const NEVER: Self = Self(u32::MAX);

    /// The first second that is not before a time; never, after 136 years.
    pub(crate) fn not_before(at: MonoTime) -> Self {
        let seconds = at.plus_millis(999).as_secs();
        Self(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// The time; [`MonoTime::MAX`] for never.
    pub(crate) const fn mono(self) -> MonoTime {
        match self {
            Self::NEVER => MonoTime::MAX,
            Self(seconds) => MonoTime::from_secs(seconds as u64),
        }
    }
}
