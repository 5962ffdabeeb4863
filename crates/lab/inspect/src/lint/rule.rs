//! Profile, upgrade and report rules.

use std::ops::Range;

use onhook_device::UpgradeNoServer;
use onhook_fetch::Scheme;
use onhook_params::ParamId;
use onhook_rules::{
    Alternative, Argument, Assignments, Guard, Options, RuleError, RuleErrorCode, RuleKind, Url,
};

use super::checks::{
    BAD_VALUE, EMPTY_ALIAS_MAP, EMPTY_BODY, EMPTY_MACRO, KEY_WITHOUT_TLS, LITERAL_SECRET,
    NO_SERVER, PASSWORD_IN_CLEAR, SERVERLESS_TFTP, SRV_WITH_TFTP, UNKNOWN_PARAMETER, UNREACHABLE,
};
use super::condition::{comparisons, joined_otherwise};
use super::finding::{Check, Severity};
use super::macros::{of_requests, secrets_outside};
use super::source::{Findings, Source, View};

pub(super) fn rule(source: &Source<'_>, out: &mut Findings, kind: RuleKind) {
    of_requests(source, out);
    let parse = |view: &View<'_>| -> Result<(), RuleError> {
        onhook_rules::parse(kind, view.expanded.text(), view.expanded.slots()).map(|_| ())
    };
    let select = |view: &View<'_>| -> Result<(), RuleError> {
        let (text, slots) = (view.expanded.text(), view.expanded.slots());
        onhook_rules::select(kind, text, slots, &source.swver(), &mut ()).map(|_| ())
    };
    examine(source, out, parse, select, |view, out, worst| {
        let rule = onhook_rules::parse(kind, view.expanded.text(), view.expanded.slots());
        let Ok(rule) = rule else { return };
        if let Some(number) = rule.first_unreachable() {
            let unreachable: Vec<_> = rule
                .alternatives()
                .skip_while(|alternative| alternative.index < number)
                .map(|alternative| alternative.range)
                .collect();
            if let (Some(first), Some(last)) = (unreachable.first(), unreachable.last()) {
                out.add(
                    UNREACHABLE,
                    view.map.range(&(first.start..last.end)),
                    format!("alternative {number} and what follows it are never reached"),
                    "give the alternative before it a condition, or take these away",
                );
            }
        }
        let mut arguments = Vec::new();
        for alternative in rule.alternatives() {
            arguments.extend(secret_arguments(&alternative.options));
            alternative_of(view, out, kind, &alternative, worst);
        }
        secrets_outside(view.source, out, &arguments);
    });
}

pub(super) fn report(source: &Source<'_>, out: &mut Findings) {
    of_requests(source, out);
    let parse = |view: &View<'_>| -> Result<(), RuleError> {
        onhook_rules::parse_report(view.expanded.text(), view.expanded.slots()).map(|_| ())
    };
    let send = |view: &View<'_>| -> Result<(), RuleError> {
        let (text, slots) = (view.expanded.text(), view.expanded.slots());
        let mut reports = onhook_rules::parse_report(text, slots)?.reports();
        reports.try_for_each(|report| report.holds(&source.swver(), &mut ()).map(|_| ()))
    };
    examine(source, out, parse, send, |view, out, worst| {
        let rule = onhook_rules::parse_report(view.expanded.text(), view.expanded.slots());
        let Ok(rule) = rule else { return };
        let mut arguments = Vec::new();
        for report in rule.reports() {
            arguments.extend(secret_arguments(&report.options));
            guard(view, out, report.guard.as_ref(), worst);
            transfer(view, out, &report.options, &report.url);
        }
        secrets_outside(view.source, out, &arguments);
    });
}

/// Looks at the structure of a rule that can be read, and at the error of one that cannot.
///
/// `carry_out` is what the phone does. With `0` for what is empty, a rule that cannot be read for want of a value shows where it is missing.
fn examine(
    source: &Source<'_>,
    out: &mut Findings,
    parse: impl Fn(&View<'_>) -> Result<(), RuleError>,
    carry_out: impl Fn(&View<'_>) -> Result<(), RuleError>,
    structure: impl Fn(&View<'_>, &mut Findings, Severity),
) {
    let actual = source.actual();
    let probe = source.probe(|view| parse(view).is_ok());
    let worst = match carry_out(&actual) {
        Err(_) => Severity::Error,
        Ok(()) => Severity::Warning,
    };
    match (parse(&actual), probe) {
        (Ok(()), probe) => structure(&probe.unwrap_or(actual), out, worst),
        (Err(error), Some(probe)) => {
            structure(&probe, out, worst);
            if !out.has_error() && !is_for_want_of_a_value(&actual, out, &error) {
                syntax(&actual, out, &error);
            }
        }
        (Err(error), None) => syntax(&actual, out, &error),
    }
}

/// Whether a rule cannot be read because a macro has no value; if so, it is noted.
fn is_for_want_of_a_value(view: &View<'_>, out: &mut Findings, error: &RuleError) -> bool {
    let empty =
        view.expanded.insertions().iter().rfind(|insertion| {
            insertion.output.is_empty() && insertion.output.end <= error.offset()
        });
    let Some(insertion) = empty else {
        return false;
    };
    let name = insertion.name;
    out.add(
        EMPTY_MACRO.at(Severity::Error),
        insertion.source.clone(),
        format!(
            "`${name}` has no value here, and what is left cannot be read: {}",
            error.code().problem()
        ),
        "give it a value, or put quotes around it",
    );
    true
}

fn syntax(view: &View<'_>, out: &mut Findings, error: &RuleError) {
    let code = error.code();
    let end = view.expanded.text().len();
    let is_condition = matches!(
        code,
        RuleErrorCode::Condition(_)
            | RuleErrorCode::UnclosedParenthesis
            | RuleErrorCode::MissingMark
    );
    let start = view
        .expanded
        .text()
        .get(..error.offset())
        .and_then(|before| before.rfind('('))
        .filter(|_| code != RuleErrorCode::UnclosedParenthesis)
        .unwrap_or(error.offset());
    if is_condition && joined_otherwise(view, out, &(start..end)) {
        return;
    }
    let rest = view.expanded.text().get(error.offset()..).unwrap_or("");
    let length = rest.chars().next().map_or(0, char::len_utf8);
    let one = error.offset()..error.offset() + length;
    out.add(
        Check::error(
            code.name(),
            "A rule that cannot be read fails as a whole, and the resync with it.",
        ),
        view.map.range(&one),
        code.problem(),
        format!("write {}", error.expected()),
    );
}

/// Where secret registers expand.
fn secret_arguments(options: &Options<'_>) -> impl Iterator<Item = Range<usize>> + use<> {
    [options.key, options.uid, options.pwd]
        .into_iter()
        .flatten()
        .map(|argument| argument.range())
        .collect::<Vec<_>>()
        .into_iter()
}

fn alternative_of(
    view: &View<'_>,
    out: &mut Findings,
    kind: RuleKind,
    alternative: &Alternative<'_>,
    worst: Severity,
) {
    guard(view, out, alternative.guard.as_ref(), worst);
    assignments(view, out, &alternative.assignments);
    let Some(url) = &alternative.url else { return };
    transfer(view, out, &alternative.options, url);
    let place = || view.map.range(&place_of(view, url));
    let readings = &view.source.scope.readings;
    if kind == RuleKind::Upgrade
        && url.server.is_none()
        && readings.upgrade_no_server == UpgradeNoServer::Error
    {
        out.add(
            NO_SERVER,
            place(),
            "the URL names no server",
            "write the server",
        );
    }
    if alternative.options.srv && url.scheme == Scheme::Tftp {
        out.add(
            SRV_WITH_TFTP,
            place(),
            "the fetch fails",
            "write `http://` or `https://`, or leave `--srv` out",
        );
    }
    let empty = |register: u8| {
        let name = format!("GPP_{}", char::from(b'A'.saturating_add(register)));
        let value = view.source.phone.parameter(&name).unwrap_or("");
        value.trim().is_empty().then_some(name)
    };
    if let Some(name) = alternative.options.post.and_then(empty) {
        let message = format!("{name}, the body of the request, is empty");
        out.add(EMPTY_BODY, place(), message, format!("set {name}"));
    }
    if let Some(name) = alternative.options.alias.and_then(empty) {
        let message = format!("{name}, the alias map, is empty");
        out.add(EMPTY_ALIAS_MAP, place(), message, format!("set {name}"));
    }
}

fn place_of(view: &View<'_>, url: &Url<'_>) -> Range<usize> {
    let path = view.expanded.range_of(url.path);
    url.offset..path.map_or(url.offset, |path| path.end)
}

fn guard(view: &View<'_>, out: &mut Findings, guard: Option<&Guard<'_>>, worst: Severity) {
    if let Some(guard) = guard
        && let Ok(condition) = guard.condition()
    {
        comparisons(view, out, &condition, guard.offset, worst);
    }
}

fn assignments(view: &View<'_>, out: &mut Findings, assignments: &Assignments<'_>) {
    let scope = view.source.scope;
    for assignment in assignments {
        let name = assignment.target.to_string();
        let value = assignment.value_offset..assignment.value_offset + assignment.value.len();
        let range = view.map.range(&(assignment.offset..value.end));
        match ParamId::lookup(&name, scope) {
            None => {
                let fix = ParamId::nearest(&name, scope).map_or_else(
                    || "write the element name of a parameter".to_owned(),
                    |nearest| format!("write `{}`, the nearest name", nearest.name()),
                );
                let message = format!("`{name}` is no parameter");
                out.add(UNKNOWN_PARAMETER, range, message, fix);
            }
            Some(id) if id.canonical(assignment.value, scope).is_err() => {
                let message = format!("`{name}` does not take this value");
                out.add(BAD_VALUE, range, message, "write a value that it takes");
            }
            Some(_) => {}
        }
    }
}

/// How a transfer is protected.
fn transfer(view: &View<'_>, out: &mut Findings, options: &Options<'_>, url: &Url<'_>) {
    let place = view.map.range(&place_of(view, url));
    if url.scheme != Scheme::Https {
        let scheme = url.scheme.name();
        if options.pwd.is_some() {
            out.add(
                PASSWORD_IN_CLEAR,
                place.clone(),
                format!("a password over {scheme}"),
                "write `https://`",
            );
        }
        if options.key.is_some() {
            out.add(
                KEY_WITHOUT_TLS,
                place.clone(),
                format!("a key over {scheme}"),
                "write `https://`",
            );
        }
    }
    if url.scheme == Scheme::Tftp && url.server.is_none() {
        out.add(
            SERVERLESS_TFTP,
            place,
            "the server comes from DHCP, over tftp",
            "write `https://` and the server",
        );
    }
    for (name, register, argument) in [("--key", "$SA", options.key), ("--pwd", "$SB", options.pwd)]
    {
        if let Some(argument) = argument.filter(|argument| is_literal(view, argument)) {
            out.add(
                LITERAL_SECRET,
                view.map.range(&argument.range()),
                format!("the argument of `{name}` stands in the rule"),
                format!("put it into a secret register and write `{name} {register}`"),
            );
        }
    }
}

/// Whether nothing of an argument comes from a macro.
fn is_literal(view: &View<'_>, argument: &Argument<'_>) -> bool {
    let range = argument.range();
    let macros = view.expanded.insertions();
    argument.is_plain()
        && !macros
            .iter()
            .any(|i| i.output.start < range.end && range.start < i.output.end)
}
