//! Real time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onhook_device::{MonoTime, Now, WallTime};
use onhook_schedule::port::Clock;
use thiserror::Error;

/// The time zone cannot be used.
#[derive(Debug, Error)]
#[error(
    "time zone `{name}` is not known on this system: write a name such as `Europe/Berlin`, or `UTC`"
)]
pub struct ZoneError {
    name: String,
    #[source]
    source: jiff::Error,
}

/// The clock of the kernel, by which it also says when a datagram came.
#[must_use]
pub fn system_time() -> SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock of the program"
    )]
    SystemTime::now()
}

/// Counts from its making, which is boot; wall time comes from the system.
pub struct RealClock {
    boot: Instant,
    zone: TimeZone,
}

impl RealClock {
    /// A clock that starts at zero now, with local time of a zone.
    ///
    /// # Errors
    /// The system does not know the zone.
    pub fn start(zone: &str) -> Result<Self, ZoneError> {
        let zone = if zone.eq_ignore_ascii_case("utc") {
            TimeZone::UTC
        } else {
            TimeZone::get(zone).map_err(|source| ZoneError {
                name: zone.to_owned(),
                source,
            })?
        };
        Ok(Self {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the clock of the program"
            )]
            boot: Instant::now(),
            zone,
        })
    }

    fn wall(&self) -> Option<WallTime> {
        let since = system_time().duration_since(UNIX_EPOCH).ok()?;
        let unix_s = i64::try_from(since.as_secs()).ok()?;
        let offset = self.zone.to_offset(Timestamp::from_second(unix_s).ok()?);
        Some(WallTime {
            unix_s,
            offset_s: offset.seconds(),
        })
    }
}

impl Clock for RealClock {
    fn now(&self) -> Now {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock of the program"
        )]
        let since = self.boot.elapsed();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Now {
            mono: MonoTime::from_millis(millis),
            wall: self.wall(),
        }
    }
}
