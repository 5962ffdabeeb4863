//! The scenario vectors of transports.md section 17: which test names each, or what it waits for.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::report::{Problem, Report};
use crate::workspace::Workspace;

/// Path of the list of scenarios.
pub(crate) const LIST: &str = "docs/spec/scenarios.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenarios {
    /// The file with the test that names the scenario.
    tested: BTreeMap<String, String>,
    /// The area that the scenario waits for.
    waiting: BTreeMap<String, String>,
}

/// Checks that each test named in the list is there; the summary counts.
pub(super) fn check(workspace: &Workspace, report: &mut Report) -> Option<String> {
    let mut wrong = |message: String| report.problems.push(Problem::at(LIST, message));
    let list: Scenarios = match workspace.text(LIST).map(toml::from_str) {
        Some(Ok(list)) => list,
        Some(Err(error)) => {
            wrong(error.to_string());
            return None;
        }
        None => {
            wrong("is missing".to_owned());
            return None;
        }
    };
    for (id, path) in &list.tested {
        if list.waiting.contains_key(id) {
            wrong(format!("`{id}` is tested and waits"));
        }
        match workspace.text(path) {
            None => wrong(format!("`{id}`: there is no {path}")),
            Some(text) if !names(text, id) => wrong(format!("`{id}`: {path} does not name it")),
            Some(_) => {}
        }
    }
    let mut areas: BTreeMap<&str, u32> = BTreeMap::new();
    for area in list.waiting.values() {
        *areas.entry(area).or_default() += 1;
    }
    let areas: Vec<String> = areas
        .iter()
        .map(|(area, n)| format!("{area} {n}"))
        .collect();
    Some(format!(
        "{} scenarios: {} tested, {} waiting ({})",
        list.tested.len() + list.waiting.len(),
        list.tested.len(),
        list.waiting.len(),
        areas.join(", ")
    ))
}

/// Whether a text names a scenario: as `V-012b`, or in a test such as `fn v_011_to_013_and_015_…`.
fn names(text: &str, id: &str) -> bool {
    let stands_alone = |at: usize| {
        let behind = text
            .get(at + id.len()..)
            .and_then(|rest| rest.chars().next());
        behind.is_none_or(|c| !c.is_ascii_alphanumeric())
    };
    text.match_indices(id).any(|(at, _)| stands_alone(at))
        || text
            .split("fn v_")
            .skip(1)
            .any(|name| in_name(name, id.trim_start_matches("V-")))
}

/// Whether the numbers at the beginning of a name hold one.
fn in_name(name: &str, wanted: &str) -> bool {
    let mut last: Option<&str> = None;
    let mut range = false;
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        match part {
            "and" => {}
            "to" => range = true,
            number if number.starts_with(|c: char| c.is_ascii_digit()) => {
                let number_of = |text: &str| text.parse::<u32>().ok();
                let within = range
                    && last.and_then(number_of) <= number_of(wanted)
                    && number_of(wanted).is_some()
                    && number_of(wanted) <= number_of(number);
                if number == wanted || within {
                    return true;
                }
                last = Some(number);
                range = false;
            }
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_named_by_itself_or_in_a_name() {
        let text = "// V-012 and V-013b\nfn v_001_to_005_and_008_options() fn v_030b_and_031_x()";
        for id in [
            "V-012", "V-013b", "V-001", "V-003", "V-005", "V-008", "V-030b", "V-031",
        ] {
            assert!(names(text, id), "{id}");
        }
        for id in ["V-013", "V-006", "V-007", "V-030", "V-032", "V-003b"] {
            assert!(!names(text, id), "{id}");
        }
    }
}
