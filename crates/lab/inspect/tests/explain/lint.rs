//! Lint: what must hold for every text. What is found in which text stands in the transcripts.

use onhook_device::Identity;
use onhook_inspect::{
    ExplainKind, ExplainRequest, LintReport, ModelPhone, Outcome, Secrets, Severity, Style,
    Subject, explain, lint_text,
};
use onhook_params::Scope;
use proptest::prelude::*;

const KINDS: [ExplainKind; 5] = [
    ExplainKind::Profile,
    ExplainKind::Upgrade,
    ExplainKind::Report,
    ExplainKind::Trigger,
    ExplainKind::Schedule,
];

fn phone() -> ModelPhone {
    let mut phone = ModelPhone::new(Identity::default());
    phone.set_parameter("GPP_B", "1 eq 1");
    phone.set_parameter("GPP_C", "(1 eq");
    phone.set_parameter("GPP_D", "[--key x] http://h/d | ");
    phone
}

fn text() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "(",
        ")",
        ")?",
        ")!",
        "[",
        "]",
        "|",
        "#",
        "\"",
        ";",
        ",",
        "+",
        "0",
        "1",
        "600",
        "2.0.3(G)",
        "abc",
        "$A",
        "$B",
        "$C",
        "$D",
        "$SA",
        "$MA",
        "$PRVST",
        "$PRVTMR",
        "$SWVER",
        "$CCERT",
        "$STRANGE",
        "$GPP_A",
        "$MACconfig",
        "$$",
        "$(A:x)",
        "$(MA:2)",
        " eq ",
        " ne ",
        " lt ",
        " and ",
        " or ",
        "&&",
        "||",
        "!",
        "=",
        " ",
        "--key ",
        "--pwd ",
        "--post a",
        "--delta",
        "--status",
        "--srv",
        "http://h/a",
        "https://h/b",
        "/c",
        "tftp:///d",
        "a = \"1\"",
        "é",
        "\n",
    ]);
    let rule = prop::sample::select(vec![
        "($A eq 1)? http://h/a",
        "($CCERT eq \"Installed\")? https://h/a",
        "[--key \"$SA\"] http://h/a",
        "(a = \"1\";)! /a",
        " | ",
        "$PRVTMR ge 600",
    ]);
    prop::collection::vec(prop_oneof![4 => token, 1 => rule], 0..14)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_cannot_be_used_is_an_error(text in text()) {
        let (phone, scope) = (phone(), Scope::default());
        for kind in KINDS {
            let explained = explain(&ExplainRequest {
                kind,
                text: &text,
                phone: &phone,
                scope: &scope,
                secrets: Secrets::Masked,
                at: None,
            });
            let found = lint_text(Subject::Text(kind), &text, &phone, &scope);
            let has_error = found.iter().any(|finding| finding.severity == Severity::Error);
            if explained.outcome == Outcome::Error {
                prop_assert!(has_error, "{} {:?}: {:?}", kind, text, explained.error);
            }
            for finding in &found {
                prop_assert!(text.get(finding.range.clone()).is_some(), "{:?}: {:?}", text, finding);
                prop_assert!(!finding.message.is_empty() && !finding.fix.is_empty());
                prop_assert!(!finding.explanation.is_empty());
            }
        }
    }

    #[test]
    fn keys_are_never_shown(text in text(), option in prop::sample::select(vec!["--key", "--pwd"])) {
        let (phone, scope) = (phone(), Scope::default());
        for kind in KINDS {
            let mut report = LintReport::default();
            let text = format!("{text}[{option} canary-$MACconfig]{text}");
            report.text(Subject::Text(kind), &text, &phone, &scope);
            let json = serde_json::to_string(&report).unwrap();
            for shown in [report.render(Style::Plain), json, report.sarif().to_string()] {
                // In a path, or in an open string, the words are no option.
                if onhook_rules::masked(&text).contains("canary") {
                    continue;
                }
                prop_assert!(!shown.contains("canary"), "{}", shown);
            }
        }
    }

    #[test]
    fn every_file_is_looked_at(parts in prop::collection::vec(text(), 0..4)) {
        let escaped = parts.concat().replace('&', "&amp;").replace('<', "&lt;");
        let file = format!(
            "<flat-profile><Profile_Rule>{escaped}</Profile_Rule><Resync_Trigger_1>{escaped}</Resync_Trigger_1></flat-profile>"
        );
        let mut report = LintReport::default();
        report.profile("file", file.as_bytes(), &phone(), &Scope::default());
        let lines = file.lines().count();
        for placed in &report.findings {
            prop_assert!(placed.line >= 1 && placed.line as usize <= lines);
            let line = file.lines().nth(placed.line as usize - 1).unwrap();
            prop_assert!(placed.column >= 1 && placed.column as usize <= line.chars().count() + 1);
        }
    }
}

#[test]
fn ten_thousand_alternatives_are_looked_at_in_one_go() {
    let text = "($A eq 1)? http://h/$MACx | ".repeat(2_300);
    assert!(text.len() > 60_000);
    let mut report = LintReport::default();
    let (phone, scope) = (phone(), Scope::default());
    report.text(Subject::Text(ExplainKind::Profile), &text, &phone, &scope);
    assert_eq!((report.errors, report.warnings), (2_300, 2_300));
}

#[test]
fn a_sarif_log_names_rules_and_places() {
    let mut report = LintReport::default();
    let file = "<flat-profile>\n<Resync_Trigger_2>é ge 1</Resync_Trigger_2></flat-profile>";
    report.profile(
        "dir/phone.xml",
        file.as_bytes(),
        &phone(),
        &Scope::default(),
    );
    let log = report.sarif();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(
            !rule["shortDescription"]["text"]
                .as_str()
                .unwrap()
                .is_empty()
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "dir/phone.xml");
    }
    let error = results.iter().find(|r| r["level"] == "error").unwrap();
    assert_eq!(error["ruleId"], "unquoted-text");
    let region = &error["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 2);
    assert_eq!(region["startColumn"], 19);
    assert_eq!(region["endColumn"], 25);
}

const VECTORS: &str = include_str!("../../../../../docs/spec/rules-vectors.jsonl");

#[test]
fn documented_examples_that_work_have_no_errors() {
    let mut looked = 0;
    for line in VECTORS.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = vector["id"].as_str().unwrap();
        let kind = match id.split('-').nth(1) {
            Some("RULE") => vector["kind"].as_str().unwrap(),
            Some("COND") => "trigger",
            Some("SCHED") => "schedule",
            _ => continue,
        };
        if vector["src"] != "doc" || vector["out"] == "error" {
            continue;
        }
        let mut phone = ModelPhone::new(Identity::default());
        for (name, value) in vector["st"].as_object().into_iter().flatten() {
            phone.set_macro(name, value.as_str().unwrap()).unwrap();
        }
        let text = vector["in"].as_str().or(vector["value"].as_str()).unwrap();
        let kind = Subject::Text(kind.parse().unwrap());
        for finding in lint_text(kind, text, &phone, &Scope::default()) {
            assert!(
                finding.severity < Severity::Error,
                "{id} {text}: {finding:?}"
            );
        }
        looked += 1;
    }
    assert!(looked > 40, "{looked}");
}
