//! The macro vectors of the rule list, expanded with the state they name.

use std::collections::BTreeMap;

use onhook_macros::{MacroName, MacroSource, expand_to_string};
use serde_json::Value;

const VECTORS: &str = include_str!("../../../../docs/spec/rules-vectors.jsonl");

/// The base state that the vectors differ from.
const BASE: &[(&str, &str)] = &[
    ("MA", "000e08012345"),
    ("MAU", "000E08012345"),
    ("MAC", "00:0e:08:01:23:45"),
    ("PN", "CP-8841-3PCC"),
    ("PSN", "8841-3PCC"),
    ("SN", "88012BA01234"),
    ("CCERT", "Installed"),
    ("IP", "192.168.1.100"),
    ("SWVER", "sip88xx.11-3-2MPP0001-609"),
    ("HWVER", "2.0.1"),
    ("PRVST", "1"),
    ("UPGST", "1"),
    ("PRVTMR", "700"),
    ("UPGTMR", "400"),
    ("REGTMR1", "0"),
    ("REGTMR2", "0"),
    ("UPGCOND", "true"),
    ("UID1", "1000"),
];

struct State(BTreeMap<String, String>);

impl MacroSource for State {
    fn push_value(&self, name: MacroName, out: &mut String) {
        assert!(
            !matches!(name, MacroName::Secret(_)),
            "secrets are never asked for"
        );
        out.push_str(self.0.get(name.text()).map_or("", String::as_str));
    }
}

//= R-MACRO-2 type=test
//= R-MACRO-3 type=test
//= R-MACRO-6 type=test
//= R-MACRO-7 type=test
//= R-MACRO-8 type=test
//= R-MACRO-10 type=test
//= R-MACRO-11 type=test
//= R-MACRO-13 type=test
//= R-MACRO-14 type=test
//= R-MACRO-15 type=test
//= R-MACRO-18 type=test
#[test]
fn every_macro_vector_expands_as_listed() {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let id = vector["id"].as_str().unwrap();
        if !id.starts_with("T-MACRO-") {
            continue;
        }
        count += 1;
        let mut state: BTreeMap<String, String> = BASE
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        for (name, value) in vector["st"].as_object().unwrap() {
            state.insert(name.clone(), value.as_str().unwrap().to_owned());
        }
        let out = expand_to_string(vector["in"].as_str().unwrap(), &State(state));
        if out != vector["out"].as_str().unwrap() {
            failures.push(format!("{id}: got {out}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(count, 45);
}
