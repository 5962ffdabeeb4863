//! The condition and version vectors of the specification.

#![expect(clippy::unwrap_used, reason = "a malformed vector must stop the test")]

use std::cmp::Ordering;

use onhook_conditions::{Version, parse};
use serde_json::Value;

const VECTORS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/spec/rules-vectors.jsonl"
));

/// The state that the vectors build on; every other name they use is known and empty.
const BASE: [(&str, &str); 8] = [
    ("SWVER", "sip88xx.11-3-2MPP0001-609"),
    ("HWVER", "2.0.1"),
    ("PRVST", "1"),
    ("PRVTMR", "700"),
    ("UPGTMR", "400"),
    ("REGTMR1", "0"),
    ("UPGCOND", "true"),
    ("CCERT", "Installed"),
];

fn vectors(family: &str) -> Vec<Value> {
    VECTORS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|vector| vector["id"].as_str().unwrap().starts_with(family))
        .collect()
}

fn lookup<'a>(state: &'a Value, name: &str) -> Option<&'a str> {
    let base = BASE.iter().find(|(known, _)| *known == name);
    state[name].as_str().or(base.map(|(_, value)| *value))
}

/// Expands the bare form of macros, the only one in these vectors, in one pass.
fn expand(text: &str, state: &Value) -> String {
    let mut pieces = text.split('$');
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let end = piece
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(piece.len());
        match lookup(state, &piece[..end]) {
            Some(value) => out.push_str(value),
            None => {
                out.push('$');
                out.push_str(&piece[..end]);
            }
        }
        out.push_str(&piece[end..]);
    }
    out
}

//= R-COND-1 type=test
//= R-COND-2 type=test
#[test]
fn conditions_end_as_the_specification_says() {
    let vectors = vectors("T-COND-");
    assert!(vectors.len() >= 37, "only {} vectors", vectors.len());
    for vector in vectors {
        let text = expand(vector["in"].as_str().unwrap(), &vector["st"]);
        let swver = lookup(&vector["st"], "SWVER").unwrap();
        let result = parse(&text).and_then(|condition| condition.eval(swver, &mut ()));
        let shown = match result {
            Ok(value) => Value::Bool(value),
            Err(_) => Value::String("error".to_owned()),
        };
        assert_eq!(shown, vector["out"], "{}: {text}", vector["id"]);
    }
}

//= R-VER-7 type=test
//= R-VER-8 type=test
#[test]
fn versions_are_ordered_as_the_specification_says() {
    let vectors = vectors("T-VER-");
    assert!(vectors.len() >= 17, "only {} vectors", vectors.len());
    for vector in vectors {
        let (a, b) = (vector["a"].as_str().unwrap(), vector["b"].as_str().unwrap());
        let order = Version::parse(a).and_then(|a| a.compare(&Version::parse(b)?));
        let shown = match order {
            Ok(Ordering::Less) => "<",
            Ok(Ordering::Equal) => "=",
            Ok(Ordering::Greater) => ">",
            Err(_) => "error",
        };
        assert_eq!(shown, vector["out"], "{}: {a} and {b}", vector["id"]);
    }
}
