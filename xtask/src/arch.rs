//! `cargo xtask arch`: the dependency rules of the workspace.
//!
//! Layers come from paths: apps use lab, lab uses adapters, adapters use domain, and inside domain
//! only a higher rank uses a lower one. Foreign packages have places, ports have a fake, a contract
//! suite and an adapter, and the code map of ARCHITECTURE.md names every crate.

mod layers;
mod packages;
mod ports;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::report::{Problem, Report};
use crate::workspace::Workspace;

/// Path of the code map.
const CODE_MAP: &str = "ARCHITECTURE.md";

/// Checks the whole architecture.
pub(crate) fn check(workspace: &Workspace) -> Report {
    let mut problems = layers::check(workspace);
    problems.extend(packages::check(workspace));
    problems.extend(code_map(workspace));
    let ports = ports::find(workspace);
    problems.extend(ports::check(workspace, &ports));
    problems.sort();
    Report {
        problems,
        warnings: Vec::new(),
        summary: format!(
            "arch: {} crates, {} ports",
            workspace.packages.len(),
            ports.len()
        ),
    }
}

/// Compares the crates with the table of [`CODE_MAP`]: rows whose first cell is a package name.
fn code_map(workspace: &Workspace) -> Vec<Problem> {
    let Some(text) = workspace.text(CODE_MAP) else {
        return vec![Problem::at(
            CODE_MAP,
            "is missing; it must hold a table with a row `| `package` | … |` for each crate",
        )];
    };
    let mut problems = Vec::new();
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let Some(name) = crate_of_row(line) else {
            continue;
        };
        if workspace.package(name).is_none() {
            let message = format!("`{name}` is no crate of the workspace; remove the row");
            problems.push(Problem::at_line(CODE_MAP, index + 1, message));
        }
        if let Some(first) = rows.insert(name, index + 1) {
            let message = format!("`{name}` has a row already, in line {first}");
            problems.push(Problem::at_line(CODE_MAP, index + 1, message));
        }
    }
    for package in &workspace.packages {
        if !rows.contains_key(package.name.as_str()) {
            let message = format!("the crate table has no row for `{}`", package.name);
            problems.push(Problem::at(CODE_MAP, message));
        }
    }
    problems
}

/// The package in the first cell of a table row, if that cell is nothing else.
fn crate_of_row(line: &str) -> Option<&str> {
    let cell = line.trim().strip_prefix('|')?.split('|').next()?.trim();
    let name = cell.strip_prefix('`')?.strip_suffix('`')?;
    (name == "xtask" || name.starts_with("onhook-")).then_some(name)
}
