//! Phones that read rules and readings in another way, or are other phones.

use super::{RIGHT, Wrong, rules, set, without};

pub(super) const WRONG: [Wrong; 17] = [
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
        name: "it believes nobody anew",
        given: Some(|given| drop(given.params.remove("Custom_CA_Rule"))),
        noticed: 4,
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
];
