//! The counts of the benchmark, which do not depend on the machine.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

use std::process::Command;

fn once() -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_onhook-bench"))
        .args(["once", "resync-pipeline"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn one_decode_takes_at_most_twice_the_xml_of_heap() {
    let counts = once();
    let (peak, xml) = (
        counts["peak_heap_bytes"].as_u64().unwrap(),
        counts["xml_bytes"].as_u64().unwrap(),
    );
    assert!(peak >= xml, "{counts}: the inflated file alone is as large");
    assert!(peak <= 2 * xml, "{counts}");
}

#[test]
fn most_elements_of_the_profile_set_something() {
    let counts = once();
    assert!(counts["settings"].as_u64().unwrap() > 2_300, "{counts}");
    assert_eq!(
        counts["warnings"].as_u64().unwrap(),
        62,
        "{counts}: the unknown names"
    );
}

#[test]
fn an_unknown_benchmark_is_an_error_that_says_where_to_look() {
    let output = Command::new(env!("CARGO_BIN_EXE_onhook-bench"))
        .args(["run", "nonsense"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("onhook-bench list"));
}

#[test]
fn a_benchmark_that_fails_leaves_the_others_what_they_found() {
    let output = Command::new(env!("CARGO_BIN_EXE_onhook-bench"))
        .args(["run", "store-commit", "condition", "--rounds", "5"])
        .args(["--json", "-"])
        .env("TMPDIR", "/nowhere")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("onhook-bench: store-commit: "), "{said}");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = result["benchmarks"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{result}");
    assert_eq!(told[0]["name"], "condition");
}

#[test]
fn the_language_allocates_nothing_with_a_reused_buffer() {
    let output = Command::new(env!("CARGO_BIN_EXE_onhook-bench"))
        .args([
            "run",
            "rule-select",
            "condition",
            "--rounds",
            "5",
            "--json",
            "-",
        ])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for at in 0..2 {
        assert_eq!(report["benchmarks"][at]["counts"]["allocations"], 0);
    }
}

#[test]
fn a_long_profile_takes_heap_for_what_it_sets_alone() {
    let output = Command::new(env!("CARGO_BIN_EXE_onhook-bench"))
        .args(["run", "xml-5mb", "--rounds", "5", "--json", "-"])
        .output()
        .unwrap();
    let results: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = &results["benchmarks"][0]["counts"];
    assert!(
        counts["xml_bytes"].as_u64().unwrap() > 5_000_000,
        "{counts}"
    );
    assert!(counts["settings"].as_u64().unwrap() > 2_300, "{counts}");
    assert!(
        counts["peak_heap_bytes"].as_u64().unwrap() < 600_000,
        "{counts}"
    );
}

#[test]
fn a_commit_writes_the_file_once() {
    let output = Command::new(env!("CARGO_BIN_EXE_onhook-bench"))
        .args(["run", "store-commit", "--rounds", "5", "--json", "-"])
        .output()
        .unwrap();
    let results: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = &results["benchmarks"][0]["counts"];
    let file = counts["file_bytes"].as_u64().unwrap();
    assert!((30_000..60_000).contains(&file), "{counts}");
    // Not every system tells; a file is written in whole pages.
    if let Some(written) = counts["written"]["ours"].as_u64() {
        assert!(written <= file.next_multiple_of(4096) + 4096, "{counts}");
    }
}
