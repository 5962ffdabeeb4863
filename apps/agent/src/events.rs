//! The event stream: one JSON object a line.

use std::time::Duration;

use onhook_device::{Now, SipError, WallTime};
use onhook_driver::{Fetched, Observer};
use onhook_phone::port::Message;
use onhook_phone::report::ResyncReport;
use onhook_phone::{
    HeldCa, Newcomer, Notice, ReportNotice, RestartKind, UpgradeGate, UpgradeNotice,
};
use onhook_system::{Followers, event_of};
use serde_json::{Map, Value, json};

use crate::certificate::Presented;
use crate::lines::Sender;
use crate::log_server::LogServer;
use crate::supervisor::Supervisor;

/// Tells the event stream, the log and the service manager what the phone does.
pub(crate) struct Watcher {
    pub(crate) lines: Sender,
    pub(crate) server: LogServer,
    pub(crate) presented: Presented,
    pub(crate) supervisor: Supervisor,
    pub(crate) followers: Followers,
    #[cfg(feature = "web")]
    pub(crate) pages: crate::pages::Teller,
}

impl Watcher {
    fn write(&mut self, now: Now, event: &str, fields: Value) {
        // Whoever was believed in a transfer is told before what came of it.
        for server in self.presented.untold() {
            self.line(now, "tls.unset-clock", json!({ "server": server }));
        }
        self.line(now, event, fields);
    }

    fn line(&mut self, now: Now, event: &str, fields: Value) {
        if !cfg!(feature = "web") && !self.lines.is_open() && self.followers.is_empty() {
            return;
        }
        let line = object(now, event, fields);
        #[cfg(feature = "web")]
        self.pages.line(&line);
        self.followers.tell(now, &line);
        if self.lines.is_open() {
            self.lines.send(line, |count| missed(now, count));
        }
    }
}

/// The line that stands for lines which somebody has missed.
pub(crate) fn missed(now: Now, count: u64) -> String {
    object(now, "missed", json!({ "count": count }))
}

fn object(now: Now, event: &str, fields: Value) -> String {
    let mut object = Map::new();
    let seconds = Duration::from_millis(now.mono.as_millis()).as_secs_f64();
    object.insert("t".to_owned(), json!(seconds));
    object.insert("wall".to_owned(), json!(now.wall.map(wall)));
    object.insert("event".to_owned(), json!(event));
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object).to_string()
}

impl Watcher {
    /// What an operator cares about, once, in words.
    fn tell(&self, now: Now, notice: &Notice) {
        match notice {
            Notice::ResyncStarted(cause, _) => {
                tracing::info!("resync started ({})", cause.name());
                self.supervisor.status("resync running");
            }
            Notice::ResyncDone(outcome) => {
                tracing::info!("resync ended: {} ({outcome})", outcome.code());
                self.supervisor.status(&format!("last resync: {outcome}"));
            }
            Notice::TimerArmed(kind, at) => {
                tracing::info!("next: {} in {} s", kind.name(), at.secs_since(now.mono));
            }
            Notice::TriggerFault(number, fault) => tracing::warn!(
                "Resync_Trigger_{number} cannot be evaluated ({}): it never starts a resync; \
                 see what `onhook-harness explain --kind trigger` says of it",
                fault.name()
            ),
            Notice::Held => tracing::info!("a profile waits for idle lines"),
            Notice::AccountWanted => tracing::warn!(
                "a server wants to know who asks, and the phone has no profile account: set account.user and account.password_file, \
                 or write --uid and --pwd into the rule"
            ),
            Notice::ActivationCode => tracing::warn!(
                "a rule begins with gds:// and wants an activation code, which this phone has no screen for: write a rule \
                 with a server"
            ),
            Notice::RestartLoop => tracing::warn!(
                "a profile has made the phone restart three times in ten minutes: it is applied without a restart; look \
                 for two rules that set one parameter to different values"
            ),
            Notice::TrustForgotten => {
                tracing::info!("Custom_CA_Rule is empty: no custom CA is believed any more");
            }
            Notice::RuleStarted(..)
            | Notice::RuleDone { .. }
            | Notice::RuleFault(..)
            | Notice::TrustStarted(..)
            | Notice::TrustFault(..)
            | Notice::TrustDone(..)
            | Notice::Refused(_)
            | Notice::EditDone(_)
            | Notice::EditBusy
            | Notice::ServerChanged(..)
            | Notice::EraseFailed => {}
            Notice::Upgrade(UpgradeNotice::Refused(UpgradeGate::NoSlots)) => tracing::warn!(
                "Upgrade_Rule names another load than the one that runs, but this phone has no slots for firmware: \
                 it goes on without an upgrade"
            ),
            Notice::Report(ReportNotice::Done(outcome)) => {
                tracing::info!("report ended: {} ({outcome})", outcome.code());
            }
            Notice::ProblemReport(ReportNotice::Done(outcome)) => {
                tracing::info!("problem report ended: {} ({outcome})", outcome.code());
            }
            Notice::Report(
                ReportNotice::Started(_)
                | ReportNotice::Sending(..)
                | ReportNotice::Fault(_)
                | ReportNotice::Nothing
                | ReportNotice::NotBooted,
            )
            | Notice::ProblemReport(
                ReportNotice::Started(_)
                | ReportNotice::Sending(..)
                | ReportNotice::Fault(_)
                | ReportNotice::Nothing
                | ReportNotice::NotBooted,
            ) => {}
            Notice::Upgrade(UpgradeNotice::Done(outcome)) => {
                tracing::info!("upgrade ended: {} ({outcome})", outcome.code());
            }
            Notice::Upgrade(
                UpgradeNotice::Started(..)
                | UpgradeNotice::Fault(_)
                | UpgradeNotice::Retry(_)
                | UpgradeNotice::NotNeeded
                | UpgradeNotice::Refused(UpgradeGate::NotBooted | UpgradeGate::Disabled),
            ) => {}
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

impl Observer for Watcher {
    fn notice(&mut self, _phone: u32, now: Now, notice: &Notice, url: Option<&str>) {
        #[cfg(feature = "web")]
        self.pages.notice(now, notice, url);
        // What is believed is told with all that is known of it.
        let Some((event, fields)) = event_of(now, notice, url) else {
            return;
        };
        self.write(now, event, fields);
        self.tell(now, notice);
    }

    fn message(&mut self, _phone: u32, now: Now, message: &Message) {
        let server = self.server.instead_of(&message.server);
        let fields = json!({ "text": message.text, "server": server });
        self.write(now, "log.sent", fields);
    }

    fn resync(&mut self, _phone: u32, now: Now, report: &ResyncReport) {
        if report.outcome.is_success() {
            //= R-TLS-7
            self.presented.succeeded();
        }
        #[cfg(feature = "web")]
        self.pages.resync(now, report);
        self.write(
            now,
            "resync.report",
            json!({ "report": crate::json::resync(report) }),
        );
    }

    fn restart(&mut self, _phone: u32, now: Now, kind: RestartKind) {
        let kind = match kind {
            RestartKind::Cold => "cold",
            RestartKind::Warm => "warm",
        };
        self.write(now, "reboot", json!({ "kind": kind }));
    }

    fn trusted(&mut self, _phone: u32, now: Now, held: &HeldCa) {
        let fields = json!({
            "source": held.source.name(),
            "name": held.name,
            "fingerprint": held.fingerprint.to_string(),
            "certificates": held.certificates.len(),
            "url": held.origin,
        });
        self.write(now, "ca.installed", fields);
    }

    fn server_changed(&mut self, _phone: u32, now: Now, [old, new]: [&str; 2], newcomer: Newcomer) {
        let refused = newcomer == Newcomer::Refused;
        if refused {
            tracing::warn!(
                "the network names the provisioning server {new} where it named {old}: it is not asked (security.pin_server); \
                 a factory reset lets it be"
            );
        } else {
            tracing::warn!("the network names the provisioning server {new} where it named {old}");
        }
        let fields = json!({ "old": old, "new": new, "refused": refused });
        self.write(now, "server.changed", fields);
    }

    fn sip_error(&mut self, _phone: u32, now: Now, line: u8, code: SipError) {
        let fields = json!({ "line": line, "code": code.to_string(), "means": code.meaning() });
        self.write(now, "sip.error", fields);
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
