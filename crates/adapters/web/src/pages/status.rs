//! Info: how the phone is, and what it fetched.

use std::sync::Arc;

use askama::Template;
use onhook_device::Identity;
use onhook_fetch::Fingerprint;
use onhook_phone::Look;
use onhook_phone::report::{CaStatus, LoadTransfer, ResyncReport};

use super::Frame;
use crate::export::{local, stamp, yes};
use crate::feed::{Brought, Feed};

/// Info > Status.
#[derive(Template)]
#[template(path = "status.html")]
pub(crate) struct StatusPage<'p> {
    pub(crate) frame: &'p Frame,
    /// Who the phone is: words and values.
    pub(crate) product: Vec<(&'static str, String)>,
    /// How it is.
    pub(crate) state: Vec<(&'static str, String)>,
    /// The last resync.
    pub(crate) last: Option<Last>,
    /// What comes next: words and seconds.
    pub(crate) next: Vec<(&'static str, u64)>,
    /// The last restarts.
    pub(crate) history: Vec<String>,
    /// Whether a resync runs.
    pub(crate) runs: bool,
    pub(crate) has_slots: bool,
    pub(crate) note: Option<String>,
    /// The last events, newest first; for the Admin account.
    pub(crate) events: Vec<Arc<str>>,
}

/// The last resync, told.
pub(crate) struct Last {
    pub(crate) words: String,
    pub(crate) rules: Vec<Told>,
    pub(crate) changes: Vec<(String, String)>,
    pub(crate) warnings: Vec<String>,
}

impl Last {
    /// What changed, and what was wrong, names parameters that `ua` may hide: it is for the Admin account.
    fn of(report: &ResyncReport, is_admin: bool) -> Self {
        let lines = if is_admin { LINES } else { 0 };
        Self {
            words: format!(
                "{} ({}), because of {}",
                report.outcome,
                report.outcome.code(),
                report.cause.name()
            ),
            rules: report
                .rules
                .iter()
                .map(|rule| Told {
                    rule: rule.slot.name(),
                    url: rule.url.clone().unwrap_or_default(),
                    words: match rule.container {
                        Some(container) => format!(
                            "{}: {} bytes, encryption {container}, {} changed, {} ms",
                            rule.outcome, rule.bytes, rule.changed, rule.ms
                        ),
                        None => rule.outcome.to_string(),
                    },
                    message: rule.message.clone().unwrap_or_default(),
                })
                .collect(),
            changes: report.changes.iter().take(lines).cloned().collect(),
            warnings: report
                .warnings
                .iter()
                .take(lines)
                .map(|warning| warning.message.clone())
                .collect(),
        }
    }
}

/// What one rule did.
pub(crate) struct Told {
    pub(crate) rule: &'static str,
    pub(crate) url: String,
    pub(crate) words: String,
    pub(crate) message: String,
}

/// Most lines of a list on a page.
const LINES: usize = 50;

impl<'p> StatusPage<'p> {
    pub(crate) fn of(
        frame: &'p Frame,
        look: &Look,
        identity: &Identity,
        feed: &Feed,
        note: Option<String>,
    ) -> Self {
        let status = &look.status;
        let history = status.history.iter().map(|(reason, at)| {
            let at = at.map(|unix_s| local(look, unix_s));
            format!("[{}] {reason}", stamp(at))
        });
        let mut events = match frame.is_admin() {
            true => feed.lines(),
            false => Vec::new(),
        };
        events.reverse();
        events.truncate(LINES);
        let lines: Vec<String> = status.busy_lines.iter().map(u8::to_string).collect();
        let transfer = status.firmware.as_ref();
        let transfer = transfer.and_then(|firmware| firmware.transfer.as_ref());
        let mut state = vec![
            ("Current Time", stamp(look.now.wall)),
            ("Elapsed Time", format!("{} s", status.uptime_s)),
            ("State", status.state.to_owned()),
            ("Provisioned", yes(status.provisioned).to_owned()),
            ("PRVST", status.prvst.to_string()),
            (
                "Lines in use",
                match lines.is_empty() {
                    true => "none".to_owned(),
                    false => lines.join(", "),
                },
            ),
        ];
        state.extend(transfer.map(|transfer| ("Firmware Upgrade", progress(transfer))));
        Self {
            product: product(look, identity),
            state,
            last: status
                .last
                .as_ref()
                .map(|last| Last::of(last, frame.is_admin())),
            next: status
                .next
                .iter()
                .map(|(timer, in_s)| (timer.name(), *in_s))
                .collect(),
            history: history.collect(),
            runs: transfer.is_some() || matches!(status.state, "running" | "due" | "boot-delay"),
            has_slots: look.has_slots,
            note,
            events,
            frame,
        }
    }
}

/// How far a load has come.
fn progress(transfer: &LoadTransfer) -> String {
    let LoadTransfer { load, done, bytes } = transfer;
    match *bytes {
        0 => "its manifest is being fetched".to_owned(),
        bytes => {
            let part = u128::from(*done) * 100 / u128::from(bytes);
            format!("{load}: {done} of {bytes} bytes ({part} %)")
        }
    }
}

//= R-TLS-10
/// Who is believed besides the built-in roots, whence it came, and how the last fetch of it failed.
fn custom_ca(ca: &CaStatus) -> String {
    let mut words = match &ca.installed {
        Some(ca) => format!(
            "{} (SHA-256 {}, from {})",
            ca.name, ca.fingerprint, ca.origin
        ),
        None => "Not Installed".to_owned(),
    };
    if let Some(failure) = &ca.failure {
        words.push_str("; last provisioning failed: ");
        words.push_str(failure);
    }
    words
}

/// Who the phone is.
fn product(look: &Look, identity: &Identity) -> Vec<(&'static str, String)> {
    let status = &look.status;
    let mut mac = String::new();
    identity.mac.push_colons(&mut mac);
    vec![
        ("Product Name", identity.product_name.clone()),
        ("Serial Number", identity.serial.clone()),
        ("Software Version", identity.software_version.clone()),
        ("Hardware Version", identity.hardware_version.clone()),
        ("MAC Address", mac),
        (
            "Client Certificate",
            match status.client_certificate {
                true => "Installed".to_owned(),
                false => "Not Installed".to_owned(),
            },
        ),
        ("Custom CA", custom_ca(&status.custom_ca)),
        (
            "Customization",
            match status.provisioned {
                true => "Provisioned".to_owned(),
                false => "Not provisioned yet".to_owned(),
            },
        ),
    ]
}

//= R-WEB-16
/// Info > Download Status.
#[derive(Template)]
#[template(path = "downloads.html")]
pub(crate) struct DownloadPage<'p> {
    pub(crate) frame: &'p Frame,
    /// Each kind with its downloads.
    pub(crate) kinds: Vec<(&'static str, Vec<Row>)>,
}

/// One download.
pub(crate) struct Row {
    pub(crate) cells: [String; 3],
    /// What is believed since.
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl<'p> DownloadPage<'p> {
    pub(crate) fn of(frame: &'p Frame, feed: &Feed) -> Self {
        let kinds = Brought::ALL.map(|brought| {
            let downloads = feed.downloads(brought).into_iter();
            let rows = downloads.map(|one| Row {
                cells: [stamp(one.at), one.url, one.result],
                //= R-TLS-10
                fingerprint: one.fingerprint,
            });
            (brought.title(), rows.collect())
        });
        Self {
            frame,
            kinds: kinds.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_from_the_manifest_on() {
        let at = |done, bytes| {
            progress(&LoadTransfer {
                load: "sip88xx.1".to_owned(),
                done,
                bytes,
            })
        };
        assert_eq!(at(0, 0), "its manifest is being fetched");
        assert_eq!(at(1, 3), "sip88xx.1: 1 of 3 bytes (33 %)");
        assert_eq!(
            at(u64::MAX, u64::MAX),
            format!("sip88xx.1: {0} of {0} bytes (100 %)", u64::MAX)
        );
    }
}
