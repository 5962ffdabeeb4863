//! Reports as JSON documents.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use onhook_device::{Class, Outcome};
use onhook_discovery::Customization;
use onhook_phone::Answer;
use onhook_phone::TimerKind;
use onhook_phone::report::{CaStatus, ResyncReport, RuleReport, Status, Warning};
use serde::Serialize;
use serde_json::{Value, json};

/// Schema of a resync.
const RESYNC: &str = "onhook.resync/1";
/// Schema of a status.
const STATUS: &str = "onhook.status/1";

/// The word for the aggregate outcome of a resync.
fn outcome_word(report: &ResyncReport) -> &'static str {
    match report.outcome.code() {
        "A.applied" => "applied",
        "A.fnf_ok" => "fnf_ok",
        "A.skipped" => "skipped",
        _ => "failed",
    }
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::A => "A",
        Class::B => "B",
        Class::C => "C",
    }
}

#[derive(Serialize)]
struct Timer {
    timer: &'static str,
    in_s: u64,
}

fn timers(next: &[(TimerKind, u64)]) -> Vec<Timer> {
    next.iter()
        .map(|(kind, in_s)| Timer {
            timer: kind.name(),
            in_s: *in_s,
        })
        .collect()
}

/// The text of `$ERR`.
pub(crate) fn err(outcome: Outcome, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("{outcome}: {said}"),
        None => outcome.to_string(),
    }
}

fn rule(rule: &RuleReport) -> Value {
    json!({
        "param": rule.slot.name(),
        "url": rule.url,
        "server_ip": rule.server_ip.map(|ip| ip.to_string()),
        "container": rule.container,
        "gzip": rule.gzip,
        "bytes": rule.bytes,
        "outcome": rule.outcome.code(),
        "err": err(rule.outcome, rule.said.as_deref()),
        "changed": rule.changed,
        "ms": rule.ms,
        "message": rule.message,
    })
}

fn warning(warning: &Warning) -> Value {
    json!({
        "code": warning.code,
        "subject": warning.subject,
        "line": warning.line,
        "column": warning.column,
        "message": warning.message,
    })
}

/// Values in the order of their names; `collect` would do, but brings an algorithm to sort into the program.
pub(crate) fn by_name(values: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    map.extend(values);
    map
}

/// A resync as a JSON document.
pub(crate) fn resync(report: &ResyncReport) -> Value {
    let changes = by_name(report.changes.iter().cloned());
    json!({
        "schema": RESYNC,
        "outcome": outcome_word(report),
        "class": class_word(report.outcome.class()),
        "err": err(report.outcome, report.said()),
        "cause": report.cause.name(),
        "prvst": report.cause.prvst(),
        "rules": report.rules.iter().map(rule).collect::<Vec<_>>(),
        "changes": changes,
        "warnings": report.warnings.iter().map(warning).collect::<Vec<_>>(),
        "messages": report.messages,
        "flash_writes": report.flash_writes,
        "state_writes": report.state_writes,
        "reboot": if report.reboot { "cold" } else { "none" },
        "next": timers(&report.next),
    })
}

/// How the last fetch of the custom CA ended, and what is believed.
fn custom_ca(ca: &CaStatus) -> Value {
    let last = match (&ca.failure, &ca.installed) {
        (Some(_), _) => Some("failed"),
        (None, Some(_)) => Some("succeeded"),
        (None, None) => None,
    };
    json!({
        "last": last,
        "err": ca.failure,
        "installed": ca.installed.as_ref().map(|ca| json!({
            "name": ca.name,
            "fingerprint": ca.fingerprint.to_string(),
            "certificates": ca.certificates,
            "source": ca.source.name(),
            "url": ca.origin,
        })),
    })
}

/// A phone at one moment as a JSON document.
pub(crate) fn status(status: &Status) -> Value {
    let history: Vec<_> = status
        .history
        .iter()
        .map(|(reason, at)| json!({ "reason": reason, "unix_s": at }))
        .collect();
    json!({
        "schema": STATUS,
        "state": status.state,
        "prvst": status.prvst,
        "provisioned": status.provisioned,
        "customization": status.customization.map(Customization::name),
        "uptime_s": status.uptime_s,
        "external_ip": Some(&status.external_ip).filter(|ip| !ip.is_empty()),
        "client_certificate": status.client_certificate,
        "custom_ca": custom_ca(&status.custom_ca),
        "mobility": { "status": status.mobility_status, "user": status.mobility_user },
        "last": status.last.as_ref().map(resync),
        "next": timers(&status.next),
        "lines": status.busy_lines.iter().map(|line| json!({ "line": line, "state": "busy" })).collect::<Vec<_>>(),
        "sip_errors": status.sip_errors.iter().map(|(line, code)| json!({
            "line": line, "code": code.to_string(), "means": code.meaning(),
        })).collect::<Vec<_>>(),
        "listen": listen(&status.listen),
        "slots": slots(status),
        "upgrade": upgrade(status),
        "history": history,
        "counters": {
            "stale_completions": status.stale_completions,
            "dropped_messages": status.dropped_messages,
        },
    })
}

/// What the slots for firmware hold.
#[cfg(feature = "firmware")]
fn slots(status: &Status) -> Value {
    use onhook_upgrade::{Held, Slot};
    let Some(firmware) = &status.firmware else {
        return json!([]);
    };
    let record = &firmware.record;
    let slots = Slot::ALL.map(|slot| {
        let (state, load) = match record.held(slot) {
            Held::Unknown => ("unknown", None),
            Held::Part(_) => ("part", None),
            Held::Whole(load) if load.failed => ("failed", Some(load)),
            Held::Whole(load) => ("whole", Some(load)),
        };
        json!({
            "slot": slot.name(),
            "state": state,
            "load": load.map(|load| &load.name),
            "counter": load.map(|load| load.counter),
            "running": slot == record.running,
            "good": slot == record.good,
        })
    });
    json!(slots)
}

/// How an upgrade goes, or went.
#[cfg(feature = "firmware")]
fn upgrade(status: &Status) -> Value {
    let Some(firmware) = &status.firmware else {
        return Value::Null;
    };
    json!({
        "err": firmware.error,
        "on_trial": firmware.record.is_on_trial(),
        "floor": firmware.record.floor,
        "transfer": firmware.transfer.as_ref().map(|transfer| json!({
            "load": transfer.load,
            "done": transfer.done,
            "bytes": transfer.bytes,
        })),
    })
}

#[cfg(not(feature = "firmware"))]
fn slots(_status: &Status) -> Value {
    Value::Array(Vec::new())
}

#[cfg(not(feature = "firmware"))]
fn upgrade(_status: &Status) -> Value {
    Value::Null
}

fn listen(listen: &[(&'static str, SocketAddr)]) -> Value {
    let pairs = listen.iter();
    let pairs = pairs.map(|(what, address)| ((*what).to_owned(), json!(address.to_string())));
    Value::Object(pairs.collect())
}

/// An answer as one line of the control socket.
pub(crate) fn answer(answer: &Answer) -> String {
    let value = match answer {
        Answer::Done => json!({ "ok": true }),
        Answer::Delayed(delay) => json!({ "ok": true, "delayed": delay.name() }),
        Answer::Resync(report) => json!({ "ok": true, "resync": resync(report) }),
        Answer::Status(phone) => json!({ "ok": true, "status": status(phone) }),
        // The control socket has no request for it.
        Answer::SipAccess(_) => json!({ "ok": true }),
        // Pages look for themselves.
        Answer::Look(_) => json!({ "ok": true }),
        Answer::Refused(why) => json!({ "ok": false, "error": why }),
    };
    value.to_string()
}

/// A field of an object; null if it is missing.
pub(crate) fn at<'v>(value: &'v Value, key: &str) -> &'v Value {
    static NULL: Value = Value::Null;
    value.get(key).unwrap_or(&NULL)
}
