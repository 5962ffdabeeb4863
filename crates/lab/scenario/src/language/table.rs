//! Reading TOML with places: every mistake names its line and column.

use std::fmt;
use std::str::FromStr;

use onhook_device::suggest;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Source};

/// A value with the key that it stands under.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    source: Source<'a>,
    key: &'a str,
    /// Where the key begins; of an element of a list, where the element does.
    start: usize,
    value: &'a Spanned<DeValue<'a>>,
}

/// A table of which every key is known.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    source: Source<'a>,
    start: usize,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub(crate) const fn root(source: Source<'a>, entries: &'a DeTable<'a>) -> Self {
        Self {
            source,
            start: 0,
            entries,
        }
    }

    /// Refuses keys that are not among `known`.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        for item in self.items() {
            if !known.contains(&item.key) {
                let hint = suggest(item.key, known);
                let why = format!("unknown key `{}`{hint}", item.key);
                return Err(self.source.problem(item.start, why));
            }
        }
        Ok(self)
    }

    /// All entries, in order of key.
    pub(crate) fn items(self) -> impl Iterator<Item = Item<'a>> {
        self.entries.iter().map(move |(key, value)| Item {
            source: self.source,
            key: key.get_ref(),
            start: key.span().start,
            value,
        })
    }

    pub(crate) fn get(self, wanted: &str) -> Option<Item<'a>> {
        self.items().find(|item| item.key == wanted)
    }

    pub(crate) fn need(self, wanted: &str) -> Result<Item<'a>, Problem> {
        let missing = || self.wrong(format!("`{wanted}` is missing"));
        self.get(wanted).ok_or_else(missing)
    }

    /// A problem of the table as a whole.
    pub(crate) fn wrong(self, why: impl fmt::Display) -> Problem {
        self.source.problem(self.start, why)
    }

    /// The line and the column where it begins.
    pub(crate) fn place(self) -> (usize, usize) {
        self.source.place(self.start)
    }
}

impl<'a> Item<'a> {
    pub(crate) const fn key(self) -> &'a str {
        self.key
    }

    /// A problem at the key.
    pub(crate) fn strange(self, why: impl fmt::Display) -> Problem {
        self.source.problem(self.start, why)
    }

    /// A problem at the value.
    pub(crate) fn wrong(self, why: impl fmt::Display) -> Problem {
        let why = format!("`{}`: {why}", self.key);
        self.source.problem(self.value.span().start, why)
    }

    pub(crate) fn text(self) -> Result<&'a str, Problem> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => Err(self.wrong("write a text in quotes")),
        }
    }

    pub(crate) fn parse<T>(self) -> Result<T, Problem>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.text()?.parse().map_err(|why| self.wrong(why))
    }

    pub(crate) fn whole<T: TryFrom<i64>>(self, allowed: &str) -> Result<T, Problem> {
        let number = match self.value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.wrong(format!("write a whole number, {allowed}")))
    }

    pub(crate) fn flag(self) -> Result<bool, Problem> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => Err(self.wrong("write true or false")),
        }
    }

    pub(crate) fn list(self) -> Result<Vec<Self>, Problem> {
        match self.value.get_ref() {
            DeValue::Array(values) => Ok(values
                .iter()
                .map(|value| Self {
                    start: value.span().start,
                    value,
                    ..self
                })
                .collect()),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => Err(self.wrong("write a list in square brackets")),
        }
    }

    pub(crate) fn table(self) -> Result<Table<'a>, Problem> {
        match self.value.get_ref() {
            DeValue::Table(entries) => Ok(Table {
                source: self.source,
                start: self.value.span().start,
                entries,
            }),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => Err(self.wrong("write a table, { key = value }")),
        }
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self.value.get_ref(), DeValue::String(_))
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(self, known: &[(&str, T)]) -> Result<T, Problem> {
        let text = self.text()?;
        let found = known.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.wrong(format!("unknown word `{text}`{}", suggest(text, &words)))
        })
    }

    /// The texts of a list.
    pub(crate) fn texts(self) -> Result<Vec<String>, Problem> {
        let texts = self.list()?.into_iter();
        texts.map(|item| item.text().map(str::to_owned)).collect()
    }

    /// Texts by name.
    pub(crate) fn pairs(self) -> Result<Vec<(Self, String)>, Problem> {
        let items = self.table()?.items();
        items
            .map(|item| Ok((item, item.text()?.to_owned())))
            .collect()
    }
}
