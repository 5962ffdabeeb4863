//! The lines of the event stream: what a phone tells, as JSON.

use onhook_device::{Now, Outcome};
use onhook_phone::{Committed, Notice, ReportNotice, UpgradeNotice};
use serde_json::Value;

/// The name of an event and its fields; `url` is that of a request which starts. `None` for what another event tells better: a custom
/// authority that is believed.
#[must_use]
pub fn event_of(now: Now, notice: &Notice, url: Option<&str>) -> Option<(&'static str, Value)> {
    Some(match notice {
        Notice::ResyncStarted(cause, _) => (
            "resync.started",
            fields([
                ("cause", Value::from(cause.name())),
                ("prvst", Value::from(cause.prvst())),
            ]),
        ),
        Notice::RuleStarted(slot, _) => asked("fetch.started", ("param", slot.name()), url),
        Notice::RuleDone {
            slot,
            outcome,
            changed,
        } => (
            if outcome.is_success() {
                "profile.applied"
            } else {
                "profile.failed"
            },
            fields([
                ("param", Value::from(slot.name())),
                ("outcome", Value::from(outcome.code())),
                ("err", Value::from(outcome.to_string())),
                ("changed", Value::from(*changed)),
            ]),
        ),
        Notice::RuleFault(slot, fault) => {
            faulty("rule.fault", ("param", slot.name()), fault.name())
        }
        Notice::TriggerFault(number, fault) => {
            let trigger = format!("Resync_Trigger_{number}");
            faulty("trigger.fault", ("param", &trigger), fault.name())
        }
        Notice::TrustStarted(source, _) => asked("ca.started", ("source", source.name()), url),
        Notice::TrustFault(source, fault) => {
            faulty("ca.fault", ("source", source.name()), fault.name())
        }
        Notice::TrustDone(_, _, Some(_)) => return None,
        Notice::TrustDone(source, outcome, None) => (
            "ca.unchanged",
            fields([
                ("source", Value::from(source.name())),
                ("outcome", Value::from(outcome.code())),
                ("err", Value::from(outcome.to_string())),
            ]),
        ),
        Notice::TrustForgotten => ("ca.removed", fields([])),
        Notice::Held => ("profile.held", fields([])),
        Notice::ResyncDone(outcome) => ("resync.done", ended(*outcome)),
        Notice::TimerArmed(kind, at) => (
            "timer.armed",
            fields([
                ("timer", Value::from(kind.name())),
                ("in_s", Value::from(at.secs_since(now.mono))),
            ]),
        ),
        Notice::RestartLoop => ("reboot.loop", fields([])),
        Notice::AccountWanted => ("account.setup", fields([])),
        Notice::ActivationCode => ("activation.code", fields([])),
        Notice::Refused(_) => ("command.refused", fields([])),
        Notice::EditDone(committed) => (
            "edit.done",
            fields([("stored", Value::from(*committed == Committed::Durable))]),
        ),
        Notice::EditBusy => ("edit.busy", fields([])),
        // Nor what is told with names.
        Notice::ServerChanged(..) => return None,
        Notice::EraseFailed => ("erase.failed", fields([])),
        Notice::Upgrade(notice) => upgrade(notice, now, url),
        Notice::Report(notice) => report(notice, false, url),
        Notice::ProblemReport(notice) => report(notice, true, url),
    })
}

/// Something is asked for.
fn asked(
    event: &'static str,
    (key, whose): (&str, &str),
    url: Option<&str>,
) -> (&'static str, Value) {
    let url = ("url", Value::from(url));
    (event, fields([(key, Value::from(whose)), url]))
}

/// Something that was configured cannot be used.
fn faulty(event: &'static str, (key, whose): (&str, &str), fault: &str) -> (&'static str, Value) {
    let fault = ("fault", Value::from(fault));
    (event, fields([(key, Value::from(whose)), fault]))
}

/// The event of something that is told of reports, and its fields; the events of a report of a problem have names of their own.
fn report(notice: &ReportNotice, problem: bool, url: Option<&str>) -> (&'static str, Value) {
    let (names, fields) = match notice {
        ReportNotice::Started(why) => (
            ["report.started", "problem-report.started"],
            fields([("why", Value::from(why.name()))]),
        ),
        ReportNotice::Sending(_, _) if problem => {
            return ("problem-report.sent", fields([("url", Value::from(url))]));
        }
        ReportNotice::Sending(content, _) => {
            let fields = fields([
                ("content", Value::from(content.name())),
                ("url", Value::from(url)),
            ]);
            return ("report.sent", fields);
        }
        ReportNotice::Fault(fault) => (
            ["report.fault", "problem-report.fault"],
            fields([("fault", Value::from(fault.name()))]),
        ),
        ReportNotice::Done(outcome) => (["report.done", "problem-report.done"], ended(*outcome)),
        ReportNotice::Nothing if problem => {
            return (
                "problem-report.refused",
                fields([("why", Value::from("no-url"))]),
            );
        }
        ReportNotice::Nothing => return ("report.nothing", fields([])),
        ReportNotice::NotBooted => (
            ["report.refused", "problem-report.refused"],
            fields([("why", Value::from("not-booted"))]),
        ),
    };
    let [configuration, of_problem] = names;
    (if problem { of_problem } else { configuration }, fields)
}

/// How something ended.
fn ended(outcome: Outcome) -> Value {
    fields([
        ("outcome", Value::from(outcome.code())),
        ("err", Value::from(outcome.to_string())),
    ])
}

/// The event of something that is told of upgrades, and its fields.
fn upgrade(notice: &UpgradeNotice, now: Now, url: Option<&str>) -> (&'static str, Value) {
    match notice {
        UpgradeNotice::Started(stage, _) => (
            "upgrade.started",
            fields([
                ("upgst", Value::from(stage.upgst())),
                ("url", Value::from(url)),
            ]),
        ),
        UpgradeNotice::Done(outcome) => ("upgrade.done", ended(*outcome)),
        UpgradeNotice::Fault(fault) => (
            "upgrade.fault",
            fields([("fault", Value::from(fault.name()))]),
        ),
        UpgradeNotice::Retry(at) => (
            "upgrade.retry",
            fields([("in_s", Value::from(at.secs_since(now.mono)))]),
        ),
        UpgradeNotice::NotNeeded => ("upgrade.not-needed", fields([])),
        UpgradeNotice::Refused(gate) => (
            "upgrade.refused",
            fields([("why", Value::from(gate.name()))]),
        ),
    }
}

/// An object. What `json!` makes in each place is three times as large.
fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let owned = fields.map(|(name, value)| (name.to_owned(), value));
    Value::Object(owned.into_iter().collect())
}
