//! Values that a text assigns to secret parameters.

use std::ops::Range;

use crate::{ParamId, Scope};

/// The byte ranges of values that a text assigns to secret parameters, quotes excluded, in order: wherever `Name = "…"`
/// stands, also in a text with errors.
#[must_use]
pub fn assigned_secrets(text: &str, scope: &Scope) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(open) = text
        .get(at..)
        .and_then(|rest| rest.find('"'))
        .map(|i| at + i)
    {
        let start = open + 1;
        let length = text.get(start..).and_then(|rest| rest.find('"'));
        let end = length.map_or(text.len(), |length| start + length);
        //= R-SEC-1
        if assigned_name(text.get(..open).unwrap_or(""))
            .and_then(|name| ParamId::lookup(name, scope))
            .is_some_and(|id| id.pattern().secret)
        {
            spans.push(start..end);
        }
        at = end.saturating_add(1);
    }
    spans
}

/// The name that stands with `=` at the end of a text.
fn assigned_name(before: &str) -> Option<&str> {
    let name = before.trim_end().strip_suffix('=')?.trim_end();
    let start = name
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
        .and_then(|i| name.get(i..)?.chars().next().map(|c| i + c.len_utf8()))
        .unwrap_or(0);
    name.get(start..)
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-SEC-1 type=test
    #[test]
    fn values_of_secret_parameters_are_found() {
        let scope = Scope::default();
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = assigned_secrets(text, &scope)
                .into_iter()
                .map(|r| &text[r])
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "(Admin_Password = \"pw\"; a = \"x\"; GPP_SA=\"y\")! /a",
            &["pw", "y"],
        );
        check("(Admin_Password\t=\r\n\"never closed", &["never closed"]);
        check("(\"=\" eq \"Admin_Password=\")? /a", &[]);
        check("(GPP_A = \"x\")!", &[]);
    }
}
