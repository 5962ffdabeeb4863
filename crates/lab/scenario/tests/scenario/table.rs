//! The table of conformance: it holds, and it notices a phone that does something else.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use onhook_scenario::{DutKind, Scenario, Verdict, read, run};

use crate::common::{Alone, options};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .join(name)
}

/// All rows.
pub(crate) fn table() -> Vec<Scenario> {
    let mut files: Vec<_> = fs::read_dir(folder("tests/conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        rows.extend(read(&name, &text).unwrap());
    }
    rows
}

#[test]
fn files_that_are_damaged_are_told_and_never_more() {
    let mut damaged = 0;
    for file in fs::read_dir(folder("tests/conformance")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for at in (0..text.len()).step_by(509) {
            let (before, after) = text.split_at(at);
            let cut = after.get(7..).unwrap_or("");
            for text in [
                before.to_owned(),
                format!("{before}{cut}"),
                format!("{before}\"{after}"),
            ] {
                match read("t.toml", &text) {
                    Ok(rows) => rows.iter().for_each(|row| drop(onhook_scenario::plan(row))),
                    Err(problems) => {
                        damaged += 1;
                        let lines = text.lines().count();
                        assert!(
                            problems.iter().all(|told| told.line <= lines + 1),
                            "{problems:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(damaged > 300, "{damaged}");
}

#[test]
fn every_row_holds_in_virtual_time_whatever_the_seed() {
    let rows = table();
    assert!(rows.len() >= 150, "{}", rows.len());
    for seed in [1, 2, 2026] {
        let mut options = options(&[DutKind::Virtual]);
        options.seed = seed;
        let report = run(&rows, &options, &mut Alone::default()).unwrap();
        let failed: Vec<_> = report
            .rows
            .iter()
            .filter(|row| row.verdict == Verdict::Fail)
            .map(|row| format!("{}: {}", row.id, row.why))
            .collect();
        assert_eq!(failed, [""; 0], "seed {seed}");
    }
}

#[test]
fn every_row_names_rules_that_there_are_and_where_it_comes_from() {
    let list = fs::read_to_string(folder("docs/spec/requirements.toml")).unwrap();
    let known: BTreeSet<&str> = list
        .lines()
        .filter(|line| line.starts_with("id = ") || line.starts_with("same_as = "))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect();
    let mut ids = BTreeSet::new();
    for row in table() {
        assert!(ids.insert(row.id.clone()), "{} is there twice", row.id);
        assert!(!row.rules.is_empty() && !row.title.is_empty(), "{}", row.id);
        assert!(!row.source.is_empty(), "{}", row.id);
        for rule in &row.rules {
            let is_known = rule.starts_with("D-") || known.contains(rule.as_str());
            assert!(is_known, "{}: there is no rule {rule}", row.id);
        }
    }
}

#[test]
fn the_page_of_conformance_is_up_to_date() {
    let page = fs::read_to_string(folder("docs/conformance.md")).unwrap();
    let rows = table();
    let report = run(&rows, &options(&[DutKind::Virtual]), &mut Alone::default()).unwrap();
    let fresh = onhook_scenario::report::conformance(&report);
    // The column of the real program is made by a run with it, which takes minutes.
    let cells =
        |line: &str| -> Vec<String> { line.split(" | ").take(4).map(str::to_owned).collect() };
    let table = |page: &str| -> Vec<Vec<String>> {
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        rows.map(cells).collect()
    };
    assert_eq!(
        table(&page),
        table(&fresh),
        "write docs/conformance.md anew"
    );
    let index = |page: &str| page.split("## Rules").nth(1).map(str::to_owned);
    assert_eq!(
        index(&page),
        index(&fresh),
        "write docs/conformance.md anew"
    );
}
