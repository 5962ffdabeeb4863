//! Local time: an offset from UTC and a rule of daylight saving time.

use onhook_device::WallTime;

use crate::DstRule;
use crate::error::{ScheduleError, ScheduleErrorCode as Code};

/// The local time of a phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Zone {
    /// Seconds that standard time is ahead of UTC, -86,399..=86,399.
    standard_s: i32,
    dst: Option<DstRule>,
}

impl Zone {
    /// Local time that is always the same number of seconds ahead of UTC, -86,399..=86,399.
    #[must_use]
    pub const fn fixed(offset_s: i32) -> Self {
        Self {
            standard_s: offset_s,
            dst: None,
        }
    }

    /// Reads `GMT` or `GMT+HH:MM`, the spelling of Time_Zone.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let error = || {
            let expected = "GMT, or GMT with a sign, two digits, `:` and two digits";
            ScheduleError::new(Code::NotATimeZone, 0, expected)
        };
        let offset = text.strip_prefix("GMT").ok_or_else(error)?;
        if offset.is_empty() {
            return Ok(Self::fixed(0));
        }
        let (sign, digits) = match *offset.as_bytes() {
            [b'+', h, i, b':', m, n] => (1, [h, i, m, n]),
            [b'-', h, i, b':', m, n] => (-1, [h, i, m, n]),
            _ => return Err(error()),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(error());
        }
        let [h, i, m, n] = digits.map(|digit| i32::from(digit - b'0'));
        let (hours, minutes) = (h * 10 + i, m * 10 + n);
        if hours > 23 || minutes > 59 {
            return Err(error());
        }
        Ok(Self::fixed(sign * (hours * 3600 + minutes * 60)))
    }

    /// The same standard time, with a rule of daylight saving time.
    #[must_use]
    pub const fn with_dst(self, rule: DstRule) -> Self {
        Self {
            dst: Some(rule),
            ..self
        }
    }

    /// Local time at a moment, in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn local(&self, unix_s: i64) -> WallTime {
        let standard = WallTime {
            unix_s,
            offset_s: self.standard_s,
        };
        let saved = self.dst.map_or(0, |rule| {
            let (year, ..) = standard.civil();
            rule.saved_at(unix_s.saturating_add(i64::from(self.standard_s)), year)
        });
        WallTime {
            unix_s,
            offset_s: self.standard_s.saturating_add(saved),
        }
    }

    /// The moment at which clocks show a local time, given in seconds since their 1970-01-01.
    ///
    /// Of a time that comes twice it is the first. A time that is left out is counted from the change on: where
    /// clocks go from 02:00 to 03:00, 02:30 is the moment they show 03:30.
    #[must_use]
    pub fn moment(&self, local_s: i64) -> i64 {
        let standard = i64::from(self.standard_s);
        let saved = self.dst.map_or(0, |rule| i64::from(rule.save_s()));
        let before = |offset: i64| local_s.saturating_sub(offset);
        let first = before(standard.max(standard.saturating_add(saved)));
        let second = before(standard.min(standard.saturating_add(saved)));
        let shows = |unix_s: i64| {
            let local = self.local(unix_s);
            local.unix_s.saturating_add(i64::from(local.offset_s))
        };
        if shows(first) == local_s {
            first
        } else {
            second
        }
    }
}
