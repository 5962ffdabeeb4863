//! `cargo xtask test`: every check that CI makes, in order, one line each.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use xshell::{Cmd, Shell, cmd};

use crate::report::Report;
use crate::workspace::{Workspace, load};
use crate::{arch, compare_generated, say, spec, tidy};

/// Turns a skipped test into a failure when it is `1`.
const NO_SKIP: &str = "ONHOOK_NO_SKIP";
/// Beginning of the line that a skipped test prints.
const SKIPPED: &str = "skipped: ";

/// How much to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// All checks.
    Everything,
    /// The tests alone.
    Tests,
}

/// What a step found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Outcome {
    failed: bool,
    /// Words for the line of the step.
    note: String,
    /// Text to print below the line.
    details: String,
}

impl Outcome {
    fn of_report(report: &Report) -> Self {
        Self {
            failed: !report.is_clean(),
            note: report.summary.clone(),
            details: if report.is_clean() {
                String::new()
            } else {
                report.findings()
            },
        }
    }

    fn of_result(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::default(),
            Err(error) => Self {
                failed: true,
                note: String::new(),
                details: format!("{error:#}"),
            },
        }
    }
}

/// Runs the steps and says which failed.
///
/// # Errors
/// A program of the tool chain cannot be started.
pub(crate) fn run(root: &Path, extent: Extent) -> Result<ExitCode> {
    let shell = Shell::new().context("opening a shell")?;
    shell.change_dir(root);
    let mut failed = Vec::new();
    if extent == Extent::Everything {
        failed.extend(step("fmt", || {
            command(cmd!(shell, "cargo fmt --all -- --check -l"))
        })?);
        let clippy = cmd!(
            shell,
            "cargo clippy --quiet --workspace --all-targets -- -D warnings"
        );
        failed.extend(step("clippy", || command(clippy))?);
        let doc = cmd!(shell, "cargo doc --quiet --workspace --no-deps");
        failed.extend(step("doc", || {
            command(doc.env("RUSTDOCFLAGS", "-D warnings"))
        })?);
        let workspace = load(root)?;
        for (name, check) in CHECKS {
            failed.extend(step(name, || Ok(Outcome::of_report(&check(&workspace))))?);
        }
        failed.extend(step("codegen", || {
            Ok(Outcome::of_result(compare_generated(root)))
        })?);
    }
    // End-to-end tests start the programs, and cargo builds those of other crates only when asked.
    let build = cmd!(shell, "cargo build --quiet --workspace --bins");
    failed.extend(step("build", || command(build))?);
    failed.extend(step("tests", || tests(&shell))?);
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say::line(&format!("failed: {}", failed.join(", ")));
    Ok(ExitCode::FAILURE)
}

type Check = fn(&Workspace) -> Report;
const CHECKS: [(&str, Check); 3] = [
    ("arch", arch::check),
    ("tidy", tidy::check),
    ("spec", spec::check),
];

/// Runs one step, prints its line, and gives its name back if it failed.
fn step(name: &'static str, run: impl FnOnce() -> Result<Outcome>) -> Result<Option<&'static str>> {
    say::part(&format!("{name:8}"));
    let start = Instant::now();
    let outcome = run()?;
    let word = if outcome.failed { "FAILED" } else { "ok" };
    let seconds = start.elapsed().as_secs_f64();
    say::line(format!("{word:6} {seconds:6.1} s  {}", outcome.note).trim_end());
    if !outcome.details.is_empty() {
        say::line(outcome.details.trim_end());
    }
    Ok(outcome.failed.then_some(name))
}

fn command(command: Cmd<'_>) -> Result<Outcome> {
    let output = command.quiet().ignore_status().output()?;
    let failed = !output.status.success();
    let details = if failed {
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        format!("{out}{err}")
    } else {
        String::new()
    };
    Ok(Outcome {
        failed,
        note: String::new(),
        details,
    })
}

fn tests(shell: &Shell) -> Result<Outcome> {
    let output = cmd!(
        shell,
        "cargo test --quiet --workspace --no-fail-fast -- --show-output"
    )
    .quiet()
    .ignore_status()
    .output()?;
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let may_skip = if std::env::var(NO_SKIP).is_ok_and(|value| value == "1") {
        Skips::Fail
    } else {
        Skips::Pass
    };
    Ok(judge(&out, &err, output.status.success(), may_skip))
}

/// What a skipped test means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Skips {
    /// It is named and passes.
    Pass,
    /// It fails the step.
    Fail,
}

/// Reads what the test programs printed.
fn judge(out: &str, err: &str, succeeded: bool, skips: Skips) -> Outcome {
    let mut skipped: Vec<&str> = out
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(SKIPPED))
        .collect();
    skipped.sort_unstable();
    let count = |word| -> u64 { out.lines().filter_map(|line| counted(line, word)).sum() };
    let (passed, broken) = (count("passed"), count("failed"));
    let failed = !succeeded || (skips == Skips::Fail && !skipped.is_empty());
    let mut details = if succeeded {
        String::new()
    } else {
        format!("{}{err}\n", without_successes(out))
    };
    for line in &skipped {
        details.push_str(line);
        details.push('\n');
    }
    // Alone on its line, for whoever reads the output of CI.
    details.push_str(&format!(
        "tests: {passed} passed, {broken} failed, {} skipped",
        skipped.len()
    ));
    Outcome {
        failed,
        note: String::new(),
        details,
    }
}

/// The output without what passing tests printed.
fn without_successes(out: &str) -> String {
    let mut kept = String::new();
    let mut hidden = false;
    for line in out.split_inclusive('\n') {
        match line.trim_end() {
            "successes:" => hidden = true,
            "failures:" => hidden = false,
            other if other.starts_with("test result:") => hidden = false,
            _ => {}
        }
        if !hidden {
            kept.push_str(line);
        }
    }
    kept
}

/// The number before `word` in a line `test result: ok. 12 passed; 0 failed; …`.
fn counted(line: &str, word: &str) -> Option<u64> {
    let rest = line.strip_prefix("test result: ")?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let at = words.iter().position(|found| found.starts_with(word))?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: &str = "\nrunning 3 tests\n...\n\nsuccesses:\n\n---- a stdout ----\n\
        skipped: strace is not installed\n\n\
        test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n\
        failures:\n---- b stdout ----\nleft: 1\n\
        test result: FAILED. 9 passed; 1 failed; 0 ignored; 0 measured\n";

    #[test]
    fn passed_tests_and_skips_are_counted() {
        let outcome = judge(OUT, "noise", true, Skips::Pass);
        assert!(!outcome.failed);
        assert_eq!(
            outcome.details,
            "skipped: strace is not installed\ntests: 12 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn a_skip_fails_where_none_is_allowed() {
        assert!(judge(OUT, "", true, Skips::Fail).failed);
        assert!(!judge("test result: ok. 1 passed", "", true, Skips::Fail).failed);
    }

    #[test]
    fn a_failing_run_shows_all_but_the_output_of_passing_tests() {
        let outcome = judge(OUT, "error: test failed", false, Skips::Pass);
        assert!(outcome.failed);
        assert_eq!(
            outcome.details,
            "\nrunning 3 tests\n...\n\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n\
             failures:\n---- b stdout ----\nleft: 1\n\
             test result: FAILED. 9 passed; 1 failed; 0 ignored; 0 measured\n\
             error: test failed\nskipped: strace is not installed\n\
             tests: 12 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn a_report_with_problems_fails_its_step() {
        let mut report = Report {
            summary: "arch: 1 crates".to_owned(),
            ..Report::default()
        };
        assert_eq!(Outcome::of_report(&report).note, "arch: 1 crates");
        assert!(!Outcome::of_report(&report).failed);
        report.problems.push(crate::report::Problem::at("a", "b"));
        let outcome = Outcome::of_report(&report);
        assert!(outcome.failed);
        assert!(outcome.details.contains("a: b"));
    }
}
