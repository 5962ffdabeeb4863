//! Says what a phone does with a text, and why, without a phone.
//!
//! [`explain`](explain()) takes a rule or a trigger apart with the macro values
//! of a [`ModelPhone`]; [`expand`](expand()) expands a text. Both give values that serialise to the
//! documents of `docs/schemas` and render themselves for people. A [`LintReport`] says what is
//! wrong in texts and profiles, or works otherwise than it looks; a [`VectorReport`] answers
//! conformance vectors. [`apply`](apply()) says what a file changes in the [`Flash`] of a phone,
//! [`diff`](diff()) what differs between two. Secrets are masked here, so no caller can forget it.
//!
//! Deliberately unknown here: command lines, networks, terminals.
//!
//! Requirement families: R-SEC-3 and R-MACRO-20 (masking); it shows the work of
//! R-MACRO, R-COND, R-RULE, R-OPT and R-URL.

mod apply;
mod difference;
mod expand;
mod explain;
mod flash;
mod lint;
mod macro_use;
mod model_phone;
mod redaction;
mod style;
mod vectors;

pub use apply::{Applied, Delivery, DeliveryError, Refused, Warned, apply};
pub use difference::{Difference, Differing, Said, Settings, diff};
pub use expand::{Expansion, expand};
pub use explain::{
    ExplainError, ExplainKind, ExplainRequest, Explanation, Note, Outcome, ReportTarget, Step,
    Target, Verdict, explain,
};
pub use flash::{Flash, SetError};
pub use lint::{Finding, LintReport, Placed, Severity, Subject, lint_text};
pub use macro_use::MacroUse;
pub use model_phone::{Cause, ModelPhone, Origin, UnknownMacro};
pub use redaction::Secrets;
pub use style::Style;
pub use vectors::{VectorFailure, VectorReport};
