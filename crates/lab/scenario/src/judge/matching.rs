//! Whether something seen is what was expected.

use std::time::Duration;

use crate::dut::{Dut, Halt, Power, Seen, Slack};
use crate::language::{Fact, Glob, Pattern, Value, Window, is_secret, words};

/// Whether something seen is of the kind of a pattern; events are of a kind if they have one name.
pub(super) fn is_alike(pattern: &Pattern, seen: &Seen) -> bool {
    match (pattern, seen) {
        (Pattern::Request { .. }, Seen::Request { .. })
        | (Pattern::Syslog { .. }, Seen::Syslog { .. })
        | (Pattern::Reboot { .. }, Seen::Reboot { .. }) => true,
        (Pattern::Event { name: wanted, .. }, Seen::Event { name, .. }) => wanted == name,
        _ => false,
    }
}

/// Whether something seen fits a pattern; `place` fills in addresses.
pub(super) fn fits(pattern: &Pattern, seen: &Seen, place: &dyn Fn(&str) -> String) -> bool {
    let like = |wanted: &Option<Glob>, text: &str| {
        let wanted = wanted.as_ref().map(|glob| Glob::new(place(glob.as_str())));
        wanted.is_none_or(|glob| glob.fits(text))
    };
    match (pattern, seen) {
        (
            Pattern::Request {
                url: wanted,
                prvst: cause,
                method: by,
                head: lines,
            },
            Seen::Request {
                url,
                path,
                method,
                prvst,
                head,
            },
        ) => {
            let has = |lines: &Vec<Glob>, head: &Vec<String>| {
                let same = |(line, text): (&Glob, &String)| like(&Some(line.clone()), text);
                lines.len() == head.len() && lines.iter().zip(head).all(same)
            };
            (like(wanted, url) || like(wanted, path))
                // Not everybody can tell why a phone asks.
                && (cause.is_none() || prvst.is_none() || cause == prvst)
                && by.as_ref().is_none_or(|by| by == method)
                && lines.as_ref().is_none_or(|lines| head.as_ref().is_some_and(|head| has(lines, head)))
        }
        (
            Pattern::Syslog {
                text: wanted,
                severity: urgent,
            },
            Seen::Syslog { severity, text },
        ) => like(wanted, text) && (urgent.is_none() || urgent == severity),
        (
            Pattern::Event {
                name: wanted,
                fields: having,
            },
            Seen::Event { name, fields },
        ) => {
            let has = |(key, glob): (&String, &Glob)| {
                fields
                    .get(key)
                    .is_some_and(|text| like(&Some(glob.clone()), text))
            };
            wanted == name && having.iter().all(has)
        }
        (Pattern::Reboot { reason: wanted }, Seen::Reboot { reason }) => match reason {
            Some(reason) => like(wanted, reason),
            None => wanted.is_none(),
        },
        _ => false,
    }
}

/// Whether it is a request that does not count.
pub(super) fn is_ignored(seen: &Seen, ignore: &[String]) -> bool {
    let Seen::Request { path, .. } = seen else {
        return false;
    };
    ignore.iter().any(|glob| Glob::new(glob).fits(path))
}

/// Something seen, in a few words, with its head if a pattern looks at it.
pub(super) fn name_for(pattern: &Pattern, seen: &Seen) -> String {
    match (pattern, seen) {
        (
            Pattern::Request { head: Some(_), .. },
            Seen::Request {
                head: Some(lines), ..
            },
        ) => {
            format!("{} with the head `{}`", name(seen), lines.join(" / "))
        }
        _ => name(seen),
    }
}

/// Something seen, in a few words.
pub(crate) fn name(seen: &Seen) -> String {
    match seen {
        Seen::Request {
            url, method, prvst, ..
        } => match prvst {
            Some(prvst) => format!("{method} {url} ($PRVST {prvst})"),
            None => format!("{method} {url}"),
        },
        Seen::Answer { url, how } => format!("the answer to {url}: {how}"),
        Seen::Syslog { text, .. } => format!("the message `{text}`"),
        Seen::Event { name, fields } => {
            let fields: Vec<String> = fields.iter().map(|(k, v)| format!("{k} {v}")).collect();
            format!("the event {name} ({})", fields.join(", "))
        }
        Seen::Reboot { reason } => match reason {
            Some(reason) => format!("a restart ({reason})"),
            None => "a restart".to_owned(),
        },
        Seen::Power(Power::On) => "power".to_owned(),
        Seen::Power(Power::Off) => "a power cut".to_owned(),
    }
}

/// What is so instead of a fact; `None` if the fact holds.
pub(super) fn unlike(fact: &Fact, dut: &mut dyn Dut, slack: Slack) -> Result<Option<String>, Halt> {
    let is = match fact {
        Fact::Param(name, wanted) => {
            let value = dut.param(name)?;
            let good = match wanted {
                Value::Is(text) => dut.place(text) == value,
                Value::Like(glob) => Glob::new(dut.place(glob.as_str())).fits(&value),
            };
            let shown = match is_secret(name) {
                true => "another secret".to_owned(),
                false => format!("`{value}`"),
            };
            (good, format!("it is {shown}"))
        }
        Fact::State(wanted) => {
            let state = dut.state()?;
            (*wanted == state, format!("it is {state}"))
        }
        Fact::Timer(wanted, left) => {
            let timer = dut.timer()?;
            let good = timer
                .as_ref()
                .is_some_and(|timer| timer.name == *wanted && within(timer.left, *left, slack));
            let is = match timer {
                Some(timer) => format!("{} ends in {}", timer.name, words(timer.left)),
                None => "no timer is armed".to_owned(),
            };
            (good, is)
        }
        Fact::NoTimer => match dut.timer()? {
            Some(timer) => (
                false,
                format!("{} ends in {}", timer.name, words(timer.left)),
            ),
            None => (true, String::new()),
        },
    };
    let (good, is) = is;
    Ok((!good).then_some(is))
}

fn within(left: Duration, window: Option<Window>, slack: Slack) -> bool {
    window.is_none_or(|window| left + slack.late >= window.from && left <= window.to + slack.early)
}
