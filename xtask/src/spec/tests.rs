//! Each test shows one contradiction between the list and the citations.

use super::{LIST, check, promote, scenarios};
use crate::workspace::{Workspace, load, root};

const CODE: &str = "crates/domain/a/src/lib.rs";
const TEST: &str = "crates/domain/a/tests/a.rs";

fn entry(id: &str, rest: &str) -> String {
    format!("[[requirement]]\nid = \"{id}\"\nsection = \"s 1\"\ntext = \"t\"\n{rest}\n\n")
}

fn workspace(list: &str, code: &str, test: &str) -> Workspace {
    let mut workspace = Workspace::default();
    let scenarios = (scenarios::LIST, "[tested]\n[waiting]\n");
    for (path, text) in [(LIST, list), (CODE, code), (TEST, test), scenarios] {
        workspace.sources.insert(path.to_owned(), text.to_owned());
    }
    workspace
}

#[track_caller]
fn assert_fine(list: &str, code: &str, test: &str) {
    let report = check(&workspace(list, code, test));
    assert!(report.is_clean(), "{report}");
}

#[track_caller]
fn assert_problem(list: &str, code: &str, test: &str, place: &str, part: &str) {
    let report = check(&workspace(list, code, test));
    let [problem] = report.problems.as_slice() else {
        panic!("expected one problem:\n{report}");
    };
    assert_eq!(problem.place(), place);
    assert!(problem.message.contains(part), "{problem}");
}

fn built() -> String {
    entry("R-A-1", "status = \"built\"")
}

fn later() -> String {
    entry("R-A-1", "status = \"later\"\nreason = \"tftp\"")
}

const IN_LIST: &str = "docs/spec/requirements.toml:2";
const CITED: &str = "    //= R-A-1\n";
const TESTED: &str = "//= R-A-1 type=test\n";

#[test]
fn this_workspace_agrees_with_its_list_of_rules() {
    let report = check(&load(&root().unwrap()).unwrap());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_built_rule_is_cited_by_code_and_test() {
    assert_fine(&built(), CITED, TESTED);
    assert_problem(&built(), "", TESTED, IN_LIST, "no code cites it");
    assert_problem(&built(), CITED, "", IN_LIST, "no test cites it");
}

#[test]
fn a_test_citation_beside_the_code_counts() {
    let code = format!("{CITED}#[cfg(test)]\nmod tests {{\n    {TESTED}}}\n");
    assert_fine(&built(), &code, "");
}

#[test]
fn a_partial_rule_is_cited_twice_and_says_what_is_missing() {
    let partial = entry("R-A-1", "status = \"partial\"\nmissing = \"the rest\"");
    assert_fine(&partial, CITED, TESTED);
    assert_problem(&partial, CITED, "", IN_LIST, "is partial, but no test");
    let silent = entry("R-A-1", "status = \"partial\"");
    assert_problem(&silent, CITED, TESTED, IN_LIST, "`missing`");
}

#[test]
fn a_later_rule_is_not_cited_by_code_and_has_a_reason() {
    assert_fine(&later(), "", "");
    assert_problem(&later(), CITED, TESTED, IN_LIST, "--promote");
    assert_problem(&later(), CITED, "", IN_LIST, "needs a test");
    assert_fine(&later(), "", TESTED);
    let silent = entry("R-A-1", "status = \"later\"");
    assert_problem(&silent, "", "", IN_LIST, "`reason`");
}

#[test]
fn a_citation_of_an_unknown_rule_fails_where_it_stands() {
    let code = "\n//= R-A-2\n";
    assert_problem(
        &later(),
        code,
        "",
        "crates/domain/a/src/lib.rs:2",
        "no `R-A-2`",
    );
}

#[test]
fn decisions_and_scenarios_may_be_cited_without_an_entry() {
    let code = "//= D-XML-1\n//= A-14\n//= V-181b\n//= T-TIME-23c\n";
    assert_fine(&later(), code, "//= V-181b type=test\n");
}

#[test]
fn one_citation_may_name_several_rules() {
    let list = format!("{}{}", built(), entry("R-B-2", "status = \"built\""));
    assert_fine(&list, "//= R-A-1, R-B-2\n", "//= R-A-1 R-B-2 type=test\n");
}

#[test]
fn an_unreadable_citation_fails_where_it_stands() {
    let place = "crates/domain/a/src/lib.rs:1";
    for (line, part) in [
        ("//= R-A-1: why\n", "is no id"),
        ("//=\n", "at least one id"),
        ("//= X-1\n", "is no id"),
        ("//= R-A-x\n", "is no id"),
        ("//= R-A-1 type=test R-A-1\n", "after `type=test`"),
        ("//= R-A-1 type=todo\n", "is no id"),
    ] {
        assert_problem(&later(), line, "", place, part);
    }
}

#[test]
fn a_citation_in_a_test_says_so() {
    let place = "crates/domain/a/tests/a.rs:1";
    assert_problem(&later(), "", "//= R-A-1\n", place, "type=test");
    let code = "#[cfg(test)]\nmod tests {\n//= R-A-1\n}\n";
    let place = "crates/domain/a/src/lib.rs:3";
    assert_problem(&later(), code, "", place, "type=test");
}

#[test]
fn the_same_rule_under_two_ids_is_covered_by_either() {
    let pair = |status: &str| {
        let one = format!("status = \"{status}\"\nsame_as = [\"R-B-2\"]");
        format!(
            "{}{}",
            entry("R-A-1", &one),
            entry("R-B-2", &format!("status = \"{status}\""))
        )
    };
    assert_fine(&pair("built"), "//= R-A-1\n", "//= R-B-2 type=test\n");
    let report = check(&workspace(&pair("built"), "//= R-B-2\n", ""));
    assert_eq!(report.problems.len(), 2, "{report}");
}

#[test]
fn two_rules_that_are_the_same_as_a_third_do_not_cover_each_other() {
    let same = "status = \"built\"\nsame_as = [\"R-B-2\"]";
    let list = format!(
        "{}{}{}",
        entry("R-A-1", same),
        entry("R-B-2", "status = \"built\""),
        entry("R-C-3", same)
    );
    let report = check(&workspace(&list, "//= R-A-1\n", "//= R-A-1 type=test\n"));
    assert_eq!(report.problems.len(), 1, "{report}");
    assert!(report.to_string().contains("`R-C-3` is built"), "{report}");
    assert_fine(&list, "//= R-B-2\n", "//= R-B-2 type=test\n");
}

#[test]
fn flaws_of_the_list_fail_with_their_line() {
    let twice = format!("{}{}", later(), later());
    let place = "docs/spec/requirements.toml:9";
    assert_problem(&twice, "", "", place, "stands twice");
    let lost = entry(
        "R-A-1",
        "status = \"later\"\nreason = \"x\"\nsame_as = [\"R-Z-9\"]",
    );
    assert_problem(&lost, "", "", IN_LIST, "no id");
    let odd = entry("R-A-1", "status = \"done\"");
    assert_problem(&odd, "", "", "docs/spec/requirements.toml:5", "done");
    let decision = entry("D-1", "status = \"later\"\nreason = \"x\"");
    assert_problem(&decision, "", "", IN_LIST, "no rule id");
}

#[test]
fn the_summary_counts_states_and_areas() {
    let list = format!(
        "{}{}{}",
        later(),
        entry("R-A-2", "status = \"later\"\nreason = \"tftp: no upload\""),
        entry("R-A-3", "status = \"later\"\nreason = \"sip\"")
    );
    assert_eq!(
        check(&workspace(&list, "", "")).summary,
        "spec: 3 rules: 0 built, 0 partial, 3 later (sip 1, tftp 2); 0 citations; 0 scenarios: 0 tested, 0 waiting ()"
    );
}

#[test]
fn promoting_rewrites_covered_rules_and_nothing_else() {
    let head = "# Rules. Keep this line.\n\n";
    let others = format!(
        "{}{}{}",
        entry("R-A-2", "status = \"later\"\nreason = \"tftp\""),
        entry("R-A-3", "status = \"later\"\nreason = \"sip\""),
        entry("R-A-4", "status = \"partial\"\nmissing = \"the rest\"")
    );
    let list = format!("{head}{}{others}", later());
    let code = "//= R-A-1, R-A-4\n//= R-A-2\n";
    let test = "//= R-A-1, R-A-4 type=test\n";
    let (text, count) = promote(&workspace(&list, code, test)).unwrap();
    assert_eq!(text, format!("{head}{}{others}", built()));
    assert_eq!(count, 1);
}

#[test]
fn promoting_an_unreadable_list_is_an_error() {
    let error = promote(&workspace("[[", "", "")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("docs/spec/requirements.toml:1"),
        "{error}"
    );
}

#[test]
fn a_scenario_stands_where_the_list_says() {
    let with = |list: &str| {
        let mut workspace = workspace(&later(), "", "fn v_001_and_002_work() {} // V-003b\n");
        let list = list.replace("T", TEST);
        workspace.sources.insert(scenarios::LIST.to_owned(), list);
        check(&workspace)
    };
    let fine =
        with("[tested]\nV-001 = \"T\"\nV-002 = \"T\"\nV-003b = \"T\"\n[waiting]\nV-9 = \"sip\"\n");
    assert!(fine.is_clean(), "{fine}");
    assert!(
        fine.summary
            .ends_with("4 scenarios: 3 tested, 1 waiting (sip 1)"),
        "{fine}"
    );
    for (list, part) in [
        ("[tested]\nV-003 = \"T\"\n[waiting]\n", "does not name it"),
        (
            "[tested]\nV-001 = \"gone.rs\"\n[waiting]\n",
            "there is no gone.rs",
        ),
        (
            "[tested]\nV-001 = \"T\"\n[waiting]\nV-001 = \"sip\"\n",
            "tested and waits",
        ),
        ("[tested]\n", "missing field"),
        ("[tested]\n[waiting]\n[more]\n", "unknown field"),
    ] {
        let report = with(list);
        let [problem] = report.problems.as_slice() else {
            panic!("expected one problem:\n{report}");
        };
        assert!(problem.message.contains(part), "{problem}");
    }
}
