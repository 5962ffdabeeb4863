//! Manifests: one table of versions with reasons, one table of lints.

use toml::Table;

use crate::report::{Problem, Report};
use crate::workspace::{Package, Workspace};

/// Tables of a manifest that hold dependencies.
const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Checks the manifest of one crate.
pub(super) fn check_member(workspace: &Workspace, package: &Package, report: &mut Report) {
    let path = package.manifest();
    let Some(manifest) = read(workspace, &path, report) else {
        return;
    };
    let lints = manifest.get("lints").and_then(|l| l.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        let message = "needs `[lints]` with `workspace = true`";
        report.problems.push(Problem::at(&path, message));
    }
    for table in DEPENDENCY_TABLES {
        let entries = manifest.get(table).and_then(toml::Value::as_table);
        for (name, value) in entries.into_iter().flatten() {
            let inherits = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
            let own = ["version", "path", "git"]
                .iter()
                .any(|key| value.get(key).is_some());
            if !inherits || own {
                let message =
                    format!("`{name}` in [{table}]: write `{name} = {{ workspace = true }}`");
                report.problems.push(Problem::at(&path, message));
            }
        }
    }
}

/// Checks the table of versions: each line of a foreign package says why it is there.
pub(super) fn check_root(workspace: &Workspace, report: &mut Report) {
    let path = "Cargo.toml";
    if read(workspace, path, report).is_none() {
        return;
    }
    let mut inside = false;
    for (index, line) in workspace.text(path).unwrap_or_default().lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
            continue;
        }
        let names_a_package = line.contains('=') && !line.starts_with('#');
        if !inside || !names_a_package || line.contains("path = ") {
            continue;
        }
        let reason = line
            .rsplit_once('#')
            .map_or("", |(_, reason)| reason.trim());
        if reason.is_empty() {
            let message = "a dependency needs its reason: `name = \"1\" # what it is for`";
            report
                .problems
                .push(Problem::at_line(path, index + 1, message));
        }
    }
}

fn read(workspace: &Workspace, path: &str, report: &mut Report) -> Option<Table> {
    let Some(text) = workspace.text(path) else {
        report.problems.push(Problem::at(path, "is missing"));
        return None;
    };
    match text.parse::<Table>() {
        Ok(table) => Some(table),
        Err(error) => {
            let message = format!("is no valid TOML: {}", error.message());
            report.problems.push(Problem::at(path, message));
            None
        }
    }
}
