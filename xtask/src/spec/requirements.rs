//! Reads the list of rules.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::LIST;
use crate::report::{Problem, Report};

/// How far a rule is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Code and a test cite it.
    Built,
    /// Code and a test cite it, and something is missing.
    Partial,
    /// No code cites it yet.
    Later,
}

impl Status {
    /// The word in the list.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Partial => "partial",
            Self::Later => "later",
        }
    }
}

/// One rule of the specification.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement {
    /// `R-AREA-n`.
    pub(super) id: String,
    /// Document and section of the rule.
    section: String,
    /// The rule in one line.
    text: String,
    /// How far it is.
    pub(super) status: Status,
    /// Why it comes later: the area, optionally followed by `: text`.
    pub(super) reason: Option<String>,
    /// What a partial one lacks.
    missing: Option<String>,
    /// Other ids of the same rule.
    #[serde(default)]
    same_as: Vec<String>,
    /// Line of the id in the list, from 1.
    #[serde(skip)]
    pub(super) line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    requirement: Vec<Requirement>,
}

/// The rules in order of the list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Requirements {
    rules: Vec<Requirement>,
    by_id: BTreeMap<String, usize>,
}

impl Requirements {
    /// The rule of that id.
    pub(super) fn get(&self, id: &str) -> Option<&Requirement> {
        self.rules.get(*self.by_id.get(id)?)
    }

    /// All rules.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.rules.iter()
    }

    /// How many rules there are.
    pub(super) const fn len(&self) -> usize {
        self.rules.len()
    }

    /// The rule of that id and those that say the same, by either's word.
    pub(super) fn same(&self, id: &str) -> Vec<&Requirement> {
        let named = self.get(id).map_or(&[][..], |rule| &rule.same_as);
        self.rules
            .iter()
            .filter(|rule| {
                rule.id == id || named.contains(&rule.id) || rule.same_as.iter().any(|o| o == id)
            })
            .collect()
    }

    fn new(rules: Vec<Requirement>, report: &mut Report) -> Self {
        let mut by_id = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            if by_id.insert(rule.id.clone(), at).is_some() {
                let message = format!("`{}` stands twice", rule.id);
                report
                    .problems
                    .push(Problem::at_line(LIST, rule.line, message));
            }
        }
        for rule in &rules {
            for other in rule.same_as.iter().filter(|o| !by_id.contains_key(*o)) {
                let message = format!("`{}` is the same as `{other}`, which is no id", rule.id);
                report
                    .problems
                    .push(Problem::at_line(LIST, rule.line, message));
            }
        }
        Self { rules, by_id }
    }
}

/// Reads the list; what is wrong in it goes into the report.
pub(super) fn read(text: &str, report: &mut Report) -> Requirements {
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map_or(1, |span| {
                1 + text
                    .bytes()
                    .take(span.start)
                    .filter(|b| *b == b'\n')
                    .count()
            });
            let message = error.message().to_owned();
            report.problems.push(Problem::at_line(LIST, line, message));
            return Requirements::default();
        }
    };
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("id = "))
        .map(|(index, _)| index + 1);
    let mut rules = file.requirement;
    for (rule, line) in rules.iter_mut().zip(lines) {
        rule.line = line;
    }
    for rule in &rules {
        if let Some(message) = flaw(rule) {
            report
                .problems
                .push(Problem::at_line(LIST, rule.line, message));
        }
    }
    Requirements::new(rules, report)
}

/// What an entry lacks or has too much.
fn flaw(rule: &Requirement) -> Option<String> {
    let id = &rule.id;
    let given = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    if !id.starts_with("R-") {
        return Some(format!("`{id}` is no rule id"));
    }
    if rule.section.is_empty() || rule.text.is_empty() {
        return Some(format!("`{id}` needs a section and a text"));
    }
    let partial = rule.status == Status::Partial;
    if given(&rule.missing) != partial {
        return Some(format!(
            "`{id}`: `missing` belongs to `partial`, and `partial` needs it"
        ));
    }
    let later = rule.status == Status::Later;
    if given(&rule.reason) != later {
        return Some(format!(
            "`{id}`: `reason` belongs to `later`, and `later` needs it"
        ));
    }
    None
}
