//! What has to hold of a run for it to be good enough.

use std::fmt;

use thiserror::Error;

/// A condition such as `p99<500ms`, `failures<1%` or `rate>=100`.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    what: What,
    than: Than,
    /// Microseconds, a number, a part of one, or a number a second.
    limit: f64,
    unit: Unit,
    text: String,
}

/// What a threshold looks at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum What {
    /// `p99`, `max`: the latency that so many of a hundred do not exceed.
    Latency(f64),
    /// `late-p99`: how late resyncs began, by the same measure.
    Late(f64),
    /// `sync-p99`, `sync-max`: after what time so many of a hundred phones had been in sync.
    InSync(f64),
    /// `mean` of the latency.
    Mean,
    /// `failures`: resyncs that failed.
    Failures,
    /// `unfinished`: resyncs that had not ended.
    Unfinished,
    /// `rate`: resyncs a second.
    Rate,
}

/// What a report comes to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Found {
    /// Microseconds.
    Span(u64),
    /// So many of so many.
    Of(u64, u64),
    /// A number a second.
    Rate(f64),
}

/// A report that thresholds can be judged by.
pub trait Measured {
    /// The words it knows, for people.
    const WORDS: &'static str;

    /// Whether reports of this kind know it.
    fn tells(what: What) -> bool;

    /// What this one comes to.
    ///
    /// # Errors
    /// There is nothing that could be good; the words say why.
    fn found(&self, what: What) -> Result<Found, String>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Than {
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    Time,
    Number,
    Part,
}

/// A text that is no threshold.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "`{text}` is no threshold: {why}; write for example 'p99<500ms', 'failures<1%' or 'unfinished<=0'"
)]
pub struct ThresholdError {
    text: String,
    why: String,
}

fn what<R: Measured>(name: &str) -> Result<What, String> {
    let percent = |digits: &str| {
        let percent: f64 = digits.parse().ok()?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        (plain && (0.0..=100.0).contains(&percent)).then_some(percent)
    };
    let behind = |prefix: &str| percent(name.strip_prefix(prefix)?);
    let what = match name {
        "mean" => Some(What::Mean),
        "max" => Some(What::Latency(100.0)),
        "sync-max" => Some(What::InSync(100.0)),
        "failures" => Some(What::Failures),
        "unfinished" => Some(What::Unfinished),
        "rate" => Some(What::Rate),
        _ => None
            .or_else(|| behind("p").map(What::Latency))
            .or_else(|| behind("late-p").map(What::Late))
            .or_else(|| behind("sync-p").map(What::InSync)),
    };
    what.filter(|what| R::tells(*what))
        .ok_or_else(|| format!("`{name}` is none of {}", R::WORDS))
}

fn limit(what: What, value: &str) -> Result<(f64, Unit), String> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let (number, unit) = (digits.trim_end(), value.get(digits.len()..).unwrap_or(""));
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let parsed: Option<f64> = number.parse().ok().filter(|_| plain);
    let number = parsed.ok_or_else(|| format!("`{value}` does not begin with a number"))?;
    match what {
        What::Latency(_) | What::Late(_) | What::InSync(_) | What::Mean => {
            let us = match unit {
                "us" => 1.0,
                "ms" => 1e3,
                "s" => 1e6,
                "m" => 60e6,
                "h" => 3600e6,
                _ => {
                    return Err(format!(
                        "`{value}` is no time: write us, ms, s, m or h behind the number"
                    ));
                }
            };
            Ok((number * us, Unit::Time))
        }
        What::Failures | What::Unfinished => match unit {
            "%" => Ok((number / 100.0, Unit::Part)),
            "" => Ok((number, Unit::Number)),
            _ => Err(format!(
                "`{value}` is neither a number nor one of a hundred (%)"
            )),
        },
        What::Rate if unit.is_empty() => Ok((number, Unit::Number)),
        What::Rate => Err(format!("`{value}` is no number of resyncs a second")),
    }
}

impl Threshold {
    /// Reads a condition for reports of one kind.
    ///
    /// # Errors
    /// The text is none, or looks at something that these reports do not tell; the message says what would do.
    pub fn read<R: Measured>(text: &str) -> Result<Self, ThresholdError> {
        let wrong = |why: String| ThresholdError {
            text: text.to_owned(),
            why,
        };
        let at = text.find(['<', '>']).ok_or_else(|| {
            wrong("it has neither < nor >, which say what has to hold".to_owned())
        })?;
        let (name, rest) = text.split_at(at);
        let (than, value) = match rest.as_bytes() {
            [b'<', b'=', ..] => (Than::LessOrEqual, rest.get(2..)),
            [b'<', ..] => (Than::Less, rest.get(1..)),
            [b'>', b'=', ..] => (Than::MoreOrEqual, rest.get(2..)),
            _ => (Than::More, rest.get(1..)),
        };
        let what = what::<R>(name.trim()).map_err(&wrong)?;
        let (limit, unit) = limit(what, value.unwrap_or_default().trim()).map_err(&wrong)?;
        Ok(Self {
            what,
            than,
            limit,
            unit,
            text: text.to_owned(),
        })
    }

    /// Nothing may fail: what holds where nothing else was said.
    #[must_use]
    pub fn no_failures() -> Self {
        Self {
            what: What::Failures,
            than: Than::LessOrEqual,
            limit: 0.0,
            unit: Unit::Number,
            text: "failures<=0".to_owned(),
        }
    }

    /// Whether it holds, and what was found.
    #[must_use]
    pub fn judge<R: Measured>(&self, report: &R) -> (bool, String) {
        let found = match report.found(self.what) {
            Ok(found) => found,
            Err(why) => return (false, why),
        };
        let (number, shown) = match (found, self.unit) {
            (Found::Span(us), _) => (us as f64, span(us)),
            (Found::Rate(rate), _) => (rate, format!("{rate:.1} a second")),
            (Found::Of(number, all), Unit::Part) => {
                let part = number as f64 / all.max(1) as f64;
                (part, format!("{:.2} %", part * 100.0))
            }
            (Found::Of(number, _), Unit::Number | Unit::Time) => {
                (number as f64, number.to_string())
            }
        };
        let holds = match self.than {
            Than::Less => number < self.limit,
            Than::LessOrEqual => number <= self.limit,
            Than::More => number > self.limit,
            Than::MoreOrEqual => number >= self.limit,
        };
        (holds, shown)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Microseconds in a unit that suits them.
#[must_use]
pub fn span(us: u64) -> String {
    match us {
        0..1000 => format!("{us} us"),
        1000..10_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000_000..7_200_000_000 => format!("{:.1} s", us as f64 / 1e6),
        _ => format!("{:.1} h", us as f64 / 3.6e9),
    }
}
