//! Snapshots: `cfg.xml`, `status.xml` and `log.tar`.

use std::fmt::Write as _;

use onhook_device::{Identity, WallTime};
use onhook_params::{ParamId, known};
use onhook_phone::{Look, Shown, Snapshot};
use onhook_report::pack;

use crate::feed::Feed;

/// What stands for a secret that is there (R-WEB-8).
const STARS: &str = "*************";

//= R-WEB-8
/// The configuration as a profile; secrets are masked, and those that no page shows are left out.
pub(crate) fn configuration(look: &Look) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flat-profile>\n");
    let mut changed = look.changed().iter().peekable();
    for id in ParamId::all(&look.scope) {
        while changed.next_if(|seen| seen.id < id).is_some() {}
        let seen = changed.next_if(|seen| seen.id == id);
        let pattern = id.pattern();
        let shown = if pattern.secret {
            pattern.web_visible
        } else {
            pattern.in_report
        };
        if !shown || known::GPP_SECRET.contains(&id) {
            continue;
        }
        let value = match seen.map(|seen| &seen.shown) {
            Some(Shown::Secret) => STARS.to_owned(),
            Some(Shown::Masked(text)) => text.replace("***", STARS),
            Some(Shown::Open(text)) => text.clone(),
            None => look.text(id).to_owned(),
        };
        let right = look
            .access(id)
            .map(|access| format!(" ua=\"{}\"", access.as_str()))
            .unwrap_or_default();
        let name = id.name();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  <{name}{right}>{}</{name}>", escaped(&value));
    }
    out.push_str("</flat-profile>\n");
    out
}

/// How things are.
pub(crate) fn status(look: &Look, identity: &Identity) -> String {
    let snapshot = Snapshot {
        product_name: &identity.product_name,
        serial: &identity.serial,
        software_version: &identity.software_version,
        hardware_version: &identity.hardware_version,
        mac: identity.mac,
        status: &look.status,
        now: look.now,
    };
    snapshot.to_xml()
}

/// The last events and how things are, in one file.
pub(crate) fn log(look: &Look, identity: &Identity, feed: &Feed) -> Vec<u8> {
    let mut events = String::new();
    for line in feed.lines() {
        events.push_str(&line);
        events.push('\n');
    }
    let now = look.now.wall.map_or(0, |wall| wall.unix_s);
    let status = status(look, identity);
    let files = [
        ("events.jsonl", events.as_bytes()),
        ("status.xml", status.as_bytes()),
    ];
    // A Vec takes everything, and the names are names.
    pack(&files, u64::try_from(now).unwrap_or(0), Vec::new()).unwrap_or_default()
}

/// Unix seconds as local time of this moment.
pub(crate) fn local(look: &Look, unix_s: i64) -> WallTime {
    WallTime {
        unix_s,
        offset_s: look.now.wall.map_or(0, |wall| wall.offset_s),
    }
}

/// `MM/DD/YY HH:MM:SS`, the form of the reboot history (R-SM-22).
pub(crate) fn stamp(at: Option<WallTime>) -> String {
    match at.map(WallTime::civil) {
        Some((year, month, day, hour, minute, second)) => format!(
            "{month:02}/{day:02}/{:02} {hour:02}:{minute:02}:{second:02}",
            year.rem_euclid(100)
        ),
        None => "--/--/-- --:--:--".to_owned(),
    }
}

pub(crate) const fn yes(is: bool) -> &'static str {
    if is { "Yes" } else { "No" }
}

/// A text of XML; what no document may hold becomes a blank.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
