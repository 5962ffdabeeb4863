//! A finding and where it stands.

use std::ops::Range;

use onhook_params::Scope;
use serde::Serialize;

use super::finding::{Finding, Severity};
use crate::macro_use::hidden_in;

/// Bytes of a text that are shown before and behind a place.
const AROUND: usize = 400;

/// A finding with its place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Placed {
    /// The file; `None` for a text that was given.
    pub file: Option<String>,
    /// The element name of the parameter that it is about.
    pub parameter: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column behind the end.
    pub end_column: u32,
    /// A stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is there.
    pub message: String,
    /// Why that matters.
    pub explanation: &'static str,
    /// What to do.
    pub fix: String,
    /// The text around it as it may be shown, and where in it.
    #[serde(skip)]
    pub(super) excerpt: Option<(String, Range<usize>)>,
}

impl Placed {
    /// The findings of one text, with a way to lines and columns.
    pub(super) fn all(
        text: &str,
        findings: &[Finding],
        scope: &Scope,
        mut locate: impl FnMut(usize) -> (u32, u32),
    ) -> Vec<Self> {
        let hidden = hidden_in(text, scope);
        let shown = hidden.slice(text, 0..text.len());
        let place = |finding: &Finding| {
            let start = hidden.shown_offset(finding.range.start);
            let end = hidden.shown_offset(finding.range.end);
            Self {
                excerpt: excerpt(&shown, start..end),
                ..Self::bare(
                    finding,
                    locate(finding.range.start),
                    locate(finding.range.end),
                )
            }
        };
        findings.iter().map(place).collect()
    }

    /// A finding between two places given as line and column.
    pub(super) fn bare(
        finding: &Finding,
        (line, column): (u32, u32),
        (end_line, end_column): (u32, u32),
    ) -> Self {
        Self {
            file: None,
            parameter: None,
            line,
            column,
            end_line,
            end_column,
            code: finding.code,
            severity: finding.severity,
            message: finding.message.clone(),
            explanation: finding.explanation,
            fix: finding.fix.clone(),
            excerpt: None,
        }
    }
}

/// The part of a text around a range, and where the range lies in it.
fn excerpt(text: &str, range: Range<usize>) -> Option<(String, Range<usize>)> {
    let start = text.floor_char_boundary(range.start.saturating_sub(AROUND));
    let end = text.ceil_char_boundary(range.end.min(range.start + AROUND) + AROUND);
    let part = text.get(start..end)?;
    let shown = range.start - start..range.end.min(end) - start;
    Some((part.to_owned(), shown))
}
