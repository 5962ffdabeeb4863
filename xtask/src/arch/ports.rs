//! Every port has a fake, a contract suite, an adapter, and tests that run the suite on both.

use crate::report::Problem;
use crate::scan::{code_only, has_word, is_word, line_of, tests_begin, word_positions};
use crate::workspace::Workspace;

/// Folder of the doubles.
const TESTKIT_SOURCES: &str = "crates/testkit/src/";
/// Folder of the tests that run the suites on the fakes.
const TESTKIT_TESTS: &str = "crates/testkit/tests/";
/// Folder of the adapters.
const ADAPTERS: &str = "crates/adapters/";

/// A trait through which the domain reaches the outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Port {
    /// Name of the trait.
    pub(super) name: String,
    /// File that declares it.
    pub(super) path: String,
    /// Line of the declaration, from 1.
    pub(super) line: usize,
}

impl Port {
    /// Name of the module with the contract suite.
    fn module(&self) -> String {
        let mut out = String::new();
        for c in self.name.chars() {
            if c.is_uppercase() && !out.is_empty() {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        }
        out
    }

    fn problem(&self, message: String) -> Problem {
        Problem::at_line(&self.path, self.line, message)
    }
}

/// All `pub trait` of the `port` modules of domain crates.
pub(super) fn find(workspace: &Workspace) -> Vec<Port> {
    let mut ports = Vec::new();
    for (path, text) in workspace.rust_under("crates/domain/") {
        if !(path.ends_with("/src/port.rs") || path.contains("/src/port/")) {
            continue;
        }
        let code = code_only(text);
        for at in word_positions(&code, "pub trait") {
            let rest = code.get(at + "pub trait".len()..).unwrap_or_default();
            let name: String = rest
                .trim_start()
                .chars()
                .take_while(|c| is_word(*c))
                .collect();
            ports.push(Port {
                name,
                path: path.to_owned(),
                line: line_of(&code, at),
            });
        }
    }
    ports
}

/// Checks what each port needs.
pub(super) fn check(workspace: &Workspace, ports: &[Port]) -> Vec<Problem> {
    ports
        .iter()
        .flat_map(|port| check_port(workspace, port))
        .collect()
}

fn check_port(workspace: &Workspace, port: &Port) -> Vec<Problem> {
    let mut problems = Vec::new();
    let name = &port.name;
    let fakes = implementers(workspace, TESTKIT_SOURCES, name);
    if !fakes.iter().any(|(_, fake)| !fake.starts_with("Mock")) {
        let message = format!("port `{name}` has no fake in {TESTKIT_SOURCES}");
        problems.push(port.problem(message));
    }
    let module = port.module();
    let suite_path = format!("{TESTKIT_SOURCES}contract/{module}.rs");
    let cases = workspace
        .text(&suite_path)
        .map_or_else(Vec::new, public_functions);
    if cases.is_empty() {
        let message = format!("port `{name}` has no contract suite: no `pub fn` in {suite_path}");
        problems.push(port.problem(message));
    } else if !runs_suite(workspace, TESTKIT_TESTS, &module, &cases) {
        let message = format!("no test in {TESTKIT_TESTS} runs `contract::{module}` on the fake");
        problems.push(port.problem(message));
    }
    let mut adapters: Vec<String> = implementers(workspace, ADAPTERS, name)
        .into_iter()
        .filter_map(|(path, _)| adapter_of(&path))
        .collect();
    adapters.dedup();
    if adapters.is_empty() {
        let message = format!("port `{name}` is implemented by no crate of {ADAPTERS}");
        problems.push(port.problem(message));
    }
    for adapter in adapters {
        let tests = format!("{adapter}/tests/");
        if !cases.is_empty() && !runs_suite(workspace, &tests, &module, &cases) {
            let message = format!(
                "{adapter} implements port `{name}`, but no test in {tests} runs `contract::{module}`"
            );
            problems.push(port.problem(message));
        }
    }
    problems
}

/// Files and type names that implement a trait outside test code.
fn implementers(workspace: &Workspace, folder: &str, port: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in workspace.rust_under(folder) {
        if !path.contains("/src/") || !has_word(text, port) {
            continue;
        }
        let code = code_only(text);
        let end = tests_begin(path, &code).unwrap_or(usize::MAX);
        for at in word_positions(&code, port) {
            if line_of(&code, at) >= end {
                continue;
            }
            if let Some(name) = implementer_at(&code, at, port) {
                found.push((path.to_owned(), name));
            }
        }
    }
    found
}

/// The `X` of `Port for X`, if the name at this offset stands in such a header.
fn implementer_at(code: &str, at: usize, port: &str) -> Option<String> {
    let rest = code.get(at + port.len()..)?.trim_start();
    let rest = rest
        .strip_prefix("for")?
        .strip_prefix(char::is_whitespace)?;
    let name: String = rest
        .trim_start()
        .trim_start_matches('&')
        .chars()
        .take_while(|c| is_word(*c))
        .collect();
    Some(name)
}

fn public_functions(text: &str) -> Vec<String> {
    let code = code_only(text);
    let mut names = Vec::new();
    for start in ["pub fn ", "pub async fn "] {
        for (at, _) in code.match_indices(start) {
            let rest = code.get(at + start.len()..).unwrap_or_default();
            names.push(rest.chars().take_while(|c| is_word(*c)).collect());
        }
    }
    names
}

fn runs_suite(workspace: &Workspace, folder: &str, module: &str, cases: &[String]) -> bool {
    workspace.rust_under(folder).any(|(_, text)| {
        let code = code_only(text);
        has_word(&code, "contract")
            && has_word(&code, module)
            && cases.iter().any(|case| has_word(&code, case))
    })
}

/// The crate's folder of a source file.
fn adapter_of(path: &str) -> Option<String> {
    path.split_once("/src/")
        .map(|(folder, _)| folder.to_owned())
}
