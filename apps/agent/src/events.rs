//! The event stream: one JSON object a line.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use onhook_device::{Now, WallTime};
use onhook_driver::{Fetched, Observer};
use onhook_phone::port::Message;
use onhook_phone::report::ResyncReport;
use onhook_phone::{Notice, RestartKind};
use serde_json::{Map, Value, json};

/// Writes events to a file or to stdout; without either, nowhere.
pub(crate) struct Events {
    out: Option<Box<dyn Write + Send>>,
    /// Where the configuration sends all messages; empty if each goes to its own server.
    server: String,
}

impl Events {
    /// No event stream.
    pub(crate) const fn off() -> Self {
        Self {
            out: None,
            server: String::new(),
        }
    }

    /// Opens the stream; `-` is stdout, a file is appended to. `server` overrides that of every message if it is
    /// not empty.
    pub(crate) fn open(path: &Path, server: &str) -> anyhow::Result<Self> {
        let server = server.to_owned();
        if path == Path::new("-") {
            return Ok(Self {
                out: Some(Box::new(std::io::stdout())),
                server,
            });
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("events cannot be written to {}", path.display()))?;
        Ok(Self {
            out: Some(Box::new(file)),
            server,
        })
    }

    fn write(&mut self, now: Now, event: &str, fields: Value) {
        let Some(out) = &mut self.out else {
            return;
        };
        let mut object = Map::new();
        let seconds = std::time::Duration::from_millis(now.mono.as_millis()).as_secs_f64();
        object.insert("t".to_owned(), json!(seconds));
        object.insert("wall".to_owned(), json!(now.wall.map(wall)));
        object.insert("event".to_owned(), json!(event));
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        let line = Value::Object(object);
        // A full disk or a closed pipe must not stop the phone; the stream ends.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            tracing::error!("the event stream cannot be written any more: it ends here");
            self.out = None;
        }
    }
}

/// RFC 3339 with the offset of local time.
fn wall(at: WallTime) -> String {
    let (year, month, day, hour, minute, second) = at.civil();
    let sign = if at.offset_s < 0 { '-' } else { '+' };
    let offset = at.offset_s.unsigned_abs() / 60;
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}",
        offset / 60,
        offset % 60
    )
}

impl Observer for Events {
    fn notice(&mut self, _phone: u32, now: Now, notice: &Notice, url: Option<&str>) {
        let (event, fields) = match notice {
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
            Notice::Held => ("profile.held", json!({})),
            Notice::ResyncDone(outcome) => (
                "resync.done",
                json!({ "outcome": outcome.code(), "err": outcome.to_string() }),
            ),
            Notice::TimerArmed(kind, at) => (
                "timer.armed",
                json!({ "timer": kind.name(), "in_s": at.secs_since(now.mono) }),
            ),
            Notice::Refused(_) => ("command.refused", json!({})),
            Notice::EditDone(committed) => (
                "edit.done",
                json!({ "stored": *committed == onhook_phone::Committed::Durable }),
            ),
            Notice::EditBusy => ("edit.busy", json!({})),
        };
        self.write(now, event, fields);
    }

    fn message(&mut self, _phone: u32, now: Now, message: &Message) {
        let server = if self.server.is_empty() {
            &message.server
        } else {
            &self.server
        };
        let fields = json!({ "text": message.text, "server": server });
        self.write(now, "log.sent", fields);
    }

    fn resync(&mut self, _phone: u32, now: Now, report: &ResyncReport) {
        self.write(
            now,
            "resync.report",
            json!({ "report": crate::json::resync(report) }),
        );
    }

    fn restart(&mut self, _phone: u32, now: Now, kind: RestartKind) {
        let kind = match kind {
            RestartKind::Cold => "cold",
        };
        self.write(now, "reboot", json!({ "kind": kind }));
    }

    fn fetched(&mut self, _phone: u32, now: Now, fetched: Option<&Fetched>) {
        let fields = match fetched {
            Some(fetched) => json!({
                "ok": true,
                "bytes": fetched.bytes,
                "container": fetched.container,
                "gzip": fetched.gzip,
            }),
            None => json!({ "ok": false }),
        };
        self.write(now, "fetch.done", fields);
    }
}
