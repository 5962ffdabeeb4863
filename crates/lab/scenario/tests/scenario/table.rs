//! The table of conformance: it holds, and it notices a phone that does something else.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use onhook_device::{ErrorRetryZero, ForcedResync, TriggerMode};
use onhook_scenario::dut::virtual_phone::VirtualPhone;
use onhook_scenario::dut::{Slack, Timer};
use onhook_scenario::{
    Do, Dut, DutKind, Given, Halt, Observation, Scenario, Seen, Verdict, judge, read, run,
};

use crate::common::{Alone, options};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .join(name)
}

/// All rows.
pub(crate) fn table() -> Vec<Scenario> {
    let mut files: Vec<_> = fs::read_dir(folder("tests/conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        rows.extend(read(&name, &text).unwrap());
    }
    rows
}

#[test]
fn files_that_are_damaged_are_told_and_never_more() {
    let mut damaged = 0;
    for file in fs::read_dir(folder("tests/conformance")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for at in (0..text.len()).step_by(211) {
            let (before, after) = text.split_at(at);
            let cut = after.get(7..).unwrap_or("");
            for text in [
                before.to_owned(),
                format!("{before}{cut}"),
                format!("{before}\"{after}"),
            ] {
                match read("t.toml", &text) {
                    Ok(rows) => rows.iter().for_each(|row| drop(onhook_scenario::plan(row))),
                    Err(problems) => {
                        damaged += 1;
                        let lines = text.lines().count();
                        assert!(
                            problems.iter().all(|told| told.line <= lines + 1),
                            "{problems:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(damaged > 300, "{damaged}");
}

#[test]
fn every_row_holds_in_virtual_time_whatever_the_seed() {
    let rows = table();
    assert!(rows.len() >= 150, "{}", rows.len());
    for seed in [1, 2, 2026] {
        let mut options = options(&[DutKind::Virtual]);
        options.seed = seed;
        let report = run(&rows, &options, &mut Alone::default()).unwrap();
        let failed: Vec<_> = report
            .rows
            .iter()
            .filter(|row| row.verdict == Verdict::Fail)
            .map(|row| format!("{}: {}", row.id, row.why))
            .collect();
        assert_eq!(failed, [""; 0], "seed {seed}");
    }
}

#[test]
fn every_row_names_rules_that_there_are_and_where_it_comes_from() {
    let list = fs::read_to_string(folder("docs/spec/requirements.toml")).unwrap();
    let known: BTreeSet<&str> = list
        .lines()
        .filter(|line| line.starts_with("id = ") || line.starts_with("same_as = "))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect();
    let mut ids = BTreeSet::new();
    for row in table() {
        assert!(ids.insert(row.id.clone()), "{} is there twice", row.id);
        assert!(!row.rules.is_empty() && !row.title.is_empty(), "{}", row.id);
        assert!(!row.source.is_empty(), "{}", row.id);
        for rule in &row.rules {
            let is_known = rule.starts_with("D-") || known.contains(rule.as_str());
            assert!(is_known, "{}: there is no rule {rule}", row.id);
        }
    }
}

/// Something that a phone could do wrong.
struct Wrong {
    name: &'static str,
    /// What it believes.
    given: fn(&mut Given),
    /// What is seen of it.
    seen: fn(Observation) -> Option<Observation>,
    /// How many rows notice, at least.
    noticed: usize,
}

const fn right(_: &mut Given) {}

const fn honest(observation: Observation) -> Option<Observation> {
    Some(observation)
}

fn set(given: &mut Given, name: &str, value: &str) {
    given.params.insert(name.to_owned(), value.to_owned());
}

const WRONG: [Wrong; 15] = [
    Wrong {
        name: "it never asks for anything",
        given: right,
        seen: |observation| {
            (!matches!(observation.seen, Seen::Request { .. })).then_some(observation)
        },
        noticed: 100,
    },
    Wrong {
        name: "it is provisioned by nobody",
        given: |given| set(given, "Provision_Enable", "No"),
        seen: honest,
        noticed: 130,
    },
    Wrong {
        name: "it is provisioned though nobody may",
        given: |given| set(given, "Provision_Enable", "Yes"),
        seen: honest,
        noticed: 2,
    },
    Wrong {
        name: "it asks a second late",
        given: right,
        seen: |mut observation| {
            if matches!(observation.seen, Seen::Request { .. }) {
                observation.at += Duration::from_secs(1);
            }
            Some(observation)
        },
        noticed: 90,
    },
    Wrong {
        name: "it thinks that everything is periodic",
        given: right,
        seen: |mut observation| {
            if let Seen::Request { prvst, .. } = &mut observation.seen {
                *prvst = Some(1);
            }
            Some(observation)
        },
        noticed: 60,
    },
    Wrong {
        name: "it asks another path",
        given: right,
        seen: |mut observation| {
            if let Seen::Request { path, url, .. } = &mut observation.seen {
                path.push('x');
                url.push('x');
            }
            Some(observation)
        },
        noticed: 40,
    },
    Wrong {
        name: "it says nothing",
        given: right,
        seen: |observation| {
            (!matches!(observation.seen, Seen::Syslog { .. })).then_some(observation)
        },
        noticed: 4,
    },
    Wrong {
        name: "it says everything twice as loud",
        given: |given| set(given, "Log_Success_Msg", "said"),
        seen: honest,
        noticed: 2,
    },
    Wrong {
        name: "it does not restart",
        given: right,
        seen: |observation| {
            (!matches!(observation.seen, Seen::Reboot { .. })).then_some(observation)
        },
        noticed: 8,
    },
    Wrong {
        name: "it takes every outcome for a success",
        given: right,
        seen: |mut observation| {
            if let Seen::Event { fields, .. } = &mut observation.seen
                && let Some(outcome) = fields.get_mut("outcome")
            {
                "A.applied".clone_into(outcome);
            }
            Some(observation)
        },
        noticed: 20,
    },
    Wrong {
        name: "it reads triggers the other way",
        given: |given| {
            let triggers = &mut given.scope.readings.triggers;
            *triggers = match triggers {
                TriggerMode::Fire => TriggerMode::Gate,
                TriggerMode::Gate => TriggerMode::Fire,
            };
        },
        seen: honest,
        noticed: 12,
    },
    Wrong {
        name: "it reads the forced delay the other way",
        given: |given| {
            let forced = &mut given.scope.readings.forced_resync;
            *forced = match forced {
                ForcedResync::IdleCountdown => ForcedResync::MaxWait,
                ForcedResync::MaxWait => ForcedResync::IdleCountdown,
            };
        },
        seen: honest,
        noticed: 8,
    },
    Wrong {
        name: "it reads a retry delay of 0 the other way",
        given: |given| {
            let zero = &mut given.scope.readings.error_retry_zero;
            *zero = match zero {
                ErrorRetryZero::Never => ErrorRetryZero::Immediate,
                ErrorRetryZero::Immediate => ErrorRetryZero::Never,
            };
        },
        seen: honest,
        noticed: 4,
    },
    Wrong {
        name: "it has another period",
        given: |given| set(given, "Resync_Periodic", "4000"),
        seen: honest,
        noticed: 35,
    },
    Wrong {
        name: "it has another retry list",
        given: |given| set(given, "Resync_Error_Retry_Delay", "77"),
        seen: honest,
        noticed: 25,
    },
];

/// A phone that is not what it should be.
struct Liar {
    phone: VirtualPhone,
    seen: fn(Observation) -> Option<Observation>,
}

impl Dut for Liar {
    fn slack(&self) -> Slack {
        self.phone.slack()
    }

    fn perform(&mut self, at: Duration, action: &Do) -> Result<Duration, Halt> {
        self.phone.perform(at, action)
    }

    fn next(&mut self, until: Duration) -> Result<Option<Observation>, Halt> {
        while let Some(observation) = self.phone.next(until)? {
            if let Some(seen) = (self.seen)(observation) {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    fn place(&self, text: &str) -> String {
        self.phone.place(text)
    }

    fn param(&mut self, name: &str) -> Result<String, Halt> {
        self.phone.param(name)
    }

    fn state(&mut self) -> Result<String, Halt> {
        self.phone.state()
    }

    fn timer(&mut self) -> Result<Option<Timer>, Halt> {
        self.phone.timer()
    }

    fn journal(&mut self) -> Option<String> {
        None
    }
}

#[test]
fn every_row_notices_a_phone_that_does_something_else() {
    let rows = table();
    let rows: Vec<_> = rows
        .iter()
        .filter(|row| row.duts.contains(&DutKind::Virtual) && row.pending.is_none())
        .collect();
    let mut blind: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    for wrong in &WRONG {
        let mut noticed = 0;
        for row in &rows {
            let mut given = row.given.clone();
            (wrong.given)(&mut given);
            // A phone of another family may not have the parameter.
            let Ok(phone) = VirtualPhone::new(&given, 1) else {
                continue;
            };
            let mut liar = Liar {
                phone,
                seen: wrong.seen,
            };
            let judged = judge(row, &mut liar, &|| false);
            if judged.verdict == Verdict::Fail {
                noticed += 1;
                blind.remove(row.id.as_str());
            }
        }
        let Wrong {
            name,
            noticed: least,
            ..
        } = wrong;
        assert!(
            noticed >= *least,
            "{name}: {noticed} rows notice, not {least}"
        );
    }
    assert_eq!(blind, BTreeSet::new());
}

#[test]
fn the_page_of_conformance_is_up_to_date() {
    let page = fs::read_to_string(folder("docs/conformance.md")).unwrap();
    let rows = table();
    let report = run(&rows, &options(&[DutKind::Virtual]), &mut Alone::default()).unwrap();
    let fresh = onhook_scenario::report::conformance(&report);
    // The column of the real program is made by a run with it, which takes minutes.
    let cells =
        |line: &str| -> Vec<String> { line.split(" | ").take(4).map(str::to_owned).collect() };
    let table = |page: &str| -> Vec<Vec<String>> {
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        rows.map(cells).collect()
    };
    assert_eq!(
        table(&page),
        table(&fresh),
        "write docs/conformance.md anew"
    );
    let index = |page: &str| page.split("## Rules").nth(1).map(str::to_owned);
    assert_eq!(
        index(&page),
        index(&fresh),
        "write docs/conformance.md anew"
    );
}
