//! The document `onhook.lint/1`.

use onhook_params::Scope;
use onhook_profile::Positions;
use serde::Serialize;

use super::finding::Severity;
use super::placed::Placed;
use super::{Subject, lint_text, profile};
use crate::ModelPhone;

/// What was found in texts and files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LintReport {
    /// The name of the document.
    pub schema: &'static str,
    /// What does not work.
    pub errors: usize,
    /// What works otherwise than it looks.
    pub warnings: usize,
    /// What deserves a look.
    pub notes: usize,
    /// Everything, in order of files and places.
    pub findings: Vec<Placed>,
}

impl Default for LintReport {
    fn default() -> Self {
        Self {
            schema: "onhook.lint/1",
            errors: 0,
            warnings: 0,
            notes: 0,
            findings: Vec::new(),
        }
    }
}

impl LintReport {
    /// Looks at one text.
    pub fn text(&mut self, subject: Subject, text: &str, phone: &ModelPhone, scope: &Scope) {
        let mut positions = Positions::new(text.as_bytes());
        let found = lint_text(subject, text, phone, scope);
        for placed in Placed::all(text, &found, scope, |offset| positions.locate(offset)) {
            self.add(placed);
        }
    }

    /// Looks at a plain XML profile: whether a phone reads it, and at every parameter that holds a rule, a trigger, a
    /// schedule, a time or a message, with the values that the profile itself gives to macros.
    pub fn profile(&mut self, file: &str, xml: &[u8], phone: &ModelPhone, scope: &Scope) {
        for placed in profile::lint(xml, phone, scope) {
            self.add(Placed {
                file: Some(file.to_owned()),
                ..placed
            });
        }
    }

    fn add(&mut self, placed: Placed) {
        match placed.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
        self.findings.push(placed);
    }
}
