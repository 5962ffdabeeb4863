//! The texts of the registry in one long text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, ensure};

use super::source::{Entry, MORE_CHOICES};

/// What stands between two choices of a parameter.
const SEPARATOR: &str = "\n";

/// The longest text, and the longest of all together, that a place can tell.
const LONGEST: usize = (1 << 12) - 1;
const ALL: usize = (1 << 20) - 1;

/// Every text of a pattern that is there, by the field that holds it.
pub(super) fn fields(entry: &Entry) -> Vec<(&'static str, String)> {
    let more = MORE_CHOICES.iter().find(|(name, _)| *name == entry.element);
    let more = more.map_or(&[][..], |(_, more)| more);
    let values = entry.values.iter().map(String::as_str);
    let values: Vec<&str> = values.chain(more.iter().copied()).collect();
    let values = (!values.is_empty()).then(|| values.join(SEPARATOR));
    let texts = [
        ("element", &Some(entry.element.clone())),
        ("values", &values),
        ("default", &entry.default),
        ("default_10_4", &entry.default_10_4),
        ("default_spa", &entry.default_spa),
        ("unit", &entry.unit),
        ("unit_10_4", &entry.unit_10_4),
        ("label", &entry.label),
        ("label_10_4", &entry.label_10_4),
        ("tab", &entry.tab),
        ("section", &entry.section),
    ];
    texts
        .into_iter()
        .filter_map(|(field, text)| Some((field, text.clone()?)))
        .collect()
}

/// All texts, each once.
pub(super) struct Texts {
    /// Those that are part of no other.
    whole: Vec<String>,
    joined: String,
}

impl Texts {
    /// Collects the texts of all entries.
    ///
    /// # Errors
    /// One of them, or all together, are too long, or a choice contains what stands between choices.
    pub(super) fn of(entries: &[Entry]) -> anyhow::Result<Self> {
        let mut texts = BTreeSet::new();
        for entry in entries {
            ensure!(
                !entry.values.iter().any(|value| value.contains(SEPARATOR)),
                "parameter `{}`: a choice has more than one line",
                entry.element
            );
            texts.extend(fields(entry).into_iter().map(|(_, text)| text));
        }
        let mut texts: Vec<String> = texts.into_iter().collect();
        // What may contain others comes before them.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let mut all = Self {
            whole: Vec::new(),
            joined: String::new(),
        };
        for text in texts {
            ensure!(
                text.len() <= LONGEST,
                "`{text}` has more than {LONGEST} bytes"
            );
            if !all.joined.contains(&text) {
                all.joined.push_str(&text);
                all.whole.push(text);
            }
        }
        ensure!(
            all.joined.len() <= ALL,
            "all texts together have more than {ALL} bytes"
        );
        Ok(all)
    }

    /// Where a text stands, as Rust source.
    pub(super) fn place(&self, text: &str) -> anyhow::Result<String> {
        let start = self.joined.find(text);
        let start = start.with_context(|| format!("`{text}` is not among the texts"))?;
        Ok(format!("Text::at({start}, {})", text.len()))
    }

    /// The texts as Rust source, one literal a line.
    pub(super) fn table(&self) -> String {
        let mut out = "/// All texts of the patterns; a text that is part of another stands there only once.\n\
                       pub(crate) static TEXTS: &str = concat!(\n"
            .to_owned();
        for text in &self.whole {
            // A String takes everything.
            let _ = writeln!(out, "    {text:?},");
        }
        out.push_str(");\n\n");
        out
    }
}
