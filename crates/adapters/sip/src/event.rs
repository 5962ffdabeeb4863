//! What a NOTIFY asks for: its event (transports.md, 7.1), and the object in its body.

use onhook_device::Secret;
use onhook_phone::{Execution, NotExecuted, read_execute};

use crate::agent::Setup;

/// What a phone is asked to do.
#[derive(PartialEq, Eq, Debug)]
pub enum Act {
    /// Run the configured rules.
    Resync,
    /// Run this rule alone, once; it may hold a key.
    ResyncWith(Secret),
    /// Restart with a boot.
    Restart,
    /// Restart without one.
    RestartWarm,
    /// Report once.
    Report,
    /// Make a report of a problem.
    ReportProblem,
}

impl Act {
    /// The same, with a second copy of its secret.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Resync => Self::Resync,
            Self::ResyncWith(rule) => Self::ResyncWith(Secret::new(rule.expose().to_vec())),
            Self::Restart => Self::Restart,
            Self::RestartWarm => Self::RestartWarm,
            Self::Report => Self::Report,
            Self::ReportProblem => Self::ReportProblem,
        }
    }

    /// Whether it makes the phone ask a server for its profile.
    pub(crate) const fn is_resync(&self) -> bool {
        matches!(self, Self::Resync | Self::ResyncWith(_))
    }
}

/// Why an event asks for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoAct {
    /// The phone knows no such event.
    Unknown,
    /// It has no form that can be understood.
    Malformed,
    /// What is asked for inside cannot be done.
    Unable,
}

/// The packages that a phone knows, as it names them itself.
pub(crate) fn packages(setup: &Setup) -> Vec<&'static str> {
    let mut known = vec![
        "resync",
        "reboot_now",
        "reboot",
        "restart_now",
        "restart",
        "XML-service",
    ];
    known.extend(setup.reports.then_some("report"));
    known.extend(setup.problem_reports.then_some("prt-gen"));
    known.extend(setup.check_sync.then_some("check-sync"));
    known
}

/// Reads the value of Event.
pub(crate) fn read(value: &str, body: &[u8], setup: &Setup) -> Result<Act, NoAct> {
    let (package, parameters) = value.split_once(';').unwrap_or((value, ""));
    let package = package.trim();
    //= R-SIP-9
    let known = packages(setup);
    let known = known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(package));
    match known {
        Some("resync") => match profile(parameters) {
            None => Ok(Act::Resync),
            Some(rule) => rule_of(rule),
        },
        Some("reboot_now" | "reboot") => Ok(Act::Restart),
        Some("restart_now" | "restart") => Ok(Act::RestartWarm),
        Some("XML-service") => object(body),
        Some("report") => Ok(Act::Report),
        Some("prt-gen") => Ok(Act::ReportProblem),
        //= R-SIP-8
        Some("check-sync") => Ok(match reboots(parameters) {
            true => Act::Restart,
            false => Act::Resync,
        }),
        //= R-SIP-7
        _ => Err(NoAct::Unknown),
    }
}

/// Everything after the first `profile=`, for a rule may hold semicolons too.
fn profile(parameters: &str) -> Option<&str> {
    let mut rest = parameters;
    loop {
        let parameter = rest.trim_start();
        let name = parameter.get(.."profile".len());
        if name.is_some_and(|name| name.eq_ignore_ascii_case("profile")) {
            let after = parameter.get("profile".len()..).unwrap_or_default();
            if let Some(value) = after.trim_start().strip_prefix('=') {
                return Some(value);
            }
        }
        rest = parameter.split_once(';')?.1;
    }
}

fn reboots(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("reboot") && value.trim().eq_ignore_ascii_case("true")
    })
}

/// A rule without the quotes around it; its URL has a scheme, or a macro that may bring one.
fn rule_of(value: &str) -> Result<Act, NoAct> {
    //= R-SIP-9
    let value = value.trim();
    let quoted = value.strip_prefix('"');
    let whole = quoted.and_then(|rest| rest.strip_suffix('"'));
    let rule = match (whole, quoted) {
        (Some(text), _) => text.replace("\\\"", "\"").replace("\\\\", "\\"),
        // The guide prints one without its end.
        (None, Some(text)) => text.to_owned(),
        (None, None) => value.to_owned(),
    };
    let rule = rule.trim();
    if rule.contains("://") || rule.contains('$') {
        Ok(Act::ResyncWith(Secret::from(rule)))
    } else {
        Err(NoAct::Malformed)
    }
}

/// What an object to be executed asks for.
fn object(body: &[u8]) -> Result<Act, NoAct> {
    match read_execute(body) {
        Ok(Execution::Resync) => Ok(Act::Resync),
        Ok(Execution::ResyncWith(rule)) => {
            let rule = std::str::from_utf8(rule.expose());
            rule_of(rule.map_err(|_| NoAct::Malformed)?)
        }
        Err(NotExecuted::Unable) => Err(NoAct::Unable),
        Err(NotExecuted::Malformed) => Err(NoAct::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Setup = Setup {
        check_sync: true,
        reports: true,
        problem_reports: true,
        profile_needs_login: true,
    };

    fn with(rule: &str) -> Result<Act, NoAct> {
        Ok(Act::ResyncWith(Secret::from(rule)))
    }

    //= R-SIP-9 type=test
    // V-137 and V-138
    #[test]
    fn a_rule_is_everything_after_its_name_without_quotes() {
        for (value, act) in [
            ("resync", Ok(Act::Resync)),
            ("RESYNC", Ok(Act::Resync)),
            (" resync ; id=3", Ok(Act::Resync)),
            ("resync;profiles=http://h/x", Ok(Act::Resync)),
            ("resync;profile=http://h/one.xml", with("http://h/one.xml")),
            ("resync; Profile = http://h/a;b=c", with("http://h/a;b=c")),
            ("resync;id=1;profile=tftp://h/a", with("tftp://h/a")),
            (
                "resync;profile=\" http://h/one.xml",
                with("http://h/one.xml"),
            ),
            (
                "resync;profile=\"http://h/one.xml\"",
                with("http://h/one.xml"),
            ),
            (
                r#"resync;profile="[--key \"a b\"]http://h/$MA.xml?a=1;b""#,
                with("[--key \"a b\"]http://h/$MA.xml?a=1;b"),
            ),
            (
                "resync;profile=($A eq \"b\")? http://h/1 | http://h/2",
                with("($A eq \"b\")? http://h/1 | http://h/2"),
            ),
            ("resync;profile=$B", with("$B")),
            ("resync;profile=/one.xml", Err(NoAct::Malformed)),
            ("resync;profile=\"\"", Err(NoAct::Malformed)),
            ("resync;profile=", Err(NoAct::Malformed)),
        ] {
            assert_eq!(read(value, b"", &ALL), act, "{value}");
        }
    }

    //= R-SIP-7 type=test
    //= R-SIP-8 type=test
    // V-141 to V-146
    #[test]
    fn events_ask_for_what_they_are_called() {
        for (value, act) in [
            ("reboot_now", Ok(Act::Restart)),
            ("Reboot", Ok(Act::Restart)),
            ("restart_now", Ok(Act::RestartWarm)),
            ("restart", Ok(Act::RestartWarm)),
            ("report", Ok(Act::Report)),
            ("prt-gen", Ok(Act::ReportProblem)),
            ("check-sync", Ok(Act::Resync)),
            ("check-sync;reboot=false", Ok(Act::Resync)),
            ("check-sync;Reboot = TRUE", Ok(Act::Restart)),
            ("check-synchro", Err(NoAct::Unknown)),
            ("message-summary", Err(NoAct::Unknown)),
            ("", Err(NoAct::Unknown)),
        ] {
            assert_eq!(read(value, b"", &ALL), act, "{value}");
        }
        let plain = Setup::default();
        for value in ["check-sync", "check-sync;reboot=true", "report", "prt-gen"] {
            assert_eq!(read(value, b"", &plain), Err(NoAct::Unknown), "{value}");
        }
        assert_eq!(
            packages(&plain),
            [
                "resync",
                "reboot_now",
                "reboot",
                "restart_now",
                "restart",
                "XML-service"
            ]
        );
    }

    #[test]
    fn an_object_may_ask_for_a_resync() {
        let item = |url: &str| {
            format!(
                "<CiscoIPPhoneExecute><ExecuteItem Priority=\"0\" URL=\"{url}\"/></CiscoIPPhoneExecute>"
            )
        };
        for (body, act) in [
            (item("Resync:[http://h/x]"), with("http://h/x")),
            (item("Resync:"), Ok(Act::Resync)),
            (item("Resync:x"), Err(NoAct::Malformed)),
            (item("Key:Headset"), Err(NoAct::Unable)),
            ("<CiscoIPPhoneText/>".to_owned(), Err(NoAct::Malformed)),
        ] {
            assert_eq!(read("xml-SERVICE", body.as_bytes(), &ALL), act, "{body}");
        }
    }
}
