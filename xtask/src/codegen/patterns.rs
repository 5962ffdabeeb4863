//! The patterns, one for each entry, and what many of them have in common.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::bail;

use super::source::{Entry, Indices, access, kind, known_in};
use super::table;
use super::texts::{Texts, fields};

/// The bytes of a placeholder such as `{n}`.
const PLACEHOLDER: usize = 3;

/// What the tables of patterns hold, as Rust source.
pub(super) struct Patterns<'a> {
    texts: &'a Texts,
    rows: Vec<String>,
    limits: Shared,
    factories: Shared,
    fields: Shared,
}

/// Values of one type, each once.
struct Shared {
    kind: &'static str,
    /// The fields that hold a text.
    texts: &'static [&'static str],
    rows: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Shared {
    fn new(kind: &'static str, texts: &'static [&'static str]) -> Self {
        // Number 0 is none, as in the blank pattern.
        let none = format!("{kind}::NONE");
        Self {
            kind,
            texts,
            rows: vec![none.clone()],
            numbers: HashMap::from([(none, 0)]),
        }
    }

    /// The number of the value with these fields.
    fn number(&mut self, fields: &[String]) -> usize {
        let kind = self.kind;
        let mut value = fields.join(", ");
        if value.is_empty() {
            value = format!("{kind}::NONE");
        } else {
            value = format!("{kind} {{ {value}, ..{kind}::NONE }}");
        }
        *self.numbers.entry(value).or_insert_with_key(|value| {
            self.rows.push(value.clone());
            self.rows.len() - 1
        })
    }
}

impl<'a> Patterns<'a> {
    pub(super) fn new(texts: &'a Texts) -> Self {
        Self {
            texts,
            rows: Vec::new(),
            limits: Shared::new("Limits", &["values", "unit", "unit_10_4"]),
            factories: Shared::new("Factory", &["default", "default_10_4", "default_spa"]),
            fields: Shared::new("Field", &["tab", "section", "label", "label_10_4"]),
        }
    }

    /// Adds the pattern of an entry; `base` is the id of its first parameter.
    ///
    /// # Errors
    /// The entry uses a word that the tables cannot express; the message names it.
    pub(super) fn push(
        &mut self,
        entry: &Entry,
        base: u16,
        indices: &Indices,
    ) -> anyhow::Result<()> {
        let texts = fields(entry);
        let place = |wanted: &[&str]| -> anyhow::Result<Vec<String>> {
            let texts = texts.iter().filter(|(field, _)| wanted.contains(field));
            texts
                .map(|(field, text)| Ok(format!("{field}: {}", self.texts.place(text)?)))
                .collect()
        };
        let element = place(&["element"])?.join("");
        let mut limits = place(self.limits.texts)?;
        limits.extend(numbers(entry));
        let factory = place(self.factories.texts)?;
        let field = place(self.fields.texts)?;
        let mut out = format!(
            "// {}\n    Pattern {{ {element}, base: {base}, limits: {}, factory: {}, field: {}, ",
            entry.element,
            self.limits.number(&limits),
            self.factories.number(&factory),
            self.fields.number(&field)
        );
        push_traits(entry, &mut out)?;
        if let Some(head) = entry.element.find('{') {
            let Indices { units, first, last } = indices;
            let end = entry.element.rfind('{').unwrap_or(head);
            let middle = end.saturating_sub(head + PLACEHOLDER);
            write!(
                out,
                ", units: {units}, first: {first}, last: {last}, head: {head}, middle: {middle}"
            )?;
        }
        out.push_str(", ..Pattern::BLANK }");
        self.rows.push(out);
        Ok(())
    }

    /// The tables as Rust source.
    pub(super) fn tables(&self) -> String {
        [
            (
                "What is known of each element.",
                "PATTERNS: [Pattern",
                &self.rows,
            ),
            (
                "The limits of patterns.",
                "LIMITS: [Limits",
                &self.limits.rows,
            ),
            (
                "The factory values of patterns.",
                "FACTORIES: [Factory",
                &self.factories.rows,
            ),
            (
                "The fields of patterns.",
                "FIELDS: [Field",
                &self.fields.rows,
            ),
        ]
        .map(|(doc, declared, rows)| table(doc, declared, rows, 1))
        .concat()
    }
}

/// The published numbers that bound a value.
fn numbers(entry: &Entry) -> impl Iterator<Item = String> {
    [
        ("min", entry.min),
        ("max", entry.max),
        ("min_len", entry.min_len.map(u32::from)),
        ("max_len", entry.max_len.map(u32::from)),
    ]
    .into_iter()
    .filter_map(|(field, number)| Some(format!("{field}: Some({})", number?)))
}

/// Writes the type, who may see the parameter, what a change of it means, and who knows it.
fn push_traits(entry: &Entry, out: &mut String) -> anyhow::Result<()> {
    let enforced = match entry.kind_basis.as_str() {
        "doc" | "options" => true,
        "inferred" => false,
        other => bail!("kind_basis `{other}` is unknown"),
    };
    write!(
        out,
        "kind: Kind::{}, enforced: {enforced}",
        kind(&entry.kind)?
    )?;
    if let Some(word) = &entry.user_access {
        write!(out, ", user_access: Some({})", access(word)?)?;
    }
    for (field, value, usual) in [
        ("secret", entry.secret, false),
        ("may_hold_secret", entry.may_hold_secret, false),
        ("in_report", entry.in_report.unwrap_or(true), true),
        ("web_visible", entry.web_visible.unwrap_or(true), true),
        ("reboot", entry.reboot, false),
        ("macro_expanded", entry.macro_expanded, false),
    ] {
        if value != usual {
            write!(out, ", {field}: {value}")?;
        }
    }
    write!(out, ", known_in: {}", known_in(entry)?)?;
    Ok(())
}
