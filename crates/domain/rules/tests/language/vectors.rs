//! The rule and URL vectors of the rule list.

use std::collections::BTreeMap;

use onhook_rules::{RuleKind, Url};
use serde_json::{Value, json};

use crate::model::{Bound, Phone};

const VECTORS: &str = include_str!("../../../../../docs/spec/rules-vectors.jsonl");

fn suite(prefix: &str) -> Vec<Value> {
    VECTORS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|vector| vector["id"].as_str().unwrap().starts_with(prefix))
        .collect()
}

fn rule_output(bound: Option<Bound>) -> Value {
    let Some(bound) = bound else {
        return json!({ "sel": null });
    };
    let mut out = json!({ "sel": bound.index });
    if !bound.assignments.is_empty() {
        out["assign"] = json!(bound.assignments);
    }
    let options: BTreeMap<String, Value> = bound
        .options
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "srv" => (name, json!(true)),
            _ => (name, json!(value)),
        })
        .collect();
    if !options.is_empty() {
        out["opts"] = json!(options);
    }
    if let Some(url) = bound.url {
        out["url"] = json!(url);
    }
    out
}

//= R-RULE-8 type=test
//= R-RULE-11 type=test
//= R-RULE-12 type=test
//= R-RULE-15 type=test
//= R-ASSIGN-1 type=test
//= R-ASSIGN-3 type=test
//= R-UPG-1 type=test
//= R-UPG-8 type=test
#[test]
fn every_rule_vector_gives_what_is_listed() {
    let vectors = suite("T-RULE-");
    let mut failures = Vec::new();
    for vector in &vectors {
        let state = vector["st"].as_object().unwrap();
        let phone = Phone::with(state.iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())));
        let kind = match vector["kind"].as_str().unwrap() {
            "profile" => RuleKind::Profile,
            "upgrade" => RuleKind::Upgrade,
            other => panic!("kind {other} is new"),
        };
        let out = match phone.run(kind, vector["in"].as_str().unwrap()) {
            Ok(bound) => rule_output(bound),
            Err(_) => json!("error"),
        };
        if out != vector["out"] {
            failures.push(format!("{}: got {out}", vector["id"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(vectors.len(), 54);
}

//= R-URL-1 type=test
//= R-URL-3 type=test
//= R-URL-5 type=test
//= R-URL-6 type=test
//= R-URL-9 type=test
#[test]
fn every_url_vector_gives_what_is_listed() {
    let vectors = suite("T-URL-");
    let mut failures = Vec::new();
    for vector in &vectors {
        let out = match Url::parse(vector["in"].as_str().unwrap()) {
            Err(_) => json!("error"),
            Ok(url) => json!({
                "scheme": url.scheme.name(),
                "server": url.server,
                "port": url.port,
                "path": url.path,
            }),
        };
        if out != vector["out"] {
            failures.push(format!("{}: got {out}", vector["id"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(vectors.len(), 13);
}
