//! Spans and windows of time: `90s`, `1h30m`, `3600..4200s`.

use std::str::FromStr;
use std::time::Duration;

/// The longest span that may be written: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Units from the longest on, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

const SPAN: &str = "write a span such as 90s, 1h30m or 250ms";

/// A span of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text.trim(), None).map(Self)
    }
}

/// A window of time, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The first moment.
    pub from: Duration,
    /// The last moment.
    pub to: Duration,
}

impl Window {
    /// One moment.
    #[must_use]
    pub const fn exactly(at: Duration) -> Self {
        Self { from: at, to: at }
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((from, to)) = text.split_once("..") else {
            let to = text.parse::<Span>()?.0;
            let from = Duration::ZERO;
            return Ok(Self { from, to });
        };
        let (from, to) = (from.trim(), to.trim());
        let unit = to.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let window = Self {
            from: match from {
                "" => Duration::ZERO,
                from => read(from, Some(unit))?,
            },
            to: read(to, None)?,
        };
        match window.from > window.to {
            true => Err(format!(
                "the window is empty: {} is after {}",
                words(window.from),
                words(window.to)
            )),
            false => Ok(window),
        }
    }
}

/// Reads a span; a number without a unit has `unit`, and 0 needs none.
fn read(text: &str, unit: Option<&str>) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time: {SPAN}");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut millis = 0_u64;
    let mut rest = text;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let end = behind.find(|c: char| c.is_ascii_digit());
        let (written, after) = behind.split_at(end.unwrap_or(behind.len()));
        let written = match (written, unit) {
            ("", Some(unit)) => unit,
            (written, _) => written,
        };
        // Each unit once, the longer one first.
        let (_, length) = units.find(|(name, _)| *name == written).ok_or_else(wrong)?;
        let more = number.checked_mul(*length);
        millis = more
            .and_then(|more| millis.checked_add(more))
            .ok_or_else(wrong)?;
        rest = after;
    }
    let span = Duration::from_millis(millis);
    match text.is_empty() || span > LONGEST {
        true => Err(wrong()),
        false => Ok(span),
    }
}

/// A span in words: `1h30m`, `250ms`, `0s`.
#[must_use]
pub fn words(span: Duration) -> String {
    let mut rest = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, length) in UNITS {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_units_and_windows_share_the_last_one() {
        for (text, millis) in [
            ("0", 0),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("1m5s250ms", 65_250),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0, Duration::from_millis(millis), "{text}");
        }
        for (text, from, to) in [
            ("5s", 0, 5),
            ("..5s", 0, 5),
            ("3600..4200s", 3600, 4200),
            ("1h..1h10m", 3600, 4200),
            ("60 .. 70m", 3600, 4200),
            ("0..2s", 0, 2),
        ] {
            let window: Window = text.parse().unwrap();
            let seconds = (window.from.as_secs(), window.to.as_secs());
            assert_eq!(seconds, (from, to), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in [
            "",
            "5",
            "5x",
            "s",
            "1m1h",
            "1s1s",
            "-1s",
            "99999999999d",
            "1.5s",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in ["5s..1s", "5..", "..", "1s..2s..3s", "5..6"] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans_are_told_in_the_units_that_they_are_written_in() {
        for text in ["0s", "1h30m", "1d", "1m5s250ms"] {
            assert_eq!(words(text.parse::<Span>().unwrap().0), text);
        }
    }
}
