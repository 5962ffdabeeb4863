//! Each test breaks one rule in a small tree that is otherwise clean.

use super::check;
use crate::workspace::{Package, Workspace, load, root};

const LIB: &str = "crates/domain/a/src/lib.rs";
const MANIFEST: &str = "crates/domain/a/Cargo.toml";
const DOC: &str = "//! 1\n//! 2\n//! 3\n//! 4\n//! 5\n";

fn clean() -> Workspace {
    let mut workspace = Workspace::default();
    workspace.packages.push(Package {
        name: "onhook-a".to_owned(),
        folder: "crates/domain/a".to_owned(),
    });
    let manifest = "[lints]\nworkspace = true\n[dependencies]\nbytes = { workspace = true }\n";
    let root_manifest = "[workspace.dependencies]\n# --- ours\n\
        onhook-a = { path = \"crates/domain/a\" }\nbytes = \"1\" # buffers\n[profile.dev]\nx = 1\n";
    put(&mut workspace, LIB, DOC);
    put(&mut workspace, MANIFEST, manifest);
    put(&mut workspace, "Cargo.toml", root_manifest);
    for folder in ["", "crates/domain/", "crates/adapters/", "crates/lab/"] {
        put(&mut workspace, &format!("{folder}clippy.toml"), RULES);
    }
    for folder in ["crates/testkit/", "apps/", "xtask/", "tests/"] {
        put(&mut workspace, &format!("{folder}clippy.toml"), RULES);
    }
    workspace
}

const RULES: &str = "allow-unwrap-in-tests = true\n\
    disallowed-methods = [{ path = \"a::b\", reason = \"why\" }, { path = \"c\", reason = \"w\" }]\n";

fn put(workspace: &mut Workspace, path: &str, text: &str) {
    workspace.sources.insert(path.to_owned(), text.to_owned());
}

#[track_caller]
fn assert_problem(path: &str, text: &str, place: &str, part: &str) {
    let mut workspace = clean();
    put(&mut workspace, path, text);
    let report = check(&workspace);
    let [problem] = report.problems.as_slice() else {
        panic!("expected one problem:\n{report}");
    };
    assert_eq!(problem.place(), place);
    assert!(problem.message.contains(part), "{problem}");
}

#[track_caller]
fn assert_fine(path: &str, text: &str) {
    let mut workspace = clean();
    put(&mut workspace, path, text);
    let report = check(&workspace);
    assert!(report.is_clean(), "{report}");
}

/// A library file with the needed doc and one more line, which is line 6.
fn lib_with(line: &str) -> String {
    format!("{DOC}{line}\n")
}

#[test]
fn the_clean_tree_passes() {
    assert_fine("README.md", "text  with\ttab \n");
}

#[test]
fn this_workspace_is_tidy() {
    let report = check(&load(&root().unwrap()).unwrap());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_long_file_warns_and_a_very_long_one_fails() {
    let path = "crates/domain/a/src/long.rs";
    assert_problem(path, &"\n".repeat(801), path, "801 lines");
    let mut workspace = clean();
    put(&mut workspace, path, &"\n".repeat(800));
    let report = check(&workspace);
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.warnings.len(), 1);
    assert!(
        report
            .to_string()
            .starts_with("warning: crates/domain/a/src/long.rs: 800 lines")
    );
    put(&mut workspace, path, &"\n".repeat(400));
    assert_eq!(check(&workspace).warnings, []);
}

#[test]
fn generated_files_may_be_long() {
    assert_fine("crates/domain/a/src/generated/table.rs", &"\n".repeat(2000));
}

#[test]
fn the_main_file_of_a_program_is_short() {
    let path = "apps/agent/src/main.rs";
    assert_problem(path, &"\n".repeat(151), path, "at most 150");
    assert_fine(path, &"\n".repeat(150));
}

#[test]
fn tabs_trailing_blanks_and_a_missing_line_end_fail() {
    let place = "crates/domain/a/src/lib.rs:6";
    assert_problem(LIB, &lib_with("\tlet x = 1;"), place, "tab");
    assert_problem(LIB, &lib_with("let x = 1; "), place, "white space");
    assert_problem(LIB, &lib_with("let x = 1;\r"), place, "white space");
    assert_problem(LIB, DOC.trim_end(), LIB, "no line end");
}

#[test]
fn a_library_begins_with_a_doc_of_five_lines() {
    let place = "crates/domain/a/src/lib.rs:1";
    assert_problem(LIB, "//! 1\n//! 2\n//! 3\n//! 4\n", place, "4 lines");
    let mut workspace = clean();
    workspace.sources.remove(LIB);
    put(&mut workspace, "crates/domain/a/src/main.rs", "//! 1\n");
    assert!(check(&workspace).is_clean());
    workspace.sources.remove("crates/domain/a/src/main.rs");
    assert!(check(&workspace).to_string().contains("neither src/lib.rs"));
}

#[test]
fn forbidden_words_fail_in_code_but_not_in_text() {
    let place = "crates/domain/a/src/lib.rs:6";
    for word in [
        "todo!()",
        "unimplemented!()",
        "dbg!(x)",
        "#[ignore = \"x\"]",
        "#[should_panic]",
    ] {
        assert_problem(LIB, &lib_with(word), place, "in code");
    }
    assert_fine(LIB, &lib_with("// todo!() and #[ignore] in a comment"));
    assert_fine(LIB, &lib_with("const X: &str = \"dbg!(\";"));
}

#[test]
fn lint_exceptions_need_a_reason() {
    let place = "crates/domain/a/src/lib.rs:6";
    for line in [
        "#[allow(dead_code)]",
        "#![allow(dead_code)]",
        "#[expect(clippy::expect_used)]",
        "#[cfg_attr(test, allow(dead_code))]",
    ] {
        assert_problem(LIB, &lib_with(line), place, "without `reason");
    }
    assert_fine(
        LIB,
        &lib_with("#[expect(clippy::expect_used, reason = \"why\")]"),
    );
    assert_fine(
        LIB,
        &lib_with("x.expect(\"y\"); let v = [a.expect(\"b\")];"),
    );
}

#[test]
fn no_code_blocks_a_thread_by_sleeping() {
    let place = "crates/domain/a/src/lib.rs:6";
    assert_problem(
        LIB,
        &lib_with("std::thread::sleep(x);"),
        place,
        "thread::sleep",
    );
}

#[test]
fn tests_sleep_in_paused_time_only() {
    let path = "crates/domain/a/tests/x.rs";
    let sleep = "tokio::time::sleep(x).await;\n";
    assert_problem(path, sleep, "crates/domain/a/tests/x.rs:1", "real time");
    assert_fine(
        path,
        &format!("#[tokio::test(start_paused = true)]\n{sleep}"),
    );
    assert_fine("crates/domain/a/src/delay.rs", sleep);
    let above = format!("{sleep}#[cfg(test)]\nmod tests {{\n}}\n");
    assert_fine("crates/domain/a/src/delay.rs", &above);
    let inline = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{sleep}}}\n");
    let place = "crates/domain/a/src/delay.rs:4";
    assert_problem("crates/domain/a/src/delay.rs", &inline, place, "real time");
}

#[test]
fn texts_of_one_machine_fail_in_every_file() {
    let line = format!("see {}x\n", super::MACHINE_TEXTS.first().unwrap());
    assert_problem(
        "docs/a.md",
        &format!("\n{line}"),
        "docs/a.md:2",
        "one machine",
    );
    let line = format!("cd {}\n", super::MACHINE_TEXTS.last().unwrap());
    assert_problem(".ci/run", &line, ".ci/run:1", "one machine");
}

#[test]
fn a_foreign_dependency_needs_a_reason() {
    let text = "[workspace.dependencies]\nbytes = \"1\"\n";
    assert_problem("Cargo.toml", text, "Cargo.toml:2", "reason");
    let text = "[workspace.dependencies]\nbytes = \"1\" #  \n";
    assert_problem("Cargo.toml", text, "Cargo.toml:2", "reason");
}

#[test]
fn a_crate_inherits_lints_and_versions() {
    let text = "[dependencies]\nbytes = { workspace = true }\n";
    assert_problem(MANIFEST, text, MANIFEST, "`[lints]`");
    for line in [
        "bytes = \"1\"",
        "bytes = { version = \"1\" }",
        "bytes = { workspace = true, version = \"1\" }",
        "bytes = { path = \"../bytes\" }",
    ] {
        let text = format!("[lints]\nworkspace = true\n[dev-dependencies]\n{line}\n");
        assert_problem(MANIFEST, &text, MANIFEST, "`bytes` in [dev-dependencies]");
    }
    assert_problem(MANIFEST, "[", MANIFEST, "no valid TOML");
}

#[test]
fn every_layer_has_its_lint_file() {
    let mut workspace = clean();
    workspace.sources.remove("crates/lab/clippy.toml");
    let report = check(&workspace);
    assert!(
        report
            .to_string()
            .starts_with("crates/lab/clippy.toml: is missing"),
        "{report}"
    );
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn a_lint_file_repeats_what_stands_above_it() {
    let path = "apps/clippy.toml";
    let without_key = RULES.replace("allow-unwrap-in-tests = true\n", "");
    let part = "`allow-unwrap-in-tests` does not repeat";
    assert_problem(path, &without_key, path, part);
    let without_entry = RULES.replace(", { path = \"c\", reason = \"w\" }", "");
    let part = "`disallowed-methods` does not repeat";
    assert_problem(path, &without_entry, path, part);
    let other_value = RULES.replace("true", "false");
    assert_problem(path, &other_value, path, "`allow-unwrap-in-tests`");
    let more = format!("{RULES}too-many-lines-threshold = 80\n");
    assert_fine(path, &more);
}

#[test]
fn a_lint_file_of_a_crate_repeats_its_layer_too() {
    let path = "crates/domain/a/clippy.toml";
    assert_fine(path, RULES);
    let mut workspace = clean();
    let layer = format!("{RULES}too-many-lines-threshold = 80\n");
    put(&mut workspace, "crates/domain/clippy.toml", &layer);
    put(&mut workspace, path, RULES);
    let report = check(&workspace);
    assert!(
        report
            .to_string()
            .contains("what crates/domain/clippy.toml says"),
        "{report}"
    );
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn a_disallowed_entry_needs_a_reason() {
    let path = "apps/clippy.toml";
    let text = format!("{RULES}disallowed-types = [{{ path = \"c::D\" }}, \"e::F\"]\n");
    let mut workspace = clean();
    put(&mut workspace, path, &text);
    let report = check(&workspace);
    assert_eq!(report.problems.len(), 2, "{report}");
    assert!(report.to_string().contains("no reason"), "{report}");
}
