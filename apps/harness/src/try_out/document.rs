//! A trial as a document.

use std::collections::BTreeMap;

use onhook_device::{Class, Outcome};
use onhook_inspect::{Explanation, LintReport};
use onhook_phone::report::{ResyncReport, RuleReport};
use onhook_trial::Verdict;
use serde::Serialize;

use super::Tried;
use super::phone::Cast;

#[derive(Serialize)]
pub(super) struct Document<'t> {
    schema: &'static str,
    verdict: Judgement<'t>,
    phone: Phone<'t>,
    explain: &'t Explanation,
    resync: Option<Resync<'t>>,
    lint: &'t LintReport,
}

#[derive(Serialize)]
struct Judgement<'t> {
    provisioned: bool,
    code: &'static str,
    summary: &'t str,
    detail: Option<&'t str>,
    advice: &'t [String],
}

#[derive(Serialize)]
struct Phone<'t> {
    mac: String,
    product_name: &'t str,
    family: &'static str,
    release: &'static str,
    cause: &'static str,
}

#[derive(Serialize)]
struct Resync<'t> {
    outcome: &'static str,
    class: &'static str,
    err: String,
    rules: Vec<Rule<'t>>,
    changes: BTreeMap<&'t str, &'t str>,
    warnings: Vec<Warning<'t>>,
    messages: &'t [String],
    reboot: bool,
    next: Vec<Timer>,
}

#[derive(Serialize)]
struct Rule<'t> {
    param: &'static str,
    url: Option<&'t str>,
    server_ip: Option<String>,
    container: Option<&'static str>,
    gzip: bool,
    bytes: u64,
    outcome: &'static str,
    err: String,
    ms: u64,
    message: Option<&'t str>,
}

#[derive(Serialize)]
struct Warning<'t> {
    code: &'t str,
    subject: &'t str,
    line: Option<u32>,
    column: Option<u32>,
    message: &'t str,
}

#[derive(Serialize)]
struct Timer {
    timer: &'static str,
    in_s: u64,
}

pub(super) fn of<'t>(cast: &'t Cast, tried: &'t Tried) -> Document<'t> {
    let Verdict {
        provisioned,
        code,
        summary,
        detail,
        advice,
    } = &tried.verdict;
    let mut mac = String::new();
    cast.identity.mac.push_lower(&mut mac);
    Document {
        schema: "onhook.try/1",
        verdict: Judgement {
            provisioned: *provisioned,
            code,
            summary,
            detail: detail.as_deref(),
            advice,
        },
        phone: Phone {
            mac,
            product_name: &cast.identity.product_name,
            family: cast.scope.family.name(),
            release: cast.scope.release.name(),
            cause: cast.cause.name(),
        },
        explain: &tried.explanation,
        resync: tried.ended.as_ref().map(|ended| resync(&ended.report)),
        lint: &tried.lint,
    }
}

fn resync(report: &ResyncReport) -> Resync<'_> {
    Resync {
        outcome: report.outcome.code(),
        class: match report.outcome.class() {
            Class::A => "A",
            Class::B => "B",
            Class::C => "C",
        },
        err: err(report.outcome, report.said()),
        rules: report.rules.iter().map(rule).collect(),
        changes: report
            .changes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        warnings: report
            .warnings
            .iter()
            .map(|warning| Warning {
                code: &warning.code,
                subject: &warning.subject,
                line: warning.line,
                column: warning.column,
                message: &warning.message,
            })
            .collect(),
        messages: &report.messages,
        reboot: report.reboot,
        next: report
            .next
            .iter()
            .map(|(kind, in_s)| Timer {
                timer: kind.name(),
                in_s: *in_s,
            })
            .collect(),
    }
}

fn rule(rule: &RuleReport) -> Rule<'_> {
    Rule {
        param: rule.slot.name(),
        url: rule.url.as_deref(),
        server_ip: rule.server_ip.map(|ip| ip.to_string()),
        container: rule.container,
        gzip: rule.gzip,
        bytes: rule.bytes,
        outcome: rule.outcome.code(),
        err: err(rule.outcome, rule.said.as_deref()),
        ms: rule.ms,
        message: rule.message.as_deref(),
    }
}

/// The text of `$ERR`.
fn err(outcome: Outcome, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("{outcome}: {said}"),
        None => outcome.to_string(),
    }
}
