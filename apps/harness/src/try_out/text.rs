//! A trial for people.

use std::fmt::Write as _;

use onhook_inspect::Style;
use onhook_phone::report::ResyncReport;

use super::Tried;
use super::phone::Cast;

/// Changes that are shown one by one.
const CHANGES: usize = 20;
/// Characters of a value that are shown.
const VALUE: usize = 100;

/// What happened, in order, and the verdict at the end.
pub(super) fn of(cast: &Cast, tried: &Tried, style: Style) -> String {
    let mut text = String::new();
    let (identity, scope) = (&cast.identity, &cast.scope);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "phone: {} with MAC {}, {} {}, cause {}\n",
        identity.product_name,
        identity.mac,
        scope.family.name(),
        scope.release.name(),
        cast.cause.name()
    );
    text += &tried.explanation.render(style);
    if let Some(ended) = &tried.ended {
        text.push('\n');
        resync(&mut text, &ended.report);
    }
    if !tried.lint.findings.is_empty() {
        text.push('\n');
        text += &tried.lint.render(style);
    }
    let verdict = &tried.verdict;
    let word = if verdict.provisioned {
        "good"
    } else {
        "NOT PROVISIONED"
    };
    let _ = writeln!(
        text,
        "\nverdict: {word}: {} [{}]",
        verdict.summary, verdict.code
    );
    if let Some(detail) = &verdict.detail {
        let _ = writeln!(text, "  {detail}");
    }
    for advice in &verdict.advice {
        let _ = writeln!(text, "  - {advice}");
    }
    text
}

fn resync(text: &mut String, report: &ResyncReport) {
    for rule in &report.rules {
        let url = rule.url.as_deref().unwrap_or("no request");
        let _ = write!(text, "{}: {}  {url}", rule.slot.name(), rule.outcome.code());
        if let Some(container) = rule.container {
            let gzip = if rule.gzip { ", gzip" } else { "" };
            let _ = write!(
                text,
                "  ({} bytes, {container}{gzip}, {} changed, {} ms)",
                rule.bytes, rule.changed, rule.ms
            );
        }
        text.push('\n');
    }
    for (name, value) in report.changes.iter().take(CHANGES) {
        let mut shown: String = value.escape_debug().take(VALUE).collect();
        if value.len() > VALUE {
            shown.push('…');
        }
        let _ = writeln!(text, "  {name} = {shown}");
    }
    if let Some(more) = report.changes.len().checked_sub(CHANGES + 1) {
        let _ = writeln!(text, "  and {} more", more + 1);
    }
    for warning in &report.warnings {
        let place = match (warning.line, warning.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            (_, _) => String::new(),
        };
        let _ = writeln!(text, "  warning: {place}{}", warning.message);
    }
    if report.reboot {
        text.push_str("  a changed parameter restarts the phone\n");
    }
    let next = report
        .next
        .iter()
        .map(|(kind, in_s)| format!("{} in {in_s} s", kind.name()));
    let next: Vec<String> = next.collect();
    if !next.is_empty() {
        let _ = writeln!(text, "next: {}", next.join(", "));
    }
}
