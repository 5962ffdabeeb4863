//! Triggers.

use onhook_device::{TriggerMode, TriggerUrlValue};
use onhook_macros::MacroName;
use onhook_rules::RuleErrorCode;
use onhook_triggers::Trigger;

use super::checks::{TRIGGER_URL, UNGUARDED_TRIGGER, WRAPPED_TRIGGER};
use super::condition::{comparisons, joined_otherwise};
use super::finding::{Check, Severity};
use super::macros::secrets_outside;
use super::source::{Findings, Source, View};

pub(super) fn trigger(source: &Source<'_>, out: &mut Findings) {
    let whole = 0..source.text.len();
    let urls = source.scope.readings.trigger_url_value;
    if Trigger::read(source.text, urls) == Trigger::Unset {
        return;
    }
    if Trigger::is_action_url(source.text) {
        let (severity, message) = match urls {
            TriggerUrlValue::Error => (Severity::Error, "an action URL is no condition"),
            TriggerUrlValue::ResyncOnce => (
                Severity::Warning,
                "an action URL in a trigger starts one resync each time it is set",
            ),
        };
        out.add(
            TRIGGER_URL.at(severity),
            whole,
            message,
            "write a condition such as `$PRVTMR ge 3600`, or call the action URL",
        );
        return;
    }
    secrets_outside(source, out, &[]);
    let actual = source.actual();
    let read = |view: &View<'_>| onhook_conditions::parse(view.expanded.text()).is_ok();
    let error = onhook_conditions::parse(actual.expanded.text()).err();
    // What cannot be read with `0` in it is looked at as it is.
    let view = source.probe(read).unwrap_or_else(|| source.actual());
    if let Ok(condition) = onhook_conditions::parse(view.expanded.text()) {
        let fails = onhook_conditions::evaluate(actual.expanded.text(), &source.swver(), &mut ());
        let worst = match fails {
            Err(_) => Severity::Error,
            Ok(_) => Severity::Warning,
        };
        comparisons(&view, out, &condition, 0, worst);
        guard(source, out);
    }
    // A missing operand that was found already explains the error.
    let Some(error) = error.filter(|_| !out.has_error()) else {
        return;
    };
    let text = actual.expanded.text();
    if text.trim_start().starts_with('(') {
        out.add(
            WRAPPED_TRIGGER,
            whole,
            "the condition stands in parentheses",
            "write the condition alone",
        );
    } else if !joined_otherwise(&actual, out, &(0..text.len())) {
        let check = Check::error(
            error.code().name(),
            RuleErrorCode::Condition(error.code()).problem(),
        );
        out.add(
            check,
            actual.map.range(&(error.offset()..error.offset())),
            "this is no condition: it never fires",
            format!("write {}", error.expected()),
        );
    }
}

/// Whether something keeps a true trigger from firing again and again.
fn guard(source: &Source<'_>, out: &mut Findings) {
    let is_guarded = source
        .template
        .macros()
        .any(|name| name == MacroName::PrvTmr);
    let fires = source.scope.readings.triggers == TriggerMode::Fire;
    if fires && !is_guarded {
        out.add(
            UNGUARDED_TRIGGER,
            0..source.text.len(),
            "the trigger does not ask for the time since the last resync",
            "add `and $PRVTMR ge 3600`, or how long it should wait",
        );
    }
}
