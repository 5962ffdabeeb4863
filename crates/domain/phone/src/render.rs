//! Texts of effects, rendered by whoever consumes them.

use onhook_device::{Family, Now};
use onhook_fetch::Method;
use onhook_macros::{Expanded, MacroName, MacroSource, Template, expand_to_string};
use onhook_params::{ParamId, Values, View, known};
use onhook_upgrade::sharing::Line;

use crate::macros::PhoneMacros;
use crate::port::{Message, Severity};
use crate::{LogLine, LogOp, Model, Phone, Request, Shared, Subject};

/// Renders a message of the phone; `None` if its template is blank.
#[must_use]
pub fn message(phone: &Phone, shared: &Shared, now: Now, line: &LogLine) -> Option<Message> {
    //= R-LOG-6
    let source = PhoneMacros {
        request: line.request.as_ref(),
        told: line.told,
        prvst: line.prvst,
        ..PhoneMacros::shown(phone, shared, now)?
    };
    let view = source.view;
    let template = phone.params.text(template(line, view), view);
    //= R-LOG-4
    if template.trim().is_empty() {
        return None;
    }
    let mut expanded = Expanded::new();
    Template::compile_message(template).expand_message(&source, line.subject.word(), &mut expanded);
    Some(Message {
        severity: line.op.severity(),
        at: phone.localized(now, shared).wall,
        identifier: identifier(&source),
        text: printable(expanded.text()),
        server: phone.params.text(known::SYSLOG_SERVER, view).to_owned(),
    })
}

/// Renders what sharing with peers has to tell; `None` if Peer_Firmware_Sharing_Log_Server names nobody.
#[must_use]
pub fn sharing_message(phone: &Phone, shared: &Shared, now: Now, line: &Line) -> Option<Message> {
    let source = PhoneMacros::shown(phone, shared, now)?;
    //= R-PFS-3
    let server = phone
        .params
        .text(known::PEER_FIRMWARE_SHARING_LOG_SERVER, source.view);
    if server.trim().is_empty() {
        return None;
    }
    Some(Message {
        severity: if line.is_trouble() {
            Severity::Warning
        } else {
            Severity::Info
        },
        at: phone.localized(now, shared).wall,
        identifier: identifier(&source),
        text: line.to_string(),
        server: server.to_owned(),
    })
}

/// Syslog_Identifier, expanded.
fn identifier(source: &PhoneMacros<'_>) -> String {
    let text = source
        .phone
        .params
        .text(known::SYSLOG_IDENTIFIER, source.view);
    if text.eq_ignore_ascii_case("none") {
        String::new()
    } else {
        printable(&expand_to_string(text, source))
    }
}

fn template(line: &LogLine, view: View<'_>) -> ParamId {
    //= R-LOG-1
    match (line.subject, line.op) {
        (
            Subject::Resync | Subject::CustomCa | Subject::Report | Subject::ProblemReport,
            LogOp::Request,
        ) => known::log_request(view.scope),
        (
            Subject::Resync | Subject::CustomCa | Subject::Report | Subject::ProblemReport,
            LogOp::Success,
        ) => known::log_success(view.scope),
        (
            Subject::Resync | Subject::CustomCa | Subject::Report | Subject::ProblemReport,
            LogOp::Failure,
        ) => known::log_failure(view.scope),
        (Subject::Upgrade, LogOp::Request) => known::LOG_UPGRADE_REQUEST_MSG,
        (Subject::Upgrade, LogOp::Success) => known::LOG_UPGRADE_SUCCESS_MSG,
        (Subject::Upgrade, LogOp::Failure) => known::LOG_UPGRADE_FAILURE_MSG,
    }
}

/// Replaces control characters by spaces, so that no value can forge a line.
fn printable(text: &str) -> String {
    //= R-LOG-9
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// What a macro says outside a request; `***` for the password of extension mobility.
#[must_use]
pub fn macro_value(phone: &Phone, shared: &Shared, now: Now, name: MacroName) -> String {
    let mut text = String::new();
    if let Some(source) = PhoneMacros::shown(phone, shared, now) {
        source.push_value(name, &mut text);
    }
    text
}

/// The URL of a request: scheme, host, port, path.
#[must_use]
pub fn url(request: &Request, values: &Values) -> String {
    let host = values.text(request.host);
    let (open, close) = if host.contains(':') {
        ("[", "]")
    } else {
        ("", "")
    };
    let path = match request.path.is_secret() {
        true => "/***",
        false => values.text(request.path),
    };
    format!(
        "{}://{open}{host}{close}:{}{path}",
        request.scheme, request.port
    )
}

/// Restricted_Access_Domains, for the transport to check redirects by.
#[must_use]
pub fn allowed_domains<'s>(phone: &Phone, shared: &'s Shared) -> &'s str {
    phone.view(shared).map_or("", |view| {
        phone.params.text(known::RESTRICTED_ACCESS_DOMAINS, view)
    })
}

/// How HTTP hands a report of the configuration over.
#[must_use]
pub fn report_method(phone: &Phone, shared: &Shared) -> Method {
    //= R-RPT-2
    //= R-REPORT-4
    let put = phone.view(shared).is_some_and(|view| {
        let text = phone.params.text(known::HTTP_REPORT_METHOD, view);
        view.scope.family != Family::Spa && text.trim().eq_ignore_ascii_case("PUT")
    });
    if put { Method::Put } else { Method::Post }
}

/// The User-Agent: HTTP_User_Agent_Name expanded, or product, release and MAC address.
#[must_use]
pub fn user_agent(phone: &Phone, shared: &Shared, now: Now) -> String {
    let Some(shown) = PhoneMacros::shown(phone, shared, now) else {
        return String::new();
    };
    let source = PhoneMacros {
        request: phone.request.as_deref(),
        ..shown
    };
    let model = source.model;
    //= R-HTTP-3
    let name = phone.params.text(known::HTTP_USER_AGENT_NAME, source.view);
    let name = if name.trim().is_empty() {
        DEFAULT_USER_AGENT
    } else {
        name
    };
    let version = format!("Cisco-{}/{}", model.product_name, release(model));
    printable(&expand_to_string(&with_version(name, &version), &source))
}

/// What an empty HTTP_User_Agent_Name stands for.
const DEFAULT_USER_AGENT: &str = "$VERSION ($MA)";

/// Puts maker, product and release in the place of `$VERSION`, a name that only a User-Agent knows.
///
/// Exports of phones show `$VERSION ($MA)` as the value that gives the documented User-Agent.
fn with_version(text: &str, version: &str) -> String {
    let mut out = String::with_capacity(text.len() + version.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let bare = reference
            .strip_prefix("$VERSION")
            .filter(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()));
        if let Some(after) = bare.or_else(|| reference.strip_prefix("$(VERSION)")) {
            out.push_str(&version.replace('$', "$$"));
            rest = after;
            continue;
        }
        // `$$` stands for itself: its second half begins no reference.
        let length = if reference.starts_with("$$") { 2 } else { 1 };
        let (copied, after) = reference.split_at(length);
        out.push_str(copied);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The dotted release of a software version: `sip88xx.11-3-2MPP0001-609` is `11.3.2`; a micro part of 0 is dropped.
fn release(model: &Model) -> String {
    let version = model.software_version.as_str();
    let version = match version.split_once('.') {
        Some((prefix, rest)) if prefix.starts_with("sip") => rest,
        Some(_) | None => version,
    };
    let mut parts: Vec<&str> = version
        .split(['-', '.'])
        .take(3)
        .map(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part.get(..end).unwrap_or("")
        })
        .filter(|digits| !digits.is_empty())
        .collect();
    if parts.len() == 3
        && parts
            .last()
            .is_some_and(|micro| micro.bytes().all(|b| b == b'0'))
    {
        parts.pop();
    }
    parts.join(".")
}

/// What `$UPGERR` shows: how the last upgrade ended, or nothing.
#[must_use]
pub fn upgrade_error(phone: &Phone, shared: &Shared) -> String {
    let mut text = String::new();
    if let Some(model) = phone.model(shared) {
        crate::macros::push_upgrade_error(phone, model, &shared.values, &mut text);
    }
    text
}
#[cfg(test)]
mod tests {
    use onhook_device::Identity;
    use onhook_params::Scope;

    use super::*;

    //= R-HTTP-3 type=test
    #[test]
    fn the_version_is_a_name_of_user_agents() {
        for (text, expected) in [
            ("$VERSION ($MA)", "V ($MA)"),
            ("a$(VERSION)b", "aVb"),
            ("$VERSIONS $$VERSION $", "$VERSIONS $$VERSION $"),
            ("plain", "plain"),
        ] {
            assert_eq!(with_version(text, "V"), expected);
        }
    }

    //= R-HTTP-3 type=test
    #[test]
    fn the_release_is_dotted_and_drops_a_zero_micro_part() {
        for (version, expected) in [
            ("sip88xx.11-3-2MPP0001-609", "11.3.2"),
            ("sip88xx.11-0-0MPP-7", "11.0"),
            ("sip88xx.11-0-1MPP-312", "11.0.1"),
            ("11-1-0MPP-19", "11.1"),
            ("2.0.6(b)", "2.0.6"),
            ("", ""),
        ] {
            let identity = Identity {
                software_version: version.to_owned(),
                ..Identity::default()
            };
            assert_eq!(release(&Model::of(&identity, Scope::default())), expected);
        }
    }
}
