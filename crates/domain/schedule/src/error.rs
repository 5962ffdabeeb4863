//! What can be wrong with a schedule value.

use std::fmt;

use thiserror::Error;

/// Says exactly what is wrong with a schedule value; the names never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ScheduleErrorCode {
    /// Digits are missing, or something else stands in their place.
    MissingNumber,
    /// A number is above 4,294,967,295.
    NumberTooLarge,
    /// Something other than `,` or `+` follows a number.
    UnexpectedText,
    /// A time of day is not four digits from 0000 to 2400 with minutes below 60.
    NotATimeOfDay,
    /// A rule of daylight saving time has a part that is missing, doubled or wrong.
    NotADstRule,
    /// A time zone is not spelled `GMT` or `GMT+HH:MM`.
    NotATimeZone,
}

impl ScheduleErrorCode {
    /// The stable name for JSON output and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingNumber => "schedule-missing-number",
            Self::NumberTooLarge => "schedule-number-too-large",
            Self::UnexpectedText => "schedule-unexpected-text",
            Self::NotATimeOfDay => "schedule-not-a-time-of-day",
            Self::NotADstRule => "schedule-not-a-dst-rule",
            Self::NotATimeZone => "schedule-not-a-time-zone",
        }
    }

    const fn problem(self) -> &'static str {
        match self {
            Self::MissingNumber => "a number is missing",
            Self::NumberTooLarge => "a number is too large",
            Self::UnexpectedText => "the text does not belong there",
            Self::NotATimeOfDay => "this is no time of day",
            Self::NotADstRule => "this is no rule of daylight saving time",
            Self::NotATimeZone => "this is no time zone",
        }
    }
}

impl fmt::Display for ScheduleErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A schedule value that is invalid: what, where, and what belongs there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("schedule, byte {offset}: {}; expected {expected}", .code.problem())]
pub struct ScheduleError {
    code: ScheduleErrorCode,
    offset: usize,
    expected: &'static str,
}

impl ScheduleError {
    pub(crate) const fn new(
        code: ScheduleErrorCode,
        offset: usize,
        expected: &'static str,
    ) -> Self {
        Self {
            code,
            offset,
            expected,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn code(&self) -> ScheduleErrorCode {
        self.code
    }

    /// Where it is, in bytes from the start of the value, at most its length.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What should stand there, for people.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}
