//! Findings in SARIF 2.1.0, which code hosts and editors read.

use serde_json::{Value, json};

use super::placed::Placed;
use super::report::LintReport;

impl LintReport {
    /// The findings as a SARIF log.
    #[must_use]
    pub fn sarif(&self) -> Value {
        let mut rules: Vec<(&str, &str)> = self
            .findings
            .iter()
            .map(|placed| (placed.code, placed.explanation))
            .collect();
        rules.sort_unstable();
        rules.dedup_by_key(|(code, _)| *code);
        let index = |code: &str| rules.partition_point(|(other, _)| *other < code);
        let results: Vec<_> = self
            .findings
            .iter()
            .map(|placed| result(placed, index(placed.code)))
            .collect();
        let rules: Vec<_> = rules
            .iter()
            .map(|(code, explanation)| {
                json!({ "id": code, "shortDescription": { "text": explanation } })
            })
            .collect();
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "onhook-harness",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        })
    }
}

fn result(placed: &Placed, rule: usize) -> Value {
    let about = placed
        .parameter
        .as_ref()
        .map_or_else(String::new, |parameter| format!("{parameter}: "));
    let text = format!("{about}{}: {}", placed.message, placed.fix);
    json!({
        "ruleId": placed.code,
        "ruleIndex": rule,
        "level": placed.severity.name(),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": placed.file.as_deref().unwrap_or("text") },
            "region": {
                "startLine": placed.line,
                "startColumn": placed.column,
                "endLine": placed.end_line,
                "endColumn": placed.end_column,
            },
        }}],
    })
}
