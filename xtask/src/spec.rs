//! `cargo xtask spec`: every rule of the specification against code and tests.
//!
//! Code cites a rule as `//= R-MACRO-7` above the deciding line, a test as `//= R-MACRO-7 type=test`.
//! The list of rules with their states is `docs/spec/requirements.toml`.

mod citations;
mod promote;
mod requirements;
mod scenarios;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::report::{Problem, Report};
use crate::workspace::Workspace;
use citations::{Citation, Role};
use requirements::{Requirement, Requirements, Status};

pub(crate) use promote::promoted;

/// Path of the list of rules.
pub(crate) const LIST: &str = "docs/spec/requirements.toml";

/// Where a rule is cited, counting the rules that say the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Coverage {
    code: Vec<String>,
    test: Vec<String>,
}

/// Checks citations against the list and the list against citations.
pub(crate) fn check(workspace: &Workspace) -> Report {
    let mut report = Report::default();
    let Some(text) = workspace.text(LIST) else {
        report.problems.push(Problem::at(LIST, "is missing"));
        return report;
    };
    let list = requirements::read(text, &mut report);
    let citations = citations::find(workspace, &mut report);
    for citation in &citations {
        let known = list.get(&citation.id).is_some();
        if !known && citation.id.starts_with("R-") {
            let message = format!("{LIST} has no `{}`", citation.id);
            report
                .problems
                .push(Problem::at_line(&citation.path, citation.line, message));
        }
    }
    let coverage = coverage(&list, &citations);
    let empty = Coverage::default();
    for requirement in list.iter() {
        let found = coverage.get(requirement.id.as_str()).unwrap_or(&empty);
        if let Some(message) = contradiction(requirement, found) {
            report
                .problems
                .push(Problem::at_line(LIST, requirement.line, message));
        }
    }
    let scenarios = scenarios::check(workspace, &mut report);
    report.problems.sort();
    report.summary = summary(&list, citations.len());
    if let Some(scenarios) = scenarios {
        report.summary.push_str("; ");
        report.summary.push_str(&scenarios);
    }
    report
}

/// The list with every covered `later` rewritten to `built`, and how many there were.
///
/// # Errors
/// The list is missing or cannot be read.
pub(crate) fn promote(workspace: &Workspace) -> Result<(String, usize)> {
    let Some(text) = workspace.text(LIST) else {
        bail!("{LIST} is missing");
    };
    let mut report = Report::default();
    let list = requirements::read(text, &mut report);
    let citations = citations::find(workspace, &mut report);
    if let Some(problem) = report.problems.first() {
        bail!("{problem}");
    }
    let coverage = coverage(&list, &citations);
    let covered = |id: &str| {
        coverage
            .get(id)
            .is_some_and(|found| !found.code.is_empty() && !found.test.is_empty())
    };
    Ok(promoted(text, covered))
}

fn coverage<'a>(list: &'a Requirements, citations: &[Citation]) -> BTreeMap<&'a str, Coverage> {
    let mut coverage: BTreeMap<&str, Coverage> = BTreeMap::new();
    for citation in citations {
        let place = format!("{}:{}", citation.path, citation.line);
        for requirement in list.same(&citation.id) {
            let found = coverage.entry(&requirement.id).or_default();
            match citation.role {
                Role::Code => found.code.push(place.clone()),
                Role::Test => found.test.push(place.clone()),
            }
        }
    }
    coverage
}

/// What is wrong between the state of a rule and its citations.
fn contradiction(requirement: &Requirement, found: &Coverage) -> Option<String> {
    let id = &requirement.id;
    let state = requirement.status.word();
    match requirement.status {
        Status::Built | Status::Partial => {
            if found.code.is_empty() {
                return Some(format!("`{id}` is {state}, but no code cites it"));
            }
            found
                .test
                .is_empty()
                .then(|| format!("`{id}` is {state}, but no test cites it"))
        }
        Status::Later => match (found.code.first(), found.test.first()) {
            (None, _) => None, // a test alone may show what follows from other rules
            (Some(code), Some(_)) => Some(format!(
                "`{id}` is later, but {code} and a test cite it; run `cargo xtask spec --promote` \
                 or write `partial` with what is missing"
            )),
            (Some(code), None) => Some(format!(
                "`{id}` is later and {code} cites it; it needs a test that cites it too"
            )),
        },
    }
}

/// Counts by state, then the areas of what comes later.
fn summary(list: &Requirements, citations: usize) -> String {
    let count = |status: Status| list.iter().filter(|r| r.status == status).count();
    let mut areas: BTreeMap<&str, usize> = BTreeMap::new();
    for requirement in list.iter().filter(|r| r.status == Status::Later) {
        let reason = requirement.reason.as_deref().unwrap_or_default();
        let area = reason.split(':').next().unwrap_or_default();
        *areas.entry(area).or_default() += 1;
    }
    let areas: Vec<String> = areas
        .iter()
        .map(|(area, n)| format!("{area} {n}"))
        .collect();
    format!(
        "spec: {} rules: {} built, {} partial, {} later ({}); {citations} citations",
        list.len(),
        count(Status::Built),
        count(Status::Partial),
        count(Status::Later),
        areas.join(", ")
    )
}
