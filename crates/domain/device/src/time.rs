//! Monotonic and wall time, both plain values handed in by the caller.

use std::time::Duration;

/// A point on the monotonic clock: milliseconds since the phone booted, saturating.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MonoTime(u64);

impl MonoTime {
    /// The moment of boot.
    pub const ZERO: Self = Self(0);
    /// Later than every reachable moment.
    pub const MAX: Self = Self(u64::MAX);

    /// Makes a time from milliseconds since boot.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Makes a time from seconds since boot.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since boot.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since boot, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The time `secs` seconds later.
    #[must_use]
    pub const fn plus_secs(self, secs: u64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1000)))
    }

    /// The time `millis` milliseconds later.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Whole seconds from `earlier` to `self`, 0 if `earlier` is later.
    #[must_use]
    pub const fn secs_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// The span from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// A point in wall time: Unix seconds and the offset of local time from UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WallTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_s: i64,
    /// Seconds that local time is ahead of UTC, -86,399..=86,399.
    pub offset_s: i32,
}

impl WallTime {
    /// Seconds since local midnight, 0..=86,399.
    #[must_use]
    pub const fn secs_of_day(self) -> u32 {
        // `rem_euclid` of a positive modulus lies in 0..86,400.
        (self.unix_s.saturating_add(self.offset_s as i64)).rem_euclid(86_400) as u32
    }

    /// Local calendar date and time as `(year, month 1..=12, day 1..=31, hour, minute, second)`.
    #[must_use]
    pub const fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let local = self.unix_s.saturating_add(self.offset_s as i64);
        let days = local.div_euclid(86_400);
        let secs = local.rem_euclid(86_400) as u32;
        // Days to civil date on the proleptic Gregorian calendar: eras of 400 years from 0000-03-01.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day, secs / 3600, secs / 60 % 60, secs % 60)
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// Months and days may lie outside of their range, as long as months are 1..=24: month 13 is January of the
/// next year, day 0 the last of the month before.
#[must_use]
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let months = month + 9;
    let year = year.saturating_add(months.div_euclid(12) - 1);
    let months = months.rem_euclid(12);
    let day_of_year = (153 * months + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year.saturating_mul(365)
        .saturating_add(leap_days)
        .saturating_add(day_of_year)
        .saturating_sub(719_468)
}

/// The time of one input: monotonic always, wall time once it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Drives every delay.
    pub mono: MonoTime,
    /// Drives `Resync_At` and time stamps; `None` until the clock has been set.
    pub wall: Option<WallTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unix_s: i64, offset_s: i32, civil: (i64, u32, u32, u32, u32, u32)) {
        assert_eq!(WallTime { unix_s, offset_s }.civil(), civil);
    }

    #[test]
    fn civil_dates_follow_the_calendar() {
        check(0, 0, (1970, 1, 1, 0, 0, 0));
        check(951_782_399, 0, (2000, 2, 28, 23, 59, 59));
        check(951_782_400, 0, (2000, 2, 29, 0, 0, 0));
        check(1_795_478_400, 3600, (2026, 11, 24, 1, 0, 0));
        check(-1, 0, (1969, 12, 31, 23, 59, 59));
    }

    #[test]
    fn days_and_dates_belong_to_each_other() {
        for day in -800_000..800_000 {
            let at = WallTime {
                unix_s: day * 86_400,
                offset_s: 0,
            };
            let (year, month, date, ..) = at.civil();
            assert_eq!(
                days_from_civil(year, i64::from(month), i64::from(date)),
                day
            );
        }
        assert_eq!(days_from_civil(2026, 13, 1), days_from_civil(2027, 1, 1));
        assert_eq!(days_from_civil(2024, 3, 0), days_from_civil(2024, 2, 29));
    }

    #[test]
    fn seconds_of_day_use_local_time() {
        let at = WallTime {
            unix_s: 10,
            offset_s: -20,
        };
        assert_eq!(at.secs_of_day(), 86_390);
    }

    #[test]
    fn monotonic_time_saturates() {
        assert_eq!(MonoTime::MAX.plus_secs(5), MonoTime::MAX);
        assert_eq!(MonoTime::ZERO.secs_since(MonoTime::from_secs(5)), 0);
        assert_eq!(MonoTime::from_millis(1999).secs_since(MonoTime::ZERO), 1);
    }
}
