//! Phones that are wrong on purpose: every row of the table has to notice at least one of them.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use onhook_device::{ErrorRetryZero, ForcedResync, TriggerMode};
use onhook_phone::LineUse;
use onhook_scenario::dut::virtual_phone::VirtualPhone;
use onhook_scenario::dut::{Slack, Timer};
use onhook_scenario::{Do, Dut, DutKind, Given, Halt, Observation, Scenario, Seen, Verdict, judge};

use crate::table::table;

/// How many threads judge.
const THREADS: usize = 4;

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

const WRONG: [Wrong; 51] = [
    Wrong {
        name: "it never asks for anything",
        blunt: true,
        seen: |_, observation| {
            (!matches!(observation.seen, Seen::Request { .. })).then_some(observation)
        },
        noticed: 100,
        ..RIGHT
    },
    Wrong {
        name: "it is provisioned by nobody",
        blunt: true,
        given: Some(|given| set(given, "Provision_Enable", "No")),
        noticed: 130,
        ..RIGHT
    },
    Wrong {
        name: "it is provisioned though nobody may",
        given: Some(|given| set(given, "Provision_Enable", "Yes")),
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it asks a second late",
        seen: |_, mut observation| {
            if matches!(observation.seen, Seen::Request { .. }) {
                observation.at += Duration::from_secs(1);
            }
            Some(observation)
        },
        noticed: 90,
        ..RIGHT
    },
    Wrong {
        name: "it thinks that everything is periodic",
        seen: |_, mut observation| {
            if let Seen::Request { prvst, .. } = &mut observation.seen {
                *prvst = Some(1);
            }
            Some(observation)
        },
        noticed: 60,
        ..RIGHT
    },
    Wrong {
        name: "it asks another path",
        seen: |_, mut observation| {
            if let Seen::Request { path, url, .. } = &mut observation.seen {
                path.push('x');
                url.push('x');
            }
            Some(observation)
        },
        noticed: 40,
        ..RIGHT
    },
    Wrong {
        name: "it says nothing",
        seen: |_, observation| {
            (!matches!(observation.seen, Seen::Syslog { .. })).then_some(observation)
        },
        noticed: 4,
        ..RIGHT
    },
    Wrong {
        name: "it says everything twice as loud",
        given: Some(|given| set(given, "Log_Success_Msg", "said")),
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it does not restart",
        seen: |_, observation| {
            (!matches!(observation.seen, Seen::Reboot { .. })).then_some(observation)
        },
        noticed: 8,
        ..RIGHT
    },
    Wrong {
        name: "it takes every outcome for a success",
        seen: |_, mut observation| {
            if let Seen::Event { fields, .. } = &mut observation.seen
                && let Some(outcome) = fields.get_mut("outcome")
            {
                "A.applied".clone_into(outcome);
                fields.insert("err".to_owned(), "OK".to_owned());
            }
            Some(observation)
        },
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it reads triggers the other way",
        given: Some(|given| {
            let triggers = &mut given.scope.readings.triggers;
            *triggers = match triggers {
                TriggerMode::Fire => TriggerMode::Gate,
                TriggerMode::Gate => TriggerMode::Fire,
            };
        }),
        noticed: 12,
        ..RIGHT
    },
    Wrong {
        name: "it reads the forced delay the other way",
        given: Some(|given| {
            let forced = &mut given.scope.readings.forced_resync;
            *forced = match forced {
                ForcedResync::IdleCountdown => ForcedResync::MaxWait,
                ForcedResync::MaxWait => ForcedResync::IdleCountdown,
            };
        }),
        noticed: 8,
        ..RIGHT
    },
    Wrong {
        name: "it reads a retry delay of 0 the other way",
        given: Some(|given| {
            let zero = &mut given.scope.readings.error_retry_zero;
            *zero = match zero {
                ErrorRetryZero::Never => ErrorRetryZero::Immediate,
                ErrorRetryZero::Immediate => ErrorRetryZero::Never,
            };
        }),
        noticed: 4,
        ..RIGHT
    },
    Wrong {
        name: "it has another period",
        given: Some(|given| set(given, "Resync_Periodic", "4000")),
        noticed: 35,
        ..RIGHT
    },
    Wrong {
        name: "it has another retry list",
        given: Some(|given| set(given, "Resync_Error_Retry_Delay", "77")),
        noticed: 25,
        ..RIGHT
    },
    Wrong {
        name: "it does not know macros",
        given: Some(|given| {
            for (name, value) in &mut given.params {
                if name.contains("_Rule") || name.starts_with("Log_") {
                    *value = value.replace('$', "$$");
                }
            }
        }),
        noticed: 40,
        ..RIGHT
    },
    Wrong {
        name: "it takes the first alternative",
        given: Some(|given| rules(given, |rule| without(rule, "(", ")?"))),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it never takes the first alternative",
        given: Some(|given| {
            rules(given, |rule| {
                rule.split_once('|')
                    .map_or(rule, |(_, rest)| rest)
                    .to_owned()
            });
        }),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it assigns nothing",
        given: Some(|given| {
            rules(given, |rule| {
                let assigned = rule
                    .split(")!")
                    .next()
                    .and_then(|text| text.rsplit_once('('));
                match assigned {
                    Some((before, _)) if rule.contains(")!") => {
                        format!("{before}{}", without(&format!("({rule}"), "(", ")!"))
                    }
                    _ => rule.to_owned(),
                }
            });
        }),
        noticed: 6,
        ..RIGHT
    },
    Wrong {
        name: "it forgets keys",
        given: Some(|given| rules(given, |rule| rule.replace("--key", "--uid"))),
        noticed: 15,
        ..RIGHT
    },
    Wrong {
        name: "it has no aliases",
        given: Some(|given| rules(given, |rule| without(rule, "[--alias", "]"))),
        noticed: 4,
        ..RIGHT
    },
    Wrong {
        name: "it sends no bodies",
        given: Some(|given| rules(given, |rule| without(rule, "[--post", "]"))),
        noticed: 4,
        ..RIGHT
    },
    Wrong {
        name: "it has no comments",
        given: Some(|given| rules(given, |rule| rule.replace('#', ""))),
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it asks everybody",
        given: Some(|given| drop(given.params.remove("Restricted_Access_Domains"))),
        noticed: 4,
        ..RIGHT
    },
    Wrong {
        name: "it learns nothing from the network",
        given: Some(|given| given.options.clear()),
        noticed: 10,
        ..RIGHT
    },
    Wrong {
        name: "it takes any server for the one that it had",
        given: Some(|given| given.pin_server = false),
        noticed: 1,
        ..RIGHT
    },
    Wrong {
        name: "it is another phone",
        given: Some(|given| {
            let identity = &mut given.identity;
            identity.mac = "0004f2000001".parse().unwrap_or_default();
            "other".clone_into(&mut identity.product_name);
            "other".clone_into(&mut identity.serial);
            "other".clone_into(&mut identity.series);
        }),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it has another version",
        given: Some(|given| {
            let identity = &mut given.identity;
            "9.9.9".clone_into(&mut identity.hardware_version);
            "sip88xx.10-1-1MPP0001-1".clone_into(&mut identity.software_version);
        }),
        noticed: 8,
        ..RIGHT
    },
    Wrong {
        name: "it accepts files that are not there",
        given: Some(|given| set(given, "Resync_Fails_On_FNF", "No")),
        noticed: 8,
        ..RIGHT
    },
    Wrong {
        name: "it accepts no file that is not there",
        given: Some(|given| set(given, "Resync_Fails_On_FNF", "Yes")),
        noticed: 10,
        ..RIGHT
    },
    Wrong {
        name: "it reads empty elements the other way",
        given: Some(|given| {
            let readings = &mut given.scope.readings;
            let word = match readings.word("empty_element").ok() {
                Some("clear") => "keep",
                _ => "clear",
            };
            // Every phone has this reading.
            let _ = readings.set("empty_element", word);
        }),
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it shows other values",
        value: |value| format!("{value}x"),
        noticed: 80,
        ..RIGHT
    },
    Wrong {
        name: "it asks in another way",
        seen: |_, mut observation| {
            if let Seen::Request { method, .. } = &mut observation.seen {
                "HEAD".clone_into(method);
            }
            Some(observation)
        },
        noticed: 8,
        ..RIGHT
    },
    Wrong {
        name: "it says something else",
        seen: |_, mut observation| {
            if let Seen::Syslog { text, .. } = &mut observation.seen {
                text.push('x');
            }
            Some(observation)
        },
        noticed: 10,
        ..RIGHT
    },
    Wrong {
        name: "it restarts for no reason",
        seen: |_, mut observation| {
            if let Seen::Reboot { reason } = &mut observation.seen {
                *reason = Some("Unknown".to_owned());
            }
            Some(observation)
        },
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it is deaf",
        done: |_, action| (!matches!(action, Do::Resync(_))).then(|| action.clone()),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it knows nothing of calls",
        done: |_, action| (!matches!(action, Do::Line(..))).then(|| action.clone()),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it keeps its past at a factory reset",
        done: |_, action| {
            let resets = matches!(action, Do::FactoryReset);
            Some(if resets {
                Do::PowerCycle
            } else {
                action.clone()
            })
        },
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it has no slots",
        given: Some(|given| given.slots = None),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "its other slot is empty",
        given: Some(|given| {
            if let Some(slots) = &mut given.slots {
                slots.other = None;
            }
        }),
        noticed: 1,
        ..RIGHT
    },
    Wrong {
        name: "its boot loader brings up anything, or nothing",
        given: Some(|given| {
            if let Some(slots) = &mut given.slots {
                slots.boots = !slots.boots;
            }
        }),
        noticed: 3,
        ..RIGHT
    },
    Wrong {
        name: "it upgrades to nothing",
        given: Some(|given| drop(given.params.remove("Upgrade_Rule"))),
        noticed: 20,
        ..RIGHT
    },
    Wrong {
        name: "it upgrades though nobody may, and below any limit",
        given: Some(|given| {
            given.params.remove("Upgrade_Enable");
            given.params.remove("Downgrade_Rev_Limit");
        }),
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it repeats an upgrade after an hour, whatever it is told",
        given: Some(|given| drop(given.params.remove("Upgrade_Error_Retry_Delay"))),
        noticed: 2,
        ..RIGHT
    },
    Wrong {
        name: "it does not resync after an upgrade, or does unasked",
        given: Some(|given| {
            let old = given.params.get("Resync_After_Upgrade_Attempt");
            let new = match old.map(String::as_str) {
                Some("No") => "Yes",
                _ => "No",
            };
            set(given, "Resync_After_Upgrade_Attempt", new);
        }),
        noticed: 4,
        ..RIGHT
    },
    Wrong {
        name: "its delay after a boot is a twentieth",
        timer: |timer| {
            timer.map(|mut timer| {
                if timer.name == "boot-delay" {
                    timer.left /= 20;
                }
                timer
            })
        },
        noticed: 2,
        ..RIGHT
    },
    // What follows is planted into the engine too, by the patch of that name in tests/planted.
    Wrong {
        name: "prvst-of-a-trigger",
        seen: |past, mut observation| {
            if let Seen::Request { prvst, .. } = &mut observation.seen
                && past.cause == "trigger"
            {
                *prvst = Some(2);
            }
            Some(observation)
        },
        rows: &[
            "R-SM-16/before-retry",
            "R-TRIG-2/busy",
            "R-TRIG-2/guarded",
            "R-TRIG-6/change",
            "R-TRIG-6/own-timer",
            "R-TRIG-6/spacing",
            "R-TRIG-7/either",
        ],
        ..RIGHT
    },
    Wrong {
        name: "restart-in-an-emergency-call",
        done: |_, action| {
            Some(if let Do::Line(line, LineUse::Emergency) = action {
                Do::Line(*line, LineUse::Busy)
            } else {
                action.clone()
            })
        },
        rows: &["R-IDLE-5/emergency"],
        ..RIGHT
    },
    Wrong {
        name: "second-explicit-request-lost",
        done: |past, action| {
            let lost = past.runs && matches!(action, Do::Resync(None));
            (!lost).then(|| action.clone())
        },
        rows: &["R-SM-26/second"],
        ..RIGHT
    },
    Wrong {
        name: "disabled-phone-keeps-a-timer",
        timer: |timer| {
            timer.or_else(|| {
                Some(Timer {
                    name: "periodic".to_owned(),
                    left: Duration::from_secs(60),
                })
            })
        },
        rows: &[
            "R-SCHED-5/element",
            "R-SCHED-5/set-zero",
            "R-SCHED-5/zero",
            "R-SM-2/no",
        ],
        ..RIGHT
    },
    Wrong {
        name: "retry-0-loops",
        given: Some(|given| given.scope.readings.error_retry_zero = ErrorRetryZero::Immediate),
        rows: &[
            "R-SCHED-6/element",
            "R-SCHED-6/keeps-period",
            "R-SCHED-6/never",
        ],
        ..RIGHT
    },
];

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
        let judges: Vec<_> = WRONG
            .chunks(WRONG.len().div_ceil(THREADS))
            .map(|wrong| {
                scope.spawn(|| {
                    wrong
                        .iter()
                        .map(|wrong| (wrong, rows_that_notice(wrong, &rows)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        judges
            .into_iter()
            .flat_map(|judge| judge.join().unwrap())
            .collect::<Vec<_>>()
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
