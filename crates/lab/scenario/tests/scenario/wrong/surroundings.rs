//! Phones that show, hear or upgrade in another way, and planted bugs.

use std::time::Duration;

use onhook_device::ErrorRetryZero;
use onhook_phone::LineUse;
use onhook_scenario::dut::Timer;
use onhook_scenario::{Do, Seen};

use super::{RIGHT, Wrong, set};

pub(super) const WRONG: [Wrong; 26] = [
    Wrong {
        name: "it is deaf to SIP",
        done: |_, action| {
            let heard = !matches!(action, Do::Notify(_));
            let nothing = Do::Wait(Duration::ZERO);
            Some(if heard { action.clone() } else { nothing })
        },
        noticed: 12,
        rows: &["R-SIP-1/login", "R-SIP-5/busy", "R-SIP-9/rule"],
        ..RIGHT
    },
    Wrong {
        name: "it takes every login",
        done: |_, action| {
            let mut action = action.clone();
            if let Do::Notify(sent) = &mut action {
                sent.login = Some(("4081001141".to_owned(), "secret".to_owned()));
            }
            Some(action)
        },
        noticed: 4,
        rows: &["R-SIP-1/login", "R-SIP-14/open"],
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
        done: |_, action| (!matches!(action, Do::Resync(..))).then(|| action.clone()),
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
        name: "it looks up no SRV records",
        given: Some(|given| given.services.clear()),
        noticed: 8,
        rows: &["R-DNS-2/https", "V-030/https", "R-DNS-6/second-file"],
        ..RIGHT
    },
    Wrong {
        name: "it looks up SRV records always, and takes any",
        given: Some(|given| {
            super::rules(given, |rule| match rule.split_once("http") {
                Some(("", rest)) => format!("[--srv] http{rest}"),
                _ => rule.to_owned(),
            });
            let records: Vec<_> = given.services.values().flatten().cloned().collect();
            for name in ["_ciscoprov-https._tls", "_ciscoprov-http._tcp"] {
                let any = records.iter().cloned().map(|mut record| {
                    if record.target == "." {
                        "dot.example.com".clone_into(&mut record.target);
                    }
                    record
                });
                given
                    .services
                    .insert(format!("{name}.example.com"), any.collect());
            }
        }),
        noticed: 3,
        rows: &["R-DNS-1/unasked", "R-DNS-5/none", "R-DNS-5/dot"],
        ..RIGHT
    },
    Wrong {
        name: "it reads the weights and priorities of SRV records the other way round",
        given: Some(|given| {
            for record in given.services.values_mut().flatten() {
                record.priority = u16::MAX - record.priority;
                record.weight = u16::MAX - record.weight;
            }
        }),
        noticed: 3,
        rows: &[
            "R-DNS-4/priority",
            "R-DNS-4/low-first",
            "R-DNS-4/weight",
            "R-DNS-4/final",
        ],
        ..RIGHT
    },
    Wrong {
        name: "it asks no directory",
        given: Some(|given| given.directory.clear()),
        noticed: 4,
        rows: &[
            "V-033/unknown",
            "V-034/redirect",
            "R-OOB-7/down",
            "V-035/kept",
        ],
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
            let emergency = matches!(action, Do::Line(_, LineUse::Emergency));
            (!emergency).then(|| action.clone())
        },
        rows: &["R-IDLE-5/restart", "R-IDLE-5/parameter"],
        ..RIGHT
    },
    Wrong {
        name: "second-explicit-request-lost",
        done: |past, action| {
            let lost = past.runs && matches!(action, Do::Resync(None, _));
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
        rows: &["R-SM-1/no-timer", "R-SM-1/no-retry"],
        ..RIGHT
    },
    Wrong {
        name: "retry-0-loops",
        given: Some(|given| given.scope.readings.error_retry_zero = ErrorRetryZero::Immediate),
        rows: &["R-SCHED-6/never", "R-SCHED-6/keeps-period"],
        ..RIGHT
    },
];
