//! What a file, the environment and flags give, and where each value stands.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use config::{Environment, File, FileFormat, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Shape, check};
use crate::cli::Place;

/// What a variable of the environment begins with that holds a key, and what stands between the names.
const PREFIX: &str = "ONHOOK";
const SEPARATOR: &str = "__";

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// A line of a file, from 1.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The values that somebody gave, each under its name: `device.mac`, `options.static.66`.
#[derive(Default)]
pub(crate) struct Given {
    texts: BTreeMap<String, String>,
    sources: BTreeMap<String, Source>,
}

impl Given {
    /// Reads the file and the environment; the environment wins.
    ///
    /// # Errors
    /// The file cannot be read or is no TOML, or a key is unknown or holds something else than it should. The message
    /// never quotes a value.
    pub(super) fn collect(place: &Place) -> anyhow::Result<Self> {
        let mut given = Self::default();
        let mut builder = config::Config::builder();
        if let Some(path) = &place.config {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("configuration {} cannot be read", path.display()))?;
            given.note_file(&text, path)?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        given.note_environment()?;
        let environment = Environment::with_prefix(PREFIX).separator(SEPARATOR);
        let merged = builder
            .add_source(environment.prefix_separator(SEPARATOR))
            .build()
            .context("the configuration cannot be used")?;
        given.flatten(String::new(), merged.cache);
        Ok(given)
    }

    /// Lets a flag win over everything else.
    pub(super) fn set(&mut self, key: &str, value: String, flag: &'static str) {
        self.texts.insert(key.to_owned(), value);
        self.sources.insert(key.to_owned(), Source::Flag(flag));
    }

    /// A value.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// A value that nobody shall find here any more.
    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        self.texts.remove(key)
    }

    /// A value of some type.
    ///
    /// # Errors
    /// It has another form.
    pub(super) fn parse<T>(&self, key: &str) -> anyhow::Result<Option<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let parse = |text: &str| text.parse().map_err(|error| self.wrong(key, error));
        self.text(key).map(parse).transpose()
    }

    /// The values of a section or table, by the rest of their names.
    pub(super) fn under(&self, table: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().filter_map(move |(name, text)| {
            let rest = name.strip_prefix(table)?.strip_prefix('.')?;
            Some((rest, text.as_str()))
        })
    }

    /// Where a value comes from, or the first one of a table, if somebody gave one.
    pub(super) fn source(&self, key: &str) -> Option<&Source> {
        let within = |name: &str| {
            let rest = name.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut sources = self.sources.iter();
        sources
            .find(|(name, _)| within(name))
            .map(|(_, source)| source)
    }

    /// An error about a value, with its place.
    pub(crate) fn wrong(&self, key: &str, why: impl fmt::Display) -> anyhow::Error {
        match self.source(key) {
            None => anyhow!("{key}: {why}"),
            Some(source) => anyhow!("{source}: {key}: {why}"),
        }
    }

    /// Notes where each key of a file stands, and refuses what may not stand there.
    fn note_file(&mut self, text: &str, path: &Path) -> anyhow::Result<()> {
        let at = |offset: usize| {
            let before = text.get(..offset).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.lines().last().filter(|_| !before.ends_with('\n'));
            (line, column.map_or(0, |line| line.chars().count()) + 1)
        };
        let table = DeTable::parse(text).map_err(|error| {
            let (line, column) = at(error.span().map_or(0, |span| span.start));
            // The message alone: its printed form shows the line, and a password may stand there.
            let why = error.message();
            anyhow!("{}:{line}:{column}: not TOML: {why}", path.display())
        })?;
        let mut places = Vec::new();
        walk(table.get_ref(), &mut Vec::new(), &mut places);
        places.sort_by_key(|(offset, ..)| *offset);
        for (offset, names, shape) in places {
            let (line, _) = at(offset);
            if let Err(why) = check(&names, shape) {
                bail!("{}:{line}: {why}", path.display());
            }
            let source = Source::File(path.to_owned(), line);
            self.sources.insert(names.join("."), source);
        }
        Ok(())
    }

    /// Notes which keys the environment holds, and refuses unknown ones.
    fn note_environment(&mut self) -> anyhow::Result<()> {
        let mut variables: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
        variables.sort_unstable();
        for name in variables.iter().filter_map(|name| name.to_str()) {
            let lower = name.to_lowercase();
            let mut names = lower.split(SEPARATOR);
            if names.next() != Some(&PREFIX.to_lowercase()) {
                continue;
            }
            let names: Vec<_> = names.collect();
            if let Err(why) = check(&names, Shape::Scalar) {
                bail!("{name} in the environment: {why}");
            }
            if std::env::var_os(name)
                .as_deref()
                .and_then(OsStr::to_str)
                .is_none()
            {
                bail!("{name} in the environment is not UTF-8: write its value in UTF-8");
            }
            let source = Source::Environment(name.to_owned());
            self.sources.insert(names.join("."), source);
        }
        Ok(())
    }

    fn flatten(&mut self, name: String, value: Value) {
        let ValueKind::Table(table) = value.kind else {
            // Other shapes have been refused where they stand.
            if let Ok(text) = value.into_string() {
                self.texts.insert(name, text);
            }
            return;
        };
        #[expect(
            clippy::iter_over_hash_type,
            reason = "the texts are sorted where they are kept"
        )]
        for (key, value) in table {
            let dot = if name.is_empty() { "" } else { "." };
            self.flatten(format!("{name}{dot}{key}"), value);
        }
    }
}

/// Collects every key with its offset, the names on the way to it and what it holds.
fn walk<'t>(
    table: &'t DeTable<'_>,
    names: &mut Vec<&'t str>,
    places: &mut Vec<(usize, Vec<&'t str>, Shape)>,
) {
    for (key, value) in table {
        names.push(key.get_ref());
        places.push((key.span().start, names.clone(), shape(value)));
        if let DeValue::Table(inner) = value.get_ref() {
            walk(inner, names, places);
        }
        names.pop();
    }
}

fn shape(value: &Spanned<DeValue<'_>>) -> Shape {
    match value.get_ref() {
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Float(_) => Shape::Scalar,
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(_) => Shape::Scalar,
            Err(_) => Shape::Other,
        },
        DeValue::Table(_) => Shape::Table,
        DeValue::Datetime(_) | DeValue::Array(_) => Shape::Other,
    }
}
