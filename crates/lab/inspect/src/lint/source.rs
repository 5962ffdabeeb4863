//! A text, what a phone makes of it, and what was found in it.

use std::ops::Range;

use onhook_macros::{Expanded, Insertion, MacroName, MacroSource, Template, expand_to_string};
use onhook_params::Scope;

use super::finding::{Check, Finding, Severity};
use crate::macro_use::Hidden;
use crate::{ModelPhone, Secrets};

/// A text under examination.
pub(super) struct Source<'r> {
    pub(super) text: &'r str,
    pub(super) phone: &'r ModelPhone,
    pub(super) scope: &'r Scope,
    pub(super) template: Template,
    /// With the values of the phone.
    pub(super) expanded: Expanded,
    probes: [Expanded; 2],
    hidden: Hidden,
}

/// What was found in a text.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

/// One expansion of a text, and where its parts come from.
pub(super) struct View<'s> {
    pub(super) source: &'s Source<'s>,
    pub(super) expanded: &'s Expanded,
    pub(super) map: SourceMap,
}

/// Gives `0` for values that are empty, or that would not be one operand without quotes.
struct Probe<'p> {
    phone: &'p ModelPhone,
    /// Whether general-purpose parameters keep values that are more than an operand: they may hold syntax.
    keeps_syntax: bool,
}

impl MacroSource for Probe<'_> {
    fn push_value(&self, name: MacroName, out: &mut String) {
        let start = out.len();
        self.phone.push_value(name, out);
        let value = out.get(start..).unwrap_or("");
        let is_operand = !value.is_empty()
            && !value.contains(|c: char| c.is_whitespace() || "\"()=!<>|#[]".contains(c));
        let is_kept = self.keeps_syntax && matches!(name, MacroName::Gpp(_)) && !value.is_empty();
        if !is_operand && !is_kept {
            out.truncate(start);
            out.push('0');
        }
    }
}

impl<'r> Source<'r> {
    pub(super) fn new(text: &'r str, phone: &'r ModelPhone, scope: &'r Scope) -> Self {
        let template = Template::compile(text);
        let mut expanded = Expanded::new();
        template.expand(phone, &mut expanded);
        let probes = [true, false].map(|keeps_syntax| {
            let probe = Probe {
                phone,
                keeps_syntax,
            };
            let mut out = Expanded::new();
            template.expand(&probe, &mut out);
            out
        });
        let hidden = Hidden::of(text, &expanded, scope, Secrets::Masked);
        Self {
            text,
            phone,
            scope,
            template,
            expanded,
            probes,
            hidden,
        }
    }

    /// The value of SWVER.
    pub(super) fn swver(&self) -> String {
        expand_to_string("$SWVER", self.phone)
    }

    /// The text with the values of the phone.
    pub(super) fn actual(&self) -> View<'_> {
        self.view(&self.expanded)
    }

    /// The text with `0` in place of values that are empty or no operand, so that their places can be seen; the
    /// first form that can be read.
    pub(super) fn probe(&self, can_be_read: impl Fn(&View<'_>) -> bool) -> Option<View<'_>> {
        self.probes
            .iter()
            .map(|probe| self.view(probe))
            .find(can_be_read)
    }

    fn view<'v>(&'v self, expanded: &'v Expanded) -> View<'v> {
        View {
            source: self,
            expanded,
            map: SourceMap::new(self.text, expanded),
        }
    }

    /// Part of the text as it may be shown.
    pub(super) fn show(&self, range: Range<usize>) -> String {
        self.hidden.source.slice(self.text, range)
    }

    /// Whether a macro of the text has no value.
    pub(super) fn is_empty(&self, insertion: &Insertion) -> bool {
        let all = self.expanded.insertions();
        let at = all.partition_point(|other| other.source.start < insertion.source.start);
        all.get(at).is_some_and(|other| other.output.is_empty())
    }
}

impl Findings {
    /// Notes what was found at a byte range of the text.
    pub(super) fn add(
        &mut self,
        check: Check,
        range: Range<usize>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.0.push(check.found(range, message, fix));
    }

    /// Whether an error was found.
    pub(super) fn has_error(&self) -> bool {
        self.0.iter().any(|found| found.severity == Severity::Error)
    }

    /// What was found, in order of the text.
    pub(super) fn finish(self) -> Vec<Finding> {
        let mut findings = self.0;
        findings.sort_by_key(|found| (found.range.start, found.range.end, found.code));
        findings.dedup();
        findings
    }
}

/// Which part of a text became which part of its expansion.
pub(super) struct SourceMap(Vec<Part>);

struct Part {
    output: usize,
    source: Range<usize>,
    /// Whether a macro put it there; then no byte of it stands in the text.
    inserted: bool,
}

impl SourceMap {
    pub(super) fn new(text: &str, expanded: &Expanded) -> Self {
        let mut parts = Vec::new();
        let (mut source, mut output) = (0, 0);
        for insertion in expanded.insertions() {
            literal(text, source..insertion.source.start, output, &mut parts);
            parts.push(Part {
                output: insertion.output.start,
                source: insertion.source.clone(),
                inserted: true,
            });
            (source, output) = (insertion.source.end, insertion.output.end);
        }
        literal(text, source..text.len(), output, &mut parts);
        Self(parts)
    }

    /// The range of the text behind a range of the expansion; all of a reference if a part of its value is meant.
    pub(super) fn range(&self, output: &Range<usize>) -> Range<usize> {
        let start = self.place(output.start, false);
        let end = if output.is_empty() {
            start
        } else {
            self.place(output.end - 1, true) + 1
        };
        start..end.max(start)
    }

    /// Where a byte comes from; of a reference its first byte, or its last one.
    fn place(&self, output: usize, last: bool) -> usize {
        let behind = self.0.partition_point(|part| part.output <= output);
        let Some(part) = behind.checked_sub(1).and_then(|at| self.0.get(at)) else {
            return output;
        };
        match (part.inserted, last) {
            (true, true) => part.source.end - 1,
            (true, false) => part.source.start,
            (false, _) => part.source.start + (output - part.output),
        }
    }
}

/// Adds the parts of a text without macros, in which `$$` becomes one sign.
fn literal(text: &str, source: Range<usize>, mut output: usize, parts: &mut Vec<Part>) {
    let mut at = source.start;
    while at <= source.end {
        let rest = text.get(at..source.end).unwrap_or("");
        // Both signs of `$$` belong to one byte of the expansion: what follows is a part of its own.
        let length = rest.find("$$").map_or(rest.len(), |dollars| dollars + 1);
        parts.push(Part {
            output,
            source: at..at + length,
            inserted: false,
        });
        output += length;
        at += length + 1;
        if length == rest.len() {
            return;
        }
    }
}
