//! What has to hold of a run for it to be good enough.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::Report;

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

#[derive(Clone, Copy, PartialEq, Debug)]
enum What {
    /// Latency that so many of a hundred resyncs do not exceed.
    Latency(f64),
    /// How late resyncs began, by the same measure.
    Late(f64),
    Mean,
    Failures,
    Unfinished,
    Rate,
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
    "`{text}` is no threshold: {why}; write for example 'p99<500ms', 'failures<1%', 'unfinished<=0' or 'rate>100'"
)]
pub struct ThresholdError {
    text: String,
    why: String,
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
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
        let what = what(name.trim()).map_err(&wrong)?;
        let (limit, unit) = limit(what, value.unwrap_or_default().trim()).map_err(&wrong)?;
        Ok(Self {
            what,
            than,
            limit,
            unit,
            text: text.to_owned(),
        })
    }
}

fn what(name: &str) -> Result<What, String> {
    let percent = |digits: &str| {
        let percent: f64 = digits.parse().ok()?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        (plain && (0.0..=100.0).contains(&percent)).then_some(percent)
    };
    match name {
        "mean" => Ok(What::Mean),
        "max" => Ok(What::Latency(100.0)),
        "failures" => Ok(What::Failures),
        "unfinished" => Ok(What::Unfinished),
        "rate" => Ok(What::Rate),
        _ => {
            let latency = name.strip_prefix('p').and_then(percent).map(What::Latency);
            let late = || Some(What::Late(percent(name.strip_prefix("late-p")?)?));
            latency.or_else(late).ok_or_else(|| {
                format!(
                    "`{name}` is none of pN, max, mean, late-pN (N from 0 to 100), failures, unfinished and rate"
                )
            })
        }
    }
}

fn limit(what: What, value: &str) -> Result<(f64, Unit), String> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let (number, unit) = (digits.trim_end(), value.get(digits.len()..).unwrap_or(""));
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let parsed: Option<f64> = number.parse().ok().filter(|_| plain);
    let number = parsed.ok_or_else(|| format!("`{value}` does not begin with a number"))?;
    match (what, unit) {
        (What::Latency(_) | What::Late(_) | What::Mean, "us") => Ok((number, Unit::Time)),
        (What::Latency(_) | What::Late(_) | What::Mean, "ms") => Ok((number * 1e3, Unit::Time)),
        (What::Latency(_) | What::Late(_) | What::Mean, "s") => Ok((number * 1e6, Unit::Time)),
        (What::Latency(_) | What::Late(_) | What::Mean, _) => Err(format!(
            "`{value}` is no time: write us, ms or s behind the number"
        )),
        (What::Failures | What::Unfinished, "%") => Ok((number / 100.0, Unit::Part)),
        (What::Failures | What::Unfinished | What::Rate, "") => Ok((number, Unit::Number)),
        (What::Failures | What::Unfinished, _) => Err(format!(
            "`{value}` is neither a number nor one of a hundred (%)"
        )),
        (What::Rate, _) => Err(format!("`{value}` is no number of resyncs a second")),
    }
}

impl Threshold {
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

    /// What a run comes to, in the unit of the limit.
    fn measure(&self, report: &Report) -> f64 {
        let part = |number: u64, all: u64| match self.unit {
            Unit::Part => number as f64 / all.max(1) as f64,
            Unit::Number | Unit::Time => number as f64,
        };
        match self.what {
            What::Latency(percent) => report.latency.percentile(percent) as f64,
            What::Late(percent) => report.lateness.percentile(percent) as f64,
            What::Mean => report.latency.mean_us as f64,
            What::Failures => part(report.failures(), report.resyncs()),
            What::Unfinished => {
                let unfinished = report.totals.unfinished;
                part(unfinished, report.resyncs() + unfinished)
            }
            What::Rate => report.rate(),
        }
    }

    /// Whether it holds, and what was found.
    #[must_use]
    pub fn judge(&self, report: &Report) -> (bool, String) {
        let found = self.measure(report);
        // Without a single resync no time and no part can be good.
        let nothing = report.resyncs() == 0 && !matches!(self.what, What::Unfinished | What::Rate);
        let holds = !nothing
            && match self.than {
                Than::Less => found < self.limit,
                Than::LessOrEqual => found <= self.limit,
                Than::More => found > self.limit,
                Than::MoreOrEqual => found >= self.limit,
            };
        let shown = match (self.unit, self.what) {
            _ if nothing => "no resync ended".to_owned(),
            (Unit::Time, _) => crate::text::span(found as u64),
            (Unit::Part, _) => format!("{:.2} %", found * 100.0),
            (Unit::Number, What::Rate) => format!("{found:.1} a second"),
            (Unit::Number, _) => format!("{found}"),
        };
        (holds, shown)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
