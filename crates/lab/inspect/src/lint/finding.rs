//! What a look at a text brings up.

use std::ops::Range;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It works, and deserves a look.
    Note,
    /// It works otherwise than it looks.
    Warning,
    /// It does not work.
    Error,
}

impl Severity {
    /// The word used in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A kind of finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Check {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) explanation: &'static str,
}

/// Something in a text that deserves attention.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// A stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is there.
    pub message: String,
    /// Why that matters, the same for all findings of one code.
    pub explanation: &'static str,
    /// What to do.
    pub fix: String,
    /// Byte range in the text.
    pub range: Range<usize>,
}

impl Check {
    pub(crate) const fn error(code: &'static str, explanation: &'static str) -> Self {
        Self {
            code,
            severity: Severity::Error,
            explanation,
        }
    }

    pub(crate) const fn warning(code: &'static str, explanation: &'static str) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            explanation,
        }
    }

    pub(crate) const fn note(code: &'static str, explanation: &'static str) -> Self {
        Self {
            code,
            severity: Severity::Note,
            explanation,
        }
    }

    /// The same check where it is worse.
    pub(crate) const fn at(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    pub(crate) fn found(
        self,
        range: Range<usize>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            message: message.into(),
            explanation: self.explanation,
            fix: fix.into(),
            range,
        }
    }
}
