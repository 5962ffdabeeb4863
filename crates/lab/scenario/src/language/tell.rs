//! Steps in words, for reports.

use std::fmt;
use std::net::IpAddr;

use onhook_device::{Family, Release};
use onhook_params::{ParamId, Scope, Secrecy, secrecy};
use onhook_phone::{LineUse, Registration};

use super::{
    Anchor, By, Do, Expect, Expected, Fact, Glob, Pattern, Severity, Step, Value, What, Window,
    words,
};

impl fmt::Display for Step {
    /// Writes what the step does or expects, without its window.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Do(action) => action.fmt(f),
            What::Expect(expect) => expect.fmt(f),
        }
    }
}

impl fmt::Display for Do {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |by: &By| match by {
            By::Control => "",
            By::Page => " on a page of the phone",
            By::Sip => " by SIP",
            By::Menu => " at the phone",
        };
        match self {
            Self::Boot => f.write_str("boot"),
            Self::PowerOff => f.write_str("cut the power"),
            Self::PowerCycle => f.write_str("cut the power and boot"),
            Self::Wait(span) => write!(f, "wait {}", words(*span)),
            Self::Resync(None, who) => write!(f, "ask for a resync{}", by(who)),
            Self::Resync(Some(rule), who) => {
                write!(f, "ask for a resync with `{}`{}", masked(rule), by(who))
            }
            Self::Set(params, who) => {
                let names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
                write!(f, "set {}{}", names.join(", "), by(who))
            }
            Self::Upgrade(None) => f.write_str("ask for an upgrade"),
            Self::Upgrade(Some(rule)) => write!(f, "ask for an upgrade with `{}`", masked(rule)),
            Self::Report(who) => write!(f, "ask for a report{}", by(who)),
            Self::ProblemReport(who) => write!(f, "ask for a report of a problem{}", by(who)),
            Self::Reboot(who) => write!(f, "ask for a restart{}", by(who)),
            Self::Notify(sent) => {
                let package = sent.event.split(';').next().unwrap_or_default();
                write!(f, "notify of `{package}`")
            }
            Self::Visit(sent) => {
                // What stands behind it may be a password.
                let path = sent.path.split(['?', '&']).next().unwrap_or_default();
                write!(f, "ask for {path}")
            }
            Self::Submit(page) => {
                let names: Vec<&str> = page.params.iter().map(|(name, _)| name.as_str()).collect();
                write!(f, "submit a page with {}", names.join(", "))
            }
            Self::FactoryReset => f.write_str("return everything to the factory state"),
            Self::Line(line, LineUse::Idle) => write!(f, "line {line} becomes idle"),
            Self::Line(line, LineUse::Busy) => write!(f, "line {line} becomes busy"),
            Self::Line(line, LineUse::Emergency) => {
                write!(f, "an emergency call begins on line {line}")
            }
            Self::Registration(line, is) => {
                let is = match is {
                    Registration::Disabled => "is disabled",
                    Registration::Registered => "is registered",
                    Registration::Unregistered => "loses its registration",
                };
                write!(f, "line {line} {is}")
            }
            Self::Clock(Some(at)) => write!(f, "set the clock to {at} s after 1970"),
            Self::Clock(None) => f.write_str("take the time from the clock"),
            Self::File(path, _) => write!(f, "serve another {path}"),
            Self::RemoveFile(path) => write!(f, "remove {path}"),
            Self::Fault(path, fault) => write!(f, "fail with `{fault}` for {path}"),
            Self::ClearFault(path) => write!(f, "fail no longer for {path}"),
            Self::Address(ip) => write!(f, "the address is {}", known(ip.as_ref())),
            Self::ExternalAddress(ip) => {
                write!(f, "the external address is {}", known(ip.as_ref()))
            }
            Self::Certificate(true) => f.write_str("install a client certificate"),
            Self::Certificate(false) => f.write_str("remove the client certificate"),
            Self::Options(_) => f.write_str("DHCP says other options"),
        }
    }
}

/// Whether the value of a parameter may not be shown; it has the name in one family at least.
pub(crate) fn is_secret(name: &str) -> bool {
    [Family::Mpp, Family::Spa].iter().any(|family| {
        let scope = Scope::new(*family, Release::default());
        ParamId::lookup(name, &scope).is_some_and(|id| secrecy(id) == Secrecy::Secret)
    })
}

/// What a rule may show in a report.
fn masked(rule: &str) -> String {
    onhook_rules::masked(rule)
}

fn known(ip: Option<&IpAddr>) -> String {
    ip.map_or_else(|| "not known".to_owned(), ToString::to_string)
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Expected::Happens(pattern) => write!(f, "expect {pattern}")?,
            Expected::Absent(pattern, span) => {
                return write!(f, "expect no {} for {}", pattern.bare(), words(*span));
            }
            Expected::Holds(fact) => write!(f, "expect {fact}")?,
        }
        if let Some(window) = self.timing.window {
            write!(f, " {window}")?;
            match self.timing.after {
                Anchor::Previous => {}
                Anchor::Boot => f.write_str(" after the boot")?,
                Anchor::Step(step) => write!(f, " after step {}", step + 1)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from == self.to {
            true => write!(f, "at {}", words(self.to)),
            false => write!(f, "within {}..{}", words(self.from), words(self.to)),
        }
    }
}

impl Pattern {
    /// What kind of thing it is, with what must be so of it.
    fn bare(&self) -> String {
        let with = |word: &str, text: Option<String>| match text {
            Some(text) => format!("{word} {text}"),
            None => word.to_owned(),
        };
        match self {
            Self::Request {
                url,
                prvst,
                method,
                head,
            } => {
                let mut text = with("request", url.as_ref().map(|url| format!("for {url}")));
                if let Some(method) = method {
                    text.push_str(&format!(" by {method}"));
                }
                if let Some(prvst) = prvst {
                    text.push_str(&format!(" with $PRVST {prvst}"));
                }
                if let Some(head) = head {
                    let lines: Vec<&str> = head.iter().map(Glob::as_str).collect();
                    text.push_str(&format!(" with the head `{}`", lines.join(" / ")));
                }
                text
            }
            Self::Syslog { text, severity } => {
                let mut said = with("syslog message", text.as_ref().map(|t| format!("`{t}`")));
                if let Some(severity) = severity {
                    said.push_str(&format!(" of severity {}", severity.name()));
                }
                said
            }
            Self::Event { name, fields } => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(key, is)| format!("{key} {is}"))
                    .collect();
                let fields = Some(fields.join(", ")).filter(|fields| !fields.is_empty());
                with(
                    &format!("event {name}"),
                    fields.map(|fields| format!("with {fields}")),
                )
            }
            Self::Reboot { reason } => with("restart", reason.as_ref().map(|r| format!("({r})"))),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = match self {
            Self::Event { .. } => "the",
            Self::Request { .. } | Self::Syslog { .. } | Self::Reboot { .. } => "a",
        };
        write!(f, "{article} {}", self.bare())
    }
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Param(name, _) if is_secret(name) => write!(f, "{name} to be `***`"),
            Self::Param(name, Value::Is(value)) => write!(f, "{name} to be `{value}`"),
            Self::Param(name, Value::Like(value)) => write!(f, "{name} to be like `{value}`"),
            Self::State(state) => write!(f, "the state {state}"),
            Self::Timer(timer, None) => write!(f, "the timer {timer} to be armed"),
            Self::Timer(timer, Some(left)) => match left.from == left.to {
                true => write!(f, "the timer {timer} to end in {}", words(left.to)),
                false => write!(
                    f,
                    "the timer {timer} to end in {}..{}",
                    words(left.from),
                    words(left.to)
                ),
            },
            Self::NoTimer => f.write_str("no timer to be armed"),
        }
    }
}
