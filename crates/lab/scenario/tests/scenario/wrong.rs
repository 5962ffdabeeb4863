//! Phones that are wrong on purpose: every row of the table has to notice at least one of them.

mod reading;
mod surroundings;
mod timing;

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use onhook_scenario::dut::virtual_phone::VirtualPhone;
use onhook_scenario::dut::{Slack, Timer};
use onhook_scenario::{Do, Dut, DutKind, Given, Halt, Observation, Scenario, Seen, Verdict, judge};

use crate::table::table;

/// What a wrong phone remembers of what was seen of it.
#[derive(Default)]
struct Past {
    /// Whether a resync is under way.
    runs: bool,
    /// Why the last one began.
    cause: String,
}

/// Something that a phone could do wrong.
struct Wrong {
    name: &'static str,
    /// Whether hardly anything works, so that it says nothing of a row that the row notices.
    blunt: bool,
    /// What it believes.
    given: Option<fn(&mut Given)>,
    /// What it makes of what is done to it.
    done: fn(&Past, &Do) -> Option<Do>,
    /// What is seen of it.
    seen: fn(&Past, Observation) -> Option<Observation>,
    /// What it shows of the value of a parameter.
    value: fn(String) -> String,
    /// What it shows of its timer.
    timer: fn(Option<Timer>) -> Option<Timer>,
    /// How many rows notice, at least.
    noticed: usize,
    /// Rows that notice, among others.
    rows: &'static [&'static str],
}

/// All of them.
const ALL: [&[Wrong]; 3] = [&timing::WRONG, &reading::WRONG, &surroundings::WRONG];

/// Nothing is wrong.
const RIGHT: Wrong = Wrong {
    name: "",
    blunt: false,
    given: None,
    done: |_, action| Some(action.clone()),
    seen: |_, observation| Some(observation),
    value: |value| value,
    timer: |timer| timer,
    noticed: 1,
    rows: &[],
};

fn set(given: &mut Given, name: &str, value: &str) {
    given.params.insert(name.to_owned(), value.to_owned());
}

/// Changes what a phone reads in its rules.
fn rules(given: &mut Given, read: fn(&str) -> String) {
    for (name, value) in &mut given.params {
        if name.contains("_Rule") {
            *value = read(value);
        }
    }
}

/// The text without what stands from `from` to `to`.
fn without(text: &str, from: &str, to: &str) -> String {
    let cut = || {
        let (before, after) = text.split_once(from)?;
        let (_, after) = after.split_once(to)?;
        Some(format!("{before}{after}"))
    };
    cut().unwrap_or_else(|| text.to_owned())
}

/// A phone that is not what it should be.
struct Liar {
    phone: VirtualPhone,
    wrong: &'static Wrong,
    past: Past,
}

impl Past {
    fn see(&mut self, seen: &Seen) {
        let Seen::Event { name, fields } = seen else {
            return;
        };
        match name.as_str() {
            "resync.started" => {
                self.runs = true;
                self.cause = fields.get("cause").cloned().unwrap_or_default();
            }
            "resync.done" => self.runs = false,
            _ => {}
        }
    }
}

impl Dut for Liar {
    fn slack(&self) -> Slack {
        self.phone.slack()
    }

    fn perform(&mut self, at: Duration, action: &Do) -> Result<Duration, Halt> {
        match (self.wrong.done)(&self.past, action) {
            Some(action) => self.phone.perform(at, &action),
            None => self.phone.perform(at, &Do::Wait(Duration::ZERO)),
        }
    }

    fn next(&mut self, until: Duration) -> Result<Option<Observation>, Halt> {
        while let Some(observation) = self.phone.next(until)? {
            self.past.see(&observation.seen);
            if let Some(seen) = (self.wrong.seen)(&self.past, observation) {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    fn place(&self, text: &str) -> String {
        self.phone.place(text)
    }

    fn param(&mut self, name: &str) -> Result<String, Halt> {
        self.phone.param(name).map(self.wrong.value)
    }

    fn state(&mut self) -> Result<String, Halt> {
        self.phone.state()
    }

    fn timer(&mut self) -> Result<Option<Timer>, Halt> {
        self.phone.timer().map(self.wrong.timer)
    }

    fn journal(&mut self) -> Option<String> {
        None
    }
}

#[test]
fn every_row_notices_a_phone_that_does_something_else() {
    let rows = table();
    let rows: Vec<&Scenario> = rows
        .iter()
        .filter(|row| row.duts.contains(&DutKind::Virtual) && row.pending.is_none())
        .collect();
    let mut blind: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let noticed = thread::scope(|scope| {
        let judge = |phones: &'static [Wrong]| {
            let noticed = |wrong| (wrong, rows_that_notice(wrong, &rows));
            phones.iter().map(noticed).collect::<Vec<_>>()
        };
        let judges = ALL.map(|phones| scope.spawn(move || judge(phones)));
        judges.map(|judge| judge.join().unwrap()).concat()
    });
    for (wrong, noticed) in noticed {
        let Wrong {
            name,
            noticed: least,
            rows: wanted,
            ..
        } = wrong;
        let count = noticed.len();
        assert!(count >= *least, "{name}: {count} rows notice, not {least}");
        for id in *wanted {
            assert!(noticed.contains(id), "{name}: {id} does not notice");
        }
        if !wrong.blunt {
            blind.retain(|id| !noticed.contains(id));
        }
    }
    assert_eq!(blind, BTreeSet::new());
}

fn rows_that_notice<'r>(wrong: &'static Wrong, rows: &[&'r Scenario]) -> BTreeSet<&'r str> {
    let mut noticed = BTreeSet::new();
    for row in rows {
        let mut given = row.given.clone();
        if let Some(believe) = wrong.given {
            believe(&mut given);
            // What it believes of this row is right, and it does nothing else wrong.
            if given == row.given {
                continue;
            }
        }
        // A phone of another family may not have the parameter.
        let Ok(phone) = VirtualPhone::new(&given, 1) else {
            continue;
        };
        let mut liar = Liar {
            phone,
            wrong,
            past: Past::default(),
        };
        if judge(row, &mut liar, &|| false).verdict == Verdict::Fail {
            noticed.insert(row.id.as_str());
        }
    }
    noticed
}
