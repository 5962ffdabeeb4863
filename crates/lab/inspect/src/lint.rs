//! Looking for what is wrong, or works otherwise than its author may think.

mod alias;
mod checks;
mod condition;
mod finding;
mod macros;
mod placed;
mod profile;
mod render;
mod report;
mod rule;
mod sarif;
mod schedule;
mod source;
mod trigger;

use onhook_params::Scope;
use onhook_rules::RuleKind;

pub use finding::{Finding, Severity};
pub use placed::Placed;
pub use report::LintReport;

use self::source::{Findings, Source};
use crate::{ExplainKind, ModelPhone};

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Subject {
    /// A rule, a trigger or a schedule of no parameter in particular.
    Text(ExplainKind),
    /// The delays after failures, where a delay of 0 has a meaning of its own.
    Retries,
    /// A Log_* message.
    Message,
    /// The daily time.
    TimeOfDay,
    /// The alias map of a register.
    AliasMap,
}

/// Looks at one text with the eyes of a phone; nothing of a secret gets into a finding.
#[must_use]
pub fn lint_text(subject: Subject, text: &str, phone: &ModelPhone, scope: &Scope) -> Vec<Finding> {
    match subject {
        Subject::Text(ExplainKind::Schedule) => schedule::delays(text, scope, false),
        Subject::Retries => schedule::delays(text, scope, true),
        Subject::TimeOfDay => schedule::time_of_day(text),
        Subject::AliasMap => alias::map(text, scope),
        Subject::Message => {
            let (source, mut out) = (Source::new(text, phone, scope), Findings::default());
            macros::references(&source, &mut out);
            macros::secrets_outside(&source, &mut out, &[]);
            out.finish()
        }
        Subject::Text(kind) => {
            let (source, mut out) = (Source::new(text, phone, scope), Findings::default());
            macros::references(&source, &mut out);
            match kind {
                ExplainKind::Profile => rule::rule(&source, &mut out, RuleKind::Profile),
                ExplainKind::Upgrade => rule::rule(&source, &mut out, RuleKind::Upgrade),
                ExplainKind::Report => rule::report(&source, &mut out),
                ExplainKind::Trigger | ExplainKind::Schedule => trigger::trigger(&source, &mut out),
            }
            out.finish()
        }
    }
}
