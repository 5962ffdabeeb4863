//! The configuration as a file that a phone reads again.

use std::fmt::Write as _;

use onhook_device::EmptyElement;
use onhook_params::{ParamId, Scope, UserAccess};

/// One parameter of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exported<'v> {
    /// The parameter.
    pub id: ParamId,
    /// Its value; `None` for one that must not leave the phone.
    pub value: Option<&'v str>,
    /// The right of the User account, where it is known.
    pub access: Option<UserAccess>,
}

/// Writes parameters as a `flat-profile`, under the headings of the administration page.
///
/// A phone that reads it has the same values and rights. What must not leave the phone is a
/// comment in its place, so that it keeps what it has there.
#[must_use]
pub fn export<'v>(parameters: impl IntoIterator<Item = Exported<'v>>, scope: &Scope) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flat-profile>\n");
    let mut heading = None;
    for parameter in parameters {
        let pattern = parameter.id.pattern();
        let page = (pattern.tab(), pattern.section());
        if heading != Some(page) {
            heading = Some(page);
            push_heading(page, &mut out);
        }
        push_parameter(&parameter, scope, &mut out);
    }
    out.push_str("</flat-profile>\n");
    out
}

fn push_heading((tab, section): (Option<&str>, Option<&str>), out: &mut String) {
    let titles: Vec<&str> = tab.into_iter().chain(section).collect();
    if !titles.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  <!-- {} -->", titles.join(": "));
    }
}

fn push_parameter(parameter: &Exported<'_>, scope: &Scope, out: &mut String) {
    let (name, pattern) = (parameter.id.name(), parameter.id.pattern());
    let right = parameter
        .access
        .map(|access| format!(" ua=\"{}\"", access.as_str()))
        .unwrap_or_default();
    let _ = match parameter.value {
        //= D-XML-1
        // `<Name/>` would keep a value that is to be empty, and no text would restore the factory value of some kinds.
        Some("") if !pattern.kind.is_string_like() && !parameter.id.default(scope).is_empty() => {
            writeln!(out, "  <{name}{right}>\"\"</{name}>")
        }
        Some(value) => writeln!(out, "  <{name}{right}>{}</{name}>", Escaped(value)),
        None if !right.is_empty() && scope.readings.empty_element == EmptyElement::Keep => {
            writeln!(out, "  <{name}{right}/> <!-- {name} is secret -->")
        }
        None => writeln!(out, "  <!-- {name} is secret -->"),
    };
}

/// Prints a value as text of an element.
struct Escaped<'v>(&'v str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            other => f.write_char(other),
        })
    }
}
