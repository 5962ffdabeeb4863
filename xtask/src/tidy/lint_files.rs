//! `clippy.toml`: one in the root and one in each layer.
//!
//! Clippy reads the nearest file only and merges nothing, so each file repeats what holds above it.

use toml::{Table, Value};

use crate::report::{Problem, Report};
use crate::workspace::Workspace;

/// Folders that need a file of their own.
const LAYERS: [&str; 7] = [
    "crates/domain",
    "crates/adapters",
    "crates/lab",
    "crates/testkit",
    "apps",
    "xtask",
    "tests",
];
const FILE: &str = "clippy.toml";

/// Checks that the files exist, give reasons and repeat what stands above them.
pub(super) fn check(workspace: &Workspace, report: &mut Report) {
    for layer in LAYERS {
        let path = format!("{layer}/{FILE}");
        if workspace.text(&path).is_none() {
            let message = "is missing; clippy would use the root's rules for this layer";
            report.problems.push(Problem::at(&path, message));
        }
    }
    if workspace.text(FILE).is_none() {
        report.problems.push(Problem::at(FILE, "is missing"));
    }
    for (path, text) in &workspace.sources {
        if path != FILE && !path.ends_with("/clippy.toml") {
            continue;
        }
        match text.parse::<Table>() {
            Ok(table) => {
                reasons(path, &table, report);
                repeats(workspace, path, &table, report);
            }
            Err(error) => {
                let message = format!("is no valid TOML: {}", error.message());
                report.problems.push(Problem::at(path, message));
            }
        }
    }
}

fn reasons(path: &str, table: &Table, report: &mut Report) {
    for (key, value) in table
        .iter()
        .filter(|(key, _)| key.starts_with("disallowed-"))
    {
        for entry in value.as_array().into_iter().flatten() {
            let reason = entry.get("reason").and_then(Value::as_str);
            if reason.is_none_or(str::is_empty) {
                let message = format!("an entry of `{key}` has no reason: {entry}");
                report.problems.push(Problem::at(path, message));
            }
        }
    }
}

/// Every file above this one holds rules that this one must hold too.
fn repeats(workspace: &Workspace, path: &str, table: &Table, report: &mut Report) {
    for above in files_above(path) {
        let Some(Ok(rules)) = workspace.text(&above).map(str::parse::<Table>) else {
            continue; // missing, or reported for itself
        };
        for (key, wanted) in rules {
            if !repeated(&wanted, table.get(&key)) {
                let message = format!("`{key}` does not repeat what {above} says");
                report.problems.push(Problem::at(path, message));
            }
        }
    }
}

fn repeated(wanted: &Value, found: Option<&Value>) -> bool {
    match (wanted, found) {
        (Value::Array(wanted), Some(Value::Array(found))) => {
            wanted.iter().all(|entry| found.contains(entry))
        }
        (_, Some(found)) => wanted == found,
        (_, None) => false,
    }
}

/// Paths of the same file in the folders above, nearest first.
fn files_above(path: &str) -> Vec<String> {
    let mut folder = path.strip_suffix(FILE).unwrap_or_default();
    let mut files = Vec::new();
    while let Some(inner) = folder.strip_suffix('/') {
        folder = inner.rsplit_once('/').map_or("", |(outer, _)| {
            inner.get(..=outer.len()).unwrap_or_default()
        });
        files.push(format!("{folder}{FILE}"));
    }
    files
}
