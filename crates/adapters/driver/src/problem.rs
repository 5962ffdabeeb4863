//! Reports of problems: what they hold, packed for the server that takes them.

use std::collections::VecDeque;
use std::fmt::Write as _;

use onhook_device::{Now, Outcome, Secret};
use onhook_fetch::{Method, Scheme, UPLOAD_LIMIT};
use onhook_phone::problem::{Header, ProblemForm};
use onhook_phone::report::ResyncReport;
use onhook_phone::{Phone, Shared, Snapshot};
use onhook_report::{form, pack_gzip};
use onhook_rules::masked;

use crate::fetch::Failed;
use crate::report::{Body, configuration, every};

/// Messages that a phone remembers for its next report of a problem.
const MESSAGES: usize = 100;
/// Characters of a message that are remembered.
const LONGEST: usize = 500;
/// What the form around an archive may take of the largest upload.
const ROOM_FOR_FORM: usize = 16 << 10;

/// The last messages of a phone, the oldest first; they went to syslog, and hold no secret.
#[derive(Default)]
pub(crate) struct Recent(VecDeque<String>);

impl Recent {
    pub(crate) fn note(&mut self, now: Now, text: &str) {
        if self.0.len() == MESSAGES {
            self.0.pop_front();
        }
        let text: String = text.chars().take(LONGEST).collect();
        let seconds = now.mono.as_millis() / 1000;
        self.0.push_back(format!("{seconds} {text}\n"));
    }

    fn text(&self) -> String {
        self.0.iter().map(String::as_str).collect()
    }
}

/// What a report of a problem is made of.
pub(crate) struct Papers<'p> {
    pub(crate) phone: &'p Phone,
    pub(crate) shared: &'p Shared,
    pub(crate) snapshot: Option<Snapshot<'p>>,
    pub(crate) recent: &'p Recent,
    pub(crate) now: Now,
}

impl Papers<'_> {
    /// The body as it is sent; `salt` makes a boundary.
    pub(crate) fn body(&self, scheme: Scheme, salt: [u8; 32]) -> Result<Body, Failed> {
        let told = ProblemForm::of(self.phone, self.shared, self.now);
        let header = match told.header {
            Header::No => None,
            Header::Wanted(name, value) => Some((name, value)),
            Header::Unfit => {
                return Err(Failed::new(
                    Outcome::BadRule,
                    "PRT_HTTP_Header and PRT_HTTP_Header_Value are no header that a report may have: correct them"
                        .to_owned(),
                ));
            }
        };
        let archive = self.archive()?;
        let body = Body {
            method: told.method,
            header,
            content_type: "application/gzip".to_owned(),
            aes128gcm: false,
            bytes: Secret::new(Vec::new()),
        };
        if told.method == Method::Put || scheme == Scheme::Tftp {
            let bytes = Secret::new(archive);
            return Ok(Body { bytes, ..body });
        }
        //= R-PRT-2
        let texts = [
            ("devicename", &*told.device_name),
            ("serialno", &told.serial),
            ("username", &told.user),
        ];
        let form = form(&texts, ("prt_file", &told.file, &archive), salt);
        Ok(Body {
            content_type: form.content_type,
            bytes: Secret::new(form.body),
            ..body
        })
    }

    fn archive(&self) -> Result<Vec<u8>, Failed> {
        let status = self.snapshot.as_ref().map(Snapshot::to_xml);
        let last = self.snapshot.as_ref().map(|snapshot| snapshot.status);
        let last = last.and_then(|status| status.last.as_ref());
        let resync = last.map_or_else(|| "none since boot\n".to_owned(), told);
        let configuration = configuration(self.phone, self.shared, every(self.phone, self.shared));
        let messages = self.recent.text();
        let files = [
            ("status.xml", status.unwrap_or_default()),
            ("configuration.xml", configuration),
            ("last-resync.txt", resync),
            ("messages.txt", messages),
        ];
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, text)| (*name, text.as_bytes()))
            .collect();
        let unix_s = self.now.wall.map_or(0, |wall| wall.unix_s);
        let limit = UPLOAD_LIMIT - ROOM_FOR_FORM;
        pack_gzip(&files, u64::try_from(unix_s).unwrap_or(0), limit).map_err(|error| {
            Failed::new(
                Outcome::Internal,
                format!("the report of a problem cannot be packed: {error}"),
            )
        })
    }
}

/// What a resync did, in words; values stand in the configuration, and only there.
fn told(resync: &ResyncReport) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "cause: {}", resync.cause.name());
    let _ = writeln!(
        out,
        "outcome: {} ({})",
        resync.outcome.code(),
        resync.outcome
    );
    for rule in &resync.rules {
        let url = rule.url.as_deref().unwrap_or_default();
        let _ = writeln!(
            out,
            "rule: {} {} {} {} bytes {} ms",
            rule.slot.name(),
            masked(url),
            rule.outcome.code(),
            rule.bytes,
            rule.ms
        );
        if let Some(message) = &rule.message {
            let _ = writeln!(out, "  {message}");
        }
    }
    for (name, _) in &resync.changes {
        let _ = writeln!(out, "changed: {name}");
    }
    for warning in &resync.warnings {
        let _ = writeln!(
            out,
            "warning: {} {}: {}",
            warning.code, warning.subject, warning.message
        );
    }
    out
}
