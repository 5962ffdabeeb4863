//! Finds `//=` lines in Rust files.

use crate::report::{Problem, Report};
use crate::scan::{code_only, tests_begin};
use crate::workspace::Workspace;

/// Beginning of a citation, after the indentation of the line.
const MARK: &str = "//=";
/// Beginnings of ids that name decisions and scenario rows, which are not in the list of rules.
const UNLISTED: [&str; 4] = ["D-", "A-", "V-", "T-"];

/// What a citation stands above.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The line that decides.
    Code,
    /// A test that fails when the rule is broken.
    Test,
}

/// One id of one citation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Citation {
    /// The cited rule, decision or scenario.
    pub(super) id: String,
    /// File, from the root.
    pub(super) path: String,
    /// Line, from 1.
    pub(super) line: usize,
    /// What it stands above.
    pub(super) role: Role,
}

/// All citations of the workspace; unreadable ones and code citations inside tests are problems.
pub(super) fn find(workspace: &Workspace, report: &mut Report) -> Vec<Citation> {
    let mut found = Vec::new();
    for (path, text) in workspace.rust_under("") {
        if !text.contains(MARK) {
            continue;
        }
        let first_test_line = tests_begin(path, &code_only(text)).unwrap_or(usize::MAX);
        for (index, line) in text.lines().enumerate() {
            let Some(citation) = line.trim_start().strip_prefix(MARK) else {
                continue;
            };
            let line = index + 1;
            match parse(citation) {
                Ok((_, Role::Code)) if line >= first_test_line => {
                    let message = "a citation in a test ends with `type=test`";
                    report.problems.push(Problem::at_line(path, line, message));
                }
                Ok((ids, role)) => found.extend(ids.into_iter().map(|id| Citation {
                    id,
                    path: path.to_owned(),
                    line,
                    role,
                })),
                Err(message) => report.problems.push(Problem::at_line(path, line, message)),
            }
        }
    }
    found
}

/// Reads `ID[, ID]… [type=test]`.
fn parse(text: &str) -> Result<(Vec<String>, Role), String> {
    let mut ids = Vec::new();
    let mut role = Role::Code;
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        if role == Role::Test {
            return Err(format!("`{word}` after `type=test`"));
        }
        if word == "type=test" {
            role = Role::Test;
        } else if is_id(word) {
            ids.push(word.to_owned());
        } else {
            return Err(format!(
                "`{word}` is no id; write `{MARK} R-MACRO-7` or `{MARK} R-MACRO-7 type=test`"
            ));
        }
    }
    if ids.is_empty() {
        return Err("a citation names at least one id".to_owned());
    }
    Ok((ids, role))
}

fn is_id(word: &str) -> bool {
    let known = word.starts_with("R-") || UNLISTED.iter().any(|start| word.starts_with(start));
    let numbered = word
        .rsplit_once('-')
        .is_some_and(|(_, number)| number.starts_with(|c: char| c.is_ascii_digit()));
    known && numbered && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
