//! Conformance vectors: those of the rule list, wrong ones, and lines that are none.

use onhook_inspect::VectorReport;

const VECTORS: &str = include_str!("../../../../../docs/spec/rules-vectors.jsonl");

fn run(text: &str) -> VectorReport {
    let mut report = VectorReport::default();
    report.run("file", text);
    report
}

#[test]
fn the_vectors_of_the_rule_list_pass() {
    let report = run(VECTORS);
    assert_eq!((report.passed, report.failed), (185, 0));
    assert_eq!(report.render(), "185 passed, 0 failed\n");
}

#[test]
fn every_vector_fails_when_another_answer_is_expected() {
    for line in VECTORS.lines() {
        let mut vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let was = vector["out"].take();
        for wrong in ["nonsense".into(), serde_json::Value::Null, true.into()] {
            if wrong == was {
                continue;
            }
            vector["out"] = wrong;
            let report = run(&vector.to_string());
            assert_eq!((report.passed, report.failed), (0, 1), "{vector}");
            assert_eq!(report.failures[0].found.as_ref(), Some(&was), "{vector}");
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(run(text).render(), expected);
}

#[test]
fn a_wrong_vector_is_shown_with_the_difference() {
    check(
        concat!(
            r#"{"id": "T-MACRO-1", "st": {"A": "x"}, "in": "$A", "out": "x"}"#,
            "\n\n",
            r#"{"id": "T-RULE-2", "kind": "profile", "in": "(a=\"1\")! http://h/a", "out": {"opts": {}, "sel": 1, "url": "http://h:80/b"}}"#,
        ),
        r#"file:3: T-RULE-2 failed
  asked     "(a=\"1\")! http://h/a"
  expected  {"opts":{},"sel":1,"url":"http://h:80/b"}
  found     {"assign":[["GPP_A","1"]],"sel":1,"url":"http://h:80/a"}
  differs   assign: expected nothing, found [["GPP_A","1"]]
  differs   opts: expected {}, found nothing
  differs   url: expected "http://h:80/b", found "http://h:80/a"
1 passed, 1 failed
"#,
    );
    check(
        r#"{"id": "T-COND-1", "st": {}, "in": "1 eq", "out": true}"#,
        r#"file:1: T-COND-1 failed
  asked     "1 eq"
  expected  true
  found     "error"
  why       condition, byte 4: an operand is missing; expected a quoted string, an integer or a version
0 passed, 1 failed
"#,
    );
    check(
        r#"{"id": "T-SCHED-1", "value": "5,0,7", "n": 3, "out": [7, 7]}"#,
        r#"file:1: T-SCHED-1 failed
  asked     {"n":3,"value":"5,0,7"}
  expected  [7,7]
  found     null
0 passed, 1 failed
"#,
    );
}

#[test]
fn a_line_that_is_no_vector_fails_and_says_why() {
    for (line, why) in [
        ("{", "this is no JSON"),
        ("[]", "the vector has no text `id`"),
        (
            r#"{"id": "T-URL-1", "in": "/a"}"#,
            "the vector has no `out`",
        ),
        (
            r#"{"id": "T-URL-1", "out": 1}"#,
            "the vector has no text `in`",
        ),
        (r#"{"id": "X-1", "out": 1}"#, "belongs to no suite"),
        (r#"{"id": "T-NEW-1", "out": 1}"#, "belongs to no suite"),
        (
            r#"{"id": "T-RULE-1", "kind": "x", "in": "", "out": 1}"#,
            "kind `x` is unknown",
        ),
        (
            r#"{"id": "T-MACRO-1", "st": {"ZZ": "1"}, "in": "", "out": ""}"#,
            "`ZZ` is no macro",
        ),
        (
            r#"{"id": "T-MACRO-1", "st": {"A": 1}, "in": "", "out": ""}"#,
            "`st` has no text for `A`",
        ),
        (
            r#"{"id": "T-SCHED-1", "value": "1", "n": 0, "out": null}"#,
            "`n` is no number from 1",
        ),
    ] {
        let report = run(line);
        assert_eq!((report.passed, report.failed), (0, 1), "{line}");
        let message = report.failures[0].message.as_deref().unwrap();
        assert!(message.contains(why), "{line}: {message}");
        assert!(report.render().contains(why), "{line}");
    }
}
