//! The events of the virtual phone are those of the real one.

use std::collections::BTreeSet;

use onhook_scenario::{Seen, Verdict};
use serde_json::Value;

use crate::common::row;

/// The published shape of the event stream of the agent.
const SCHEMA: &str = include_str!("../../../../../docs/schemas/event.schema.json");

#[test]
fn names_and_fields_are_published() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let row = row(r#"{ do = "boot" },
           { do = "set", params = { GPP_A = "edit", Resync_Trigger_1 = "1 eq x", Resync_Error_Retry_Delay = "600" } },
           { do = "resync", rule = "(" },
           { do = "line", line = 1, is = "busy" },
           { do = "resync" },
           { do = "line", line = 1, is = "idle" },
           { do = "fault", fault = "refused" },
           { do = "resync" },
           { do = "wait", for = "1h" },
           { do = "set", params = { Resync_At__HHmm_ = "0300", Resync_Trigger_1 = "1 eq 1" } },
           { do = "clear-fault" },
           { do = "wait", for = "1d" },
           { expect = "state", is = "off" }"#);
    assert_eq!(row.verdict, Verdict::Fail);
    let mut names = BTreeSet::new();
    for seen in &row.seen {
        let Seen::Event { name, fields } = &seen.seen else {
            continue;
        };
        names.insert(name.as_str());
        let own: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
        let is = |choice: &&Value| {
            let properties = choice["properties"].as_object().unwrap();
            let published = properties.keys().map(String::as_str);
            let published = published.filter(|key| !["t", "wall", "event"].contains(key));
            let published: BTreeSet<&str> = published.collect();
            properties["event"]["const"] == name.as_str() && published == own
        };
        let choice = schema["oneOf"].as_array().unwrap().iter().find(is);
        let choice = choice.unwrap_or_else(|| panic!("{name} with {own:?} is not published"));
        for (key, value) in fields {
            let listed = choice["properties"][key]["enum"].as_array();
            let known = |listed: &Vec<Value>| listed.iter().any(|word| word == value.as_str());
            assert!(listed.is_none_or(known), "{name}: {key} {value}");
        }
    }
    for name in [
        "fetch.done",
        "log.sent",
        "resync.started",
        "fetch.started",
        "profile.applied",
        "profile.failed",
        "rule.fault",
        "trigger.fault",
        "resync.done",
        "timer.armed",
        "edit.done",
    ] {
        assert!(names.contains(name), "{name} was not seen: {names:?}");
    }
}
