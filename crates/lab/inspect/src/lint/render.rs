//! Findings for people.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::finding::Severity;
use super::placed::Placed;
use super::report::LintReport;
use crate::style::{Style, one_line};

impl LintReport {
    /// Renders the findings for people, and the numbers in the last line.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        let renderer = style.renderer();
        for placed in &self.findings {
            placed.render(&renderer, &mut out);
        }
        let numbers = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ];
        let numbers = numbers.map(|(number, word)| match number {
            1 => format!("1 {word}"),
            _ => format!("{number} {word}s"),
        });
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", numbers.join(", "));
        out
    }
}

impl Placed {
    fn render(&self, renderer: &Renderer, out: &mut String) {
        let file = self.file.as_deref().unwrap_or("text");
        let _ = write!(out, "{file}:{}:{}", self.line, self.column);
        if let Some(parameter) = &self.parameter {
            let _ = write!(out, ": {parameter}");
        }
        out.push('\n');
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(self.message.as_str()).id(self.code);
        let mut group = Group::with_title(title);
        let excerpt = self.excerpt.as_ref();
        let shown = excerpt.map(|(text, range)| (one_line(text), range.clone()));
        if let Some((text, range)) = &shown {
            group = group.element(
                Snippet::source(text.as_str())
                    .line_start(usize::try_from(self.line).unwrap_or(1))
                    .fold(false)
                    .annotation(AnnotationKind::Primary.span(range.clone())),
            );
        }
        let group = group
            .element(Level::NOTE.message(self.explanation))
            .element(Level::HELP.message(self.fix.as_str()));
        let _ = writeln!(out, "{}\n", renderer.render(&[group]).trim_end());
    }
}
