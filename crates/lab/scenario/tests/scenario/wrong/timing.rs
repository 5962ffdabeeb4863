//! Phones that ask at the wrong time, or for the wrong reason.

use std::time::Duration;

use onhook_device::{ErrorRetryZero, ForcedResync, TriggerMode};
use onhook_scenario::Seen;

use super::{RIGHT, Wrong, set};

pub(super) const WRONG: [Wrong; 15] = [
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
];
