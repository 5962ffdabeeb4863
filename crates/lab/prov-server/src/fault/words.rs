//! The words of a fault: `KEY` or `KEY=VALUE`, with commas between them, or the entries of a table.

use serde::Deserialize;

use super::error::FaultError;

/// One word.
pub(super) struct Word<'w> {
    pub(super) key: &'w str,
    /// `None` for a word that stands alone.
    pub(super) value: Option<String>,
    /// Where it begins; `None` in a table.
    pub(super) offset: Option<usize>,
}

/// Takes a text apart at its commas; those between `"` do not count.
pub(super) fn split(text: &str) -> Result<Vec<Word<'_>>, FaultError> {
    let mut words = Vec::new();
    let (mut from, mut quoted) = (0, false);
    let ends = text.char_indices().filter_map(|(at, c)| {
        quoted ^= c == '"';
        (c == ',' && !quoted).then_some(at)
    });
    let ends: Vec<usize> = ends.chain([text.len()]).collect();
    if quoted {
        let at = text.rfind('"');
        return Err(FaultError::new(at, "the quote `\"` is never closed"));
    }
    for end in ends {
        let piece = text.get(from..end).unwrap_or_default();
        let offset = from + piece.len() - piece.trim_start().len();
        words.push(word(piece.trim(), offset)?);
        from = end + 1;
    }
    Ok(words)
}

fn word(text: &str, offset: usize) -> Result<Word<'_>, FaultError> {
    if text.is_empty() {
        return Err(FaultError::new(
            Some(offset),
            "a word is missing: write for example status=503,path=*.xml",
        ));
    }
    let (key, value) = match text.split_once('=') {
        None => (text, None),
        Some((key, value)) => (key.trim_end(), Some(unquoted(value.trim_start()))),
    };
    Ok(Word {
        key,
        value,
        offset: Some(offset),
    })
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    inner.unwrap_or(value).to_owned()
}

/// A value of a table.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "the value of a fault is a text, a number or true"
)]
pub(super) enum Scalar {
    /// `true` stands for a word alone.
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// The word that it stands for.
    pub(super) fn word(self, key: &str) -> Word<'_> {
        let value = match self {
            Self::Flag(true) => None,
            Self::Flag(false) => Some("false".to_owned()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Text(text) => Some(text),
        };
        Word {
            key,
            value,
            offset: None,
        }
    }
}
