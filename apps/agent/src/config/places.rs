//! Where in a file a key stands, and what an unknown one may have meant.

use std::path::Path;

use anyhow::{Context, bail};
use config::{File, FileFormat, Value, ValueKind};

use super::raw::KEYS;

/// Refuses unknown keys of a file with the line where they stand.
pub(super) fn check_keys(text: &str, path: &Path) -> anyhow::Result<()> {
    let file = config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .with_context(|| format!("configuration {} cannot be read", path.display()))?;
    let tables = file.cache.into_table().unwrap_or_default();
    let mut sections: Vec<_> = tables.into_iter().collect();
    sections.sort_by_key(|(section, _)| line_of(text, section, None));
    for (section, value) in &sections {
        check_section(
            section,
            value,
            &|section, key| match line_of(text, section, key) {
                Some(line) => format!("{}:{line}", path.display()),
                None => path.display().to_string(),
            },
        )?;
    }
    Ok(())
}

pub(super) fn check_section(
    section: &str,
    value: &Value,
    place: &dyn Fn(&str, Option<&str>) -> String,
) -> anyhow::Result<()> {
    let Some((_, keys)) = KEYS.iter().find(|(name, _)| *name == section) else {
        let known = KEYS.map(|(name, _)| name);
        let hint = suggest(section, &known);
        bail!(
            "{}: unknown section `{section}`{hint}",
            place(section, None)
        );
    };
    let ValueKind::Table(table) = &value.kind else {
        bail!(
            "{}: `{section}` is a section: write [{section}]",
            place(section, None)
        );
    };
    let mut given: Vec<_> = table.keys().collect();
    given.sort();
    for key in given {
        if !keys.contains(&key.as_str()) {
            let hint = suggest(key, keys);
            bail!(
                "{}: unknown key `{section}.{key}`{hint}",
                place(section, Some(key))
            );
        }
    }
    if matches!(section, "web" | "sip") {
        tracing::warn!("this program has no {section} listener yet: [{section}] has no effect");
    }
    Ok(())
}

/// Names the nearest known word, or all of them.
fn suggest(word: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min();
    match nearest {
        Some((edits, candidate)) if edits <= 1 + word.len() / 3 => {
            format!(": did you mean `{candidate}`?")
        }
        Some(_) | None => format!(": known are {}", known.join(", ")),
    }
}

/// The number of single-character edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let edit = if x == y { corner } else { corner + 1 };
            corner = *cell;
            left = edit.min(left + 1).min(corner + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The line, from 1, of a section or of a key in it.
pub(super) fn line_of(text: &str, section: &str, key: Option<&str>) -> Option<usize> {
    let mut current = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            current = name.trim();
            if current == section && key.is_none() {
                return Some(number + 1);
            }
        } else if let Some((left, _)) = line.split_once('=') {
            let left = left.trim().trim_matches('"');
            let dotted = key.map(|key| format!("{section}.{key}"));
            let here = current == section && key == Some(left);
            if here || dotted.as_deref() == Some(left) || (key.is_none() && left == section) {
                return Some(number + 1);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_told_with_its_line_and_the_nearest_key() {
        let text = "[device]\nmac = \"000e08012345\"\n\n[syslog]\nsevrer = \"x\"\n";
        let error = check_keys(text, Path::new("a.toml")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:5: unknown key `syslog.sevrer`: did you mean `server`?"
        );
        let error = check_keys("[devise]\n", Path::new("a.toml")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:1: unknown section `devise`: did you mean `device`?"
        );
    }

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("sevrer", "server", 2),
            ("mac", "macs", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
