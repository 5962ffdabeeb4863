//! `cargo xtask tidy`: what no compiler checks about files, manifests and lint settings.

mod lint_files;
mod manifests;
mod sources;

#[cfg(test)]
mod tests;

use crate::report::{Problem, Report};
use crate::workspace::Workspace;

/// Texts that belong to one machine. Joined here so that this file does not hold them.
const MACHINE_TEXTS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/tmp/on", "hook")];

/// Checks the whole tree.
pub(crate) fn check(workspace: &Workspace) -> Report {
    let mut report = Report::default();
    for (path, text) in &workspace.sources {
        machine_texts(path, text, &mut report);
        if path.ends_with(".rs") {
            sources::check(path, text, &mut report);
        }
    }
    for package in &workspace.packages {
        sources::check_crate(workspace, &package.folder, &mut report);
        manifests::check_member(workspace, package, &mut report);
    }
    manifests::check_root(workspace, &mut report);
    lint_files::check(workspace, &mut report);
    report.problems.sort();
    report.warnings.sort();
    report.summary = format!(
        "tidy: {} files, {} warnings",
        workspace.sources.len(),
        report.warnings.len()
    );
    report
}

fn machine_texts(path: &str, text: &str, report: &mut Report) {
    for (index, line) in text.lines().enumerate() {
        for word in MACHINE_TEXTS {
            if line.contains(word) {
                let message = format!("`{word}` belongs to one machine, not to a clone");
                report
                    .problems
                    .push(Problem::at_line(path, index + 1, message));
            }
        }
    }
}
