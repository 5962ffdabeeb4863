//! JSON documents in words, for people.

use serde_json::Value;

use crate::failure::visible;
use crate::json::at;

/// A resync document for people.
pub(crate) fn resync(document: &Value) -> String {
    let mut lines = Vec::new();
    let text = |value: &Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    for rule in array(document, "rules") {
        let mut line = format!("{}: {}", text(at(rule, "param")), text(at(rule, "outcome")));
        if let Some(url) = at(rule, "url").as_str() {
            line.push_str(&format!("  {url}"));
        }
        if let Some(container) = at(rule, "container").as_str() {
            let gzip = if at(rule, "gzip") == true {
                ", gzip"
            } else {
                ""
            };
            line.push_str(&format!(
                "  ({} bytes, {container}{gzip}, {} changed, {} ms)",
                at(rule, "bytes"),
                at(rule, "changed"),
                at(rule, "ms")
            ));
        }
        lines.push(line);
        if let Some(message) = at(rule, "message").as_str() {
            lines.push(format!("  {message}"));
        }
    }
    if let Some(changes) = at(document, "changes").as_object() {
        lines.extend(
            changes
                .iter()
                .map(|(name, value)| format!("  {name} = {}", visible(&text(value)))),
        );
    }
    for warning in array(document, "warnings") {
        let place = match (at(warning, "line").as_u64(), at(warning, "column").as_u64()) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            _ => String::new(),
        };
        lines.push(format!(
            "  warning: {place}{}",
            text(at(warning, "message"))
        ));
    }
    lines.push(format!(
        "resync: {} ({})",
        text(at(document, "outcome")),
        text(at(document, "err"))
    ));
    for timer in array(document, "next") {
        lines.push(format!(
            "next: {} in {} s",
            text(at(timer, "timer")),
            at(timer, "in_s")
        ));
    }
    if at(document, "reboot") != "none" {
        lines.push(format!(
            "a changed parameter wants a {} restart",
            text(at(document, "reboot"))
        ));
    }
    lines.join("\n")
}

/// A status document for people.
pub(crate) fn status(document: &Value) -> String {
    let yes = if at(document, "provisioned") == true {
        "yes"
    } else {
        "no"
    };
    let mut lines = vec![
        format!("state: {}", at(document, "state").as_str().unwrap_or("")),
        format!("provisioned: {yes}"),
        format!("up: {} s", at(document, "uptime_s")),
    ];
    if let Some(state) = at(document, "customization").as_str() {
        lines.push(format!("out of the box: {state}"));
    }
    lines.push(custom_ca_text(at(document, "custom_ca")));
    for (what, address) in at(document, "listen").as_object().into_iter().flatten() {
        let address = address.as_str().unwrap_or_default();
        lines.push(format!("listens: {what} {address}"));
    }
    for error in array(document, "sip_errors") {
        let text = |key| at(error, key).as_str().unwrap_or_default();
        let line = at(error, "line");
        lines.push(format!(
            "SIP failed: line {line}, {} ({})",
            text("code"),
            text("means")
        ));
    }
    #[cfg(feature = "firmware")]
    lines.extend(firmware_text(document));
    for timer in array(document, "next") {
        let name = at(timer, "timer").as_str().unwrap_or("");
        lines.push(format!("next: {name} in {} s", at(timer, "in_s")));
    }
    if at(document, "last").is_object() {
        lines.push(format!(
            "last resync, {}:",
            at(at(document, "last"), "cause").as_str().unwrap_or("")
        ));
        lines.push(resync(at(document, "last")));
    }
    lines.join("\n")
}

/// The lines about slots and an upgrade.
#[cfg(feature = "firmware")]
fn firmware_text(document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for slot in array(document, "slots") {
        let text = |key| at(slot, key).as_str().unwrap_or_default();
        let load = at(slot, "load")
            .as_str()
            .map_or_else(String::new, |load| format!(" {}", visible(load)));
        let runs = if at(slot, "running") == true {
            ", runs"
        } else {
            ""
        };
        lines.push(format!(
            "slot {}: {}{load}{runs}",
            text("slot"),
            text("state")
        ));
    }
    let upgrade = at(document, "upgrade");
    let err = at(upgrade, "err").as_str().filter(|err| !err.is_empty());
    lines.extend(err.map(|err| format!("last upgrade: {}", visible(err))));
    let transfer = at(upgrade, "transfer");
    if transfer.is_object() {
        let load = visible(at(transfer, "load").as_str().unwrap_or_default());
        lines.push(format!(
            "upgrading: {load}, {} of {} bytes",
            at(transfer, "done"),
            at(transfer, "bytes")
        ));
    }
    lines
}

/// The line about the custom CA.
fn custom_ca_text(ca: &Value) -> String {
    let mut line = "custom CA: ".to_owned();
    let installed = at(ca, "installed");
    let text = |key| visible(at(installed, key).as_str().unwrap_or_default());
    match (at(ca, "last").as_str(), at(ca, "err").as_str()) {
        (Some(_), Some(err)) => {
            line.push_str("last provisioning failed (");
            line.push_str(&visible(err));
            line.push_str("), ");
        }
        (Some(_), None) => line.push_str("last provisioning succeeded, "),
        (None, _) => {}
    }
    if installed.is_null() {
        line.push_str("Not Installed");
        return line;
    }
    let more = match at(installed, "certificates").as_u64() {
        Some(count @ 2..) => format!(", the first of {count}"),
        Some(_) | None => String::new(),
    };
    line + &format!(
        "{}{more} (SHA-256 {}, from {})",
        text("name"),
        text("fingerprint"),
        text("url")
    )
}

fn array<'v>(document: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    at(document, key).as_array().into_iter().flatten()
}
