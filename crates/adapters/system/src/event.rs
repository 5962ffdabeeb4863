//! The lines of the event stream: what a phone tells, as JSON.

use onhook_device::{Now, Outcome};
use onhook_phone::{Committed, Notice, ReportNotice, UpgradeNotice};
use serde_json::{Value, json};

/// The name of an event and its fields; `url` is that of a request which starts. `None` for what another event tells better: a custom
/// authority that is believed.
#[must_use]
pub fn event_of(now: Now, notice: &Notice, url: Option<&str>) -> Option<(&'static str, Value)> {
    Some(match notice {
        Notice::ResyncStarted(cause, _) => (
            "resync.started",
            json!({ "cause": cause.name(), "prvst": cause.prvst() }),
        ),
        Notice::RuleStarted(slot, _) => {
            ("fetch.started", json!({ "param": slot.name(), "url": url }))
        }
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
            json!({ "param": slot.name(), "outcome": outcome.code(), "err": outcome.to_string(), "changed": changed }),
        ),
        Notice::RuleFault(slot, fault) => (
            "rule.fault",
            json!({ "param": slot.name(), "fault": fault.name() }),
        ),
        Notice::TriggerFault(number, fault) => (
            "trigger.fault",
            json!({ "param": format!("Resync_Trigger_{number}"), "fault": fault.name() }),
        ),
        Notice::TrustStarted(source, _) => {
            ("ca.started", json!({ "source": source.name(), "url": url }))
        }
        Notice::TrustFault(source, fault) => (
            "ca.fault",
            json!({ "source": source.name(), "fault": fault.name() }),
        ),
        Notice::TrustDone(_, _, Some(_)) => return None,
        Notice::TrustDone(source, outcome, None) => (
            "ca.unchanged",
            json!({ "source": source.name(), "outcome": outcome.code(), "err": outcome.to_string() }),
        ),
        Notice::TrustForgotten => ("ca.removed", json!({})),
        Notice::Held => ("profile.held", json!({})),
        Notice::ResyncDone(outcome) => ("resync.done", ended(*outcome)),
        Notice::TimerArmed(kind, at) => (
            "timer.armed",
            json!({ "timer": kind.name(), "in_s": at.secs_since(now.mono) }),
        ),
        Notice::RestartLoop => ("reboot.loop", json!({})),
        Notice::AccountWanted => ("account.setup", json!({})),
        Notice::ActivationCode => ("activation.code", json!({})),
        Notice::Refused(_) => ("command.refused", json!({})),
        Notice::EditDone(committed) => (
            "edit.done",
            json!({ "stored": *committed == Committed::Durable }),
        ),
        Notice::EditBusy => ("edit.busy", json!({})),
        // Nor what is told with names.
        Notice::ServerChanged(..) => return None,
        Notice::EraseFailed => ("erase.failed", json!({})),
        Notice::Upgrade(notice) => upgrade(notice, now, url),
        Notice::Report(notice) => report(notice, false, url),
        Notice::ProblemReport(notice) => report(notice, true, url),
    })
}

/// The event of something that is told of reports, and its fields; the events of a report of a problem have names of their own.
fn report(notice: &ReportNotice, problem: bool, url: Option<&str>) -> (&'static str, Value) {
    let (names, fields) = match notice {
        ReportNotice::Started(why) => (
            ["report.started", "problem-report.started"],
            json!({ "why": why.name() }),
        ),
        ReportNotice::Sending(_, _) if problem => {
            return ("problem-report.sent", json!({ "url": url }));
        }
        ReportNotice::Sending(content, _) => {
            let fields = json!({ "content": content.name(), "url": url });
            return ("report.sent", fields);
        }
        ReportNotice::Fault(fault) => (
            ["report.fault", "problem-report.fault"],
            json!({ "fault": fault.name() }),
        ),
        ReportNotice::Done(outcome) => (["report.done", "problem-report.done"], ended(*outcome)),
        ReportNotice::Nothing if problem => {
            return ("problem-report.refused", json!({ "why": "no-url" }));
        }
        ReportNotice::Nothing => return ("report.nothing", json!({})),
        ReportNotice::NotBooted => (
            ["report.refused", "problem-report.refused"],
            json!({ "why": "not-booted" }),
        ),
    };
    let [configuration, of_problem] = names;
    (if problem { of_problem } else { configuration }, fields)
}

/// How something ended.
fn ended(outcome: Outcome) -> Value {
    json!({ "outcome": outcome.code(), "err": outcome.to_string() })
}

/// The event of something that is told of upgrades, and its fields.
fn upgrade(notice: &UpgradeNotice, now: Now, url: Option<&str>) -> (&'static str, Value) {
    match notice {
        UpgradeNotice::Started(stage, _) => (
            "upgrade.started",
            json!({ "upgst": stage.upgst(), "url": url }),
        ),
        UpgradeNotice::Done(outcome) => ("upgrade.done", ended(*outcome)),
        UpgradeNotice::Fault(fault) => ("upgrade.fault", json!({ "fault": fault.name() })),
        UpgradeNotice::Retry(at) => ("upgrade.retry", json!({ "in_s": at.secs_since(now.mono) })),
        UpgradeNotice::NotNeeded => ("upgrade.not-needed", json!({})),
        UpgradeNotice::Refused(gate) => ("upgrade.refused", json!({ "why": gate.name() })),
    }
}
