//! Conformance vectors through the program.

use crate::common::{run, run_with};

const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/spec/rules-vectors.jsonl"
);

#[test]
fn the_vectors_of_the_rule_list_pass() {
    let ended = run(&["vectors", RULES]);
    assert_eq!(
        (ended.status, ended.text()),
        (0, "185 passed, 0 failed\n"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_wrong_vector_is_told_with_file_and_line_and_status_1() {
    let wrong = b"{\"id\": \"T-VER-1\", \"a\": \"2.0\", \"b\": \"2.1\", \"out\": \">\"}\n";
    let ended = run_with(&["vectors", RULES, "-"], wrong);
    assert_eq!(ended.status, 1);
    assert!(ended.text().starts_with("-:1: T-VER-1 failed\n"));
    assert!(ended.text().ends_with("\n185 passed, 1 failed\n"));
    let ended = run_with(&["vectors", "-", "--json"], wrong);
    assert_eq!(ended.status, 1);
    let document = ended.document("vectors");
    assert_eq!(
        (&document["passed"], &document["failed"]),
        (&0.into(), &1.into())
    );
    assert_eq!(document["failures"][0]["found"], "<");
}

#[test]
fn files_without_vectors_are_told_apart_from_success() {
    for (args, stdin) in [
        (["vectors", "-"].as_slice(), b"\n\n".as_slice()),
        (&["vectors", "/no/such/file"], b""),
        (&["vectors"], b""),
        (&["vectors", "-"], b"\xff"),
    ] {
        let ended = run_with(args, stdin);
        assert_eq!((ended.status, ended.text()), (2, ""), "{args:?}");
        assert!(ended.stderr.contains("error"), "{}", ended.stderr);
    }
}
