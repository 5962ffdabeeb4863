//! Rust files: length, white space, module docs, words, sleeps, reasons of lint exceptions.

use crate::report::{Problem, Report};
use crate::scan::{code_only, line_of, tests_begin, word_positions};
use crate::workspace::Workspace;

/// Lines above which a file is worth splitting.
const LONG_FILE: usize = 400;
/// Lines above which the check fails.
const TOO_LONG_FILE: usize = 800;
/// Lines of the main file of a program.
const PROGRAM_MAIN: usize = 150;
/// Fewest lines of the module doc of a library.
const CRATE_DOC: usize = 5;

/// Words that code must not hold, and why.
const FORBIDDEN: [(&str, &str); 5] = [
    ("todo!", "finish it, or return an error that says so"),
    (
        "unimplemented!",
        "finish it, or return an error that says so",
    ),
    ("dbg!", "left over from debugging"),
    (
        "#[ignore",
        "assert today's behaviour and say why it is wrong",
    ),
    ("#[should_panic", "assert the returned error"),
];

/// Checks one file.
pub(super) fn check(path: &str, text: &str, report: &mut Report) {
    let code = code_only(text);
    length(path, text, report);
    white_space(path, text, report);
    for (word, why) in FORBIDDEN {
        for (at, _) in code.match_indices(word) {
            let message = format!("`{word}` in code: {why}");
            let line = line_of(&code, at);
            report.problems.push(Problem::at_line(path, line, message));
        }
    }
    exceptions(path, &code, report);
    sleeps(path, &code, report);
}

fn length(path: &str, text: &str, report: &mut Report) {
    if path.contains("/generated/") || path.ends_with("/generated.rs") {
        return;
    }
    let lines = text.lines().count();
    if lines > TOO_LONG_FILE {
        let message = format!("{lines} lines; split it, the limit is {TOO_LONG_FILE}");
        report.problems.push(Problem::at(path, message));
    } else if lines > LONG_FILE {
        let message = format!("{lines} lines; more than {LONG_FILE} is worth splitting");
        report.warnings.push(Problem::at(path, message));
    }
    let is_program = path.starts_with("apps/") && path.ends_with("/src/main.rs");
    if is_program && lines > PROGRAM_MAIN {
        let message = format!("{lines} lines; a program's main holds at most {PROGRAM_MAIN}");
        report.problems.push(Problem::at(path, message));
    }
}

fn white_space(path: &str, text: &str, report: &mut Report) {
    for (index, line) in text.split('\n').enumerate() {
        let message = if line.contains('\t') {
            "tab; write `\\t` in a literal and blanks elsewhere"
        } else if line.ends_with([' ', '\r']) {
            "white space at the end of the line"
        } else {
            continue;
        };
        report
            .problems
            .push(Problem::at_line(path, index + 1, message));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        report
            .problems
            .push(Problem::at(path, "no line end at the end of the file"));
    }
}

/// `allow` and `expect` attributes give a reason.
fn exceptions(path: &str, code: &str, report: &mut Report) {
    for (start, _) in code.match_indices("#[").chain(code.match_indices("#![")) {
        let attribute = balanced(code, start, '[', ']');
        for name in ["allow", "expect"] {
            for at in word_positions(attribute, name) {
                let rest = attribute.get(at + name.len()..).unwrap_or_default();
                if !rest.starts_with('(') || balanced(rest, 0, '(', ')').contains("reason") {
                    continue;
                }
                let message = format!("`{name}(…)` without `reason = \"…\"`");
                let line = line_of(code, start + at);
                report.problems.push(Problem::at_line(path, line, message));
            }
        }
    }
}

/// The text from `start` to the bracket that closes the first one.
fn balanced(text: &str, start: usize, open: char, close: char) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return rest.get(..=at).unwrap_or(rest);
            }
        }
    }
    rest
}

/// Nothing blocks a thread by sleeping, and tests sleep in paused time only.
fn sleeps(path: &str, code: &str, report: &mut Report) {
    for at in word_positions(code, "thread::sleep") {
        let message = "`thread::sleep`: wait for an event, or use a timer of the runtime";
        let line = line_of(code, at);
        report.problems.push(Problem::at_line(path, line, message));
    }
    let Some(first_test_line) = tests_begin(path, code) else {
        return;
    };
    if code.contains("start_paused") {
        return;
    }
    for at in word_positions(code, "time::sleep") {
        let line = line_of(code, at);
        if line >= first_test_line {
            let message = "a test sleeps in real time: wait for an event, or use `start_paused`";
            report.problems.push(Problem::at_line(path, line, message));
        }
    }
}

/// Checks the root file of a crate.
pub(super) fn check_crate(workspace: &Workspace, folder: &str, report: &mut Report) {
    let library = format!("{folder}/src/lib.rs");
    let program = format!("{folder}/src/main.rs");
    let mut found = false;
    for (path, least) in [(&library, CRATE_DOC), (&program, 1)] {
        let Some(text) = workspace.text(path) else {
            continue;
        };
        found = true;
        let lines = text.lines().take_while(|l| l.starts_with("//!")).count();
        if lines < least {
            let message = format!("begins with {lines} lines of `//!`, needs {least} or more");
            report.problems.push(Problem::at_line(path, 1, message));
        }
    }
    if !found {
        let message = "has neither src/lib.rs nor src/main.rs";
        report.problems.push(Problem::at(folder, message));
    }
}
