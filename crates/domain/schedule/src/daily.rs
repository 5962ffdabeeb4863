//! The daily time `HHmm` and the random window behind it.

use crate::Zone;
use crate::error::{ScheduleError, ScheduleErrorCode as Code};

const SECONDS_PER_DAY: i64 = 86_400;

/// A time of day in minutes since midnight, 0..=1,439; `2400` is midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct HhMm(u16);

impl HhMm {
    /// Reads exactly four digits from 0000 to 2400 (R-SCHED-8).
    ///
    /// # Errors
    /// The text is anything else, also if it is empty.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let error = |offset| {
            ScheduleError::new(
                Code::NotATimeOfDay,
                offset,
                "four digits, 0000 to 2400, with minutes below 60",
            )
        };
        //= R-SCHED-8
        if let Some(stray) = text.find(|c: char| !c.is_ascii_digit()) {
            return Err(error(stray));
        }
        if text.len() != 4 {
            return Err(error(text.len().min(4)));
        }
        let number: u16 = text.parse().map_err(|_| error(0))?;
        let (hours, minutes) = (number / 100, number % 100);
        match (hours, minutes) {
            (24, 0) => Ok(Self(0)),
            (0..24, 0..60) => Ok(Self(hours * 60 + minutes)),
            (0..24, _) => Err(error(2)),
            (24.., _) => Err(error(0)),
        }
    }

    /// Minutes since midnight, 0..=1,439.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

/// Minutes of the window behind the daily time, for the seconds of `Resync_At_Random_Delay`
/// (R-SCHED-9): 10 below 600, rounded to whole minutes above.
#[must_use]
pub const fn resync_at_window_minutes(seconds: u32) -> u32 {
    //= R-SCHED-9
    let seconds = if seconds < 600 { 600 } else { seconds };
    seconds.saturating_add(30) / 60
}

/// The next daily start after `unix_s`, both in seconds since 1970-01-01T00:00:00Z.
///
/// `drawn_s` gets the local day on which a window opens, in days since 1970-01-01, and returns seconds behind
/// `at`, below 86,400. When it always answers the same for one day, there is one start a day, however often the
/// timer is armed again (R-SCHED-8, R-SCHED-9), also on a day on which clocks change: [`Zone::moment`] says
/// what a time is that comes twice or never.
#[must_use]
pub fn next_daily(unix_s: i64, zone: &Zone, at: HhMm, drawn_s: impl Fn(i64) -> u32) -> i64 {
    let local = zone.local(unix_s);
    let today = unix_s
        .saturating_add(i64::from(local.offset_s))
        .div_euclid(SECONDS_PER_DAY);
    let start = |day: i64| {
        let opens = day
            .saturating_mul(SECONDS_PER_DAY)
            .saturating_add(i64::from(at.minutes()) * 60);
        zone.moment(opens).saturating_add(i64::from(drawn_s(day)))
    };
    //= R-SCHED-8
    // The start after tomorrow's is always ahead; a window of yesterday may still be.
    (-1..=2)
        .map(|day| start(today.saturating_add(day)))
        .filter(|at| *at > unix_s)
        .min()
        .unwrap_or(i64::MAX)
}
