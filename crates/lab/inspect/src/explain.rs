//! Explaining a rule or a trigger.

mod document;
mod report;
mod rule;
mod schedule;
mod text;
mod trigger;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use onhook_macros::{Expanded, MacroName, MacroSource, Template};
use onhook_params::Scope;
use onhook_rules::RuleKind;

pub use document::{ExplainError, Explanation, Note, Outcome, ReportTarget, Step, Target, Verdict};

use crate::expand::whole;
use crate::macro_use::{self, Hidden};
use crate::{ModelPhone, Secrets};

/// What kind of text is explained.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ExplainKind {
    /// A Profile_Rule, or a rule given with a request.
    Profile,
    /// An Upgrade_Rule.
    Upgrade,
    /// A Report_Rule.
    Report,
    /// A Resync_Trigger.
    Trigger,
    /// A list of delays, which is not expanded.
    Schedule,
}

impl ExplainKind {
    /// The name used on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Upgrade => "upgrade",
            Self::Report => "report",
            Self::Trigger => "trigger",
            Self::Schedule => "schedule",
        }
    }
}

impl fmt::Display for ExplainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExplainKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Profile,
            Self::Upgrade,
            Self::Report,
            Self::Trigger,
            Self::Schedule,
        ]
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or_else(|| {
            format!(
                "kind `{text}` is unknown: use `profile`, `upgrade`, `report`, `trigger` or `schedule`"
            )
        })
    }
}

/// What is to be explained, and for which phone.
#[derive(Clone, Copy, Debug)]
pub struct ExplainRequest<'r> {
    /// The kind of the text.
    pub kind: ExplainKind,
    /// The unexpanded text.
    pub text: &'r str,
    /// Where macro values come from.
    pub phone: &'r ModelPhone,
    /// Family, release and readings.
    pub scope: &'r Scope,
    /// Whether keys and passwords are shown.
    pub secrets: Secrets,
    /// The local time at which the text is looked at; delays and checks are then shown as times too.
    pub at: Option<DateTime>,
}

impl ExplainRequest<'_> {
    /// The time after a number of seconds.
    fn time_after(&self, seconds: u64) -> Option<String> {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
        let then = self.at?.checked_add(seconds).ok()?;
        Some(then.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }
}

/// Explains what a phone does with a text, and why.
#[must_use]
pub fn explain(request: &ExplainRequest<'_>) -> Explanation {
    if request.kind == ExplainKind::Schedule {
        //= R-MACRO-1
        return schedule::explain(request);
    }
    let template = Template::compile(request.text);
    let mut expanded = Expanded::new();
    template.expand(request.phone, &mut expanded);
    let hidden = Hidden::of(request.text, &expanded, request.scope, request.secrets);
    let mut document = Explanation::new(request.kind);
    document.text = hidden.source.slice(request.text, whole(request.text));
    document.expanded = hidden.output.slice(expanded.text(), whole(expanded.text()));
    document.steps = macro_use::list(&template, &expanded, request.phone, &hidden)
        .into_iter()
        .map(Step::Macro)
        .collect();
    let work = Work {
        request,
        expanded: &expanded,
        hidden: &hidden,
        document,
    };
    match request.kind {
        ExplainKind::Profile => work.rule(RuleKind::Profile),
        ExplainKind::Upgrade => work.rule(RuleKind::Upgrade),
        ExplainKind::Report => work.report(),
        ExplainKind::Trigger => work.trigger(),
        ExplainKind::Schedule => work.document,
    }
}

/// An explanation in the making.
struct Work<'r> {
    request: &'r ExplainRequest<'r>,
    expanded: &'r Expanded,
    hidden: &'r Hidden,
    document: Explanation,
}

impl Work<'_> {
    /// Part of the expanded text as it may be shown.
    fn show(&self, range: Range<usize>) -> String {
        self.hidden.output.slice(self.expanded.text(), range)
    }

    /// The value of SWVER.
    fn software_version(&self) -> String {
        let mut text = String::new();
        self.request.phone.push_value(MacroName::SwVer, &mut text);
        text
    }

    /// Ends the explanation with an error at a byte of the expanded text.
    fn fail(mut self, code: &'static str, message: String, offset: usize) -> Explanation {
        self.document.outcome = Outcome::Error;
        self.document.error = Some(ExplainError {
            code,
            message,
            offset: self.hidden.output.shown_offset(offset),
        });
        self.document
    }
}
