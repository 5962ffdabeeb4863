//! What a person should make of a trial.

mod body;
mod reason;

use std::fmt::Write as _;

use onhook_device::{Family, Outcome, Release, Secret};
use onhook_params::Scope;
use onhook_phone::report::{ResyncReport, RuleReport};

use crate::tap::Transfer;
use body::Suspicion;
use reason::Reason;

/// How many unknown parameters a verdict names.
const NAMED: usize = 5;

/// What was known of a trial before it began.
pub struct Setting<'s> {
    /// Family, release and readings of the phone.
    pub scope: &'s Scope,
    /// The key that the selected alternative of the rule names; `None` without one.
    pub key: Option<&'s Secret>,
    /// Whether the phone was told whom to trust.
    pub trusts: bool,
}

/// Whether a phone would be provisioned, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Whether a phone would be.
    pub provisioned: bool,
    /// A stable word, for example `wrong-key`.
    pub code: &'static str,
    /// One sentence.
    pub summary: String,
    /// What the phone itself says of it; `None` if the summary says it all.
    pub detail: Option<String>,
    /// What to do, the most likely first; not empty unless all is well.
    pub advice: Vec<String>,
}

impl Verdict {
    /// A verdict of a trial without a report.
    #[must_use]
    pub fn refused(code: &'static str, summary: String) -> Self {
        Self {
            provisioned: false,
            code,
            summary,
            detail: None,
            advice: Vec::new(),
        }
    }

    /// Judges a resync and the last file that came.
    #[must_use]
    pub fn of(report: &ResyncReport, last: Option<&Transfer>, setting: &Setting<'_>) -> Self {
        let Some(reason) = Reason::of(report.outcome, setting.trusts) else {
            return applied(report, setting);
        };
        let failed = report
            .rules
            .iter()
            .position(|rule| !rule.outcome.is_success());
        // The key that is known belongs to the first rule.
        let last = last.filter(|_| failed == Some(0) && is_of_file(report.outcome));
        if let Some(suspicion) = last.and_then(|last| Suspicion::of(last, setting.key)) {
            return suspicion.verdict();
        }
        let mut verdict = Self::because(reason);
        let failed = failed.and_then(|at| report.rules.get(at));
        verdict.detail = failed.and_then(|rule| rule.message.clone());
        if matches!(report.outcome, Outcome::Fnf | Outcome::FnfOk) {
            verdict.advice.extend(asked_for(&report.rules));
        }
        verdict
    }

    fn because(reason: Reason) -> Self {
        Self {
            provisioned: false,
            code: reason.code,
            summary: reason.summary.to_owned(),
            detail: None,
            advice: reason
                .advice
                .iter()
                .map(|text| (*text).to_owned())
                .collect(),
        }
    }
}

/// Whether a file came that is of no use.
const fn is_of_file(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::ParseFailed | Outcome::DecryptFailed | Outcome::DecompressFailed
    )
}

/// All went well; what might not with another phone.
fn applied(report: &ResyncReport, setting: &Setting<'_>) -> Verdict {
    let changed = match report.changes.len() {
        0 => "nothing differs from what it has".to_owned(),
        1 => "1 parameter changes".to_owned(),
        n => format!("{n} parameters change"),
    };
    let mut advice = Vec::new();
    let container = |name| report.rules.iter().any(|rule| rule.container == Some(name));
    if container("salted-sha256") {
        let old = setting.scope.family == Family::Spa || setting.scope.release == Release::R10_4;
        let which = if old {
            "this firmware"
        } else {
            "firmware before 11.3"
        };
        advice.push(format!(
            "the file is encrypted with SHA-256 key derivation (the default of openssl 1.1 and later); {which} was documented \
             with openssl 0.9.7 and expects -md md5"
        ));
    }
    let open = |rule: &RuleReport| {
        let url = rule.url.as_deref().unwrap_or_default();
        rule.container == Some("none") && !url.starts_with("https:")
    };
    if report.rules.iter().any(open) {
        advice.push(
            "the file came in the clear: passwords in it can be read by whoever fetches it"
                .to_owned(),
        );
    }
    let unknown: Vec<&str> = report
        .warnings
        .iter()
        .filter(|warning| warning.code == "unknown")
        .map(|warning| warning.subject.as_str())
        .collect();
    if !unknown.is_empty() {
        let shown = unknown.iter().take(NAMED).copied().collect::<Vec<_>>();
        let more = match unknown.len() - shown.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        advice.push(format!(
            "the phone does not know {}{more}: see the warnings, and check --family and --release",
            shown.join(", ")
        ));
    }
    if report.next.is_empty() {
        advice.push(
            "the phone never asks again by itself: set Resync_Periodic or Resync_At".to_owned(),
        );
    }
    Verdict {
        provisioned: true,
        code: if advice.is_empty() {
            "good"
        } else {
            "good-with-advice"
        },
        summary: format!("a phone would be provisioned: {changed}"),
        detail: None,
        advice,
    }
}

/// The names that were asked for.
fn asked_for(rules: &[RuleReport]) -> Vec<String> {
    let mut names = String::new();
    for url in rules.iter().filter_map(|rule| rule.url.as_deref()) {
        let separator = if names.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(names, "{separator}{url}");
    }
    vec![
        format!("asked for: {names}"),
        "put a file there, or correct the rule: letter case counts, $MA is the MAC in lower case, $MAU in upper case, \
         and --model and --mac decide what $PN, $PSN and $MA are"
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests;
