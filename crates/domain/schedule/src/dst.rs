//! The rule of daylight saving time.

use onhook_device::days_from_civil;

use crate::error::{ScheduleError, ScheduleErrorCode as Code};

const SECONDS_PER_DAY: i64 = 86_400;

/// Start, end and size of daylight saving time (R-TYP-18).
///
/// The start is told in standard time and the end in daylight saving time: both are what a clock on the wall
/// shows at that moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct DstRule {
    start: Moment,
    end: Moment,
    save_s: i32,
}

/// `M/D/W[/HH[:mm[:ss]]]`: a moment that every year has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Moment {
    month: u8,
    /// 1..=31 from the start of the month, -31..=-1 from its end.
    day: i8,
    /// 1..=7 is Monday to Sunday, 0 the date itself.
    weekday: u8,
    /// Seconds behind midnight, 0..=86,399.
    second: u32,
}

impl DstRule {
    /// Reads `start=M/D/W[/HH[:mm[:ss]]];end=M/D/W[/HH[:mm[:ss]]];save=[+-]HH[:mm[:ss]]`, parts in any order
    /// (R-TYP-18).
    ///
    /// # Errors
    /// A part is missing, doubled, unknown or out of range.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        //= R-TYP-18
        let (mut start, mut end, mut save) = (None, None, None);
        let mut offset = 0;
        for part in text.strip_suffix(';').unwrap_or(text).split(';') {
            let fault = |expected| Err(ScheduleError::new(Code::NotADstRule, offset, expected));
            let fresh = match part.trim().split_once('=') {
                Some(("start", moment)) => match Moment::parse(moment) {
                    Some(moment) => start.replace(moment).is_none(),
                    None => return fault(MOMENT),
                },
                Some(("end", moment)) => match Moment::parse(moment) {
                    Some(moment) => end.replace(moment).is_none(),
                    None => return fault(MOMENT),
                },
                Some(("save", span)) => match signed_clock(span) {
                    Some(seconds) => save.replace(seconds).is_none(),
                    None => return fault("save=[+-]HH[:mm[:ss]]"),
                },
                Some(_) | None => false,
            };
            if !fresh {
                return fault("start=..., end=... and save=..., each once");
            }
            offset += part.len() + 1;
        }
        match (start, end, save) {
            (Some(start), Some(end), Some(save_s)) => Ok(Self { start, end, save_s }),
            _ => Err(ScheduleError::new(
                Code::NotADstRule,
                text.len(),
                "start=..., end=... and save=..., each once",
            )),
        }
    }

    /// Seconds that clocks are put forward, -86,399..=86,399.
    #[must_use]
    pub const fn save_s(self) -> i32 {
        self.save_s
    }

    /// Seconds that local time is ahead of standard time at a moment, whose standard time is given in seconds
    /// since 1970-01-01 and its year.
    pub(crate) fn saved_at(self, standard_s: i64, year: i64) -> i32 {
        let save = i64::from(self.save_s);
        // The last change before the moment decides; it may lie in the year before, and one that lies at the
        // turn of the year in the year after.
        (year.saturating_sub(1)..=year.saturating_add(1))
            .flat_map(|year| {
                let start = self.start.in_year(year);
                let end = self.end.in_year(year).saturating_sub(save);
                [(start, self.save_s), (end, 0)]
            })
            .filter(|(at, _)| *at <= standard_s)
            .max_by_key(|(at, _)| *at)
            .map_or(0, |(_, saved)| saved)
    }
}

const MOMENT: &str =
    "month/day/weekday[/HH[:mm[:ss]]] with month 1..12, day 1..31 or -1..-31, weekday 0..7";

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/');
        let month = small(parts.next()?, 1..=12)?;
        let day = parts.next()?;
        let day = match day.strip_prefix('-') {
            Some(day) => -i8::try_from(small(day, 1..=31)?).ok()?,
            None => i8::try_from(small(day, 1..=31)?).ok()?,
        };
        let weekday = small(parts.next()?, 0..=7)?;
        let second = parts.next().map_or(Some(0), clock)?;
        Some(Self {
            month,
            day,
            weekday,
            second,
        })
    }

    /// The moment in a year, in seconds since 1970-01-01 of the clock that the rule means.
    fn in_year(self, year: i64) -> i64 {
        let month = i64::from(self.month);
        let from_start = self.day > 0;
        let date = if from_start {
            days_from_civil(year, month, i64::from(self.day))
        } else {
            // The day behind the last one of the month, counted back.
            days_from_civil(year, month + 1, 1).saturating_add(i64::from(self.day))
        };
        // 1970-01-01 was a Thursday, weekday 4.
        let weekday = date.saturating_add(3).rem_euclid(7) + 1;
        let shift = match (self.weekday, from_start) {
            (0, _) => 0,
            (wanted, true) => (i64::from(wanted) - weekday).rem_euclid(7),
            (wanted, false) => -(weekday - i64::from(wanted)).rem_euclid(7),
        };
        date.saturating_add(shift)
            .saturating_mul(SECONDS_PER_DAY)
            .saturating_add(i64::from(self.second))
    }
}

/// Seconds of `[+-]HH[:mm[:ss]]`.
fn signed_clock(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    Some(sign * i32::try_from(clock(digits)?).ok()?)
}

/// Seconds of `HH[:mm[:ss]]`, 0..=86,399.
fn clock(text: &str) -> Option<u32> {
    let mut parts = text.splitn(3, ':');
    let mut next = |most| parts.next().map_or(Some(0), |part| small(part, 0..=most));
    let (hours, minutes, seconds) = (next(23)?, next(59)?, next(59)?);
    Some(u32::from(hours) * 3600 + u32::from(minutes) * 60 + u32::from(seconds))
}

/// A number of one or two digits.
fn small(text: &str, range: std::ops::RangeInclusive<u8>) -> Option<u8> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten()?;
    range.contains(&number).then_some(number)
}
