//! What the value of a word may be, and what is said of one that may not.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use super::effect::Chance;
use super::error::FaultError;
use super::words::Word;

/// The longest time that can be written; phones give up long before.
const LONGEST: Duration = Duration::from_hours(1);

pub(super) fn text(word: &Word<'_>) -> Result<String, FaultError> {
    let given = word.value.clone().filter(|value| !value.is_empty());
    given.ok_or_else(|| wrong(word, format!("`{0}` needs a value: write {0}=…", word.key)))
}

pub(super) fn alone(word: &Word<'_>) -> Result<(), FaultError> {
    match &word.value {
        None => Ok(()),
        Some(_) => {
            let hint = "write it alone, in a table as true, or leave it out";
            Err(wrong(
                word,
                format!("`{}` takes no value: {hint}", word.key),
            ))
        }
    }
}

pub(super) fn number<N>(word: &Word<'_>, least: N, most: N) -> Result<N, FaultError>
where
    N: FromStr + PartialOrd + Display,
{
    let digits = word.value.as_deref().filter(|text| !text.starts_with('+'));
    let number = digits.and_then(|text| text.parse().ok());
    number
        .filter(|number| (&least..=&most).contains(&number))
        .ok_or_else(|| value(word, &format!("a number from {least} to {most}")))
}

pub(super) fn chance(word: &Word<'_>) -> Result<Chance, FaultError> {
    let text = text(word)?;
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent
            .trim_end()
            .parse()
            .map(|percent: f64| percent / 100.0),
        None => text.parse(),
    };
    let chance = parsed.ok().and_then(Chance::new);
    chance.ok_or_else(|| value(word, "a probability such as 30% or 0.3"))
}

pub(super) fn duration(word: &Word<'_>) -> Result<Duration, FaultError> {
    let time = word.value.as_deref().and_then(time);
    time.ok_or_else(|| value(word, "a time up to 1h, such as 200ms, 5s or 2m"))
}

/// Reads `200ms`, `5s`, `2m`, `1h`.
pub(super) fn time(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let time = Duration::from_millis(number.checked_mul(milliseconds)?);
    (time <= LONGEST).then_some(time)
}

pub(super) fn wrong(word: &Word<'_>, problem: String) -> FaultError {
    FaultError::new(word.offset, problem)
}

/// The value of a word is not what it takes.
pub(super) fn value(word: &Word<'_>, expected: &str) -> FaultError {
    let key = word.key;
    let problem = match &word.value {
        Some(given) => format!("`{key}={given}`: `{key}` takes {expected}"),
        None => format!("`{key}` takes {expected}"),
    };
    wrong(word, problem)
}

/// The value is not one of those that there are.
pub(super) fn unknown_value(word: &Word<'_>, given: &str, allowed: &[&str]) -> FaultError {
    let key = word.key;
    let hint = suggestion(given, allowed);
    let problem = format!(
        "`{key}={given}`{hint}; `{key}` takes {}",
        allowed.join(", ")
    );
    wrong(word, problem)
}

/// `: did you mean …?`, if one of the words is near.
pub(super) fn suggestion(given: &str, words: &[&str]) -> String {
    let near = words.iter().map(|word| (distance(given, word), word)).min();
    match near {
        Some((edits, word)) if edits <= 1 + word.len() / 4 && given.len() <= 32 => {
            format!(": did you mean `{word}`?")
        }
        Some(_) | None => String::new(),
    }
}

/// The edit distance of two texts.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().take(64).enumerate() {
        let (mut diagonal, mut previous) = (i, i + 1);
        for (cell, right) in row
            .iter_mut()
            .zip(std::iter::once(None).chain(b.bytes().map(Some)))
        {
            let Some(right) = right else {
                *cell = previous;
                continue;
            };
            let replaced = diagonal + usize::from(left != right);
            diagonal = *cell;
            previous = replaced.min(*cell + 1).min(previous + 1);
            *cell = previous;
        }
    }
    row.last().copied().unwrap_or_default()
}
