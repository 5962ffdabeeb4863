//! The reboot history of a record.

use onhook_device::WallTime;

use super::flag;

/// Reason, whether the clock was set, Unix time and offset.
pub(super) const ENTRY_LEN: usize = 1 + 1 + 8 + 4;

/// Why the phone restarted (R-SM-22).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum RebootReason {
    /// A firmware upgrade.
    Upgrade,
    /// Changed parameters.
    Provisioning,
    /// Somebody at the phone asked for it.
    UserTriggered,
    /// A SIP NOTIFY asked for it.
    SipTriggered,
    /// Remote customization.
    RemoteCustomization,
    /// The phone got another address.
    IpChanged,
}

impl RebootReason {
    /// The word of the reboot history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "Upgrade",
            Self::Provisioning => "Provisioning",
            Self::UserTriggered => "User Triggered",
            Self::SipTriggered => "SIP Triggered",
            Self::RemoteCustomization => "RC",
            Self::IpChanged => "IP Changed",
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Upgrade => 1,
            Self::Provisioning => 2,
            Self::UserTriggered => 3,
            Self::SipTriggered => 4,
            Self::RemoteCustomization => 5,
            Self::IpChanged => 6,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Upgrade),
            2 => Some(Self::Provisioning),
            3 => Some(Self::UserTriggered),
            4 => Some(Self::SipTriggered),
            5 => Some(Self::RemoteCustomization),
            6 => Some(Self::IpChanged),
            _ => None,
        }
    }
}

/// One line of the reboot history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RebootEntry {
    /// Why.
    pub reason: RebootReason,
    /// Seconds east of UTC.
    offset_s: i32,
    /// Unix time, or [`UNKNOWN`].
    unix_s: i64,
}

/// The clock had not been set: no clock shows this.
const UNKNOWN: i64 = i64::MIN;

impl RebootEntry {
    /// A line of a restart at this local time; `None` if the clock has not been set.
    #[must_use]
    pub const fn new(reason: RebootReason, at: Option<WallTime>) -> Self {
        let (unix_s, offset_s) = match at {
            Some(at) => (at.unix_s, at.offset_s),
            None => (UNKNOWN, 0),
        };
        Self {
            reason,
            offset_s,
            unix_s,
        }
    }

    /// Local time; `None` if the clock had not been set.
    #[must_use]
    pub const fn at(&self) -> Option<WallTime> {
        match self.unix_s {
            UNKNOWN => None,
            unix_s => Some(WallTime {
                unix_s,
                offset_s: self.offset_s,
            }),
        }
    }

    /// Appends the [`ENTRY_LEN`] bytes of the line.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let at = self.at().unwrap_or(WallTime {
            unix_s: 0,
            offset_s: 0,
        });
        out.push(self.reason.number());
        out.push(u8::from(self.at().is_some()));
        out.extend(at.unix_s.to_be_bytes());
        out.extend(at.offset_s.to_be_bytes());
    }

    /// The line that these bytes hold.
    pub(super) fn read(chunk: &[u8]) -> Option<Self> {
        let (head, rest) = chunk.split_first_chunk::<2>()?;
        let (unix, offset) = rest.split_first_chunk::<8>()?;
        let [reason, known] = *head;
        let at = WallTime {
            unix_s: i64::from_be_bytes(*unix),
            offset_s: i32::from_be_bytes(offset.try_into().ok()?),
        };
        let reason = RebootReason::from_number(reason)?;
        Some(Self::new(reason, flag(known)?.then_some(at)))
    }
}
