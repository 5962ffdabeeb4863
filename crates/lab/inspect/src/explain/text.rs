//! An explanation for people.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Level, Snippet};

use super::{ExplainError, ExplainKind, Explanation, Outcome, ReportTarget, Step, Target, Verdict};
use crate::MacroUse;
use crate::style::{Paint, Style, one_line};

impl Explanation {
    /// Renders the explanation for people, in several lines.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut out = Lines {
            text: String::new(),
            style,
        };
        out.line(0, format_args!("{}: {}", self.kind, one_line(&self.text)));
        if self.expanded != self.text {
            out.line(0, format_args!("expanded: {}", one_line(&self.expanded)));
        }
        self.render_macros(&mut out);
        self.render_search(&mut out);
        self.render_assignments(&mut out);
        self.render_delays(&mut out);
        if let Some(error) = &self.error {
            render_error(&self.expanded, error, style, &mut out);
        }
        self.render_outcome(&mut out);
        if let Some(seconds) = self.next_check_s {
            let at = self.next_check_at.as_ref();
            let at = at.map_or_else(String::new, |at| format!(", at {at}"));
            out.line(
                0,
                format_args!("a comparison can change in {seconds} s{at}"),
            );
        }
        if let Some(number) = self.dhcp_option {
            out.line(0, format_args!("DHCP option {number} names the server"));
        }
        if !self.srv.is_empty() {
            let names = self.srv.join(", then of ");
            out.line(0, format_args!("looks up the SRV records of {names}; without any, the host itself is the server"));
        }
        if !self.srv_search.is_empty() {
            let names = self.srv_search.join(", then of ");
            out.line(0, format_args!("out of its box, without a profile by then, the phone looks up the SRV records of {names}"));
        }
        for (name, value) in &self.readings {
            out.line(0, format_args!("reading {name} = {value}"));
        }
        for warning in &self.warnings {
            out.line(0, format_args!("warning: {}", warning.message));
        }
        out.text
    }

    fn macros(&self) -> impl Iterator<Item = &MacroUse> {
        self.steps.iter().filter_map(|step| match step {
            Step::Macro(macro_use) => Some(macro_use),
            Step::Alternative { .. }
            | Step::Comparison { .. }
            | Step::Delay { .. }
            | Step::Assignment { .. } => None,
        })
    }

    fn render_macros(&self, out: &mut Lines) {
        let width = self.macros().map(|m| m.reference.len()).max().unwrap_or(0);
        if width > 0 {
            out.line(0, format_args!("macros"));
        }
        for m in self.macros() {
            let reference = &m.reference;
            match (&m.value, m.name) {
                (Some(value), _) => {
                    out.line(1, format_args!("{reference:width$} = \"{value}\" ({})", m.origin));
                }
                (None, Some(_)) => out.line(
                    1,
                    format_args!("{reference:width$} is a secret register ({}); only --key, --uid and --pwd take it", m.origin),
                ),
                (None, None) => {
                    out.line(1, format_args!("{reference:width$} is no macro and stays as written"));
                }
            }
        }
    }

    fn render_search(&self, out: &mut Lines) {
        let is_tried = |step: &&Step| match step {
            Step::Alternative { .. } | Step::Comparison { .. } => true,
            Step::Macro(_) | Step::Delay { .. } | Step::Assignment { .. } => false,
        };
        let mut tried = self.steps.iter().filter(is_tried).peekable();
        match tried.peek() {
            Some(Step::Alternative { .. }) if self.kind == ExplainKind::Report.name() => {
                out.line(0, format_args!("reports"));
            }
            Some(Step::Alternative { .. }) => out.line(0, format_args!("alternatives")),
            Some(_) => out.line(0, format_args!("comparisons")),
            None => {}
        }
        for step in tried {
            render_tried(step, out);
        }
    }

    fn render_assignments(&self, out: &mut Lines) {
        if !self.assignments.is_empty() {
            out.line(0, format_args!("assignments"));
        }
        for step in &self.steps {
            let Step::Assignment {
                parameter,
                value,
                why,
                ..
            } = step
            else {
                continue;
            };
            match why {
                None => out.line(1, format_args!("{parameter} = \"{value}\"")),
                Some(why) => out.line(
                    1,
                    format_args!("{parameter} = \"{value}\", not applied: {why}"),
                ),
            }
        }
    }

    fn render_delays(&self, out: &mut Lines) {
        for step in &self.steps {
            let Step::Delay {
                number,
                min,
                max,
                earliest,
                latest,
                repeats,
                stops,
            } = step
            else {
                continue;
            };
            let span = if min == max {
                format!("{min} s")
            } else {
                format!("{min} to {max} s")
            };
            let tail = match (repeats, stops) {
                (true, _) => ", and again for ever",
                (false, true) => {
                    ": ends here; an error retry follows the reading `error_retry_zero`"
                }
                (false, false) => "",
            };
            let when = match (earliest, latest) {
                (Some(earliest), Some(latest)) if earliest == latest => format!(", at {earliest}"),
                (Some(earliest), Some(latest)) => format!(", from {earliest} to {latest}"),
                (None, _) | (_, None) => String::new(),
            };
            out.line(1, format_args!("delay {number}: {span}{when}{tail}"));
        }
    }

    fn render_outcome(&self, out: &mut Lines) {
        for report in &self.reports {
            let ReportTarget {
                number,
                content,
                target,
            } = report;
            let url = target.url.as_deref().unwrap_or("");
            out.line(
                0,
                format_args!("report {number}: {content}, to {url}, when it is due"),
            );
            target.render(out);
        }
        if !self.reports.is_empty() {
            return;
        }
        match (self.outcome, self.alternative) {
            (Outcome::Fetch, Some(number)) => {
                let url = self.target.url.as_deref().unwrap_or("");
                out.painted(
                    Paint::Strong,
                    0,
                    format_args!("outcome: fetch {url} (alternative {number})"),
                );
                self.target.render(out);
            }
            (Outcome::Nothing, Some(number)) => {
                out.painted(
                    Paint::Strong,
                    0,
                    format_args!("outcome: nothing to fetch (alternative {number})"),
                );
            }
            (Outcome::Skip, _) => out.painted(Paint::Strong, 0, format_args!("outcome: skip")),
            (
                Outcome::Fetch | Outcome::Nothing | Outcome::Error | Outcome::True | Outcome::False,
                _,
            ) => {
                out.painted(
                    Paint::Strong,
                    0,
                    format_args!("outcome: {}", self.outcome.name()),
                );
            }
        }
    }
}

impl Target {
    fn render(&self, out: &mut Lines) {
        let scheme = self.scheme.unwrap_or("");
        let why = match self.scheme_source {
            Some("rule") => "as written",
            Some("dhcp") => "as DHCP says",
            Some(_) | None => "the default",
        };
        out.line(1, format_args!("scheme  {scheme}, {why}"));
        match (&self.server, self.server_source) {
            (Some(server), Some("dhcp")) => {
                out.line(1, format_args!("server  {server}, from DHCP"))
            }
            (Some(server), _) => out.line(1, format_args!("server  {server}, as written")),
            (None, Some("provisioning-server")) => out.line(
                1,
                format_args!(
                    "server  that of the last profile, or before the first one that of DHCP"
                ),
            ),
            (None, _) => out.line(1, format_args!("server  from DHCP")),
        }
        let port = self.port.unwrap_or(0);
        match self.port_source {
            Some("rule") => out.line(1, format_args!("port    {port}, as written")),
            Some("dhcp") => out.line(1, format_args!("port    {port}, as DHCP says")),
            Some(_) | None => out.line(1, format_args!("port    {port}, the default of {scheme}")),
        }
        out.line(
            1,
            format_args!("path    {}", self.path.as_deref().unwrap_or("")),
        );
        for (name, value) in &self.options {
            match value.as_str() {
                Some(text) => out.line(1, format_args!("option  --{name} {text}")),
                None => out.line(1, format_args!("option  --{name}")),
            }
        }
    }
}

/// Points at the place of an error.
fn render_error(expanded: &str, error: &ExplainError, style: Style, out: &mut Lines) {
    let source = one_line(expanded);
    let start = error.offset.min(source.len());
    let length = source
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    let report = [Level::ERROR
        .primary_title(error.message.as_str())
        .id(error.code)
        .element(
            Snippet::source(source.as_str())
                .fold(false)
                .annotation(AnnotationKind::Primary.span(start..start + length)),
        )];
    let shown = style.renderer().render(&report);
    out.line(0, format_args!("{}", shown.trim_end()));
}

/// Renders an alternative or a comparison.
fn render_tried(step: &Step, out: &mut Lines) {
    match step {
        Step::Alternative {
            number,
            text,
            verdict,
            why,
        } => {
            let (mark, verdict) = match verdict {
                Verdict::Selected => ('>', "selected"),
                Verdict::False => (' ', "not selected"),
                Verdict::Failed => ('!', "failed"),
                Verdict::NotReached => (' ', "not reached"),
            };
            let paint = match mark {
                '>' => Paint::Good,
                '!' => Paint::Bad,
                _ => Paint::None,
            };
            out.painted(
                paint,
                0,
                format_args!("{mark} {number}. {}", one_line(text)),
            );
            out.line(2, format_args!("{verdict}: {why}"));
        }
        Step::Comparison {
            alternative,
            left,
            implicit_left,
            op,
            right,
            compared_as,
            result,
            error,
            ..
        } => {
            let depth = if alternative.is_some() { 3 } else { 1 };
            let note = if *implicit_left {
                " (left side: the software version)"
            } else {
                ""
            };
            match (result, error) {
                (Some(result), _) => out.line(
                    depth,
                    format_args!(
                        "{left} {op} {right} is {result}, compared as {}{note}",
                        compared_as.unwrap_or("literal")
                    ),
                ),
                (None, error) => out.line(
                    depth,
                    format_args!(
                        "{left} {op} {right} does not compare: {}{note}",
                        error.unwrap_or("")
                    ),
                ),
            }
        }
        Step::Macro(_) | Step::Delay { .. } | Step::Assignment { .. } => {}
    }
}

/// Lines of text, indented by two spaces a level.
struct Lines {
    text: String,
    style: Style,
}

impl Lines {
    fn line(&mut self, depth: usize, text: std::fmt::Arguments<'_>) {
        self.painted(Paint::None, depth, text);
    }

    fn painted(&mut self, paint: Paint, depth: usize, text: std::fmt::Arguments<'_>) {
        let (start, end) = self.style.escapes(paint);
        let indent = depth * 2;
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{start}{text}{end}", "");
    }
}
